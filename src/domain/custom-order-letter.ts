import type { CancelCause, GatewayWord, Terms, Turn } from './custom-order.ts'
import type { BuyerEvent } from './event.ts'
import type { PlainLetter } from './lead-letter.ts'
import { moneyInWords } from './money.ts'

/** What a letter to a buyer is made of, beside the event itself. Amounts are in minor units. */
export type BuyerFacts = {
  /** Of the custom order or tag. */
  number: string
  storefront: string
  dealer: string
  /** The vehicle in words: "Tarn Heron 2027". */
  vehicle: string
  price: number
  currency: string
  terms: Terms | null
  /** Whether the house asks for the deposit, before anybody is asked about the order. */
  takes_deposit: boolean
}

type Details = {
  by?: 'dealer' | 'processor' | 'silence'
  because?: CancelCause
  deadline_at?: string
  charged?: number
  refund?: number
  given_back?: number
  keeps_place?: boolean
  /** Where it was scheduled: the first day of the period (YYYY-MM-DD). */
  starts_on?: string
  /** Until when that can be changed, and whether that time is over. */
  freezes_at?: string
  is_frozen?: boolean
}

/** The words for each event that the buyer of a vehicle is told of (REQUIREMENTS B4, B7). */
export function buyerLetter(
  type: Extract<BuyerEvent, `${'custom_order' | 'vehicle'}.${string}`>,
  details: Details,
  note: string | null,
  facts: BuyerFacts,
): PlainLetter {
  const { number, storefront, dealer, vehicle, price, currency } = facts
  const subject = (words: string) => `Order ${number}: ${words}`
  switch (type) {
    case 'custom_order.received':
      return {
        subject: subject('we have it'),
        paragraphs: [
          `Thank you for ordering ${vehicle} for ${moneyInWords(price, currency)}.`,
          facts.takes_deposit
            ? `We ask you for the deposit in a mail of its own. Once it is held we ask ${dealer} and the manufacturer to accept your order. You get the confirmation, and the deposit is charged, once both have; if it is not paid in time, the order is cancelled.`
            : `${dealer} and the manufacturer are checking it. You get the confirmation once both have accepted it.`,
        ],
      }
    case 'custom_order.refused':
      return {
        subject: subject('not accepted'),
        paragraphs: [
          details.by === 'silence'
            ? `We had no answer about your ${vehicle} in time. We are sorry.`
            : `${details.by === 'dealer' ? dealer : 'The manufacturer'} did not accept your ${vehicle}. We are sorry.`,
          ...(note ? [`The reasons: ${note}.`] : []),
          `You can choose another dealer until ${details.deadline_at}. Otherwise the order is cancelled then, and what you paid is given back in full.`,
        ],
      }
    case 'custom_order.confirmed':
      return {
        subject: subject('confirmed'),
        paragraphs: [
          `${dealer} and the manufacturer have accepted your ${vehicle} for ${moneyInWords(price, currency)}. It is in the order bank and will be scheduled for production.`,
          ...termsInWords(facts.terms),
          'You can change or cancel it until its production is frozen, and until which day that is we tell you as soon as it is scheduled.',
        ],
      }
    case 'custom_order.reconfigured':
      return {
        subject: subject('changed and confirmed'),
        paragraphs: [
          `Your ${vehicle} is changed as you wished. It now costs ${moneyInWords(price, currency)}.`,
          ...(details.refund
            ? [
                `Your deposit was more than that: you are given back ${moneyInWords(details.refund, currency)}.`,
              ]
            : []),
          details.keeps_place
            ? 'It keeps its place in the queue.'
            : 'It is built on another line, and queues there from today.',
        ],
      }
    case 'custom_order.cancelled':
      return {
        subject: subject('cancelled'),
        paragraphs: [
          {
            asked: `Your order of ${vehicle} is cancelled.`,
            no_dealer: `No other dealer was chosen for your ${vehicle}, and the order is cancelled.`,
            no_deposit: `The deposit for your ${vehicle} was not paid in time, and the order is cancelled.`,
            not_paid: `The balance for your ${vehicle} was not paid, and the order is cancelled. ${dealer} may sell the vehicle to somebody else.`,
            written_off: `We are sorry: your ${vehicle} cannot be delivered, and the order is cancelled.`,
          }[details.because ?? 'asked'],
          ...refundInWords(details, currency),
        ],
      }
    case 'vehicle.scheduled':
    case 'vehicle.rescheduled':
      return {
        subject: subject(type === 'vehicle.scheduled' ? 'scheduled' : 'scheduled anew'),
        paragraphs: [
          `Your ${vehicle} is scheduled to be built${details.starts_on ? ` from ${details.starts_on} on` : ''}.`,
          ...(details.freezes_at
            ? [
                details.is_frozen
                  ? `Its production is frozen since ${details.freezes_at}: it can no longer be changed or cancelled.`
                  : `Until ${details.freezes_at} you can change or cancel it; from then on its production is frozen.`,
              ]
            : []),
        ],
      }
    case 'vehicle.unscheduled':
      return {
        subject: subject('waits for another slot'),
        paragraphs: [
          `Your ${vehicle} lost its slot in production and keeps its place in the queue. We tell you as soon as it has another one.`,
        ],
      }
    case 'vehicle.in_production':
      return { subject: subject('in production'), paragraphs: [`Your ${vehicle} is being built.`] }
    case 'vehicle.vin_assigned':
      return {
        subject: subject('has its vehicle number'),
        paragraphs: [
          `Your ${vehicle} has its vehicle identification number. ${storefront} can tell it to you.`,
        ],
      }
    case 'vehicle.built':
      return { subject: subject('built'), paragraphs: [`Your ${vehicle} has left the line.`] }
    case 'vehicle.shipped':
      return { subject: subject('on its way'), paragraphs: [`Your ${vehicle} is on its way to ${dealer}.`] }
    case 'vehicle.at_dealer':
      return {
        subject: subject('has arrived'),
        paragraphs: [`Your ${vehicle} is at ${dealer}, who will get in touch with you about the handover.`],
      }
    case 'vehicle.delivered':
      return {
        subject: subject('handed over'),
        paragraphs: [`Your ${vehicle} was handed over to you. Have a good journey!`],
      }
  }
}

