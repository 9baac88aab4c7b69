import { createRoute, z } from '@hono/zod-openapi'
import { forfeit } from '../../clients/messages.ts'
import { CustomOrderView } from '../../store/custom-order-view.ts'
import { requireRole } from '../auth.ts'
import { commandOnce } from '../command.ts'
import type { Api, ApiKit } from '../kit.ts'
import { answers, IdempotencyHeader, jsonBody, Note, NumberParam } from '../request.ts'
import { findCustomOrder } from './custom-orders.ts'

/** Operators end orders whose buyers do not pay (REQUIREMENTS B5, P4). */
export function registerForfeitures(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/custom-orders/{number}/forfeiture',
      tags: ['Operator'],
      summary: 'End a custom order whose balance is not paid',
      description:
        'Only once its vehicle is at the dealer and the balance was asked for and not paid in time (409 before that); where the storefront takes the money, that is for you to know. The order is cancelled and refunded by its terms, as after its vehicle was scheduled; the vehicle is its dealer’s stock, and goes first to whoever waits for such a one. Buyer, dealer and order processor are told.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: {
        params: NumberParam,
        headers: IdempotencyHeader,
        body: jsonBody(z.strictObject({ reason: Note })),
      },
      responses: answers(200, 'The custom order', CustomOrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findCustomOrder(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'custom-order', number },
        update: forfeit,
        facts: () => ({}),
        body,
      }) as never
    },
  )
}
