import { and, asc, eq, gt, sql } from 'drizzle-orm'
import type { Database, Transaction } from './database.ts'
import type { Place } from './dealer.ts'
import { postcodes } from './schema.ts'

/** A postcode and where it is; the postcode is its key (`postcodeKey`). */
export type PlacedPostcode = Place & { postcode: string }

/** Creates or replaces where these postcodes of a country are. As one value: there may be thousands. */
export async function savePostcodes(
  tx: Transaction,
  country: string,
  given: PlacedPostcode[],
): Promise<void> {
  await tx.execute(sql`
    INSERT INTO postcodes (country, postcode, latitude, longitude)
    SELECT ${country}, postcode, latitude, longitude
      FROM jsonb_to_recordset(${JSON.stringify(given)}::jsonb) AS g(postcode text, latitude float8, longitude float8)
     ORDER BY postcode
    ON CONFLICT (country, postcode) DO UPDATE SET latitude = excluded.latitude, longitude = excluded.longitude`)
}

const columns = {
  postcode: postcodes.postcode,
  latitude: postcodes.latitude,
  longitude: postcodes.longitude,
}

export async function readPostcode(
  db: Database | Transaction,
  country: string,
  postcode: string,
): Promise<PlacedPostcode | undefined> {
  const [row] = await db
    .select(columns)
    .from(postcodes)
    .where(and(eq(postcodes.country, country), eq(postcodes.postcode, postcode)))
  return row
}

/** The postcodes of a country after this one, in their order. */
export async function listPostcodes(
  db: Database,
  country: string,
  after: string,
  limit: number,
): Promise<PlacedPostcode[]> {
  return db
    .select(columns)
    .from(postcodes)
    .where(and(eq(postcodes.country, country), gt(postcodes.postcode, after)))
    .orderBy(asc(postcodes.postcode))
    .limit(limit)
}
