import { asc, eq } from 'drizzle-orm'
import { z } from 'zod'
import { BACK_ORDER_TRANSITIONS, type BackOrderState } from '../domain/back-order.ts'
import { DELIVERY_TRANSITIONS, type DeliveryState } from '../domain/delivery.ts'
import {
  CHOICES,
  choicesFor,
  LINE_STATES,
  ORDER_ACTIONS,
  ORDER_TRANSITIONS,
  type OrderState,
} from '../domain/order.ts'
import { DEADLINE_KINDS } from '../domain/period.ts'
import { allowed } from '../domain/states.ts'
import type { Database, Transaction } from './database.ts'
import { deliveriesOf } from './delivery.ts'
import { backOrdersOf, readOrder } from './order.ts'
import { items, orderLines } from './schema.ts'

/** A point in time, ISO 8601 in UTC. */
export const Instant = z.iso.datetime()

/** An amount in minor units of an ISO 4217 currency. */
export const Money = z.object({ amount: z.int(), currency: z.string().length(3) }).meta({ id: 'Money' })

export const Deadline = z.object({ kind: z.enum(DEADLINE_KINDS), at: Instant }).meta({ id: 'Deadline' })

const OrderLineView = z
  .object({
    line: z.int(),
    sku: z.string(),
    ordered: z.int(),
    available: z.int().nullable().meta({ description: 'What could be promised when the line was checked' }),
    shortfall: z.int().nullable().meta({ description: 'What could not be; kept as it was then' }),
    state: z.enum(LINE_STATES),
    choice: z.enum(CHOICES).nullable(),
    choices: z
      .array(z.enum(CHOICES))
      .meta({ description: 'What the customer may answer while the line is short' }),
    expected_at: Instant.nullable().meta({ description: 'When the missing units are expected, if known' }),
    default_wait_seconds: z
      .int()
      .nullable()
      .meta({ description: 'How long a back order would wait if the customer sets nothing' }),
    back_order: z.string().nullable(),
    unit_price: Money,
  })
  .meta({ id: 'OrderLine' })

export const OrderView = z
  .object({
    number: z.string(),
    reference: z.string().nullable(),
    state: z.enum(Object.keys(ORDER_TRANSITIONS) as [OrderState, ...OrderState[]]),
    version: z.int(),
    deadline: Deadline.nullable().meta({ description: 'Until when the offer stands' }),
    allowed_actions: z.array(z.enum(ORDER_ACTIONS)),
    lines: z.array(OrderLineView),
    back_orders: z.array(
      z.object({
        number: z.string(),
        line: z.int(),
        state: z.enum(Object.keys(BACK_ORDER_TRANSITIONS) as [BackOrderState, ...BackOrderState[]]),
      }),
    ),
    deliveries: z.array(
      z.object({
        number: z.string(),
        back_order: z.string().nullable(),
        state: z.enum(Object.keys(DELIVERY_TRANSITIONS) as [DeliveryState, ...DeliveryState[]]),
      }),
    ),
    created_at: Instant,
  })
  .meta({ id: 'Order' })
export type OrderView = z.infer<typeof OrderView>

/** An order as the API shows it; `houseWaitSeconds` is the wait where the item has none of its own. */
export async function orderView(
  db: Database | Transaction,
  number: string,
  houseWaitSeconds: number,
): Promise<OrderView | undefined> {
  const [order, lines, backOrders, deliveries] = await Promise.all([
    readOrder(db, number),
    db
      .select({ line: orderLines, back_orderable: items.back_orderable, wait_seconds: items.wait_seconds })
      .from(orderLines)
      .innerJoin(items, eq(items.sku, orderLines.sku))
      .where(eq(orderLines.order_number, number))
      .orderBy(asc(orderLines.line)),
    backOrdersOf(db, number),
    deliveriesOf(db, number),
  ])
  if (!order) return undefined
  return {
    number: order.number,
    reference: order.reference,
    state: order.state,
    version: order.version,
    deadline:
      order.deadline_kind && order.deadline_at
        ? { kind: order.deadline_kind, at: order.deadline_at.toISOString() }
        : null,
    allowed_actions: allowed(ORDER_TRANSITIONS, order.state, ORDER_ACTIONS),
    lines: lines.map(({ line, back_orderable, wait_seconds }) => ({
      line: line.line,
      sku: line.sku,
      ordered: line.ordered,
      available: line.available,
      shortfall: line.shortfall,
      state: line.state,
      choice: line.choice,
      choices:
        line.state === 'short' && order.state === 'offered'
          ? choicesFor({ back_orderable, available: line.available ?? 0 })
          : [],
      expected_at: line.expected_at?.toISOString() ?? null,
      default_wait_seconds: line.shortfall && back_orderable ? (wait_seconds ?? houseWaitSeconds) : null,
      back_order: backOrders.find((backOrder) => backOrder.line === line.line)?.number ?? null,
      unit_price: { amount: line.price_minor, currency: line.currency },
    })),
    back_orders: backOrders,
    deliveries,
    created_at: order.created_at.toISOString(),
  }
}
