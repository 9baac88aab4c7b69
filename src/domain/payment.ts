import type { StateOf, VerbOf } from './states.ts'

/**
 * A payment: one amount for one step of one order, paid on the provider's own page (REQUIREMENTS B5).
 *
 *   requested → pending → authorised → capturing → captured → refunding → refunded
 *
 * The owner, such as a back order, asks for a capture, a release or a refund by the verb that leads to `capturing`,
 * `voiding` or `refunding`; the payment's process carries that out with the provider and takes the next one. A declined
 * attempt leaves it `pending`: the buyer may try again until the deadline. `lapsed`, `capture_failed` and `refund_failed`
 * wait for a person. `settled` was paid without the provider, such as at the dealer; what of it is to be given back is a
 * person's to give back, so that is `refund_failed` at once. What could not be taken may be held still, so before that it is
 * `settling` until the provider has let go of it; should it have been taken after all, it is `captured`.
 */
export const PAYMENT_TRANSITIONS = {
  requested: { open: 'pending', change_deadline: 'requested', void: 'voided', expire: 'expired' },
  pending: {
    open: 'pending',
    decline: 'pending',
    change_deadline: 'pending',
    authorise: ['authorised', 'capturing'],
    void: 'voiding',
    expire: 'expired',
  },
  authorised: { capture: 'capturing', void: 'voiding', lapse: 'lapsed' },
  lapsed: { capture: 'capture_failed', void: 'voided', settle: 'settled' },
  capturing: {
    finish_capture: ['captured', 'refunding'],
    fail_capture: ['capture_failed', 'voiding'],
    ask_refund: 'capturing',
  },
  capture_failed: {
    ask_refund: 'capture_failed',
    retry: 'capturing',
    void: 'voiding',
    settle: 'settling',
  },
  settling: {
    ask_refund: 'settling',
    finish_settle: ['settled', 'refund_failed'],
    find_captured: ['captured', 'refunding'],
  },
  voiding: { finish_void: 'voided', find_captured: 'refunding' },
  captured: { ask_refund: 'refunding', fail_refund: 'refund_failed' },
  refunding: {
    ask_refund: 'refunding',
    await_refund: 'refunding',
    finish_refund: ['captured', 'refunding', 'refunded'],
    fail_refund: 'refund_failed',
  },
  refund_failed: {
    ask_refund: 'refund_failed',
    fail_refund: 'refund_failed',
    retry: 'refunding',
    settle: ['captured', 'settled', 'refunding', 'refund_failed', 'refunded'],
  },
  settled: { ask_refund: 'refund_failed' },
  voided: {},
  expired: {},
  refunded: { fail_refund: 'refund_failed' },
} as const

export type PaymentState = StateOf<typeof PAYMENT_TRANSITIONS>
export type PaymentVerb = VerbOf<typeof PAYMENT_TRANSITIONS>

/** What operators may do by themselves: give money back, and go on where the provider said no. */
export const PAYMENT_ACTIONS = ['ask_refund', 'retry', 'settle'] as const

/**
 * Nothing is to be done about a payment at rest, so it has no process: the final states, and `captured`, `settled` and
 * `refunded`, which a refund that is asked for later, or comes back from the buyer's bank, begins anew.
 */
export const AT_REST: readonly PaymentState[] = ['captured', 'settled', 'voided', 'expired', 'refunded']

export function isAtRest(state: PaymentState): boolean {
  return AT_REST.includes(state)
}

/** The buyer can still pay, or has paid and nothing was taken yet: what is released without a refund. */
export const UNTAKEN: readonly PaymentState[] = ['requested', 'pending', 'authorised', 'lapsed']

/** Nothing is paid: it can still be, or the time for it is over. */
export const UNPAID: readonly PaymentState[] = ['requested', 'pending', 'expired']

/** What was paid is ours, or is about to be. */
export function isTaken(state: PaymentState): boolean {
  return ['capturing', 'captured', 'settling', 'settled', 'refunding', 'refund_failed'].includes(state)
}

/** What was paid is ours, whatever of it went back later. */
export function isPaid(state: PaymentState): boolean {
  return ['captured', 'settling', 'settled', 'refunding', 'refund_failed', 'refunded'].includes(state)
}

/**
 * A refund may be under way with the provider so long; after that a person has to ask what is wrong: Stripe, for one, keeps it
 * waiting while the house has too little money with it. Seconds.
 */
export const LONGEST_REFUND = 7 * 86_400

/** The step of the order that is paid for; each at most once (REQUIREMENTS B5). */
export const PAYMENT_PURPOSES = ['confirmation', 'deposit', 'balance'] as const
export type PaymentPurpose = (typeof PAYMENT_PURPOSES)[number]

/** What became of one refund; `settled` was given back without the provider. */
export type RefundState = 'asked' | 'done' | 'failed' | 'settled'

/** What the workflow of a payment knows of its row. */
export type PaymentProgress = {
  number: string
  state: PaymentState
  version: number
  /** True while somebody is to be told of it; whoever read it has them told. */
  untold: boolean
  storefront: string
  pays_for: string
  deadline_at: string | null
}
