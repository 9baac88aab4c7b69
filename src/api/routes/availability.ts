import { createRoute, z } from '@hono/zod-openapi'
import { MAX_QUANTITY } from '../../domain/order.ts'
import { Refusal } from '../../domain/refusal.ts'
import { Availability, availabilityOf, freeForNewcomers } from '../../store/availability.ts'
import { listItems, type StockedItem } from '../../store/item.ts'
import { Money } from '../../store/order-view.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery } from '../cursor.ts'
import type { Api, ApiKit } from '../kit.ts'
import { answers, Sku } from '../request.ts'

const tags = ['Items']

const OfferedItem = z
  .object({
    sku: z.string(),
    name: z.string(),
    unit_price: Money,
    available: z.int().meta({ description: 'Units free for a newcomer: none while anybody waits' }),
    outstanding: z.int().meta({ description: 'Units that those who wait still lack' }),
    back_orderable: z.boolean(),
  })
  .meta({ id: 'OfferedItem' })

/** What a storefront can ask before it orders (REQUIREMENTS A1). */
export function registerAvailability(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/items',
      tags,
      summary: 'List the items that can be ordered',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { query: z.strictObject(pageQuery) },
      responses: answers(200, 'Items in the order of their codes', Page(OfferedItem)),
    }),
    async (c) => {
      const page = await pageOf<StockedItem, [string]>(c.req.valid('query'), {
        key: z.tuple([Sku]),
        read: (after, limit) => listItems(kit.db, after?.[0] ?? '', limit),
        keyOf: ({ item }) => [item.sku],
      })
      return c.json({ ...page, data: page.data.map(viewOf) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/items/{sku}/availability',
      tags,
      summary: 'Ask what an order would meet',
      description:
        'What is free, how many wait, and when a quantity that is not there could be. It sets nothing aside (A1).',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: {
        params: z.object({ sku: Sku }),
        query: z.strictObject({ quantity: z.coerce.number().int().min(1).max(MAX_QUANTITY).default(1) }),
      },
      responses: answers(200, 'As it is at this moment', Availability),
    }),
    async (c) => {
      const { sku } = c.req.valid('param')
      const availability = await availabilityOf(kit.db, sku, c.req.valid('query').quantity)
      if (!availability) throw new Refusal('not-found', `There is no item ${sku}.`)
      return c.json(availability, 200)
    },
  )
}

function viewOf(stocked: StockedItem): z.output<typeof OfferedItem> {
  const { item, level } = stocked
  return {
    sku: item.sku,
    name: item.name,
    unit_price: { amount: item.price_minor, currency: item.currency },
    available: freeForNewcomers(stocked),
    outstanding: level.outstanding,
    back_orderable: item.back_orderable,
  }
}
