import { and, asc, eq, gt, sql } from 'drizzle-orm'
import type { Database, Transaction } from './database.ts'
import { storefronts } from './schema.ts'

export type StorefrontRow = typeof storefronts.$inferSelect
/** A storefront as operators set it. */
export type Storefront = Omit<StorefrontRow, 'version' | 'created_at'>

/** Creates a storefront; undefined when there is one with this id. */
export async function insertStorefront(
  tx: Transaction,
  storefront: Storefront,
): Promise<StorefrontRow | undefined> {
  const [row] = await tx.insert(storefronts).values(storefront).onConflictDoNothing().returning()
  return row
}

/** Changes a storefront that is in this version; undefined when it is not, or when there is none. */
export async function updateStorefront(
  tx: Transaction,
  { id, ...set }: Storefront,
  version: number,
): Promise<StorefrontRow | undefined> {
  const [row] = await tx
    .update(storefronts)
    .set({ ...set, version: sql`${storefronts.version} + 1` })
    .where(and(eq(storefronts.id, id), eq(storefronts.version, version)))
    .returning()
  return row
}

export async function readStorefront(
  db: Database | Transaction,
  id: string,
): Promise<StorefrontRow | undefined> {
  const [row] = await db.select().from(storefronts).where(eq(storefronts.id, id))
  return row
}

/** The storefronts after this id, in the order of their ids. */
export async function listStorefronts(db: Database, after: string, limit: number): Promise<StorefrontRow[]> {
  return db
    .select()
    .from(storefronts)
    .where(gt(storefronts.id, after))
    .orderBy(asc(storefronts.id))
    .limit(limit)
}
