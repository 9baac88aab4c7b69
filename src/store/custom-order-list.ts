import { sql } from 'drizzle-orm'
import { z } from 'zod'
import {
  CUSTOM_ORDER_ACTIONS,
  CUSTOM_ORDER_DEADLINES,
  CUSTOM_ORDER_TRANSITIONS,
  type CustomOrderDeadline,
  type CustomOrderState,
  customOrderActions,
} from '../domain/custom-order.ts'
import { statesOf } from '../domain/states.ts'
import type { VehicleState } from '../domain/vehicle.ts'
import { CustomOrderStateName } from './custom-order-view.ts'
import type { Database } from './database.ts'
import { Instant } from './order-view.ts'
import { type Before, type DealingFilter, newestFirst, ofDealings } from './page.ts'
import { isFrozen } from './schedule-load.ts'
import { slotJoins } from './schedule-view.ts'

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
  /** Where that stands: its freeze point says what can still be done. */
  standing: { state: VehicleState; frozen: boolean } | null
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
    columns: sql`r.storefront, r.reference, r.dealer, r.state, r.vehicle, r.version, r.deadline_kind, r.deadline_at,
      (SELECT jsonb_build_object('state', v.state, 'frozen', ${isFrozen} IS TRUE) FROM vehicles v ${slotJoins}
        WHERE v.number = r.vehicle) AS standing`,
    finalStates: statesOf(CUSTOM_ORDER_TRANSITIONS, 'final'),
    ...ofDealings(filter),
  }
  return newestFirst<ListedCustomOrder>(db, list, filter, before, limit)
}

export function customOrderSummary(row: ListedCustomOrder): z.output<typeof CustomOrderSummary> {
  const { sort_at, deadline_kind, deadline_at, standing, ...order } = row
  return {
    ...order,
    deadline:
      deadline_kind && deadline_at ? { kind: deadline_kind, at: new Date(deadline_at).toISOString() } : null,
    allowed_actions: customOrderActions(row.state, standing),
    created_at: new Date(sort_at).toISOString(),
  }
}
