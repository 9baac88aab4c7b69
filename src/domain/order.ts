import type { StateOf, VerbOf } from './states.ts'

/**
 * An order: received, then each line checked under a lock (REQUIREMENTS A1). With short lines it stays `offered`
 * until each is answered or the offer ends (A2, A3); then it is `decided`, and its back orders and its delivery go
 * on under their own numbers.
 */
export const ORDER_TRANSITIONS = {
  received: { place: ['offered', 'decided'] },
  offered: {
    answer: ['offered', 'decided'],
    change_deadline: 'offered',
    cancel: 'cancelled',
    expire: 'decided',
  },
  decided: {},
  cancelled: {},
} as const

export type OrderState = StateOf<typeof ORDER_TRANSITIONS>
export type OrderVerb = VerbOf<typeof ORDER_TRANSITIONS>

/** What the storefront may ask for, in the words of `allowed_actions`. */
export const ORDER_ACTIONS = ['answer', 'change_deadline', 'cancel'] as const

/**
 * A line: `met` in full, or `short` until answered. `take_available` stands in for the back order where the item
 * may not be back-ordered: the customer takes what is there and the rest is dropped.
 */
export const LINE_STATES = [
  'received',
  'met',
  'short',
  'back_ordered',
  'taken',
  'declined',
  'expired',
  'cancelled',
] as const
export type LineState = (typeof LINE_STATES)[number]

export const CHOICES = ['ship_available', 'wait_for_all', 'take_available', 'decline'] as const
export type Choice = (typeof CHOICES)[number]

/** The choices open for a short line (A3). */
export function choicesFor(line: { back_orderable: boolean; available: number }): Choice[] {
  if (line.back_orderable) {
    return line.available > 0 ? ['ship_available', 'wait_for_all', 'decline'] : ['wait_for_all', 'decline']
  }
  return line.available > 0 ? ['take_available', 'decline'] : ['decline']
}

/** Most units of one line; with it every sum over an order or a queue stays a safe integer. */
export const MAX_QUANTITY = 100_000
export const MAX_LINES = 100

/** One line's answer to the offer. Periods in seconds; null for the predetermined one. */
export type LineAnswer = {
  line: number
  choice: Choice
  wait_seconds: number | null
  hold_seconds: number | null
}

/** What the workflow of an order knows of its row. */
export type OrderProgress = {
  number: string
  state: OrderState
  version: number
  /** True while somebody is to be told of it; whoever read it has them told. */
  untold: boolean
  storefront: string
  skus: string[]
  short_lines: number
  deadline_at: string | null
}
