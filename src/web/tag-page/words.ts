import type { EventType } from '../../domain/event.ts'
import type { ToldEvent } from '../../store/event.ts'
import type { TagPage } from '../../store/tag-page.ts'

/** Where a tag stands that has ended. */
export const END_WORDS = {
  sold: 'You said that the vehicle is sold. There is nothing more to do.',
  cancelled: 'The buyer gave it up, and the vehicle is free again. There is nothing more to do.',
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
  const words = WORDS[event.type]
  if (!words) return null
  const isOurs = event.actor.startsWith('operator:') && BY_DEALERS.has(event.type)
  return isOurs ? `Our staff noted in your place: ${words}` : words
}

const WORDS: Partial<Record<EventType, string>> = {
  'tag.placed': 'A buyer tagged the vehicle.',
  'tag.sent': 'We asked you whether it is there.',
  'tag.reminded': 'We reminded you to answer.',
  'tag.escalated': 'You did not answer: our staff is trying to reach you.',
  'tag.confirmed': 'You said that it is there.',
  'tag.answer_repeated': 'You said again that it is there.',
  'tag.sold': 'You said that it is sold.',
  'tag.cancelled': 'The buyer gave it up.',
  'tag.delivered': 'You handed it over.',
}

const BY_DEALERS: ReadonlySet<EventType> = new Set([
  'tag.confirmed',
  'tag.answer_repeated',
  'tag.sold',
  'tag.delivered',
])
