import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { BACK_ORDER_ACTIONS, BACK_ORDER_TRANSITIONS, type BackOrderState } from '../domain/back-order.ts'
import type { DeadlineKind } from '../domain/period.ts'
import { allowed, statesOf } from '../domain/states.ts'
import type { Database } from './database.ts'
import { Deadline, Instant } from './order-view.ts'
import { type Before, type Filter, newestFirst, ofStorefronts } from './page.ts'

export const BackOrderStateName = z.enum(
  Object.keys(BACK_ORDER_TRANSITIONS) as [BackOrderState, ...BackOrderState[]],
)

/** A back order as a list shows it: without its place in the queue, which has to be counted. */
export const BackOrderSummary = z
  .object({
    number: z.string(),
    order: z.string(),
    line: z.int(),
    storefront: z.string(),
    sku: z.string(),
    state: BackOrderStateName,
    version: z.int(),
    ordered: z.int(),
    allocated: z.int(),
    outstanding: z.int(),
    promised_at: Instant.nullable(),
    deadline: Deadline.nullable(),
    delivery: z.string().nullable(),
    allowed_actions: z.array(z.enum(BACK_ORDER_ACTIONS)),
    created_at: Instant,
  })
  .meta({ id: 'BackOrderSummary' })

export type ListedBackOrder = {
  sort_at: string
  number: string
  order: string
  line: number
  storefront: string
  sku: string
  state: BackOrderState
  version: number
  ordered: number
  allocated: number
  promised_at: string | null
  deadline_kind: DeadlineKind | null
  deadline_at: string | null
  delivery: string | null
}

/** Back orders, the newest first (REQUIREMENTS P4). */
export async function listBackOrders(
  db: Database,
  filter: Filter,
  before: Before | null,
  limit: number,
): Promise<ListedBackOrder[]> {
  const list = {
    table: sql`back_orders`,
    columns: sql`r.order_number AS order, r.line, r.storefront, r.sku, r.state, r.version, r.ordered, r.allocated,
      r.promised_at, r.deadline_kind, r.deadline_at, r.delivery`,
    finalStates: statesOf(BACK_ORDER_TRANSITIONS, 'final'),
    whose: ofStorefronts(filter, sql`r.order_number IN (SELECT number FROM orders WHERE customer = p.id)`),
    where: filter.sku ? [sql`r.sku = ${filter.sku}`] : [],
  }
  return newestFirst<ListedBackOrder>(db, list, filter, before, limit)
}

export function backOrderSummary(row: ListedBackOrder): z.output<typeof BackOrderSummary> {
  const { sort_at, promised_at, deadline_kind, deadline_at, ...backOrder } = row
  return {
    ...backOrder,
    outstanding: row.state === 'waiting' ? row.ordered - row.allocated : 0,
    promised_at: promised_at ? new Date(promised_at).toISOString() : null,
    deadline:
      deadline_kind && deadline_at ? { kind: deadline_kind, at: new Date(deadline_at).toISOString() } : null,
    allowed_actions: allowed(BACK_ORDER_TRANSITIONS, row.state, BACK_ORDER_ACTIONS),
    created_at: new Date(sort_at).toISOString(),
  }
}
