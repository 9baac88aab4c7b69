import type { Hono } from 'hono'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { z } from 'zod'
import { parse, refuse } from '../partner/app.ts'
import type { Automatic } from './automatic.ts'
import type { OrderBook } from './order-book.ts'
import { Messages } from './purchase-order.ts'
import type { Supplier, Suppliers } from './suppliers.ts'

const Envelope = z.object({ type: z.string().min(1), data: z.unknown() })
const WebhookId = z.string().regex(/^[A-Za-z0-9._:~-]{1,120}$/, 'The webhook-id is no plain identifier')

/** Where Holdfast's webhooks arrive. */
export function addInbox(app: Hono, suppliers: Suppliers, book: OrderBook, automatic: Automatic): void {
  app.post('/suppliers/:id/webhooks', async (c) => {
    const supplier = suppliers.get(c.req.param('id')) ?? refuse(404, 'There is no such supplier')
    const { gone, unavailable } = suppliers.behaviour(supplier)
    if (gone) refuse(410, 'This address is no longer in use')
    if (unavailable) refuse(503, 'The supplier is out of service')

    const text = await c.req.text()
    verify(supplier, text, c.req.header())
    const { type, data } = parse(Envelope, text)
    const id = parse(WebhookId, JSON.stringify(c.req.header('webhook-id')))

    const earlier = book.webhook(supplier.id, id)
    // Understood first, kept after: one that cannot be understood is answered 400 and changes nothing.
    if (!earlier) understand(supplier, id, type, data, book, automatic)
    book.keepWebhook({
      supplier: supplier.id,
      webhook_id: id,
      type,
      body: JSON.parse(text),
      received_at: [...(earlier?.received_at ?? []), new Date().toISOString()],
    })
    return c.body(null, 204)
  })
}

function verify(supplier: Supplier, text: string, headers: Record<string, string>): void {
  try {
    new Webhook(supplier.webhook_secret).verify(text, headers, { jsonParse: false })
  } catch (error) {
    if (error instanceof WebhookVerificationError) refuse(401, error.message)
    throw error
  }
}

function understand(
  supplier: Supplier,
  webhookId: string,
  type: string,
  data: unknown,
  book: OrderBook,
  automatic: Automatic,
): void {
  if (!isUnderstood(type)) return
  const message = parse(Messages[type], JSON.stringify(data ?? null))
  const order = book.change(supplier.id, message.number, (order) => ({
    ...order,
    lines: message.lines ?? order.lines,
    withdrawn: 'line' in message ? [...order.withdrawn, message.line] : order.withdrawn,
    webhook_ids: [...order.webhook_ids, webhookId],
  }))
  automatic.heardOf(order)
}

function isUnderstood(type: string): type is keyof typeof Messages {
  return Object.hasOwn(Messages, type)
}
