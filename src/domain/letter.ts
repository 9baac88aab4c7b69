import type { CustomerEvent } from './event.ts'
import { moneyInWords } from './money.ts'
import { inWords } from './period.ts'

/** What a letter to a customer is made of, beside the event itself. */
export type LetterFacts = {
  order: string
  storefront: string
  customer: string
  /** IANA zone in which times are stated. */
  time_zone: string
  lines: {
    line: number
    sku: string
    name: string
    ordered: number
    available: number | null
    shortfall: number | null
    state: string
    expected_at: string | null
    wait_seconds: number | null
    back_order: string | null
  }[]
  back_order: {
    number: string
    item: string
    sku: string
    ordered: number
    price_minor: number
    currency: string
  } | null
  delivery: { number: string; tracking: string | null } | null
}

/** A letter in plain words: a subject, paragraphs, and what the link to the order's page is called. */
export type Letter = { subject: string; paragraphs: string[]; action: string }

/** The members of events' details that letters speak of. */
type Details = {
  deadline_at?: string
  kind?: string
  deadline_kind?: string
  promised_at?: string
  before?: string
  deliver_on?: string | null
  is_met?: boolean
}

/** The words for each event that customers are told of (REQUIREMENTS A2, A7): what happened, what they can do, until when. */
export function letterFor(type: CustomerEvent, details: Details, facts: LetterFacts): Letter {
  const time = (value: unknown) => inZone(value, facts.time_zone)
  const item = facts.back_order ? `${facts.back_order.ordered} × ${facts.back_order.item}` : ''
  const number = facts.back_order?.number ?? facts.delivery?.number ?? facts.order
  const look = 'See your order'
  switch (type) {
    case 'order.placed':
      return {
        subject: `Order ${facts.order}: everything is there`,
        paragraphs: ['We have everything you ordered and are handing it to the carrier:', ...list(facts)],
        action: look,
      }
    case 'order.offered':
      return {
        subject: `Order ${facts.order}: some items are not in stock`,
        paragraphs: [
          'Not everything you ordered is there at the moment:',
          ...facts.lines.map((line) => offerLine(line, time)),
          `Please tell us until ${time(details.deadline_at)} whether we may back-order what is missing. Without your yes nothing is back-ordered, and what we are holding of those items is released.`,
        ],
        action: 'Choose what we shall do',
      }
    case 'order.answered':
      return {
        subject: `Order ${facts.order}: thank you for your answer`,
        paragraphs: ['This is how it goes on:', ...list(facts), 'We tell you as soon as something arrives.'],
        action: look,
      }
    case 'order.deadline_changed':
      return {
        subject: `Order ${facts.order}: the offer now stands until ${time(details.deadline_at)}`,
        paragraphs: [`The offer on the missing items now stands until ${time(details.deadline_at)}.`],
        action: 'Choose what we shall do',
      }
    case 'order.offer_expired':
      return {
        subject: `Order ${facts.order}: the offer has ended`,
        paragraphs: [
          'We had no answer about the missing items, so they are not back-ordered. This is how it goes on:',
          ...list(facts),
        ],
        action: look,
      }
    case 'order.cancelled':
      return {
        subject: `Order ${facts.order} is cancelled`,
        paragraphs: ['Your order is cancelled. Back orders that you accepted before are not affected.'],
        action: look,
      }
    case 'back_order.met':
      return {
        subject: `Back order ${number}: your goods are here`,
        paragraphs: [
          `${item} is set aside for you.`,
          `Please tell us until ${time(details.deadline_at)} where to deliver it. After that it goes to the next in line.`,
        ],
        action: 'Request delivery',
      }
    case 'back_order.lowered':
      return {
        subject: `Back order ${number}: now ${item}`,
        paragraphs: details.is_met
          ? [
              `Your back order is now for ${item}, and all of it is set aside for you.`,
              `Please tell us until ${time(details.deadline_at)} where to deliver it. After that it goes to the next in line.`,
            ]
          : [`Your back order is now for ${item}. Your place in the queue is unchanged.`],
        action: look,
      }
    case 'back_order.deadline_changed':
      return {
        subject: `Back order ${number}: new deadline`,
        paragraphs: [`${capital(clock(details.kind))} now until ${time(details.deadline_at)}.`],
        action: look,
      }
    case 'back_order.delayed':
      return {
        subject: `Back order ${number}: it will take longer`,
        paragraphs: [
          `We now expect ${item} on ${day(details.promised_at, facts.time_zone)}; we had told you ${day(details.before, facts.time_zone)}.`,
          'You may go on waiting, or cancel at any time.',
        ],
        action: 'Go on waiting or cancel',
      }
    case 'back_order.unsourced':
      return {
        subject: `Back order ${number}: no supplier can deliver at present`,
        paragraphs: [
          `None of our suppliers can deliver ${item} at present. We keep looking, and your place in the queue stays.`,
          'You may go on waiting, or cancel at any time.',
        ],
        action: 'Go on waiting or cancel',
      }
    case 'back_order.taken_back':
      return {
        subject: `Back order ${number}: we have to ask for more patience`,
        paragraphs: [
          `A count found fewer units than we thought, and ${item} is not complete any more. You are back at your old place in the queue, until ${time(details.deadline_at)}.`,
          'We are sorry. We tell you as soon as it is there again.',
        ],
        action: look,
      }
    case 'back_order.delivery_requested':
      return {
        subject: `Back order ${number}: please confirm the delivery`,
        paragraphs: [
          `You asked us to deliver ${item}${details.deliver_on ? ` on ${details.deliver_on}` : ''}, at ${price(facts)} each. The address is on the page behind the link.`,
          `Please confirm until ${time(details.deadline_at)}. Without your confirmation it goes to the next in line.`,
        ],
        action: 'Confirm or decline',
      }
    case 'back_order.declined':
      return {
        subject: `Back order ${number} is declined`,
        paragraphs: [`You declined the delivery of ${item}. It went to the next in line.`],
        action: look,
      }
    case 'back_order.cancelled':
      return {
        subject: `Back order ${number} is cancelled`,
        paragraphs: [`Your back order for ${item} is cancelled.`],
        action: look,
      }
    case 'back_order.expired':
      return {
        subject: `Back order ${number} has ended`,
        paragraphs: [
          `The time during which ${clock(details.deadline_kind)} is over, so this back order for ${item} has ended.`,
        ],
        action: look,
      }
    case 'delivery.planned':
      return {
        subject: `Delivery ${number} is being prepared`,
        paragraphs: ['Thank you. Your goods are being handed to the carrier.'],
        action: look,
      }
    case 'delivery.dispatched':
      return {
        subject: `Delivery ${number} is on its way`,
        paragraphs: [
          `The carrier has your parcel${facts.delivery?.tracking ? `: ${facts.delivery.tracking}` : ''}.`,
        ],
        action: look,
      }
    case 'delivery.delivered':
      return {
        subject: `Delivery ${number} has arrived`,
        paragraphs: ['The carrier tells us that your parcel was delivered. Thank you for your order.'],
        action: look,
      }
    case 'delivery.failed':
      return {
        subject: `Delivery ${number} could not be made`,
        paragraphs: [
          'The carrier could not deliver your parcel. We look into it and tell you how it goes on.',
        ],
        action: look,
      }
    case 'delivery.retried':
      return {
        subject: `Delivery ${number} is tried again`,
        paragraphs: ['We hand your parcel to the carrier once more.'],
        action: look,
      }
    case 'delivery.cancelled':
      return {
        subject: `Delivery ${number} is cancelled`,
        paragraphs: ['The delivery is cancelled before it left us.'],
        action: look,
      }
    case 'delivery.returned':
      return {
        subject: `Delivery ${number}: the goods are back with us`,
        paragraphs: ['The parcel could not be delivered and is back with us. This delivery has ended.'],
        action: look,
      }
  }
}

