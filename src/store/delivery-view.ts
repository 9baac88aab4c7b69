import { z } from 'zod'
import {
  DELIVERY_ACTIONS,
  DELIVERY_TRANSITIONS,
  type DeliveryState,
  OPERATOR_DELIVERY_ACTIONS,
} from '../domain/delivery.ts'
import { allowed } from '../domain/states.ts'
import type { Database, Transaction } from './database.ts'
import { deliveryLinesOf, readDelivery } from './delivery.ts'
import { Instant } from './order-view.ts'

export const DeliveryView = z
  .object({
    number: z.string(),
    order: z.string(),
    back_order: z.string().nullable(),
    state: z.enum(Object.keys(DELIVERY_TRANSITIONS) as [DeliveryState, ...DeliveryState[]]),
    version: z.int(),
    attempt: z.int().meta({ description: 'Which try with the carrier this is, from 1' }),
    tracking: z.string().nullable(),
    failure: z.string().nullable().meta({ description: "Why it failed, in the carrier's words" }),
    deliver_on: z.iso.date().nullable(),
    lines: z.array(z.object({ sku: z.string(), quantity: z.int() })),
    allowed_actions: z.array(z.enum(DELIVERY_ACTIONS)),
    operator_actions: z.array(z.enum(OPERATOR_DELIVERY_ACTIONS)),
    created_at: Instant,
  })
  .meta({ id: 'Delivery' })
export type DeliveryView = z.infer<typeof DeliveryView>

/** A delivery as the API shows it. */
export async function deliveryView(
  db: Database | Transaction,
  number: string,
): Promise<DeliveryView | undefined> {
  const [row, lines] = await Promise.all([readDelivery(db, number), deliveryLinesOf(db, number)])
  if (!row) return undefined
  return {
    number: row.number,
    order: row.order_number,
    back_order: row.back_order,
    state: row.state,
    version: row.version,
    attempt: row.attempt,
    tracking: row.tracking,
    failure: row.failure,
    deliver_on: row.deliver_on,
    lines,
    allowed_actions: allowed(DELIVERY_TRANSITIONS, row.state, DELIVERY_ACTIONS),
    operator_actions: allowed(DELIVERY_TRANSITIONS, row.state, OPERATOR_DELIVERY_ACTIONS),
    created_at: row.created_at.toISOString(),
  }
}
