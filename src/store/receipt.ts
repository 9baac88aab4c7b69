import { and, eq } from 'drizzle-orm'
import { post, type Transaction } from './database.ts'
import { receiptLines, receipts } from './schema.ts'

export type ReceiptRow = typeof receipts.$inferSelect

/** The receipt that a supplier's reference stands for, if it was booked. */
export async function findReceipt(
  tx: Transaction,
  supplier: string,
  reference: string,
): Promise<ReceiptRow | undefined> {
  const [row] = await tx
    .select()
    .from(receipts)
    .where(and(eq(receipts.supplier, supplier), eq(receipts.reference, reference)))
  return row
}

export async function insertReceipt(
  tx: Transaction,
  receipt: { id: string; supplier: string; reference: string; body_hash: Buffer; answer: unknown },
  lines: Omit<typeof receiptLines.$inferInsert, 'receipt'>[],
): Promise<void> {
  await post(tx, tx.insert(receipts).values({ ...receipt, answer: receipt.answer ?? {} }))
  await post(tx, tx.insert(receiptLines).values(lines.map((line) => ({ receipt: receipt.id, ...line }))))
}