/** What runs until a deadline, as customers would say it. */
function clock(kind: string | undefined): string {
  const words: Record<string, string> = {
    wait: 'we wait for the goods',
    hold: 'we hold the goods for you',
    confirm: 'we wait for your confirmation',
  }
  return words[kind ?? ''] ?? 'it stands'
}

const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1)

function list(facts: LetterFacts): string[] {
  const words: Record<string, string> = {
    met: 'on its way to you',
    short: 'waiting for your answer',
    taken: 'what is there is on its way to you; the rest is dropped',
    declined: 'declined',
    expired: 'not back-ordered',
    cancelled: 'cancelled',
  }
  return facts.lines.map((line) => {
    const how =
      line.state === 'back_ordered' ? `back-ordered as ${line.back_order}` : (words[line.state] ?? line.state)
    return `${line.ordered} × ${line.name}: ${how}`
  })
}

function offerLine(line: LetterFacts['lines'][number], time: (value: unknown) => string): string {
  if (!line.shortfall) return `${line.ordered} × ${line.name}: all there.`
  const expected = line.expected_at ? `, expected ${time(line.expected_at)}` : ''
  const wait = line.wait_seconds ? `; unless you say otherwise we wait ${inWords(line.wait_seconds)}` : ''
  return `${line.ordered} × ${line.name}: ${line.available} there, ${line.shortfall} missing${expected}${wait}.`
}

/** A time as letters write it, in the reader's zone. */
export function inZone(value: unknown, timeZone: string): string {
  return new Date(String(value)).toLocaleString('en-GB', { timeZone, dateStyle: 'long', timeStyle: 'long' })
}

function day(value: unknown, timeZone: string): string {
  return new Date(String(value)).toLocaleDateString('en-GB', { timeZone, dateStyle: 'long' })
}

function price(facts: LetterFacts): string {
  const { price_minor = 0, currency = 'EUR' } = facts.back_order ?? {}
  return moneyInWords(price_minor, currency)
}
