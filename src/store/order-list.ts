import { sql } from 'drizzle-orm'
import { z } from 'zod'
import {
  LINE_STATES,
  type LineState,
  ORDER_ACTIONS,
  ORDER_TRANSITIONS,
  type OrderState,
} from '../domain/order.ts'
import { allowed, statesOf } from '../domain/states.ts'
import type { Database } from './database.ts'
import { Deadline, Instant } from './order-view.ts'
import { type Before, type Filter, newestFirst, ofStorefronts } from './page.ts'

export const OrderStateName = z.enum(Object.keys(ORDER_TRANSITIONS) as [OrderState, ...OrderState[]])

/** An order as a list shows it. */
export const OrderSummary = z
  .object({
    number: z.string(),
    storefront: z.string(),
    reference: z.string().nullable(),
    state: OrderStateName,
    version: z.int(),
    deadline: Deadline.nullable(),
    lines: z.array(
      z.object({ line: z.int(), sku: z.string(), ordered: z.int(), state: z.enum(LINE_STATES) }),
    ),
    allowed_actions: z.array(z.enum(ORDER_ACTIONS)),
    created_at: Instant,
  })
  .meta({ id: 'OrderSummary' })

export type ListedOrder = {
  sort_at: string
  number: string
  storefront: string
  reference: string | null
  state: OrderState
  version: number
  deadline_at: string | null
  lines: { line: number; sku: string; ordered: number; state: LineState }[]
}

/** Orders, the newest first (REQUIREMENTS P4). */
export async function listOrders(
  db: Database,
  filter: Filter,
  before: Before | null,
  limit: number,
): Promise<ListedOrder[]> {
  const list = {
    table: sql`orders`,
    columns: sql`r.storefront, r.reference, r.state, r.version, r.deadline_at,
      (SELECT jsonb_agg(jsonb_build_object('line', l.line, 'sku', l.sku, 'ordered', l.ordered, 'state', l.state) ORDER BY l.line)
         FROM order_lines l WHERE l.order_number = r.number) AS lines`,
    finalStates: statesOf(ORDER_TRANSITIONS, 'final'),
    whose: ofStorefronts(filter, sql`r.customer = p.id`),
    where: filter.sku
      ? [sql`EXISTS (SELECT 1 FROM order_lines l WHERE l.order_number = r.number AND l.sku = ${filter.sku})`]
      : [],
  }
  return newestFirst<ListedOrder>(db, list, filter, before, limit)
}

export function orderSummary(row: ListedOrder): z.output<typeof OrderSummary> {
  const { sort_at, deadline_at, ...order } = row
  return {
    ...order,
    deadline: deadline_at ? { kind: 'offer', at: new Date(deadline_at).toISOString() } : null,
    allowed_actions: allowed(ORDER_TRANSITIONS, row.state, ORDER_ACTIONS),
    created_at: new Date(sort_at).toISOString(),
  }
}
