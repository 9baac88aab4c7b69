import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { fingerprint } from '../../domain/configuration.ts'
import { isSingle, type ModelYear, SINGLE_KINDS } from '../../domain/model-year.ts'
import { newNumber } from '../../domain/number.ts'
import { Refusal } from '../../domain/refusal.ts'
import { VIN_PATTERN } from '../../domain/vehicle.ts'
import { saveSpecifications } from '../../store/configuration.ts'
import type { Transaction } from '../../store/database.ts'
import { snapshot } from '../../store/database.ts'
import { readDealer } from '../../store/dealer.ts'
import { readModelYear } from '../../store/model-year.ts'
import {
  AvailabilityName,
  addToLots,
  listStockVehicles,
  priceStockVehicle,
  relistStockVehicle,
  StockVehicleView,
  sellStockVehicle,
  stockVehicleView,
  withdrawStockVehicle,
} from '../../store/stock-vehicle.ts'
import { answerFromBooks, type BookRequest } from '../answer.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery, sortKey } from '../cursor.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiEnv, ApiKit, Caller } from '../kit.ts'
import { ChosenFeatures, eachOnce, ModelYearId, PartnerId, Price } from '../master-data.ts'
import { refuseUnpayable } from '../payable.ts'
import { answers, IdempotencyHeader, jsonBody, NumberParam, numberIn } from '../request.ts'
import { wakeNow } from '../wake.ts'

const tags = ["Dealers' stock"]

const lotVehicleMembers = {
  dealer: PartnerId.optional().meta({ description: 'Whose it is; a dealer’s own key need not say it' }),
  model_year: ModelYearId,
  features: ChosenFeatures.meta({ description: 'One of each single kind, and any options' }),
  vin: z
    .string()
    .toUpperCase()
    .regex(VIN_PATTERN, 'a VIN is 17 letters and digits without I, O and Q')
    .meta({ example: 'WVWZZZ1JZXW000001' }),
  price: Price.meta({ description: 'What it is offered for, in the currency of its model year' }),
}
const LotVehicle = z.strictObject(lotVehicleMembers).meta({ id: 'LotVehicle' })
type LotVehicle = z.output<typeof LotVehicle>
const LotVehicles = z
  .strictObject({
    vehicles: z.array(z.strictObject(lotVehicleMembers)).min(1).max(1_000).superRefine(eachOnce('vin')),
  })
  .meta({ id: 'LotVehiclesToLoad' })

/** What may be done with a vehicle that is there, each a command of its own. */
const COMMANDS = [
  {
    path: 'withdrawal',
    summary: 'Offer a vehicle no longer',
    description: 'It stays in the books and can be listed again.',
    carryOut: withdrawStockVehicle,
  },
  {
    path: 'sale',
    summary: 'Say that a vehicle is sold',
    description: 'To somebody who did not tag it. For a tagged one, answer the tag.',
    carryOut: sellStockVehicle,
  },
  {
    path: 'listing',
    summary: 'Offer a vehicle again',
    description: 'One that was withdrawn, or whose sale came to nothing.',
    carryOut: relistStockVehicle,
  },
] as const

