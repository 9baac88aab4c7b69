import { createRoute, z } from '@hono/zod-openapi'
import { answerTag, giveStatus, judge } from '../../clients/messages.ts'
import { readDealer } from '../../store/dealer.ts'
import { answerOnce } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import { PartnerId } from '../master-data.ts'
import { SIGNED } from '../openapi.ts'
import { answers, Instant, jsonBody } from '../request.ts'
import { send } from '../send.ts'
import { requireSignature } from '../signature.ts'
import { findCustomOrder, Reasons, Turn } from './custom-orders.ts'
import { fitsStatus, statusMembers } from './lead-statuses.ts'
import { findLead } from './leads.ts'
import { findTag, tagAnswerMembers } from './tags.ts'

const LeadMessage = z.strictObject({
  type: z.literal('lead.status_given'),
  timestamp: Instant,
  data: z
    .strictObject({ number: z.string().meta({ description: 'The lead' }), ...statusMembers })
    .superRefine(fitsStatus),
})
const order = { number: z.string().meta({ description: 'The custom order' }), turn: Turn }
const OrderAccepted = z.strictObject({
  type: z.literal('custom_order.accepted'),
  timestamp: Instant,
  data: z.strictObject(order),
})
const OrderRefused = z.strictObject({
  type: z.literal('custom_order.refused'),
  timestamp: Instant,
  data: z.strictObject({ ...order, reasons: Reasons }),
})
const TagAnswered = z.strictObject({
  type: z.literal('tag.answered'),
  timestamp: Instant,
  data: z.strictObject({ number: z.string().meta({ description: 'The tag' }), ...tagAnswerMembers }),
})
const Message = z
  .discriminatedUnion('type', [LeadMessage, OrderAccepted, OrderRefused, TagAnswered])
  .meta({ id: 'DealerMessage' })

/** Dealers who speak by signed webhook instead of an API key (REQUIREMENTS B4, B8, B9); both end in the same code. */
export function registerDealerWebhooks(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/dealer-webhooks/{dealer}',
      tags: [SIGNED],
      summary:
        'A dealer says where a lead stands, accepts or refuses an order, or says whether a tagged vehicle is there',
      description:
        'Signed as Standard Webhooks say, with the secret of the dealer. The `webhook-id` is the idempotency key: the same message again gets the same answer.',
      middleware: [requireSignature('dealer', (id) => readDealer(kit.db, id))] as const,
      request: { params: z.object({ dealer: PartnerId }), body: jsonBody(Message) },
      responses: answers(200, 'As the request by API key is answered', z.looseObject({})),
    }),
    async (c) => {
      const { type, data } = c.req.valid('json')
      const { dealer } = c.req.valid('param')
      const { actor } = c.var.caller
      if (type === 'tag.answered') {
        const { answer } = data
        const number = await findTag(kit, c.var.caller, data.number)
        return answerOnce(c, kit, {
          key: c.var.requestKey,
          body: data,
          number,
          work: async ({ command }) => {
            await send(kit, { kind: 'tag', number }, answerTag, { command, actor, answer })
          },
        }) as never
      }
      if (type !== 'lead.status_given') {
        const number = await findCustomOrder(kit, c.var.caller, data.number)
        return answerOnce(c, kit, {
          key: c.var.requestKey,
          body: { ...data, verdict: type === 'custom_order.accepted' ? 'accepted' : 'refused' },
          number,
          work: async ({ command }) => {
            const facts = { command, actor, judge: 'dealer' as const, dealer }
            await send(kit, { kind: 'custom-order', number }, judge, facts)
          },
        }) as never
      }
      const number = await findLead(kit, c.var.caller, data.number)
      // The number stays in the body: under the same key, the same words about another lead are another request.
      return answerOnce(c, kit, {
        key: c.var.requestKey,
        body: data,
        number,
        work: async ({ command }) => {
          await send(kit, { kind: 'lead', number }, giveStatus, { command, actor, dealer })
        },
      }) as never
    },
  )
}
