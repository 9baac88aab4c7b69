import type { ConfigurationPrice } from './catalogue.ts'
import { allowed, may, type StateOf, type VerbOf } from './states.ts'
import { isOpenTo, VEHICLE_TRANSITIONS, type VehicleState } from './vehicle.ts'

/**
 * A custom order: a vehicle that a buyer configured (REQUIREMENTS B4). Once a deposit is authorised, if one is taken, it is sent to the chosen dealer and to the order
 * processor; once both accept, a vehicle enters the order bank for it, and what happens to that is the vehicle's own
 * story. Where either refuses, the buyer chooses another dealer or is refunded.
 */
export const CUSTOM_ORDER_TRANSITIONS = {
  received: { place: ['awaiting_deposit', 'submitted'] },
  awaiting_deposit: { pay_deposit: 'submitted', lapse: 'cancelled', cancel: 'cancelled' },
  submitted: {
    accept: ['submitted', 'accepted'],
    refuse: 'refused',
    remind: 'submitted',
    escalate: 'submitted',
    lapse: 'refused',
    cancel: 'cancelled',
  },
  refused: { choose_dealer: 'submitted', lapse: 'cancelled', cancel: 'cancelled' },
  accepted: {
    reconfigure: 'accepted',
    cancel: 'cancelled',
    complete: 'completed',
    write_off: 'cancelled',
    forfeit: 'cancelled',
  },
  completed: {},
  cancelled: {},
} as const

export type CustomOrderState = StateOf<typeof CUSTOM_ORDER_TRANSITIONS>
export type CustomOrderVerb = VerbOf<typeof CUSTOM_ORDER_TRANSITIONS>

/** What the storefront may ask for, in the words of `allowed_actions`. */
export const CUSTOM_ORDER_ACTIONS = ['choose_dealer', 'reconfigure', 'cancel'] as const

/** What the storefront may ask for now: with a vehicle in the bank not what its freeze point forbids. */
export function customOrderActions(
  state: CustomOrderState,
  vehicle: { state: VehicleState; frozen: boolean } | null,
): (typeof CUSTOM_ORDER_ACTIONS)[number][] {
  return allowed(CUSTOM_ORDER_TRANSITIONS, state, CUSTOM_ORDER_ACTIONS).filter(
    (action) => action === 'choose_dealer' || vehicle === null || isOpenTo(action, vehicle),
  )
}

/** What the dealer who has it may do now: its word on it, and the handover once the vehicle is there. */
export const DEALER_ORDER_ACTIONS = ['accept', 'refuse', 'complete'] as const

export function dealerOrderActions(
  state: CustomOrderState,
  vehicle: VehicleState | null,
): (typeof DEALER_ORDER_ACTIONS)[number][] {
  const isThere = vehicle !== null && may(VEHICLE_TRANSITIONS, vehicle, 'deliver')
  return allowed(CUSTOM_ORDER_TRANSITIONS, state, DEALER_ORDER_ACTIONS).filter(
    (action) => action !== 'complete' || isThere,
  )
}

/** Who has to accept it. */
export const JUDGES = ['dealer', 'processor'] as const
export type Judge = (typeof JUDGES)[number]

/** Who has not said yes yet, to a custom order or a tag. */
export function undecided(order: { dealer_accepted: boolean; processor_reference: string | null }): Judge[] {
  return JUDGES.filter((judge) =>
    judge === 'dealer' ? !order.dealer_accepted : order.processor_reference === null,
  )
}

/**
 * What it waits for: the deposit to be authorised, before it is sent or once everybody has accepted (`deposit`, then it is cancelled), answers (`answer`, after the reminder `remind`, after operators know `escalate`, then silence counts as
 * a refusal), or the buyer's choice of another dealer (`choose`, then it is cancelled).
 */
export const CUSTOM_ORDER_DEADLINES = ['deposit', 'answer', 'remind', 'escalate', 'choose'] as const
export type CustomOrderDeadline = (typeof CUSTOM_ORDER_DEADLINES)[number]

