import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { Refusal } from '../domain/refusal.ts'
import { newWebhookSecret } from '../store/webhook-endpoint.ts'
import { KEY } from './idempotency.ts'
import type { ApiEnv } from './kit.ts'
import { PartnerId } from './master-data.ts'

/** Lets in a partner who signs its webhooks; it is named by the path's parameter, which is called as its role is. */
export function requireSignature(
  role: 'supplier' | 'dealer',
  readPartner: (id: string) => Promise<{ webhook_secret: string } | undefined>,
) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const id = c.req.param(role) ?? ''
    // Before the parameters are checked, so that what is no id at all is not looked for.
    const known = PartnerId.safeParse(id).success ? await readPartner(id) : undefined
    // A partner that is not known has a secret that nobody knows: it looks like a bad signature.
    const { id: key } = await verifySignature(c, known?.webhook_secret ?? newWebhookSecret())
    c.set('caller', { role, partner: id, actor: `${role}:${id}`, scope: `${role}:${id}` })
    c.set('requestKey', key)
    await next()
  })
}

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
