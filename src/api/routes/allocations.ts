import { createRoute, z } from '@hono/zod-openapi'
import { Refusal } from '../../domain/refusal.ts'
import {
  type Allocation,
  type AllocationRow,
  listAllocations,
  readAllocation,
  saveAllocation,
} from '../../store/allocation.ts'
import type { Transaction } from '../../store/database.ts'
import { knownDealers } from '../../store/dealer.ts'
import { knownModelLines } from '../../store/model-year.ts'
import { readProductionPeriods } from '../../store/production-period.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery } from '../cursor.ts'
import type { Api, ApiKit } from '../kit.ts'
import { Id, PartnerId } from '../master-data.ts'
import {
  changePlan,
  type Fault,
  Limits,
  LimitsView,
  loadIntoPlan,
  refuseFaults,
  refuseStale,
  unknownPeriods,
} from '../plan.ts'
import { answers, IdempotencyHeader, jsonBody } from '../request.ts'
import { IfMatchHeader, versionIn } from '../version.ts'

const tags = ['Operator: plan of production']
const path = '/v1/operator/allocations'
const AllocationParam = z.object({ dealer: PartnerId, model_line: Id })

const limits = Limits.meta({
  description:
    'How many vehicles of the line the dealer gets in each period; one that is not named is not rationed',
})
const AllocationBody = z.strictObject({ limits }).meta({ id: 'AllocationToSave' })
const AllocationsToLoad = z
  .strictObject({
    allocations: z
      .array(z.strictObject({ dealer: PartnerId, model_line: Id, limits }))
      .min(1)
      .max(1_000),
  })
  .meta({ id: 'AllocationsToLoad' })

const AllocationView = z
  .object({ dealer: z.string(), model_line: z.string(), limits: LimitsView, version: z.int() })
  .meta({ id: 'Allocation' })

/** Dealers' shares of model lines. A dealer without one for a line is not rationed (REQUIREMENTS B6, P8). */
export function registerAllocations(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: `${path}/{dealer}/{model_line}`,
      tags,
      summary: "Create or change a dealer's allocation of a model line",
      description:
        'Without If-Match it creates; with the ETag of the allocation it replaces all of it. Without limits the dealer is not rationed.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: AllocationParam, headers: IfMatchHeader, body: jsonBody(AllocationBody) },
      responses: {
        ...answers(200, 'The allocation, changed', AllocationView),
        ...answers(201, 'The allocation, created', AllocationView),
      },
    }),
    async (c) => {
      const { dealer, model_line } = c.req.valid('param')
      const version = versionIn(c)
      const given = { dealer, model_line, ...c.req.valid('json') }
      const saved = await changePlan(kit, async (tx) => {
        refuseStale(await readAllocation(tx, dealer, model_line), version)
        await save(tx, [given], (_, member) => (member === 'limits' ? '/limits' : `/param/${member}`))
        return readAllocation(tx, dealer, model_line)
      })
      if (!saved) throw new Error('the allocation was not stored')
      c.header('etag', `"${saved.version}"`)
      return c.json(saved, version === null ? 201 : 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: `${path}/bulk`,
      tags,
      summary: 'Load up to 1,000 allocations at once',
      description: 'All or none; errors name each fault by its pointer. Those that are there are replaced.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(AllocationsToLoad) },
      responses: answers(200, 'How many were saved', z.object({ saved: z.int() })),
    }),
    async (c) => {
      const body = c.req.valid('json')
      return loadIntoPlan(c, kit, body, async (tx) => {
        await save(tx, body.allocations, (index, member) => `/allocations/${index}/${member}`)
        return { saved: body.allocations.length }
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: `${path}/{dealer}/{model_line}`,
      tags,
      summary: "Look at a dealer's allocation of a model line",
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: AllocationParam },
      responses: answers(200, 'The allocation', AllocationView),
    }),
    async (c) => {
      const { dealer, model_line } = c.req.valid('param')
      const row = await readAllocation(kit.db, dealer, model_line)
      if (!row) throw new Refusal('not-found', `${dealer} has no allocation of ${model_line}.`)
      c.header('etag', `"${row.version}"`)
      return c.json(row, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'List allocations',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { query: z.strictObject({ dealer: PartnerId.optional(), ...pageQuery }) },
      responses: answers(200, 'In the order of dealers and lines', Page(AllocationView)),
    }),
    async (c) => {
      const { dealer, ...query } = c.req.valid('query')
      const page = await pageOf<AllocationRow, readonly [string, string]>(query, {
        key: z.tuple([PartnerId, Id]),
        read: (after, limit) => listAllocations(kit.db, after ?? ['', ''], limit, dealer),
        keyOf: (row) => [row.dealer, row.model_line],
      })
      return c.json(page, 200)
    },
  )
}

async function save(
  tx: Transaction,
  given: Allocation[],
  pointer: (index: number, member: keyof Allocation) => string,
): Promise<void> {
  const periods = new Set((await readProductionPeriods(tx)).map(({ ordinal }) => ordinal))
  const lines = await knownModelLines(tx)
  const dealers = await knownDealers(
    tx,
    given.map(({ dealer }) => dealer),
  )
  const seen = new Set<string>()
  const faults: Fault[] = []
  for (const [index, { dealer, model_line, limits }] of given.entries()) {
    if (!dealers.has(dealer))
      faults.push({ pointer: pointer(index, 'dealer'), detail: `there is no dealer ${dealer}` })
    if (!lines.has(model_line))
      faults.push({ pointer: pointer(index, 'model_line'), detail: `there is no model line ${model_line}` })
    const key = `${dealer} ${model_line}`
    if (seen.has(key))
      faults.push({ pointer: pointer(index, 'model_line'), detail: 'this one is in the list already' })
    seen.add(key)
    faults.push(...unknownPeriods(limits, periods, pointer(index, 'limits')))
  }
  refuseFaults(faults)
  for (const allocation of given) await saveAllocation(tx, allocation)
}
