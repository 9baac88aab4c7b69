import type { Hono } from 'hono'
import { parse, refuse } from '../partner/app.ts'
import { readSigned, receive, type SignedMessage } from '../partner/signed.ts'
import { type Configuration, isUnderstood, Message } from './messages.ts'
import type { Order } from './order.ts'
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
  const { number } = message.data
  switch (message.type) {
    case 'custom_order.submitted':
    case 'custom_order.reminded': {
      const { turn, dealer, answer_by, configuration } = message.data
      const order = book.changeOrder(number, (order) =>
        turn < order.turn ? {} : { turn, dealer, answer_by, ...newer(order, timestamp, configuration) },
      )
      return desk.asked(message.data, order)
    }
    case 'custom_order.confirmed': {
      const { vehicle, dealer, configuration } = message.data
      book.changeOrder(number, (order) => ({
        vehicle,
        dealer,
        ...newer(order, timestamp, configuration),
      }))
      return plant.take(vehicle, number)
    }
    case 'custom_order.reconfigured': {
      const { vehicle, configuration } = message.data
      book.changeOrder(number, (order) => ({ vehicle, ...newer(order, timestamp, configuration) }))
      return
    }
    case 'custom_order.cancelled': {
      const order = book.changeOrder(number, ({ vehicle, cancelled_at }) => ({
        vehicle: message.data.vehicle ?? vehicle,
        cancelled_at: cancelled_at ?? new Date().toISOString(),
      }))
      desk.drop(number)
      if (order.vehicle) plant.drop(order.vehicle)
    }
  }
}

/** The configuration, unless a message that Holdfast wrote later has come before. */
function newer(order: Order, written: string, configuration: Configuration): Partial<Order> {
  const configured_at = new Date(written).toISOString()
  return configured_at < order.configured_at ? {} : { configuration, configured_at }
}
