import { z } from 'zod'
import {
  PAYMENT_ACTIONS,
  PAYMENT_PURPOSES,
  PAYMENT_TRANSITIONS,
  type PaymentState,
} from '../domain/payment.ts'
import { allowed, may } from '../domain/states.ts'
import type { Database, Transaction } from './database.ts'
import { Instant, Money } from './order-view.ts'
import { type PaymentRow, readPayment, refundsOf } from './payment.ts'

export const PaymentStateName = z.enum(Object.keys(PAYMENT_TRANSITIONS) as [PaymentState, ...PaymentState[]])

/** What the buyer needs to know of a payment: shown with whatever it is for. */
export const PaymentDue = z
  .object({
    number: z.string(),
    state: PaymentStateName,
    amount: Money,
    pay_url: z.url().nullable().meta({
      description: "Leads the buyer to the provider's page; null when there is nothing more to pay",
    }),
  })
  .meta({ id: 'PaymentDue' })
export type PaymentDue = z.infer<typeof PaymentDue>

export const PaymentView = z
  .object({
    ...PaymentDue.shape,
    pays_for: z.string().meta({ description: 'The number of the order, such as of a back order' }),
    purpose: z.enum(PAYMENT_PURPOSES),
    storefront: z.string(),
    version: z.int(),
    captured: Money.meta({ description: 'What was taken from the buyer' }),
    refunded: Money.meta({ description: 'What of it was given back' }),
    refunds: z.array(
      z.object({
        sequence: z.int(),
        amount: Money,
        state: z.enum(['asked', 'done', 'failed', 'settled']),
        failure: z.string().nullable(),
      }),
    ),
    failure: z.string().nullable().meta({ description: 'Why the provider refused to take it, as a code' }),
    deadline_at: Instant.nullable().meta({ description: 'Until when it can be paid' }),
    operator_actions: z.array(z.enum(PAYMENT_ACTIONS)),
    created_at: Instant,
  })
  .meta({ id: 'Payment' })
export type PaymentView = z.infer<typeof PaymentView>

export function paymentDue(
  row: Pick<PaymentRow, 'number' | 'state' | 'amount_minor' | 'currency' | 'pay_url'>,
): PaymentDue {
  const isPayable = row.state === 'requested' || may(PAYMENT_TRANSITIONS, row.state, 'authorise')
  return {
    number: row.number,
    state: row.state,
    amount: { amount: row.amount_minor, currency: row.currency },
    pay_url: isPayable ? row.pay_url : null,
  }
}

/** A payment of an order as that shows it; null where there is none. */
export async function paymentDueOf(
  db: Database | Transaction,
  number: string | null,
): Promise<PaymentDue | null> {
  const payment = number === null ? undefined : await readPayment(db, number)
  return payment ? paymentDue(payment) : null
}

/** A payment as the API shows it. */
export async function paymentView(
  db: Database | Transaction,
  number: string,
): Promise<PaymentView | undefined> {
  const [row, refunds] = await Promise.all([readPayment(db, number), refundsOf(db, number)])
  if (!row) return undefined
  const money = (amount: number) => ({ amount, currency: row.currency })
  return {
    ...paymentDue(row),
    pays_for: row.pays_for,
    purpose: row.purpose,
    storefront: row.storefront,
    version: row.version,
    captured: money(row.captured_minor),
    refunded: money(row.refunded_minor),
    refunds: refunds.map(({ sequence, amount_minor, state, failure }) => ({
      sequence,
      amount: money(amount_minor),
      state,
      failure,
    })),
    failure: row.failure,
    deadline_at: row.deadline_at?.toISOString() ?? null,
    // Of what was paid without the provider it has no reference to try anything with.
    operator_actions: allowed(PAYMENT_TRANSITIONS, row.state, PAYMENT_ACTIONS).filter(
      (action) => action !== 'retry' || row.intent !== null,
    ),
    created_at: row.created_at.toISOString(),
  }
}
