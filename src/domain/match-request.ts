import type { StateOf, VerbOf } from './states.ts'

/**
 * A match request: a buyer waits for a vehicle that is none of those which can be had. One that becomes free is offered to
 * the oldest request that it fits, for a time that is stated; nobody else can have it meanwhile (REQUIREMENTS B8, B11).
 */
export const MATCH_REQUEST_TRANSITIONS = {
  waiting: { offer: 'offered', cancel: 'cancelled', expire: 'expired' },
  offered: {
    accept: 'accepted',
    decline: ['waiting', 'expired'],
    lapse: ['waiting', 'expired'],
    take_back: ['waiting', 'expired'],
    cancel: 'cancelled',
  },
  accepted: {},
  cancelled: {},
  expired: {},
} as const

export type MatchRequestState = StateOf<typeof MATCH_REQUEST_TRANSITIONS>
export type MatchRequestVerb = VerbOf<typeof MATCH_REQUEST_TRANSITIONS>

/** What a buyer may do. */
export const MATCH_REQUEST_ACTIONS = ['accept', 'decline', 'cancel'] as const

/** What runs: the time for which a vehicle is offered, else the time for which the request is valid. */
export const MATCH_REQUEST_DEADLINES = ['validity', 'offer'] as const
export type MatchRequestDeadline = (typeof MATCH_REQUEST_DEADLINES)[number]

/** What the workflow of a match request knows of its row. */
export type MatchRequestProgress = {
  number: string
  state: MatchRequestState
  version: number
  /** True while somebody is to be told of it; whoever read it has them told. */
  untold: boolean
  storefront: string
  deadline_kind: MatchRequestDeadline | null
  deadline_at: string | null
}
