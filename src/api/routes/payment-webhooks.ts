import { createRoute, z } from '@hono/zod-openapi'
import { parseNumber } from '../../domain/number.ts'
import { isAtRest } from '../../domain/payment.ts'
import { Refusal } from '../../domain/refusal.ts'
import { readPayment } from '../../store/payment.ts'
import { returnRefund } from '../../store/payment-changes.ts'
import { inStep } from '../../store/step.ts'
import { wake } from '../../store/wake.ts'
import type { Api, ApiKit } from '../kit.ts'
import { PROVIDER_SIGNED } from '../openapi.ts'
import { answers, jsonBody } from '../request.ts'
import { wakeNow } from '../wake.ts'

const ProviderEvent = z.looseObject({ id: z.string(), type: z.string() }).meta({
  id: 'PaymentProviderEvent',
  description: "An event as Stripe sends it; only its payment's number is read, and whether a refund failed",
})

/**
 * What the payment provider tells us (REQUIREMENTS B5). It is a reason to ask: the payment's process is woken and asks how
 * the page stands, so that a webhook that comes twice, late, out of order or never changes nothing but the time at which we
 * know. Only of a refund that was done and comes back nobody would ask, so that is believed, and shown to operators. Nothing
 * else of its content is kept.
 */
export function registerPaymentWebhooks(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/payment-webhooks/stripe',
      tags: [PROVIDER_SIGNED],
      summary: 'The payment provider tells of a payment',
      description: 'Signed as Stripe does, with `stripe-signature` over the body and the time (B5).',
      request: { body: jsonBody(ProviderEvent) },
      responses: answers(200, 'Taken', z.object({ received: z.literal(true) })),
    }),
    async (c) => {
      const signature = c.req.header('stripe-signature') ?? ''
      const event = kit.paymentWebhooks?.read(await c.req.text(), signature)
      if (!event)
        throw new Refusal('invalid-signature', 'Sign as Stripe does, with the secret of this endpoint.')
      const parsed = parseNumber('payment', event.payment ?? '')
      const payment = parsed.ok ? await readPayment(kit.db, parsed.number) : undefined
      const { failed_refund: failed } = event
      // The same account may take payments for others, too; and what is at rest waits for nothing.
      if (payment && (failed || !isAtRest(payment.state))) {
        const step = `payment-webhook/${event.id}`
        const { number } = payment
        await inStep(kit.db, step, async (tx) => {
          if (failed) await returnRefund(tx, number, failed, { actor: 'provider', step })
          await wake(tx, step, [`payment/${number}`])
        })
        await wakeNow(kit, step)
      }
      return c.json({ received: true as const }, 200)
    },
  )
}
