import { lookAt } from '../clients/look.ts'
import type { Temporal } from '../clients/temporal.ts'
import { isAbout, isTold } from '../domain/event.ts'
import { letterFor } from '../domain/letter.ts'
import { kindOf } from '../domain/number.ts'
import type { Links } from '../integrations/link.ts'
import { type Mailer, typeset } from '../integrations/mail.ts'
import type { WebhookSender } from '../integrations/webhook.ts'
import { backOrderView } from '../store/back-order-view.ts'
import { customOrderOf } from '../store/buyer-letter.ts'
import { customOrderView } from '../store/custom-order-view.ts'
import type { Database } from '../store/database.ts'
import { deliveryView } from '../store/delivery-view.ts'
import { leadView } from '../store/lead-view.ts'
import { matchRequestView } from '../store/match-request-view.ts'
import {
  disableEndpoint,
  letterFacts,
  type Notice,
  orderOf,
  pendingNotices,
  readEndpoint,
  readNotice,
  recordAttempt,
} from '../store/notification.ts'
import { orderView } from '../store/order-view.ts'
import { paymentView } from '../store/payment-view.ts'
import { readPeriods } from '../store/period.ts'
import { purchaseOrderView } from '../store/purchase-order-view.ts'
import { readSupplier } from '../store/supplier.ts'
import { tagView } from '../store/tag-view.ts'
import { type Attempt, verdict } from './attempt.ts'
import { createCustomOrderTelling, type Processor } from './custom-order-telling.ts'
import { createLeadTelling } from './lead-telling.ts'
import { createPaymentTelling } from './payment-telling.ts'
import { createTagTelling } from './tag-telling.ts'

export type Telling = ReturnType<typeof createTelling>

export function createNotificationActivities({ telling }: { telling: Telling }) {
  return {
    /** One further attempt to send what could not be sent at first. */
    async tryAgain(asked: { id: string; isLast: boolean }): Promise<{ settled: boolean }> {
      return telling.tryAgain(asked)
    },
  }
}

