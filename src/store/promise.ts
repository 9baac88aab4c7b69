import { type SQL, sql } from 'drizzle-orm'
import type { Transaction } from './database.ts'
import { notificationsFor } from './event.ts'
import { ASKED_SUPPLIER, NEED } from './supply.ts'

/** Most back orders that one revision writes: it bounds how long the item stays locked. */
const REVISION_LIMIT = 1_000

/**
 * What is still to come of an item, by date: the latest of the parts that a supplier named for its lines, as far as units
 * are still to come; a line without parts counts as one.
 */
const inbound = (sku: string): SQL => sql`
  lines AS (
    SELECT p.purchase_order, p.line, p.agreed - p.received AS to_come, p.expected_at FROM purchase_order_lines p
     WHERE p.sku = ${sku} AND NOT p.closed AND p.agreed > p.received
  ),
  parts AS (
    SELECT l.purchase_order, l.line, l.to_come, s.expected_at, s.quantity,
           sum(s.quantity) OVER (PARTITION BY l.purchase_order, l.line ORDER BY s.expected_at DESC, s.id DESC) AS from_then
      FROM lines l JOIN schedule_lines s USING (purchase_order, line)
  ),
  inbound AS (
    SELECT expected_at, LEAST(quantity, to_come - (from_then - quantity))::integer AS quantity FROM parts
     WHERE from_then - quantity < to_come
    UNION ALL
    SELECT expected_at, to_come FROM lines l
     WHERE NOT EXISTS (SELECT 1 FROM parts p WHERE p.purchase_order = l.purchase_order AND p.line = l.line)
  ),
  arriving AS (
    SELECT expected_at, sum(quantity) OVER (ORDER BY expected_at ROWS UNBOUNDED PRECEDING) AS by_then FROM inbound
  )`

/**
 * Walks the queue over what is to come and notes for each waiter when its last unit is expected. A revision is kept
 * when the calendar day (UTC) changes; the customer is told when it moves later. Waiters whom nothing inbound covers
 * keep the date they were told. The item's lock is held. Returns true when more are left for another call.
 */
export async function revisePromises(tx: Transaction, sku: string, step: string): Promise<boolean> {
  const [row] = await tx.execute<{ revised: number }>(sql`
    WITH ${inbound(sku)},
    waiters AS (
      SELECT number, promised_at, sum(ordered - allocated) OVER (ORDER BY place) AS until_it
        FROM (SELECT number, place, ordered, allocated, promised_at FROM back_orders
               WHERE sku = ${sku} AND state = 'waiting'
               ORDER BY place LIMIT (SELECT COALESCE(max(by_then), 0) FROM arriving)) AS first
    ),
    expected AS (
      SELECT w.number, w.promised_at, (SELECT min(a.expected_at) FROM arriving a WHERE a.by_then >= w.until_it) AS expected_at
        FROM waiters w
    ),
    revisions AS MATERIALIZED (
      SELECT * FROM expected
       WHERE expected_at IS NOT NULL
         AND (promised_at IS NULL OR (promised_at AT TIME ZONE 'UTC')::date <> (expected_at AT TIME ZONE 'UTC')::date)
       LIMIT ${sql.raw(String(REVISION_LIMIT))}
    ),
    revised AS (
      UPDATE back_orders b
         SET promised_at = r.expected_at, unsourced = false, version = b.version + 1
        FROM revisions r WHERE b.number = r.number
   RETURNING b.number, b.version, b.storefront, b.customer, r.promised_at AS before, b.promised_at
    ),
    noted AS (
      INSERT INTO events (number, sequence, type, actor, from_state, to_state, details)
      SELECT number, version, CASE WHEN promised_at > before THEN 'back_order.delayed' ELSE 'back_order.promised' END,
             'house', 'waiting', 'waiting', jsonb_build_object('promised_at', promised_at, 'before', before)
        FROM revised
   RETURNING id, number, type
    ),
    told AS (
      SELECT n.id, n.number, r.storefront, r.customer FROM noted n JOIN revised r USING (number)
       WHERE n.type = 'back_order.delayed'
    ),
    notified AS (${notificationsFor(sql`told`)}),
    woken AS (INSERT INTO wakes (workflow, step) SELECT 'back-order/' || number, ${step} FROM told)
    SELECT count(*)::integer AS revised FROM revisions`)
  return row?.revised === REVISION_LIMIT
}

/**
 * Tells those waiters whom nothing to come covers that no supplier is left to ask (REQUIREMENTS A5). Nothing to do while
 * there is one. The item's lock is held. Returns true when more are left for another call.
 */
export async function tellUnsourced(tx: Transaction, sku: string, step: string): Promise<boolean> {
  const [row] = await tx.execute<{ marked: number }>(sql`
    WITH ${inbound(sku)},
    lacking AS (
      SELECT 1 FROM stock_levels l
       WHERE l.sku = ${sku} AND ${NEED} > 0 AND ${ASKED_SUPPLIER} IS NULL
         AND EXISTS (SELECT 1 FROM supplier_items s WHERE s.sku = l.sku)
    ),
    waiters AS (
      SELECT number, unsourced, sum(ordered - allocated) OVER (ORDER BY place) AS until_it
        FROM back_orders WHERE sku = ${sku} AND state = 'waiting' AND EXISTS (SELECT 1 FROM lacking)
    ),
    uncovered AS MATERIALIZED (
      SELECT number FROM waiters
       WHERE NOT unsourced AND until_it > (SELECT COALESCE(max(by_then), 0) FROM arriving)
       LIMIT ${sql.raw(String(REVISION_LIMIT))}
    ),
    marked AS (
      UPDATE back_orders b SET unsourced = true, promised_at = NULL, version = b.version + 1
        FROM uncovered u WHERE b.number = u.number
   RETURNING b.number, b.version, b.storefront, b.customer
    ),
    noted AS (
      INSERT INTO events (number, sequence, type, actor, from_state, to_state, details)
      SELECT number, version, 'back_order.unsourced', 'house', 'waiting', 'waiting', '{}' FROM marked
   RETURNING id, number
    ),
    told AS (SELECT n.id, n.number, m.storefront, m.customer FROM noted n JOIN marked m USING (number)),
    notified AS (${notificationsFor(sql`told`)}),
    woken AS (INSERT INTO wakes (workflow, step) SELECT 'back-order/' || number, ${step} FROM marked)
    SELECT count(*)::integer AS marked FROM uncovered`)
  return row?.marked === REVISION_LIMIT
}
