import { type SQL, sql } from 'drizzle-orm'
import { compareMatches, pointsOf, type Wish } from '../domain/match.ts'
import type { Feature } from '../domain/model-year.ts'
import type { Database, Transaction } from './database.ts'
import { distanceTo } from './dealer.ts'

/**
 * Searching dealers' stock for what matches a wish best (REQUIREMENTS B8). A vehicle's points depend on its specification
 * alone, of which there are few: those are scored, and then only the vehicles of the best ones are looked at.
 */

/** A vehicle that matches, as far as the search itself knows it. */
export type Found = {
  number: string
  specification: string
  points: number
  /** Minor units. */
  price: number
  distance_m: number | null
}

type Scored = { specification: string; points: number }

/** How many specifications the first look goes through at least; each further one four times as many. */
const FIRST_LOOK = 64

/** The matches that can be had now, the best first (see `compareMatches`), at most `limit`. Identical to looking at every vehicle. */
export async function searchMatches(db: Database | Transaction, wish: Wish, limit: number): Promise<Found[]> {
  const scored = await scoredSpecifications(db, wish)
  let found: Found[] = []
  for (let from = 0, least = FIRST_LOOK; from < scored.length && found.length < limit; least *= 4) {
    const until = wholeTiers(scored, from + least)
    found = found.concat(await cheapest(db, wish, scored.slice(from, until), limit - found.length))
    from = until
  }
  if (!wish.near) return found
  const full = found.length === limit ? await nearestOfLast(db, wish, scored, found) : found
  return full.sort(compareMatches)
}

/** What could match, with most points first: stocked specifications with every must-have. */
async function scoredSpecifications(db: Database | Transaction, wish: Wish): Promise<Scored[]> {
  const rows = await db.execute<{ specification: string; features: string }>(sql`
    SELECT s.fingerprint AS specification, array_to_string(s.features, ',') AS features
      FROM specifications s JOIN model_years m ON m.id = s.model_year
     WHERE s.stocked AND m.make = ${wish.make} AND m.model = ${wish.model}
       AND ${wish.year === null ? sql`true` : sql`m.year = ${wish.year}`}
       AND s.features @> ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(wish.must_have)}::jsonb))`)
  return rows
    .map(({ specification, features }) => ({
      specification,
      points: pointsOf(wish, new Set(features.split(','))),
    }))
    .sort((a, b) => b.points - a.points)
}

/** The end of the specifications up to this one, with all that have as many points: among those the price decides. */
function wholeTiers(scored: Scored[], until: number): number {
  const last = scored[Math.min(until, scored.length) - 1]
  let end = until
  while (end < scored.length && scored[end]?.points === last?.points) end++
  return end
}

/** What a vehicle has to be beside its specification, for a row `a` of the availability. */
function conditions(wish: Wish): SQL {
  const { price, near } = wish
  return sql.join(
    [
      sql`a.state = 'available'`,
      ...(price ? [sql`a.currency = ${price.currency}`] : []),
      ...(price?.min === undefined ? [] : [sql`a.price_minor >= ${price.min}`]),
      ...(price?.max === undefined ? [] : [sql`a.price_minor <= ${price.max}`]),
      ...(near?.within_m == null
        ? []
        : [
            // Wrapped, so that it stays a look into a set that is made once, and is not joined with for each specification.
            sql`COALESCE(a.dealer IN (SELECT d.id FROM dealers d WHERE ${distanceTo(near, sql`d`)} <= ${near.within_m}), false)`,
          ]),
    ],
    sql` AND `,
  )
}

/** How far away the dealer of a row `a` of the availability is. */
function distance({ near }: Wish): SQL {
  return near
    ? sql`(SELECT ${distanceTo(near, sql`d`)} FROM dealers d WHERE d.id = a.dealer)`
    : sql`NULL::integer`
}

/**
 * The best vehicles of these specifications by points, price and number. The best ones can only be of as many
 * specifications, those whose own best ones come first; so one vehicle of each is looked at before several of a few.
 */
async function cheapest(
  db: Database | Transaction,
  wish: Wish,
  scored: Scored[],
  limit: number,
): Promise<Found[]> {
  const rows = await db.execute<Omit<Found, 'price'> & { price: string }>(sql`
    WITH heads AS MATERIALIZED (
      SELECT w.specification, w.points
        FROM jsonb_to_recordset(${JSON.stringify(scored)}::jsonb) AS w(specification text, points integer)
        CROSS JOIN LATERAL (
               SELECT a.price_minor, a.vehicle FROM vehicle_availability a
                WHERE a.specification = w.specification AND ${conditions(wish)}
                ORDER BY a.price_minor, a.vehicle LIMIT 1) AS best
       ORDER BY w.points DESC, best.price_minor, best.vehicle LIMIT ${limit}
    )
    SELECT a.vehicle AS number, h.specification, h.points, a.price_minor AS price, ${distance(wish)} AS distance_m
      FROM heads h
      CROSS JOIN LATERAL (
             SELECT a.vehicle, a.price_minor, a.dealer FROM vehicle_availability a
              WHERE a.specification = h.specification AND ${conditions(wish)}
              ORDER BY a.price_minor, a.vehicle LIMIT ${limit}) AS a
     ORDER BY h.points DESC, a.price_minor, a.vehicle LIMIT ${limit}`)
  return rows.map((row) => ({ ...row, price: Number(row.price) }))
}

/**
 * Where nearness decides among equals: those with the points and the price of the last one may not be the nearest of their
 * like, for they were taken by number.
 */
async function nearestOfLast(
  db: Database | Transaction,
  wish: Wish,
  scored: Scored[],
  found: Found[],
): Promise<Found[]> {
  const last = found.at(-1)
  if (!last) return found
  const better = found.filter(({ points, price }) => points > last.points || price < last.price)
  const equals = scored.filter(({ points }) => points === last.points)
  const rows = await db.execute<Pick<Found, 'number' | 'specification' | 'distance_m'>>(sql`
    SELECT a.vehicle AS number, a.specification, ${distance(wish)} AS distance_m
      FROM jsonb_array_elements_text(${JSON.stringify(equals.map(({ specification }) => specification))}::jsonb) AS s
      JOIN vehicle_availability a ON a.specification = s
     WHERE ${conditions(wish)} AND a.price_minor = ${last.price}
     ORDER BY distance_m, a.vehicle LIMIT ${found.length - better.length}`)
  return [...better, ...rows.map((row) => ({ ...last, ...row }))]
}

/** A model year as far as words need it, with every feature that it has or had. */
export type KnownModelYear = { id: string; year: number; currency: string; features: Feature[] }

/** The model years of a make's model, or of one year, the newest first, with their features in order. */
export async function modelYearsOf(
  db: Database | Transaction,
  { make, model, year }: Pick<Wish, 'make' | 'model' | 'year'>,
): Promise<KnownModelYear[]> {
  const rows = await db.execute<KnownModelYear>(sql`
    SELECT y.id, y.year, y.currency,
           (SELECT jsonb_agg(jsonb_build_object('code', f.code, 'kind', f.kind, 'name', f.name, 'price', f.price_minor,
                                                'from', f.from_day, 'until', f.until_day) ORDER BY f.place)
              FROM features f WHERE f.model_year = y.id) AS features
      FROM model_years y
     WHERE y.make = ${make} AND y.model = ${model} AND ${year === null ? sql`true` : sql`y.year = ${year}`}
     ORDER BY y.year DESC`)
  return [...rows]
}
