import type { Hono } from 'hono'
import { parse, refuse } from '../partner/app.ts'
import { readSigned, receive, type SignedMessage } from '../partner/signed.ts'
import { isUnderstood, Message } from './messages.ts'
import { heard } from './order.ts'
import type { Processor } from './processor.ts'

/** Where Holdfast's webhooks arrive. */
export function addInbox(app: Hono, processor: Processor, secret: string): void {
  const { manners, book } = processor
  app.post('/inbox', async (c) => {
    if (manners.general.take('unavailable')) refuse(503, 'The order processor is out of service')
    const message = await readSigned(c, secret)
    const earlier = book.webhook(message.id)
    // Understood first, kept after: one that cannot be understood is answered 400 and changes nothing.
    if (!earlier && isUnderstood(message.type)) understand(processor, message)
    book.keepWebhook(receive(message, earlier))
    // The sender cannot know whether it has arrived: it sends the same message again.
    if (manners.general.take('vanish')) await new Promise(() => {})
    return c.body(null, 204)
  })
}

function understand({ book, desk, plant }: Processor, { type, timestamp, data }: SignedMessage): void {
  const message = parse(Message, JSON.stringify({ type, data }))
  const { number, turn } = message.data
  const order = heard(book.order(number), message.data, timestamp)
  book.keepOrder(order)
  switch (message.type) {
    case 'custom_order.submitted':
    case 'custom_order.reminded':
    case 'tag.submitted':
    case 'tag.reminded':
      return desk.asked(order, turn)
    case 'custom_order.withdrawn':
    case 'tag.withdrawn':
      // One that comes late may show the next turn, which is to be answered.
      return order.answer_by === null ? desk.drop(number) : undefined
    case 'custom_order.confirmed':
      return plant.take(message.data.vehicle, number)
    case 'custom_order.reconfigured':
    case 'tag.confirmed':
      return
    case 'custom_order.cancelled':
    case 'tag.cancelled':
      book.keepOrder({ ...order, cancelled_at: order.cancelled_at ?? new Date().toISOString() })
      desk.drop(number)
      // The vehicle of a tag is built all the same: it is the dealer's stock again.
      if (message.type === 'custom_order.cancelled' && order.vehicle) plant.drop(order.vehicle)
  }
}
