import { type SQL, sql } from 'drizzle-orm'
import {
  BALANCE_REQUESTS,
  BALANCE_SECONDS,
  DEPOSIT_SECONDS,
  type MoneyDue,
  refundOf,
  type Terms,
  termsAsked,
} from '../domain/custom-order.ts'
import { isPaid, isTaken, type PaymentState } from '../domain/payment.ts'
import { after } from '../domain/period.ts'
import { Refusal } from '../domain/refusal.ts'
import type { VehicleState } from '../domain/vehicle.ts'
import { literals, type Transaction } from './database.ts'
import { givenBack, owedBy, type PaymentRow, readPayment } from './payment.ts'
import {
  askForCapture,
  askForRefund,
  openPayment,
  type PayLinks,
  type PaymentChange,
  recordSettled,
  releasePayment,
  requestPayment,
} from './payment-changes.ts'

/**
 * The money of custom orders and tags (REQUIREMENTS B5, B10, B11): each function is part of a transaction that has locked
 * the order, and leaves it to the caller to note the payment in the order's row.
 */

/** What is paid for: the row of a custom order or tag. */
export type Payable = {
  number: string
  storefront: string
  customer: string
  takes_payment: boolean
  terms: Terms | null
  deposit: string | null
  balance: string | null
}

/** Minor units of an ISO 4217 currency. */
export type Price = { amount: number; currency: string }

/** Asks for the deposit, at most the price, which is held once it is authorised; null when none is taken. */
export async function askForDeposit(
  tx: Transaction,
  links: PayLinks,
  row: Payable,
  price: Price,
  { now, ...change }: PaymentChange & { now: Date },
): Promise<AwaitedDeposit | null> {
  const terms = row.takes_payment ? termsAsked(row, price.amount) : null
  if (!terms || terms.deposit === 0) return null
  const { deposit: amount_minor, currency } = terms
  return requestDeposit(tx, links, row, { amount_minor, currency, now, change })
}

/** A deposit that is waited for, and until when. */
export type AwaitedDeposit = { payment: string; deadline_at: Date }

/**
 * The deposit that an order which was sent has to wait for before it is confirmed: null where none is taken, or it is there to
 * be taken. One that the provider has let go of meanwhile is asked of the buyer again, by another payment.
 */
export async function awaitedDeposit(
  tx: Transaction,
  links: PayLinks,
  row: Payable,
  { now, ...change }: PaymentChange & { now: Date },
): Promise<AwaitedDeposit | null> {
  if (row.deposit === null) return null
  const { row: deposit } = await openPayment(tx, row.deposit)
  const { number, state, amount_minor, currency } = deposit
  if (state === 'authorised' || isPaid(state)) return null
  if (state !== 'lapsed') return { payment: number, deadline_at: deposit.deadline_at ?? now }
  await releasePayment(tx, number, change)
  return requestDeposit(tx, links, row, { amount_minor, currency, now, change, in_place_of: number })
}

/** What changes in the row of an order that has to wait for its deposit. */
export function waitingFor(awaited: AwaitedDeposit | null) {
  if (!awaited) return {}
  return { deposit: awaited.payment, deadline: { kind: 'deposit', at: awaited.deadline_at } } as const
}

async function requestDeposit(
  tx: Transaction,
  links: PayLinks,
  row: Payable,
  {
    now,
    change,
    ...asked
  }: { amount_minor: number; currency: string; in_place_of?: string; now: Date; change: PaymentChange },
): Promise<AwaitedDeposit> {
  const deadline_at = after(now, DEPOSIT_SECONDS)
  const { number: payment } = await requestPayment(
    tx,
    links,
    { ...payerOf(row), ...asked, purpose: 'deposit', deadline_at, capture: 'when_asked' },
    change,
  )
  return { payment, deadline_at }
}

/** True when the deposit was authorised in time; `deadline_at` is the order's, while it waits for that. */
export async function isDepositHeld(
  tx: Transaction,
  { deposit: number, deadline_at }: Payable & { deadline_at: Date | null },
): Promise<boolean> {
  if (number === null) return false
  const { row: deposit } = await openPayment(tx, number)
  if (deposit.state !== 'authorised' || !deposit.authorised_at || !deadline_at) return false
  return deposit.authorised_at <= deadline_at
}

/** Takes the deposit: the order is accepted. */
export async function takeDeposit(tx: Transaction, row: Payable, change: PaymentChange): Promise<void> {
  if (row.deposit !== null) await askForCapture(tx, row.deposit, change)
}

/**
 * What was ordered has changed: gives back what the deposit is more than the price now, of what an operator did not give back
 * before. Minor units; 0 when it is not more.
 */
