import { type SQL, sql } from 'drizzle-orm'
import { type Database, post, type Transaction } from './database.ts'
import { notificationsFor } from './event.ts'
import { ASKED_SUPPLIER, NEED } from './supply.ts'

/** How long a walk over a queue may take, in which no lock is held. */
const WALK_PATIENCE = '50s'

/** A waiter whose promise is to be revised, as it was when that was found: the date, or null when nobody is left to ask. */
export type DuePromise = { number: string; version: number; expected_at: string | null }

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

/** True when more of an item is wanted than is to come, and every supplier who can bring it is passed over (A5). */
const nobodyIsLeft = (sku: string): SQL => sql`
  EXISTS (SELECT 1 FROM stock_levels l
           WHERE l.sku = ${sku} AND ${NEED} > 0 AND ${ASKED_SUPPLIER} IS NULL
             AND EXISTS (SELECT 1 FROM supplier_items s WHERE s.sku = l.sku))`

/** Has the promises of these items looked at again, as far as anybody waits for them (A5); the word of a supplier does. */
export async function reviewPromises(tx: Transaction, skus: string[], step: string): Promise<void> {
  await post(
    tx,
    tx.execute(sql`
    INSERT INTO wakes (workflow, step)
    SELECT 'promises/' || sku, ${step} FROM stock_levels
     WHERE outstanding > 0 AND sku IN (SELECT jsonb_array_elements_text(${JSON.stringify(skus)}::jsonb)) ORDER BY sku`),
  )
}

/** What an item's promises rest on, as a text that is another one once a supplier's word has changed it. */
export async function groundsOf(tx: Transaction, sku: string): Promise<string> {
  const [row] = await tx.execute<{ grounds: string }>(sql`
    SELECT concat(${nobodyIsLeft(sku)}, md5(string_agg(o.number || o.version, ' ' ORDER BY o.number))) AS grounds
      FROM purchase_orders o
     WHERE o.number IN (SELECT purchase_order FROM purchase_order_lines WHERE sku = ${sku} AND NOT closed)`)
  return row?.grounds ?? ''
}

/**
 * The first waiters of an item, by place, whose promise is not what is expected now; at most `limit`. One walk over the
 * queue and what is to come, both in the order of their units, finds when the last unit of each is expected. A promise
 * is kept while the calendar day (UTC) is the same. What is overdue is promised for now, once: how long it will really
 * take is known when the supplier says so. Whom nothing to come covers keeps the date they were told, unless
 * nobody is left to ask. No lock is held, so that the walk may be long: what it rests on may change meanwhile, so
 * `grounds` is to be compared, under the item's lock, before anything is written.
 */
export async function promisesDue(
  db: Database,
  sku: string,
  limit: number,
): Promise<{ grounds: string; due: DuePromise[] }> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`SET LOCAL statement_timeout = ${sql.raw(`'${WALK_PATIENCE}'`)}`)
    return { grounds: await groundsOf(tx, sku), due: await walk(tx, sku, limit) }
  })
}

