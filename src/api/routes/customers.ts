import { createRoute, z } from '@hono/zod-openapi'
import { Refusal } from '../../domain/refusal.ts'
import { BuyerRecord, buyerRecords, type ListedRecord } from '../../store/buyer-record.ts'
import { CustomerView, customerView, type ListedCustomer, listCustomers } from '../../store/customer-view.ts'
import type { Before } from '../../store/page.ts'
import { partnerOf, requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery, sortKey } from '../cursor.ts'
import type { Api, ApiKit } from '../kit.ts'
import { answers, Email } from '../request.ts'

const tags = ['Customers']

const CustomerWithRecords = CustomerView.extend({ records: Page(BuyerRecord) }).meta({
  id: 'CustomerWithRecords',
})

/** A storefront's own customers with what they ordered there, and nothing else (REQUIREMENTS B2). */
export function registerCustomers(app: Api, kit: ApiKit): void {
  const { db } = kit

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/customers',
      tags,
      summary: 'Find your customers',
      description: 'The newest first: one for each e-mail address.',
      middleware: [requireRole(kit, 'storefront')] as const,
      request: {
        query: z.strictObject({
          ...pageQuery,
          email: Email.optional().meta({ description: 'The whole e-mail address' }),
        }),
      },
      responses: answers(200, 'Customers', Page(CustomerView)),
    }),
    async (c) => {
      const query = c.req.valid('query')
      const storefront = partnerOf(c.var.caller)
      const page = await pageOf<ListedCustomer, Before>(query, {
        key: z.tuple([sortKey.time, z.uuid()]),
        read: (before, limit) => listCustomers(db, storefront, query.email, before, limit),
        keyOf: ({ sort_at, view }) => [sort_at, view.id],
      })
      return c.json({ ...page, data: page.data.map(({ view }) => view) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/customers/{id}',
      tags,
      summary: 'Look at a customer and what they ordered from you',
      description:
        'With everything that they ordered, leads included, the newest first, and every status it had. The cursor leads through these.',
      middleware: [requireRole(kit, 'storefront')] as const,
      request: { params: z.object({ id: z.uuid() }), query: z.strictObject(pageQuery) },
      responses: answers(200, 'The customer', CustomerWithRecords),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const view = await customerView(db, partnerOf(c.var.caller), id)
      if (!view) throw new Refusal('not-found', `There is no customer ${id}.`)
      return c.json({ ...view, records: await recordsPage(kit, c.req.valid('query'), [id]) }, 200)
    },
  )
}

/** A page of these customers' records. */
export async function recordsPage(
  kit: ApiKit,
  query: { limit: number; cursor?: string | undefined },
  customers: string[],
): Promise<{ data: BuyerRecord[]; next_cursor: string | null }> {
  const page = await pageOf<ListedRecord, Before>(query, {
    key: z.tuple([sortKey.time, sortKey.number]),
    read: (before, limit) => buyerRecords(kit.db, customers, before, limit),
    keyOf: ({ sort_at, record }) => [sort_at, record.number],
  })
  return { ...page, data: page.data.map(({ record }) => record) }
}
