import { buyerLetter } from '../domain/custom-order-letter.ts'
import { isAbout, isTold } from '../domain/event.ts'
import type { PlainLetter } from '../domain/lead-letter.ts'
import { tagDealerLetter, tagLetter } from '../domain/tag-letter.ts'
import type { Links } from '../integrations/link.ts'
import { type Mailer, typeset } from '../integrations/mail.ts'
import type { WebhookSender } from '../integrations/webhook.ts'
import type { Database } from '../store/database.ts'
import { readDealer } from '../store/dealer.ts'
import type { Notice } from '../store/notification.ts'
import { tagLetterFacts } from '../store/tag-letter.ts'
import { asTagsDealerSees, tagView } from '../store/tag-view.ts'
import { type Attempt, verdict } from './attempt.ts'

type Facts = NonNullable<Awaited<ReturnType<typeof tagLetterFacts>>>

const SENT: Attempt = { result: 'sent', outcome: 'accepted' }
const NOBODY: Attempt = { result: 'gone', outcome: 'nobody to tell' }

/** How buyers, dealers and operators are told of tags and match requests (REQUIREMENTS B8, B11); one attempt each. */
export function createTagTelling(kit: {
  db: Database
  mailer: Mailer
  webhooks: WebhookSender
  links: Links
  operatorsEmail: string | undefined
}) {
  const { db, mailer, webhooks, links, operatorsEmail } = kit

  return {
    /** Also of the tagged vehicle itself, in the words that custom orders have for theirs. */
    async mailBuyer({ notification, event }: Notice): Promise<Attempt> {
      const facts = await tagLetterFacts(db, event)
      const words = facts && wordsFor(event, facts)
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
      const letter = await typeset(tagDealerLetter(type, details, { number, vehicle: vehicle.name, vin }), {
        to: dealer.name,
        from: 'Holdfast',
        ...(type === 'tag.withdrawn'
          ? {}
          : { button: { words: 'Say whether it is there', link: links.tagUrl(number) } }),
      })
      await mailer.send({ id, to: dealer.email, fromName: 'Holdfast', replyTo: null, ...letter })
      return SENT
    },

    async mailOperators({ notification, event }: Notice): Promise<Attempt> {
      if (!operatorsEmail) return { result: 'gone', outcome: 'no operators' }
      const { dealer } = event.details as { dealer: string }
      const letter = await typeset(
        {
          subject: `Tag ${event.number}: ${dealer} does not answer`,
          paragraphs: [
            `The dealer ${dealer} answers neither the tag ${event.number} nor our reminder.`,
            'Please reach them, and say in their place whether the vehicle is there or sold.',
          ],
        },
        { to: 'operators', from: 'Holdfast' },
      )
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

function wordsFor({ type, details, note }: Notice['event'], facts: Facts): PlainLetter | undefined {
  if (!isTold('buyer', type)) return undefined
  if (isAbout('tag', type) || isAbout('match_request', type)) return tagLetter(type, details, facts)
  const { tag, vehicle, number, storefront } = facts
  if (!isAbout('vehicle', type) || !tag || !vehicle) return undefined
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
  })
}
