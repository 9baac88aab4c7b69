import { and, asc, eq, sql } from 'drizzle-orm'
import type { PaymentProgress, PaymentPurpose, PaymentState } from '../domain/payment.ts'
import { type Database, type Locked, type Transaction, transactionTime } from './database.ts'
import { isUntold } from './event.ts'
import { customers, payments, refunds, storefronts } from './schema.ts'

export type PaymentRow = typeof payments.$inferSelect
export type RefundRow = typeof refunds.$inferSelect

/** Stores a payment; undefined when this step of the order has one already. */
export async function insertPayment(
  tx: Transaction,
  payment: typeof payments.$inferInsert,
): Promise<PaymentRow | undefined> {
  const [row] = await tx.insert(payments).values(payment).onConflictDoNothing().returning()
  return row
}

export async function readPayment(
  db: Database | Transaction,
  number: string,
): Promise<PaymentRow | undefined> {
  const [row] = await db.select().from(payments).where(eq(payments.number, number))
  return row
}

/** The number of the payment that counts for a step of an order: the one that was not withdrawn, given back or let lapse. */
export async function findPayment(
  tx: Transaction,
  paysFor: string,
  purpose: PaymentPurpose,
): Promise<string | undefined> {
  const [row] = await tx.execute<{ number: string }>(sql`
    SELECT number FROM payments
     WHERE pays_for = ${paysFor} AND purpose = ${purpose}
       AND NOT withdrawn AND state NOT IN ('voided', 'expired', 'refunded')`)
  return row?.number
}

/** The payment, locked; the caller holds the locks of whatever it is for already. */
export async function lockPayment(tx: Transaction, number: string): Promise<Locked<PaymentRow> | undefined> {
  const [row] = await tx
    .select({ row: payments, now: transactionTime })
    .from(payments)
    .where(eq(payments.number, number))
    .for('no key update')
  return row
}

/** Moves the locked payment on; returns it as it is now. The version rises with every change. */
export async function updatePayment(
  tx: Transaction,
  number: string,
  set: Partial<
    Pick<
      PaymentRow,
      | 'captured_minor'
      | 'refunded_minor'
      | 'sessions'
      | 'session'
      | 'session_url'
      | 'intent'
      | 'capture_attempt'
      | 'declined'
      | 'failure'
      | 'withdrawn'
      | 'deadline_at'
      | 'authorised_at'
    >
  > & { state: PaymentState; ended: boolean },
): Promise<PaymentRow> {
  const { ended, ...columns } = set
  const [row] = await tx
    .update(payments)
    .set({ ...columns, version: sql`${payments.version} + 1`, ended_at: ended ? sql`now()` : null })
    .where(eq(payments.number, number))
    .returning()
  if (!row) throw new Error('the payment is gone')
  return row
}

/** What the payment's workflow sees of it; null when there is no such payment. */
export async function paymentProgress(
  db: Database | Transaction,
  number: string,
): Promise<PaymentProgress | null> {
  const [found] = await db
    .select({ row: payments, untold: isUntold('payments') })
    .from(payments)
    .where(eq(payments.number, number))
  if (!found) return null
  const { state, version, storefront, pays_for, deadline_at } = found.row
  return {
    number,
    state,
    version,
    untold: found.untold,
    storefront,
    pays_for,
    deadline_at: deadline_at?.toISOString() ?? null,
  }
}

/** True when the time to pay is over, by the database's clock. */
export async function isPaymentDue(db: Database, number: string): Promise<boolean> {
  const [row] = await db
    .select({ isDue: sql<boolean>`COALESCE(${payments.deadline_at} <= now(), false)` })
    .from(payments)
    .where(eq(payments.number, number))
  return row?.isDue ?? false
}

/** Adds a refund behind those of the locked payment; `asked` of the provider unless told otherwise. */
export async function insertRefund(
  tx: Transaction,
  payment: string,
  refund: Pick<RefundRow, 'amount_minor' | 'asked_by'> & Partial<Pick<RefundRow, 'state' | 'failure'>>,
): Promise<void> {
  const { length } = await refundsOf(tx, payment)
  await tx.insert(refunds).values({ payment, sequence: length + 1, state: 'asked', ...refund })
}

/** Forgets the refunds of a payment of which nothing was taken. */
export async function dropRefunds(tx: Transaction, payment: string): Promise<void> {
  await tx.delete(refunds).where(eq(refunds.payment, payment))
}

export async function refundsOf(db: Database | Transaction, payment: string): Promise<RefundRow[]> {
  return db.select().from(refunds).where(eq(refunds.payment, payment)).orderBy(asc(refunds.sequence))
}

export async function updateRefund(
  tx: Transaction,
  { payment, sequence }: Pick<RefundRow, 'payment' | 'sequence'>,
  set: Partial<Pick<RefundRow, 'state' | 'attempt' | 'reference' | 'failure'>>,
): Promise<void> {
  await tx
    .update(refunds)
    .set(set)
    .where(and(eq(refunds.payment, payment), eq(refunds.sequence, sequence)))
}

/** What of a payment is to be given back or was: every refund that stands. Minor units. */
export async function givenBack(tx: Transaction, payment: string): Promise<number> {
  return (await refundsOf(tx, payment)).reduce((sum, refund) => sum + refund.amount_minor, 0)
}

/** What the order still owes by this payment: all of it less what the order itself has given back. Minor units. */
export async function owedBy(tx: Transaction, payment: PaymentRow): Promise<number> {
  const refunds = await refundsOf(tx, payment.number)
  return refunds
    .filter(({ asked_by }) => asked_by === 'owner')
    .reduce((owed, { amount_minor }) => owed - amount_minor, payment.amount_minor)
}

/** What a letter to the buyer says beside its event; undefined once the payment is gone. */
export async function payerFacts(db: Database, number: string) {
  const [found] = await db
    .select({ payment: payments, customer: customers, storefront: storefronts })
    .from(payments)
    .innerJoin(customers, eq(customers.id, payments.customer))
    .innerJoin(storefronts, eq(storefronts.id, payments.storefront))
    .where(eq(payments.number, number))
  return found
}
