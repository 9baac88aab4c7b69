import { createRoute, z } from '@hono/zod-openapi'
import { Refusal } from '../../domain/refusal.ts'
import { readOrder, revokeLinks } from '../../store/order.ts'
import { OrderView, orderView } from '../../store/order-view.ts'
import { readPeriods } from '../../store/period.ts'
import { answerFromBooks } from '../answer.ts'
import { requireRole } from '../auth.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import { answers, IdempotencyHeader, jsonBody, Note, NumberParam, numberIn } from '../request.ts'

const LinkRevocation = z.strictObject({ reason: Note }).meta({ id: 'LinkRevocation' })

/** The links to an order's page in the customer's mails: whoever has one acts as the customer. */
export function registerLinks(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/orders/{number}/link-revocation',
      tags: ['Operator'],
      summary: "Revoke the links to an order's page",
      description:
        'Every link that was mailed so far opens nothing from then on. Later mails have a new one, also a mail that is told again: redeliver one to send it to the customer.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(LinkRevocation) },
      responses: answers(200, 'The order', OrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const number = numberIn('order', c.req.valid('param').number)
      if (!(await readOrder(kit.db, number))) throw new Refusal('not-found', `There is no order ${number}.`)
      const { actor } = c.var.caller
      return answerFromBooks(c, kit, { key, body, number, status: 200 }, async (tx) => {
        await revokeLinks(tx, number, { actor, reason: body.reason })
        const { wait } = await readPeriods(tx)
        const view = await orderView(tx, number, wait.default_seconds)
        if (!view) throw new Error('the order is gone')
        return view
      }) as never
    },
  )
}
