import { createRoute, z } from '@hono/zod-openapi'
import { startIfMissing } from '../../clients/look.ts'
import { isoDuration } from '../../domain/duration.ts'
import { Refusal } from '../../domain/refusal.ts'
import { type Transaction, transact } from '../../store/database.ts'
import { unknownItems } from '../../store/order.ts'
import { Instant, Money } from '../../store/order-view.ts'
import { suppliersInNeed } from '../../store/reconcile.ts'
import { lockSupplier } from '../../store/supplier.ts'
import {
  currenciesOf,
  listSupplierItems,
  openOrdersFor,
  readSupplierItem,
  removeSupplierItem,
  type SupplierItem,
  type SupplierItemRow,
  saveSupplierItems,
} from '../../store/supplier-item.ts'
import { answerFromBooks } from '../answer.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery } from '../cursor.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import { eachOnce, Length, Price } from '../master-data.ts'
import { answers, IdempotencyHeader, jsonBody, Sku } from '../request.ts'
import { findSupplier, SupplierParam } from './suppliers.ts'

const tags = ['Operator: suppliers']
const path = '/v1/operator/suppliers/{id}/items'
const ItemParam = SupplierParam.extend({ sku: Sku })

const supplierItemMembers = {
  rank: z.int().min(1).max(1_000).default(1).meta({ description: 'Who is asked first: the lowest rank' }),
  lead_period: Length(0).meta({ description: 'From the purchase order to the goods' }),
  pack_size: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1)
    .meta({ description: 'Ordered in whole multiples of it' }),
  price: Price.meta({
    description: 'Per unit. All items of a supplier are in one currency, as its purchase orders are',
  }),
}
const SupplierItemBody = z.strictObject(supplierItemMembers).meta({ id: 'SupplierItemToSave' })
const SupplierItemsToLoad = z
  .strictObject({
    items: z
      .array(z.strictObject({ sku: Sku, ...supplierItemMembers }))
      .min(1)
      .max(1_000)
      .superRefine(eachOnce('sku')),
  })
  .meta({ id: 'SupplierItemsToLoad' })

const SupplierItemView = z
  .object({
    sku: z.string(),
    rank: z.int(),
    lead_period: z.string(),
    pack_size: z.int(),
    price: Money,
    passed_over_until: Instant.nullable().meta({ description: 'Until then the next supplier is asked' }),
  })
  .meta({ id: 'SupplierItem' })

