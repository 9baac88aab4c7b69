import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import Stripe from 'stripe'
import type { Behaviour } from '../partner/behaviour.ts'
import { type Errand, Errands } from '../partner/errands.ts'
import { JsonFolder } from '../partner/json-folder.ts'
import { backoff, isFinal, post } from '../partner/send.ts'
import type { ProviderBehaviour } from './behaviour.ts'
import type { Intent, Refund, Session } from './objects.ts'

type Work = { body: string }

type Setup = {
  folder: string
  pageUrl: string
  webhookUrl: string
  secret: string
  behaviour: Behaviour<ProviderBehaviour>
}

/** What cannot be done, as Stripe says it. */
export class Fault extends Error {
  readonly status: 400 | 402 | 404 | 500
  readonly type: string
  readonly code: string
  constructor(status: Fault['status'], code: string, type = 'invalid_request_error') {
    super(code)
    this.status = status
    this.type = type
    this.code = code
  }
}

/** The provider's books: sessions, what was paid in them, refunds; and telling Holdfast of each change. */
export class Provider {
  readonly sessions: JsonFolder<Session>
  readonly intents: JsonFolder<Intent>
  readonly refunds: JsonFolder<Refund>
  readonly #setup: Setup
  readonly #errands: Errands<Work>
  readonly #stripe = new Stripe('sk_unused', { telemetry: false })

