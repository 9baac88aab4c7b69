import { isAbout, isTold } from '../domain/event.ts'
import { LEAD_TRANSITIONS } from '../domain/lead.ts'
import { dealerLetter, prospectLetter } from '../domain/lead-letter.ts'
import { inZone } from '../domain/letter.ts'
import { isFinal } from '../domain/states.ts'
import { writeAdf } from '../integrations/adf.ts'
import type { Links } from '../integrations/link.ts'
import { type Mailer, typeset } from '../integrations/mail.ts'
import type { WebhookSender } from '../integrations/webhook.ts'
import type { Database } from '../store/database.ts'
import { type DealerRow, readDealer } from '../store/dealer.ts'
import { turnOf } from '../store/lead.ts'
import { asDealerSees, leadDocument, leadView, prospectFacts } from '../store/lead-view.ts'
import type { Notice } from '../store/notification.ts'
import { type Attempt, verdict } from './attempt.ts'

const SENT: Attempt = { result: 'sent', outcome: 'accepted' }
const NOBODY: Attempt = { result: 'gone', outcome: 'nobody to tell' }

/** How prospects, dealers and operators are told of a lead (REQUIREMENTS B9); one attempt each. */
export function createLeadTelling(kit: {
  db: Database
  mailer: Mailer
  webhooks: WebhookSender
  links: Links
  operatorsEmail: string | undefined
}) {
  const { db, mailer, webhooks, links, operatorsEmail } = kit

  return {
    async mailProspect({ notification, event }: Notice): Promise<Attempt> {
      const facts = await prospectFacts(db, event)
      if (!facts || !isTold('prospect', event.type)) return NOBODY
      const { to, customer, from_name: fromName, reply_to: replyTo, ...words } = facts
      const letter = await typeset(prospectLetter(event.type, event.details, words), {
        to: customer,
        from: words.storefront,
        button: { words: 'See your enquiry', link: links.prospectUrl(event.number) },
      })
      await mailer.send({ id: notification.id, to, fromName, replyTo, ...letter })
      return SENT
    },

    /** By webhook or mail, the lead itself as ADF or JSON, as the dealer prefers. ADF has no words for anything else. */
    async tellDealer(notice: Notice): Promise<Attempt> {
      const { notification, event } = notice
      const { id } = notification
      const dealer = await readDealer(db, notification.recipient)
      const view = await leadView(db, event.number)
      if (!dealer || !view?.prospect) return NOBODY
      // Whoever has it no longer must not learn of the prospect by a message that comes late, and of one that has ended
      // there is nothing more to ask.
      if (
        event.type !== 'lead.withdrawn' &&
        (view.dealer !== dealer.id || isFinal(LEAD_TRANSITIONS, view.state))
      )
        return { result: 'gone', outcome: view.dealer === dealer.id ? 'ended' : 'passed on' }
      const data = { ...asDealerSees(view, dealer.id), event: event.details }
      const body = { type: event.type, timestamp: event.at.toISOString(), data }
      if (dealer.channel === 'mail' || !dealer.webhook_url) return mailDealer(notice, dealer, body)
      const lead =
        event.type === 'lead.sent' && dealer.lead_format === 'adf'
          ? await leadDocument(db, event.number)
          : undefined
      const content = lead ? { xml: await writeAdf(lead) } : { body }
      const { webhook_url: url, webhook_secret: secret } = dealer
      return verdict(await webhooks.send({ url, secret, id, ...content }))
    },

    async mailOperators({ notification, event }: Notice): Promise<Attempt> {
      if (!operatorsEmail) return { result: 'gone', outcome: 'no operators' }
      const { dealer, deadline_at } = event.details as Record<string, string>
      const letter = await typeset(
        {
          subject: `Lead ${event.number}: ${dealer} does not answer`,
          paragraphs: [
            `The dealer ${dealer} answers neither the lead ${event.number} nor our reminder.`,
            `Please reach them until ${deadline_at}. Then it goes to another dealer, or the prospect is told.`,
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

  async function mailDealer(
    { notification, event }: Notice,
    dealer: DealerRow,
    body: object,
  ): Promise<Attempt> {
    const lead = await leadDocument(db, event.number)
    const turn = await turnOf(db, event.number, dealer.id)
    if (!lead || turn === undefined || !isTold('dealer', event.type) || !isAbout('lead', event.type))
      return NOBODY
    if (!dealer.email) return { result: 'gone', outcome: 'no address' }
    const told = { ...event.details, deadline_at: inZone(event.details.deadline_at, dealer.time_zone) }
    const letter = await typeset(dealerLetter(event.type, told, lead), {
      to: dealer.name,
      from: lead.storefront.name,
      ...(event.type === 'lead.withdrawn'
        ? {}
        : { button: { words: 'Say where it stands', link: links.leadUrl(event.number, turn) } }),
    })
    const attachment =
      dealer.lead_format === 'adf'
        ? {
            filename: `${event.number}.xml`,
            contentType: 'application/xml',
            content: await writeAdf(lead),
          }
        : {
            filename: `${event.number}.json`,
            contentType: 'application/json',
            content: JSON.stringify(body, null, 2),
          }
    await mailer.send({
      id: notification.id,
      to: dealer.email,
      fromName: lead.storefront.name,
      replyTo: lead.storefront.email,
      ...letter,
      ...(event.type === 'lead.sent' ? { attachment } : {}),
    })
    return SENT
  }
}
