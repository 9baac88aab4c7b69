import type { Terms } from './custom-order.ts'
import { depositInWords, REFUND_WORDS, refundInWords } from './custom-order-letter.ts'
import type { BuyerEvent, DealerEvent } from './event.ts'
import type { PlainLetter } from './lead-letter.ts'
import { moneyInWords } from './money.ts'

/** What a letter about a tag or a match request is made of, beside the event itself. */
export type TagFacts = {
  number: string
  storefront: string
  /** IANA zone in which times are stated. */
  time_zone: string
  /** The vehicle in words, and its dealer's name; null while there is none. */
  vehicle: {
    name: string
    features: string[]
    price: string
    dealer: string
    whereabouts: 'lot' | 'pipeline'
  } | null
  terms: Terms | null
  /** Whether the house asks for the deposit. */
  takes_deposit: boolean
  /** The next best that can be had, each in a line. */
  next_matches: string[]
}

type About<Event, Kind extends string> = Extract<Event, `${Kind}.${string}`>
type Details = {
  deadline_at?: string
  is_over?: boolean
  by?: 'processor' | 'silence'
  because?: 'asked' | 'no_deposit' | 'given_up' | 'refused' | 'silent' | 'written_off'
  charged?: number
  refund?: number
  given_back?: number
  currency?: string
}

/** The words for each event of a tag or a match request that buyers are told of (REQUIREMENTS B8, B11). */
export function tagLetter(
  type: About<BuyerEvent, 'tag' | 'match_request'>,
  details: Details,
  note: string | null,
  facts: TagFacts,
): PlainLetter {
  const { number, storefront } = facts
  const car = facts.vehicle?.name ?? 'vehicle'
  const dealer = facts.vehicle?.dealer ?? 'the dealer'
  const until = inZone(details.deadline_at, facts.time_zone)
  switch (type) {
    case 'tag.placed':
      return {
        subject: `Tag ${number}: the ${car} is yours if it is there`,
        paragraphs: [
          `You tagged this vehicle, and nobody else can have it now:`,
          ...vehicleLines(facts),
          facts.takes_deposit
            ? `We ask you for the deposit in a mail of its own. Once it is held we ask ${dealer} whether the vehicle is there, and the manufacturer to accept your tag. Nothing is charged before both have said yes; if the deposit is not paid in time, the vehicle is free again.`
            : `We are asking ${dealer} whether it is there, and the manufacturer to accept your tag, and tell you what they say.`,
          `Until the handover you may give it up at any time: write to ${storefront}.`,
          ...termsInWords(facts),
        ],
      }
    case 'tag.confirmed':
      return {
        subject: `Tag ${number}: the ${car} is there`,
        paragraphs: [
          `${dealer} confirms that your vehicle is there, and the manufacturer has accepted your tag:`,
          ...vehicleLines(facts),
          `${dealer} will get in touch with you about the handover.`,
          ...termsInWords(facts),
        ],
      }
    case 'tag.refused':
      return {
        subject: `Tag ${number}: not accepted`,
        paragraphs: [
          details.by === 'silence'
            ? `We had no answer about the ${car} in time. We are sorry. Your tag has ended.`
            : `The manufacturer did not accept your tag of the ${car}. We are sorry. Your tag has ended.`,
          ...(note ? [`The reasons: ${note}.`] : []),
          ...refundInWords(details, details.currency),
          ...nextMatches(facts),
        ],
      }
    case 'tag.sold':
      return {
        subject: `Tag ${number}: the ${car} is sold`,
        paragraphs: [
          `${dealer} tells us that the vehicle was sold to somebody else. We are sorry. Your tag has ended.`,
          ...refundInWords(details, details.currency),
          ...nextMatches(facts),
        ],
      }
    case 'tag.cancelled':
      return {
        subject: `Tag ${number} is cancelled`,
        paragraphs: [
          details.because === 'written_off'
            ? `We are sorry: the ${car} at ${dealer} cannot be delivered, and your tag is cancelled.`
            : details.because === 'no_deposit'
              ? `The deposit for the ${car} at ${dealer} was not paid in time. Your tag is cancelled, and the vehicle is free again.`
              : `Your tag of the ${car} at ${dealer} is cancelled. The vehicle is free again.`,
          ...refundInWords(details, details.currency),
        ],
      }
    case 'match_request.received':
      return {
        subject: `Match request ${number}: we keep looking`,
        paragraphs: [
          'We look for a vehicle that fits your wish. When one becomes free, it is kept for you for a while, and we tell you at once.',
        ],
      }
    case 'match_request.offered':
      return {
        subject: `Match request ${number}: a ${car} for you`,
        paragraphs: [
          'A vehicle that fits your wish has become free:',
          ...vehicleLines(facts),
          `It is kept for you until ${until}. After that it goes to the next in line. To take it, tell ${storefront}.`,
        ],
      }
    case 'match_request.lapsed':
      return {
        subject: `Match request ${number}: the vehicle went to the next`,
        paragraphs: ['The time for which a vehicle was kept for you is over.', waitsOn(details)],
      }
    case 'match_request.taken_back':
      return {
        subject: `Match request ${number}: the vehicle is gone`,
        paragraphs: [
          'The dealer has the vehicle that was kept for you no longer. We are sorry.',
          waitsOn(details),
        ],
      }
    case 'match_request.cancelled':
      return {
        subject: `Match request ${number} is cancelled`,
        paragraphs: ['We stopped looking for a vehicle for you, as you asked.'],
      }
    case 'match_request.expired':
      return {
        subject: `Match request ${number} has ended`,
        paragraphs: [
          'The time for which your match request was to stand is over.',
          `You are welcome to leave ${storefront} a new one at any time.`,
        ],
      }
  }
}

