import { createRoute, z } from '@hono/zod-openapi'
import { Refusal } from '../../domain/refusal.ts'
import type { Transaction } from '../../store/database.ts'
import { Instant as ShownInstant } from '../../store/order-view.ts'
import {
  listProductionPeriods,
  type ProductionPeriod,
  type ProductionPeriodRow,
  readProductionPeriod,
  readProductionPeriods,
  saveProductionPeriod,
} from '../../store/production-period.ts'
import { tellNewTimes } from '../../store/slot-times.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery } from '../cursor.ts'
import type { Api, ApiKit } from '../kit.ts'
import { changePlan, type Fault, loadIntoPlan, Ordinal, refuseFaults, refuseStale } from '../plan.ts'
import { answers, IdempotencyHeader, Instant, jsonBody } from '../request.ts'
import { IfMatchHeader, versionIn } from '../version.ts'

const tags = ['Operator: plan of production']
const path = '/v1/operator/production-periods'
const PeriodParam = z.object({ ordinal: z.coerce.number().pipe(Ordinal) })

const periodMembers = { starts_at: Instant, ends_at: Instant }
const PeriodBody = z.strictObject(periodMembers).meta({ id: 'ProductionPeriodToSave' })
const PeriodsToLoad = z
  .strictObject({
    production_periods: z
      .array(z.strictObject({ ordinal: Ordinal, ...periodMembers }))
      .min(1)
      .max(1_000),
  })
  .meta({ id: 'ProductionPeriodsToLoad' })

const PeriodView = z
  .object({ ordinal: z.int(), starts_at: ShownInstant, ends_at: ShownInstant, version: z.int() })
  .meta({ id: 'ProductionPeriod' })

/** The periods of production, the same for all plants (REQUIREMENTS B6, P8). */
export function registerProductionPeriods(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: `${path}/{ordinal}`,
      tags,
      summary: 'Create or change a production period',
      description:
        'Periods follow each other in the order of their ordinals, and none overlaps another. Without If-Match it creates; with the ETag of the period it changes its times, and with them when its vehicles are frozen; their buyers are told the new ones.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: PeriodParam, headers: IfMatchHeader, body: jsonBody(PeriodBody) },
      responses: {
        ...answers(200, 'The period, changed', PeriodView),
        ...answers(201, 'The period, created', PeriodView),
      },
    }),
    async (c) => {
      const { ordinal } = c.req.valid('param')
      const version = versionIn(c)
      const period = periodOf({ ordinal, ...c.req.valid('json') })
      const { actor } = c.var.caller
      const saved = await changePlan(kit, async (tx, step) => {
        refuseStale(await readProductionPeriod(tx, ordinal), version)
        await save(tx, [period], () => '', { actor, step })
        return readProductionPeriod(tx, ordinal)
      })
      if (!saved) throw new Error('the period was not stored')
      c.header('etag', `"${saved.version}"`)
      return c.json(viewOf(saved), version === null ? 201 : 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: `${path}/bulk`,
      tags,
      summary: 'Load up to 1,000 production periods at once',
      description: 'All or none; errors name each fault by its pointer. Those that are there are changed.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(PeriodsToLoad) },
      responses: answers(200, 'How many were saved', z.object({ saved: z.int() })),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const { actor } = c.var.caller
      return loadIntoPlan(c, kit, body, async (tx, step) => {
        const periods = body.production_periods.map(periodOf)
        await save(tx, periods, (index) => `/production_periods/${index}`, { actor, step })
        return { saved: body.production_periods.length }
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: `${path}/{ordinal}`,
      tags,
      summary: 'Look at a production period',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: PeriodParam },
      responses: answers(200, 'The period', PeriodView),
    }),
    async (c) => {
      const { ordinal } = c.req.valid('param')
      const row = await readProductionPeriod(kit.db, ordinal)
      if (!row) throw new Refusal('not-found', `There is no production period ${ordinal}.`)
      c.header('etag', `"${row.version}"`)
      return c.json(viewOf(row), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'List production periods',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { query: z.strictObject(pageQuery) },
      responses: answers(200, 'In their order', Page(PeriodView)),
    }),
    async (c) => {
      const page = await pageOf<ProductionPeriodRow, [number]>(c.req.valid('query'), {
        key: z.tuple([Ordinal]),
        read: (after, limit) => listProductionPeriods(kit.db, after?.[0] ?? -1, limit),
        keyOf: ({ ordinal }) => [ordinal],
      })
      return c.json({ ...page, data: page.data.map(viewOf) }, 200)
    },
  )
}

/** Stores periods; the buyers to whose vehicles they give other times are told. */
async function save(
  tx: Transaction,
  given: ProductionPeriod[],
  pointer: (index: number) => string,
  by: { actor: string; step: string },
): Promise<void> {
  const stored = await readProductionPeriods(tx)
  const all = new Map<number, ProductionPeriod>(stored.map((period) => [period.ordinal, period]))
  const faults: Fault[] = []
  const seen = new Set<number>()
  for (const [index, period] of given.entries()) {
    if (seen.has(period.ordinal))
      faults.push({ pointer: `${pointer(index)}/ordinal`, detail: 'this one is in the list already' })
    if (period.starts_at >= period.ends_at)
      faults.push({ pointer: `${pointer(index)}/ends_at`, detail: 'must be after starts_at' })
    seen.add(period.ordinal)
    all.set(period.ordinal, period)
  }
  refuseFaults(faults)
  const inOrder = [...all.values()].sort((a, b) => a.ordinal - b.ordinal)
  for (const [index, period] of given.entries()) {
    const place = inOrder.indexOf(period)
    const [before, after] = [inOrder[place - 1], inOrder[place + 1]]
    if (before && before.ends_at > period.starts_at)
      faults.push({
        pointer: `${pointer(index)}/starts_at`,
        detail: `period ${before.ordinal} is not over then`,
      })
    if (after && !given.includes(after) && after.starts_at < period.ends_at)
      faults.push({
        pointer: `${pointer(index)}/ends_at`,
        detail: `period ${after.ordinal} has begun by then`,
      })
  }
  refuseFaults(faults)
  for (const period of given) await saveProductionPeriod(tx, period)
  const startsBefore = new Map(stored.map(({ ordinal, starts_at }) => [ordinal, starts_at.getTime()]))
  const begins = given.filter(({ ordinal, starts_at }) => startsBefore.get(ordinal) !== starts_at.getTime())
  await tellNewTimes(tx, { periods: begins.map(({ ordinal }) => ordinal) }, by)
}

function periodOf({
  ordinal,
  starts_at,
  ends_at,
}: {
  ordinal: number
  starts_at: string
  ends_at: string
}): ProductionPeriod {
  return { ordinal, starts_at: new Date(starts_at), ends_at: new Date(ends_at) }
}

function viewOf({ ordinal, starts_at, ends_at, version }: ProductionPeriodRow): z.output<typeof PeriodView> {
  return { ordinal, starts_at: starts_at.toISOString(), ends_at: ends_at.toISOString(), version }
}
