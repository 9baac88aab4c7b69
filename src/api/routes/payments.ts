import { createRoute, z } from '@hono/zod-openapi'
import { decidePayment } from '../../clients/messages.ts'
import { Refusal } from '../../domain/refusal.ts'
import { snapshot } from '../../store/database.ts'
import { type PaymentRow, readPayment } from '../../store/payment.ts'
import { PaymentView, paymentView } from '../../store/payment-view.ts'
import { maySee, requireRole } from '../auth.ts'
import { commandOnce } from '../command.ts'
import type { Api, ApiKit, Caller } from '../kit.ts'
import { refuseUnpayable } from '../payable.ts'
import { answers, IdempotencyHeader, jsonBody, Note, NumberParam, numberIn } from '../request.ts'

const PaymentRefund = z
  .strictObject({
    amount: z.int().min(1).max(Number.MAX_SAFE_INTEGER).meta({ description: "In the payment's minor units" }),
    reason: Note,
  })
  .meta({ id: 'PaymentRefund' })
const PaymentDecision = z
  .strictObject({ decision: z.enum(['retry', 'settle']), reason: Note })
  .meta({ id: 'PaymentDecision' })

/** What is paid on the provider's page, and what operators do about it (REQUIREMENTS B5). */
export function registerPayments(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/payments/{number}',
      tags: ['Payments'],
      summary: 'Look at a payment',
      description:
        'What is to be paid, what was taken and given back. Card numbers stay with the provider (B5).',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: NumberParam },
      responses: answers(200, 'The payment', PaymentView),
    }),
    async (c) => {
      const { number } = await findOwnPayment(kit, c.var.caller, c.req.valid('param').number)
      const view = await snapshot(kit.db, (tx) => paymentView(tx, number))
      if (!view) throw new Refusal('not-found', 'There is no such payment.')
      c.header('etag', `"${view.version}"`)
      return c.json(view, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/payments/{number}/refund',
      tags: ['Operator'],
      summary: 'Give money back',
      description:
        'All or a part of what was taken; the buyer then owes so much less. What an order gives back by itself needs no operator (B5).',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(PaymentRefund) },
      responses: answers(200, 'The payment', PaymentView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const { number, currency } = await findOwnPayment(kit, c.var.caller, c.req.valid('param').number)
      refuseUnpayable(kit, [{ pointer: '/amount', amount: body.amount, currency }])
      return commandOnce(c, kit, {
        to: { kind: 'payment', number },
        update: decidePayment,
        facts: () => ({ decision: 'refund' as const, amount_minor: body.amount }),
        body,
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/payments/{number}/decision',
      tags: ['Operator'],
      summary: 'Decide about a payment that the provider refused',
      description:
        '`retry` asks the provider once more; `settle` says that it was paid, or given back, in another way (B5).',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(PaymentDecision) },
      responses: answers(200, 'The payment', PaymentView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const { number } = await findOwnPayment(kit, c.var.caller, c.req.valid('param').number)
      const { decision } = body
      return commandOnce(c, kit, {
        to: { kind: 'payment', number },
        update: decidePayment,
        facts: () => ({ decision }),
        body,
      }) as never
    },
  )
}

async function findOwnPayment(kit: ApiKit, caller: Caller, given: string): Promise<PaymentRow> {
  const number = numberIn('payment', given)
  const row = await readPayment(kit.db, number)
  if (!row || !maySee(caller, row.storefront))
    throw new Refusal('not-found', `There is no payment ${number}.`)
  return row
}
