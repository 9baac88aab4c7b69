import { createRoute, z } from '@hono/zod-openapi'
import { FEATURE_KINDS, faultsOf, type ModelYear, RULE_KINDS } from '../../domain/model-year.ts'
import { Refusal } from '../../domain/refusal.ts'
import { type Transaction, transact } from '../../store/database.ts'
import { EventView, historyOf } from '../../store/history.ts'
import {
  listModelYears,
  lockModelYears,
  type ModelYearRow,
  otherModelYear,
  readModelYear,
  type StoredModelYear,
  saveModelYear,
  storyOf,
} from '../../store/model-year.ts'
import {
  ModelYearSummary,
  ModelYearView,
  modelYearSummary,
  modelYearView,
} from '../../store/model-year-view.ts'
import { answerFromBooks } from '../answer.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery } from '../cursor.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import { Amount, Currency, eachOnce, FeatureCode, Id, ModelYearId, noneTwice } from '../master-data.ts'
import { refuseUnpayable } from '../payable.ts'
import { AnyDay, answers, IdempotencyHeader, jsonBody, Name, Note } from '../request.ts'
import { IfMatchHeader, notSaved, versionIn } from '../version.ts'

const tags = ['Operator: model years']
const path = '/v1/operator/model-years'
export const ModelYearParam = z.object({ id: ModelYearId })

const span = {
  from: AnyDay.nullable().default(null).meta({ description: 'The first day, in UTC; null for always' }),
  until: AnyDay.nullable().default(null).meta({ description: 'The last day, in UTC; null for without end' }),
}
const Named = z.strictObject({ code: Id, name: Name })
const FeatureBody = z.strictObject({
  code: FeatureCode,
  kind: z.enum(FEATURE_KINDS),
  name: Name.meta({ description: 'As it stands within a sentence: "panoramic roof", "Sport"' }),
  price: Amount.default(0).meta({ description: "Minor units of the model year's currency" }),
  ...span,
})
const RuleBody = z.strictObject({
  kind: z.enum(RULE_KINDS).meta({
    description:
      '`requires`: all of the objects; `excludes`: none of them; `only_with`: at least one of them',
  }),
  subject: FeatureCode,
  objects: z.array(FeatureCode).min(1).max(100).superRefine(noneTwice),
  words: Note.nullable()
    .default(null)
    .meta({ description: 'How people are told of it; null for words made of the names' }),
  ...span,
})

const modelYearMembers = {
  make: Named,
  model: Named,
  year: z.int().min(1900).max(2999),
  model_line: Named.meta({
    description: 'What plants build: model years of one line compete for the same places',
  }),
  currency: Currency,
  base_price: Amount.meta({ description: 'Without features, in minor units' }),
  ...span,
  features: z
    .array(FeatureBody)
    .max(500)
    .superRefine(eachOnce('code'))
    .meta({ description: 'A configuration has exactly one of each kind, but any number of options' }),
  rules: z.array(RuleBody).max(500).default([]),
}
const ModelYearBody = z
  .strictObject(modelYearMembers)
  .superRefine(refuseFaults)
  .meta({ id: 'ModelYearToSave' })
const ModelYearsToLoad = z
  .strictObject({
    model_years: z
      .array(z.strictObject({ id: ModelYearId, ...modelYearMembers }).superRefine(refuseFaults))
      .min(1)
      .max(20)
      .superRefine(eachOnce('id')),
  })
  .meta({ id: 'ModelYearsToLoad' })

const Loaded = z.object({ created: z.int(), changed: z.int(), unchanged: z.int() })

