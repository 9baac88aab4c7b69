import type { BackOrderState } from './back-order.ts'
import type { EventType } from './event.ts'
import type { StateOf, VerbOf } from './states.ts'

/**
 * A delivery: planned → offered to the carrier (`booking`) → booked → fetched (`dispatched`) → delivered, or failed
 * and then tried again or returned to stock by an operator (REQUIREMENTS A8). Once the carrier knows of it, a
 * cancellation needs the carrier's word (`cancelling`): only then are the units certain to be here.
 */
export const DELIVERY_TRANSITIONS = {
  planned: { begin_booking: 'booking', cancel: 'cancelled' },
  booking: { book: 'booked', fail: 'failed', cancel: 'cancelling' },
  booked: { dispatch: 'dispatched', fail: 'failed', cancel: 'cancelling' },
  cancelling: { book: 'cancelling', finish_cancel: 'cancelled', dispatch: 'dispatched' },
  dispatched: { deliver: 'delivered', fail: 'failed' },
  failed: { retry: 'planned', return_to_stock: 'returned' },
  delivered: {},
  cancelled: {},
  returned: {},
} as const

export type DeliveryState = StateOf<typeof DELIVERY_TRANSITIONS>
export type DeliveryVerb = VerbOf<typeof DELIVERY_TRANSITIONS>

/** What the customer's side may ask for, and what an operator decides. */
export const DELIVERY_ACTIONS = ['cancel'] as const
export const OPERATOR_DELIVERY_ACTIONS = ['cancel', 'retry', 'return_to_stock'] as const

/** Each state a delivery can come into: the event that says so, and what becomes of the back order it is for. */
export const DELIVERY_STATES: Record<
  Exclude<DeliveryState, 'planned'>,
  { event: EventType; back_order: { state: BackOrderState; event: EventType } | null }
> = {
  booking: { event: 'delivery.booking', back_order: null },
  booked: { event: 'delivery.booked', back_order: null },
  cancelling: {
    event: 'delivery.cancelling',
    back_order: { state: 'cancelling', event: 'back_order.cancelling' },
  },
  cancelled: {
    event: 'delivery.cancelled',
    back_order: { state: 'cancelled', event: 'back_order.cancelled' },
  },
  dispatched: {
    event: 'delivery.dispatched',
    back_order: { state: 'dispatched', event: 'back_order.dispatched' },
  },
  delivered: {
    event: 'delivery.delivered',
    back_order: { state: 'delivered', event: 'back_order.delivered' },
  },
  failed: {
    event: 'delivery.failed',
    back_order: { state: 'delivery_failed', event: 'back_order.delivery_failed' },
  },
  returned: { event: 'delivery.returned', back_order: { state: 'returned', event: 'back_order.returned' } },
}

const HOUR = 3_600
const DAY = 24 * HOUR

/** In these states it is the carrier's turn: after so many seconds without any news a person has to ask what is wrong. */
export const LONGEST_SILENCE = {
  booking: HOUR,
  cancelling: HOUR,
  booked: 3 * DAY,
  dispatched: 14 * DAY,
} satisfies Partial<Record<DeliveryState, number>>
export type CarriersState = keyof typeof LONGEST_SILENCE

/** What the carrier reports of a parcel. */
export const CARRIER_REPORTS = ['collected', 'delivered', 'failed'] as const
export type CarrierReport = (typeof CARRIER_REPORTS)[number]

/** A tracking number, as a carrier may give it. */
export const TRACKING = /^[\x21-\x7e]{1,100}$/

/** What the workflow of a delivery knows of its row. */
export type DeliveryProgress = {
  number: string
  state: DeliveryState
  version: number
  /** True while somebody is to be told of it; whoever read it has them told. */
  untold: boolean
  attempt: number
  storefront: string
  order: string
  back_order: string | null
  skus: string[]
  tracking: string | null
  deliver_on: string | null
}

/** What the carrier knows a try by: the delivery's number, with the try from the second on. */
export function shipmentReference(number: string, attempt: number): string {
  return attempt === 1 ? number : `${number}/${attempt}`
}

/** The delivery and the try that a carrier's reference stands for. */
export function parseShipmentReference(reference: string): { number: string; attempt: number } {
  const [number = '', attempt = '1'] = reference.split('/')
  return { number, attempt: Number(attempt) }
}
