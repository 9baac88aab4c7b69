import { and, asc, eq, gt, sql } from 'drizzle-orm'
import type { Database, Transaction } from './database.ts'
import { supplierItems, suppliers } from './schema.ts'

export type SupplierRow = typeof suppliers.$inferSelect
/** A supplier as operators set it; periods in seconds. */
export type Supplier = Omit<SupplierRow, 'webhook_secret' | 'version' | 'created_at'>

/** Creates a supplier with its secret; undefined when there is one with this id. */
export async function insertSupplier(
  tx: Transaction,
  supplier: Supplier,
  secret: string,
): Promise<SupplierRow | undefined> {
  const [row] = await tx
    .insert(suppliers)
    .values({ ...supplier, webhook_secret: secret })
    .onConflictDoNothing()
    .returning()
  return row
}

/** Changes a supplier that is in this version; undefined when it is not, or when there is none. */
export async function updateSupplier(
  tx: Transaction,
  { id, ...set }: Supplier,
  version: number,
): Promise<SupplierRow | undefined> {
  const [row] = await tx
    .update(suppliers)
    .set({ ...set, version: sql`${suppliers.version} + 1` })
    .where(and(eq(suppliers.id, id), eq(suppliers.version, version)))
    .returning()
  return row
}

/** Gives a supplier another secret; the old one opens nothing and signs nothing from then on. */
export async function replaceSupplierSecret(tx: Transaction, id: string, secret: string): Promise<void> {
  await tx.update(suppliers).set({ webhook_secret: secret }).where(eq(suppliers.id, id))
}

/** The suppliers after this id, in the order of their ids. */
export async function listSuppliers(db: Database, after: string, limit: number): Promise<SupplierRow[]> {
  return db.select().from(suppliers).where(gt(suppliers.id, after)).orderBy(asc(suppliers.id)).limit(limit)
}

/** The supplier, locked: what it can bring is changed by one at a time. */
export async function lockSupplier(tx: Transaction, id: string): Promise<SupplierRow | undefined> {
  const [row] = await tx.select().from(suppliers).where(eq(suppliers.id, id)).for('no key update')
  return row
}

export async function readSupplier(db: Database | Transaction, id: string): Promise<SupplierRow | undefined> {
  const [row] = await db.select().from(suppliers).where(eq(suppliers.id, id))
  return row
}

/** From now on, for the supplier's period, the next one by rank is asked for this item. */
export async function passOver(tx: Transaction, supplier: SupplierRow, sku: string): Promise<void> {
  await tx
    .update(supplierItems)
    .set({ passed_over_until: sql`now() + make_interval(secs => ${supplier.pass_over_seconds})` })
    .where(and(eq(supplierItems.supplier, supplier.id), eq(supplierItems.sku, sku)))
}
