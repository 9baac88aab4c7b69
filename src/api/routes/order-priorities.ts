import { createHash } from 'node:crypto'
import { createRoute, z } from '@hono/zod-openapi'
import { Refusal } from '../../domain/refusal.ts'
import { type Priorities, readPriorities, writePriorities } from '../../store/order-priority.ts'
import { requireRole } from '../auth.ts'
import type { Api, ApiKit } from '../kit.ts'
import { changePlan } from '../plan.ts'
import { answers, jsonBody } from '../request.ts'
import { IfMatchHeader } from '../version.ts'

const tags = ['Operator: plan of production']
const path = '/v1/operator/order-priorities'

const Priority = z
  .int()
  .min(1)
  .max(1_000)
  .meta({ description: 'The lowest goes first; types with the same one go by when they were accepted' })
const PrioritiesBody = z
  .strictObject({ retail: Priority, fleet: Priority, stock: Priority })
  .meta({ id: 'OrderPriorities' })

/** Which type of order is scheduled first (REQUIREMENTS B6, P8). */
export function registerOrderPriorities(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'Look at the priorities of the types of orders',
      middleware: [requireRole(kit, 'operator')] as const,
      responses: answers(200, 'The priorities', PrioritiesBody),
    }),
    async (c) => {
      const priorities = await readPriorities(kit.db)
      c.header('etag', etagOf(priorities))
      return c.json(priorities, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'put',
      path,
      tags,
      summary: 'Change the priorities of the types of orders',
      description:
        'All at once, with the ETag of what they replace as If-Match. They hold for what is in the bank, too, as far as it is not frozen.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { headers: IfMatchHeader, body: jsonBody(PrioritiesBody) },
      responses: answers(200, 'The priorities', PrioritiesBody),
    }),
    async (c) => {
      const priorities = c.req.valid('json')
      const basis = c.req.header('if-match')
      if (basis === undefined)
        throw new Refusal('version-missing', 'Read them first and send their ETag as If-Match.')
      await changePlan(kit, async (tx) => {
        if (etagOf(await readPriorities(tx)) !== basis)
          throw new Refusal('version-stale', 'They have changed since. Read them again.')
        await writePriorities(tx, priorities)
      })
      c.header('etag', etagOf(priorities))
      return c.json(priorities, 200)
    },
  )
}

/** There is one set of them and no row to count its versions: its content stands for the version. */
function etagOf({ retail, fleet, stock }: Priorities): string {
  return `"${createHash('sha256').update(`${retail}/${fleet}/${stock}`).digest('base64url').slice(0, 16)}"`
}
