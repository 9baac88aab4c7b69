import type { PayerEvent } from './event.ts'
import type { PlainLetter } from './lead-letter.ts'
import type { Letter } from './letter.ts'
import { moneyInWords } from './money.ts'

/** What a letter to whoever pays is made of, beside the event itself. */
export type PayerFacts = {
  number: string
  pays_for: string
  storefront: string
  amount_minor: number
  currency: string
  /** IANA zone in which times are stated. */
  time_zone: string
}

/** The words for each event of a payment that the buyer is told of (REQUIREMENTS B5). */
export function payerLetter(
  type: PayerEvent,
  details: { amount_minor?: number; deadline_at?: string; in_place_of?: string },
  facts: PayerFacts,
): Letter {
  const { number, pays_for, storefront, currency, time_zone } = facts
  const whole = moneyInWords(facts.amount_minor, currency)
  const part = moneyInWords(details.amount_minor ?? facts.amount_minor, currency)
  const look = 'See your payment'
  switch (type) {
    case 'payment.requested':
      return {
        subject: `Payment ${number}: please pay ${whole}`,
        paragraphs: [
          ...(details.in_place_of
            ? [
                `Banks hold money for some days only: yours has let go of what was held by ${details.in_place_of}, and nothing was charged. So we have to ask you once more.`,
              ]
            : []),
          `For ${pays_for} we ask you for ${whole}. You pay on the page of our payment provider; ${storefront} and we never see the number of your card.`,
          `Please pay until ${inZone(details.deadline_at, time_zone)}. If a payment is declined you can try again until then.`,
        ],
        action: `Pay ${whole}`,
      }
    case 'payment.captured':
      return {
        subject: `Payment ${number}: ${whole} received`,
        paragraphs: [`Thank you. We have received ${whole} for ${pays_for}.`],
        action: look,
      }
    case 'payment.released':
      return {
        subject: `Payment ${number}: nothing was charged`,
        paragraphs: [
          `We have let go of the ${whole} that were held for ${pays_for}. Nothing was charged; your bank may show the amount for some days still.`,
        ],
        action: look,
      }
    case 'payment.refunded':
      return {
        subject: `Payment ${number}: ${part} given back`,
        paragraphs: [
          `We have given back ${part} of what you paid for ${pays_for}. With most banks it is there within ten days.`,
        ],
        action: look,
      }
    case 'payment.settled':
      return {
        subject: `Payment ${number}: ${whole} settled`,
        paragraphs: [`${whole} for ${pays_for} are settled. Nothing is left to be paid here.`],
        action: look,
      }
  }
}

/** What operators are told when the balance of an order or tag was not paid in time: it is asked for anew (REQUIREMENTS B5). */
export function overdueBalanceLetter(number: string, { payment }: { payment?: string }): PlainLetter {
  return {
    subject: `${number}: the balance is not paid`,
    paragraphs: [
      `The vehicle is at the dealer, and the balance of ${number} was not paid in time (${payment}). The buyer was asked for it once more.`,
      'Please reach them. Until it is paid, or recorded as settled with the handover, the vehicle stays where it is.',
    ],
  }
}

function inZone(value: unknown, timeZone: string): string {
  return new Date(String(value)).toLocaleString('en-GB', { timeZone, dateStyle: 'long', timeStyle: 'long' })
}
