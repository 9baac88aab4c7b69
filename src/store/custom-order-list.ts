import { sql } from 'drizzle-orm'
import { z } from 'zod'
import {
  CUSTOM_ORDER_ACTIONS,
  CUSTOM_ORDER_DEADLINES,
  CUSTOM_ORDER_TRANSITIONS,
  type CustomOrderDeadline,
  type CustomOrderState,
} from '../domain/custom-order.ts'
import { allowed, statesOf } from '../domain/states.ts'
import { CustomOrderStateName } from './custom-order-view.ts'
import type { Database } from './database.ts'
import { Instant } from './order-view.ts'
import { type Before, type DealingFilter, newestFirst, ofDealings } from './page.ts'

/** A custom order as a list shows it. */
export const CustomOrderSummary = z
  .object({
    number: z.string(),
    storefront: z.string(),
    reference: z.string().nullable(),
    dealer: z.string(),
    state: CustomOrderStateName,
    vehicle: z.string().nullable(),
    version: z.int(),
    deadline: z.object({ kind: z.enum(CUSTOM_ORDER_DEADLINES), at: Instant }).nullable(),
    allowed_actions: z.array(z.enum(CUSTOM_ORDER_ACTIONS)),
    created_at: Instant,
  })
  .meta({ id: 'CustomOrderSummary' })

export type ListedCustomOrder = {
  sort_at: string
  number: string
  storefront: string
  reference: string | null
  dealer: string
  state: CustomOrderState
  vehicle: string | null
  version: number
  deadline_kind: CustomOrderDeadline | null
  deadline_at: string | null
}

/** Custom orders, the newest first (REQUIREMENTS P4): those of storefronts, or those that dealers have now. */
export async function listCustomOrders(
  db: Database,
  filter: DealingFilter,
  before: Before | null,
  limit: number,
): Promise<ListedCustomOrder[]> {
  const list = {
    table: sql`custom_orders`,
    columns: sql`r.storefront, r.reference, r.dealer, r.state, r.vehicle, r.version, r.deadline_kind, r.deadline_at`,
    finalStates: statesOf(CUSTOM_ORDER_TRANSITIONS, 'final'),
    ...ofDealings(filter),
  }
  return newestFirst<ListedCustomOrder>(db, list, filter, before, limit)
}

export function customOrderSummary(row: ListedCustomOrder): z.output<typeof CustomOrderSummary> {
  const { sort_at, deadline_kind, deadline_at, ...order } = row
  return {
    ...order,
    deadline:
      deadline_kind && deadline_at ? { kind: deadline_kind, at: new Date(deadline_at).toISOString() } : null,
    allowed_actions: allowed(CUSTOM_ORDER_TRANSITIONS, row.state, CUSTOM_ORDER_ACTIONS),
    created_at: new Date(sort_at).toISOString(),
  }
}