  constructor(setup: Setup) {
    this.#setup = setup
    this.sessions = new JsonFolder(join(setup.folder, 'sessions'))
    this.intents = new JsonFolder(join(setup.folder, 'intents'))
    this.refunds = new JsonFolder(join(setup.folder, 'refunds'))
    this.#errands = new Errands(join(setup.folder, 'webhooks'), (errand, stopping) =>
      this.#send(errand, stopping),
    )
  }

  start(): void {
    this.#errands.start()
  }

  stop(): void {
    this.#errands.stop()
  }

  session(id: string): Session {
    return this.sessions.get(id) ?? missing()
  }

  intent(id: string): Intent {
    return this.intents.get(id) ?? missing()
  }

  refund(id: string): Refund {
    return this.refunds.get(id) ?? missing()
  }

  /** The newest first. */
  refundsOf(intent: Intent): Refund[] {
    return this.refunds
      .values()
      .filter(({ payment_intent }) => payment_intent === intent.id)
      .reverse()
  }

  open(
    asked: Pick<Session, 'words' | 'amount_total' | 'currency' | 'metadata' | 'success_url' | 'cancel_url'>,
  ) {
    refuseUneven(asked.amount_total, asked.currency)
    const id = newId('cs_test')
    const session: Session = {
      ...asked,
      id,
      object: 'checkout.session',
      status: 'open',
      payment_intent: null,
      url: new URL(`/pay/${id}`, this.#setup.pageUrl).href,
      created: Math.floor(Date.now() / 1_000),
      stepping_up: false,
    }
    this.sessions.put(id, session)
    if (this.#setup.behaviour.current.buyer === 'pays') this.pay(session)
    return this.session(id)
  }

  /** The buyer paid: the money is held. */
  pay(session: Session): void {
    if (session.status !== 'open') return
    const intent = this.#intentOf(session, { status: 'requires_capture', last_payment_error: null })
    const complete: Session = {
      ...session,
      status: 'complete',
      payment_intent: intent.id,
      stepping_up: false,
    }
    this.sessions.put(session.id, complete)
    this.#tell('checkout.session.completed', complete)
    this.#tell('payment_intent.amount_capturable_updated', intent)
  }

  /** The buyer's bank said no: they may try again. */
  decline(session: Session, code: string): void {
    if (session.status !== 'open') return
    const intent = this.#intentOf(session, {
      status: 'requires_payment_method',
      last_payment_error: { type: 'card_error', code, charge: newId('ch') },
    })
    this.sessions.put(session.id, { ...session, payment_intent: intent.id, stepping_up: false })
    this.#tell('payment_intent.payment_failed', intent)
  }

  /** The buyer's bank asks whether it is them, before it says yes or no. */
  stepUp(session: Session): void {
    if (session.status === 'open') this.sessions.put(session.id, { ...session, stepping_up: true })
  }

  expire(session: Session): Session {
    if (session.status !== 'open') throw new Fault(400, 'checkout_session_not_open')
    const expired: Session = { ...session, status: 'expired' }
    this.sessions.put(session.id, expired)
    this.#tell('checkout.session.expired', expired)
    return expired
  }

  capture(intent: Intent): Intent {
    if (intent.status !== 'requires_capture') throw new Fault(400, 'payment_intent_unexpected_state')
    return this.#change(intent, 'payment_intent.succeeded', {
      status: 'succeeded',
      amount_received: intent.amount,
    })
  }

  cancel(intent: Intent): Intent {
    if (intent.status === 'succeeded' || intent.status === 'canceled')
      throw new Fault(400, 'payment_intent_unexpected_state')
    return this.#change(intent, 'payment_intent.canceled', { status: 'canceled' })
  }

  giveBack(intent: Intent, amount: number, metadata: Refund['metadata'], status: Refund['status']): Refund {
    refuseUneven(amount, intent.currency)
    const before = this.refundsOf(intent)
      .filter((refund) => refund.status !== 'failed')
      .reduce((sum, refund) => sum + refund.amount, 0)
    if (intent.status !== 'succeeded' || before + amount > intent.amount_received)
      throw new Fault(400, 'charge_already_refunded')
    const refund: Refund = {
      id: newId('re'),
      object: 'refund',
      status,
      amount,
      currency: intent.currency,
      payment_intent: intent.id,
      metadata,
      ...(status === 'failed' ? { failure_reason: 'expired_or_canceled_card' } : {}),
    }
    this.refunds.put(refund.id, refund)
    this.#tell('refund.created', refund)
    return refund
  }

  /** How a slow refund ends. */
  finishRefund(refund: Refund, status: 'succeeded' | 'failed'): Refund {
    const ended: Refund = {
      ...refund,
      status,
      ...(status === 'failed' ? { failure_reason: 'expired_or_canceled_card' } : {}),
    }
    this.refunds.put(refund.id, ended)
    this.#tell('refund.updated', ended)
    return ended
  }

  #intentOf(session: Session, change: Pick<Intent, 'status' | 'last_payment_error'>): Intent {
    const known = session.payment_intent ? this.intents.get(session.payment_intent) : undefined
    const intent: Intent = {
      id: newId('pi'),
      object: 'payment_intent',
      amount: session.amount_total,
      amount_received: 0,
      currency: session.currency,
      metadata: session.metadata,
      ...known,
      ...change,
    }
    this.intents.put(intent.id, intent)
    return intent
  }

  #change(intent: Intent, type: string, change: Partial<Intent>): Intent {
    const changed = { ...intent, ...change }
    this.intents.put(intent.id, changed)
    this.#tell(type, changed)
    return changed
  }

  #tell(type: string, object: object): void {
    const { webhooks, repeat } = this.#setup.behaviour.current
    if (webhooks === 'lost') return
    const id = newId('evt')
    const created = Math.floor(Date.now() / 1_000)
    const body = JSON.stringify({ id, object: 'event', type, created, data: { object } })
    for (let copy = 1; copy <= repeat; copy++) this.#errands.add(`${id}-${copy}`, Date.now(), { body })
  }

  async #send({ attempts, work }: Errand<Work>, stopping: AbortSignal): Promise<number | undefined> {
    const { secret, webhookUrl } = this.#setup
    // Signed anew for each attempt: receivers refuse a time older than five minutes.
    const signature = this.#stripe.webhooks.generateTestHeaderString({ payload: work.body, secret })
    const answer = await post(webhookUrl, { 'stripe-signature': signature }, work.body, stopping)
    return isFinal(answer) ? undefined : backoff(attempts, answer)
  }
}

/** Cards know no part of a crown or a shilling, and no thousandth of a dinar. */
function refuseUneven(amount: number, currency: string): void {
  const step = ['isk', 'ugx'].includes(currency)
    ? 100
    : ['bhd', 'jod', 'kwd', 'omr', 'tnd'].includes(currency)
      ? 10
      : 1
  if (amount % step !== 0) throw new Fault(400, 'invalid_charge_amount_no_decimal_compatible')
}

function missing(): never {
  throw new Fault(404, 'resource_missing')
}

function newId(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`
}
