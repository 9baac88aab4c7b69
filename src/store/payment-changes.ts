import type { EventType } from '../domain/event.ts'
import { newNumber, processOf } from '../domain/number.ts'
import {
  isAtRest,
  PAYMENT_ACTIONS,
  PAYMENT_TRANSITIONS,
  type PaymentPurpose,
  type PaymentState,
  type PaymentVerb,
  UNTAKEN,
} from '../domain/payment.ts'
import { Refusal } from '../domain/refusal.ts'
import { allowed, may } from '../domain/states.ts'
import type { Locked, Transaction } from './database.ts'
import { recordEvent } from './event.ts'
import {
  dropRefunds,
  findPayment,
  givenBack,
  insertPayment,
  insertRefund,
  lockPayment,
  type PaymentRow,
  readPayment,
  refundsOf,
  updatePayment,
  updateRefund,
} from './payment.ts'
import { wake } from './wake.ts'

/**
 * What owners of payments ask for (REQUIREMENTS B5). An owner is whatever is paid for: a back order, a custom order, a tag.
 * Each function here is part of the owner's own transaction, in which the owner is locked already; the payment is locked
 * last. It says what is wanted and wakes `payment/<number>`, which carries it out with the provider however often it has to
 * try, and wakes the owner when the payment has changed. Asking for the same again changes nothing.
 */

/** Makes the address at which a payment is paid. */
export type PayLinks = { payUrl(payment: string): string }

/** Who changes a payment, in which step, and why, in their words. */
export type PaymentChange = { actor: string; step: string; reason?: string | undefined }

/** What is to be paid, by whom and until when. Minor units of an ISO 4217 currency, more than 0. */
export type PaymentAsked = {
  /** The number of the order, of whichever kind. */
  pays_for: string
  purpose: PaymentPurpose
  amount_minor: number
  currency: string
  storefront: string
  customer: string
}

/**
 * Asks the buyer for money, on the provider's page, until the deadline. `at_once` takes it as soon as it is authorised;
 * `when_asked` only holds it until `askForCapture` or `releasePayment`; `in_place_of` names the payment that the provider has
 * let go of before. There is one payment for a step of an order: when
 * there is one already that counts, it is given back as it is.
 */
export async function requestPayment(
  tx: Transaction,
  links: PayLinks,
  {
    in_place_of,
    ...asked
  }: PaymentAsked & { deadline_at: Date; capture: PaymentRow['capture']; in_place_of?: string | undefined },
  change: PaymentChange,
): Promise<PaymentRow> {
  const number = newNumber('payment')
  const row = await insertPayment(tx, {
    ...asked,
    number,
    state: 'requested',
    pay_url: links.payUrl(number),
  })
  if (!row) return standing(tx, asked)
  await record(tx, null, row, 'payment.requested', change, {
    pays_for: row.pays_for,
    deadline_at: row.deadline_at,
    ...(in_place_of ? { in_place_of } : {}),
  })
  await wakeProcess(tx, number, change)
  return row
}

/** Records what was paid without the provider, such as at the dealer, for a step that has no payment yet. */
export async function recordSettled(
  tx: Transaction,
  settled: PaymentAsked,
  change: PaymentChange,
): Promise<PaymentRow> {
  const row = await insertPayment(tx, {
    ...settled,
    number: newNumber('payment'),
    capture: 'at_once',
    state: 'settled',
    ended_at: new Date(),
  })
  if (!row) return standing(tx, settled)
  await record(tx, null, row, 'payment.settled', change, { pays_for: row.pays_for })
  // It has nothing to do but to tell the buyer.
  await wakeProcess(tx, row.number, change)
  return row
}

async function standing(tx: Transaction, asked: PaymentAsked): Promise<PaymentRow> {
  const number = await findPayment(tx, asked.pays_for, asked.purpose)
  const row = number && (await readPayment(tx, number))
  if (!row) throw new Error('a payment stood in the way and is gone')
  return row
}

