import type { Hono } from 'hono'
import { parse, refuse } from '../partner/app.ts'
import type { Member } from '../partner/roster.ts'
import { readSigned, receive, type SignedMessage } from '../partner/signed.ts'
import type { Automatic } from './automatic.ts'
import type { OrderBook } from './order-book.ts'
import { Messages } from './purchase-order.ts'
import type { Suppliers } from './suppliers.ts'

/** Where Holdfast's webhooks arrive. */
export function addInbox(app: Hono, suppliers: Suppliers, book: OrderBook, automatic: Automatic): void {
  app.post('/suppliers/:id/webhooks', async (c) => {
    const supplier = suppliers.get(c.req.param('id')) ?? refuse(404, 'There is no such supplier')
    const { gone, unavailable } = suppliers.behaviour(supplier)
    if (gone) refuse(410, 'This address is no longer in use')
    if (unavailable) refuse(503, 'The supplier is out of service')

    const message = await readSigned(c, supplier.webhook_secret)
    const earlier = book.webhook(supplier.id, message.id)
    // Understood first, kept after: one that cannot be understood is answered 400 and changes nothing.
    if (!earlier) understand(supplier, message, book, automatic)
    book.keepWebhook(supplier.id, receive(message, earlier))
    return c.body(null, 204)
  })
}

function understand(
  supplier: Member,
  { id, type, data }: SignedMessage,
  book: OrderBook,
  automatic: Automatic,
): void {
  if (!isUnderstood(type)) return
  const message = parse(Messages[type], JSON.stringify(data ?? null))
  const order = book.change(supplier.id, message.number, (order) => ({
    ...order,
    lines: message.lines ?? order.lines,
    withdrawn: 'line' in message ? [...order.withdrawn, message.line] : order.withdrawn,
    webhook_ids: [...order.webhook_ids, id],
  }))
  automatic.heardOf(order)
}

function isUnderstood(type: string): type is keyof typeof Messages {
  return Object.hasOwn(Messages, type)
}
