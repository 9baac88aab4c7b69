import type { Judge, Turn } from '../domain/custom-order.ts'
import { buyerLetter, dealerOrderLetter } from '../domain/custom-order-letter.ts'
import { isAbout, isTold } from '../domain/event.ts'
import type { PlainLetter } from '../domain/lead-letter.ts'
import { inZone } from '../domain/letter.ts'
import { overdueBalanceLetter } from '../domain/payment-letter.ts'
import type { Links } from '../integrations/link.ts'
import { type Mailer, typeset } from '../integrations/mail.ts'
import type { WebhookSender } from '../integrations/webhook.ts'
import { buyerFacts, orderDocument, startsOn } from '../store/buyer-letter.ts'
import type { Database } from '../store/database.ts'
import { readDealer } from '../store/dealer.ts'
import type { Notice } from '../store/notification.ts'
import { freezePointOf } from '../store/schedule-view.ts'
import { type Attempt, verdict } from './attempt.ts'

const SENT: Attempt = { result: 'sent', outcome: 'accepted' }
const NOBODY: Attempt = { result: 'gone', outcome: 'nobody to tell' }

type Escalated = { dealer: string; silent: Judge[]; deadline_at: string }

/** Where the order processor is reached, and the secret that signs both ways. */
export type Processor = { url: string; secret: string }

/**
 * How buyers, dealers and the order processor are told of custom orders (REQUIREMENTS B4, B7); one attempt each. What goes
 * to dealers and to the processor is the B2B gateway: signed, taken with a 2xx, repeated under the same id until then.
 */
export function createCustomOrderTelling(kit: {
  db: Database
  mailer: Mailer
  webhooks: WebhookSender
  links: Links
  processor: Processor
  operatorsEmail: string | undefined
}) {
  const { db, mailer, webhooks, links, processor, operatorsEmail } = kit

  return {
    async mailBuyer({ notification, event }: Notice): Promise<Attempt> {
      const found = await buyerFacts(db, event.number)
      const { type } = event
      if (!found || !isTold('buyer', type) || !(isAbout('custom_order', type) || isAbout('vehicle', type)))
        return NOBODY
      const { facts, to, name, from_name: fromName, reply_to: replyTo, time_zone } = found
      const { deadline_at } = event.details
      const details = {
        ...event.details,
        ...(typeof deadline_at === 'string' ? { deadline_at: inZone(deadline_at, time_zone) } : {}),
        ...(await slotInWords(db, event.details, time_zone)),
      }
      const words = buyerLetter(type, details, event.note, facts)
      const letter = await typeset(words, { to: name, from: facts.storefront })
      await mailer.send({ id: notification.id, to, fromName, replyTo, ...letter })
      return SENT
    },

    /** Also late it says what it was made for: the processor tells by the turn and the time what is newer. */
    async tellProcessor({ notification, event }: Notice): Promise<Attempt> {
      const told = event.details as Turn
      const found = await orderDocument(db, event.number, told)
      if (!found) return NOBODY
      const body = {
        type: `custom_order.${told.message}`,
        timestamp: event.at.toISOString(),
        data: found.document,
      }
      return verdict(await webhooks.send({ ...processor, id: notification.id, body }))
    },

    /**
     * By webhook or mail as the dealer prefers. The buyer's contact is for the dealer who has the order: what could not be
     * sent while that was so is not sent later, but for the word that it is over.
     */
    async tellDealer({ notification, event }: Notice): Promise<Attempt> {
      const told = event.details as Turn
      const dealer = await readDealer(db, notification.recipient)
      const found = await orderDocument(db, event.number, told)
      if (!dealer || !found) return NOBODY
      const { message, turn, because } = told
      const isOver = message === 'withdrawn' || message === 'cancelled'
      const { document, buyer, vehicle_words: vehicle } = found
      const { number } = document
      if (!isOver && !buyer) return NOBODY
      if (!isOver && !found.is_theirs) return { result: 'gone', outcome: 'passed on' }
      const data = isOver ? { number, turn, because } : { ...document, buyer }
      const body = { type: `custom_order.${message}`, timestamp: event.at.toISOString(), data }
      if (dealer.channel === 'webhook' && dealer.webhook_url) {
        const { webhook_url: url, webhook_secret: secret } = dealer
        return verdict(await webhooks.send({ url, secret, id: notification.id, body }))
      }
      if (!dealer.email) return { result: 'gone', outcome: 'no address' }
      const words =
        message === 'submitted' || message === 'reminded' ? 'Accept or refuse it' : 'See the order'
      const answer_by = document.answer_by && inZone(document.answer_by, dealer.time_zone)
      const letter = await typeset(dealerOrderLetter(message, { ...document, vehicle, answer_by }), {
        to: dealer.name,
        from: 'Orders',
        ...(isOver ? {} : { button: { words, link: links.customOrderUrl(number, turn) } }),
      })
      const attachment = {
        filename: `${number}.json`,
        contentType: 'application/json',
        content: JSON.stringify(body, null, 2),
      }
      await mailer.send({
        id: notification.id,
        to: dealer.email,
        fromName: 'Orders',
        replyTo: null,
        ...letter,
        attachment,
      })
      return SENT
    },

    async mailOperators({ notification, event }: Notice): Promise<Attempt> {
      if (!operatorsEmail) return { result: 'gone', outcome: 'no operators' }
      const words =
        event.type === 'custom_order.balance_overdue'
          ? overdueBalanceLetter(event.number, event.details)
          : silenceLetter(event.number, event.details as Escalated)
      const letter = await typeset(words, { to: 'operators', from: 'Holdfast' })
      const to = operatorsEmail
      await mailer.send({ id: notification.id, to, fromName: 'Holdfast', replyTo: null, ...letter })
      return SENT
    },
  }
}

function silenceLetter(number: string, { dealer, silent, deadline_at }: Escalated): PlainLetter {
  const who = silent.map((judge) => (judge === 'dealer' ? `The dealer ${dealer}` : 'the order processor'))
  return {
    subject: `Custom order ${number}: no answer`,
    paragraphs: [
      `Neither the order nor our reminder is answered. Silent: ${who.join(' and ')}.`,
      `Please reach them until ${deadline_at}, and answer in their place. Then it counts as refused, and the buyer is asked for another dealer.`,
    ],
  }
}

/** The day from which a vehicle is to be built, and until when it can be changed, if the event names a slot. */
async function slotInWords(
  db: Database,
  details: Notice['event']['details'],
  timeZone: string,
): Promise<{ starts_on?: string; freezes_at?: string; is_frozen?: boolean }> {
  const { to } = details as { to?: { plant: string; period: number } | null }
  if (!to) return {}
  const [day, freeze] = await Promise.all([startsOn(db, to.period), freezePointOf(db, to)])
  return {
    ...(day === undefined ? {} : { starts_on: day }),
    ...(freeze === null
      ? {}
      : { freezes_at: inZone(freeze.at.toISOString(), timeZone), is_frozen: freeze.has_passed }),
  }
}