/** Moves the end of the time in which it can be paid, as long as it can be. */
export async function changePaymentDeadline(
  tx: Transaction,
  number: string,
  deadline_at: Date,
  change: PaymentChange,
): Promise<void> {
  const { row } = await openPayment(tx, number)
  if (!may(PAYMENT_TRANSITIONS, row.state, 'change_deadline')) return
  await changePayment(tx, row, 'change_deadline', row.state, 'payment.deadline_changed', change, {
    set: { deadline_at },
    details: { deadline_at, before: row.deadline_at },
  })
  await wakeProcess(tx, number, change)
}

/** Takes what is authorised: the owner owes it from here on. Where the provider let go of it, operators have to see to it. */
export async function askForCapture(tx: Transaction, number: string, change: PaymentChange): Promise<void> {
  const { row } = await openPayment(tx, number)
  if (row.state !== 'authorised' && row.state !== 'lapsed') return
  const isHeld = row.state === 'authorised'
  await changePayment(
    tx,
    row,
    'capture',
    isHeld ? 'capturing' : 'capture_failed',
    isHeld ? 'payment.capture_asked' : 'payment.capture_failed',
    change,
  )
  await wakeProcess(tx, number, change)
}

/** Gives a part of what was taken, or is being taken, back to the buyer. Minor units. */
export async function askForRefund(
  tx: Transaction,
  number: string,
  refund: { amount_minor: number; asked_by: 'owner' | 'operator' },
  change: PaymentChange,
): Promise<PaymentRow> {
  const { row } = await openPayment(tx, number)
  refuseUnless(row, 'ask_refund')
  const left = row.amount_minor - (await givenBack(tx, number))
  if (refund.amount_minor > left) {
    const detail = `At most ${left} of it are left to be given back.`
    throw new Refusal('invalid-request', detail, { errors: [{ pointer: '/amount', detail }] })
  }
  return addRefund(tx, row, refund, change)
}

/** Has a part of it given back: by the provider, or by a person where it was paid without the provider. */
async function addRefund(
  tx: Transaction,
  row: PaymentRow,
  refund: { amount_minor: number; asked_by: 'owner' | 'operator' },
  change: PaymentChange,
  more: { withdrawn?: boolean } = {},
): Promise<PaymentRow> {
  const isSettled = row.state === 'settled' || isPaidElsewhere(row)
  await insertRefund(
    tx,
    row.number,
    isSettled ? { ...refund, state: 'failed', failure: 'paid_elsewhere' } : refund,
  )
  const state = isSettled ? 'refund_failed' : row.state === 'captured' ? 'refunding' : row.state
  // From here on it is ours like any other, but that the provider has no reference of it.
  const elsewhere = isSettled ? { captured_minor: row.amount_minor, intent: null } : {}
  const changed = await changePayment(tx, row, 'ask_refund', state, 'payment.refund_asked', change, {
    set: { ...more, ...elsewhere },
    details: refund,
  })
  await wakeProcess(tx, row.number, change)
  return changed
}

/**
 * The buyer's bank has sent a refund back that was done by what the provider had said: it is as if it had failed then, and
 * under operators' attention. One that is not known as done stays as it is: whoever asked for it learns of it by asking.
 */
export async function returnRefund(
  tx: Transaction,
  number: string,
  { reference, failure }: { reference: string; failure: string },
  change: PaymentChange,
): Promise<void> {
  const { row } = await openPayment(tx, number)
  const refund = (await refundsOf(tx, number)).find((known) => known.reference === reference)
  if (refund?.state !== 'done') return
  const { amount_minor } = refund
  await updateRefund(tx, refund, { state: 'failed', failure })
  const standing = await findPayment(tx, row.pays_for, row.purpose)
  await changePayment(tx, row, 'fail_refund', 'refund_failed', 'payment.refund_failed', change, {
    set: {
      refunded_minor: row.refunded_minor - amount_minor,
      // Once all of it was given back another one may have taken its place.
      withdrawn: row.withdrawn || (standing !== undefined && standing !== number),
    },
    details: { amount_minor, failure },
  })
  await wakeOwner(tx, row, change.step)
}

