import { createRoute, z } from '@hono/zod-openapi'
import { Refusal } from '../../domain/refusal.ts'
import { BuyersVehicle, vehicleView } from '../../store/custom-order-view.ts'
import { readVehicle } from '../../store/vehicle.ts'
import { advanceVehicle, releaseVin } from '../../store/vehicle-progress.ts'
import { answerFromBooks } from '../answer.ts'
import { maySee, requireRole } from '../auth.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit, Caller } from '../kit.ts'
import { answers, IdempotencyHeader, Instant, jsonBody, Note, NumberParam, numberIn } from '../request.ts'
import { wakeNow } from '../wake.ts'

const tags = ['Vehicles']
const HappenedAt = z.strictObject({
  at: Instant.optional().meta({ description: 'When it happened; now, if not given' }),
})

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
    async (c) => c.json(vehicleView(await findVehicle(kit, c.var.caller, c.req.valid('param').number)), 200),
  )

  for (const [path, stage, summary] of [
    ['arrival', 'at_dealer', 'Say that a vehicle has arrived'],
    ['handover', 'delivered', 'Say that a vehicle was handed over to its buyer'],
  ] as const) {
    app.openapi(
      createRoute({
        method: 'post',
        path: `/v1/vehicles/{number}/${path}`,
        tags,
        summary,
        description: 'By its dealer. Said twice it changes nothing.',
        middleware: [requireRole(kit, 'dealer', 'operator')] as const,
        request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(HappenedAt) },
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
          return vehicleView(await advanceVehicle(tx, stage, { vehicle: number, at, actor, step }))
        })
        await wakeNow(kit, step)
        return response as never
      },
    )
  }

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/vehicles/{number}/vin-release',
      tags: ['Operator'],
      summary: 'Take a VIN from a vehicle',
      description: 'The only way in which a VIN can go to another vehicle (B7).',
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
        return vehicleView(await releaseVin(tx, { vehicle: number, actor, step, reason }))
      })
      await wakeNow(kit, step)
      return response as never
    },
  )
}

async function findVehicle(kit: ApiKit, caller: Caller, given: string) {
  const number = numberIn('vehicle', given)
  const row = await readVehicle(kit.db, number)
  if (!row || !maySee(caller, row.dealer)) throw new Refusal('not-found', `There is no vehicle ${number}.`)
  return row
}