/** What becomes of the money of an order that comes to nothing. `given_back`: by operators, before that. Minor units. */
export function refundInWords(
  { charged, refund, given_back: before = 0 }: Partial<Record<'charged' | 'refund' | 'given_back', number>>,
  currency: string | undefined,
): string[] {
  if (charged === undefined || refund === undefined || currency === undefined) return []
  if (charged === 0) return ['Nothing was charged.']
  if (before >= charged)
    return [`You were given back all that you paid, ${moneyInWords(before, currency)}, before.`]
  return [
    ...(before > 0 ? [`You were given back ${moneyInWords(before, currency)} before.`] : []),
    refund === 0
      ? `By the terms of the order nothing ${before > 0 ? 'more ' : ''}of the deposit is given back.`
      : `You are given back ${moneyInWords(refund, currency)}.`,
  ]
}

/** How much of a deposit is given back, within a sentence. */
export const REFUND_WORDS = {
  full: 'in full',
  less_fee: 'less the fee',
  deposit_kept: 'not at all',
}

/** What the terms take, in a sentence. */
export function depositInWords({ deposit, fee, currency }: Terms): string {
  return `The deposit is ${moneyInWords(deposit, currency)}, the fee for a cancellation ${moneyInWords(fee, currency)}.`
}

function termsInWords(terms: Terms | null): string[] {
  if (!terms || terms.deposit === 0) return ['No deposit is taken.']
  const { refund_banked, refund_scheduled } = terms
  return [
    `${depositInWords(terms)} Should you cancel, the deposit is given back ${REFUND_WORDS[refund_banked]} until production is scheduled, and ${REFUND_WORDS[refund_scheduled]} after that.`,
  ]
}

/** The words for each message about an order that a dealer gets by mail. */
export function dealerOrderLetter(
  message: GatewayWord,
  told: { number: string; vehicle: string; answer_by: string | null; because: Turn['because'] },
): PlainLetter {
  const { number, vehicle, answer_by, because } = told
  const about = `It is about a ${vehicle}.`
  const until = answer_by === null ? [] : [`Please accept or refuse it until ${answer_by}.`]
  switch (message) {
    case 'submitted':
      return { subject: `Order ${number}: ${vehicle}`, paragraphs: [about, ...until] }
    case 'reminded':
      return {
        subject: `Order ${number}: we are waiting for your answer`,
        paragraphs: [about, ...until, 'After that it may go to another dealer.'],
      }
    case 'confirmed':
      return {
        subject: `Order ${number} is confirmed`,
        paragraphs: [about, 'It is in the order bank. Its page shows how it comes on.'],
      }
    case 'reconfigured':
      return {
        subject: `Order ${number} has changed`,
        paragraphs: [about, 'The buyer chose other features; what it is now is attached.'],
      }
    case 'cancelled':
      return {
        subject: `Order ${number} is cancelled`,
        paragraphs: [
          about,
          ...(because === 'written_off' ? ['The vehicle cannot be delivered.'] : []),
          because === 'not_paid'
            ? 'The balance was not paid: the vehicle is yours to sell now, and is among your stock.'
            : 'There is nothing more to do.',
        ],
      }
    case 'withdrawn':
      return {
        subject: `Order ${number} is withdrawn`,
        paragraphs: [
          about,
          because === 'silence' ? 'It was not answered in time.' : 'The manufacturer did not accept it.',
          'There is nothing more to do.',
        ],
      }
  }
}