/** How long the buyer may choose another dealer after a refusal: most authorisations of a deposit last for a week. */
export const CHOOSE_SECONDS = 4 * 86_400

/** How long the buyer may take to authorise the deposit, and to pay the balance once the vehicle has arrived. */
export const DEPOSIT_SECONDS = 3 * 86_400
export const BALANCE_SECONDS = 30 * 86_400

/** How often the balance is asked for: not paid by then it is for operators, who settle or forfeit the order. */
export const BALANCE_REQUESTS = 3

/** What is given back of a deposit: all of it, what is left after the fee, or nothing. */
export const REFUNDS = ['full', 'less_fee', 'deposit_kept'] as const
export type Refund = (typeof REFUNDS)[number]

/**
 * What holds for the money of an order, as it was when the order was made. Amounts are in minor units of `currency`. Until
 * the processor and the dealer have accepted, all of the deposit is given back.
 */
export type Terms = {
  currency: string
  deposit: number
  fee: number
  /** When the buyer cancels before the vehicle has a slot, and when it has one. */
  refund_banked: Refund
  refund_scheduled: Refund
}

/** What is asked of the buyer of something at this price: where the house asks for the deposit, never more than the price. */
export function termsAsked(
  { terms, takes_payment }: { terms: Terms | null; takes_payment: boolean },
  price: number,
): Terms | null {
  return terms && takes_payment ? { ...terms, deposit: Math.min(terms.deposit, price) } : terms
}

/** What is given back of what was paid when an order is cancelled while its vehicle is in that state; in minor units. */
export function refundOf(terms: Terms, paid: number, vehicle: VehicleState | null): number {
  const rule = vehicle === null ? 'full' : vehicle === 'banked' ? terms.refund_banked : terms.refund_scheduled
  if (rule === 'full') return paid
  return rule === 'less_fee' ? Math.max(paid - terms.fee, 0) : 0
}

/**
 * What the process of a custom order or tag has to do about its payments: the deposit that it waits for is authorised, it is
 * gone before everybody has accepted (let go of by the provider, or asked for again and not paid), or the balance has to be asked for.
 */
export type MoneyDue = 'deposit_authorised' | 'deposit_gone' | 'ask_balance'

/** What the gateway tells a dealer or the processor of an order: the `type` of the message is `custom_order.<word>`. */
export type GatewayWord = 'submitted' | 'reminded' | 'confirmed' | 'reconfigured' | 'cancelled' | 'withdrawn'

/** Why a partner has nothing more to do for a turn: who refused it, or whose silence counts as that. */
export type TurnEnd = Judge | 'silence'

/** How operators end what nobody can cancel any more: its vehicle was scrapped or lost, or its buyer does not pay the balance. */
export type WayOut = 'written_off' | 'not_paid'

/** Why an order was cancelled. */
export type CancelCause = 'asked' | 'no_dealer' | 'no_deposit' | WayOut

/**
 * What a message of the gateway was made for, kept with its event: a message that comes late says the same as the one that
 * came at once. Configurations never change, so the id of one says all of it.
 */
export type Turn = {
  message: GatewayWord
  dealer: string
  turn: number
  configuration: string
  vehicle: string | null
  /** ISO 8601; null when no answer is wanted. */
  answer_by: string | null
  /** Why it is withdrawn, or cancelled by operators; null in every other message. */
  because: TurnEnd | WayOut | null
}

/** A configuration as partners get it. Prices are in minor units of its currency. */
export type ConfigurationDocument = {
  model_year: string
  model_year_version: number
  features: ConfigurationPrice['features']
  base_price: number
  total_price: number
  currency: string
}

/** What the workflow of a custom order knows of its row. */
export type CustomOrderProgress = {
  number: string
  state: CustomOrderState
  version: number
  /** True while somebody is to be told of it; whoever read it has them told. */
  untold: boolean
  storefront: string
  dealer: string
  /** Of its vehicle: a change there is none of the order's row. */
  vehicle: { number: string; state: VehicleState; version: number } | null
  money_due: MoneyDue | null
  deadline_kind: CustomOrderDeadline | null
  deadline_at: string | null
}
