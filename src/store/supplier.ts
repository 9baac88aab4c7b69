import { and, eq, sql } from 'drizzle-orm'
import type { Database, Transaction } from './database.ts'
import { supplierItems, suppliers } from './schema.ts'

export type SupplierRow = typeof suppliers.$inferSelect

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
