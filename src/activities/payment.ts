import type { Command } from '../domain/command.ts'
import type { PaymentProgress, PaymentState } from '../domain/payment.ts'
import type { PaymentProvider, SessionOutcome } from '../integrations/payment-provider.ts'
import type { Database, Transaction } from '../store/database.ts'
import { readCommandBody, storeAnswer } from '../store/idempotency-key.ts'
import { isOrderOver } from '../store/order-money.ts'
import {
  dropRefunds,
  givenBack,
  insertRefund,
  isPaymentDue,
  type PaymentRow,
  paymentProgress,
  readPayment,
  refundsOf,
} from '../store/payment.ts'
import {
  askForRefund,
  changePayment,
  openPayment,
  type PaymentChange,
  wakeOwner,
} from '../store/payment-changes.ts'
import { paymentView } from '../store/payment-view.ts'
import { finishSettling, recordRefund, retry, settle } from './payment-decisions.ts'
import type { Steps } from './steps.ts'

type Asked = { number: string; step: string }

/** What operators decide about a payment. Minor units. */
export type PaymentDecision =
  | { decision: 'refund'; amount_minor: number }
  | { decision: 'retry' }
  | { decision: 'settle' }

/**
 * What the process of a payment does (REQUIREMENTS B5). Each call of the provider is one attempt, under a key that is the
 * same for every repeat, and then one transaction that records what came of it, so that addresses and references never
 * pass through Temporal. Whatever is killed in between, the repeat finds what was done.
 */
