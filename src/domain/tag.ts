import type { Judge, MoneyDue } from './custom-order.ts'
import type { StateOf, VerbOf } from './states.ts'
import type { VehicleState } from './vehicle.ts'

/**
 * A tag: a buyer's claim on a vehicle of a dealer's stock, which nobody else can have from then on. Once a deposit is
 * authorised, if one is taken, the dealer is asked whether the vehicle is there, and the order processor about the tag; it
 * is pending until both have said yes. Where the processor refuses it, or one of them stays silent for too long, the tag
 * ends and the vehicle is free; told that it is sold, or once it is written off, the tag ends without it (REQUIREMENTS B8, B11).
 */
export const TAG_TRANSITIONS = {
  placed: { place: ['awaiting_deposit', 'pending'] },
  awaiting_deposit: {
    pay_deposit: 'pending',
    lapse: 'cancelled',
    report_sold: 'sold',
    cancel: 'cancelled',
    write_off: 'cancelled',
  },
  pending: {
    confirm: ['pending', 'confirmed'],
    accept: ['pending', 'confirmed'],
    refuse: 'refused',
    report_sold: 'sold',
    cancel: 'cancelled',
    write_off: 'cancelled',
    remind: 'pending',
    escalate: 'pending',
    lapse: 'refused',
  },
  confirmed: {
    confirm: 'confirmed',
    accept: 'confirmed',
    report_sold: 'sold',
    hand_over: 'delivered',
    cancel: 'cancelled',
    write_off: 'cancelled',
  },
  sold: {},
  refused: {},
  cancelled: {},
  delivered: {},
} as const

export type TagState = StateOf<typeof TAG_TRANSITIONS>
export type TagVerb = VerbOf<typeof TAG_TRANSITIONS>

/** What partners may do: the buyer cancels until the handover, the rest is the dealer's. */
export const TAG_ACTIONS = ['confirm', 'report_sold', 'hand_over', 'cancel'] as const

/** What a dealer can say of the vehicle. */
export const TAG_ANSWERS = ['there', 'sold'] as const
export type TagAnswer = (typeof TAG_ANSWERS)[number]

/** What the order processor can say of the tag. */
export type TagVerdict = 'accepted' | 'refused'

/** What the dealer's word asks for. */
export const ANSWER_VERBS = { there: 'confirm', sold: 'report_sold' } as const satisfies Record<
  TagAnswer,
  TagVerb
>

/**
 * What it waits for: the deposit to be authorised (`deposit`, then it is cancelled), answers (`answer`, after the reminder
 * `remind`, after operators know `escalate`, then silence counts as a refusal).
 */
export const TAG_DEADLINES = ['deposit', 'answer', 'remind', 'escalate'] as const
export type TagDeadline = (typeof TAG_DEADLINES)[number]

/** What the gateway tells the order processor of a tag: the `type` of the message is `tag.<word>`. */
export type TagWord = 'submitted' | 'reminded' | 'confirmed' | 'withdrawn' | 'cancelled'

/**
 * What such a message was made for, kept with its event, so that one that comes late says the same; all else about a tag
 * never changes. `answer_by` is ISO 8601; null when no answer is wanted.
 */
export type ToldTag = { message: TagWord; answer_by: string | null }

/** What the workflow of a tag knows of its row. */
export type TagProgress = {
  number: string
  state: TagState
  version: number
  /** True while somebody is to be told of it; whoever read it has them told. */
  untold: boolean
  dealer: string
  /** Who has not said yes yet. */
  waits_for: Judge[]
  /** The state of its vehicle: a change there is none of the tag's row. */
  vehicle: VehicleState
  money_due: MoneyDue | null
  deadline_kind: TagDeadline | null
  deadline_at: string | null
}
