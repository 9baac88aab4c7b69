import { createRoute, z } from '@hono/zod-openapi'
import { judge, judgeTag } from '../../clients/messages.ts'
import { Refusal } from '../../domain/refusal.ts'
import { PROGRESS, VIN_PATTERN } from '../../domain/vehicle.ts'
import { readCustomOrder } from '../../store/custom-order.ts'
import { vehicleView } from '../../store/custom-order-view.ts'
import { readTag } from '../../store/tag.ts'
import { advanceVehicle, bondVin } from '../../store/vehicle-progress.ts'
import { answerFromBooks } from '../answer.ts'
import { answerOnce } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import { SIGNED } from '../openapi.ts'
import { answers, Instant, jsonBody, numberIn, Reference } from '../request.ts'
import { send } from '../send.ts'
import { verifySignature } from '../signature.ts'
import { wakeNow } from '../wake.ts'
import { Reasons, Turn } from './custom-orders.ts'

/** An identification number as people write it: in any case. */
export const Vin = z
  .string()
  .transform((vin) => vin.toUpperCase())
  .refine((vin) => VIN_PATTERN.test(vin), 'must be 17 letters and digits without I, O and Q (ISO 3779)')

const order = {
  number: z.string(),
  turn: Turn.unwrap().meta({ description: 'The turn that was asked about' }),
}
const tag = { number: z.string().meta({ description: 'Of a tag, TG-…' }) }
const vehicle = { vehicle: z.string().meta({ description: 'Its number, VH-…' }), at: Instant }
/** What a plant reports by the processor; the handover is the dealer's to report. */
const STAGES = PROGRESS.filter((stage) => stage !== 'delivered')

const message = <Type extends string, Shape extends z.ZodRawShape>(type: Type, data: Shape) =>
  z.strictObject({ type: z.literal(type), timestamp: Instant, data: z.strictObject(data) })

const Message = z
  .discriminatedUnion('type', [
    message('custom_order.accepted', { ...order, reference: Reference }),
    message('custom_order.refused', { ...order, reasons: Reasons }),
    message('tag.accepted', { ...tag, reference: Reference }),
    message('tag.refused', { ...tag, reasons: Reasons }),
    message('vehicle.vin_assigned', { ...vehicle, vin: Vin }),
    message('vehicle.in_production', vehicle),
    message('vehicle.built', vehicle),
    message('vehicle.shipped', vehicle),
    message('vehicle.at_dealer', vehicle),
  ])
  .meta({ id: 'ProcessorMessage' })

/** The order processor speaks (REQUIREMENTS B4, B7, B8): about orders and tags that it was sent, and of vehicles that plants build. */
export function registerProcessorWebhooks(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/processor-webhooks',
      tags: [SIGNED],
      summary: 'The order processor answers, or reports of a vehicle',
      description:
        'Signed as Standard Webhooks say. The `webhook-id` is the idempotency key. An answer that comes twice changes nothing, nor does a stage that the vehicle has passed already.',
      middleware: [
        async (c, next) => {
          const { id } = await verifySignature(c, kit.processorSecret)
          c.set('caller', { role: 'processor', partner: null, actor: 'processor', scope: 'processor' })
          c.set('requestKey', id)
          await next()
        },
      ] as const,
      request: { body: jsonBody(Message) },
      responses: answers(200, 'The order, the tag or the vehicle as it is now', z.looseObject({})),
    }),
    async (c) => {
      const { type, data } = c.req.valid('json')
      const key = c.var.requestKey
      if (type === 'tag.accepted' || type === 'tag.refused') {
        const number = numberIn('tag', data.number)
        if (!(await readTag(kit.db, number))) throw new Refusal('not-found', `There is no tag ${number}.`)
        const verdict = type === 'tag.accepted' ? 'accepted' : 'refused'
        return answerOnce(c, kit, {
          key,
          body: { ...data, verdict },
          number,
          work: async ({ command }) => {
            await send(kit, { kind: 'tag', number }, judgeTag, {
              command,
              actor: 'processor',
              verdict,
            })
          },
        }) as never
      }
      if ('number' in data) {
        const number = numberIn('customOrder', data.number)
        if (!(await readCustomOrder(kit.db, number)))
          throw new Refusal('not-found', `There is no custom order ${number}.`)
        return answerOnce(c, kit, {
          key,
          body: { ...data, verdict: type.replace('custom_order.', '') },
          number,
          work: async ({ command }) => {
            const facts = { command, actor: 'processor', judge: 'processor' as const, dealer: null }
            await send(kit, { kind: 'custom-order', number }, judge, facts)
          },
        }) as never
      }
      const report = {
        vehicle: numberIn('vehicle', data.vehicle),
        at: new Date(data.at),
        actor: 'processor',
      }
      let step = ''
      const response = await answerFromBooks(
        c,
        kit,
        { key, body: { type, ...data }, number: report.vehicle, status: 200 },
        async (tx, command) => {
          step = command
          if ('vin' in data) return vehicleView(tx, await bondVin(tx, data.vin, { ...report, step }))
          const stage = STAGES.find((stage) => `vehicle.${stage}` === type)
          if (!stage) throw new Error('a message without its stage')
          return vehicleView(tx, await advanceVehicle(tx, stage, { ...report, step }))
        },
      )
      await wakeNow(kit, step)
      return response as never
    },
  )
}
