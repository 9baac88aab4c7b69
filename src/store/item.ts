import { and, asc, eq, gt, sql } from 'drizzle-orm'
import type { Database, Transaction } from './database.ts'
import { items, stockLevels } from './schema.ts'

export type ItemRow = typeof items.$inferSelect
/** An item as the house sets it. Prices in minor units, periods in seconds; null for "as the house has it". */
export type Item = Omit<ItemRow, 'version' | 'created_at'>

/** An item with the counts of its one stock location. */
export type StockedItem = { item: ItemRow; level: typeof stockLevels.$inferSelect }

/** Creates items, each with its stock row, in the order of their codes. Returns the codes of those that were new. */
export async function insertItems(tx: Transaction, given: Item[]): Promise<Set<string>> {
  const inserted = await tx
    .insert(items)
    .values([...given].sort((a, b) => (a.sku < b.sku ? -1 : 1)))
    .onConflictDoNothing()
    .returning({ sku: items.sku })
  if (inserted.length > 0) await tx.insert(stockLevels).values(inserted)
  return new Set(inserted.map(({ sku }) => sku))
}

/** Changes an item that is in this version. False when it is not, or when there is none. */
export async function updateItem(tx: Transaction, { sku, ...set }: Item, version: number): Promise<boolean> {
  const rows = await tx
    .update(items)
    .set({ ...set, version: sql`${items.version} + 1` })
    .where(and(eq(items.sku, sku), eq(items.version, version)))
    .returning({ sku: items.sku })
  return rows.length > 0
}

export async function readItem(db: Database | Transaction, sku: string): Promise<StockedItem | undefined> {
  const [row] = await db
    .select({ item: items, level: stockLevels })
    .from(items)
    .innerJoin(stockLevels, eq(stockLevels.sku, items.sku))
    .where(eq(items.sku, sku))
  return row
}

/** The items after this code, in the order of their codes. */
export async function listItems(db: Database, after: string, limit: number): Promise<StockedItem[]> {
  return db
    .select({ item: items, level: stockLevels })
    .from(items)
    .innerJoin(stockLevels, eq(stockLevels.sku, items.sku))
    .where(gt(items.sku, after))
    .orderBy(asc(items.sku))
    .limit(limit)
}
