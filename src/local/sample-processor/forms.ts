import type { Hono } from 'hono'
import { parse, refuse } from '../partner/app.ts'
import { OneOrder, ProcessorOrders } from './behaviour.ts'
import { accepted } from './order.ts'
import { knownOrder, knownVehicle, type Processor } from './processor.ts'
import { processorPage } from './processor-page.tsx'
import { Step, usualPlan } from './vehicle.ts'

type Fields = Record<string, unknown>

/** What people use: the page, and what is pressed on it. */
export function addForms(app: Hono, processor: Processor): void {
  const { manners, desk, plant } = processor
  app.get('/', (c) => c.html(processorPage(processor)))

  app.post('/forms/behaviour', async (c) => {
    manners.general.set(parse(ProcessorOrders, JSON.stringify(readHabits(await c.req.parseBody()))))
    return c.redirect('/', 303)
  })

  app.post('/forms/orders/:number/behaviour', async (c) => {
    const { number } = knownOrder(processor, c.req.param('number'))
    manners.behave(number, parse(OneOrder, JSON.stringify(readHabits(await c.req.parseBody()))))
    return c.redirect('/', 303)
  })

  app.post('/forms/orders/:number/answer', async (c) => {
    const order = knownOrder(processor, c.req.param('number'))
    const { verdict, reason } = await c.req.parseBody()
    const reasons =
      typeof reason === 'string' && reason !== '' ? [reason] : manners.towards(order.number).reasons
    desk.answer(order, order.turn, verdict === 'accept' ? accepted() : { reasons })
    return c.redirect('/', 303)
  })

  app.post('/forms/vehicles/:number/build', async (c) => {
    const { number } = knownVehicle(processor, c.req.param('number'))
    plant.build(number, usualPlan(milliseconds(await c.req.parseBody(), 'pause')))
    return c.redirect('/', 303)
  })

  app.post('/forms/vehicles/:number/step', async (c) => {
    const vehicle = knownVehicle(processor, c.req.param('number'))
    const { step, vin } = await c.req.parseBody()
    if (!plant.step(vehicle, parse(Step, JSON.stringify({ step, vin }))))
      refuse(409, 'No other vehicle has a VIN')
    return c.redirect('/', 303)
  })
}

function readHabits(fields: Fields): unknown {
  const { mode, reasons, answer_about, repeat, fresh_ids, forged, builds } = fields
  const lines = String(reasons)
    .split('\n')
    .map((line) => line.trim())
  return {
    mode,
    reasons: lines.filter((line) => line !== ''),
    answer_after_ms: milliseconds(fields, 'answer_after'),
    repeat: Number(repeat),
    fresh_ids: fresh_ids !== undefined,
    forged: forged !== undefined,
    answer_about: answer_about || null,
    plan: builds === undefined ? [] : usualPlan(milliseconds(fields, 'pause')),
  }
}

/** A field in seconds. */
function milliseconds(fields: Fields, name: string): number {
  return Math.round(Number(fields[name]) * 1000)
}
