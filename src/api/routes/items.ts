import { createRoute, z } from '@hono/zod-openapi'
import { type Period, periodFault } from '../../domain/period.ts'
import { Refusal } from '../../domain/refusal.ts'
import { transact } from '../../store/database.ts'
import {
  type Item,
  insertItems,
  listItems,
  readItem,
  type StockedItem,
  updateItem,
} from '../../store/item.ts'
import { ItemView, itemView } from '../../store/item-view.ts'
import { readPeriods } from '../../store/period.ts'
import { answerFromBooks } from '../answer.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery } from '../cursor.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import { eachOnce, Length, Price } from '../master-data.ts'
import { refuseUnpayable } from '../payable.ts'
import { answers, IdempotencyHeader, jsonBody, Name, Sku } from '../request.ts'
import { IfMatchHeader, notSaved, versionIn } from '../version.ts'

const tags = ['Operator: items']
const SkuParam = z.object({ sku: Sku })

const itemMembers = {
  name: Name,
  price: Price,
  back_orderable: z.boolean().default(true),
  back_order_cap: z
    .int()
    .min(0)
    .max(1_000_000_000)
    .nullable()
    .default(null)
    .meta({ description: 'Most units that may be outstanding on back orders; null for no cap' }),
  wait_period: Length(1)
    .nullable()
    .default(null)
    .meta({ description: "In place of the house's predetermined wait" }),
  hold_period: Length(1)
    .nullable()
    .default(null)
    .meta({ description: "In place of the house's predetermined hold" }),
}
const ItemBody = z.strictObject(itemMembers).meta({ id: 'ItemToSave' })
const ItemsToLoad = z
  .strictObject({
    items: z
      .array(z.strictObject({ sku: Sku, ...itemMembers }))
      .min(1)
      .max(1_000)
      .superRefine(eachOnce('sku')),
  })
  .meta({ id: 'ItemsToLoad' })

/** Operators' items (REQUIREMENTS P8). */
export function registerItems(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: '/v1/operator/items/{sku}',
      tags,
      summary: 'Create or change an item',
      description:
        'Without If-Match it creates; with the ETag of the item it replaces all that is set of it.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: SkuParam, headers: IfMatchHeader, body: jsonBody(ItemBody) },
      responses: {
        ...answers(200, 'The item, changed', ItemView),
        ...answers(201, 'The item, created', ItemView),
      },
    }),
    async (c) => {
      const { sku } = c.req.valid('param')
      const version = versionIn(c)
      const item = itemOf({ sku, ...c.req.valid('json') })
      refusePrices(kit, [item], () => '')
      await refusePeriods(kit, [item], () => '')
      const saved = await transact(kit.db, async (tx) => {
        const isSaved =
          version === null ? (await insertItems(tx, [item])).has(sku) : await updateItem(tx, item, version)
        if (!isSaved) throw notSaved(version)
        return readItem(tx, sku)
      })
      if (!saved) throw new Error('the item was not stored')
      c.header('etag', `"${saved.item.version}"`)
      return c.json(itemView(saved), version === null ? 201 : 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/items/bulk',
      tags,
      summary: 'Create up to 1,000 items at once',
      description:
        'All or none; errors name each faulty one by its pointer. An item that exists is one of the faults.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(ItemsToLoad) },
      responses: answers(201, 'How many were created', z.object({ created: z.int() })),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const given = body.items.map(itemOf)
      refusePrices(kit, given, (index) => `/items/${index}`)
      await refusePeriods(kit, given, (index) => `/items/${index}`)
      return answerFromBooks(c, kit, { key, body, number: null, status: 201 }, async (tx) => {
        const created = await insertItems(tx, given)
        refuseKnown(given, created)
        return { created: created.size }
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/items/{sku}',
      tags,
      summary: 'Look at an item and its stock',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: SkuParam },
      responses: answers(200, 'The item', ItemView),
    }),
    async (c) => {
      const { sku } = c.req.valid('param')
      const found = await readItem(kit.db, sku)
      if (!found) throw new Refusal('not-found', `There is no item ${sku}.`)
      c.header('etag', `"${found.item.version}"`)
      return c.json(itemView(found), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/items',
      tags,
      summary: 'List items with their stock',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { query: z.strictObject(pageQuery) },
      responses: answers(200, 'Items in the order of their codes', Page(ItemView)),
    }),
    async (c) => {
      const page = await pageOf<StockedItem, [string]>(c.req.valid('query'), {
        key: z.tuple([Sku]),
        read: (after, limit) => listItems(kit.db, after?.[0] ?? '', limit),
        keyOf: ({ item }) => [item.sku],
      })
      return c.json({ ...page, data: page.data.map(itemView) }, 200)
    },
  )
}

function itemOf(given: { sku: string } & z.output<typeof ItemBody>): Item {
  const { price, wait_period, hold_period, ...item } = given
  return {
    ...item,
    price_minor: price.amount,
    currency: price.currency,
    wait_seconds: wait_period,
    hold_seconds: hold_period,
  }
}

function refusePrices(kit: ApiKit, items: Item[], pointer: (index: number) => string): void {
  const prices = items.map(({ price_minor: amount, currency }, index) => ({
    pointer: `${pointer(index)}/price/amount`,
    amount,
    currency,
  }))
  refuseUnpayable(kit, prices)
}

/** An item's own periods lie within the house's limits, as those do that customers set. */
async function refusePeriods(kit: ApiKit, items: Item[], pointer: (index: number) => string): Promise<void> {
  const { wait, hold } = await readPeriods(kit.db)
  const fault = (period: Period, seconds: number | null) =>
    seconds === null ? undefined : periodFault(period, seconds)
  const errors = items.flatMap((item, index) => {
    const faults = {
      wait_period: fault(wait, item.wait_seconds),
      hold_period: fault(hold, item.hold_seconds),
    }
    return Object.entries(faults).flatMap(([member, detail]) =>
      detail ? [{ pointer: `${pointer(index)}/${member}`, detail }] : [],
    )
  })
  if (errors.length > 0)
    throw new Refusal('period-out-of-range', 'See errors for the periods in question.', { errors })
}

function refuseKnown(given: Item[], created: Set<string>): void {
  const errors = given.flatMap(({ sku }, index) =>
    created.has(sku) ? [] : [{ pointer: `/items/${index}/sku`, detail: 'this item exists already' }],
  )
  if (errors.length > 0)
    throw new Refusal('already-exists', 'Some of these items exist already; nothing was created.', { errors })
}
