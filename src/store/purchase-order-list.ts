import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { PURCHASE_ORDER_TRANSITIONS, type PurchaseOrderState } from '../domain/purchase-order.ts'
import { statesOf } from '../domain/states.ts'
import type { Database } from './database.ts'
import { Instant } from './order-view.ts'
import { type Before, type Filter, newestFirst } from './page.ts'

export const PurchaseOrderStateName = z.enum(
  Object.keys(PURCHASE_ORDER_TRANSITIONS) as [PurchaseOrderState, ...PurchaseOrderState[]],
)
const DeadlineKind = z.enum(['acknowledge', 'remind', 'overdue'])

/** A purchase order as a list shows it. */
export const PurchaseOrderSummary = z
  .object({
    number: z.string(),
    supplier: z.string(),
    state: PurchaseOrderStateName,
    version: z.int(),
    deadline: z.object({ kind: DeadlineKind, at: Instant }).nullable(),
    lines: z.array(
      z.object({
        line: z.int(),
        sku: z.string(),
        quantity: z.int(),
        received: z.int(),
        is_closed: z.boolean(),
      }),
    ),
    created_at: Instant,
  })
  .meta({ id: 'PurchaseOrderSummary' })

export type ListedPurchaseOrder = {
  sort_at: string
  number: string
  supplier: string
  state: PurchaseOrderState
  version: number
  deadline_kind: z.output<typeof DeadlineKind> | null
  deadline_at: string | null
  lines: { line: number; sku: string; quantity: number; received: number; is_closed: boolean }[]
}

/** Purchase orders, the newest first (REQUIREMENTS P4). */
export async function listPurchaseOrders(
  db: Database,
  filter: Filter,
  before: Before | null,
  limit: number,
): Promise<ListedPurchaseOrder[]> {
  const list = {
    table: sql`purchase_orders`,
    columns: sql`r.supplier, r.state, r.version, r.deadline_kind, r.deadline_at,
      (SELECT jsonb_agg(jsonb_build_object('line', l.line, 'sku', l.sku, 'quantity', l.agreed, 'received', l.received, 'is_closed', l.closed)
                        ORDER BY l.line)
         FROM purchase_order_lines l WHERE l.purchase_order = r.number) AS lines`,
    finalStates: statesOf(PURCHASE_ORDER_TRANSITIONS, 'final'),
    whose: { table: sql`suppliers`, row: sql`r.supplier = p.id`, partner: sql`p.id` },
    where: filter.sku
      ? [
          sql`EXISTS (SELECT 1 FROM purchase_order_lines l WHERE l.purchase_order = r.number AND l.sku = ${filter.sku})`,
        ]
      : [],
  }
  return newestFirst<ListedPurchaseOrder>(db, list, filter, before, limit)
}

export function purchaseOrderSummary(row: ListedPurchaseOrder): z.output<typeof PurchaseOrderSummary> {
  const { sort_at, deadline_kind, deadline_at, ...order } = row
  return {
    ...order,
    deadline:
      deadline_kind && deadline_at ? { kind: deadline_kind, at: new Date(deadline_at).toISOString() } : null,
    created_at: new Date(sort_at).toISOString(),
  }
}
