import Stripe from 'stripe'
import type { PaymentProvider, PaymentWebhooks, RefundOutcome, SessionOutcome } from './payment-provider.ts'
import { toStripe } from './stripe-amount.ts'
import { call, must, once, ProviderTrouble } from './stripe-call.ts'

const CALL_MS = 8_000

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

  /** What it means that the money was taken, or that nothing of it is held any more; undefined while it is held. */
  async function endOf<Taken, Gone>(
    intent: string,
    means: { taken: Taken; gone: Gone },
  ): Promise<Taken | Gone | undefined> {
    const { status } = await must(() => stripe.paymentIntents.retrieve(intent))
    if (status === 'succeeded') return means.taken
    return status === 'canceled' ? means.gone : undefined
  }

  /** Every refund carries the key that it was first asked for under; undefined when there is none with this one. */
  async function findRefund(intent: string, key: string): Promise<Stripe.Refund | undefined> {
    for await (const refund of stripe.refunds.list({ payment_intent: intent, limit: 100 }))
      if (refund.metadata?.refund === key) return refund
    return undefined
  }

  return {
    async openSession({ payment, words, amount_minor, currency, paid_url, unpaid_url }, key) {
      return once(key, {
        // A page whose address nobody got cannot be paid on, so it does not matter whether there is one.
        look: () => Promise.resolve(undefined),
        ask: async (idempotencyKey) => {
          const session = await must(() =>
            stripe.checkout.sessions.create(
              {
                mode: 'payment',
                line_items: [
                  {
                    quantity: 1,
                    price_data: {
                      currency: currency.toLowerCase(),
                      unit_amount: toStripe(amount_minor, currency),
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
              { idempotencyKey },
            ),
          )
          if (!session.url) throw new ProviderTrouble('a session without an address')
          return { session: session.id, url: session.url }
        },
      })
    },

    look,
    close,

    async release(id, key) {
      const closed = await close(id)
      if (closed.state === 'gone') return { state: 'gone', was_held: false }
      if (closed.state === 'taken') return closed
      if (closed.state === 'open') throw new ProviderTrouble('a session that cannot be closed')
      const { intent } = closed
      const lookAtIntent = () =>
        endOf(intent, { taken: { state: 'taken', intent }, gone: { state: 'gone', was_held: true } } as const)
      return once(key, {
        look: lookAtIntent,
        ask: async (idempotencyKey) => {
          const cancelled = await call(() => stripe.paymentIntents.cancel(intent, {}, { idempotencyKey }))
          if (!(cancelled instanceof Stripe.errors.StripeError)) return { state: 'gone', was_held: true }
          const found = await lookAtIntent()
          if (!found) throw new ProviderTrouble('a payment that cannot be cancelled')
          return found
        },
      })
    },

    async capture(intent, key) {
      const lookAtIntent = () =>
        endOf(intent, {
          taken: { state: 'taken' },
          gone: { state: 'refused', failure: 'authorisation_lapsed' },
        } as const)
      return once(key, {
        look: lookAtIntent,
        ask: async (idempotencyKey) => {
          const captured = await call(() => stripe.paymentIntents.capture(intent, {}, { idempotencyKey }))
          if (!(captured instanceof Stripe.errors.StripeError)) return { state: 'taken' }
          return (await lookAtIntent()) ?? { state: 'refused', failure: captured.code ?? captured.type }
        },
      })
    },

    async refund({ payment, intent, amount_minor, currency }, key) {
      return once(key, {
        look: async () => {
          const made = await must(() => findRefund(intent, key))
          return made && outcomeOf(made)
        },
        ask: async (idempotencyKey) => {
          const amount = toStripe(amount_minor, currency)
          const refund = await call(() =>
            stripe.refunds.create(
              { payment_intent: intent, amount, metadata: { payment, refund: key } },
              { idempotencyKey },
            ),
          )
          if (refund instanceof Stripe.errors.StripeError)
            return { state: 'failed', failure: refund.code ?? refund.type }
          return outcomeOf(refund)
        },
      })
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

function failureOf(refund: Stripe.Refund): { reference: string; failure: string } | null {
  const outcome = outcomeOf(refund)
  return outcome.state === 'failed' ? { reference: refund.id, failure: outcome.failure } : null
}

/** Stripe's webhooks, each checked against its signature over the body as it came and the time, at most five minutes old. */
export function stripeWebhooks({ secret }: { secret: string }): PaymentWebhooks {
  // It calls nobody, so no key is needed.
  const { webhooks } = new Stripe('sk_unused', { telemetry: false })
  return {
    read(body, signature) {
      try {
        const { id, data } = webhooks.constructEvent(body, signature, secret)
        const about = data.object as { object?: string; metadata?: Record<string, string> | null }
        const payment = about.metadata?.payment ?? null
        return {
          id,
          payment,
          failed_refund: about.object === 'refund' ? failureOf(about as Stripe.Refund) : null,
        }
      } catch (error) {
        if (error instanceof Stripe.errors.StripeSignatureVerificationError) return undefined
        throw error
      }
    },
  }
}
