import { and, asc, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { REFUNDS, type Terms } from '../domain/custom-order.ts'
import type { Database, Transaction } from './database.ts'
import { Money } from './order-view.ts'
import { orderTerms } from './schema.ts'

export const ORDER_KINDS = ['custom_order', 'tag'] as const
type OrderKind = (typeof ORDER_KINDS)[number]
export type TermsRow = typeof orderTerms.$inferSelect

/** The terms in force for a kind of order in a currency; null when no deposit is taken. */
export async function termsFor(
  db: Database | Transaction,
  kind: OrderKind,
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

export async function listTerms(db: Database): Promise<TermsRow[]> {
  return db.select().from(orderTerms).orderBy(asc(orderTerms.kind), asc(orderTerms.currency))
}

/** Creates the terms of a kind and currency, or replaces this version of them; undefined when that is not the case. */
export async function saveTerms(
  tx: Transaction,
  terms: Omit<TermsRow, 'version'>,
  version: number | null,
): Promise<TermsRow | undefined> {
  if (version === null) {
    const [row] = await tx.insert(orderTerms).values(terms).onConflictDoNothing().returning()
    return row
  }
  const { kind, currency, ...members } = terms
  const [row] = await tx
    .update(orderTerms)
    .set({ ...members, version: sql`${orderTerms.version} + 1` })
    .where(and(eq(orderTerms.kind, kind), eq(orderTerms.currency, currency), eq(orderTerms.version, version)))
    .returning()
  return row
}

/** The terms of a custom order or tag as it shows them. */
export const FrozenTerms = z.object({
  deposit: Money,
  fee: Money,
  refund_banked: z.enum(REFUNDS),
  refund_scheduled: z.enum(REFUNDS),
})

export function frozenTerms(terms: Terms): z.infer<typeof FrozenTerms> {
  const { currency, deposit, fee, refund_banked, refund_scheduled } = terms
  return {
    deposit: { amount: deposit, currency },
    fee: { amount: fee, currency },
    refund_banked,
    refund_scheduled,
  }
}