/** It was settled without the provider, and something of it is given back. */
export function isPaidElsewhere({ captured_minor, intent }: PaymentRow): boolean {
  return captured_minor > 0 && intent === null
}

/**
 * The owner wants none of it any more: what can still be paid is closed, what is held is let go, what was taken goes back.
 * Another payment may then be asked for.
 */
export async function releasePayment(tx: Transaction, number: string, change: PaymentChange): Promise<void> {
  const { row } = await openPayment(tx, number)
  if (row.withdrawn || row.state === 'expired') return
  if (UNTAKEN.includes(row.state) || row.state === 'capture_failed') {
    // Nobody else knows of what was only requested, and the provider has let go of what lapsed.
    const isOver = row.state === 'requested' || row.state === 'lapsed'
    // What an operator wanted to give back of money that could not be taken.
    await dropRefunds(tx, number)
    await changePayment(
      tx,
      row,
      'void',
      isOver ? 'voided' : 'voiding',
      isOver ? 'payment.voided' : 'payment.void_asked',
      change,
      { set: { withdrawn: true } },
    )
    await wakeProcess(tx, number, change)
    return
  }
  const left = row.amount_minor - (await givenBack(tx, number))
  if (left > 0 && may(PAYMENT_TRANSITIONS, row.state, 'ask_refund'))
    await addRefund(tx, row, { amount_minor: left, asked_by: 'owner' }, change, { withdrawn: true })
}

/** The payment under its lock. */
export async function openPayment(tx: Transaction, number: string): Promise<Locked<PaymentRow>> {
  const locked = await lockPayment(tx, number)
  if (!locked) throw new Refusal('not-found', `There is no payment ${number}.`)
  return locked
}

/**
 * Moves the locked payment on, with its event. The owner is woken where it may have to do something.
 *
 * @throws Refusal `state-conflict` when that is not legal in its state.
 */
export async function changePayment(
  tx: Transaction,
  row: PaymentRow,
  verb: PaymentVerb,
  state: PaymentState,
  type: EventType,
  change: PaymentChange,
  more: {
    set?: Omit<Parameters<typeof updatePayment>[2], 'state' | 'ended'>
    details?: Record<string, unknown>
  } = {},
): Promise<PaymentRow> {
  refuseUnless(row, verb)
  const changed = await updatePayment(tx, row.number, { ...more.set, state, ended: isAtRest(state) })
  await record(tx, row, changed, type, change, more.details ?? {})
  return changed
}

/** Makes the owner look at what became of its payment. */
export async function wakeOwner(tx: Transaction, row: PaymentRow, step: string): Promise<void> {
  await wake(tx, step, [processOf(row.pays_for)])
}

function refuseUnless(row: PaymentRow, verb: PaymentVerb): void {
  if (may(PAYMENT_TRANSITIONS, row.state, verb)) return
  throw new Refusal('state-conflict', `The payment is ${row.state}.`, {
    state: row.state,
    allowed_actions: allowed(PAYMENT_TRANSITIONS, row.state, PAYMENT_ACTIONS),
  })
}

async function wakeProcess(tx: Transaction, number: string, { step }: PaymentChange): Promise<void> {
  await wake(tx, step, [`payment/${number}`])
}

async function record(
  tx: Transaction,
  before: PaymentRow | null,
  now: PaymentRow,
  type: EventType,
  change: PaymentChange,
  details: Record<string, unknown>,
): Promise<void> {
  await recordEvent(tx, {
    number: now.number,
    sequence: now.version,
    type,
    actor: change.actor,
    from: before?.state ?? null,
    to: now.state,
    details: { amount_minor: now.amount_minor, currency: now.currency, ...details },
    note: change.reason ?? null,
    audience: { storefront: now.storefront, customer: now.customer },
  })
}
