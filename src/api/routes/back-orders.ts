import { createRoute, z } from '@hono/zod-openapi'
import type { UpdateDefinition } from '@temporalio/common'
import type { Context } from 'hono'
import { cancel, changeDeadline, confirm, decline, lower, requestDelivery } from '../../clients/messages.ts'
import type { Command, Outcome } from '../../domain/command.ts'
import { Refusal } from '../../domain/refusal.ts'
import { readBackOrder } from '../../store/back-order.ts'
import { BackOrderView, backOrderView } from '../../store/back-order-view.ts'
import { snapshot } from '../../store/database.ts'
import { maySee, requireRole } from '../auth.ts'
import { commandOnce } from '../command.ts'
import type { Api, ApiEnv, ApiKit, Caller } from '../kit.ts'
import {
  Address,
  answers,
  Day,
  IdempotencyHeader,
  jsonBody,
  NumberParam,
  numberIn,
  Quantity,
} from '../request.ts'
import { Cancellation, DeadlineChange } from './orders.ts'

const tags = ['Back orders']
const Nothing = z.strictObject({})

export const DeliveryRequest = z
  .strictObject({
    ship_to: Address,
    deliver_on: Day.optional().meta({
      description: 'The day on which the goods are wanted; as soon as possible if not given',
    }),
  })
  .meta({ id: 'DeliveryRequest' })
export const LowerQuantity = z.strictObject({ quantity: Quantity }).meta({ id: 'LowerQuantity' })

export function registerBackOrders(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/back-orders/{number}',
      tags,
      summary: 'Look at a back order',
      description: 'Its place in the queue, what is set aside, what it waits for and until when (A6, A7).',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: NumberParam },
      responses: answers(200, 'The back order', BackOrderView),
    }),
    async (c) => {
      const number = await findBackOrder(kit, c.var.caller, c.req.valid('param').number)
      const view = await snapshot(kit.db, (tx) => backOrderView(tx, number))
      if (!view) throw new Refusal('not-found', 'There is no such back order.')
      c.header('etag', `"${view.version}"`)
      return c.json(view, 200)
    },
  )

  const command = <Schema extends z.ZodType>(
    path: string,
    summary: string,
    description: string,
    schema: Schema,
  ) =>
    createRoute({
      method: 'post',
      path: `/v1/back-orders/{number}/${path}`,
      tags,
      summary,
      description,
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(schema) },
      responses: answers(200, 'The back order', BackOrderView),
    })

  app.openapi(
    command(
      'quantity',
      'Lower the quantity',
      'Keeps the place in the queue; what is set aside beyond it is released (A3).',
      LowerQuantity,
    ),
    (c) => {
      const body = c.req.valid('json')
      return carryOut(c, kit, body, lower, { quantity: body.quantity }) as never
    },
  )
  app.openapi(
    command(
      'deadline',
      'Change the running deadline',
      "Within the house's longest period, counted from its start (A7).",
      DeadlineChange,
    ),
    (c) => {
      const body = c.req.valid('json')
      const deadline_at = new Date(body.deadline_at).toISOString()
      return carryOut(c, kit, body, changeDeadline, { deadline_at }) as never
    },
  )
  app.openapi(
    command(
      'delivery-request',
      'Request the delivery',
      'Once the goods are there; the confirmation is then asked for (A8).',
      DeliveryRequest,
    ),
    (c) => carryOut(c, kit, c.req.valid('json'), requestDelivery, {}) as never,
  )
  app.openapi(
    command(
      'confirmation',
      'Confirm the delivery',
      'Reduces the inventory and starts the delivery (A8).',
      Nothing,
    ),
    (c) => carryOut(c, kit, c.req.valid('json'), confirm, {}) as never,
  )
  app.openapi(
    command('refusal', 'Decline at the confirmation', 'The goods go to the next in line (A8).', Nothing),
    (c) => carryOut(c, kit, c.req.valid('json'), decline, {}) as never,
  )
  app.openapi(
    command(
      'cancellation',
      'Cancel',
      'Possible until dispatch. Once the carrier knows of the parcel the answer is 202 and the outcome follows (A8).',
      Cancellation,
    ),
    (c) => carryOut(c, kit, c.req.valid('json'), cancel, {}) as never,
  )
}

async function carryOut<C extends Command>(
  c: Context<ApiEnv>,
  kit: ApiKit,
  body: unknown,
  update: UpdateDefinition<Outcome, [C]>,
  facts: Omit<C, keyof Command>,
): Promise<Response> {
  const number = await findBackOrder(kit, c.var.caller, c.req.param('number') ?? '')
  return commandOnce(c, kit, { to: { kind: 'back-order', number }, update, facts: () => facts, body })
}

async function findBackOrder(kit: ApiKit, caller: Caller, given: string): Promise<string> {
  const number = numberIn('backOrder', given)
  const row = await readBackOrder(kit.db, number)
  if (!row || !maySee(caller, row.storefront))
    throw new Refusal('not-found', `There is no back order ${number}.`)
  return number
}
