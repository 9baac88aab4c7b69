import { and, asc, eq, gt, type SQL, sql } from 'drizzle-orm'
import { faultAt } from '../domain/refusal.ts'
import type { Database, Transaction } from './database.ts'
import { dealers } from './schema.ts'

export type DealerRow = typeof dealers.$inferSelect
/** A dealer as operators set it; periods in seconds, places in degrees. */
export type Dealer = Omit<DealerRow, 'webhook_secret' | 'version' | 'created_at'>

/** Creates dealers, each with its secret. Returns those that were new. */
export async function insertDealers(
  tx: Transaction,
  given: (Dealer & { webhook_secret: string })[],
): Promise<DealerRow[]> {
  return tx
    .insert(dealers)
    .values([...given].sort((a, b) => (a.id < b.id ? -1 : 1)))
    .onConflictDoNothing()
    .returning()
}

/** Changes a dealer that is in this version; undefined when it is not, or when there is none. */
export async function updateDealer(
  tx: Transaction,
  { id, ...set }: Dealer,
  version: number,
): Promise<DealerRow | undefined> {
  const [row] = await tx
    .update(dealers)
    .set({ ...set, version: sql`${dealers.version} + 1` })
    .where(and(eq(dealers.id, id), eq(dealers.version, version)))
    .returning()
  return row
}

/** Gives a dealer another secret; the old one opens nothing and signs nothing from then on. */
export async function replaceDealerSecret(tx: Transaction, id: string, secret: string): Promise<void> {
  await tx.update(dealers).set({ webhook_secret: secret }).where(eq(dealers.id, id))
}

/** The dealers after this id, in the order of their ids. */
export async function listDealers(db: Database, after: string, limit: number): Promise<DealerRow[]> {
  return db.select().from(dealers).where(gt(dealers.id, after)).orderBy(asc(dealers.id)).limit(limit)
}

export async function readDealer(db: Database | Transaction, id: string): Promise<DealerRow | undefined> {
  const [row] = await db.select().from(dealers).where(eq(dealers.id, id))
  return row
}

/** The dealer of what cannot be without one: a lead, a custom order, a tag or a vehicle. */
export async function dealerOf(
  db: Database | Transaction,
  { dealer: id }: { dealer: string },
): Promise<DealerRow> {
  const dealer = await readDealer(db, id)
  if (!dealer) throw new Error('something of a dealer who is not there')
  return dealer
}

/**
 * The dealer who was chosen for a vehicle of this make.
 *
 * @throws Refusal `invalid-request` at `/dealer` when there is none, or when it does not sell the make.
 */
export async function dealerSelling(tx: Transaction, id: string, make: string): Promise<DealerRow> {
  const dealer = await readDealer(tx, id)
  if (dealer?.makes.includes(make)) return dealer
  throw faultAt('/dealer', dealer ? 'this dealer does not sell the make' : `there is no dealer ${id}`)
}

/** Those of these dealers that are there. */
export async function knownDealers(tx: Transaction, ids: string[]): Promise<Set<string>> {
  const rows = await tx.execute<{ id: string }>(sql`
    SELECT id FROM dealers WHERE id IN (SELECT value FROM jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`)
  return new Set(rows.map(({ id }) => id))
}

/** A place in degrees (WGS 84). */
export type Place = { latitude: number; longitude: number }

export type NearDealer = Pick<DealerRow, 'id' | 'name' | 'latitude' | 'longitude' | 'makes'> & {
  /** As the crow flies. */
  distance_m: number
}

/** The earth's mean radius in metres. */
const RADIUS = 6_371_009

/**
 * How far a place is from a row of dealers: great circles on a sphere (haversine), whole metres. The sum under the root can
 * pass 1 by a rounding error.
 */
export function distanceTo(place: { latitude: number | SQL; longitude: number | SQL }, dealer: SQL): SQL {
  return sql`round(2 * ${RADIUS} * asin(sqrt(least(1,
               power(sin(radians(${dealer}.latitude - ${place.latitude}::float8) / 2), 2)
               + cos(radians(${place.latitude}::float8)) * cos(radians(${dealer}.latitude))
                 * power(sin(radians(${dealer}.longitude - ${place.longitude}::float8) / 2), 2)))))::integer`
}

/** The dealers who sell a make, or any at all, the nearest first, after the given one. */
export async function nearestDealers(
  db: Database | Transaction,
  near: Place,
  find: { make: string | null; after: readonly [distance_m: number, id: string] | null; limit: number },
): Promise<NearDealer[]> {
  const { make, after, limit } = find
  const rows = await db.execute<NearDealer>(sql`
    SELECT * FROM (
      SELECT id, name, latitude, longitude, to_jsonb(makes) AS makes, ${distanceTo(near, sql`dealers`)} AS distance_m
        FROM dealers
       WHERE ${make === null ? sql`cardinality(makes) > 0` : sql`${make} = ANY (makes)`}) AS d
     WHERE ${after ? sql`(distance_m, id) > (${after[0]}, ${after[1]})` : sql`true`}
     ORDER BY distance_m, id LIMIT ${limit}`)
  return [...rows]
}
