import { sql } from 'drizzle-orm'
import { z } from 'zod'
import {
  DELIVERY_ACTIONS,
  DELIVERY_TRANSITIONS,
  type DeliveryState,
  OPERATOR_DELIVERY_ACTIONS,
} from '../domain/delivery.ts'
import { allowed } from '../domain/states.ts'
import type { Database } from './database.ts'
import { Instant } from './order-view.ts'
import { type Before, type Filter, newestFirst } from './page.ts'

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
  filter: Filter & { sku?: string | undefined; email?: string | undefined },
  before: Before | null,
  limit: number,
): Promise<ListedDelivery[]> {
  const { sku, email } = filter
  const list = {
    table: sql`deliveries`,
    partnerTable: sql`storefronts`,
    partner: sql`r.storefront`,
    columns: sql`r.order_number AS order, r.back_order, r.storefront, r.state, r.version, r.attempt, r.tracking, r.deliver_on,
      (SELECT jsonb_agg(jsonb_build_object('sku', l.sku, 'quantity', l.quantity) ORDER BY l.sku)
         FROM delivery_lines l WHERE l.delivery = r.number) AS lines`,
    where: [
      ...(sku
        ? [sql`EXISTS (SELECT 1 FROM delivery_lines l WHERE l.delivery = r.number AND l.sku = ${sku})`]
        : []),
      ...(email
        ? [
            sql`r.order_number IN (SELECT o.number FROM orders o JOIN customers c ON c.id = o.customer
                                    WHERE c.storefront = r.storefront AND c.email = ${email})`,
          ]
        : []),
    ],
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
