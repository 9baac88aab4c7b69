import type { EventType } from '../../domain/event.ts'
import type { ToldEvent } from '../../store/event.ts'
import type { TagPage } from '../../store/tag-page.ts'

/** Where a tag stands of which the dealer has nothing to say, or no more. */
export const REST_WORDS = {
  placed: 'The tag is just coming in.',
  awaiting_deposit: 'The buyer has not paid the deposit yet. You are asked once it is paid.',
  refused: 'It came to nothing, and the vehicle is free again. There is nothing more to do.',
  sold: 'You said that the vehicle is sold. There is nothing more to do.',
  cancelled: 'It is cancelled. There is nothing more to do.',
  delivered: 'The buyer has the vehicle.',
} as const

export function isOver({ tag }: TagPage): boolean {
  return tag.ended_at !== null
}

/** What happened since the page was shown at that version. */
export function wordsSince({ events }: TagPage, version: number): string[] {
  return events.filter(({ sequence }) => sequence > version).flatMap((event) => eventWords(event) ?? [])
}

/** What happened, in words for the dealer; null for what is only the machinery's. */
export function eventWords(event: ToldEvent): string | null {
  const words = isWrittenOff(event) ? 'The vehicle cannot be delivered.' : WORDS[event.type]
  if (!words) return null
  const isOurs = event.actor.startsWith('operator:') && BY_DEALERS.has(event.type)
  return isOurs ? `Our staff noted in your place: ${words}` : words
}

const WORDS: Partial<Record<EventType, string>> = {
  'tag.placed': 'A buyer tagged the vehicle.',
  'tag.sent': 'We asked you whether it is there.',
  'tag.reminded': 'We reminded you to answer.',
  'tag.escalated': 'You did not answer: our staff is trying to reach you.',
  'tag.dealer_accepted': 'You said that it is there.',
  'tag.processor_accepted': 'The order processor accepted the tag.',
  'tag.confirmed': 'The tag is confirmed: the vehicle is to be kept for the buyer.',
  'tag.balance_requested': 'The buyer was asked for the balance.',
  'tag.balance_overdue': 'The balance was not paid in time.',
  'tag.balance_settled': 'The balance was recorded as settled with you.',
  'tag.answer_repeated': 'It was said again.',
  'tag.refused':
    'It came to nothing: the order processor refused the tag, or somebody did not answer in time.',
  'tag.sold': 'You said that it is sold.',
  'tag.cancelled': 'The buyer gave it up.',
  'tag.delivered': 'You handed it over.',
}

function isWrittenOff({ type, details }: ToldEvent): boolean {
  return type === 'tag.cancelled' && details.because === 'written_off'
}

const BY_DEALERS: ReadonlySet<EventType> = new Set(['tag.dealer_accepted', 'tag.sold', 'tag.delivered'])
