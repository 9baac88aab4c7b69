import { createRoute, z } from '@hono/zod-openapi'
import { carrierReported } from '../../clients/messages.ts'
import { CARRIER_REPORTS, parseShipmentReference, TRACKING } from '../../domain/delivery.ts'
import { parseNumber } from '../../domain/number.ts'
import { Refusal } from '../../domain/refusal.ts'
import { readDelivery } from '../../store/delivery.ts'
import { answerOnce } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import { answers, Instant, jsonBody, Note, Reference } from '../request.ts'
import { send } from '../send.ts'
import { verifySignature } from '../signature.ts'

const Report = z
  .object({
    type: z.literal('shipment.updated'),
    timestamp: Instant,
    data: z.object({
      tracking: z.string().regex(TRACKING, 'must be 1 to 100 visible ASCII characters'),
      reference: Reference,
      status: z.enum(CARRIER_REPORTS),
      reason: Note.optional(),
      at: Instant,
    }),
  })
  .meta({ id: 'ShipmentUpdated' })

export function registerCarrierWebhooks(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/carrier-webhooks',
      tags: ['Partners'],
      summary: 'The carrier reports a parcel',
      description:
        'Signed as Standard Webhooks say. A report that comes twice, late or out of order does no harm (A8).',
      middleware: [
        async (c, next) => {
          const { id } = await verifySignature(c, kit.carrierSecret)
          c.set('caller', { role: 'carrier', partner: null, actor: 'carrier', scope: 'carrier' })
          c.set('requestKey', id)
          await next()
        },
      ] as const,
      request: { body: jsonBody(Report) },
      responses: answers(200, 'Taken', z.object({ received: z.literal(true) })),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const { number: given, attempt } = parseShipmentReference(body.data.reference)
      const parsed = parseNumber('delivery', given)
      const number = parsed.ok ? parsed.number : ''
      if (!(await readDelivery(kit.db, number))) throw new Refusal('not-found', 'There is no such delivery.')
      const { status: report, tracking } = body.data
      return answerOnce(c, kit, {
        key: c.var.requestKey,
        body,
        number,
        work: async ({ command }) => {
          const facts = { command, actor: 'carrier', attempt, report, tracking }
          await send(kit, { kind: 'delivery', number }, carrierReported, facts)
        },
      }) as never
    },
  )
}
