import { createRoute, z } from '@hono/zod-openapi'
import { isoDuration } from '../../domain/duration.ts'
import { Refusal } from '../../domain/refusal.ts'
import type { Transaction } from '../../store/database.ts'
import { knownModelLines } from '../../store/model-year.ts'
import {
  listPlants,
  type Plant,
  type PlantRow,
  readPlant,
  savePlant,
  takeLostSlots,
} from '../../store/plant.ts'
import { readProductionPeriods } from '../../store/production-period.ts'
import { tellNewTimes } from '../../store/slot-times.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery } from '../cursor.ts'
import type { Api, ApiKit } from '../kit.ts'
import { eachOnce, Id, Length, noneTwice } from '../master-data.ts'
import { byPeriod, changePlan, loadIntoPlan, refuseFaults, refuseStale, unknownPeriods } from '../plan.ts'
import { answers, IdempotencyHeader, jsonBody, Name } from '../request.ts'
import { IfMatchHeader, versionIn } from '../version.ts'

const tags = ['Operator: plan of production']
const path = '/v1/operator/plants'
const PlantParam = z.object({ id: Id })

const plantMembers = {
  name: Name,
  model_lines: z
    .array(Id)
    .max(100)
    .superRefine(noneTwice)
    .meta({ description: 'Codes of the model lines that it builds' }),
  freeze: Length(0).prefault('PT0S').meta({
    description:
      'How long before a period begins its vehicles are frozen; with PT0S as it begins. From then on they keep their slots, and cannot be changed or cancelled',
  }),
  capacities: byPeriod({ slots: z.int().min(0).max(1_000_000) }).meta({
    description: 'How many vehicles it builds in each period; in one that is not named, none',
  }),
}
const PlantBody = z.strictObject(plantMembers).meta({ id: 'PlantToSave' })
const PlantsToLoad = z
  .strictObject({
    plants: z
      .array(z.strictObject({ id: Id, ...plantMembers }))
      .min(1)
      .max(100)
      .superRefine(eachOnce('id')),
  })
  .meta({ id: 'PlantsToLoad' })

const plantView = {
  id: z.string(),
  name: z.string(),
  model_lines: z.array(z.string()),
  freeze: z.string(),
  capacities: z.array(z.object({ period: z.int(), slots: z.int(), used: z.int() })),
  version: z.int(),
}
const PlantView = z.object(plantView).meta({ id: 'Plant' })
const unscheduled = z.array(z.string()).meta({
  description:
    'Vehicles that lost their slot by this, in the order in which they are now given others; they and whoever waits for them are told',
})
const SavedPlant = z.object({ ...plantView, unscheduled }).meta({ id: 'SavedPlant' })
const LoadedPlants = z
  .object({ created: z.int(), changed: z.int(), unscheduled })
  .meta({ id: 'LoadedPlants' })

/** Plants: what they build, how many of it in which period, and when that is frozen (REQUIREMENTS B6, B10, P8). */
export function registerPlants(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: `${path}/{id}`,
      tags,
      summary: 'Create or change a plant',
      description:
        'Without If-Match it creates; with the ETag of the plant it replaces all of it. Where it has fewer slots than before, the last ones in the order of service lose theirs and are named; fewer than are frozen are refused. With another freeze, the buyers of its vehicles are told until when they can change them now.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: PlantParam, headers: IfMatchHeader, body: jsonBody(PlantBody) },
      responses: {
        ...answers(200, 'The plant, changed', SavedPlant),
        ...answers(201, 'The plant, created', SavedPlant),
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const version = versionIn(c)
      const plant = plantOf({ id, ...c.req.valid('json') })
      const { actor } = c.var.caller
      const { row, lost } = await changePlan(kit, async (tx, step) => {
        refuseStale(await readPlant(tx, id), version)
        const lost = await save(tx, [plant], () => '', { actor, step })
        return { lost, row: await readPlant(tx, id) }
      })
      if (!row) throw new Error('the plant was not stored')
      c.header('etag', `"${row.version}"`)
      return c.json({ ...viewOf(row), unscheduled: lost }, version === null ? 201 : 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: `${path}/bulk`,
      tags,
      summary: 'Load up to 100 plants at once',
      description: 'All or none; errors name each fault by its pointer. Those that are there are replaced.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(PlantsToLoad) },
      responses: answers(200, 'How many were created and changed, and who lost a slot', LoadedPlants),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const { actor } = c.var.caller
      return loadIntoPlan(c, kit, body, async (tx, step) => {
        let created = 0
        for (const { id } of body.plants) if (!(await readPlant(tx, id))) created++
        const lost = await save(tx, body.plants.map(plantOf), (index) => `/plants/${index}`, { actor, step })
        return { created, changed: body.plants.length - created, unscheduled: lost }
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: `${path}/{id}`,
      tags,
      summary: 'Look at a plant',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: PlantParam },
      responses: answers(200, 'The plant, and how many of its slots are used', PlantView),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const row = await readPlant(kit.db, id)
      if (!row) throw new Refusal('not-found', `There is no plant ${id}.`)
      c.header('etag', `"${row.version}"`)
      return c.json(viewOf(row), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'List plants',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { query: z.strictObject(pageQuery) },
      responses: answers(200, 'In the order of their ids', Page(PlantView)),
    }),
    async (c) => {
      const page = await pageOf<PlantRow, [string]>(c.req.valid('query'), {
        key: z.tuple([Id]),
        read: (after, limit) => listPlants(kit.db, after?.[0] ?? '', limit),
        keyOf: ({ id }) => [id],
      })
      return c.json({ ...page, data: page.data.map(viewOf) }, 200)
    },
  )
}

/** Stores plants and takes the slots that are gone; buyers whose slots freeze at another time are told. Returns who lost one. */
async function save(
  tx: Transaction,
  given: Plant[],
  pointer: (index: number) => string,
  by: { actor: string; step: string },
): Promise<string[]> {
  const periods = new Set((await readProductionPeriods(tx)).map(({ ordinal }) => ordinal))
  const lines = await knownModelLines(tx)
  refuseFaults(
    given.flatMap(({ model_lines, capacities }, index) => [
      ...model_lines.flatMap((line, place) =>
        lines.has(line)
          ? []
          : [{ pointer: `${pointer(index)}/model_lines/${place}`, detail: `there is no model line ${line}` }],
      ),
      ...unknownPeriods(capacities, periods, `${pointer(index)}/capacities`),
    ]),
  )
  const refrozen: string[] = []
  for (const plant of given) if (await savePlant(tx, plant)) refrozen.push(plant.id)
  const { unscheduled, frozen } = await takeLostSlots(
    tx,
    given.map(({ id }) => id),
    by,
  )
  if (frozen.length > 0) {
    const shown = frozen.slice(0, 100)
    throw new Refusal(
      'slots-frozen',
      `${frozen.length} of the vehicles that would lose their slots are frozen, such as ${shown[0]}.`,
      { vehicles: shown },
    )
  }
  await tellNewTimes(tx, { plants: refrozen }, by)
  return unscheduled
}

function plantOf({ freeze, ...plant }: { id: string } & z.output<typeof PlantBody>): Plant {
  return { ...plant, freeze_seconds: freeze }
}

function viewOf({ freeze_seconds, ...plant }: PlantRow): z.output<typeof PlantView> {
  return { ...plant, freeze: isoDuration(freeze_seconds) }
}