/** Telling people and partners (DESIGN §5): one attempt each, written down; what fails is retried apart, for days. */
export function createTelling(kit: {
  db: Database
  temporal: Temporal
  mailer: Mailer
  webhooks: WebhookSender
  links: Links
  processor: Processor
  operatorsEmail: string | undefined
}) {
  const { db, temporal, mailer, webhooks, links } = kit
  const leads = createLeadTelling(kit)
  const customOrders = createCustomOrderTelling(kit)
  const payments = createPaymentTelling(kit)
  const tags = createTagTelling(kit)
  /** What this worker is telling just now, so that `reconcile` does not tell it beside. */
  const underway = new Set<string>()

  return {
    /**
     * Tells what is to be told of this number's story. Whoever cannot be reached gets a process of its own, and a slow
     * mail server holds up nobody's order. What is cut off by the worker's end is found by `reconcile`.
     */
    async tell(number: string): Promise<void> {
      const pending = await pendingNotices(db, number)
      await Promise.all(pending.filter(({ notification }) => !underway.has(notification.id)).map(tellOne))
    },

    /** One further attempt. `settled`: it was sent, or will never be. */
    async tryAgain({ id, isLast }: { id: string; isLast: boolean }): Promise<{ settled: boolean }> {
      const notice = await readNotice(db, id)
      if (!notice || notice.notification.state === 'sent' || notice.notification.state === 'abandoned')
        return { settled: true }
      const { result } = await attempt(notice, isLast ? 'abandoned' : 'retrying')
      return { settled: result !== 'failed' }
    },
  }

  async function tellOne(notice: Notice): Promise<void> {
    const { id } = notice.notification
    underway.add(id)
    try {
      const { result } = await attempt(notice, 'retrying')
      // Not reaching Temporal here is made good by `reconcile`.
      if (result === 'failed') await lookAt(temporal, `notification/${id}`).catch(() => {})
    } finally {
      underway.delete(id)
    }
  }

  async function attempt(notice: Notice, otherwise: 'retrying' | 'abandoned'): Promise<Attempt> {
    const start = performance.now()
    const made = await make(notice).catch(
      (error: unknown): Attempt => ({ result: 'failed', outcome: codeOf(error) }),
    )
    await recordAttempt(db, notice.notification.id, {
      outcome: made.outcome,
      duration_ms: Math.round(performance.now() - start),
      state: made.result === 'sent' ? 'sent' : made.result === 'gone' ? 'abandoned' : otherwise,
    })
    return made
  }

  /** Who knows how dealers and operators are told of this story. */
  function tellerOf({ event }: Notice) {
    const kind = kindOf(event.number)
    return kind === 'lead' ? leads : kind === 'tag' ? tags : customOrders
  }

  function make(notice: Notice): Promise<Attempt> {
    switch (notice.notification.channel) {
      case 'mail':
        if (isTold('prospect', notice.event.type)) return leads.mailProspect(notice)
        if (isTold('payer', notice.event.type)) return payments.mailPayer(notice)
        if (!isTold('buyer', notice.event.type)) return mailCustomer(notice)
        return isOfTag(notice.event) ? tags.mailBuyer(notice) : customOrders.mailBuyer(notice)
      case 'webhook':
        return callStorefront(notice)
      case 'supplier':
        return tellSupplier(notice)
      case 'dealer':
        return tellerOf(notice).tellDealer(notice)
      case 'processor':
        return (kindOf(notice.event.number) === 'tag' ? tags : customOrders).tellProcessor(notice)
      case 'operators':
        return tellerOf(notice).mailOperators(notice)
    }
  }

  async function mailCustomer({ notification, event }: Notice): Promise<Attempt> {
    const facts = await letterFacts(db, event)
    if (!facts || !isTold('customer', event.type)) return { result: 'gone', outcome: 'nobody to tell' }
    const { action, ...words } = letterFor(event.type, event.details, facts)
    const link = links.url(facts.order, facts.link_version)
    const letter = await typeset(words, {
      to: facts.customer,
      from: facts.storefront,
      button: { words: action, link },
    })
    await mailer.send({
      // With another link it is another mail: receivers may drop one whose Message-ID they had before.
      id: facts.link_version === 1 ? notification.id : `${notification.id}.${facts.link_version}`,
      to: facts.to,
      fromName: facts.from_name,
      replyTo: facts.reply_to,
      ...letter,
    })
    return { result: 'sent', outcome: 'accepted' }
  }

  async function callStorefront({ notification, event }: Notice): Promise<Attempt> {
    const endpoint = await readEndpoint(db, notification.recipient)
    if (!endpoint || endpoint.disabled_at) return { result: 'gone', outcome: 'endpoint off' }
    const status = await webhooks.send({
      url: endpoint.url,
      secret: endpoint.secret,
      id: notification.id,
      body: { type: event.type, timestamp: event.at.toISOString(), data: await subject(event) },
    })
    if (status === 410) await disableEndpoint(db, endpoint.id, 'gone')
    return verdict(status)
  }

  async function tellSupplier({ notification, event }: Notice): Promise<Attempt> {
    const supplier = await readSupplier(db, notification.recipient)
    const order = await purchaseOrderView(db, event.number)
    if (!supplier || !order) return { result: 'gone', outcome: 'nobody to tell' }
    const data = { ...order, event: event.details }
    if (supplier.channel === 'webhook' && supplier.webhook_url) {
      const status = await webhooks.send({
        url: supplier.webhook_url,
        secret: supplier.webhook_secret,
        id: notification.id,
        body: {
          type: event.type,
          timestamp: event.at.toISOString(),
          data: { ...data, ...lineOf(event.details) },
        },
      })
      return verdict(status)
    }
    if (!supplier.email) return { result: 'gone', outcome: 'no address' }
    const lines = order.lines.map(
      (line) => `${line.line}. ${line.sku}: ${line.quantity}${line.closed ? ` (${line.closed})` : ''}`,
    )
    await mailer.send({
      id: notification.id,
      to: supplier.email,
      fromName: 'Purchasing',
      replyTo: null,
      subject: `Purchase order ${order.number}: ${SUPPLIER_SUBJECTS[event.type] ?? event.type}`,
      text: [
        `Dear ${supplier.name},`,
        ...wishOf(event),
        `purchase order ${order.number} now reads:`,
        lines.join('\n'),
      ].join('\n\n'),
    })
    return { result: 'sent', outcome: 'accepted' }
  }

  /** What a webhook carries: the order, back order, delivery, lead, custom order, payment, tag or match request as the API shows it now. */
  async function subject(event: Notice['event']) {
    const { number } = event
    const { wait } = await readPeriods(db)
    const order = await orderOf(db, number)
    const owner = ownerIn(event)
    const customOrder = await customOrderOf(db, owner)
    return {
      order: order ? await orderView(db, order, wait.default_seconds) : undefined,
      back_order: await backOrderView(db, number),
      delivery: await deliveryView(db, number),
      lead: await leadView(db, number),
      custom_order: customOrder ? await customOrderView(db, customOrder) : undefined,
      payment: await paymentView(db, number),
      tag: await tagView(db, owner),
      match_request: await matchRequestView(db, number),
    }
  }
}

/** The order or tag that an event is about: of a vehicle, whose it was when it happened. It may be another buyer's by now. */
function ownerIn({ number, type, details: { buyer } }: Notice['event']): string {
  return isAbout('vehicle', type) && typeof buyer === 'string' ? buyer : number
}

/** True for what happens to a tag, to a match request, or to a vehicle that is tagged. */
function isOfTag({ type, details }: Notice['event']): boolean {
  const { buyer } = details
  if (isAbout('vehicle', type)) return typeof buyer === 'string' && kindOf(buyer) === 'tag'
  return isAbout('tag', type) || isAbout('match_request', type)
}

const SUPPLIER_SUBJECTS: Record<string, string> = {
  'purchase_order.created': 'please acknowledge',
  'purchase_order.reminded': 'we are waiting for your acknowledgement',
  'purchase_order.line_withdrawn': 'a line is withdrawn',
  'purchase_order.change_requested': 'please change a line',
}

/** What the supplier is asked to do, where the lines alone do not say it. */
function wishOf({ type, details }: Notice['event']): string[] {
  const { line, quantity, deadline_at } = details as Record<string, string | number>
  const wishes: Record<string, string> = {
    'purchase_order.created': `please acknowledge each line until ${deadline_at};`,
    'purchase_order.reminded': `please acknowledge each line until ${deadline_at};`,
    'purchase_order.line_withdrawn': `line ${line} is withdrawn;`,
    'purchase_order.change_requested': `please change line ${line} to ${quantity};`,
  }
  const wish = wishes[type]
  return wish ? [wish] : []
}

function lineOf(details: Record<string, unknown>): { line?: unknown } {
  return 'line' in details ? { line: details.line } : {}
}

/** The code of a failure: an SMTP reply, a socket error, or its kind. Its message may name people and is left out. */
function codeOf(error: unknown): string {
  const { responseCode, code, name } = error as { responseCode?: number; code?: string; name?: string }
  return String(responseCode ?? code ?? name ?? 'unknown')
}
