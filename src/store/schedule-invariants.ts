import { type SQL, sql } from 'drizzle-orm'
import { priorityOf } from './order-priority.ts'
import { isFrozen } from './schedule-load.ts'

/**
 * What must hold of the schedule (REQUIREMENTS B6), each rule as the statement that finds what breaks it. What depends on a
 * run holds while none is called for. Periods that are over are history.
 */

const upToDate = sql`NOT EXISTS (SELECT 1 FROM schedule_requests)`

/** Who has a slot in a period that is not over, and whether it keeps that whatever happens. */
const holders = sql`
  holders AS MATERIALIZED (
    SELECT v.number, v.plant, v.period, v.dealer, v.model_line, v.specification, v.state, pl.model_lines,
           v.state <> 'scheduled' OR ${isFrozen} AS is_fixed
      FROM vehicles v JOIN plants pl ON pl.id = v.plant JOIN production_periods p ON p.ordinal = v.period
     WHERE v.state <> 'cancelled' AND p.ends_at > now()
  )`

/** Which commodities a specification uses. */
const uses = sql`
  uses AS MATERIALIZED (
    SELECT DISTINCT s.fingerprint AS specification, f.commodity
      FROM specifications s JOIN commodity_features f ON f.model_year = s.model_year AND f.feature = ANY (s.features)
  )`

export const slotsWithinCapacity: SQL = sql`
  WITH ${holders}
  SELECT plant || '/' || period AS subject, format('%s vehicles have a slot where there are %s', count(*), COALESCE(max(c.slots), 0)) AS detail
    FROM holders LEFT JOIN plant_capacities c USING (plant, period)
   GROUP BY plant, period HAVING count(*) > COALESCE(max(c.slots), 0) ORDER BY 1`

export const plantsBuildTheirLines: SQL = sql`
  WITH ${holders}
  SELECT number AS subject, format('%s does not build %s', plant, model_line) AS detail
    FROM holders WHERE state = 'scheduled' AND model_line <> ALL (model_lines) ORDER BY 1`

/** A limit that was lowered below what is fixed binds all the others. */
export const limitsKept: SQL = sql`
  WITH ${holders}, ${uses}
  SELECT 'commodity ' || l.commodity AS subject,
         format('%s vehicles of period %s use it, of which %s are fixed; it may be %s', count(*), period, count(*) FILTER (WHERE is_fixed), l.vehicles) AS detail
    FROM holders JOIN uses USING (specification) JOIN commodity_limits l USING (commodity, period)
   WHERE ${upToDate} GROUP BY l.commodity, period, l.vehicles HAVING count(*) > l.vehicles AND NOT bool_and(is_fixed)
  UNION ALL
  SELECT 'allocation ' || dealer || '/' || model_line,
         format('%s vehicles of period %s, of which %s are fixed; it may be %s', count(*), period, count(*) FILTER (WHERE is_fixed), l.vehicles)
    FROM holders JOIN allocation_limits l USING (dealer, model_line, period)
   WHERE ${upToDate} GROUP BY dealer, model_line, period, l.vehicles HAVING count(*) > l.vehicles AND NOT bool_and(is_fixed)
   ORDER BY 1`

/**
 * Nobody could take an earlier slot, if all who come after it in the order were away, without breaking a constraint. A slot
 * is full for a vehicle once as many as it takes are fixed or come before; the turn of the last one of these says from
 * where on, and so for shares and commodities.
 */
export const nobodyPassedOver: SQL = sql`
  WITH ${holders}, ${uses},
  queue AS MATERIALIZED (
    SELECT v.number, v.model_line, v.dealer, v.specification, v.period,
           row_number() OVER (ORDER BY ${priorityOf}, v.place) AS turn
      FROM vehicles v LEFT JOIN holders h USING (number)
     WHERE v.state = 'banked' OR (v.state = 'scheduled' AND NOT h.is_fixed)
  ),
  turns AS MATERIALIZED (SELECT h.*, COALESCE(q.turn, 0) AS turn FROM holders h LEFT JOIN queue q USING (number)),
  slots AS MATERIALIZED (
    SELECT pl.id AS plant, p.ordinal AS period, line, COALESCE(c.slots, 0) AS slots
      FROM plants pl CROSS JOIN production_periods p CROSS JOIN unnest(pl.model_lines) AS line
      LEFT JOIN plant_capacities c ON c.plant = pl.id AND c.period = p.ordinal
     WHERE NOT ${isFrozen}
  ),
  slot_full AS MATERIALIZED (
    SELECT plant, period, turn FROM (SELECT plant, period, turn, row_number() OVER (PARTITION BY plant, period ORDER BY turn) AS nth FROM turns) AS n
      JOIN plant_capacities c USING (plant, period) WHERE nth = c.slots
  ),
  share_full AS MATERIALIZED (
    SELECT dealer, model_line, period, turn
      FROM (SELECT dealer, model_line, period, turn, row_number() OVER (PARTITION BY dealer, model_line, period ORDER BY turn) AS nth FROM turns) AS n
      JOIN allocation_limits l USING (dealer, model_line, period) WHERE nth = l.vehicles
    UNION ALL SELECT dealer, model_line, period, -1 FROM allocation_limits WHERE vehicles = 0
  ),
  commodity_full AS MATERIALIZED (
    SELECT commodity, period, turn
      FROM (SELECT u.commodity, t.period, t.turn, row_number() OVER (PARTITION BY u.commodity, t.period ORDER BY t.turn) AS nth
              FROM turns t JOIN uses u USING (specification)) AS n
      JOIN commodity_limits l USING (commodity, period) WHERE nth = l.vehicles
    UNION ALL SELECT commodity, period, -1 FROM commodity_limits WHERE vehicles = 0
  ),
  passed_over AS (
    SELECT DISTINCT ON (q.number) q.number, s.plant, s.period
      FROM queue q JOIN slots s ON s.line = q.model_line AND s.slots > 0 AND (q.period IS NULL OR s.period < q.period)
      LEFT JOIN slot_full f ON f.plant = s.plant AND f.period = s.period AND f.turn < q.turn
      LEFT JOIN share_full r ON r.dealer = q.dealer AND r.model_line = q.model_line AND r.period = s.period AND r.turn < q.turn
     WHERE f.plant IS NULL AND r.dealer IS NULL
       AND NOT EXISTS (SELECT 1 FROM uses u JOIN commodity_full c ON c.commodity = u.commodity
                        WHERE u.specification = q.specification AND c.period = s.period AND c.turn < q.turn)
     ORDER BY q.number, s.period
  )
  SELECT number AS subject, format('it could have a slot of %s in period %s', plant, period) AS detail
    FROM passed_over WHERE ${upToDate}
  UNION ALL
  SELECT number, 'it waits for a slot, and nothing holds it' FROM vehicles
   WHERE state = 'banked' AND held_by IS NULL AND ${upToDate}
   ORDER BY 1`

export function runsNotForgotten(graceSeconds: number): SQL {
  return sql`
    SELECT 'schedule' AS subject, format('a run is called for since %s', at) AS detail FROM schedule_requests
     WHERE at < now() - make_interval(secs => ${graceSeconds}) ORDER BY at LIMIT 1`
}
