import { asc, eq, inArray, sql } from 'drizzle-orm'
import type { Periods } from '../domain/period.ts'
import { type BackOrderView, backOrderView } from './back-order-view.ts'
import { type Database, snapshot, type Transaction, transactionTime } from './database.ts'
import { type DeliveryView, deliveryView } from './delivery-view.ts'
import { storyOf, type ToldEvent } from './event.ts'
import type { Address } from './order.ts'
import { type OrderView, orderView } from './order-view.ts'
import { readPeriods } from './period.ts'
import {
  addresses,
  backOrders,
  customers,
  deliveries,
  items,
  orders,
  payments,
  storefronts,
} from './schema.ts'

/** How long a link still opens its page after everything about the order has ended (DESIGN §5). Days. */
const LINK_OUTLIVES_DAYS = 30

/** Everything that the customer's page of an order shows, as it was at one moment. */
export type OrderPage = {
  now: Date
  shop: { name: string; reply_to: string; takes_payment: boolean }
  /** IANA zone in which the page states times. */
  time_zone: string
  ship_to: Address
  order: OrderView
  items: Map<string, PageItem>
  periods: Periods
  back_orders: PageBackOrder[]
  deliveries: PageDelivery[]
  /** The story of the order and of all that came from it, in the order in which it happened. */
  events: ToldEvent[]
}

/** Periods in seconds: what applies to the item when the customer sets none. */
export type PageItem = { name: string; wait_seconds: number; hold_seconds: number }
/** `deadline_from` is when the running clock was started: the house's longest period counts from there. */
export type PageBackOrder = BackOrderView & { ship_to: Address | null; deadline_from: Date | null }
export type PageDelivery = DeliveryView & { ship_to: Address }

/** What a link to an order has to match, and whether it opens anything any more: not once the customer is erased. */
export async function readLink(
  db: Database,
  order: string,
): Promise<{ version: number; has_ended: boolean } | undefined> {
  const [row] = await db.execute<{ version: number; has_ended: boolean }>(sql`
    SELECT o.link_version AS version,
           c.email IS NULL
           OR bool_and(part.ended_at IS NOT NULL
                       AND part.ended_at <= now() - make_interval(days => ${LINK_OUTLIVES_DAYS})) AS has_ended
      FROM orders o JOIN customers c ON c.id = o.customer,
           LATERAL (SELECT o.ended_at
                    UNION ALL SELECT ended_at FROM back_orders WHERE order_number = o.number
                    UNION ALL SELECT ended_at FROM deliveries WHERE order_number = o.number) AS part
     WHERE o.number = ${order} GROUP BY o.number, c.email`)
  return row
}

/** The page's content, read from one snapshot so that its parts fit together. */
export async function readOrderPage(db: Database, number: string): Promise<OrderPage | undefined> {
  return snapshot(db, (tx) => read(tx, number))
}

async function read(tx: Transaction, number: string): Promise<OrderPage | undefined> {
  const periods = await readPeriods(tx)
  const order = await orderView(tx, number, periods.wait.default_seconds)
  const [head] = await tx
    .select({
      now: transactionTime,
      shop: {
        name: storefronts.name,
        reply_to: storefronts.reply_to,
        takes_payment: storefronts.takes_payment,
      },
      time_zone: customers.time_zone,
      ship_to: address,
    })
    .from(orders)
    .innerJoin(customers, eq(customers.id, orders.customer))
    .innerJoin(storefronts, eq(storefronts.id, orders.storefront))
    .innerJoin(addresses, eq(addresses.id, orders.ship_to))
    .where(eq(orders.number, number))
  if (!order || !head) return undefined
  return {
    ...head,
    order,
    periods,
    items: await itemsOf(tx, order, periods),
    back_orders: await backOrdersOnPage(tx, number),
    deliveries: await deliveriesOnPage(tx, number),
    events: await storyOf(tx, [
      number,
      ...[...order.back_orders, ...order.deliveries].map((part) => part.number),
      ...(await paymentsOf(tx, number)),
    ]),
  }
}

const address = {
  name: addresses.name,
  lines: addresses.lines,
  city: addresses.city,
  postcode: addresses.postcode,
  region: sql<string | undefined>`${addresses.region}`,
  country: addresses.country,
}

async function itemsOf(tx: Transaction, order: OrderView, periods: Periods): Promise<Map<string, PageItem>> {
  const skus = order.lines.map((line) => line.sku)
  const rows = await tx.select().from(items).where(inArray(items.sku, skus))
  return new Map(
    rows.map((item) => [
      item.sku,
      {
        name: item.name,
        wait_seconds: item.wait_seconds ?? periods.wait.default_seconds,
        hold_seconds: item.hold_seconds ?? periods.hold.default_seconds,
      },
    ]),
  )
}

async function backOrdersOnPage(tx: Transaction, order: string): Promise<PageBackOrder[]> {
  const rows = await tx
    .select({
      number: backOrders.number,
      deadline_from: backOrders.deadline_from,
      id: backOrders.ship_to,
      ship_to: address,
    })
    .from(backOrders)
    .leftJoin(addresses, eq(addresses.id, backOrders.ship_to))
    .where(eq(backOrders.order_number, order))
    .orderBy(asc(backOrders.line))
  const views = await Promise.all(rows.map((row) => backOrderView(tx, row.number)))
  return rows.flatMap((row, index) => {
    const view = views[index]
    return view
      ? [
          {
            ...view,
            ship_to: row.id === null ? null : row.ship_to,
            deadline_from: row.deadline_from,
          },
        ]
      : []
  })
}

async function deliveriesOnPage(tx: Transaction, order: string): Promise<PageDelivery[]> {
  const rows = await tx
    .select({ number: deliveries.number, ship_to: address })
    .from(deliveries)
    .innerJoin(addresses, eq(addresses.id, deliveries.ship_to))
    .where(eq(deliveries.order_number, order))
    .orderBy(asc(deliveries.created_at), asc(deliveries.number))
  const views = await Promise.all(rows.map((row) => deliveryView(tx, row.number)))
  return rows.flatMap(({ ship_to }, index) => {
    const view = views[index]
    return view ? [{ ...view, ship_to }] : []
  })
}

/** The payments of the order's back orders. */
async function paymentsOf(tx: Transaction, order: string): Promise<string[]> {
  const rows = await tx
    .select({ number: payments.number })
    .from(payments)
    .innerJoin(backOrders, eq(backOrders.number, payments.pays_for))
    .where(eq(backOrders.order_number, order))
  return rows.map((row) => row.number)
}