export async function refundExcess(
  tx: Transaction,
  { deposit: number }: Payable,
  price: Price,
  change: PaymentChange,
): Promise<number> {
  if (number === null) return 0
  const { row } = await openPayment(tx, number)
  const excess = (await owedBy(tx, row)) - price.amount
  const amount_minor = Math.min(excess, row.amount_minor - (await givenBack(tx, number)))
  if (amount_minor <= 0) return 0
  await askForRefund(tx, number, { amount_minor, asked_by: 'owner' }, change)
  return amount_minor
}

/** True when what is paid for has come to nothing, not to its end: of what could be taken it keeps what its terms say. */
export async function isOrderOver(tx: Transaction, { pays_for }: PaymentRow): Promise<boolean> {
  const [row] = await tx.execute<{ is_over: boolean }>(sql`
    SELECT EXISTS (SELECT 1 FROM custom_orders WHERE number = ${pays_for} AND ended_at IS NOT NULL AND state <> 'completed'
                   UNION ALL SELECT 1 FROM tags WHERE number = ${pays_for} AND ended_at IS NOT NULL AND state <> 'delivered') AS is_over`)
  return row?.is_over ?? false
}

/**
 * What an order that comes to nothing had cost its buyer, what of that is given back now, and what operators had given back
 * of it before. Minor units.
 */
export type Refunded = { charged: number; refund: number; given_back: number }

/**
 * Gives back what the terms say of the deposit, and all of the balance, as far as it was not given back before; what is only
 * held is let go. `vehicle` is the state that its vehicle had, null for an order of which all is given back. Null where
 * neither was asked for.
 */
export async function refund(
  tx: Transaction,
  row: Payable,
  vehicle: VehicleState | null,
  change: PaymentChange,
): Promise<Refunded | null> {
  const parts = [await refundDeposit(tx, row, vehicle, change), await refundBalance(tx, row, change)]
  const known = parts.filter((part) => part !== null)
  if (known.length === 0) return null
  return known.reduce((sum, { charged, refund, given_back }) => ({
    charged: sum.charged + charged,
    refund: sum.refund + refund,
    given_back: sum.given_back + given_back,
  }))
}

async function refundDeposit(
  tx: Transaction,
  { terms, deposit: number }: Payable,
  vehicle: VehicleState | null,
  change: PaymentChange,
): Promise<Refunded | null> {
  if (!terms) return null
  // The storefront takes it, and gives it back.
  if (number === null)
    return { charged: terms.deposit, refund: refundOf(terms, terms.deposit, vehicle), given_back: 0 }
  return giveBack(tx, number, (paid) => refundOf(terms, paid, vehicle), change)
}

async function refundBalance(
  tx: Transaction,
  { balance }: Payable,
  change: PaymentChange,
): Promise<Refunded | null> {
  return balance === null ? null : giveBack(tx, balance, (paid) => paid, change)
}

/** Lets go of a payment that is not taken; of one that is, gives back what `due` says of what is still paid. */
async function giveBack(
  tx: Transaction,
  number: string,
  due: (paid: number) => number,
  change: PaymentChange,
): Promise<Refunded> {
  const { row } = await openPayment(tx, number)
  if (!isTaken(row.state) && row.state !== 'refunded') {
    await releasePayment(tx, number, change)
    return { charged: 0, refund: 0, given_back: 0 }
  }
  const charged = await owedBy(tx, row)
  // What an operator gave back before is not paid any more.
  const paid = row.amount_minor - (await givenBack(tx, number))
  const amount = due(paid)
  if (amount === paid) await releasePayment(tx, number, change)
  else if (amount > 0) await askForRefund(tx, number, { amount_minor: amount, asked_by: 'owner' }, change)
  return { charged, refund: amount, given_back: charged - paid }
}

/**
 * What the process of an order has to do about its payments, as a column of queries that join its vehicle. In the states of
 * `judged` not everybody has accepted yet; `accepted` is the state in which the balance is asked for once the vehicle is at
 * the dealer. What was let lapse is asked for again, a balance `BALANCE_REQUESTS` times in all.
 */
export function moneyDue(
  table: 'custom_orders' | 'tags',
  { judged, accepted, price }: { judged: readonly string[]; accepted: 'accepted' | 'confirmed'; price: SQL },
): SQL<MoneyDue | null> {
  const of = (column: string) => sql.raw(`${table}.${column}`)
  const isDeposit = (
    states: readonly string[],
  ) => sql`EXISTS (SELECT 1 FROM payments p WHERE p.number = ${of('deposit')}
                                                                   AND p.state IN (${literals(states)}))`
  return sql<MoneyDue | null>`CASE
    WHEN ${of('deadline_kind')} = 'deposit' AND ${isDeposit(['authorised'])} THEN 'deposit_authorised'
    WHEN ${of('state')} IN (${literals(judged)}) AND ${isDeposit(['lapsed', 'expired'])} THEN 'deposit_gone'
    WHEN ${of('state')} = ${sql.raw(`'${accepted}'`)} AND ${of('takes_payment')} AND vehicles.state = 'at_dealer'
         AND ${price} > COALESCE((SELECT p.amount_minor FROM payments p WHERE p.number = ${of('deposit')}), 0)
                        - COALESCE((SELECT sum(r.amount_minor) FROM refunds r WHERE r.payment = ${of('deposit')} AND r.asked_by = 'owner'), 0)
         AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.number = ${of('balance')}
                            AND NOT p.withdrawn AND p.state NOT IN ('expired', 'voided'))
         AND (SELECT count(*) FROM payments p WHERE p.pays_for = ${of('number')} AND p.purpose = 'balance'
                 AND p.state = 'expired') < ${sql.raw(String(BALANCE_REQUESTS))} THEN 'ask_balance'
    END`
}