/** Operators' model years, each one document with its features and rules (REQUIREMENTS B1, P8). */
export function registerModelYears(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: `${path}/{id}`,
      tags,
      summary: 'Create or change a model year',
      description:
        'With its features and rules. Without If-Match it creates; with the ETag of the model year it replaces all of it. Configurations that were stored keep their features and prices. What vehicles of dealers have is not removed: say until when it is sold.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: ModelYearParam, headers: IfMatchHeader, body: jsonBody(ModelYearBody) },
      responses: {
        ...answers(200, 'The model year, changed', ModelYearView),
        ...answers(201, 'The model year, created', ModelYearView),
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const version = versionIn(c)
      const given = { id, ...c.req.valid('json') }
      refuseUnpayable(kit, pricesOf(given, ''))
      const saved = await transact(kit.db, async (tx) => {
        await lockModelYears(tx)
        const before = await readModelYear(tx, id)
        if ((before?.version ?? null) !== version) throw notSaved(version)
        await save(tx, { given, before, actor: c.var.caller.actor, pointer: '' })
        return readModelYear(tx, id)
      })
      if (!saved) throw new Error('the model year was not stored')
      c.header('etag', `"${saved.version}"`)
      return c.json(modelYearView(saved), version === null ? 201 : 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: `${path}/bulk`,
      tags,
      summary: 'Load up to 20 model years at once',
      description:
        'All or none; errors name each fault by its pointer. Those that are there are replaced; one that is the same keeps its version.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(ModelYearsToLoad) },
      responses: answers(200, 'How many were created and changed', Loaded),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const { actor } = c.var.caller
      const prices = body.model_years.flatMap((given, index) => pricesOf(given, `/model_years/${index}`))
      refuseUnpayable(kit, prices)
      return answerFromBooks(c, kit, { key, body, number: null, status: 200 }, async (tx) => {
        await lockModelYears(tx)
        const loaded = { created: 0, changed: 0, unchanged: 0 }
        for (const [index, given] of body.model_years.entries()) {
          const before = await readModelYear(tx, given.id)
          loaded[await save(tx, { given, before, actor, pointer: `/model_years/${index}` })]++
        }
        return loaded
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: `${path}/{id}`,
      tags,
      summary: 'Look at a model year',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: ModelYearParam },
      responses: answers(200, 'The model year with its features and rules', ModelYearView),
    }),
    async (c) => {
      const stored = await findModelYear(kit, c.req.valid('param').id)
      c.header('etag', `"${stored.version}"`)
      return c.json(modelYearView(stored), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'List model years',
      description: 'Also those that are not sold yet, or no longer.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { query: z.strictObject(pageQuery) },
      responses: answers(200, 'In the order of their ids', Page(ModelYearSummary)),
    }),
    async (c) => c.json(await pageOfModelYears(kit, c.req.valid('query'), false), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: `${path}/{id}/events`,
      tags,
      summary: 'Read who changed what of a model year',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: ModelYearParam, query: z.strictObject(pageQuery) },
      responses: answers(200, 'What happened, in order', Page(EventView)),
    }),
    async (c) => {
      const { modelYear } = await findModelYear(kit, c.req.valid('param').id)
      const page = await pageOf<EventView, [number]>(c.req.valid('query'), {
        key: z.tuple([z.int()]),
        read: (after, limit) => historyOf(kit.db, storyOf(modelYear.id), after?.[0] ?? 0, limit, 'operator'),
        keyOf: ({ sequence }) => [sequence],
      })
      return c.json(page, 200)
    },
  )

  registerCatalogue(app, kit)
}

/** What storefronts read: the same documents, of which the list has those that are sold now. */
function registerCatalogue(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/model-years',
      tags: ['Configurations'],
      summary: 'List the model years that are sold now',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { query: z.strictObject(pageQuery) },
      responses: answers(200, 'In the order of their ids', Page(ModelYearSummary)),
    }),
    async (c) => c.json(await pageOfModelYears(kit, c.req.valid('query'), true), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/model-years/{id}',
      tags: ['Configurations'],
      summary: 'Look at what a model year can have',
      description:
        'Its features and rules, also those that are not sold or in force now, each with its days.',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: ModelYearParam },
      responses: answers(200, 'The model year with its features and rules', ModelYearView),
    }),
    async (c) => c.json(modelYearView(await findModelYear(kit, c.req.valid('param').id)), 200),
  )
}

export async function findModelYear(kit: ApiKit, id: string): Promise<StoredModelYear> {
  const stored = await readModelYear(kit.db, id)
  if (!stored) throw new Refusal('not-found', `There is no model year ${id}.`)
  return stored
}

async function pageOfModelYears(
  kit: ApiKit,
  query: { limit: number; cursor?: string | undefined },
  onlySold: boolean,
) {
  const page = await pageOf<ModelYearRow, [string]>(query, {
    key: z.tuple([ModelYearId]),
    read: (after, limit) => listModelYears(kit.db, { after: after?.[0] ?? '', limit, onlySold }),
    keyOf: ({ id }) => [id],
  })
  return { ...page, data: page.data.map(modelYearSummary) }
}

function refuseFaults(given: Omit<ModelYear, 'id'>, check: z.RefinementCtx): void {
  // What has not even the form of a model year has been told already.
  if (check.issues.length > 0) return
  for (const fault of faultsOf(given)) check.addIssue({ code: 'custom', ...fault })
}

function pricesOf({ currency, base_price, features }: ModelYear, pointer: string) {
  return [
    { pointer: `${pointer}/base_price`, amount: base_price, currency },
    ...features.map(({ price: amount }, index) => ({
      pointer: `${pointer}/features/${index}/price`,
      amount,
      currency,
    })),
  ]
}

type Save = { given: ModelYear; before: StoredModelYear | undefined; actor: string; pointer: string }

/** @throws Refusal when this year of this model is known under another id. */
async function save(tx: Transaction, { given, before, actor, pointer }: Save) {
  const other = await otherModelYear(tx, given)
  if (other !== undefined) {
    const detail = `${other} is this year of this model already`
    throw new Refusal('already-exists', `Nothing was saved: ${detail}.`, {
      errors: [{ pointer: `${pointer}/year`, detail }],
    })
  }
  return saveModelYear(tx, given, before, actor)
}