/** Vehicles that dealers offer (REQUIREMENTS B8): those on their lots are listed, changed and bulk-loaded here (P8). */
export function registerStockVehicles(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/stock-vehicles',
      tags,
      summary: "Put a vehicle on a dealer's lot",
      middleware: [requireRole(kit, 'dealer', 'operator')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(LotVehicle) },
      responses: answers(201, 'The vehicle', StockVehicleView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      refuseUnpayable(kit, [{ pointer: '/price/amount', ...body.price }])
      const number = newNumber('vehicle')
      return change(c, kit, { body, number, status: 201 }, async (tx, step, drawn) => {
        const given = [{ ...body, number: drawn ?? '' }]
        const [listed = ''] = await load(tx, given, { caller: c.var.caller, step, at: () => '' })
        return (await stockVehicleView(tx, listed)) ?? {}
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/stock-vehicles/bulk',
      tags,
      summary: "Put up to 1,000 vehicles on dealers' lots",
      description: 'All or none; errors name each faulty one by its pointer.',
      middleware: [requireRole(kit, 'dealer', 'operator')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(LotVehicles) },
      responses: answers(
        201,
        'Their numbers, in the same order',
        z.object({ vehicles: z.array(z.string()) }),
      ),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const at = (index: number) => `/vehicles/${index}`
      const prices = body.vehicles.map(({ price }, index) => ({
        pointer: `${at(index)}/price/amount`,
        ...price,
      }))
      refuseUnpayable(kit, prices)
      // The answer has numbers only.
      return change(c, kit, { body, number: null, status: 201 }, async (tx, step) => {
        const given = body.vehicles.map((vehicle) => ({ ...vehicle, number: newNumber('vehicle') }))
        return { vehicles: await load(tx, given, { caller: c.var.caller, step, at }) }
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/stock-vehicles',
      tags,
      summary: "List the vehicles of dealers' stock",
      description: 'Every one that was ever offered. A dealer finds its own, an operator all.',
      middleware: [requireRole(kit, 'dealer', 'operator')] as const,
      request: {
        query: z.strictObject({
          dealer: PartnerId.optional(),
          availability: AvailabilityName.optional(),
          ...pageQuery,
        }),
      },
      responses: answers(200, 'In the order of their numbers', Page(StockVehicleView)),
    }),
    async (c) => {
      const { dealer: asked, availability: state, ...query } = c.req.valid('query')
      const own = c.var.caller.partner ?? undefined
      if (own !== undefined && asked !== undefined && asked !== own)
        return c.json({ data: [], next_cursor: null }, 200)
      const dealer = own ?? asked
      const page = await pageOf<StockVehicleView, [string]>(query, {
        key: z.tuple([sortKey.number]),
        read: (after, limit) => listStockVehicles(kit.db, { dealer, state, after: after?.[0] ?? '', limit }),
        keyOf: ({ number }) => [number],
      })
      return c.json(page, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/stock-vehicles/{number}',
      tags,
      summary: "Look at a vehicle of a dealer's stock",
      middleware: [requireRole(kit, 'dealer', 'operator')] as const,
      request: { params: NumberParam },
      responses: answers(200, 'The vehicle', StockVehicleView),
    }),
    async (c) => c.json(await find(kit, c.var.caller, c.req.valid('param').number), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/stock-vehicles/{number}/price',
      tags,
      summary: 'Offer a vehicle for another price',
      description: 'Not while a buyer has tagged it, or has it kept: they know another price.',
      middleware: [requireRole(kit, 'dealer', 'operator')] as const,
      request: {
        params: NumberParam,
        headers: IdempotencyHeader,
        body: jsonBody(z.strictObject({ price: Price })),
      },
      responses: answers(200, 'The vehicle', StockVehicleView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      refuseUnpayable(kit, [{ pointer: '/price/amount', ...body.price }])
      const { number } = await find(kit, c.var.caller, c.req.valid('param').number)
      const { actor } = c.var.caller
      return change(c, kit, { body, number, status: 200 }, async (tx, step) => {
        await priceStockVehicle(tx, { number, actor, step }, body.price)
        return (await stockVehicleView(tx, number)) ?? {}
      }) as never
    },
  )

  for (const { path, summary, description, carryOut } of COMMANDS) {
    app.openapi(
      createRoute({
        method: 'post',
        path: `/v1/stock-vehicles/{number}/${path}`,
        tags,
        summary,
        description,
        middleware: [requireRole(kit, 'dealer', 'operator')] as const,
        request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(z.strictObject({})) },
        responses: answers(200, 'The vehicle', StockVehicleView),
      }),
      async (c) => {
        const body = c.req.valid('json')
        const { number } = await find(kit, c.var.caller, c.req.valid('param').number)
        const { actor } = c.var.caller
        return change(c, kit, { body, number, status: 200 }, async (tx, step) => {
          await carryOut(tx, { number, actor, step })
          return (await stockVehicleView(tx, number)) ?? {}
        }) as never
      },
    )
  }
}

/** A change of ours that may wake those who wait for such a vehicle. */
async function change(
  c: Context<ApiEnv>,
  kit: ApiKit,
  { body, number, status }: Pick<BookRequest, 'body' | 'number' | 'status'>,
  effect: (tx: Transaction, step: string, number: string | null) => Promise<object>,
): Promise<Response> {
  const key = idempotencyKeyOf(c)
  let step = ''
  const response = await answerFromBooks(
    c,
    kit,
    { key, body, number, status },
    async (tx, command, drawn) => {
      step = command
      return effect(tx, command, drawn)
    },
  )
  if (step !== '') await wakeNow(kit, step)
  return response
}

/** Checks vehicles and puts them on the lots, all or none. Gives their numbers, in the given order. */
async function load(
  tx: Transaction,
  given: (LotVehicle & { number: string })[],
  { caller, step, at }: { caller: Caller; step: string; at: (index: number) => string },
): Promise<string[]> {
  const years = new Map<string, ModelYear | undefined>()
  for (const { model_year } of given)
    if (!years.has(model_year)) years.set(model_year, (await readModelYear(tx, model_year))?.modelYear)
  const dealers = new Map<string, boolean>()
  const dealerOf = ({ dealer }: LotVehicle) => dealer ?? caller.partner ?? ''
  for (const vehicle of given)
    if (!dealers.has(dealerOf(vehicle)))
      dealers.set(dealerOf(vehicle), (await readDealer(tx, dealerOf(vehicle))) !== undefined)
  const errors = given.flatMap((vehicle, index) => {
    const isTheirs = caller.partner === null || dealerOf(vehicle) === caller.partner
    const dealer =
      isTheirs && dealers.get(dealerOf(vehicle))
        ? []
        : [{ pointer: '/dealer', detail: 'there is no such dealer, or it is another one’s' }]
    return [...dealer, ...faultsOf(vehicle, years.get(vehicle.model_year))].map(({ pointer, detail }) => ({
      pointer: at(index) + pointer,
      detail,
    }))
  })
  if (errors.length > 0)
    throw new Refusal('invalid-request', 'Something is wrong with what was given; nothing was stored.', {
      errors,
    })

  const rows = given.map((vehicle) => ({
    vehicle,
    specification: fingerprint(vehicle.model_year, vehicle.features),
    model_line: years.get(vehicle.model_year)?.model_line.code ?? '',
  }))
  await saveSpecifications(
    tx,
    rows.map(({ vehicle: { model_year, features }, specification }) => ({
      fingerprint: specification,
      model_year,
      features,
    })),
  )
  const stored = await addToLots(
    tx,
    rows.map(({ vehicle, specification, model_line }) => ({
      number: vehicle.number,
      dealer: dealerOf(vehicle),
      specification,
      model_line,
      price_minor: vehicle.price.amount,
      currency: vehicle.price.currency,
      vin: vehicle.vin,
    })),
    { actor: caller.actor, step },
  )
  const numbers = new Map(stored.map(({ vin, number }) => [vin, number]))
  const known = given.flatMap(({ vin }, index) =>
    numbers.has(vin) ? [] : [{ pointer: `${at(index)}/vin`, detail: 'another vehicle has this VIN' }],
  )
  if (known.length > 0)
    throw new Refusal('already-exists', 'Some VINs are those of other vehicles; nothing was stored.', {
      errors: known,
    })
  return given.map(({ vin }) => numbers.get(vin) ?? '')
}

/** What a vehicle on a lot may not be. Rules of orders are not for what is built: it is as it is. */
function faultsOf(
  { features, price }: LotVehicle,
  modelYear: ModelYear | undefined,
): { pointer: string; detail: string }[] {
  if (!modelYear) return [{ pointer: '/model_year', detail: 'there is no such model year' }]
  const kinds = new Map(modelYear.features.map(({ code, kind }) => [code, kind]))
  const unknown = features.flatMap((code, index) =>
    kinds.has(code) ? [] : [{ pointer: `/features/${index}`, detail: `there is no feature ${code}` }],
  )
  const counts = SINGLE_KINDS.flatMap((kind) => {
    const count = features.filter((code) => kinds.get(code) === kind).length
    return count === 1 || !isSingle(kind)
      ? []
      : [{ pointer: '/features', detail: `must have one of the kind ${kind}, not ${count}` }]
  })
  const currency =
    price.currency === modelYear.currency
      ? []
      : [{ pointer: '/price/currency', detail: `must be ${modelYear.currency}, as in the model year` }]
  return [...unknown, ...counts, ...currency]
}

async function find(kit: ApiKit, { partner }: Caller, given: string): Promise<StockVehicleView> {
  const number = numberIn('vehicle', given)
  const view = await snapshot(kit.db, (tx) => stockVehicleView(tx, number))
  if (!view || (partner !== null && view.dealer.id !== partner))
    throw new Refusal('not-found', `There is no vehicle ${number} of dealers' stock.`)
  return view
}
