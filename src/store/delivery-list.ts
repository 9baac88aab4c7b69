import { sql } from 'drizzle-orm'
import { z } from 'zod'
import {
  DELIVERY_ACTIONS,
  DELIVERY_TRANSITIONS,
  type DeliveryState,
  OPERATOR_DELIVERY_ACTIONS,
} from '../domain/delivery.ts'
import { allowed, statesOf } from '../domain/states.ts'
import type { Database } from './database.ts'
import { Instant } from './order-view.ts'
import { type Before, type Filter, newestFirst, ofStorefronts } from './page.ts'

export const DeliveryStateName = z.enum(
  Object.keys(DELIVERY_TRANSITIONS) as [DeliveryState, ...DeliveryState[]],
)

/** A delivery as a list shows it. */
export const DeliverySummary = z
  .object({
    number: z.string(),
    order: z.string(),
    back_order: z.string().nullable(),
    storefront: z.string(),
    state: DeliveryStateName,
    version: z.int(),
    attempt: z.int(),
    tracking: z.string().nullable(),
    deliver_on: z.iso.date().nullable(),
    lines: z.array(z.object({ sku: z.string(), quantity: z.int() })),
    allowed_actions: z.array(z.enum(DELIVERY_ACTIONS)),
    operator_actions: z.array(z.enum(OPERATOR_DELIVERY_ACTIONS)),
    created_at: Instant,
  })
  .meta({ id: 'DeliverySummary' })

export type ListedDelivery = {
  sort_at: string
  number: string
  order: string
  back_order: string | null
  storefront: string
  state: DeliveryState
  version: number
  attempt: number
  tracking: string | null
  deliver_on: string | null
  lines: { sku: string; quantity: number }[]
}

/** Deliveries, the newest first (REQUIREMENTS P4). */
export async function listDeliveries(
  db: Database,
  filter: Filter,
  before: Before | null,
  limit: number,
): Promise<ListedDelivery[]> {
  const list = {
    table: sql`deliveries`,
    columns: sql`r.order_number AS order, r.back_order, r.storefront, r.state, r.version, r.attempt, r.tracking, r.deliver_on,
      (SELECT jsonb_agg(jsonb_build_object('sku', l.sku, 'quantity', l.quantity) ORDER BY l.sku)
         FROM delivery_lines l WHERE l.delivery = r.number) AS lines`,
    finalStates: statesOf(DELIVERY_TRANSITIONS, 'final'),
    whose: ofStorefronts(filter, sql`r.order_number IN (SELECT number FROM orders WHERE customer = p.id)`),
    where: filter.sku
      ? [sql`EXISTS (SELECT 1 FROM delivery_lines l WHERE l.delivery = r.number AND l.sku = ${filter.sku})`]
      : [],
  }
  return newestFirst<ListedDelivery>(db, list, filter, before, limit)
}

export function deliverySummary(row: ListedDelivery): z.output<typeof DeliverySummary> {
  const { sort_at, ...delivery } = row
  return {
    ...delivery,
    allowed_actions: allowed(DELIVERY_TRANSITIONS, row.state, DELIVERY_ACTIONS),
    operator_actions: allowed(DELIVERY_TRANSITIONS, row.state, OPERATOR_DELIVERY_ACTIONS),
    created_at: new Date(sort_at).toISOString(),
  }
}
