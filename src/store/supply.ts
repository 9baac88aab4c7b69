import { sql } from 'drizzle-orm'
import { type Database, post, type Transaction } from './database.ts'

/**
 * What suppliers have to be asked for, per item (REQUIREMENTS A4):
 * Σ outstanding of waiting back orders − free − Σ still to come on open purchase order lines.
 * Below zero it is surplus. Rounding up to packs comes later, per supplier.
 */
export const NEED = sql`
  (l.outstanding - (l.on_hand - l.allocated)
    - COALESCE((SELECT sum(GREATEST(p.agreed - p.received, 0)) FROM purchase_order_lines p
                 WHERE p.sku = l.sku AND NOT p.closed), 0))::integer`

/** The supplier who is asked for an item now: the first by rank who is not being passed over. */
export const ASKED_SUPPLIER = sql`
  (SELECT s.supplier FROM supplier_items s
    WHERE s.sku = l.sku AND (s.passed_over_until IS NULL OR s.passed_over_until <= now())
    ORDER BY s.rank, s.supplier LIMIT 1)`

/**
 * Wakes the purchasing of the supplier to be asked for this item, if the demand just added made need go from none to
 * some; while it was some already, that purchasing is awake. The item's lock is held.
 */
export async function askForSupply(tx: Transaction, sku: string, added: number, step: string): Promise<void> {
  await post(
    tx,
    tx.execute(sql`
    INSERT INTO wakes (workflow, step)
    SELECT 'purchasing/' || supplier, ${step}
      FROM (SELECT ${NEED} AS need, ${ASKED_SUPPLIER} AS supplier FROM stock_levels l WHERE l.sku = ${sku}) AS now
     WHERE supplier IS NOT NULL AND need > 0 AND need - ${added} <= 0`),
  )
}

/**
 * The same where the supplier who was asked has dropped out: the next one may not have heard of any of the need. The
 * item's lock is held.
 */
export async function askNextSupplier(tx: Transaction, sku: string, step: string): Promise<void> {
  await post(
    tx,
    tx.execute(sql`
    INSERT INTO wakes (workflow, step)
    SELECT 'purchasing/' || supplier, ${step}
      FROM (SELECT ${NEED} AS need, ${ASKED_SUPPLIER} AS supplier FROM stock_levels l WHERE l.sku = ${sku}) AS now
     WHERE supplier IS NOT NULL AND need > 0`),
  )
}

/**
 * Wakes the purchasing of those suppliers from whom more of this item is still to come than is wanted now, so that what
 * can be withdrawn is withdrawn (REQUIREMENTS A7). The item's lock is held.
 */
export async function withdrawSurplus(tx: Transaction, sku: string, step: string): Promise<void> {
  await post(
    tx,
    tx.execute(sql`
    INSERT INTO wakes (workflow, step)
    SELECT DISTINCT 'purchasing/' || o.supplier, ${step}
      FROM stock_levels l
      JOIN purchase_order_lines p ON p.sku = l.sku AND NOT p.closed
      JOIN purchase_orders o ON o.number = p.purchase_order
     WHERE l.sku = ${sku} AND ${NEED} < 0`),
  )
}

/**
 * When this many more units than are already wanted could be here: the expected date of the first open purchase order
 * line that covers everything before and these, or else what the supplier who would be asked now needs; null if there
 * is none to ask.
 */
export async function expectedDate(
  db: Database | Transaction,
  sku: string,
  quantity: number,
): Promise<Date | null> {
  const [row] = await db.execute<{ expected_at: string | null }>(sql`
    WITH inbound AS (
      SELECT p.expected_at,
             sum(GREATEST(p.agreed - p.received, 0)) OVER (ORDER BY p.expected_at, p.purchase_order, p.line) AS by_then
        FROM purchase_order_lines p
       WHERE p.sku = ${sku} AND NOT p.closed
    )
    SELECT COALESCE(
             (SELECT GREATEST(i.expected_at, now()) FROM inbound i, stock_levels l
               WHERE l.sku = ${sku} AND i.by_then >= l.outstanding - (l.on_hand - l.allocated) + ${quantity}
               ORDER BY i.expected_at LIMIT 1),
             (SELECT now() + make_interval(secs => s.lead_seconds + o.gather_seconds)
                FROM supplier_items s JOIN suppliers o ON o.id = s.supplier, stock_levels l
               WHERE l.sku = ${sku} AND s.sku = l.sku AND s.supplier = ${ASKED_SUPPLIER})
           ) AS expected_at`)
  return row?.expected_at ? new Date(row.expected_at) : null
}
