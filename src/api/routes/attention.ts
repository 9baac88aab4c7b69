import { createRoute } from '@hono/zod-openapi'
import { Attention, MOST_SHOWN, readAttention } from '../../store/attention.ts'
import { requireRole } from '../auth.ts'
import type { Api, ApiKit } from '../kit.ts'
import { answers } from '../request.ts'

/** What needs a person (REQUIREMENTS P4). */
export function registerAttention(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/attention',
      tags: ['Operator'],
      summary: 'See what needs a person',
      description: `The oldest of each kind, at most ${MOST_SHOWN}.`,
      middleware: [requireRole(kit, 'operator')] as const,
      responses: answers(200, 'By kind', Attention),
    }),
    async (c) => c.json(await readAttention(kit.db), 200),
  )
}
