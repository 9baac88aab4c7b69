import { eq, type SQL, sql } from 'drizzle-orm'
import type { Database, Transaction } from './database.ts'
import { commodities, commodityFeatures, commodityLimits } from './schema.ts'

/** A commodity as operators set it: one document with what uses it and its limits. */
export type Commodity = {
  code: string
  name: string
  features: { model_year: string; feature: string }[]
  limits: { period: number; vehicles: number }[]
}
export type CommodityRow = Commodity & { version: number }

/** Creates the commodity, or puts it in the place of what is stored of it. Under the plan's lock. */
export async function saveCommodity(tx: Transaction, given: Commodity): Promise<void> {
  const { code, name, features, limits } = given
  await tx
    .insert(commodities)
    .values({ code, name })
    .onConflictDoUpdate({ target: commodities.code, set: { name, version: sql`${commodities.version} + 1` } })
  await tx.delete(commodityFeatures).where(eq(commodityFeatures.commodity, code))
  await tx.delete(commodityLimits).where(eq(commodityLimits.commodity, code))
  if (features.length > 0)
    await tx.insert(commodityFeatures).values(features.map((feature) => ({ commodity: code, ...feature })))
  if (limits.length > 0)
    await tx.insert(commodityLimits).values(limits.map((limit) => ({ commodity: code, ...limit })))
}

export async function readCommodity(
  db: Database | Transaction,
  code: string,
): Promise<CommodityRow | undefined> {
  const [row] = await commoditiesWhere(db, sql`c.code = ${code}`, 1)
  return row
}

export async function listCommodities(db: Database, after: string, limit: number): Promise<CommodityRow[]> {
  return commoditiesWhere(db, sql`c.code > ${after}`, limit)
}

async function commoditiesWhere(
  db: Database | Transaction,
  which: SQL,
  limit: number,
): Promise<CommodityRow[]> {
  const rows = await db.execute<CommodityRow>(sql`
    SELECT c.code, c.name, c.version,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('model_year', model_year, 'feature', feature) ORDER BY model_year, feature), '[]')
              FROM commodity_features WHERE commodity = c.code) AS features,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('period', period, 'vehicles', vehicles) ORDER BY period), '[]')
              FROM commodity_limits WHERE commodity = c.code) AS limits
      FROM commodities c WHERE ${which} ORDER BY c.code LIMIT ${limit}`)
  return [...rows]
}
