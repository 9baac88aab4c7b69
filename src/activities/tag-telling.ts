import type { Judge } from '../domain/custom-order.ts'
import { buyerLetter } from '../domain/custom-order-letter.ts'
import { isAbout, isTold } from '../domain/event.ts'
import type { PlainLetter } from '../domain/lead-letter.ts'
import { inZone } from '../domain/letter.ts'
import { overdueBalanceLetter } from '../domain/payment-letter.ts'
import type { ToldTag } from '../domain/tag.ts'
import { tagDealerLetter, tagLetter } from '../domain/tag-letter.ts'
import type { Links } from '../integrations/link.ts'
import { type Mailer, typeset } from '../integrations/mail.ts'
import type { WebhookSender } from '../integrations/webhook.ts'
import { startsOn } from '../store/buyer-letter.ts'
import type { Database } from '../store/database.ts'
import { readDealer } from '../store/dealer.ts'
import type { Notice } from '../store/notification.ts'
import { tagDocument, tagLetterFacts } from '../store/tag-letter.ts'
import { asTagsDealerSees, tagView } from '../store/tag-view.ts'
import { type Attempt, verdict } from './attempt.ts'
import type { Processor } from './custom-order-telling.ts'

type Facts = NonNullable<Awaited<ReturnType<typeof tagLetterFacts>>>

type Escalated = { dealer: string; silent: Judge[]; deadline_at: string }

const SENT: Attempt = { result: 'sent', outcome: 'accepted' }
const NOBODY: Attempt = { result: 'gone', outcome: 'nobody to tell' }

/** How buyers, dealers, the order processor and operators are told of tags and match requests (REQUIREMENTS B4, B8, B11); one attempt each. */
export function createTagTelling(kit: {
  db: Database
  mailer: Mailer
  webhooks: WebhookSender
  processor: Processor
  links: Links
  operatorsEmail: string | undefined
}) {
  const { db, mailer, webhooks, processor, links, operatorsEmail } = kit

  return {
    /** Also of the tagged vehicle itself, in the words that custom orders have for theirs. */
    async mailBuyer({ notification, event }: Notice): Promise<Attempt> {
      const facts = await tagLetterFacts(db, event)
      const { to: slot } = event.details as { to?: { period: number } | null }
      const day = slot ? await startsOn(db, slot.period) : undefined
      const details = { ...event.details, ...(day === undefined ? {} : { starts_on: day }) }
      const words = facts && wordsFor({ ...event, details }, facts)
      if (!facts || !words) return NOBODY
      const { to, customer, from_name: fromName, reply_to: replyTo, storefront } = facts
      const letter = await typeset(words, { to: customer, from: storefront })
      await mailer.send({ id: notification.id, to, fromName, replyTo, ...letter })
      return SENT
    },

    /** By webhook or mail, as the dealer prefers. */
    async tellDealer({ notification, event }: Notice): Promise<Attempt> {
      const { type, details, at, number } = event
      const dealer = await readDealer(db, notification.recipient)
      const view = await tagView(db, number)
      if (!dealer || !view || !isTold('dealer', type) || !isAbout('tag', type)) return NOBODY
      // What it is asked for comes to nothing once the buyer has given it up.
      if (type !== 'tag.withdrawn' && view.ended_at !== null) return { result: 'gone', outcome: 'passed on' }
      const { id } = notification
      if (dealer.channel === 'webhook' && dealer.webhook_url) {
        const data = { ...asTagsDealerSees(view), event: details }
        const body = { type, timestamp: at.toISOString(), data }
        return verdict(
          await webhooks.send({ url: dealer.webhook_url, secret: dealer.webhook_secret, id, body }),
        )
      }
      if (!dealer.email) return { result: 'gone', outcome: 'no address' }
      const { vehicle, vin } = view
      const told = { ...details, deadline_at: inZone(details.deadline_at, dealer.time_zone) }
      const letter = await typeset(tagDealerLetter(type, told, { number, vehicle: vehicle.name, vin }), {
        to: dealer.name,
        from: 'Holdfast',
        ...(type === 'tag.withdrawn'
          ? {}
          : {
              button: {
                words: type === 'tag.ready' ? 'Say that you handed it over' : 'Say whether it is there',
                link: links.tagUrl(number),
              },
            }),
      })
      await mailer.send({ id, to: dealer.email, fromName: 'Holdfast', replyTo: null, ...letter })
      return SENT
    },

    async tellProcessor({ notification, event }: Notice): Promise<Attempt> {
      const told = event.details as ToldTag
      const data = await tagDocument(db, event.number, told)
      if (!data) return NOBODY
      const body = { type: `tag.${told.message}`, timestamp: event.at.toISOString(), data }
      return verdict(await webhooks.send({ ...processor, id: notification.id, body }))
    },

    async mailOperators({ notification, event }: Notice): Promise<Attempt> {
      if (!operatorsEmail) return { result: 'gone', outcome: 'no operators' }
      const words =
        event.type === 'tag.balance_overdue'
          ? overdueBalanceLetter(event.number, event.details)
          : silenceLetter(event.number, event.details as Escalated)
      const letter = await typeset(words, { to: 'operators', from: 'Holdfast' })
      await mailer.send({
        id: notification.id,
        to: operatorsEmail,
        fromName: 'Holdfast',
        replyTo: null,
        ...letter,
      })
      return SENT
    },
  }
}

function silenceLetter(number: string, { dealer, silent, deadline_at }: Escalated): PlainLetter {
  const who = silent.map((judge) => (judge === 'dealer' ? `the dealer ${dealer}` : 'the order processor'))
  return {
    subject: `Tag ${number}: no answer`,
    paragraphs: [
      `Neither the tag nor our reminder is answered by ${who.join(' and ')}.`,
      `Please reach them until ${deadline_at}, and answer in their place: whether the vehicle is there or sold, or whether the tag is accepted. Then it counts as refused, and the vehicle is free.`,
    ],
  }
}

function wordsFor({ type, details, note }: Notice['event'], facts: Facts): PlainLetter | undefined {
  if (!isTold('buyer', type)) return undefined
  if (isAbout('tag', type) || isAbout('match_request', type)) return tagLetter(type, details, note, facts)
  const { tag, vehicle, number, storefront } = facts
  if (!isAbout('vehicle', type) || !tag || !vehicle) return undefined
  // What became of a vehicle before it was given up, sold or refused is no news for the buyer after that.
  if (tag.ended_at !== null && tag.state !== 'delivered') return undefined
  const { price_minor: price, currency } = tag
  const { name, dealer } = vehicle
  return buyerLetter(type, details, note, {
    number,
    storefront,
    dealer,
    vehicle: name,
    price,
    currency,
    terms: null,
    takes_deposit: facts.takes_deposit,
  })
}
