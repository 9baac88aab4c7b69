import { createRoute, z } from '@hono/zod-openapi'
import { judge, judgeTag } from '../../clients/messages.ts'
import { CustomOrderView } from '../../store/custom-order-view.ts'
import { TagView } from '../../store/tag-view.ts'
import { requireRole } from '../auth.ts'
import { commandOnce } from '../command.ts'
import type { Api, ApiKit } from '../kit.ts'
import { answers, IdempotencyHeader, jsonBody, NumberParam, Reference } from '../request.ts'
import { findCustomOrder, Reasons, Turn } from './custom-orders.ts'
import { findTag } from './tags.ts'

/** The order processor's word: its reference for what it accepts, or why not. */
const wordWith = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.discriminatedUnion('verdict', [
    z.strictObject({ verdict: z.literal('accepted'), reference: Reference, ...shape }),
    z.strictObject({ verdict: z.literal('refused'), reasons: Reasons, ...shape }),
  ])
const WordOnOrder = wordWith({
  turn: Turn.unwrap().meta({ description: 'The turn that the processor was asked about' }),
}).meta({ id: 'ProcessorsWordOnAnOrder' })
const WordOnTag = wordWith({}).meta({ id: 'ProcessorsWordOnATag' })

const SAME_RULES =
  'As if the processor had said it, by an operator who has reached it in another way; who said so is kept. The same again changes nothing, nor does what comes too late (409).'

/** Operators answer in the order processor's place (REQUIREMENTS B4, P4). */
export function registerProcessorAnswers(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/custom-orders/{number}/processor-answer',
      tags: ['Operator'],
      summary: 'Accept or refuse a custom order for the order processor',
      description: `${SAME_RULES} Of an earlier turn it is refused, too.`,
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(WordOnOrder) },
      responses: answers(200, 'The custom order', CustomOrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findCustomOrder(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'custom-order', number },
        update: judge,
        facts: () => ({ judge: 'processor' as const, dealer: null }),
        body,
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/tags/{number}/processor-answer',
      tags: ['Operator'],
      summary: 'Accept or refuse a tag for the order processor',
      description: SAME_RULES,
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(WordOnTag) },
      responses: answers(200, 'The tag', TagView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findTag(kit, c.var.caller, c.req.valid('param').number)
      const { verdict } = body
      return commandOnce(c, kit, {
        to: { kind: 'tag', number },
        update: judgeTag,
        facts: () => ({ verdict }),
        body,
      }) as never
    },
  )
}
