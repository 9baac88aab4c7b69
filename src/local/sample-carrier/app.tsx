import { setTimeout as sleep } from 'node:timers/promises'
import type { Hono } from 'hono'
import { parse, partnerApp, readBody, refuse } from '../partner/app.ts'
import type { Behaviour } from '../partner/behaviour.ts'
import { type CarrierBehaviour, CarrierOrders } from './behaviour.ts'
import type { Carrier } from './carrier.ts'
import { shipmentsPage } from './pages.tsx'
import { Booking, Report, type Shipment } from './shipment.ts'

export function carrierApp(
  carrier: Carrier,
  behaviour: Behaviour<CarrierBehaviour>,
  apiKey: string | undefined,
): Hono {
  const app = partnerApp()
  addProtocol(app, carrier, behaviour, apiKey)
  addControl(app, carrier, behaviour)
  addPage(app, carrier, behaviour)
  return app
}

/** What Holdfast uses. */
function addProtocol(
  app: Hono,
  carrier: Carrier,
  behaviour: Behaviour<CarrierBehaviour>,
  apiKey: string | undefined,
): void {
  app.use('/shipments/*', async (c, next) => {
    await sleep(behaviour.current.answer_after_ms)
    if (apiKey && c.req.header('authorization') !== `Bearer ${apiKey}`)
      refuse(401, 'The API key is missing or wrong')
    if (behaviour.take('unavailable')) refuse(503, 'The carrier is out of service')
    await next()
    // The caller cannot know whether it was done: the same key, asked again, tells.
    if (behaviour.take('vanish')) await new Promise(() => {})
  })

  app.post('/shipments', async (c) => {
    const key = c.req.header('idempotency-key') ?? refuse(400, 'The header Idempotency-Key is missing')
    const booking = await readBody(c, Booking)

    const earlier = carrier.byKey(key)
    if (earlier && !isSame(earlier, booking))
      refuse(422, 'This Idempotency-Key was used for another shipment')
    if (!earlier && behaviour.take('refuse')) refuse(422, 'The carrier does not serve this address')
    const { tracking, reference } = earlier ?? carrier.book(key, booking, outcome(behaviour))
    return c.json({ tracking, status: 'booked', reference }, 201)
  })

  app.get('/shipments/:tracking', (c) => {
    const { tracking, reference, status, history } = known(carrier, c.req.param('tracking'))
    return c.json({ tracking, reference, status, history })
  })

  app.delete('/shipments/:tracking', (c) => {
    const shipment = known(carrier, c.req.param('tracking'))
    if (!carrier.cancel(shipment))
      refuse(409, `The shipment is ${shipment.status} and can no longer be cancelled`)
    return c.json({ status: 'cancelled' })
  })
}

/** What tests use. */
function addControl(app: Hono, carrier: Carrier, behaviour: Behaviour<CarrierBehaviour>): void {
  app.get('/api/behaviour', (c) => c.json(behaviour.current))
  app.put('/api/behaviour', async (c) => c.json(behaviour.set(await readBody(c, CarrierOrders))))
  app.get('/api/shipments', (c) =>
    c.json(carrier.newestFirst().map((shipment) => ({ ...shipment, webhooks: carrier.webhooks(shipment) }))),
  )
  app.post('/api/shipments/:name/report', async (c) => {
    const shipment = known(carrier, c.req.param('name'))
    return c.json(carrier.report(shipment, await readBody(c, Report)))
  })
}

/** What people use. */
function addPage(app: Hono, carrier: Carrier, behaviour: Behaviour<CarrierBehaviour>): void {
  app.get('/', (c) => c.html(shipmentsPage(carrier, behaviour.current)))
  app.post('/forms/report/:tracking', async (c) => {
    const { status, reason } = await c.req.parseBody()
    const report = parse(Report, JSON.stringify({ status, reason: reason || undefined }))
    carrier.report(known(carrier, c.req.param('tracking')), report)
    return c.redirect('/', 303)
  })
  app.post('/forms/behaviour', async (c) => {
    const { mode } = await c.req.parseBody()
    behaviour.set(parse(CarrierOrders, JSON.stringify({ mode })))
    return c.redirect('/', 303)
  })
}

function known(carrier: Carrier, name: string): Shipment {
  return carrier.find(name) ?? refuse(404, 'There is no such shipment')
}

function isSame(earlier: Shipment, booking: Booking): boolean {
  const content = (of: Booking) => JSON.stringify(Booking.parse(of))
  return content(earlier) === content(booking)
}

function outcome(behaviour: Behaviour<CarrierBehaviour>): Parameters<Carrier['book']>[2] {
  if (behaviour.take('hold')) return 'on hold'
  return behaviour.take('fail') ? 'failed' : 'delivered'
}
