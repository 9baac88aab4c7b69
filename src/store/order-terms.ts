import { and, eq } from 'drizzle-orm'
import type { Terms } from '../domain/custom-order.ts'
import type { Database, Transaction } from './database.ts'
import { orderTerms } from './schema.ts'

/** The terms in force for a kind of order in a currency; null when no deposit is taken. */
export async function termsFor(
  db: Database | Transaction,
  kind: 'custom_order' | 'tag',
  currency: string,
): Promise<Terms | null> {
  const [row] = await db
    .select()
    .from(orderTerms)
    .where(and(eq(orderTerms.kind, kind), eq(orderTerms.currency, currency)))
  if (!row) return null
  const { deposit_minor: deposit, fee_minor: fee, refund_banked, refund_scheduled } = row
  return { currency, deposit, fee, refund_banked, refund_scheduled }
}