async function walk(tx: Transaction, sku: string, limit: number): Promise<DuePromise[]> {
  const rows = await tx.execute<DuePromise>(sql`
    WITH ${inbound(sku)},
    now_known AS MATERIALIZED (
      SELECT ${nobodyIsLeft(sku)} AS nobody_is_left, COALESCE(max(by_then), 0) AS to_come FROM arriving
    ),
    waiters AS (
      SELECT number, version, promised_at, unsourced, sum(lacking) OVER (ORDER BY place ROWS UNBOUNDED PRECEDING) AS until_it
        FROM (SELECT number, version, place, ordered - allocated AS lacking, promised_at, unsourced FROM back_orders
               WHERE sku = ${sku} AND state = 'waiting'
               ORDER BY place LIMIT (SELECT CASE WHEN NOT nobody_is_left THEN to_come END FROM now_known)) AS first
    ),
    walk AS (
      SELECT until_it AS units, number, version, promised_at, unsourced, NULL::timestamptz AS arrives_at FROM waiters
      UNION ALL SELECT by_then, NULL, NULL, NULL, NULL, expected_at FROM arriving
    ),
    covered AS (
      -- From the end: of all that arrives at or after a waiter's last unit, the first. Where both meet it is in time.
      SELECT *, min(arrives_at) OVER (ORDER BY units DESC, number NULLS FIRST ROWS UNBOUNDED PRECEDING) AS expected_at
        FROM walk
    )
    SELECT number, version, GREATEST(expected_at, CASE WHEN expected_at IS NOT NULL THEN now() END) AS expected_at
      FROM covered, now_known
     WHERE number IS NOT NULL
       AND CASE WHEN expected_at IS NULL THEN nobody_is_left AND NOT unsourced
                WHEN promised_at IS NULL THEN true
                WHEN promised_at < now() AND expected_at < now() THEN false
                ELSE (promised_at AT TIME ZONE 'UTC')::date <> (GREATEST(expected_at, now()) AT TIME ZONE 'UTC')::date END
     ORDER BY units LIMIT ${limit}`)
  return [...rows]
}

/**
 * Writes what is expected now to these waiters, but those that have changed since. The customer is told when it moves
 * later, or when nobody is left to ask. The item's lock is held. Returns how many were revised.
 */
export async function revisePromises(tx: Transaction, due: DuePromise[], step: string): Promise<number> {
  const given = sql`
    SELECT * FROM jsonb_to_recordset(${JSON.stringify(due)}::jsonb) AS d(number text, version integer, expected_at timestamptz)`
  const [row] = await tx.execute<{ revised: number }>(revision(given, step))
  return row?.revised ?? 0
}

/**
 * Tells a newcomer to an item's queue that nobody is left to ask, if that is so: whoever waits behind all others is not
 * covered by anything to come while more is wanted than that. The item's lock is held.
 */
export async function tellIfUnsourced(
  tx: Transaction,
  { sku, number }: { sku: string; number: string },
  step: string,
): Promise<void> {
  const given = sql`
    SELECT number, version, NULL::timestamptz AS expected_at FROM back_orders
     WHERE number = ${number} AND ${nobodyIsLeft(sku)}`
  await post(tx, tx.execute(revision(given, step)))
}

/** The statement that writes promises, with the events and what follows from them. */
function revision(due: SQL, step: string): SQL {
  return sql`
    WITH due AS MATERIALIZED (${due}),
    revised AS (
      UPDATE back_orders b
         SET promised_at = d.expected_at, unsourced = d.expected_at IS NULL, version = b.version + 1
        FROM due d JOIN back_orders was ON was.number = d.number AND was.version = d.version AND was.state = 'waiting'
       WHERE b.number = d.number
   RETURNING b.number, b.version, b.storefront, b.customer, was.promised_at AS before, b.promised_at
    ),
    noted AS (
      INSERT INTO events (number, sequence, type, actor, from_state, to_state, details)
      SELECT number, version,
             CASE WHEN promised_at IS NULL THEN 'back_order.unsourced'
                  WHEN promised_at > before THEN 'back_order.delayed' ELSE 'back_order.promised' END,
             'house', 'waiting', 'waiting',
             CASE WHEN promised_at IS NULL THEN '{}' ELSE jsonb_build_object('promised_at', promised_at, 'before', before) END
        FROM revised
   RETURNING id, number, type
    ),
    told AS (
      SELECT n.id, n.number, r.storefront, r.customer FROM noted n JOIN revised r USING (number)
       WHERE n.type <> 'back_order.promised'
    ),
    notified AS (${notificationsFor(sql`told`)}),
    woken AS (INSERT INTO wakes (workflow, step) SELECT 'back-order/' || number, ${step} FROM told)
    SELECT count(*)::integer AS revised FROM revised`
}
