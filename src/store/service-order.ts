import { sql } from 'drizzle-orm'

/**
 * Finds where the order of service was not kept (REQUIREMENTS A1, A6): units were given to somebody while somebody with
 * an earlier turn lacked some.
 *
 * A turn is the event that was written under the item's lock when a back order was accepted, or when an order was checked
 * (a newcomer); ids of events and of movements of one item are therefore in the order in which things happened. A back
 * order lacks units until the last allocation to it, or for ever while it waits, and again from when units were taken
 * back from it. What one step hands out is one pass, in which everybody is served by turn at once.
 *
 * So it is broken where a back order is still served, or still waits, after a pass that served a later turn, without
 * units having been taken back from it in between. Not seen is who lacked units and left without ever being served.
 */
export const serviceOrder = sql`
  WITH turns AS (
    SELECT number, min(id) AS turn, bool_or(type = 'back_order.accepted') AS waits
      FROM events WHERE type IN ('back_order.accepted', 'order.placed', 'order.offered') GROUP BY number
  ),
  served AS (
    SELECT m.sku, m.cause AS number, m.id, min(m.id) OVER (PARTITION BY m.sku, m.step) AS pass, t.turn, t.waits
      FROM stock_movements m JOIN turns t ON t.number = m.cause WHERE m.kind = 'allocate'
    UNION ALL
    SELECT b.sku, b.number, 9223372036854775807, 9223372036854775807, t.turn, true
      FROM back_orders b JOIN turns t USING (number) WHERE b.state = 'waiting' AND b.allocated < b.ordered
  ),
  compared AS (
    SELECT *, min(CASE WHEN waits THEN turn END) OVER (
                PARTITION BY sku ORDER BY pass DESC GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS served_later
      FROM served
  )
  SELECT c.number AS subject,
         format('movement %s gave it units of %s while %s, whose turn was earlier, lacked some', c.id, c.sku, min(earlier.number)) AS detail
    FROM compared c
    JOIN served earlier ON earlier.sku = c.sku AND earlier.waits AND earlier.turn < c.turn AND earlier.pass > c.pass
   WHERE c.served_later < c.turn
     AND NOT EXISTS (SELECT 1 FROM stock_movements r
                      WHERE r.sku = c.sku AND r.cause = earlier.number AND r.kind = 'release' AND r.id > c.id AND r.id < earlier.id)
   GROUP BY c.id, c.number, c.sku
   ORDER BY c.id`
