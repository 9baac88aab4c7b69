import type { StateOf, VerbOf } from './states.ts'

/**
 * A tag: a buyer's claim on a vehicle of a dealer's stock. It is pending until the dealer says that the vehicle is there;
 * told that it is sold, it ends. A dealer that stays silent is reminded and then shown to operators (REQUIREMENTS B8, B11).
 */
export const TAG_TRANSITIONS = {
  pending: {
    confirm: 'confirmed',
    report_sold: 'sold',
    cancel: 'cancelled',
    remind: 'pending',
    escalate: 'pending',
  },
  confirmed: { confirm: 'confirmed', report_sold: 'sold', hand_over: 'delivered', cancel: 'cancelled' },
  sold: {},
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

/** What the dealer's word asks for. */
export const ANSWER_VERBS = { there: 'confirm', sold: 'report_sold' } as const satisfies Record<
  TagAnswer,
  TagVerb
>

/** What a pending tag waits for: the dealer's word (`answer`), and after the reminder still that (`remind`). */
export const TAG_DEADLINES = ['answer', 'remind'] as const
export type TagDeadline = (typeof TAG_DEADLINES)[number]

/** What the workflow of a tag knows of its row. */
export type TagProgress = {
  number: string
  state: TagState
  version: number
  /** True while somebody is to be told of it; whoever read it has them told. */
  untold: boolean
  dealer: string
  deadline_kind: TagDeadline | null
  deadline_at: string | null
}
