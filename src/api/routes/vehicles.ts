import { createRoute, z } from '@hono/zod-openapi'
import { handOverVehicle } from '../../clients/messages.ts'
import { Refusal } from '../../domain/refusal.ts'
import { BuyersVehicle, CustomOrderView, vehicleView } from '../../store/custom-order-view.ts'
import { readVehicle } from '../../store/vehicle.ts'
import { advanceVehicle, releaseSlot, releaseVin } from '../../store/vehicle-progress.ts'
import { writeOff } from '../../store/write-off.ts'
import { answerFromBooks } from '../answer.ts'
import { maySee, requireRole } from '../auth.ts'
import { commandOnce } from '../command.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit, Caller } from '../kit.ts'
import { answers, IdempotencyHeader, Instant, jsonBody, Note, NumberParam, numberIn } from '../request.ts'
import { wakeNow } from '../wake.ts'
import { findCustomOrder } from './custom-orders.ts'

const tags = ['Vehicles']
const Arrival = z.strictObject({
  at: Instant.optional().meta({ description: 'When it came; now, if not given' }),
})
export const Handover = z.strictObject({
  settled_at_dealer: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether the balance was paid at the dealer, if it was not paid before' }),
})

/** What operators do to a vehicle, with a reason. */
const DECISIONS = [
  {
    path: 'vin-release',
    summary: 'Take a VIN from a vehicle',
    description: 'The only way in which a VIN can go to another vehicle (B7).',
    carryOut: releaseVin,
  },
  {
    path: 'slot-release',
    summary: 'Take the slot from a vehicle that was not built in its period',
    description: 'It waits for another one, at its old place; its buyer is told (B6).',
    carryOut: releaseSlot,
  },
  {
    path: 'write-off',
    summary: 'Write off a vehicle that nobody will ever have',
    description:
      'Scrapped, wrecked or lost, from its slot until its handover (409 before and after). It is cancelled, nobody is offered it any more, and a slot that it still had goes to the next one. A custom order or tag that it is for is cancelled and refunded in full; buyer, dealer and order processor are told. A match request for which it was kept waits on (B10, B11).',
    carryOut: writeOff,
  },
] as const

/** Vehicles of the order bank and of dealers' lots (REQUIREMENTS B7). */
export function registerVehicles(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/vehicles/{number}',
      tags,
      summary: 'Look at a vehicle',
      description: 'A dealer sees those that are for it.',
      middleware: [requireRole(kit, 'dealer', 'operator')] as const,
      request: { params: NumberParam },
      responses: answers(200, 'The vehicle', BuyersVehicle),
    }),
    async (c) => {
      const row = await findVehicle(kit, c.var.caller, c.req.valid('param').number)
      return c.json(await vehicleView(kit.db, row), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/vehicles/{number}/arrival',
      tags,
      summary: 'Say that a vehicle has arrived',
      description: 'By its dealer. Said twice it changes nothing.',
      middleware: [requireRole(kit, 'dealer', 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(Arrival) },
      responses: answers(200, 'The vehicle', BuyersVehicle),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const { number } = await findVehicle(kit, c.var.caller, c.req.valid('param').number)
      const { actor } = c.var.caller
      let step = ''
      const request = { key: idempotencyKeyOf(c), body, number, status: 200 } as const
      const response = await answerFromBooks(c, kit, request, async (tx, command) => {
        step = command
        const at = body.at === undefined ? new Date() : new Date(body.at)
        return vehicleView(tx, await advanceVehicle(tx, 'at_dealer', { vehicle: number, at, actor, step }))
      })
      await wakeNow(kit, step)
      return response as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/custom-orders/{number}/handover',
      tags: ['Custom orders'],
      summary: 'Say that the vehicle was handed over to its buyer',
      description:
        'By its dealer; it completes the order. Where the house takes the payment all of it has to be paid, or the balance was settled at the dealer (B5). Said twice it changes nothing.',
      middleware: [requireRole(kit, 'dealer', 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(Handover) },
      responses: answers(200, 'The custom order', CustomOrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const { role, partner } = c.var.caller
      const number = await findCustomOrder(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'custom-order', number },
        update: handOverVehicle,
        facts: () => ({ settled: body.settled_at_dealer, dealer: role === 'dealer' ? partner : null }),
        body,
      }) as never
    },
  )

  for (const { path, summary, description, carryOut } of DECISIONS) {
    app.openapi(
      createRoute({
        method: 'post',
        path: `/v1/operator/vehicles/{number}/${path}`,
        tags: ['Operator'],
        summary,
        description,
        middleware: [requireRole(kit, 'operator')] as const,
        request: {
          params: NumberParam,
          headers: IdempotencyHeader,
          body: jsonBody(z.strictObject({ reason: Note })),
        },
        responses: answers(200, 'The vehicle', BuyersVehicle),
      }),
      async (c) => {
        const body = c.req.valid('json')
        const { number } = await findVehicle(kit, c.var.caller, c.req.valid('param').number)
        const { actor } = c.var.caller
        const { reason } = body
        const request = { key: idempotencyKeyOf(c), body, number, status: 200 } as const
        let step = ''
        const response = await answerFromBooks(c, kit, request, async (tx, command) => {
          step = command
          return vehicleView(tx, await carryOut(tx, { vehicle: number, actor, step, reason }))
        })
        await wakeNow(kit, step)
        return response as never
      },
    )
  }
}

async function findVehicle(kit: ApiKit, caller: Caller, given: string) {
  const number = numberIn('vehicle', given)
  const row = await readVehicle(kit.db, number)
  if (!row || !maySee(caller, row.dealer)) throw new Refusal('not-found', `There is no vehicle ${number}.`)
  return row
}
