import { type SQL, sql } from 'drizzle-orm'
import { MOVEMENT_EFFECTS, type MovementKind } from '../domain/movement.ts'
import { post, type Transaction } from './database.ts'
import { notificationsFor } from './event.ts'

/** An item's counts as read under its lock. `free` = on hand − allocated; `outstanding` is what its waiters still lack. */
export type Level = {
  on_hand: number
  allocated: number
  outbound: number
  outstanding: number
  free: number
}

/**
 * Locks the stock rows of these items, in the order of their codes, in a statement of its own: what is read in a later
 * statement is then newer than the lock. Every writer of a back order's quantity or state comes through here first.
 */
export async function lockStock(tx: Transaction, skus: string[]): Promise<Map<string, Level>> {
  const rows = await tx.execute<Level & { sku: string }>(sql`
    SELECT sku, on_hand, allocated, outbound, outstanding, on_hand - allocated AS free
      FROM stock_levels
     WHERE sku IN (SELECT jsonb_array_elements_text(${JSON.stringify(skus)}::jsonb))
     ORDER BY sku
       FOR NO KEY UPDATE`)
  return new Map(rows.map(({ sku, ...level }) => [sku, level]))
}

/** Locks the stock row of the item that a back order is for. */
export async function lockStockOf(tx: Transaction, backOrder: string): Promise<void> {
  await post(
    tx,
    tx.execute(sql`
    SELECT sku FROM stock_levels
     WHERE sku = (SELECT sku FROM back_orders WHERE number = ${backOrder})
       FOR NO KEY UPDATE`),
  )
}

/** Changes an item's counts and writes the movement that explains it, in one statement. The item's lock is held. */
export async function move(
  tx: Transaction,
  movement: { sku: string; kind: MovementKind; quantity: number; cause: string; step: string },
): Promise<void> {
  if (movement.quantity === 0) return
  const effect = MOVEMENT_EFFECTS[movement.kind]
  await post(
    tx,
    tx.execute(sql`
    WITH moved AS (
      INSERT INTO stock_movements (sku, kind, quantity, cause, step)
      VALUES (${movement.sku}, ${movement.kind}, ${movement.quantity}, ${movement.cause}, ${movement.step})
    )
    UPDATE stock_levels
       SET on_hand = on_hand + ${effect.on_hand * movement.quantity},
           allocated = allocated + ${effect.allocated * movement.quantity},
           outbound = outbound + ${effect.outbound * movement.quantity}
     WHERE sku = ${movement.sku}`),
  )
}

/** Adds to what the item's waiters lack, or takes from it. The item's lock is held. */
export async function changeOutstanding(tx: Transaction, sku: string, by: number): Promise<void> {
  if (by === 0) return
  await post(
    tx,
    tx.execute(sql`UPDATE stock_levels SET outstanding = outstanding + ${by} WHERE sku = ${sku}`),
  )
}

/** Draws the next place in the item's queue. The item's lock is held, so places are in the order of service. */
export async function drawPlace(tx: Transaction, sku: string): Promise<number> {
  const [row] = await tx.execute<{ last_place: string }>(
    sql`UPDATE stock_levels SET last_place = last_place + 1 WHERE sku = ${sku} RETURNING last_place`,
  )
  return Number(row?.last_place)
}

/** Most waiters that one pass serves, unless another limit is given: it bounds how long the item stays locked. */
export const PASS_LIMIT = 1_000

/** What a pass did. `more`: free units and waiters are both left, so another pass is due. */
export type Pass = { served: number; units: number; more: boolean }

/**
 * One allocation pass (REQUIREMENTS A6, policy `fifo`): free units go to the item's waiters in the order of their
 * places, at most `limit` of them. One set-based statement works out who gets how many and writes allocations,
 * level, movements, events, notifications and wakes. It reads no more waiters than there are free units, so its cost
 * does not depend on the length of the queue. The item's lock is held, taken in an earlier statement.
 */
export async function allocateToWaiters(
  tx: Transaction,
  sku: string,
  step: string,
  limit = PASS_LIMIT,
): Promise<Pass> {
  const [row] = await tx.execute<Pass>(sql`${allocation(sku, step, limit)}`)
  return row ?? { served: 0, units: 0, more: false }
}

