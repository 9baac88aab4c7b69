import { and, asc, gt, isNull, sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { backOrders, deliveries, orders, purchaseOrders } from './schema.ts'
import { ASKED_SUPPLIER, NEED } from './supply.ts'

/** The kinds of rows that have a workflow each, by the first part of its id. */
const TABLES = {
  order: orders,
  'back-order': backOrders,
  delivery: deliveries,
  'purchase-order': purchaseOrders,
}
export const OPEN_KINDS = Object.keys(TABLES) as (keyof typeof TABLES)[]

/** The numbers of the open rows of a kind, in the order of their numbers, after the given one. */
export async function openNumbers(
  db: Database,
  kind: keyof typeof TABLES,
  after: string,
  limit: number,
): Promise<string[]> {
  const table = TABLES[kind]
  const rows = await db
    .select({ number: table.number })
    .from(table)
    .where(and(isNull(table.ended_at), gt(table.number, after)))
    .orderBy(asc(table.number))
    .limit(limit)
  return rows.map((row) => row.number)
}

/** Those of these workflows whose row is still open. */
export async function stillOpen(db: Database, workflows: string[]): Promise<string[]> {
  const rows = await db.execute<{ workflow: string }>(sql`
    SELECT w AS workflow FROM jsonb_array_elements_text(${JSON.stringify(workflows)}::jsonb) AS w
     WHERE EXISTS (SELECT 1 FROM orders WHERE number = substr(w, length('order/') + 1) AND ended_at IS NULL)
        OR EXISTS (SELECT 1 FROM back_orders WHERE number = substr(w, length('back-order/') + 1) AND ended_at IS NULL)
        OR EXISTS (SELECT 1 FROM deliveries WHERE number = substr(w, length('delivery/') + 1) AND ended_at IS NULL)
        OR EXISTS (SELECT 1 FROM purchase_orders WHERE number = substr(w, length('purchase-order/') + 1) AND ended_at IS NULL)`)
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

/** Items with free units beside waiters: a pass over a large receipt or count that was cut off. */
export async function idleItems(db: Database): Promise<string[]> {
  const rows = await db.execute<{ sku: string }>(
    sql`SELECT sku FROM stock_levels WHERE outstanding > 0 AND on_hand > allocated ORDER BY sku`,
  )
  return rows.map((row) => row.sku)
}