/** What keeps a vehicle from being handed over, and whether that is just being taken. */
export type Due = { what: 'deposit' | 'balance'; being_taken: boolean }

/**
 * A vehicle is handed over only once the deposit and the balance are paid, which the balance can be at the dealer, too. Null
 * when they are, or are not ours to take. `left`: what the deposit leaves of the price.
 */
export function dueOf(
  { takes_payment }: Pick<Payable, 'takes_payment'>,
  {
    left,
    deposit,
    balance,
  }: { left: number } & Record<'deposit' | 'balance', { state: PaymentState } | null>,
): Due | null {
  if (!takes_payment) return null
  if (deposit && !isPaid(deposit.state))
    return { what: 'deposit', being_taken: deposit.state === 'capturing' }
  if (left <= 0 || (balance && isPaid(balance.state))) return null
  return { what: 'balance', being_taken: balance?.state === 'capturing' }
}

/** What the deposit, less what of it the order gave back, leaves of the price. Minor units; below 0 when nothing is left. */
export async function leftOf(
  tx: Transaction,
  { deposit }: Pick<Payable, 'deposit'>,
  price: Price,
): Promise<number> {
  return leftBeside(tx, deposit === null ? undefined : await readPayment(tx, deposit), price)
}

/** The same of a deposit that is read already. */
async function leftBeside(
  tx: Transaction,
  deposit: PaymentRow | null | undefined,
  price: Price,
): Promise<number> {
  return price.amount - (deposit ? await owedBy(tx, deposit) : 0)
}

/** Asks for the balance, which is taken as soon as the buyer pays it; null when nothing is left to be paid. */
export async function askForBalance(
  tx: Transaction,
  links: PayLinks,
  row: Payable,
  price: Price,
  { now, ...change }: PaymentChange & { now: Date },
): Promise<PaymentRow | null> {
  const amount_minor = await leftOf(tx, row, price)
  if (amount_minor <= 0) return null
  return requestPayment(
    tx,
    links,
    {
      ...payerOf(row),
      purpose: 'balance',
      amount_minor,
      currency: price.currency,
      deadline_at: after(now, BALANCE_SECONDS),
      capture: 'at_once',
    },
    change,
  )
}

/**
 * Lets the vehicle be handed over only when all of it is paid, and not just about to be; `settled` records the balance as
 * paid at the dealer, and gives that payment. Null when it was paid here, or is not ours to take. A deposit that could not be
 * taken is for operators to settle first.
 *
 * @throws Refusal `balance-due` with what is to be paid.
 */
export async function settleBalance(
  tx: Transaction,
  row: Payable,
  price: Price,
  settled: boolean,
  change: PaymentChange,
): Promise<PaymentRow | null> {
  const [deposit, balance] = [await paymentOf(tx, row.deposit), await paymentOf(tx, row.balance)]
  const left = await leftBeside(tx, deposit, price)
  const due = dueOf(row, { left, deposit, balance })
  if (!due) return null
  const { currency } = price
  if (due.what === 'deposit') throw notPaid(due, deposit, { amount: deposit?.amount_minor ?? 0, currency })
  if (!settled || due.being_taken) throw notPaid(due, balance, { amount: left, currency })
  if (balance) await releasePayment(tx, balance.number, change)
  return recordSettled(tx, { ...payerOf(row), purpose: 'balance', amount_minor: left, currency }, change)
}

/** The payment, locked. */
async function paymentOf(tx: Transaction, number: string | null): Promise<PaymentRow | null> {
  return number === null ? null : (await openPayment(tx, number)).row
}

function notPaid({ what, being_taken }: Due, payment: PaymentRow | null, amount: Price): Refusal {
  const words = being_taken ? 'is just being taken: try again in a moment' : 'is not paid'
  return new Refusal('balance-due', `The ${what} ${words}.`, { payment: payment?.number ?? null, amount })
}

function payerOf({ number, storefront, customer }: Payable) {
  return { pays_for: number, storefront, customer }
}
