import { createRoute, z } from '@hono/zod-openapi'
import { decideDelivery } from '../../clients/messages.ts'
import { Refusal } from '../../domain/refusal.ts'
import { snapshot } from '../../store/database.ts'
import { readDelivery } from '../../store/delivery.ts'
import { DeliveryView, deliveryView } from '../../store/delivery-view.ts'
import { maySee, requireRole } from '../auth.ts'
import { commandOnce } from '../command.ts'
import type { Api, ApiKit, Caller } from '../kit.ts'
import { answers, IdempotencyHeader, jsonBody, Note, NumberParam, numberIn } from '../request.ts'
import { Cancellation } from './orders.ts'

const tags = ['Deliveries']

const Decision = z
  .strictObject({ decision: z.enum(['retry', 'return_to_stock']), reason: Note })
  .meta({ id: 'DeliveryDecision' })

export function registerDeliveries(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/deliveries/{number}',
      tags,
      summary: 'Look at a delivery',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: NumberParam },
      responses: answers(200, 'The delivery', DeliveryView),
    }),
    async (c) => {
      const number = await findDelivery(kit, c.var.caller, c.req.valid('param').number)
      const view = await snapshot(kit.db, (tx) => deliveryView(tx, number))
      if (!view) throw new Refusal('not-found', 'There is no such delivery.')
      return c.json(view, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/deliveries/{number}/cancellation',
      tags,
      summary: 'Cancel a delivery before dispatch',
      description:
        'The units go back to the queue, and a back order that it is for is cancelled with it. 202 while the carrier has to give the parcel back.',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(Cancellation) },
      responses: answers(200, 'The delivery', DeliveryView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findDelivery(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'delivery', number },
        update: decideDelivery,
        facts: () => ({ decision: 'cancel' as const }),
        body,
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/deliveries/{number}/decision',
      tags: ['Operator'],
      summary: 'Decide about a failed delivery',
      description:
        'Try it again with the carrier, or take the goods back into stock, where they go to the queue (A8).',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(Decision) },
      responses: answers(200, 'The delivery', DeliveryView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findDelivery(kit, c.var.caller, c.req.valid('param').number)
      const { decision } = body
      return commandOnce(c, kit, {
        to: { kind: 'delivery', number },
        update: decideDelivery,
        facts: () => ({ decision }),
        body,
      }) as never
    },
  )
}

async function findDelivery(kit: ApiKit, caller: Caller, given: string): Promise<string> {
  const number = numberIn('delivery', given)
  const row = await readDelivery(kit.db, number)
  if (!row || !maySee(caller, row.storefront))
    throw new Refusal('not-found', `There is no delivery ${number}.`)
  return number
}
