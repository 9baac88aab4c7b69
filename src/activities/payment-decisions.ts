import { Refusal } from '../domain/refusal.ts'
import type { RefundOutcome } from '../integrations/payment-provider.ts'
import type { Transaction } from '../store/database.ts'
import { type PaymentRow, type RefundRow, refundsOf, updateRefund } from '../store/payment.ts'
import { changePayment, isPaidElsewhere, type PaymentChange, wakeOwner } from '../store/payment-changes.ts'

/** Records what the provider said to a refund; one that was decided otherwise meanwhile stays as it is. */
export async function recordRefund(
  tx: Transaction,
  row: PaymentRow,
  asked: RefundRow,
  outcome: RefundOutcome,
  change: PaymentChange,
): Promise<void> {
  const refund = (await refundsOf(tx, row.number)).find(({ sequence }) => sequence === asked.sequence)
  if (refund?.state !== 'asked' || refund.attempt !== asked.attempt) return
  const details = { amount_minor: refund.amount_minor }
  switch (outcome.state) {
    case 'done':
      await updateRefund(tx, refund, { state: 'done', reference: outcome.reference })
      await finish(tx, row, refund, 'finish_refund', change)
      return
    case 'underway':
      if (refund.reference) return
      await updateRefund(tx, refund, { reference: outcome.reference })
      await changePayment(tx, row, 'await_refund', 'refunding', 'payment.refund_underway', change, {
        details,
      })
      return
    case 'failed': {
      const { failure } = outcome
      await updateRefund(tx, refund, { state: 'failed', failure })
      await changePayment(tx, row, 'fail_refund', 'refund_failed', 'payment.refund_failed', change, {
        details: { ...details, failure },
      })
      await wakeOwner(tx, row, change.step)
    }
  }
}

/** What the provider refused is asked of it once more, as another try. */
export async function retry(tx: Transaction, row: PaymentRow, change: PaymentChange): Promise<void> {
  if (row.state === 'refund_failed') {
    if (isPaidElsewhere(row)) {
      const detail = 'It was paid without the provider, and goes back without it.'
      throw new Refusal('state-conflict', detail, { state: row.state })
    }
    const refund = await failedRefund(tx, row)
    await updateRefund(tx, refund, {
      state: 'asked',
      attempt: refund.attempt + 1,
      reference: null,
      failure: null,
    })
    await changePayment(tx, row, 'retry', 'refunding', 'payment.refund_retried', change, {
      details: { amount_minor: refund.amount_minor },
    })
  } else {
    const set = { capture_attempt: row.capture_attempt + 1, failure: null }
    await changePayment(tx, row, 'retry', 'capturing', 'payment.capture_retried', change, { set })
  }
}

/** What the provider refused was paid, or given back, in another way. */
export async function settle(tx: Transaction, row: PaymentRow, change: PaymentChange): Promise<void> {
  if (row.state === 'refund_failed') {
    const refund = await failedRefund(tx, row)
    await updateRefund(tx, refund, { state: 'settled' })
    await finish(tx, row, refund, 'settle', change)
  } else if (row.state === 'lapsed') {
    await changePayment(tx, row, 'settle', 'settled', 'payment.settled', change)
    await wakeOwner(tx, row, change.step)
  } else {
    // What the provider refused to take it may hold still.
    await changePayment(tx, row, 'settle', 'settling', 'payment.settle_asked', change)
  }
}

/**
 * Nothing is held any more of what was paid in another way. Where it was taken after all that counts, and what was paid in
 * the other way is for whoever took it to give back.
 */
export async function finishSettling(
  tx: Transaction,
  row: PaymentRow,
  outcome: { state: 'gone' } | { state: 'taken'; intent: string },
  change: PaymentChange,
): Promise<void> {
  const wanted = (await refundsOf(tx, row.number)).filter(({ state }) => state === 'asked')
  if (outcome.state === 'taken') {
    const state = wanted.length > 0 ? 'refunding' : 'captured'
    const set = { captured_minor: row.amount_minor, intent: outcome.intent, failure: null }
    await changePayment(tx, row, 'find_captured', state, 'payment.captured', change, { set })
  } else if (wanted.length > 0) {
    for (const refund of wanted)
      await updateRefund(tx, refund, { state: 'failed', failure: 'paid_elsewhere' })
    const set = { captured_minor: row.amount_minor, intent: null }
    await changePayment(tx, row, 'finish_settle', 'refund_failed', 'payment.settled', change, { set })
  } else {
    await changePayment(tx, row, 'finish_settle', 'settled', 'payment.settled', change)
  }
  await wakeOwner(tx, row, change.step)
}

async function failedRefund(tx: Transaction, row: PaymentRow): Promise<RefundRow> {
  const refund = (await refundsOf(tx, row.number)).find(({ state }) => state === 'failed')
  if (!refund) throw new Refusal('state-conflict', `The payment is ${row.state}.`)
  return refund
}

/** A refund has reached the buyer: on to the next one, or to rest. */
async function finish(
  tx: Transaction,
  row: PaymentRow,
  refund: RefundRow,
  verb: 'finish_refund' | 'settle',
  change: PaymentChange,
): Promise<void> {
  const refunded_minor = row.refunded_minor + refund.amount_minor
  const left = (await refundsOf(tx, row.number)).map(({ state }) => state)
  const state =
    refunded_minor === row.captured_minor
      ? 'refunded'
      : left.includes('failed')
        ? 'refund_failed'
        : left.includes('asked')
          ? 'refunding'
          : isPaidElsewhere(row)
            ? 'settled'
            : 'captured'
  await changePayment(tx, row, verb, state, 'payment.refunded', change, {
    set: { refunded_minor },
    details: { amount_minor: refund.amount_minor },
  })
  await wakeOwner(tx, row, change.step)
}
