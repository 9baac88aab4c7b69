import Stripe from 'stripe'
import type { PaymentProvider, PaymentWebhooks, RefundOutcome, SessionOutcome } from './payment-provider.ts'

const CALL_MS = 8_000

/** Trouble with the provider, told by its kind only: what Stripe says may quote what the buyer entered. */
class ProviderTrouble extends Error {
  constructor(kind: string) {
    super(`the payment provider: ${kind}`)
    // What is logged and shown of a failure is its name.
    this.name = `payment provider: ${kind}`
  }
}

/**
 * Stripe as the payment provider: a Checkout Session for each chance to pay, with manual capture. `url` is Stripe's API,
 * or a stand-in that speaks its protocol.
 */
export function stripeProvider(settings: { url: string; apiKey: string }): PaymentProvider {
  const { protocol, hostname, port } = new URL(settings.url)
  const stripe = new Stripe(settings.apiKey, {
    protocol: protocol === 'http:' ? 'http' : 'https',
    host: hostname,
    ...(port ? { port } : {}),
    timeout: CALL_MS,
    // Our processes try again, under the same keys, and wait longer than this would.
    maxNetworkRetries: 0,
    telemetry: false,
  })

  /** What Stripe refuses for good is for the caller to judge; anything else is tried again. */
  async function call<T>(work: () => Promise<T>): Promise<T | Stripe.errors.StripeError> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Stripe.errors.StripeCardError) return error
      if (error instanceof Stripe.errors.StripeInvalidRequestError) return error
      if (error instanceof Stripe.errors.StripeError)
        throw new ProviderTrouble(`${error.type} ${error.statusCode ?? ''}`.trim())
      throw error
    }
  }

  async function must<T>(work: () => Promise<T>): Promise<T> {
    const answer = await call(work)
    if (answer instanceof Stripe.errors.StripeError)
      throw new ProviderTrouble(`${answer.type} ${answer.code ?? answer.statusCode ?? ''}`.trim())
    return answer
  }

  async function look(id: string): Promise<SessionOutcome> {
    const session = await must(() => stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] }))
    const intent = typeof session.payment_intent === 'object' ? session.payment_intent : null
    if (session.status === 'expired') return { state: 'gone' }
    switch (intent?.status) {
      case 'requires_capture':
        return { state: 'held', intent: intent.id }
      case 'succeeded':
        return { state: 'taken', intent: intent.id }
      case 'canceled':
        return { state: 'gone' }
      default: {
        const failed = intent?.last_payment_error
        return { state: 'open', declined: failed ? (failed.charge ?? failed.code ?? failed.type) : null }
      }
    }
  }

  async function close(id: string): Promise<SessionOutcome> {
    const closed = await call(() => stripe.checkout.sessions.expire(id))
    // It was paid, or had ended by itself, before that.
    if (closed instanceof Stripe.errors.StripeError) return look(id)
    return { state: 'gone' }
  }

  return {
    async openSession({ payment, words, amount_minor, currency, paid_url, unpaid_url }, key) {
      const session = await must(() =>
        stripe.checkout.sessions.create(
          {
            mode: 'payment',
            line_items: [
              {
                quantity: 1,
                price_data: {
                  currency: currency.toLowerCase(),
                  unit_amount: amount_minor,
                  product_data: { name: words },
                },
              },
            ],
            // Held first and taken later; Stripe offers only what can be paid so.
            payment_intent_data: { capture_method: 'manual', metadata: { payment } },
            metadata: { payment },
            success_url: paid_url,
            cancel_url: unpaid_url,
          },
          { idempotencyKey: key },
        ),
      )
      if (!session.url) throw new ProviderTrouble('a session without an address')
      return { session: session.id, url: session.url }
    },

    look,
    close,

    async release(id, key) {
      const closed = await close(id)
      if (closed.state === 'gone') return { state: 'gone', was_held: false }
      if (closed.state === 'taken') return closed
      if (closed.state === 'open') throw new ProviderTrouble('a session that cannot be closed')
      const { intent } = closed
      const cancelled = await call(() => stripe.paymentIntents.cancel(intent, {}, { idempotencyKey: key }))
      if (!(cancelled instanceof Stripe.errors.StripeError)) return { state: 'gone', was_held: true }
      const { status } = await must(() => stripe.paymentIntents.retrieve(intent))
      if (status === 'canceled') return { state: 'gone', was_held: true }
      if (status === 'succeeded') return { state: 'taken', intent }
      throw new ProviderTrouble(`a payment that is ${status} and cannot be cancelled`)
    },

    async capture(intent, key) {
      const captured = await call(() => stripe.paymentIntents.capture(intent, {}, { idempotencyKey: key }))
      if (!(captured instanceof Stripe.errors.StripeError)) return { state: 'taken' }
      const { status } = await must(() => stripe.paymentIntents.retrieve(intent))
      if (status === 'succeeded') return { state: 'taken' }
      if (status === 'canceled') return { state: 'refused', failure: 'authorisation_lapsed' }
      return { state: 'refused', failure: captured.code ?? captured.type }
    },

    async refund({ payment, intent, amount_minor }, key) {
      const refund = await call(() =>
        stripe.refunds.create(
          { payment_intent: intent, amount: amount_minor, metadata: { payment } },
          { idempotencyKey: key },
        ),
      )
      if (refund instanceof Stripe.errors.StripeError)
        return { state: 'failed', failure: refund.code ?? refund.type }
      return outcomeOf(refund)
    },

    async lookAtRefund(reference) {
      return outcomeOf(await must(() => stripe.refunds.retrieve(reference)))
    },
  }
}

function outcomeOf(refund: Stripe.Refund): RefundOutcome {
  if (refund.status === 'succeeded') return { state: 'done', reference: refund.id }
  if (refund.status === 'failed' || refund.status === 'canceled')
    return { state: 'failed', failure: refund.failure_reason ?? refund.status }
  return { state: 'underway', reference: refund.id }
}

/** Stripe's webhooks, each checked against its signature over the body as it came and the time, at most five minutes old. */
export function stripeWebhooks({ secret }: { secret: string }): PaymentWebhooks {
  // It calls nobody, so no key is needed.
  const { webhooks } = new Stripe('sk_unused', { telemetry: false })
  return {
    read(body, signature) {
      try {
        const { id, data } = webhooks.constructEvent(body, signature, secret)
        const { metadata } = data.object as { metadata?: Record<string, string> | null }
        return { id, payment: metadata?.payment ?? null }
      } catch (error) {
        if (error instanceof Stripe.errors.StripeSignatureVerificationError) return undefined
        throw error
      }
    },
  }
}
