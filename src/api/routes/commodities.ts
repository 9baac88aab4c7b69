import { createRoute, z } from '@hono/zod-openapi'
import { Refusal } from '../../domain/refusal.ts'
import {
  type Commodity,
  type CommodityRow,
  listCommodities,
  readCommodity,
  saveCommodity,
} from '../../store/commodity.ts'
import type { Transaction } from '../../store/database.ts'
import { knownFeatures } from '../../store/model-year.ts'
import { readProductionPeriods } from '../../store/production-period.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery } from '../cursor.ts'
import type { Api, ApiKit } from '../kit.ts'
import { eachOnce, FeatureCode, Id, ModelYearId } from '../master-data.ts'
import {
  changePlan,
  Limits,
  LimitsView,
  loadIntoPlan,
  refuseFaults,
  refuseStale,
  unknownPeriods,
} from '../plan.ts'
import { answers, IdempotencyHeader, jsonBody, Name } from '../request.ts'
import { IfMatchHeader, versionIn } from '../version.ts'

const tags = ['Operator: plan of production']
const path = '/v1/operator/commodities'
const CommodityParam = z.object({ code: Id })

const Uses = z
  .array(z.strictObject({ model_year: ModelYearId, feature: FeatureCode }))
  .max(2_000)
  .superRefine((uses, check) => {
    const seen = new Set<string>()
    for (const [index, { model_year, feature }] of uses.entries()) {
      const key = `${model_year} ${feature}`
      if (seen.has(key))
        check.addIssue({ code: 'custom', path: [index], message: 'this one is in the list already' })
      seen.add(key)
    }
  })
const commodityMembers = {
  name: Name,
  features: Uses.meta({
    description: 'A vehicle uses one unit if its specification has any of these features',
  }),
  limits: Limits.meta({
    description: 'In how many vehicles of each period it can be used; in one that is not named, in all',
  }),
}
const CommodityBody = z.strictObject(commodityMembers).meta({ id: 'CommodityToSave' })
const CommoditiesToLoad = z
  .strictObject({
    commodities: z
      .array(z.strictObject({ code: Id, ...commodityMembers }))
      .min(1)
      .max(500)
      .superRefine(eachOnce('code')),
  })
  .meta({ id: 'CommoditiesToLoad' })

const CommodityView = z
  .object({
    code: z.string(),
    name: z.string(),
    features: z.array(z.object({ model_year: z.string(), feature: z.string() })),
    limits: LimitsView,
    version: z.int(),
  })
  .meta({ id: 'Commodity' })

/** Parts that are short, by what uses them and how many there are (REQUIREMENTS B6, P8). */
export function registerCommodities(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: `${path}/{code}`,
      tags,
      summary: 'Create or change a commodity',
      description: 'Without If-Match it creates; with the ETag of the commodity it replaces all of it.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: CommodityParam, headers: IfMatchHeader, body: jsonBody(CommodityBody) },
      responses: {
        ...answers(200, 'The commodity, changed', CommodityView),
        ...answers(201, 'The commodity, created', CommodityView),
      },
    }),
    async (c) => {
      const { code } = c.req.valid('param')
      const version = versionIn(c)
      const body = c.req.valid('json')
      const saved = await changePlan(kit, async (tx) => {
        refuseStale(await readCommodity(tx, code), version)
        await save(tx, [{ code, ...body }], () => '')
        return readCommodity(tx, code)
      })
      if (!saved) throw new Error('the commodity was not stored')
      c.header('etag', `"${saved.version}"`)
      return c.json(saved, version === null ? 201 : 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: `${path}/bulk`,
      tags,
      summary: 'Load up to 500 commodities at once',
      description: 'All or none; errors name each fault by its pointer. Those that are there are replaced.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(CommoditiesToLoad) },
      responses: answers(200, 'How many were saved', z.object({ saved: z.int() })),
    }),
    async (c) => {
      const body = c.req.valid('json')
      return loadIntoPlan(c, kit, body, async (tx) => {
        await save(tx, body.commodities, (index) => `/commodities/${index}`)
        return { saved: body.commodities.length }
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: `${path}/{code}`,
      tags,
      summary: 'Look at a commodity',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: CommodityParam },
      responses: answers(200, 'The commodity', CommodityView),
    }),
    async (c) => {
      const { code } = c.req.valid('param')
      const row = await readCommodity(kit.db, code)
      if (!row) throw new Refusal('not-found', `There is no commodity ${code}.`)
      c.header('etag', `"${row.version}"`)
      return c.json(row, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'List commodities',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { query: z.strictObject(pageQuery) },
      responses: answers(200, 'In the order of their codes', Page(CommodityView)),
    }),
    async (c) => {
      const page = await pageOf<CommodityRow, [string]>(c.req.valid('query'), {
        key: z.tuple([Id]),
        read: (after, limit) => listCommodities(kit.db, after?.[0] ?? '', limit),
        keyOf: ({ code }) => [code],
      })
      return c.json(page, 200)
    },
  )
}

async function save(tx: Transaction, given: Commodity[], pointer: (index: number) => string): Promise<void> {
  const periods = new Set((await readProductionPeriods(tx)).map(({ ordinal }) => ordinal))
  const features = await knownFeatures(
    tx,
    given.flatMap(({ features }) => features.map(({ model_year }) => model_year)),
  )
  refuseFaults(
    given.flatMap(({ features: uses, limits }, index) => [
      ...uses.flatMap(({ model_year, feature }, place) => {
        const known = features.get(model_year)
        const at = `${pointer(index)}/features/${place}`
        if (!known) return [{ pointer: `${at}/model_year`, detail: `there is no model year ${model_year}` }]
        return known.has(feature)
          ? []
          : [{ pointer: `${at}/feature`, detail: `${model_year} has no feature ${feature}` }]
      }),
      ...unknownPeriods(limits, periods, `${pointer(index)}/limits`),
    ]),
  )
  for (const commodity of given) await saveCommodity(tx, commodity)
}