/** What each supplier can bring, and on what terms (REQUIREMENTS A4, P8). */
export function registerSupplierItems(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: `${path}/{sku}`,
      tags,
      summary: 'Say on what terms a supplier brings an item',
      description: 'Creates or replaces them. Purchase orders that were sent keep theirs.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: ItemParam, body: jsonBody(SupplierItemBody) },
      responses: answers(200, 'The terms', SupplierItemView),
    }),
    async (c) => {
      const { id, sku } = c.req.valid('param')
      await findSupplier(kit, id)
      const item = supplierItemOf(id, { sku, ...c.req.valid('json') })
      const saved = await transact(kit.db, async (tx) => {
        await save(tx, id, [item], (_, member) => (member === 'sku' ? '/param/sku' : `/${member}`))
        return readSupplierItem(tx, id, sku)
      })
      if (!saved) throw new Error('the terms were not stored')
      await askIfWanted(kit, id)
      return c.json(viewOf(saved), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: `${path}/bulk`,
      tags,
      summary: 'Say on what terms a supplier brings up to 1,000 items',
      description:
        'All or none; errors name each faulty one by its pointer. Terms that are there are replaced.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: SupplierParam, headers: IdempotencyHeader, body: jsonBody(SupplierItemsToLoad) },
      responses: answers(200, 'How many were saved', z.object({ saved: z.int() })),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const { id } = await findSupplier(kit, c.req.valid('param').id)
      const given = body.items.map((item) => supplierItemOf(id, item))
      const response = await answerFromBooks(c, kit, { key, body, number: null, status: 200 }, async (tx) => {
        await save(tx, id, given, (index, member) => `/items/${index}/${member}`)
        return { saved: given.length }
      })
      await askIfWanted(kit, id)
      return response as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'List what a supplier brings',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: SupplierParam, query: z.strictObject(pageQuery) },
      responses: answers(200, 'In the order of the item codes', Page(SupplierItemView)),
    }),
    async (c) => {
      const { id } = await findSupplier(kit, c.req.valid('param').id)
      const page = await pageOf<SupplierItemRow, [string]>(c.req.valid('query'), {
        key: z.tuple([Sku]),
        read: (after, limit) => listSupplierItems(kit.db, id, after?.[0] ?? '', limit),
        keyOf: ({ sku }) => [sku],
      })
      return c.json({ ...page, data: page.data.map(viewOf) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: `${path}/{sku}`,
      tags,
      summary: 'Ask a supplier for an item no longer',
      description: 'Refused while something of it is still to come from there.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: ItemParam },
      responses: answers(200, 'The terms as they were', SupplierItemView),
    }),
    async (c) => {
      const { id, sku } = c.req.valid('param')
      const removed = await transact(kit.db, async (tx) => {
        await lockSupplier(tx, id)
        const row = await readSupplierItem(tx, id, sku)
        if (!row) throw new Refusal('not-found', `${id} does not bring ${sku}.`)
        const open = await openOrdersFor(tx, id, sku)
        if (open.length > 0)
          throw new Refusal('still-in-use', `Still to come on ${open.join(', ')}.`, { purchase_orders: open })
        await removeSupplierItem(tx, id, sku)
        return row
      })
      return c.json(viewOf(removed), 200)
    },
  )
}

/** Whoever waits may have waited for this supplier. What cannot be started here `reconcile` starts within a minute. */
async function askIfWanted(kit: ApiKit, supplier: string): Promise<void> {
  if (!(await suppliersInNeed(kit.db)).includes(supplier)) return
  await startIfMissing(kit.temporal, `purchasing/${supplier}`).catch(() => {})
}

/** Saves terms of known items in the supplier's one currency, all or none. */
async function save(
  tx: Transaction,
  supplier: string,
  given: SupplierItem[],
  pointer: (index: number, member: 'sku' | 'price/currency') => string,
): Promise<void> {
  await lockSupplier(tx, supplier)
  const unknown = await unknownItems(
    tx,
    given.map(({ sku }) => sku),
  )
  if (unknown.size > 0) {
    throw new Refusal('unknown-item', `Not known: ${[...unknown].join(', ')}.`, {
      errors: given.flatMap(({ sku }, index) =>
        unknown.has(sku) ? [{ pointer: pointer(index, 'sku'), detail: 'this item is not known' }] : [],
      ),
    })
  }
  await saveSupplierItems(tx, given)
  const [currency, other] = await currenciesOf(tx, supplier)
  if (other === undefined) return
  const detail = `the items of a supplier are in one currency; these would be in ${currency} and ${other}`
  throw new Refusal('invalid-request', `There is a fault: ${detail}.`, {
    errors: given.map((_, index) => ({ pointer: pointer(index, 'price/currency'), detail })),
  })
}

function supplierItemOf(
  supplier: string,
  given: { sku: string } & z.output<typeof SupplierItemBody>,
): SupplierItem {
  const { price, lead_period, ...item } = given
  return { supplier, ...item, lead_seconds: lead_period, price_minor: price.amount, currency: price.currency }
}

function viewOf(row: SupplierItemRow): z.output<typeof SupplierItemView> {
  return {
    sku: row.sku,
    rank: row.rank,
    lead_period: isoDuration(row.lead_seconds),
    pack_size: row.pack_size,
    price: { amount: row.price_minor, currency: row.currency },
    passed_over_until: row.passed_over_until?.toISOString() ?? null,
  }
}
