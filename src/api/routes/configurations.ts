import { randomUUID } from 'node:crypto'
import { createRoute, z } from '@hono/zod-openapi'
import { checkConfiguration, differencesSince, fingerprint } from '../../domain/configuration.ts'
import { faultAt, Refusal } from '../../domain/refusal.ts'
import {
  type ConfigurationRow,
  insertConfiguration,
  priceIn,
  readConfiguration,
} from '../../store/configuration.ts'
import {
  CheckView,
  ConfigurationView,
  checkView,
  configurationView,
  RecheckView,
} from '../../store/configuration-view.ts'
import { readModelYear, type StoredModelYear } from '../../store/model-year.ts'
import { answerFromBooks } from '../answer.ts'
import { maySee, partnerOf, requireRole } from '../auth.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit, Caller } from '../kit.ts'
import { ChosenFeatures, ModelYearId } from '../master-data.ts'
import { answers, IdempotencyHeader, jsonBody } from '../request.ts'
import { findModelYear, ModelYearParam } from './model-years.ts'

const tags = ['Configurations']
const ConfigurationParam = z.object({ id: z.uuid() })

const ChosenInQuery = z
  .string()
  .default('')
  .meta({
    description: 'Codes separated by commas, complete or not; none to begin with',
    example: 'SPORT,E-20T',
  })
  .transform((text) => (text === '' ? [] : text.split(',')))
  .pipe(ChosenFeatures)

const NewConfiguration = z
  .strictObject({ model_year: ModelYearId, features: ChosenFeatures })
  .meta({ id: 'ConfigurationToStore' })

/** What a configurator asks and stores (REQUIREMENTS B1). Everything is as on this day, in UTC, by the database's clock. */
export function registerConfigurations(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/model-years/{id}/check',
      tags,
      summary: 'Check a choice of features',
      description:
        'Whether it is valid, what it costs, what is wrong with it and what the nearest valid configurations are; and, of every kind, what can still be chosen and what not, and why. It stores nothing.',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: ModelYearParam, query: z.strictObject({ features: ChosenInQuery }) },
      responses: answers(200, 'What the check found', CheckView),
    }),
    async (c) => {
      const stored = await findModelYear(kit, c.req.valid('param').id)
      return c.json(checkNow(stored, c.req.valid('query').features), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/configurations',
      tags,
      summary: 'Store a valid configuration',
      description:
        'With the prices of now; it never changes. One that is not valid is refused with its conflicts and alternatives.',
      middleware: [requireRole(kit, 'storefront')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(NewConfiguration) },
      responses: answers(201, 'The configuration', ConfigurationView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const storefront = partnerOf(c.var.caller)
      return answerFromBooks(c, kit, { key, body, number: null, status: 201 }, async (tx) => {
        const stored = await readModelYear(tx, body.model_year)
        if (!stored) throw unknownModelYear()
        const { valid, price, conflicts, alternatives, limit_reached } = checkNow(stored, body.features)
        if (!valid) {
          const detail = conflicts.map(({ words }) => words).join(' ')
          throw new Refusal('configuration-invalid', detail, { conflicts, alternatives, limit_reached })
        }
        const row = await insertConfiguration(tx, {
          id: randomUUID(),
          storefront,
          model_year: body.model_year,
          model_year_version: stored.version,
          fingerprint: fingerprint(body.model_year, body.features),
          features: price.features,
          base_price_minor: price.base,
          total_price_minor: price.total,
          currency: price.currency,
        })
        return configurationView(row)
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/configurations/{id}',
      tags,
      summary: 'Look at a stored configuration',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: ConfigurationParam },
      responses: answers(200, 'The configuration, as it was stored', ConfigurationView),
    }),
    async (c) =>
      c.json(configurationView(await findConfiguration(kit, c.var.caller, c.req.valid('param').id)), 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/configurations/{id}/check',
      tags,
      summary: 'Check a stored configuration anew',
      description: 'By the rules and prices of now: what differs from when it was stored, in words.',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: ConfigurationParam },
      responses: answers(200, 'What differs, and the check', RecheckView),
    }),
    async (c) => {
      const row = await findConfiguration(kit, c.var.caller, c.req.valid('param').id)
      const configuration = configurationView(row)
      const check = checkNow(await findModelYear(kit, row.model_year), configuration.features)
      const differences = differencesSince(priceIn(row), check)
      return c.json({ configuration, stale: differences.length > 0, differences, check }, 200)
    },
  )
}

function checkNow({ modelYear, version, today }: StoredModelYear, features: string[]) {
  return checkView(modelYear.id, version, checkConfiguration(modelYear, features, today))
}

function unknownModelYear(): Refusal {
  return faultAt('/model_year', 'there is no such model year')
}

/** @throws Refusal when there is none, or when it is another storefront's. */
async function findConfiguration(kit: ApiKit, caller: Caller, id: string): Promise<ConfigurationRow> {
  const row = await readConfiguration(kit.db, id)
  if (!row || !maySee(caller, row.storefront))
    throw new Refusal('not-found', `There is no configuration ${id}.`)
  return row
}
