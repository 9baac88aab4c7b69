import { and, asc, eq, gt, sql } from 'drizzle-orm'
import type { Database, Transaction } from './database.ts'
import { purchaseOrderLines, purchaseOrders, supplierItems } from './schema.ts'

export type SupplierItemRow = typeof supplierItems.$inferSelect
/** What a supplier can bring: rank among the item's suppliers, lead time in seconds, pack size, price in minor units. */
export type SupplierItem = Omit<SupplierItemRow, 'passed_over_until'>

/** Creates or replaces what a supplier can bring of these items. Who is being passed over stays so. */
export async function saveSupplierItems(tx: Transaction, given: SupplierItem[]): Promise<void> {
  await tx
    .insert(supplierItems)
    .values([...given].sort((a, b) => (a.sku < b.sku ? -1 : 1)))
    .onConflictDoUpdate({
      target: [supplierItems.supplier, supplierItems.sku],
      set: {
        rank: sql`excluded.rank`,
        lead_seconds: sql`excluded.lead_seconds`,
        pack_size: sql`excluded.pack_size`,
        price_minor: sql`excluded.price_minor`,
        currency: sql`excluded.currency`,
      },
    })
}

/** The currencies in which a supplier's items are priced: one, since a purchase order has one. */
export async function currenciesOf(tx: Transaction, supplier: string): Promise<string[]> {
  const rows = await tx
    .selectDistinct({ currency: supplierItems.currency })
    .from(supplierItems)
    .where(eq(supplierItems.supplier, supplier))
    .orderBy(asc(supplierItems.currency))
  return rows.map((row) => row.currency)
}

export async function readSupplierItem(
  db: Database | Transaction,
  supplier: string,
  sku: string,
): Promise<SupplierItemRow | undefined> {
  const [row] = await db
    .select()
    .from(supplierItems)
    .where(and(eq(supplierItems.supplier, supplier), eq(supplierItems.sku, sku)))
  return row
}

/** What a supplier can bring after this item code, in the order of the codes. */
export async function listSupplierItems(
  db: Database,
  supplier: string,
  after: string,
  limit: number,
): Promise<SupplierItemRow[]> {
  return db
    .select()
    .from(supplierItems)
    .where(and(eq(supplierItems.supplier, supplier), gt(supplierItems.sku, after)))
    .orderBy(asc(supplierItems.sku))
    .limit(limit)
}

/** From now on the supplier is not asked for the item. */
export async function removeSupplierItem(tx: Transaction, supplier: string, sku: string): Promise<void> {
  await tx.delete(supplierItems).where(and(eq(supplierItems.supplier, supplier), eq(supplierItems.sku, sku)))
}

/** The supplier's purchase orders on which something of the item is still to come. */
export async function openOrdersFor(tx: Transaction, supplier: string, sku: string): Promise<string[]> {
  const rows = await tx
    .selectDistinct({ number: purchaseOrders.number })
    .from(purchaseOrderLines)
    .innerJoin(purchaseOrders, eq(purchaseOrders.number, purchaseOrderLines.purchase_order))
    .where(
      and(
        eq(purchaseOrders.supplier, supplier),
        eq(purchaseOrderLines.sku, sku),
        eq(purchaseOrderLines.closed, false),
      ),
    )
    .orderBy(asc(purchaseOrders.number))
  return rows.map((row) => row.number)
}
