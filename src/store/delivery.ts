import { asc, eq, sql } from 'drizzle-orm'
import type { DeliveryProgress, DeliveryState } from '../domain/delivery.ts'
import { newNumber } from '../domain/number.ts'
import { type Database, post, type Transaction } from './database.ts'
import { isUntold, recordEvent } from './event.ts'
import { addresses, deliveries, deliveryLines } from './schema.ts'
import { wake } from './wake.ts'

export type DeliveryRow = typeof deliveries.$inferSelect

/** Plans a delivery of units that were just moved to outbound, and wakes its workflow. Returns its number. */
export async function planDelivery(
  tx: Transaction,
  delivery: {
    order: string
    back_order: string | null
    storefront: string
    customer: string
    ship_to: string
    deliver_on: string | null
    lines: { sku: string; quantity: number }[]
    actor: string
    step: string
  },
): Promise<string> {
  const number = newNumber('delivery')
  await post(
    tx,
    tx.insert(deliveries).values({
      number,
      order_number: delivery.order,
      back_order: delivery.back_order,
      storefront: delivery.storefront,
      ship_to: delivery.ship_to,
      deliver_on: delivery.deliver_on,
      state: 'planned',
    }),
  )
  await post(
    tx,
    tx.insert(deliveryLines).values(delivery.lines.map((line) => ({ delivery: number, ...line }))),
  )
  await recordEvent(tx, {
    number,
    sequence: 1,
    type: 'delivery.planned',
    actor: delivery.actor,
    from: null,
    to: 'planned',
    details: { order: delivery.order, back_order: delivery.back_order, lines: delivery.lines },
    audience: { storefront: delivery.storefront, customer: delivery.customer },
  })
  await wake(tx, delivery.step, [`delivery/${number}`])
  return number
}

export async function readDelivery(
  db: Database | Transaction,
  number: string,
): Promise<DeliveryRow | undefined> {
  const [row] = await db.select().from(deliveries).where(eq(deliveries.number, number))
  return row
}

/** What the delivery's workflow sees of it; null when there is no such delivery. */
export async function deliveryProgress(
  db: Database | Transaction,
  number: string,
): Promise<DeliveryProgress | null> {
  const rows = await db
    .select({ row: deliveries, untold: isUntold('deliveries'), sku: deliveryLines.sku })
    .from(deliveries)
    .innerJoin(deliveryLines, eq(deliveryLines.delivery, deliveries.number))
    .where(eq(deliveries.number, number))
    .orderBy(asc(deliveryLines.sku))
  const [first] = rows
  if (!first) return null
  const { state, version, attempt, storefront, back_order, tracking, deliver_on } = first.row
  return {
    number,
    state,
    version,
    untold: first.untold,
    attempt,
    storefront,
    order: first.row.order_number,
    back_order,
    skus: rows.map((row) => row.sku),
    tracking,
    deliver_on,
  }
}

export async function deliveryLinesOf(db: Database | Transaction, number: string) {
  return db
    .select({ sku: deliveryLines.sku, quantity: deliveryLines.quantity })
    .from(deliveryLines)
    .where(eq(deliveryLines.delivery, number))
    .orderBy(asc(deliveryLines.sku))
}

/** The delivery, locked; the caller holds the stock rows of its items and its back order already. */
export async function lockDelivery(tx: Transaction, number: string): Promise<DeliveryRow | undefined> {
  const [row] = await tx.select().from(deliveries).where(eq(deliveries.number, number)).for('no key update')
  return row
}

export async function updateDelivery(
  tx: Transaction,
  number: string,
  set: {
    state: DeliveryState
    tracking?: string | null
    failure?: string | null
    attempt?: number
    /** The carrier is about to be asked, for the wished day unless that is over. */
    begins_booking?: boolean
    ended?: boolean
  },
): Promise<DeliveryRow> {
  const { begins_booking, ended, ...columns } = set
  const [row] = await tx
    .update(deliveries)
    .set({
      ...columns,
      version: sql`${deliveries.version} + 1`,
      ...(begins_booking
        ? {
            collect_on: sql`CASE WHEN ${deliveries.deliver_on}::date >= (now() AT TIME ZONE 'UTC')::date THEN ${deliveries.deliver_on} END`,
          }
        : {}),
      ...(ended ? { ended_at: sql`now()` } : {}),
    })
    .where(eq(deliveries.number, number))
    .returning()
  if (!row) throw new Error('the delivery is gone')
  return row
}

/** What the carrier needs to know: the parcel's content and where it goes. */
export async function shipmentOf(db: Database, number: string) {
  const [row] = await db
    .select({
      delivery: deliveries,
      ship_to: {
        name: addresses.name,
        lines: addresses.lines,
        city: addresses.city,
        postcode: addresses.postcode,
        region: addresses.region,
        country: addresses.country,
      },
    })
    .from(deliveries)
    .innerJoin(addresses, eq(addresses.id, deliveries.ship_to))
    .where(eq(deliveries.number, number))
  if (!row) return undefined
  return { ...row, lines: await deliveryLinesOf(db, number) }
}

export async function deliveriesOf(db: Database | Transaction, order: string) {
  return db
    .select({ number: deliveries.number, state: deliveries.state, back_order: deliveries.back_order })
    .from(deliveries)
    .where(eq(deliveries.order_number, order))
    .orderBy(asc(deliveries.created_at), asc(deliveries.number))
}
