import { createRoute, z } from '@hono/zod-openapi'
import { faultAt, Refusal } from '../../domain/refusal.ts'
import { snapshot } from '../../store/database.ts'
import { readDealer } from '../../store/dealer.ts'
import { readModelYear } from '../../store/model-year.ts'
import {
  bankStockOrder,
  cancelStockOrder,
  type ListedStockOrder,
  listStockOrders,
} from '../../store/stock-order.ts'
import { StockOrderView, stockOrderView, VehicleStateName } from '../../store/stock-order-view.ts'
import { readVehicle } from '../../store/vehicle.ts'
import { answerFromBooks } from '../answer.ts'
import { maySee, requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery, sortKey } from '../cursor.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit, Caller } from '../kit.ts'
import { ChosenFeatures, Id, ModelYearId, PartnerId } from '../master-data.ts'
import { refuseFaults } from '../plan.ts'
import { answers, IdempotencyHeader, jsonBody, Note, NumberParam, numberIn } from '../request.ts'
import { wakeNow } from '../wake.ts'

const tags = ['Stock orders']
const path = '/v1/stock-orders'

const StockTypeName = z.enum(['stock', 'fleet'])
const NewStockOrder = z
  .strictObject({
    type: StockTypeName.default('stock'),
    dealer: PartnerId.optional().meta({ description: 'For whom; only operators say so' }),
    model_year: ModelYearId,
    features: ChosenFeatures,
  })
  .meta({ id: 'NewStockOrder' })

/** Vehicles that dealers order for their lots and for fleets (REQUIREMENTS B6). */
export function registerStockOrders(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path,
      tags,
      summary: 'Order a vehicle for stock or for a fleet',
      description:
        'A valid configuration enters the order bank at once. One that is not valid is refused with its conflicts and alternatives.',
      middleware: [requireRole(kit, 'dealer', 'operator')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(NewStockOrder) },
      responses: answers(201, 'The vehicle in the bank', StockOrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const { actor } = c.var.caller
      const dealer = dealerFor(c.var.caller, body.dealer)
      let asked: string | undefined
      const response = await answerFromBooks(
        c,
        kit,
        { key, body, number: null, status: 201 },
        async (tx, step) => {
          asked = step
          const { type, features } = body
          const modelYear = await readModelYear(tx, body.model_year)
          refuseFaults([
            ...(modelYear ? [] : [{ pointer: '/model_year', detail: 'there is no such model year' }]),
            ...((await readDealer(tx, dealer))
              ? []
              : [{ pointer: '/dealer', detail: `there is no dealer ${dealer}` }]),
          ])
          if (!modelYear) throw new Error('a fault was not refused')
          const { number } = await bankStockOrder(tx, modelYear, { type, dealer, features }, { actor, step })
          return (await stockOrderView(tx, number)) ?? {}
        },
      )
      if (asked) await wakeNow(kit, asked)
      return response as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'Find stock and fleet orders',
      description: "The newest first. A dealer's key finds its own; an operator's finds all.",
      middleware: [requireRole(kit, 'dealer', 'operator')] as const,
      request: {
        query: z.strictObject({
          type: StockTypeName.optional(),
          state: VehicleStateName.optional(),
          model_line: Id.optional(),
          dealer: PartnerId.optional(),
          ...pageQuery,
        }),
      },
      responses: answers(200, 'Stock orders', Page(StockOrderView)),
    }),
    async (c) => {
      const { type, state, model_line, dealer, ...query } = c.req.valid('query')
      const dealers = [c.var.caller.partner, dealer].filter((id) => id !== null && id !== undefined)
      const page = await pageOf<ListedStockOrder, readonly [string, string]>(query, {
        key: z.tuple([sortKey.time, sortKey.number]),
        read: (before, limit) => listStockOrders(kit.db, { dealers, type, state, model_line }, before, limit),
        keyOf: ({ sort_at, number }) => [sort_at, number],
      })
      const views = await Promise.all(page.data.map(({ number }) => stockOrderView(kit.db, number)))
      return c.json({ ...page, data: views.filter((view) => view !== undefined) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: `${path}/{number}`,
      tags,
      summary: "Look at a dealer's vehicle",
      middleware: [requireRole(kit, 'dealer', 'operator')] as const,
      request: { params: NumberParam },
      responses: answers(200, 'The vehicle', StockOrderView),
    }),
    async (c) => {
      const number = await findVehicle(kit, c.var.caller, c.req.valid('param').number)
      const view = await snapshot(kit.db, (tx) => stockOrderView(tx, number))
      if (!view) throw new Refusal('not-found', `There is no stock order ${number}.`)
      c.header('etag', `"${view.version}"`)
      return c.json(view, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: `${path}/{number}/cancellation`,
      tags,
      summary: 'Cancel a stock or fleet order',
      description: 'Until it is frozen. Its slot goes to the next vehicle at once.',
      middleware: [requireRole(kit, 'dealer', 'operator')] as const,
      request: {
        params: NumberParam,
        headers: IdempotencyHeader,
        body: jsonBody(z.strictObject({ reason: Note.optional() })),
      },
      responses: answers(200, 'The vehicle, cancelled', StockOrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const { actor } = c.var.caller
      const number = await findVehicle(kit, c.var.caller, c.req.valid('param').number)
      let asked: string | undefined
      const response = await answerFromBooks(c, kit, { key, body, number, status: 200 }, async (tx, step) => {
        asked = step
        await cancelStockOrder(tx, number, { actor, step, note: body.reason ?? null })
        return (await stockOrderView(tx, number)) ?? {}
      })
      if (asked) await wakeNow(kit, asked)
      return response as never
    },
  )
}

/** A dealer orders for itself; operators name one. */
function dealerFor({ partner }: Caller, asked: string | undefined): string {
  const dealer = partner ?? asked
  if (dealer === undefined || (asked !== undefined && asked !== dealer)) {
    throw faultAt(
      '/dealer',
      partner === null ? 'say for which dealer' : 'your key orders for your own house only',
    )
  }
  return dealer
}

/** @throws Refusal when there is none, or when it is another dealer's. */
async function findVehicle(kit: ApiKit, caller: Caller, given: string): Promise<string> {
  const number = numberIn('vehicle', given)
  const row = await readVehicle(kit.db, number)
  if (!row || !maySee(caller, row.dealer))
    throw new Refusal('not-found', `There is no stock order ${number}.`)
  return number
}
