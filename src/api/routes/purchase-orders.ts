import { createRoute, z } from '@hono/zod-openapi'
import { acknowledge, noteShipment, withdrawLine } from '../../clients/messages.ts'
import { Refusal } from '../../domain/refusal.ts'
import { snapshot } from '../../store/database.ts'
import { readPurchaseOrder } from '../../store/purchase-order.ts'
import { PurchaseOrderView, purchaseOrderView } from '../../store/purchase-order-view.ts'
import { maySee, requireRole } from '../auth.ts'
import { commandOnce } from '../command.ts'
import type { Api, ApiKit, Caller } from '../kit.ts'
import {
  answers,
  IdempotencyHeader,
  Instant,
  jsonBody,
  Note,
  NumberParam,
  numberIn,
  Reference,
} from '../request.ts'

const tags = ['Purchase orders']

const Units = z.int().min(0).max(1_000_000)
const Part = z.strictObject({ quantity: Units, expected_at: Instant })

export const Acknowledgement = z
  .strictObject({
    lines: z
      .array(
        z.strictObject({
          line: z.int().min(1),
          accepted: Part.optional(),
          back_ordered: Part.optional().meta({ description: 'Units that come later, at their own date' }),
          rejected: z.strictObject({ quantity: Units, reason: Note }).optional(),
        }),
      )
      .min(1)
      .max(1_000)
      .superRefine(eachLineOnce),
  })
  .meta({ id: 'Acknowledgement' })

export const ShipmentNotice = z
  .strictObject({
    reference: Reference,
    lines: z
      .array(z.strictObject({ line: z.int().min(1), quantity: Units.min(1), expected_at: Instant }))
      .min(1)
      .max(1_000)
      .superRefine(eachLineOnce),
  })
  .meta({ id: 'ShipmentNotice' })

export function registerPurchaseOrders(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/purchase-orders/{number}',
      tags,
      summary: 'Look at a purchase order',
      middleware: [requireRole(kit, 'supplier', 'operator')] as const,
      request: { params: NumberParam },
      responses: answers(200, 'The purchase order', PurchaseOrderView),
    }),
    async (c) => {
      const number = await findPurchaseOrder(kit, c.var.caller, c.req.valid('param').number)
      const view = await snapshot(kit.db, (tx) => purchaseOrderView(tx, number))
      if (!view) throw new Refusal('not-found', 'There is no such purchase order.')
      return c.json(view, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/purchase-orders/{number}/acknowledgement',
      tags,
      summary: 'Acknowledge a purchase order per line',
      description:
        'Accepted, back-ordered with a date, rejected with a reason; quantities may split and must add up (A5).',
      middleware: [requireRole(kit, 'supplier')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(Acknowledgement) },
      responses: answers(200, 'The purchase order', PurchaseOrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findPurchaseOrder(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'purchase-order', number },
        update: acknowledge,
        facts: () => ({}),
        body,
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/purchase-orders/{number}/shipment-notices',
      tags,
      summary: 'Announce a shipment',
      description: 'Moves dates only; the stock rises with the inventory update (A5).',
      middleware: [requireRole(kit, 'supplier')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(ShipmentNotice) },
      responses: answers(200, 'The purchase order', PurchaseOrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findPurchaseOrder(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'purchase-order', number },
        update: noteShipment,
        facts: () => ({}),
        body,
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/purchase-orders/{number}/lines/{line}/withdrawal',
      tags: ['Operator'],
      summary: 'Give up on a purchase order line',
      description: 'What it lacks is asked of the next supplier.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: {
        params: NumberParam.extend({ line: z.coerce.number().int().min(1) }),
        headers: IdempotencyHeader,
        body: jsonBody(z.strictObject({ reason: Note })),
      },
      responses: answers(200, 'The purchase order', PurchaseOrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const { line, number: given } = c.req.valid('param')
      const number = await findPurchaseOrder(kit, c.var.caller, given)
      return commandOnce(c, kit, {
        to: { kind: 'purchase-order', number },
        update: withdrawLine,
        facts: () => ({ line }),
        body,
      }) as never
    },
  )
}

export async function findPurchaseOrder(kit: ApiKit, caller: Caller, given: string): Promise<string> {
  const number = numberIn('purchaseOrder', given)
  const row = await readPurchaseOrder(kit.db, number)
  if (!row || !maySee(caller, row.supplier))
    throw new Refusal('not-found', `There is no purchase order ${number}.`)
  return number
}

function eachLineOnce(lines: { line: number }[], check: z.RefinementCtx): void {
  for (const [index, { line }] of lines.entries()) {
    if (lines.findIndex((other) => other.line === line) !== index) {
      check.addIssue({ code: 'custom', path: [index, 'line'], message: 'this line is there already' })
    }
  }
}
