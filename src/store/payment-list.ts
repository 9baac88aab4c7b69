import { sql } from 'drizzle-orm'
import { z } from 'zod'
import {
  AT_REST,
  PAYMENT_ACTIONS,
  PAYMENT_PURPOSES,
  PAYMENT_TRANSITIONS,
  type PaymentPurpose,
  type PaymentState,
} from '../domain/payment.ts'
import { allowed } from '../domain/states.ts'
import type { Database } from './database.ts'
import { Instant, Money } from './order-view.ts'
import { type Before, type Filter, newestFirst, ofStorefronts } from './page.ts'
import { PaymentStateName } from './payment-view.ts'

/** A payment as a list shows it. */
export const PaymentSummary = z
  .object({
    number: z.string(),
    pays_for: z.string(),
    purpose: z.enum(PAYMENT_PURPOSES),
    storefront: z.string(),
    state: PaymentStateName,
    version: z.int(),
    amount: Money,
    captured: Money,
    refunded: Money,
    operator_actions: z.array(z.enum(PAYMENT_ACTIONS)),
    created_at: Instant,
  })
  .meta({ id: 'PaymentSummary' })

export type ListedPayment = {
  sort_at: string
  number: string
  pays_for: string
  purpose: PaymentPurpose
  storefront: string
  state: PaymentState
  version: number
  currency: string
  amount_minor: string
  captured_minor: string
  refunded_minor: string
}

/** Payments, the newest first (REQUIREMENTS P4). */
export async function listPayments(
  db: Database,
  filter: Filter & { pays_for?: string | undefined },
  before: Before | null,
  limit: number,
): Promise<ListedPayment[]> {
  const list = {
    table: sql`payments`,
    columns: sql`r.pays_for, r.purpose, r.storefront, r.state, r.version, r.currency, r.amount_minor, r.captured_minor, r.refunded_minor`,
    // The index of what is open has none that is at rest.
    finalStates: AT_REST,
    whose: ofStorefronts(filter, sql`r.customer = p.id`),
    where: filter.pays_for === undefined ? [] : [sql`r.pays_for = ${filter.pays_for}`],
  }
  return newestFirst<ListedPayment>(db, list, filter, before, limit)
}

export function paymentSummary(row: ListedPayment): z.output<typeof PaymentSummary> {
  const { sort_at, currency, amount_minor, captured_minor, refunded_minor, ...payment } = row
  const money = (amount: string) => ({ amount: Number(amount), currency })
  return {
    ...payment,
    amount: money(amount_minor),
    captured: money(captured_minor),
    refunded: money(refunded_minor),
    operator_actions: allowed(PAYMENT_TRANSITIONS, row.state, PAYMENT_ACTIONS),
    created_at: new Date(sort_at).toISOString(),
  }
}