export function createPaymentActivities({
  db,
  steps,
  paymentProvider,
}: {
  db: Database
  steps: Steps
  paymentProvider: PaymentProvider | undefined
}) {
  /** Records what the provider said, if the payment is still in one of the states in which it was asked. */
  async function conclude(
    { number, step }: Asked,
    states: readonly PaymentState[],
    work: (tx: Transaction, row: PaymentRow, change: PaymentChange, now: Date) => Promise<void>,
  ): Promise<PaymentProgress | null> {
    return steps.run(step, async (tx) => {
      const { row, now } = await openPayment(tx, number)
      if (states.includes(row.state)) await work(tx, row, { actor: 'provider', step }, now)
      return paymentProgress(tx, number)
    })
  }

  async function open(asked: Asked): Promise<PaymentProgress | null> {
    const row = await read(asked.number)
    const session = row.sessions + 1
    const opened = await provider().openSession(
      {
        payment: row.number,
        words: `${PURPOSE_WORDS[row.purpose]} ${row.pays_for}`,
        amount_minor: row.amount_minor,
        currency: row.currency,
        paid_url: `${row.pay_url}/paid`,
        unpaid_url: `${row.pay_url}/unpaid`,
      },
      `${row.number}/session/${session}`,
    )
    const progress = await conclude(asked, ['requested', 'pending'], async (tx, locked, change) => {
      if (locked.sessions !== row.sessions) return
      const set = { sessions: session, session: opened.session, session_url: opened.url }
      await changePayment(tx, locked, 'open', 'pending', 'payment.opened', change, {
        set,
        details: { session },
      })
    })
    // Nobody wants it any more, and nobody knows of it.
    if ((await read(asked.number)).session !== opened.session) await provider().close(opened.session)
    return progress
  }

  return {
    /** The payment's row as its workflow sees it; null when there is no such payment. */
    async readPayment(number: string): Promise<PaymentProgress | null> {
      return steps.seen(await paymentProgress(db, number))
    },

    /** Opens a page of the provider where it can be paid. */
    async openPaymentSession(asked: Asked): Promise<PaymentProgress | null> {
      return (await isStill(asked, 'requested')) ? open(asked) : paymentProgress(db, asked.number)
    },

    /** Asks how the buyer's page stands. One that ended before our deadline is opened anew. */
    async checkPayment(asked: Asked): Promise<PaymentProgress | null> {
      const { session, state } = await read(asked.number)
      const outcome: SessionOutcome = session ? await provider().look(session) : { state: 'gone' }
      if (outcome.state === 'gone' && state === 'pending') return open(asked)
      return conclude(asked, ['pending', 'authorised'], async (tx, row, change, now) => {
        if (row.session === session) await follow(tx, row, outcome, change, now)
      })
    },

    /**
     * The time to pay is over: the page is closed, unless it was paid just before. Before its time nothing changes: the
     * workflow gets the row back and sleeps again.
     */
    async expirePayment(asked: Asked): Promise<PaymentProgress | null> {
      if (!(await isPaymentDue(db, asked.number))) return paymentProgress(db, asked.number)
      const { session } = await read(asked.number)
      const outcome: SessionOutcome = session ? await provider().close(session) : { state: 'gone' }
      if (outcome.state === 'open') throw new Error('a page that the provider does not close')
      return conclude(asked, ['requested', 'pending'], async (tx, row, change, now) => {
        if (outcome.state !== 'gone') return follow(tx, row, outcome, change, now)
        await changePayment(tx, row, 'expire', 'expired', 'payment.expired', { ...change, actor: 'house' })
        await wakeOwner(tx, row, asked.step)
      })
    },

    /** Takes what is held. */
    async capturePayment(asked: Asked): Promise<PaymentProgress | null> {
      if (!(await isStill(asked, 'capturing'))) return paymentProgress(db, asked.number)
      const { number, intent, capture_attempt } = await read(asked.number)
      if (!intent) throw new Error('a payment to be captured without its intent')
      const outcome = await provider().capture(intent, `${number}/capture/${capture_attempt}`)
      return conclude(asked, ['capturing'], async (tx, row, change) => {
        if (outcome.state === 'taken') {
          const state = (await givenBack(tx, number)) > 0 ? 'refunding' : 'captured'
          const set = { captured_minor: row.amount_minor, failure: null }
          await changePayment(tx, row, 'finish_capture', state, 'payment.captured', change, { set })
        } else if (row.withdrawn || (await isOrderOver(tx, row))) {
          // What was never taken needs not be given back, and of an order that is over nothing is taken any more.
          await dropRefunds(tx, number)
          await changePayment(tx, row, 'fail_capture', 'voiding', 'payment.void_asked', change)
        } else {
          const { failure } = outcome
          await changePayment(tx, row, 'fail_capture', 'capture_failed', 'payment.capture_failed', change, {
            set: { failure },
            details: { failure },
          })
        }
        await wakeOwner(tx, row, asked.step)
      })
    },

    /** Closes the page and lets go of what is held. What was taken all the same goes back. */
    async releaseHeldPayment(asked: Asked): Promise<PaymentProgress | null> {
      if (!(await isStill(asked, 'voiding'))) return paymentProgress(db, asked.number)
      const { number, session } = await read(asked.number)
      if (!session) throw new Error('a payment to be released without its session')
      const outcome = await provider().release(session, `${number}/release`)
      return conclude(asked, ['voiding'], async (tx, row, change) => {
        if (outcome.state === 'gone') {
          const wasHeld = outcome.was_held || row.intent !== null
          const type = wasHeld ? 'payment.released' : 'payment.voided'
          await changePayment(tx, row, 'finish_void', 'voided', type, change)
        } else {
          const left = row.amount_minor - (await givenBack(tx, number))
          if (left > 0) await insertRefund(tx, number, { amount_minor: left, asked_by: 'owner' })
          await changePayment(tx, row, 'find_captured', 'refunding', 'payment.refund_asked', change, {
            set: { captured_minor: row.amount_minor, intent: outcome.intent },
          })
        }
        await wakeOwner(tx, row, asked.step)
      })
    },

    /** It was paid in another way: closes the page and lets go of what is held still. */
    async settlePayment(asked: Asked): Promise<PaymentProgress | null> {
      if (!(await isStill(asked, 'settling'))) return paymentProgress(db, asked.number)
      const { number, session } = await read(asked.number)
      if (!session) throw new Error('a payment to be settled without its session')
      const outcome = await provider().release(session, `${number}/release`)
      return conclude(asked, ['settling'], (tx, row, change) => finishSettling(tx, row, outcome, change))
    },

    /** Gives back the first of the refunds that were asked for, or asks how far it is. */
    async refundPayment(asked: Asked): Promise<PaymentProgress | null> {
      const { number, intent, currency } = await read(asked.number)
      const refund = (await refundsOf(db, number)).find(({ state }) => state === 'asked')
      if (!intent || !refund) return paymentProgress(db, number)
      const { sequence, attempt, amount_minor, reference } = refund
      const outcome = reference
        ? await provider().lookAtRefund(reference)
        : await provider().refund(
            { payment: number, intent, amount_minor, currency },
            `${number}/refund/${sequence}/${attempt}`,
          )
      return conclude(asked, ['refunding'], async (tx, row, change) => {
        await recordRefund(tx, row, refund, outcome, change)
      })
    },

    /** An operator gives money back, has what failed tried again, or says that it was settled in another way. */
    async decidePayment(
      asked: Command & { number: string } & PaymentDecision,
    ): Promise<PaymentProgress | null> {
      const { number, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { reason } = (await readCommandBody(tx, step)) as { reason: string }
        const change = { actor, step, reason }
        if (asked.decision === 'refund') {
          const { amount_minor } = asked
          await askForRefund(tx, number, { amount_minor, asked_by: 'operator' }, change)
        } else {
          const { row } = await openPayment(tx, number)
          await (asked.decision === 'retry' ? retry : settle)(tx, row, change)
        }
        await storeAnswer(tx, step, 200, await paymentView(tx, number))
        return paymentProgress(tx, number)
      })
    },
  }

  /**
   * False when this was done already and only its worker died before it could say so: the next thing with the provider
   * would then have another key.
   */
  async function isStill({ number }: Asked, state: PaymentState): Promise<boolean> {
    return (await read(number)).state === state
  }

  function provider(): PaymentProvider {
    if (!paymentProvider) throw new Error('no payment provider is configured')
    return paymentProvider
  }

  async function read(number: string): Promise<PaymentRow> {
    const row = await readPayment(db, number)
    if (!row) throw new Error('the payment is gone')
    return row
  }
}

/** What the provider's page says that is paid for, before its number. */
const PURPOSE_WORDS = { confirmation: 'Back order', deposit: 'Deposit for', balance: 'Balance of' } as const

/** What became of the buyer's page. A declined attempt is noted once, and leaves everything as it is. */
async function follow(
  tx: Transaction,
  row: PaymentRow,
  outcome: SessionOutcome,
  change: PaymentChange,
  now: Date,
): Promise<void> {
  if (row.state === 'authorised') {
    if (outcome.state !== 'gone') return
    // Providers hold money for some days only.
    await changePayment(tx, row, 'lapse', 'lapsed', 'payment.lapsed', change)
    await wakeOwner(tx, row, change.step)
  } else if (outcome.state === 'held' || outcome.state === 'taken') {
    const state = row.capture === 'at_once' ? 'capturing' : 'authorised'
    const set = { intent: outcome.intent, authorised_at: now }
    await changePayment(tx, row, 'authorise', state, 'payment.authorised', change, { set })
    await wakeOwner(tx, row, change.step)
  } else if (outcome.state === 'open' && outcome.declined !== null && outcome.declined !== row.declined) {
    const set = { declined: outcome.declined }
    await changePayment(tx, row, 'decline', 'pending', 'payment.declined', change, { set })
  }
}
