import { randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { z } from 'zod'
import { parse, refuse } from './app.ts'

const Envelope = z.object({
  type: z.string().min(1),
  timestamp: z.iso.datetime({ offset: true }),
  data: z.unknown(),
})
const WebhookId = z.string().regex(/^[A-Za-z0-9._:~-]{1,120}$/, 'The webhook-id is no plain identifier')

/** A message from Holdfast, and the body that it came as. */
export type SignedMessage = z.output<typeof Envelope> & { id: string; body: unknown }

/** A webhook as it came, and each time that it came. */
export interface Received {
  webhook_id: string
  type: string
  body: unknown
  received_at: string[]
}

/** What a request says that is signed with this secret; else 401, or 400 when it is no message. */
export async function readSigned(c: Context, secret: string): Promise<SignedMessage> {
  const { id, text } = await readVerified(c, secret)
  return messageOf(id, text)
}

/** The body of a request that is signed with this secret, whatever it is, with its id; else 401. */
export async function readVerified(c: Context, secret: string): Promise<{ id: string; text: string }> {
  const text = await c.req.text()
  verify(secret, text, c.req.header())
  return { id: parse(WebhookId, JSON.stringify(c.req.header('webhook-id') ?? null)), text }
}

/** The message that such a body is; 400 when it is none. */
export function messageOf(id: string, text: string): SignedMessage {
  return { ...parse(Envelope, text), id, body: JSON.parse(text) }
}

/** The record of a message that has come once more, or for the first time. */
export function receive(
  { id, type, body }: Pick<SignedMessage, 'id' | 'type' | 'body'>,
  earlier: Received | undefined,
): Received {
  const received_at = [...(earlier?.received_at ?? []), new Date().toISOString()]
  return { webhook_id: id, type, body, received_at }
}

/** Signed as of now: receivers refuse a timestamp that is older than five minutes. */
export function signatureOf(secret: string, id: string, body: string): Record<string, string> {
  const now = new Date()
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, now, body),
  }
}

/** A secret that nobody was given: what is signed with it is forged. */
export function strangeSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`
}

function verify(secret: string, text: string, headers: Record<string, string>): void {
  try {
    new Webhook(secret).verify(text, headers, { jsonParse: false })
  } catch (error) {
    if (error instanceof WebhookVerificationError) refuse(401, error.message)
    throw error
  }
}
