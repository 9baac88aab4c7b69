import { type SQL, sql } from 'drizzle-orm'
import { MOVEMENT_EFFECTS } from '../domain/movement.ts'
import type { Database } from './database.ts'

/** A place where the books do not hold: which rule, whose row, and what is wrong in figures. */
export type Violation = { rule: string; subject: string; detail: string }

/**
 * Proves the books from what is written in them (REQUIREMENTS X3, DESIGN §8): every rule is a query for what breaks it.
 * `graceSeconds` is how long a deadline, a wake or idle stock may be behind before it counts as forgotten.
 */
export async function checkInvariants(db: Database, options: { graceSeconds: number }): Promise<Violation[]> {
  const found: Violation[] = []
  for (const [rule, query] of Object.entries(rules(options.graceSeconds))) {
    const rows = await db.execute<{ subject: string; detail: string }>(query)
    found.push(...rows.map(({ subject, detail }) => ({ rule, subject, detail })))
  }
  return found
}

/** Σ of what the movements did to one of the counts, as SQL. */
function effect(count: 'on_hand' | 'allocated' | 'outbound'): SQL {
  const cases = Object.entries(MOVEMENT_EFFECTS).map(
    ([kind, effects]) => sql`WHEN ${kind} THEN ${effects[count]}::integer`,
  )
  return sql`COALESCE(sum(m.quantity * CASE m.kind ${sql.join(cases, sql` `)} END), 0)`
}

function rules(grace: number): Record<string, SQL> {
  const late = sql`make_interval(secs => ${grace})`
  return {
    'levels are the sum of their movements': sql`
      SELECT l.sku AS subject,
             format('level %s/%s/%s, movements %s/%s/%s (on hand/allocated/outbound)', l.on_hand, l.allocated, l.outbound,
                    s.on_hand, s.allocated, s.outbound) AS detail
        FROM stock_levels l,
             LATERAL (SELECT ${effect('on_hand')} AS on_hand, ${effect('allocated')} AS allocated, ${effect('outbound')} AS outbound
                        FROM stock_movements m WHERE m.sku = l.sku) AS s
       WHERE (l.on_hand, l.allocated, l.outbound) IS DISTINCT FROM (s.on_hand, s.allocated, s.outbound)`,

    'what is allocated is held by somebody': sql`
      SELECT l.sku AS subject, format('allocated %s, held %s', l.allocated, h.held) AS detail
        FROM stock_levels l,
             LATERAL (SELECT COALESCE((SELECT sum(allocated) FROM back_orders
                                        WHERE sku = l.sku AND state IN ('waiting', 'met', 'delivery_requested')), 0)
                           + COALESCE((SELECT sum(allocated) FROM order_lines WHERE sku = l.sku), 0) AS held) AS h
       WHERE l.allocated <> h.held`,

    'what is outbound is in a delivery': sql`
      SELECT l.sku AS subject, format('outbound %s, in deliveries %s', l.outbound, d.quantity) AS detail
        FROM stock_levels l,
             LATERAL (SELECT COALESCE(sum(dl.quantity), 0) AS quantity FROM delivery_lines dl
                        JOIN deliveries d ON d.number = dl.delivery WHERE dl.sku = l.sku AND d.ended_at IS NULL) AS d
       WHERE l.outbound <> d.quantity`,

    'what is outstanding is what waiters lack': sql`
      SELECT l.sku AS subject, format('outstanding %s, lacking %s', l.outstanding, w.lacking) AS detail
        FROM stock_levels l,
             LATERAL (SELECT COALESCE(sum(ordered - allocated), 0) AS lacking FROM back_orders
                       WHERE sku = l.sku AND state = 'waiting') AS w
       WHERE l.outstanding <> w.lacking`,

    'a waiter lacks something': sql`
      SELECT number AS subject, 'waits though all of it is set aside' AS detail
        FROM back_orders WHERE state = 'waiting' AND allocated = ordered`,

    'nothing is idle': sql`
      SELECT l.sku AS subject, format('%s free beside %s outstanding', l.on_hand - l.allocated, l.outstanding) AS detail
        FROM stock_levels l
       WHERE l.on_hand > l.allocated AND l.outstanding > 0
         AND NOT EXISTS (SELECT 1 FROM stock_movements m WHERE m.sku = l.sku AND m.at > now() - ${late})`,

    'nobody is served before an earlier waiter': sql`
      SELECT e.number AS subject, format('was given units while %s, earlier in the queue, waited', i.number) AS detail
        FROM events e
        JOIN back_orders j ON j.number = e.number
        JOIN back_orders i ON i.sku = j.sku AND i.place < j.place
       WHERE e.type IN ('back_order.allocated', 'back_order.met')
         AND (SELECT x.to_state FROM events x WHERE x.number = i.number AND x.id < e.id ORDER BY x.sequence DESC LIMIT 1) = 'waiting'
         -- Served by the same pass, whose events have the same time and no order among themselves.
         AND NOT EXISTS (SELECT 1 FROM events x WHERE x.number = i.number AND x.at = e.at AND x.to_state <> 'waiting')`,

    'no deadline is forgotten': sql`
      SELECT number AS subject, format('%s deadline was %s', deadline_kind, deadline_at) AS detail
        FROM (SELECT number, deadline_kind, deadline_at FROM orders
              UNION ALL SELECT number, deadline_kind, deadline_at FROM back_orders
              UNION ALL SELECT number, deadline_kind, deadline_at FROM purchase_orders) AS open
       WHERE deadline_at < now() - ${late}`,

    'the last event says where a row stands': sql`
      SELECT r.number AS subject,
             format('version %s, state %s; %s events, the last of them %s to %s', r.version, r.state, e.count, e.last, e.to_state) AS detail
        FROM (SELECT number, version, state FROM orders
              UNION ALL SELECT number, version, state FROM back_orders
              UNION ALL SELECT number, version, state FROM deliveries
              UNION ALL SELECT number, version, state FROM purchase_orders) AS r
        LEFT JOIN LATERAL (
          SELECT count(*) AS count, max(sequence) AS last,
                 (array_agg(to_state ORDER BY sequence DESC))[1] AS to_state
            FROM events WHERE number = r.number) AS e ON true
       WHERE r.state <> 'received' AND (e.last IS DISTINCT FROM r.version OR e.to_state IS DISTINCT FROM r.state)`,

    'a final row has an end, an open one has none': sql`
      SELECT number AS subject, format('%s, ended at %s', state, ended_at) AS detail
        FROM (SELECT number, state, ended_at, state IN ('decided', 'cancelled') AS is_final FROM orders
              UNION ALL SELECT number, state, ended_at, state IN ('delivered', 'declined', 'cancelled', 'expired', 'returned') FROM back_orders
              UNION ALL SELECT number, state, ended_at, state IN ('delivered', 'cancelled', 'returned') FROM deliveries
              UNION ALL SELECT number, state, ended_at, state = 'closed' FROM purchase_orders) AS r
       WHERE is_final <> (ended_at IS NOT NULL)`,

    'every wake is delivered': sql`
      SELECT workflow AS subject, format('since %s', created_at) AS detail FROM wakes WHERE created_at < now() - ${late}`,
  }
}
