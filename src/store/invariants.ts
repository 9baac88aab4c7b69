import { type SQL, sql } from 'drizzle-orm'
import { BACK_ORDER_TRANSITIONS, type BackOrderState } from '../domain/back-order.ts'
import { CUSTOM_ORDER_TRANSITIONS } from '../domain/custom-order.ts'
import { DELIVERY_TRANSITIONS } from '../domain/delivery.ts'
import { LEAD_TRANSITIONS } from '../domain/lead.ts'
import { MATCH_REQUEST_TRANSITIONS } from '../domain/match-request.ts'
import { MOVEMENT_EFFECTS } from '../domain/movement.ts'
import { ORDER_TRANSITIONS } from '../domain/order.ts'
import { AT_REST, type PaymentState } from '../domain/payment.ts'
import { PURCHASE_ORDER_TRANSITIONS } from '../domain/purchase-order.ts'
import { may, statesOf, type Transitions } from '../domain/states.ts'
import { TAG_TRANSITIONS } from '../domain/tag.ts'
import { VEHICLE_TRANSITIONS } from '../domain/vehicle.ts'
import { type Database, literals } from './database.ts'
import { candidates, isFor } from './match-offer.ts'
import {
  limitsKept,
  nobodyPassedOver,
  plantsBuildTheirLines,
  runsNotForgotten,
  slotsWithinCapacity,
} from './schedule-invariants.ts'
import { serviceOrder } from './service-order.ts'

/** A place where the books do not hold: which rule, whose row, and what is wrong in plain words. */
export type Violation = { rule: string; subject: string; detail: string }

/** How long one statement may read: a check of large books takes its time, and holds no locks. */
const PATIENCE = '30min'

/**
 * Proves the books from what is written in them (REQUIREMENTS X3, DESIGN §8): every rule is a query for what breaks it.
 * All of them read the books as they were at one moment, so it may run beside the service. `graceSeconds` is how long a
 * deadline, a wake or idle stock may be behind before it counts as forgotten. Empty when the books hold.
 */