/** The words for each event of a tag that dealers are told of by mail. */
export function tagDealerLetter(
  type: About<DealerEvent, 'tag'>,
  details: Details,
  { number, vehicle, vin }: { number: string; vehicle: string; vin: string | null },
): PlainLetter {
  const car = vin === null ? vehicle : `${vehicle}, VIN ${vin}`
  const until = `Please tell us until ${details.deadline_at} whether it is there, or sold.`
  switch (type) {
    case 'tag.sent':
      return {
        subject: `Tag ${number}: ${vehicle}`,
        paragraphs: [`A buyer has tagged a vehicle of yours: ${car}.`, until],
      }
    case 'tag.reminded':
      return {
        subject: `Tag ${number}: we are waiting for your answer`,
        paragraphs: [`A buyer has tagged a vehicle of yours: ${car}.`, until],
      }
    case 'tag.ready':
      return {
        subject: `Tag ${number} is confirmed`,
        paragraphs: [
          `The manufacturer has accepted it, too: keep it for this buyer, and hand it over to them: ${car}.`,
        ],
      }
    case 'tag.withdrawn': {
      if (details.because === 'written_off')
        return {
          subject: `Tag ${number} is withdrawn`,
          paragraphs: [`The vehicle cannot be delivered: ${car}. There is nothing more to do.`],
        }
      const because = {
        given_up: 'The buyer gave it up',
        refused: 'The manufacturer refused it',
        silent: 'It was not answered in time',
      }
      return {
        subject: `Tag ${number} is withdrawn`,
        paragraphs: [
          `${because[details.because as keyof typeof because]}: ${car} is free again. There is nothing more to do.`,
        ],
      }
    }
  }
}

function vehicleLines({ vehicle }: TagFacts): string[] {
  if (!vehicle) return []
  return [`${vehicle.name}: ${vehicle.features.join(', ')}`, `${vehicle.price}, at ${vehicle.dealer}`]
}

function termsInWords({ terms, vehicle }: TagFacts): string[] {
  if (!terms || terms.deposit === 0) return ['No deposit is taken.']
  const { refund_banked, refund_scheduled } = terms
  const afterwards =
    vehicle?.whereabouts === 'lot'
      ? REFUND_WORDS[refund_scheduled]
      : `${REFUND_WORDS[refund_banked]} while its production is not scheduled, and ${REFUND_WORDS[refund_scheduled]} after that`
  return [
    `${depositInWords(terms)} Should you give the vehicle up, the deposit is given back in full until the dealer and the manufacturer have both said yes. From then on it is given back ${afterwards}.`,
  ]
}

function nextMatches({ next_matches: matches, storefront }: TagFacts): string[] {
  if (matches.length === 0)
    return [`At present we know of no other that is like it. ${storefront} keeps looking if you like.`]
  return ['These come nearest to what you wish:', ...matches]
}

function waitsOn({ is_over: isOver }: Details): string {
  return isOver ? 'Your match request ends with it.' : 'You keep your place, and we keep looking.'
}

function inZone(value: string | undefined, timeZone: string): string {
  if (value === undefined) return ''
  return new Date(value).toLocaleString('en-GB', { timeZone, dateStyle: 'long', timeStyle: 'long' })
}

/** A match in a line: "Tarn Heron 2027 at Quay Motors, €31,900.00. Without the panoramic roof." */
export function matchLine(match: {
  vehicle: { name: string; dealer: { name: string }; asking_price: { amount: number; currency: string } }
  differences: { words: string }[]
}): string {
  const { name, dealer, asking_price: price } = match.vehicle
  const words = match.differences.map((difference) => difference.words)
  return [`${name} at ${dealer.name}, ${moneyInWords(price.amount, price.currency)}.`, ...words].join(' ')
}
