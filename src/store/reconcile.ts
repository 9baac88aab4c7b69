import { type SQL, sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { ASKED_SUPPLIER, NEED } from './supply.ts'

/** The open rows of each kind that has a workflow for each of them, by the first part of its id. */
const OPEN_ROWS = {
  order: sql`SELECT number, created_at FROM orders WHERE ended_at IS NULL`,
  'back-order': sql`SELECT number, created_at FROM back_orders WHERE ended_at IS NULL`,
  delivery: sql`SELECT number, created_at FROM deliveries WHERE ended_at IS NULL`,
  'purchase-order': sql`SELECT number, created_at FROM purchase_orders WHERE ended_at IS NULL`,
  lead: sql`SELECT number, created_at FROM leads WHERE ended_at IS NULL`,
  'custom-order': sql`SELECT number, created_at FROM custom_orders WHERE ended_at IS NULL`,
  erasure: sql`SELECT id::text AS number, erasing_since AS created_at FROM members
                 WHERE erasing_since IS NOT NULL AND erased_at IS NULL AND merged_into IS NULL`,
  payment: sql`SELECT number, created_at FROM payments WHERE ended_at IS NULL`,
  tag: sql`SELECT number, created_at FROM tags WHERE ended_at IS NULL`,
  'match-request': sql`SELECT number, created_at FROM match_requests WHERE ended_at IS NULL`,
  notification: sql`SELECT id::text AS number, created_at FROM notifications WHERE state = 'retrying'`,
} satisfies Record<string, SQL>
export type OpenKind = keyof typeof OPEN_ROWS
export const OPEN_KINDS = Object.keys(OPEN_ROWS) as OpenKind[]

/** The workflow of a row so young is only just being started. */
const YOUNG = sql.raw(`interval '20 seconds'`)

/** A row in the walk over those of its kind, which goes from the oldest to the youngest. */
export type OpenRow = { number: string; created_at: string }

/** The next open rows of a kind, after the given one. The youngest are left out: somebody is just starting their workflows. */
export async function openRows(
  db: Database,
  kind: OpenKind,
  after: OpenRow | undefined,
  limit: number,
): Promise<OpenRow[]> {
  const rows = await db.execute<OpenRow>(sql`
    SELECT number, created_at::text AS created_at FROM (${OPEN_ROWS[kind]}) AS open
     WHERE created_at < now() - ${YOUNG}
       AND ${after ? sql`(created_at, number) > (${after.created_at}::timestamptz, ${after.number})` : sql`true`}
     ORDER BY open.created_at, number LIMIT ${limit}`)
  return [...rows]
}

/** Orders that were stored and that nobody placed, the oldest first: whoever took them died before saying so to Temporal. */
export async function unplacedOrders(db: Database, limit: number): Promise<string[]> {
  const rows = await db.execute<{ number: string }>(sql`
    SELECT number FROM orders WHERE state = 'received' AND created_at < now() - ${YOUNG} ORDER BY created_at LIMIT ${limit}`)
  return rows.map((row) => row.number)
}

/** Those of these workflows whose row is still open. */
export async function stillOpen(db: Database, workflows: string[]): Promise<string[]> {
  const rows = await db.execute<{ workflow: string }>(sql`
    SELECT w AS workflow FROM jsonb_array_elements_text(${JSON.stringify(workflows)}::jsonb) AS w
     WHERE EXISTS (SELECT 1 FROM orders WHERE number = substr(w, length('order/') + 1) AND ended_at IS NULL)
        OR EXISTS (SELECT 1 FROM back_orders WHERE number = substr(w, length('back-order/') + 1) AND ended_at IS NULL)
        OR EXISTS (SELECT 1 FROM deliveries WHERE number = substr(w, length('delivery/') + 1) AND ended_at IS NULL)
        OR EXISTS (SELECT 1 FROM purchase_orders WHERE number = substr(w, length('purchase-order/') + 1) AND ended_at IS NULL)
        OR EXISTS (SELECT 1 FROM leads WHERE number = substr(w, length('lead/') + 1) AND ended_at IS NULL)
        OR EXISTS (SELECT 1 FROM custom_orders WHERE number = substr(w, length('custom-order/') + 1) AND ended_at IS NULL)
        OR w IN (SELECT 'erasure/' || id FROM members WHERE erasing_since IS NOT NULL AND erased_at IS NULL)
        OR EXISTS (SELECT 1 FROM payments WHERE number = substr(w, length('payment/') + 1) AND ended_at IS NULL)
        OR EXISTS (SELECT 1 FROM tags WHERE number = substr(w, length('tag/') + 1) AND ended_at IS NULL)
        OR EXISTS (SELECT 1 FROM match_requests WHERE number = substr(w, length('match-request/') + 1) AND ended_at IS NULL)
        OR w LIKE 'promises/%'
        OR (w LIKE 'schedule-production/%' AND EXISTS (SELECT 1 FROM schedule_requests))
        OR w IN (SELECT 'notification/' || id FROM notifications WHERE state = 'retrying')`)
  return rows.map((row) => row.workflow)
}

/** Suppliers who have to be asked for something that is lacking. */
export async function suppliersInNeed(db: Database): Promise<string[]> {
  const rows = await db.execute<{ supplier: string }>(sql`
    SELECT DISTINCT supplier
      FROM (SELECT ${NEED} AS need, ${ASKED_SUPPLIER} AS supplier FROM stock_levels l WHERE l.outstanding > 0) AS wanted
     WHERE need > 0 AND supplier IS NOT NULL`)
  return rows.map((row) => row.supplier)
}

/**
 * Suppliers of whom too much was ordered, as far as it can be withdrawn: on lines that are not acknowledged. It is counted
 * as `settleNeed` does it, youngest lines first and in whole packs, so that nobody is named with whom nothing would change.
 */
export async function suppliersInSurplus(db: Database): Promise<string[]> {
  const rows = await db.execute<{ supplier: string }>(sql`
    WITH surplus AS (
      SELECT l.sku, -${NEED} AS units FROM stock_levels l
       WHERE l.sku IN (SELECT sku FROM purchase_order_lines WHERE NOT closed AND accepted IS NULL) AND ${NEED} < 0
    ),
    to_come AS (
      SELECT o.supplier, s.sku, s.units AS surplus, p.accepted,
             CASE WHEN p.change_requested < p.agreed THEN p.agreed - GREATEST(p.change_requested, p.received) ELSE 0 END AS asked_back,
             COALESCE(sum(p.agreed - p.received) OVER (
               PARTITION BY o.supplier, s.sku ORDER BY o.created_at DESC, o.number DESC, p.line DESC
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS on_younger_lines
        FROM surplus s
        JOIN purchase_order_lines p ON p.sku = s.sku AND NOT p.closed AND p.agreed > p.received
        JOIN purchase_orders o ON o.number = p.purchase_order
    )
    SELECT DISTINCT c.supplier
      FROM to_come c JOIN supplier_items i ON i.supplier = c.supplier AND i.sku = c.sku
     WHERE c.accepted IS NULL
       AND c.surplus - c.on_younger_lines >= i.pack_size
           + COALESCE((SELECT sum(asked_back) FROM to_come others WHERE others.sku = c.sku AND others.supplier <> c.supplier), 0)`)
  return rows.map((row) => row.supplier)
}

/** Items with free units beside waiters: a pass over a large receipt or count that was cut off. */
export async function idleItems(db: Database): Promise<string[]> {
  const rows = await db.execute<{ sku: string }>(
    sql`SELECT sku FROM stock_levels WHERE outstanding > 0 AND on_hand > allocated ORDER BY sku`,
  )
  return rows.map((row) => row.sku)
}
