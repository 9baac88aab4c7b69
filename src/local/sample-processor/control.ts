import type { Hono } from 'hono'
import { z } from 'zod'
import { readBody, refuse } from '../partner/app.ts'
import { OneOrder, ProcessorOrders } from './behaviour.ts'
import { accepted } from './order.ts'
import { knownOrder, knownVehicle, type Processor } from './processor.ts'
import { Plan, Step } from './vehicle.ts'

const Answer = z.strictObject({
  verdict: z.enum(['accept', 'refuse']),
  reasons: z.array(z.string()).optional(),
  /** The latest one unless told otherwise. */
  turn: z.int().optional(),
})

/** What tests use: how the processor behaves, what it holds, and single answers and steps. */
export function addControl(app: Hono, processor: Processor): void {
  const { manners, book, desk, plant, outbox } = processor
  app.get('/api/behaviour', (c) => c.json(manners.general.current))
  app.put('/api/behaviour', async (c) => c.json(manners.general.set(await readBody(c, ProcessorOrders))))

  app.get('/api/webhooks', (c) => c.json(book.webhooks()))

  app.get('/api/orders', (c) =>
    c.json(book.newestFirst().map((order) => ({ ...order, sent: outbox.sent(order.number) }))),
  )
  app.put('/api/orders/:number/behaviour', async (c) => {
    const number = c.req.param('number')
    manners.behave(number, await readBody(c, OneOrder))
    return c.json(manners.towards(number))
  })
  app.post('/api/orders/:number/answer', async (c) => {
    const order = knownOrder(processor, c.req.param('number'))
    const { verdict, reasons, turn } = await readBody(c, Answer)
    const refused = { reasons: reasons ?? manners.towards(order.number).reasons }
    desk.answer(order, turn ?? order.turn, verdict === 'accept' ? accepted() : refused)
    return c.json(knownOrder(processor, order.number))
  })

  app.get('/api/vehicles', (c) => c.json(book.vehicles()))
  app.put('/api/vehicles/:number/plan', async (c) => {
    const vehicle = knownVehicle(processor, c.req.param('number'))
    plant.build(vehicle.number, await readBody(c, Plan))
    return c.body(null, 204)
  })
  app.post('/api/vehicles/:number/steps', async (c) => {
    const vehicle = knownVehicle(processor, c.req.param('number'))
    if (!plant.step(vehicle, await readBody(c, Step))) refuse(409, 'No other vehicle has a VIN')
    return c.json(knownVehicle(processor, vehicle.number))
  })
}
