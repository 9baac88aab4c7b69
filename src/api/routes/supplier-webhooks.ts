import { createRoute, z } from '@hono/zod-openapi'
import { acknowledge, noteShipment } from '../../clients/messages.ts'
import { readSupplier } from '../../store/supplier.ts'
import { answerOnce } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import { PartnerId } from '../master-data.ts'
import { SIGNED } from '../openapi.ts'
import { answers, Instant, jsonBody } from '../request.ts'
import { send } from '../send.ts'
import { requireSignature } from '../signature.ts'
import { book, InventoryUpdate } from './inventory-updates.ts'
import { Acknowledgement, findPurchaseOrder, ShipmentNotice } from './purchase-orders.ts'

const PurchaseOrderNumber = z.object({ number: z.string().meta({ description: 'The purchase order' }) })

const Message = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('purchase_order.acknowledged'),
      timestamp: Instant,
      data: Acknowledgement.extend(PurchaseOrderNumber.shape),
    }),
    z.strictObject({
      type: z.literal('purchase_order.shipped'),
      timestamp: Instant,
      data: ShipmentNotice.extend(PurchaseOrderNumber.shape),
    }),
    z.strictObject({ type: z.literal('inventory.updated'), timestamp: Instant, data: InventoryUpdate }),
  ])
  .meta({ id: 'SupplierMessage' })

/** Suppliers who speak by signed webhook instead of an API key (REQUIREMENTS A5); both end in the same code. */
export function registerSupplierWebhooks(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/supplier-webhooks/{supplier}',
      tags: [SIGNED],
      summary: 'A supplier acknowledges, announces or brings goods',
      description:
        'Signed as Standard Webhooks say, with the secret of the supplier. The `webhook-id` is the idempotency key: the same message again gets the same answer.',
      middleware: [requireSignature('supplier', (id) => readSupplier(kit.db, id))] as const,
      request: { params: z.object({ supplier: PartnerId }), body: jsonBody(Message) },
      responses: answers(200, 'As the request by API key is answered', z.looseObject({})),
    }),
    async (c) => {
      const message = c.req.valid('json')
      const { supplier } = c.req.valid('param')
      const { actor } = c.var.caller
      const key = c.var.requestKey
      if (message.type === 'inventory.updated') {
        const body = message.data
        return answerOnce(c, kit, {
          key,
          body,
          number: null,
          work: ({ command }) => book(kit, supplier, body.reference, { command, actor }),
        }) as never
      }
      const update = message.type === 'purchase_order.acknowledged' ? acknowledge : noteShipment
      const number = await findPurchaseOrder(kit, c.var.caller, message.data.number)
      // The number stays in the body: under the same key, the same words about another order are another request.
      return answerOnce(c, kit, {
        key,
        body: message.data,
        number,
        work: async ({ command }) => {
          await send(kit, { kind: 'purchase-order', number }, update, { command, actor })
        },
      }) as never
    },
  )
}
