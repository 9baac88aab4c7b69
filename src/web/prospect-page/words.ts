import type { EventType } from '../../domain/event.ts'
import type { LeadEnd, LeadStatus } from '../../domain/lead.ts'
import type { ToldEvent } from '../../store/event.ts'
import type { ProspectPage } from '../../store/prospect-page.ts'
import { moment } from '../format.ts'

/** What the page says after something was done. */
export const DONE = {
  agreement: 'Thank you. Another dealer gets your enquiry should this one not answer.',
  cancellation: 'Your enquiry is withdrawn. The dealer was told.',
} as const
export type Done = keyof typeof DONE

/** A dealer's word, as the prospect is told of it. */
const STATUS_WORDS: Record<LeadStatus, (dealer: string) => string> = {
  received: (dealer) => `${dealer} has your enquiry and will get in touch with you.`,
  contacted: (dealer) => `${dealer} is in touch with you.`,
  appointment: (dealer) => `You have an appointment with ${dealer}.`,
  test_drive: (dealer) => `You have a test drive with ${dealer}.`,
  quoted: (dealer) => `${dealer} named you a price.`,
  sold: (dealer) => `You bought from ${dealer}.`,
  lost: (dealer) => `${dealer} closed your enquiry.`,
}

/** Why an enquiry came to nothing. */
const END_WORDS: Record<LeadEnd, (dealer: string) => string> = {
  bought_elsewhere: (dealer) => `${dealer} understood that you bought elsewhere.`,
  not_interested: (dealer) => `${dealer} understood that you are not interested any more.`,
  unreachable: (dealer) => `${dealer} could not reach you.`,
  too_expensive: (dealer) => `You and ${dealer} did not agree on a price.`,
  not_available: (dealer) => `${dealer} does not have the vehicle.`,
  duplicate: (dealer) => `${dealer} had an enquiry of yours already.`,
  other: (dealer) => `${dealer} closed your enquiry.`,
  no_answer: () => 'Nobody answered, and we closed it. We are sorry.',
  cancelled: () => 'You withdrew it.',
  closed: () => 'We closed it. We are sorry that it came to nothing.',
}

/** Where the enquiry stands now, in a sentence or two. */
export function standingWords({ lead, dealers }: ProspectPage): string {
  const dealer = dealers.get(lead.dealer ?? '') ?? ''
  switch (lead.state) {
    case 'sent':
      return `Your enquiry is with ${dealer}, who will get in touch with you.`
    case 'working':
    case 'sold':
      return STATUS_WORDS[lead.status ?? 'received'](dealer)
    case 'escalated':
      return lead.deadline?.kind === 'close' && lead.another_dealer
        ? `${dealer} did not answer so far, and we found no other dealer near you. We keep trying to reach them.`
        : `${dealer} did not answer so far. We are trying to reach them.`
    case 'lost':
      return END_WORDS[lead.lost_reason ?? 'other'](dealer)
  }
}

/** What happened, in the prospect's words; null for what is only the machinery's. */
export function eventWords(event: ToldEvent, page: ProspectPage): string | null {
  const { details } = event
  const dealer = page.dealers.get(String(details.dealer)) ?? 'the dealer'
  return WORDS[event.type]?.(dealer, event, page) ?? null
}

type Words = (dealer: string, event: ToldEvent, page: ProspectPage) => string | null
const WORDS: Partial<Record<EventType, Words>> = {
  'lead.received': () => 'We received your enquiry.',
  'lead.sent': (dealer) => `It went to ${dealer}.`,
  'lead.status_given': (dealer, { details }, { time_zone }) => {
    const { status, takes_place_at } = details as { status: LeadStatus; takes_place_at?: string | null }
    const when = takes_place_at ? ` It is on ${moment(takes_place_at, time_zone)}.` : ''
    return STATUS_WORDS[status](dealer) + when
  },
  'lead.late_status': (dealer) => `${dealer} answered when it was too late for that to change anything.`,
  'lead.status_requested': (dealer) => `We asked ${dealer} how it is going.`,
  'lead.reminded': (dealer) => `We reminded ${dealer} to answer.`,
  'lead.escalated': (dealer) => `${dealer} did not answer: our staff is trying to reach them.`,
  'lead.agreed': () => 'You agreed that another dealer may have it.',
  'lead.withdrawn': (dealer) => `We took it back from ${dealer}.`,
  'lead.unanswered': () => 'We told you that nobody answered so far.',
  'lead.cancelled': () => 'You withdrew it.',
  'lead.closed': () => 'We closed it.',
}
