import type { StateOf, VerbOf } from './states.ts'

/**
 * A back order: one line, one item, one place in the item's queue (REQUIREMENTS A3, A7, A8).
 *
 *   waiting → met → delivery_requested → confirmed → dispatched → delivered
 *
 * Where the house takes the payment, `confirm` asks for it first, and is done once the money is authorised (B5).
 * `take_back` returns it to `waiting` at its old place when a stock count finds fewer units than were promised.
 * `cancelling` lasts while the carrier is asked to give a booked parcel back.
 */
export const BACK_ORDER_TRANSITIONS = {
  waiting: {
    allocate: ['waiting', 'met'],
    lower: ['waiting', 'met'],
    change_deadline: 'waiting',
    take_back: 'waiting',
    cancel: 'cancelled',
    expire: 'expired',
  },
  met: {
    request_delivery: 'delivery_requested',
    change_deadline: 'met',
    take_back: 'waiting',
    cancel: 'cancelled',
    expire: 'expired',
  },
  delivery_requested: {
    confirm: ['delivery_requested', 'confirmed'],
    decline: 'declined',
    change_deadline: 'delivery_requested',
    take_back: 'waiting',
    cancel: 'cancelled',
    expire: 'expired',
  },
  confirmed: {
    cancel: ['cancelled', 'cancelling'],
    dispatch: 'dispatched',
    fail_delivery: 'delivery_failed',
  },
  cancelling: { finish_cancel: 'cancelled', dispatch: 'dispatched' },
  dispatched: { deliver: 'delivered', fail_delivery: 'delivery_failed' },
  delivery_failed: { retry_delivery: 'confirmed', return_to_stock: 'returned' },
  delivered: {},
  declined: {},
  cancelled: {},
  expired: {},
  returned: {},
} as const

export type BackOrderState = StateOf<typeof BACK_ORDER_TRANSITIONS>
export type BackOrderVerb = VerbOf<typeof BACK_ORDER_TRANSITIONS>

/** What the customer's side may ask for, in the words of `allowed_actions`. */
export const BACK_ORDER_ACTIONS = [
  'lower',
  'change_deadline',
  'request_delivery',
  'confirm',
  'decline',
  'cancel',
] as const

/** What the workflow of a back order knows of its row. */
export type BackOrderProgress = {
  number: string
  state: BackOrderState
  version: number
  /** True while somebody is to be told of it; whoever read it has them told. */
  untold: boolean
  sku: string
  storefront: string
  ordered: number
  allocated: number
  deadline_at: string | null
  delivery: string | null
  /** What its payment makes necessary: the confirmation is paid for, or what was asked for is not wanted any more (B5). */
  payment_due: 'confirm' | 'release' | null
}
