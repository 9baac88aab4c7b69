import { moneyInWords } from './money.ts'
import type { StateOf, VerbOf } from './states.ts'

/**
 * A lead: a prospect's wish, sent to one dealer, who answers with a status now and then. A dealer that stays silent is
 * reminded and then shown to operators (`escalated`); after that the lead goes to another dealer if the prospect agreed
 * (REQUIREMENTS B9).
 */
export const LEAD_TRANSITIONS = {
  sent: {
    give_status: ['working', 'sold', 'lost'],
    agree: 'sent',
    cancel: 'lost',
    remind: 'sent',
    escalate: 'escalated',
    hand_over: 'sent',
    close: 'lost',
  },
  working: {
    give_status: ['working', 'sold', 'lost'],
    agree: 'working',
    cancel: 'lost',
    request_status: 'working',
    remind: 'working',
    escalate: 'escalated',
    hand_over: 'sent',
    close: 'lost',
  },
  escalated: {
    give_status: ['working', 'sold', 'lost'],
    agree: ['escalated', 'sent'],
    cancel: 'lost',
    pass_on: 'sent',
    leave_unanswered: 'escalated',
    hand_over: 'sent',
    close: 'lost',
  },
  sold: {},
  lost: {},
} as const

export type LeadState = StateOf<typeof LEAD_TRANSITIONS>
export type LeadVerb = VerbOf<typeof LEAD_TRANSITIONS>

/**
 * What partners may do: the dealer gives a status; the prospect, or the storefront for them, agrees to another dealer or
 * cancels the wish.
 */
export const LEAD_ACTIONS = ['give_status', 'agree', 'cancel'] as const

/** What operators may do: the same for the prospect, give the lead to another dealer by name, or close it. */
export const OPERATOR_LEAD_ACTIONS = ['agree', 'cancel', 'hand_over', 'close'] as const

/** What a dealer can say. */
export const LEAD_STATUSES = [
  'received',
  'contacted',
  'appointment',
  'test_drive',
  'quoted',
  'sold',
  'lost',
] as const
export type LeadStatus = (typeof LEAD_STATUSES)[number]

/** Why a dealer lost a lead. */
export const LOST_REASONS = [
  'bought_elsewhere',
  'not_interested',
  'unreachable',
  'too_expensive',
  'not_available',
  'duplicate',
  'other',
] as const
export type LostReason = (typeof LOST_REASONS)[number]

/**
 * Why a lead ended without a sale: the dealer's word, nothing heard for too long, the prospect's wish, or an operator's
 * decision.
 */
export const LEAD_ENDS = [...LOST_REASONS, 'no_answer', 'cancelled', 'closed'] as const
export type LeadEnd = (typeof LEAD_ENDS)[number]

/** Why a lead is taken from its dealer: it stayed silent, an operator chose another one, or the lead has ended. */
export type WithdrawalReason = 'silent' | 'handed_over' | 'cancelled' | 'closed'

/** What a status of the dealer makes of the lead. */
export function stateAfter(status: LeadStatus): LeadState {
  return status === 'sold' || status === 'lost' ? status : 'working'
}

/**
 * What a lead waits for, one at a time: the dealer's word on the lead or on a status request (`acknowledge`, after the
 * reminder `remind`), operators' help (`escalate`), the time to ask for the status (`status`), or, once the prospect was
 * told that nobody answers, its end (`close`).
 */
export const LEAD_DEADLINES = ['acknowledge', 'remind', 'escalate', 'status', 'close'] as const
export type LeadDeadline = (typeof LEAD_DEADLINES)[number]

/** What is done when a deadline comes, and what is waited for after it. */
export const LEAD_STEPS = {
  acknowledge: { verb: 'remind', state: null, next: 'remind', event: 'lead.reminded' },
  remind: { verb: 'escalate', state: 'escalated', next: 'escalate', event: 'lead.escalated' },
  status: { verb: 'request_status', state: null, next: 'acknowledge', event: 'lead.status_requested' },
} as const

/** A vehicle as somebody describes it: free text, no row of anything. */
export type Vehicle = {
  make?: string | undefined
  model?: string | undefined
  year?: number | undefined
  trim?: string | undefined
  /** The dealer's stock number. */
  stock?: string | undefined
  options?: string[] | undefined
}

/** What the prospect wants to pay, in minor units of an ISO 4217 currency. */
export type PriceRange = { min?: number | undefined; max?: number | undefined; currency: string }

/** A lead as it is told to a dealer. `created_at` is ISO 8601 in UTC. */
export type LeadDocument = {
  number: string
  created_at: string
  prospect: { name: string; email: string; phone: string | null }
  vehicle: Vehicle
  price: PriceRange | null
  trade_in: Vehicle | null
  comments: string | null
  dealer: { id: string; name: string }
  storefront: { id: string; name: string; email: string }
}

/** A vehicle in words: "2026 Toyota RAV4 Hybrid". */
export function vehicleWords({ year, make, model, trim }: Vehicle): string {
  const words = [year, make, model, trim].filter((word) => word !== undefined)
  return words.length > 0 ? words.join(' ') : 'a vehicle'
}

/** A price range in words: "20,000.00 to 25,000.00 EUR". */
export function priceWords({ min, max, currency }: PriceRange): string {
  const amount = (minor: number) => moneyInWords(minor, currency, 'code')
  if (min === undefined) return `up to ${amount(max ?? 0)}`
  return max === undefined ? `from ${amount(min)}` : `${amount(min)} to ${amount(max)}`
}

/** What the workflow of a lead knows of its row. */
export type LeadProgress = {
  number: string
  state: LeadState
  version: number
  /** True while somebody is to be told of it; whoever read it has them told. */
  untold: boolean
  dealer: string
  deadline_kind: LeadDeadline | null
  deadline_at: string | null
}

/** A make as its code: "Mercedes-Benz" and "mercedes benz" are one. */
export function makeCode(make: string): string {
  return (
    make
      .toLowerCase()
      .normalize('NFD')
      // The accents, which now stand by themselves.
      .replace(/\p{M}/gu, '')
      .replace(/[^a-z0-9]+/g, ' ')
      .trim()
      .replaceAll(' ', '-')
  )
}