function allocation(sku: string, step: string, limit: number): SQL {
  return sql`
    WITH level AS MATERIALIZED (
      SELECT on_hand - allocated AS free, outstanding FROM stock_levels WHERE sku = ${sku}
    ),
    waiters AS (
      SELECT number, place, lacking
        FROM (SELECT number, place, ordered - allocated AS lacking
                FROM back_orders
               WHERE sku = ${sku} AND state = 'waiting'
               ORDER BY place
               LIMIT (SELECT GREATEST(free, 0) FROM level)) AS first
       LIMIT ${sql.raw(String(limit))}
    ),
    ahead AS (
      SELECT number, lacking, sum(lacking) OVER (ORDER BY place) - lacking AS before_it FROM waiters
    ),
    grants AS MATERIALIZED (
      SELECT number, LEAST(lacking, free - before_it)::integer AS quantity, lacking
        FROM ahead, level
       WHERE before_it < free
    ),
    served AS (
      UPDATE back_orders b
         SET allocated = b.allocated + g.quantity,
             version = b.version + 1,
             state = CASE WHEN g.quantity = g.lacking THEN 'met' ELSE b.state END,
             deadline_kind = CASE WHEN g.quantity = g.lacking THEN 'hold' ELSE b.deadline_kind END,
             deadline_at = CASE WHEN g.quantity = g.lacking THEN now() + make_interval(secs => b.hold_seconds) ELSE b.deadline_at END,
             deadline_from = CASE WHEN g.quantity = g.lacking THEN now() ELSE b.deadline_from END,
             wait_left_seconds = CASE WHEN g.quantity = g.lacking
                                      THEN GREATEST(ceil(extract(epoch FROM b.deadline_at - now())), 0)::integer
                                      ELSE b.wait_left_seconds END
        FROM grants g
       WHERE b.number = g.number
   RETURNING b.number, b.version, b.state, b.storefront, b.customer, g.quantity, b.ordered, b.allocated, b.deadline_at
    ),
    moved AS (
      INSERT INTO stock_movements (sku, kind, quantity, cause, step)
      SELECT ${sku}, 'allocate', quantity, number, ${step} FROM served
    ),
    told AS (
      INSERT INTO events (number, sequence, type, actor, from_state, to_state, details)
      SELECT number, version, CASE state WHEN 'met' THEN 'back_order.met' ELSE 'back_order.allocated' END, 'house', 'waiting', state,
             jsonb_build_object('quantity', quantity, 'allocated', allocated, 'ordered', ordered, 'deadline_at', deadline_at)
        FROM served
   RETURNING id, number, type
    ),
    met AS (
      SELECT t.id, t.number, s.storefront, s.customer
        FROM told t JOIN served s USING (number)
       WHERE t.type = 'back_order.met'
    ),
    notified AS (${notificationsFor(sql`met`)}),
    woken AS (
      INSERT INTO wakes (workflow, step) SELECT 'back-order/' || number, ${step} FROM served
    ),
    total AS (SELECT count(*)::integer AS served, COALESCE(sum(quantity), 0)::integer AS units FROM grants),
    levelled AS (
      UPDATE stock_levels
         SET allocated = allocated + total.units, outstanding = outstanding - total.units
        FROM total
       WHERE sku = ${sku} AND total.units > 0
    )
    SELECT total.served, total.units, level.free > total.units AND level.outstanding > total.units AS more
      FROM total, level`
}

/**
 * Takes units that are set aside back from unconfirmed back orders, the youngest first, in one statement: they wait again
 * at their old place with what was left of their wait, and are told. Returns how many were had. The item's lock is held.
 */
export async function takeBack(tx: Transaction, sku: string, units: number, step: string): Promise<number> {
  const [row] = await tx.execute<{ units: number }>(sql`
    WITH holders AS (
      SELECT number, state, allocated, sum(allocated) OVER (ORDER BY place DESC) - allocated AS before_it
        FROM (SELECT number, state, place, allocated FROM back_orders
               WHERE sku = ${sku} AND allocated > 0 AND state IN ('waiting', 'met', 'delivery_requested')
               ORDER BY place DESC LIMIT ${units}) AS youngest
    ),
    losses AS MATERIALIZED (
      SELECT number, state, LEAST(allocated, ${units} - before_it)::integer AS quantity FROM holders WHERE before_it < ${units}
    ),
    lost AS (
      UPDATE back_orders b
         SET allocated = b.allocated - l.quantity,
             version = b.version + 1,
             state = 'waiting',
             deadline_kind = 'wait',
             deadline_at = CASE l.state WHEN 'waiting' THEN b.deadline_at
                                ELSE now() + make_interval(secs => COALESCE(b.wait_left_seconds, 0)) END,
             deadline_from = CASE l.state WHEN 'waiting' THEN b.deadline_from ELSE b.created_at END
        FROM losses l WHERE b.number = l.number
   RETURNING b.number, b.version, b.storefront, b.customer, l.state AS before, l.quantity, b.allocated, b.deadline_at
    ),
    moved AS (
      INSERT INTO stock_movements (sku, kind, quantity, cause, step)
      SELECT ${sku}, 'release', quantity, number, ${step} FROM lost
    ),
    noted AS (
      INSERT INTO events (number, sequence, type, actor, from_state, to_state, details)
      SELECT number, version, 'back_order.taken_back', 'house', before, 'waiting',
             jsonb_build_object('quantity', quantity, 'allocated', allocated, 'deadline_at', deadline_at)
        FROM lost
   RETURNING id, number
    ),
    told AS (SELECT n.id, n.number, l.storefront, l.customer FROM noted n JOIN lost l USING (number)),
    notified AS (${notificationsFor(sql`told`)}),
    woken AS (INSERT INTO wakes (workflow, step) SELECT 'back-order/' || number, ${step} FROM lost),
    total AS (SELECT COALESCE(sum(quantity), 0)::integer AS units FROM losses),
    levelled AS (
      UPDATE stock_levels SET allocated = allocated - total.units, outstanding = outstanding + total.units
        FROM total WHERE sku = ${sku}
    )
    SELECT units FROM total`)
  return row?.units ?? 0
}

/** The orders that hold units of an item on an offer that still stands. */
export async function holdersOf(tx: Transaction, sku: string): Promise<string[]> {
  const rows = await tx.execute<{ number: string }>(
    sql`SELECT order_number AS number FROM order_lines WHERE sku = ${sku} AND allocated > 0 ORDER BY 1 LIMIT 100`,
  )
  return rows.map((row) => row.number)
}

/** The next sequence of an item's own story (its counts). The item's lock is held. */
export async function nextItemSequence(tx: Transaction, sku: string): Promise<number> {
  const [row] = await tx.execute<{ next: number }>(
    sql`SELECT COALESCE(max(sequence), 0) + 1 AS next FROM events WHERE number = ${`item/${sku}`}`,
  )
  return row?.next ?? 1
}
