import type { Context } from 'hono'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { Refusal } from '../domain/refusal.ts'
import { KEY } from './idempotency.ts'

/**
 * Checks the signature of a webhook that a partner sent us (Standard Webhooks: signed over id, time and the raw body; at
 * most five minutes old). Gives the body and the `webhook-id`, which is the request's idempotency key.
 *
 * @throws Refusal `invalid-signature` when it is missing, forged, or too old; `malformed-request` when it is signed but
 *   its id is no idempotency key or its body is not JSON.
 */
export async function verifySignature(c: Context, secret: string): Promise<{ id: string; body: unknown }> {
  const id = c.req.header('webhook-id') ?? ''
  const text = await c.req.text()
  try {
    new Webhook(secret).verify(text, {
      'webhook-id': id,
      'webhook-timestamp': c.req.header('webhook-timestamp') ?? '',
      'webhook-signature': c.req.header('webhook-signature') ?? '',
    })
  } catch (error) {
    if (error instanceof WebhookVerificationError) {
      throw new Refusal(
        'invalid-signature',
        'Sign as Standard Webhooks say, with the secret that we agreed on.',
      )
    }
    throw new Refusal('malformed-request', 'The body is not JSON.')
  }
  if (!KEY.test(id)) {
    throw new Refusal(
      'malformed-request',
      'A webhook-id is 1 to 255 visible ASCII characters without spaces.',
    )
  }
  return { id, body: JSON.parse(text) }
}