export async function checkInvariants(db: Database, options: { graceSeconds: number }): Promise<Violation[]> {
  return db.transaction(
    async (tx) => {
      await tx.execute(sql`SET LOCAL statement_timeout = ${sql.raw(`'${PATIENCE}'`)}`)
      let found: Violation[] = []
      for (const [rule, broken] of Object.entries(INVARIANTS)) {
        const rows = await tx.execute<Omit<Violation, 'rule'>>(broken(options.graceSeconds))
        found = found.concat(rows.map(({ subject, detail }) => ({ rule, subject, detail })))
      }
      return found
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  )
}

/** The states in which units set aside still stand on the shelf: those in which a count may take them back. */
const HOLDING = literals(
  (Object.keys(BACK_ORDER_TRANSITIONS) as BackOrderState[]).filter((state) =>
    may(BACK_ORDER_TRANSITIONS, state, 'take_back'),
  ),
)
const LEAVING = literals(statesOf(DELIVERY_TRANSITIONS, 'open'))
/** The states in which a payment was taken, is about to be, or was given back since by an operator. */
const COUNTED = literals([
  'capturing',
  'capture_failed',
  'captured',
  'settling',
  'settled',
  'refunding',
  'refund_failed',
  'refunded',
] satisfies PaymentState[])
/** What of the deposit of order `o` went back because the price fell below it. */
const EXCESS = sql.raw(`COALESCE((SELECT sum((e.details ->> 'refund')::bigint) FROM events e
                                    WHERE e.number = o.number AND e.type = 'custom_order.reconfigured'), 0)`)
/** What one unit of each kind of movement does to the three counts. */
const EFFECTS = sql.raw(
  `effects (kind, on_hand, allocated, outbound) AS (VALUES ${Object.entries(MOVEMENT_EFFECTS)
    .map(([kind, effect]) => `('${kind}', ${effect.on_hand}, ${effect.allocated}, ${effect.outbound})`)
    .join(', ')})`,
)

/** The rules by name, each with the statement that finds what breaks it. */
export const INVARIANTS: Record<string, (graceSeconds: number) => SQL> = {
  // The first cause: the movement that made the rebuilt counts impossible; where none did, there was no movement.
  'on hand, allocated and outbound of every item are the sum of its movements': () => sql`
      WITH ${EFFECTS},
      steps AS (
        SELECT m.id, m.sku, m.kind, m.quantity, m.cause, m.quantity * e.on_hand AS on_hand,
               m.quantity * e.allocated AS allocated, m.quantity * e.outbound AS outbound
          FROM stock_movements m JOIN effects e USING (kind)
      ),
      sums AS (SELECT sku, sum(on_hand) AS on_hand, sum(allocated) AS allocated, sum(outbound) AS outbound FROM steps GROUP BY sku),
      off AS (
        SELECT sku, COALESCE(l.on_hand, 0) AS on_hand, COALESCE(l.allocated, 0) AS allocated, COALESCE(l.outbound, 0) AS outbound,
               COALESCE(s.on_hand, 0) AS made_on_hand, COALESCE(s.allocated, 0) AS made_allocated, COALESCE(s.outbound, 0) AS made_outbound
          FROM stock_levels l FULL JOIN sums s USING (sku)
         WHERE (COALESCE(l.on_hand, 0), COALESCE(l.allocated, 0), COALESCE(l.outbound, 0))
               <> (COALESCE(s.on_hand, 0), COALESCE(s.allocated, 0), COALESCE(s.outbound, 0))
      ),
      rebuilt AS (
        SELECT id, sku, kind, quantity, cause, sum(on_hand) OVER w AS on_hand, sum(allocated) OVER w AS allocated, sum(outbound) OVER w AS outbound
          FROM steps WHERE sku IN (SELECT sku FROM off) WINDOW w AS (PARTITION BY sku ORDER BY id)
      ),
      first_cause AS (
        SELECT DISTINCT ON (sku) * FROM rebuilt
         WHERE allocated NOT BETWEEN 0 AND on_hand OR outbound < 0 ORDER BY sku, id
      )
      SELECT o.sku AS subject,
             format('the books say on hand %s, allocated %s, outbound %s; the movements make %s, %s, %s; ',
                    o.on_hand, o.allocated, o.outbound, o.made_on_hand, o.made_allocated, o.made_outbound)
             || CASE WHEN c.id IS NULL THEN 'every movement is possible, so a count was changed without one'
                     ELSE format('impossible since movement %s: %s %s for %s', c.id, c.kind, c.quantity, c.cause) END AS detail
        FROM off o LEFT JOIN first_cause c USING (sku) ORDER BY o.sku`,

  'what an order, its back orders and its deliveries hold of an item is what was moved for them': () => sql`
      WITH ${EFFECTS},
      belongs AS (
        SELECT number AS cause, number AS order_number FROM orders
        UNION ALL SELECT number, order_number FROM back_orders
        UNION ALL SELECT number, order_number FROM deliveries
      ),
      moved AS (
        SELECT b.order_number, m.sku, sum(m.quantity * e.allocated) AS allocated, sum(m.quantity * e.outbound) AS outbound, max(m.id) AS last
          FROM stock_movements m JOIN effects e USING (kind) JOIN belongs b USING (cause) GROUP BY 1, 2
      ),
      held AS (
        SELECT order_number, sku, sum(allocated) AS allocated, sum(outbound) AS outbound
          FROM (SELECT order_number, sku, allocated, 0 AS outbound FROM order_lines
                UNION ALL SELECT order_number, sku, allocated, 0 FROM back_orders WHERE state IN (${HOLDING})
                UNION ALL SELECT d.order_number, l.sku, 0, l.quantity
                            FROM deliveries d JOIN delivery_lines l ON l.delivery = d.number WHERE d.state IN (${LEAVING})) AS parts
         GROUP BY 1, 2
      )
      SELECT order_number AS subject,
             format('%s: it holds %s set aside and %s leaving, but %s and %s were moved for it; last by movement %s', sku,
                    COALESCE(h.allocated, 0), COALESCE(h.outbound, 0), COALESCE(m.allocated, 0), COALESCE(m.outbound, 0), COALESCE(m.last::text, 'none')) AS detail
        FROM held h FULL JOIN moved m USING (order_number, sku)
       WHERE (COALESCE(h.allocated, 0), COALESCE(h.outbound, 0)) <> (COALESCE(m.allocated, 0), COALESCE(m.outbound, 0))
       ORDER BY m.last, 1`,

  'allocated is what is set aside for orders and back orders, outbound what is leaving, outstanding what waiters lack':
    () => sql`
      WITH parts AS (
        SELECT sku, allocated, 0 AS outbound, CASE state WHEN 'waiting' THEN ordered - allocated ELSE 0 END AS outstanding
          FROM back_orders WHERE state IN (${HOLDING})
        UNION ALL SELECT sku, allocated, 0, 0 FROM order_lines
        UNION ALL SELECT l.sku, 0, l.quantity, 0
                    FROM deliveries d JOIN delivery_lines l ON l.delivery = d.number WHERE d.state IN (${LEAVING})
      ),
      held AS (SELECT sku, sum(allocated) AS allocated, sum(outbound) AS outbound, sum(outstanding) AS outstanding FROM parts GROUP BY sku)
      SELECT l.sku AS subject,
             format('the level says allocated %s, outbound %s, outstanding %s; orders make %s, %s, %s', l.allocated, l.outbound, l.outstanding,
                    COALESCE(h.allocated, 0), COALESCE(h.outbound, 0), COALESCE(h.outstanding, 0)) AS detail
        FROM stock_levels l LEFT JOIN held h USING (sku)
       WHERE (l.allocated, l.outbound, l.outstanding) <> (COALESCE(h.allocated, 0), COALESCE(h.outbound, 0), COALESCE(h.outstanding, 0))
       ORDER BY l.sku`,

  'every line of a receipt came in by a movement of as many units, and no other units did': () => sql`
      SELECT COALESCE(r.cause, m.cause) AS subject, format('the receipt says %s, the movement %s', COALESCE(r.received, 0), COALESCE(m.quantity, 0)) AS detail
        FROM (SELECT 'receipt/' || receipt || '/' || line AS cause, sku, received FROM receipt_lines WHERE received > 0) AS r
        FULL JOIN (SELECT cause, sku, quantity FROM stock_movements WHERE kind = 'receive') AS m USING (cause, sku)
       WHERE r.received IS DISTINCT FROM m.quantity ORDER BY 1`,

  'no more of an item is allocated than is on hand, and no more to anybody than was ordered': () => sql`
      SELECT sku AS subject, format('%s allocated of %s on hand', allocated, on_hand) AS detail FROM stock_levels
       WHERE allocated NOT BETWEEN 0 AND on_hand
      UNION ALL
      SELECT number, format('%s allocated of %s ordered', allocated, ordered) FROM back_orders WHERE allocated NOT BETWEEN 0 AND ordered
      UNION ALL
      SELECT order_number, format('line %s: %s allocated of %s ordered', line, allocated, ordered) FROM order_lines
       WHERE allocated NOT BETWEEN 0 AND ordered`,

  'nobody was given units while somebody with an earlier turn lacked some': () => serviceOrder,

  'no units are free beside waiters, once what came in has been handed out': (graceSeconds) => sql`
      SELECT sku AS subject, format('%s free beside %s outstanding', on_hand - allocated, outstanding) AS detail FROM stock_levels l
       WHERE on_hand > allocated AND outstanding > 0
         AND NOT EXISTS (SELECT 1 FROM stock_movements m
                          WHERE m.sku = l.sku AND m.at > now() - make_interval(secs => ${graceSeconds}))
       ORDER BY sku`,

  'no deadline has passed without anything being done': (graceSeconds) => sql`
      SELECT number AS subject, format('its %s deadline was %s', deadline_kind, deadline_at) AS detail
        FROM (SELECT number, deadline_kind, deadline_at FROM orders
              UNION ALL SELECT number, deadline_kind, deadline_at FROM back_orders
              UNION ALL SELECT number, deadline_kind, deadline_at FROM purchase_orders
              UNION ALL SELECT number, deadline_kind, deadline_at FROM leads
              UNION ALL SELECT number, deadline_kind, deadline_at FROM custom_orders
              UNION ALL SELECT number, 'payment', deadline_at FROM payments WHERE state IN ('requested', 'pending')
              UNION ALL SELECT number, deadline_kind, deadline_at FROM tags
              UNION ALL SELECT number, deadline_kind, deadline_at FROM match_requests) AS running
       WHERE deadline_at < now() - make_interval(secs => ${graceSeconds}) ORDER BY deadline_at`,

  'who waits lacks something': () => sql`
      SELECT number AS subject, format('it waits, and all %s are set aside', ordered) AS detail FROM back_orders
       WHERE state = 'waiting' AND allocated = ordered ORDER BY number`,

  'every change of a row has its event: without a gap up to its version, the last one to its state':
    () => sql`
      WITH told AS (
        SELECT number, count(*) AS events, min(sequence) AS first, max(sequence) AS last,
               (array_agg(to_state ORDER BY sequence DESC))[1] AS state
          FROM events GROUP BY number
      ),
      changed AS (
        SELECT number, version, state FROM orders
        UNION ALL SELECT number, version, state FROM back_orders
        UNION ALL SELECT number, version, state FROM deliveries
        UNION ALL SELECT number, version, state FROM purchase_orders
        UNION ALL SELECT number, version, state FROM leads
        UNION ALL SELECT number, version, state FROM custom_orders
        UNION ALL SELECT number, version, state FROM vehicles
        UNION ALL SELECT number, version, state FROM payments
        UNION ALL SELECT number, version, state FROM tags
        UNION ALL SELECT number, version, state FROM match_requests
      )
      SELECT number AS subject,
             format('it is %s in version %s; it has %s events from %s to %s, the last one to %s', c.state, c.version,
                    COALESCE(t.events, 0), t.first, t.last, t.state) AS detail
        FROM changed c LEFT JOIN told t USING (number)
       WHERE t.last IS DISTINCT FROM c.version OR t.state IS DISTINCT FROM c.state
          OR t.first <> 1 OR t.events <> t.last - t.first + 1
      UNION ALL
      SELECT number, format('%s events with sequences from %s to %s', events, first, last) FROM told
       WHERE (number LIKE 'item/%' OR number LIKE 'member/%') AND (first <> 1 OR events <> last)
       ORDER BY 1`,

  'a row has an end exactly when its state is final': () => {
    const table = (name: string, transitions: Transitions) => sql`
        SELECT number AS subject, format('it is %s and its end is %s', state, COALESCE(ended_at::text, 'not set')) AS detail
          FROM ${sql.raw(name)} WHERE (state IN (${literals(statesOf(transitions, 'final'))})) <> (ended_at IS NOT NULL)`
    return sql.join(
      [
        table('orders', ORDER_TRANSITIONS),
        table('back_orders', BACK_ORDER_TRANSITIONS),
        table('deliveries', DELIVERY_TRANSITIONS),
        table('purchase_orders', PURCHASE_ORDER_TRANSITIONS),
        table('leads', LEAD_TRANSITIONS),
        table('custom_orders', CUSTOM_ORDER_TRANSITIONS),
        table('vehicles', VEHICLE_TRANSITIONS),
        table('tags', TAG_TRANSITIONS),
        table('match_requests', MATCH_REQUEST_TRANSITIONS),
      ],
      sql` UNION ALL `,
    )
  },

  'a lead is with the dealer to whom it was sent last, and every status is from one who had it': () => sql`
      SELECT l.number AS subject, format('%s has it in turn %s; it was sent last to %s in turn %s', l.dealer, l.turn,
                                         COALESCE(d.dealer, 'nobody'), d.turn) AS detail
        FROM leads l
        LEFT JOIN LATERAL (SELECT turn, dealer FROM lead_dealers WHERE lead = l.number ORDER BY turn DESC LIMIT 1) d ON true
       WHERE (d.dealer, d.turn) IS DISTINCT FROM (l.dealer, l.turn)
      UNION ALL
      SELECT s.lead, format('status %s is from %s, to whom it was never sent', s.id, s.dealer) FROM lead_statuses s
       WHERE NOT EXISTS (SELECT 1 FROM lead_dealers d WHERE d.lead = s.lead AND d.dealer = s.dealer)
       ORDER BY 1`,

  'a custom order and its vehicle are of one mind: for whom, of which dealer, configured how, and whether it goes on':
    () => sql`
      SELECT COALESCE(o.number, v.buyer) AS subject,
             format('it is %s with %s; its vehicle %s is %s, for %s, with %s', o.state, o.dealer, v.number, v.state, v.buyer, v.dealer) AS detail
        FROM custom_orders o LEFT JOIN configurations c ON c.id = o.configuration
        FULL JOIN (SELECT * FROM vehicles WHERE buyer LIKE 'CO-%') v ON v.buyer = o.number
       WHERE (o.state IN ('accepted', 'completed') OR v.number IS NOT NULL)
         AND ((o.vehicle, o.dealer, o.customer, c.fingerprint) IS DISTINCT FROM (v.number, v.dealer, v.customer, v.specification)
              OR o.state <> CASE v.state WHEN 'cancelled' THEN 'cancelled' WHEN 'delivered' THEN 'completed' ELSE 'accepted' END)
       ORDER BY 1`,
  'no plant has more vehicles in a period than slots': () => slotsWithinCapacity,
  "a scheduled vehicle's plant builds its line": () => plantsBuildTheirLines,
  'no more vehicles of a period use a commodity, or are of a dealer and line, than may': () => limitsKept,
  'no vehicle could have an earlier slot past those before it, and what keeps it from one is named': () =>
    nobodyPassedOver,
  'no run of the schedule is called for and forgotten': runsNotForgotten,

  'every member stands for itself or leads to one that does, and who is erased has no name': () => sql`
      WITH RECURSIVE up AS (
        SELECT id AS first, merged_into FROM members
        UNION SELECT up.first, m.merged_into FROM up JOIN members m ON m.id = up.merged_into
      )
      SELECT m.id::text AS subject, 'it is merged in a circle' AS detail FROM members m
       WHERE NOT EXISTS (SELECT 1 FROM up WHERE first = m.id AND merged_into IS NULL)
      UNION ALL
      SELECT c.id::text, format('a customer of %s, which is erased', c.member)
        FROM customers c JOIN members m ON m.id = c.member WHERE m.erasing_since IS NOT NULL AND c.email IS NOT NULL`,

  'a payment has an end exactly when it is at rest': () => sql`
      SELECT number AS subject, format('it is %s and its end is %s', state, COALESCE(ended_at::text, 'not set')) AS detail FROM payments
       WHERE (state IN (${literals(AT_REST)})) <> (ended_at IS NOT NULL)`,

  // What is being taken or given back counts as if it were: the wish is written in the transaction that makes it owed.
  'captured − refunded = owed, for every order': () => sql`
      WITH back AS (
        SELECT payment, sum(amount_minor) AS asked, COALESCE(sum(amount_minor) FILTER (WHERE state IN ('done', 'settled')), 0) AS done,
               COALESCE(sum(amount_minor) FILTER (WHERE asked_by = 'operator'), 0) AS remitted
          FROM refunds GROUP BY payment
      ),
      paid AS (
        SELECT p.pays_for, sum(COALESCE(b.remitted, 0)) AS remitted,
               sum(CASE WHEN p.state IN ('capturing', 'capture_failed', 'settling', 'settled') THEN p.amount_minor ELSE p.captured_minor END
                   - COALESCE(b.asked, 0)) AS net
          FROM payments p LEFT JOIN back b ON b.payment = p.number GROUP BY p.pays_for
      ),
      owed AS (
        SELECT b.number AS pays_for,
               -- From the dispatch on, or from when a person settled what the provider had let go of.
               CASE WHEN b.state IN ('confirmed', 'cancelling', 'dispatched', 'delivery_failed', 'delivered')
                     AND (EXISTS (SELECT 1 FROM events e WHERE e.number = b.number AND e.type = 'back_order.dispatched')
                          OR p.state = 'settled' OR p.state IN ('refund_failed', 'refunded') AND p.intent IS NULL)
                    THEN b.ordered * b.price_minor ELSE 0 END AS owed
          FROM back_orders b JOIN payments p ON p.number = b.payment
        UNION ALL
        SELECT o.number,
               CASE WHEN o.state IN ('completed', 'delivered') THEN o.price
                    WHEN o.state IN ('accepted', 'confirmed')
                    THEN CASE WHEN l.state IN (${COUNTED}) THEN o.price ELSE COALESCE(d.amount_minor, 0) - ${EXCESS} END
                    -- What it keeps of its deposit: nothing where that could not be taken in the end.
                    WHEN o.state = 'cancelled' AND (d.state IN ('voiding', 'voided')) IS NOT TRUE THEN COALESCE((
                      SELECT (e.details ->> 'charged')::bigint - (e.details ->> 'refund')::bigint
                        FROM events e WHERE e.number = o.number AND e.type = o.kind || '.cancelled'), 0)
                    ELSE 0 END
          FROM (SELECT o.number, 'custom_order' AS kind, o.state, o.deposit, o.balance, c.total_price_minor AS price
                  FROM custom_orders o JOIN configurations c ON c.id = o.configuration
                UNION ALL SELECT number, 'tag', state, deposit, balance, price_minor FROM tags) o
          LEFT JOIN payments d ON d.number = o.deposit LEFT JOIN payments l ON l.number = o.balance
         WHERE o.deposit IS NOT NULL OR o.balance IS NOT NULL
      )
      -- Nothing is owed for what names no payment, whatever was paid for it.
      SELECT pays_for AS subject,
             format('%s owed, %s of it remitted, but %s paid', COALESCE(owed, 0), COALESCE(remitted, 0), COALESCE(net, 0)) AS detail
        FROM owed o FULL JOIN paid p USING (pays_for)
       WHERE COALESCE(net, 0) <> GREATEST(COALESCE(owed, 0) - COALESCE(remitted, 0), 0)
      UNION ALL
      SELECT p.number, format('it is in %s, and what it pays for in %s', p.currency, o.currency)
        FROM payments p
        JOIN (SELECT number, currency FROM back_orders
              UNION ALL SELECT o.number, c.currency FROM custom_orders o JOIN configurations c ON c.id = o.configuration
              UNION ALL SELECT number, currency FROM tags) o ON o.number = p.pays_for
       WHERE p.currency <> o.currency
      UNION ALL
      SELECT o.number, format('it costs %s, and a deposit of %s is kept', c.total_price_minor, d.amount_minor - COALESCE(b.asked, 0))
        FROM custom_orders o JOIN configurations c ON c.id = o.configuration JOIN payments d ON d.number = o.deposit
        LEFT JOIN back b ON b.payment = d.number
       WHERE o.state = 'accepted' AND d.amount_minor - COALESCE(b.asked, 0) > c.total_price_minor
      UNION ALL
      SELECT p.number, format('%s refunded, but its refunds make %s', p.refunded_minor, COALESCE(b.done, 0))
        FROM payments p LEFT JOIN back b ON b.payment = p.number WHERE p.refunded_minor <> COALESCE(b.done, 0)
       ORDER BY 1`,

  // A tagged vehicle is its buyer's, what can be had is stock that nobody has, and every stock vehicle has its record.
  'the order bank and the availability records agree': () => sql`
      SELECT v.number AS subject,
             format('it is %s %s for %s in the bank, and %s (tag %s) in the availability records', v.state, v.type,
                    COALESCE(v.buyer, 'nobody'), COALESCE(a.state, 'not there'), COALESCE(a.tag, 'none')) AS detail
        FROM vehicles v LEFT JOIN vehicle_availability a ON a.vehicle = v.number
       WHERE CASE a.state
               WHEN 'available' THEN v.type <> 'stock' OR v.buyer IS NOT NULL OR v.ended_at IS NOT NULL
               WHEN 'offered' THEN v.type <> 'stock' OR v.buyer IS NOT NULL OR v.ended_at IS NOT NULL
               WHEN 'withdrawn' THEN v.type <> 'stock' OR v.buyer IS NOT NULL OR v.ended_at IS NOT NULL
               WHEN 'tagged' THEN v.type <> 'retail' OR v.buyer IS DISTINCT FROM a.tag OR v.ended_at IS NOT NULL
               WHEN 'sold' THEN v.type <> 'retail' OR (v.buyer IS NOT NULL AND v.state <> 'delivered')
               WHEN 'cancelled' THEN v.state <> 'cancelled'
               ELSE v.type = 'stock'
             END
      UNION ALL
      SELECT v.number, 'the availability record has another dealer, specification, price or currency'
        FROM vehicles v JOIN vehicle_availability a ON a.vehicle = v.number
       WHERE (a.dealer, a.specification, a.price_minor, a.currency) IS DISTINCT FROM (v.dealer, v.specification, v.price_minor, v.currency)
      UNION ALL
      SELECT v.number, 'no search looks at its specification'
        FROM vehicle_availability a JOIN vehicles v ON v.number = a.vehicle JOIN specifications s ON s.fingerprint = a.specification
       WHERE NOT s.stocked
       ORDER BY 1`,

  'every open tag has its vehicle, and every vehicle that is tagged has its one open tag': () => sql`
      SELECT COALESCE(t.number, a.tag) AS subject,
             format('the tag is %s, and the vehicle''s record names %s', COALESCE(t.state, 'not open'), COALESCE(a.tag, 'none')) AS detail
        FROM (SELECT * FROM tags WHERE ended_at IS NULL) t
        FULL JOIN (SELECT * FROM vehicle_availability WHERE state = 'tagged') a ON a.vehicle = t.vehicle AND a.tag = t.number
       WHERE t.number IS NULL OR a.tag IS NULL
      UNION ALL
      SELECT t.number, format('it is delivered, and its vehicle is %s for %s', v.state, COALESCE(v.buyer, 'nobody'))
        FROM tags t JOIN vehicles v ON v.number = t.vehicle
       WHERE t.state = 'delivered' AND (v.state <> 'delivered' OR v.buyer IS DISTINCT FROM t.number)
       ORDER BY 1`,

  'what is kept for a match request is offered to it, and until the same time': () => sql`
      SELECT COALESCE(r.number, o.match_request, a.match_request) AS subject,
             format('the request is %s until %s; its open offer is of %s until %s; the record of %s is kept until %s', r.state, r.deadline_at,
                    COALESCE(o.vehicle, 'nothing'), o.until, COALESCE(a.vehicle, 'nothing'), a.offered_until) AS detail
        FROM (SELECT * FROM match_requests WHERE state = 'offered') r
        FULL JOIN (SELECT * FROM match_offers WHERE outcome = 'open') o ON o.match_request = r.number
        FULL JOIN (SELECT * FROM vehicle_availability WHERE state = 'offered') a ON a.match_request = o.match_request AND a.vehicle = o.vehicle
       WHERE r.number IS NULL OR o.vehicle IS NULL OR a.vehicle IS NULL OR o.until <> r.deadline_at OR a.offered_until <> o.until
      UNION ALL
      SELECT r.number, format('it came to the tag %s, which is not its own', COALESCE(r.tag, 'none'))
        FROM match_requests r LEFT JOIN tags t ON t.number = r.tag AND t.match_request = r.number
       WHERE (r.state = 'accepted') <> (t.number IS NOT NULL)
       ORDER BY 1`,

  // Who let an offer lapse is only offered what becomes free after that. A dealer who moves offers nothing anew.
  'no vehicle that can be had is left beside a match request that it fits': () => sql`
      SELECT r.number AS subject, format('it waits, and %s can be had', v.number) AS detail
        FROM match_requests r
        JOIN (${candidates(sql`EXISTS (SELECT 1 FROM vehicle_availability a WHERE a.vehicle = v.number AND a.state = 'available')`)}) v
          ON ${isFor}
       WHERE r.wish #>> '{near,within_m}' IS NULL
         AND NOT EXISTS (SELECT 1 FROM match_offers o WHERE o.match_request = r.number AND o.outcome = 'lapsed')
       ORDER BY 1, 2`,

  'nobody who is to be woken is left asleep': (graceSeconds) => sql`
      SELECT workflow AS subject, format('not woken since %s', created_at) AS detail FROM wakes
       WHERE created_at < now() - make_interval(secs => ${graceSeconds}) ORDER BY id`,

  'every notification tells of an event of the same story': () => sql`
      SELECT n.number AS subject, format('notification %s tells of event %s, which is %s', n.id, n.event,
                                         COALESCE('of ' || e.number, 'not there')) AS detail
        FROM notifications n LEFT JOIN events e ON e.id = n.event
       WHERE e.number IS DISTINCT FROM n.number ORDER BY n.created_at`,
}
