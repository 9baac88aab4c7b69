import { createRoute, z } from '@hono/zod-openapi'
import { VEHICLE_TYPES } from '../../domain/vehicle.ts'
import { type InQueue, listOrderBank, QueuedVehicle } from '../../store/order-bank-list.ts'
import { IN_BANK } from '../../store/schedule-view.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery, sortKey } from '../cursor.ts'
import type { Api, ApiKit } from '../kit.ts'
import { Id, PartnerId } from '../master-data.ts'
import { Ordinal } from '../plan.ts'
import { answers } from '../request.ts'

const filters = {
  plant: Id.optional(),
  period: z.coerce.number().pipe(Ordinal).optional(),
  dealer: PartnerId.optional(),
  model_line: Id.optional(),
  type: z.enum(VEHICLE_TYPES).optional(),
  state: z.enum(IN_BANK).optional(),
}

/** The order bank's queue, for operators (REQUIREMENTS B6). */
export function registerOrderBank(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/order-bank',
      tags: ['Operator: order bank'],
      summary: 'Look at the queue of the order bank',
      description:
        'Every vehicle from its acceptance until it is built, in the order in which they are given slots: by priority, then the oldest first.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { query: z.strictObject({ ...filters, ...pageQuery }) },
      responses: answers(200, 'The queue', Page(QueuedVehicle)),
    }),
    async (c) => {
      const query = c.req.valid('query')
      const page = await pageOf<{ key: InQueue; view: QueuedVehicle }, InQueue>(query, {
        key: z.tuple([sortKey.sequence, sortKey.id]),
        read: (after, limit) => listOrderBank(kit.db, query, after, limit),
        keyOf: ({ key }) => key,
      })
      return c.json({ ...page, data: page.data.map(({ view }) => view) }, 200)
    },
  )
}
