import { createRoute, z } from '@hono/zod-openapi'
import { countStock } from '../../clients/messages.ts'
import { requireRole } from '../auth.ts'
import { answerOnce, idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import { eachOnce } from '../master-data.ts'
import { answers, IdempotencyHeader, jsonBody, Note, Sku } from '../request.ts'
import { send } from '../send.ts'

const StockCount = z
  .strictObject({
    counts: z
      .array(
        z.strictObject({
          sku: Sku,
          counted: z
            .int()
            .min(0)
            .max(1_000_000)
            .meta({ description: 'Units on the shelf, promised ones included' }),
        }),
      )
      .min(1)
      .max(1_000)
      .superRefine(eachOnce('sku')),
    reason: Note,
  })
  .meta({ id: 'StockCount' })

const Counted = z
  .object({ counts: z.array(z.object({ sku: z.string(), before: z.int(), counted: z.int() })) })
  .meta({ id: 'StockCounted' })

/** Counts of the shelf (REQUIREMENTS A6, P8): the books follow the shelf, and the queue follows the books. */
export function registerStockCounts(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/stock-counts',
      tags: ['Operator: stock'],
      summary: 'Set what is on hand to what was counted',
      description:
        'All or none. More units go to the waiters at once; fewer than are promised take units back from the youngest unconfirmed back orders, else 409 names who holds them.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(StockCount) },
      responses: answers(200, 'What the books said before, and say now', Counted),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const { actor } = c.var.caller
      return answerOnce(c, kit, {
        key,
        body,
        number: null,
        work: async ({ command }) => {
          const target = {
            workflow: 'stockCount',
            workflowId: `stock-count/${command}`,
            args: [],
            summary: 'Stock count',
          }
          await send(kit, target, countStock, { command, actor })
        },
      }) as never
    },
  )
}
