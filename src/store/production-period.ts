import { sql } from 'drizzle-orm'
import type { Database, Transaction } from './database.ts'
import { productionPeriods } from './schema.ts'

export type ProductionPeriodRow = typeof productionPeriods.$inferSelect
export type ProductionPeriod = Omit<ProductionPeriodRow, 'version'>

/** Creates the period, or gives it other times. Under the plan's lock. */
export async function saveProductionPeriod(tx: Transaction, period: ProductionPeriod): Promise<void> {
  const { ordinal: _, ...set } = period
  await tx
    .insert(productionPeriods)
    .values(period)
    .onConflictDoUpdate({
      target: productionPeriods.ordinal,
      set: { ...set, version: sql`${productionPeriods.version} + 1` },
    })
}

export async function readProductionPeriods(db: Database | Transaction): Promise<ProductionPeriodRow[]> {
  return db.select().from(productionPeriods).orderBy(productionPeriods.ordinal)
}

export async function readProductionPeriod(
  db: Database | Transaction,
  ordinal: number,
): Promise<ProductionPeriodRow | undefined> {
  const [row] = await db
    .select()
    .from(productionPeriods)
    .where(sql`${productionPeriods.ordinal} = ${ordinal}`)
  return row
}

export async function listProductionPeriods(
  db: Database,
  after: number,
  limit: number,
): Promise<ProductionPeriodRow[]> {
  return db
    .select()
    .from(productionPeriods)
    .where(sql`${productionPeriods.ordinal} > ${after}`)
    .orderBy(productionPeriods.ordinal)
    .limit(limit)
}
