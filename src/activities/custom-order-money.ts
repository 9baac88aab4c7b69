import { BALANCE_SECONDS, DEPOSIT_SECONDS, refundOf } from '../domain/custom-order.ts'
import { isPaid, isTaken } from '../domain/payment.ts'
import { after } from '../domain/period.ts'
import { Refusal } from '../domain/refusal.ts'
import type { VehicleState } from '../domain/vehicle.ts'
import type { Links } from '../integrations/link.ts'
import { type CustomOrderRow, configurationOf, updateCustomOrder } from '../store/custom-order.ts'
import type { Transaction } from '../store/database.ts'
import { givenBack, type PaymentRow, readPayment } from '../store/payment.ts'
import {
  askForCapture,
  askForRefund,
  openPayment,
  type PaymentChange,
  recordSettled,
  releasePayment,
  requestPayment,
} from './payment-changes.ts'

/** The money of a custom order (REQUIREMENTS B5, B10): each function is part of a transaction that has locked the order. */

/** Asks for the deposit, which is held once it is authorised. Gives the order back as it then is; null when none is taken. */
export async function askForDeposit(
  tx: Transaction,
  links: Links,
  row: CustomOrderRow,
  { now, ...change }: PaymentChange & { now: Date },
): Promise<CustomOrderRow | null> {
  if (!row.takes_payment || !row.terms) return null
  const amount_minor = Math.min(row.terms.deposit, (await orderedOf(tx, row)).total_price_minor)
  if (amount_minor === 0) return null
  const deadline_at = after(now, DEPOSIT_SECONDS)
  const { number } = await requestPayment(
    tx,
    links,
    {
      ...payerOf(row),
      purpose: 'deposit',
      amount_minor,
      currency: row.terms.currency,
      deadline_at,
      capture: 'when_asked',
    },
    change,
  )
  return updateCustomOrder(
    tx,
    row,
    { state: 'awaiting_deposit', deposit: number, deadline: { kind: 'deposit', at: deadline_at } },
    { type: 'custom_order.deposit_requested', actor: 'house', details: { payment: number } },
  )
}

/** True when the deposit was authorised in time. */
export async function isDepositHeld(tx: Transaction, row: CustomOrderRow): Promise<boolean> {
  if (!row.deposit) return false
  const { row: deposit } = await openPayment(tx, row.deposit)
  if (deposit.state !== 'authorised' || !deposit.authorised_at || !row.deadline_at) return false
  return deposit.authorised_at <= row.deadline_at
}

/** Takes the deposit: the order is accepted. */
export async function takeDeposit(
  tx: Transaction,
  row: CustomOrderRow,
  change: PaymentChange,
): Promise<void> {
  if (row.deposit) await askForCapture(tx, row.deposit, change)
}

/**
 * Gives back what the terms say, of whatever was paid and not given back yet; what is only held is let go. `vehicle` is the
 * state that its vehicle had, null for an order that was not accepted. Returns what was charged and what of that is given
 * back now, in minor units; null where there are no terms.
 */
export async function refund(
  tx: Transaction,
  row: CustomOrderRow,
  vehicle: VehicleState | null,
  change: PaymentChange,
): Promise<{ charged: number; refund: number } | null> {
  const { terms } = row
  if (!terms) return null
  const deposit = row.deposit === null ? undefined : (await openPayment(tx, row.deposit)).row
  // The storefront takes it, and gives it back.
  if (!deposit) return { charged: terms.deposit, refund: refundOf(terms, terms.deposit, vehicle) }
  if (!isTaken(deposit.state)) {
    await releasePayment(tx, deposit.number, change)
    return { charged: 0, refund: 0 }
  }
  // What an operator gave back before is not paid any more.
  const paid = deposit.amount_minor - (await givenBack(tx, deposit.number))
  const amount = refundOf(terms, paid, vehicle)
  if (amount === paid) await releasePayment(tx, deposit.number, change)
  else if (amount > 0)
    await askForRefund(tx, deposit.number, { amount_minor: amount, asked_by: 'owner' }, change)
  return { charged: deposit.amount_minor, refund: amount }
}

/** The configuration that is ordered now. */
async function orderedOf(tx: Transaction, row: CustomOrderRow) {
  const found = await configurationOf(tx, row.configuration)
  if (!found) throw new Error('a custom order without its configuration')
  return found.configuration
}

/** What is still to be paid before the handover, in minor units. */
async function balanceOf(
  tx: Transaction,
  row: CustomOrderRow,
): Promise<{ amount: number; currency: string }> {
  const { total_price_minor, currency } = await orderedOf(tx, row)
  const deposit = row.deposit === null ? undefined : await readPayment(tx, row.deposit)
  return { amount: Math.max(total_price_minor - (deposit?.amount_minor ?? 0), 0), currency }
}

/** Asks for the balance, which is taken as soon as the buyer pays it. */
export async function askForBalance(
  tx: Transaction,
  links: Links,
  row: CustomOrderRow,
  { now, ...change }: PaymentChange & { now: Date },
): Promise<void> {
  const { amount, currency } = await balanceOf(tx, row)
  if (amount === 0) return
  const { number } = await requestPayment(
    tx,
    links,
    {
      ...payerOf(row),
      purpose: 'balance',
      amount_minor: amount,
      currency,
      deadline_at: after(now, BALANCE_SECONDS),
      capture: 'at_once',
    },
    change,
  )
  await updateCustomOrder(
    tx,
    row,
    { balance: number },
    { type: 'custom_order.balance_requested', actor: 'house', details: { payment: number } },
  )
}

/**
 * Lets the vehicle be handed over only when all of it is paid, and not just about to be; `settled` records the balance as
 * paid at the dealer. A deposit that could not be taken is for operators to settle first.
 *
 * @throws Refusal `balance-due` with what is to be paid.
 */
export async function settleBalance(
  tx: Transaction,
  row: CustomOrderRow,
  settled: boolean,
  change: PaymentChange,
): Promise<CustomOrderRow> {
  if (!row.takes_payment) return row
  const { amount, currency } = await balanceOf(tx, row)
  const deposit = row.deposit === null ? undefined : (await openPayment(tx, row.deposit)).row
  if (deposit && !isPaid(deposit.state)) throw notPaid('deposit', deposit, deposit.amount_minor, currency)
  const balance = row.balance === null ? undefined : (await openPayment(tx, row.balance)).row
  if (amount === 0 || (balance && isPaid(balance.state))) return row
  if (!settled || balance?.state === 'capturing') throw notPaid('balance', balance, amount, currency)
  if (balance) await releasePayment(tx, balance.number, change)
  const { number } = await recordSettled(
    tx,
    { ...payerOf(row), purpose: 'balance', amount_minor: amount, currency },
    change,
  )
  return updateCustomOrder(
    tx,
    row,
    { balance: number },
    { type: 'custom_order.balance_settled', actor: change.actor, details: { payment: number } },
  )
}

function notPaid(
  what: 'deposit' | 'balance',
  payment: PaymentRow | undefined,
  amount: number,
  currency: string,
): Refusal {
  const words = payment?.state === 'capturing' ? 'is just being taken: try again in a moment' : 'is not paid'
  return new Refusal('balance-due', `The ${what} ${words}.`, {
    payment: payment?.number ?? null,
    amount: { amount, currency },
  })
}

function payerOf({ number, storefront, customer }: CustomOrderRow) {
  return { pays_for: number, storefront, customer }
}
