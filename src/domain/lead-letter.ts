import type { DealerEvent, ProspectEvent } from './event.ts'
import { type LeadDocument, priceWords, vehicleWords, type WithdrawalReason } from './lead.ts'

/** A letter in plain words, without a link of its own. */
export type PlainLetter = { subject: string; paragraphs: string[] }

/** What a letter to a prospect is made of, beside the event itself. */
export type ProspectFacts = {
  number: string
  storefront: string
  /** The name of the dealer whom the event is about. */
  dealer: string
  /** The vehicle in words. */
  vehicle: string
  another_dealer: boolean
}

/** The words for each event of a lead that prospects are told of (REQUIREMENTS B9). */
export function prospectLetter(
  type: ProspectEvent,
  details: { because?: string },
  facts: ProspectFacts,
): PlainLetter {
  const { number, storefront, dealer, vehicle } = facts
  switch (type) {
    case 'lead.received':
      return {
        subject: `Enquiry ${number}: we have it`,
        paragraphs: [
          `Thank you for your enquiry about ${vehicle}. It went to ${dealer}, who will get in touch with you.`,
          facts.another_dealer
            ? 'Should they not answer, we send it to another dealer near you, as you agreed.'
            : 'Should they not answer, we ask you before anybody else gets it.',
        ],
      }
    case 'lead.passed_on':
      return {
        subject: `Enquiry ${number}: now with ${dealer}`,
        paragraphs: [
          details.because === 'handed_over'
            ? `As you agreed, your enquiry about ${vehicle} went to another dealer: ${dealer}, who will get in touch with you.`
            : `The dealer did not answer in time. As you agreed, your enquiry about ${vehicle} went to ${dealer}, who will get in touch with you.`,
        ],
      }
    case 'lead.unanswered':
      return {
        subject: `Enquiry ${number}: no answer so far`,
        paragraphs: [
          `${dealer} did not answer your enquiry about ${vehicle} so far. We are sorry.`,
          details.because === 'not_agreed'
            ? 'Shall another dealer near you have it? Then please say so on the page of your enquiry.'
            : 'We found no other dealer near you to send it to, and keep trying to reach them.',
        ],
      }
    case 'lead.cancelled':
      return {
        subject: `Enquiry ${number} is withdrawn`,
        paragraphs: [
          `As you wished, we have withdrawn your enquiry about ${vehicle}, and told ${dealer} that there is nothing more to do.`,
          `You are welcome to send ${storefront} a new one at any time.`,
        ],
      }
    case 'lead.closed':
      return {
        subject: `Enquiry ${number} is closed`,
        paragraphs: [
          details.because === 'operator'
            ? `We have closed your enquiry about ${vehicle}. We are sorry that it came to nothing.`
            : `Nobody answered your enquiry about ${vehicle}, and we have closed it. We are sorry that it came to nothing.`,
          `You are welcome to send ${storefront} a new one at any time.`,
        ],
      }
  }
}

/** The words for each event of a lead that dealers are told of by mail, with what is known of the lead. */
export function dealerLetter(
  type: Extract<DealerEvent, `lead.${string}`>,
  details: { deadline_at?: string; because?: WithdrawalReason },
  lead: LeadDocument,
): PlainLetter {
  const until = `Please tell us where it stands until ${details.deadline_at}.`
  switch (type) {
    case 'lead.sent':
      return {
        subject: `Lead ${lead.number}: ${vehicleWords(lead.vehicle)}`,
        paragraphs: [...inWords(lead), until],
      }
    case 'lead.status_requested':
      return {
        subject: `Lead ${lead.number}: where does it stand?`,
        paragraphs: [`It is about ${vehicleWords(lead.vehicle)}.`, until],
      }
    case 'lead.reminded':
      return {
        subject: `Lead ${lead.number}: we are waiting for your answer`,
        paragraphs: [
          `It is about ${vehicleWords(lead.vehicle)}.`,
          until,
          'After that it may go to another dealer.',
        ],
      }
    case 'lead.withdrawn':
      return {
        subject: `Lead ${lead.number} is withdrawn`,
        paragraphs: [`${WITHDRAWN[details.because ?? 'silent']} There is nothing more to do.`],
      }
  }
}

const WITHDRAWN: Record<WithdrawalReason, string> = {
  silent: 'We had no answer from you, and the lead went to another dealer.',
  handed_over: 'The lead went to another dealer.',
  cancelled: 'The prospect has withdrawn the wish.',
  closed: 'We have closed the lead.',
}

function inWords({ prospect, vehicle, price, trade_in, comments }: LeadDocument): string[] {
  const { stock, options = [] } = vehicle
  const lines = [
    `From: ${prospect.name}, ${[prospect.email, prospect.phone].filter(Boolean).join(', ')}`,
    `Wants: ${vehicleWords(vehicle)}`,
    ...(stock === undefined ? [] : [`Your stock number: ${stock}`]),
    ...(options.length > 0 ? [`Options: ${options.join(', ')}`] : []),
    ...(price ? [`Price: ${priceWords(price)}`] : []),
    ...(trade_in ? [`Gives in payment: ${vehicleWords(trade_in)}`] : []),
    ...(comments === null ? [] : [`Says: ${comments}`]),
  ]
  return ['Somebody would like to hear from you:', ...lines]
}
