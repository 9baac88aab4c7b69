import { z } from '@hono/zod-openapi'
import type { ColourWish, Wish } from '../domain/match.ts'
import type { FeatureKind } from '../domain/model-year.ts'
import { Refusal } from '../domain/refusal.ts'
import { readConfiguration } from '../store/configuration.ts'
import type { Database, Transaction } from '../store/database.ts'
import { type KnownModelYear, modelYearsOf } from '../store/match.ts'
import { featuresByCode } from '../store/match-view.ts'
import { readModelYear } from '../store/model-year.ts'
import { eachOnce, FeatureCode, Id, Latitude, Longitude, noneTwice } from './master-data.ts'
import { PriceRange } from './routes/leads.ts'

/** What a buyer wishes of a vehicle, as requests give it (REQUIREMENTS B8). */

const MOST_FEATURES = 50
/** Metres: half of the way round the earth is more than anything is away. */
const FARTHEST = 21_000_000

const Weight = z.int().min(1).max(10).default(5).meta({ description: 'How much it matters' })
const ColourRanking = z
  .strictObject({
    ranking: z.array(FeatureCode).min(1).max(MOST_FEATURES).superRefine(noneTwice),
    weight: Weight,
  })
  .meta({
    id: 'ColourRanking',
    description: 'The favourite first: it counts in full, the second of n by (n − 1)/n, the last by 1/n',
  })

export const WishBody = z
  .strictObject({
    make: Id.meta({ example: 'tarn' }),
    model: Id.meta({ example: 'heron' }),
    year: z.int().min(1_900).max(2_200).optional(),
    must_have: z
      .array(FeatureCode)
      .max(MOST_FEATURES)
      .superRefine(noneTwice)
      .default([])
      .meta({ description: 'What lacks one of these features is no match' }),
    nice_to_have: z
      .array(z.strictObject({ feature: FeatureCode, weight: Weight }))
      .max(MOST_FEATURES)
      .superRefine(eachOnce('feature'))
      .default([]),
    exterior: ColourRanking.optional(),
    interior: ColourRanking.optional(),
    price: PriceRange.optional().meta({ description: 'What costs less or more is no match. In minor units' }),
    near: z
      .strictObject({
        latitude: Latitude,
        longitude: Longitude,
        within_m: z
          .int()
          .min(1)
          .max(FARTHEST)
          .optional()
          .meta({ description: 'A dealer that is farther away, as the crow flies, is no match' }),
      })
      .optional(),
    configuration: z.uuid().optional().meta({
      description:
        'A stored configuration to compare with: what it has and nothing above speaks of is nice to have, with a weight of 1',
    }),
  })
  .meta({ id: 'MatchSearch' })
export type WishBody = z.output<typeof WishBody>

/**
 * The wish that somebody sent, checked against what there is of the model. `at` is where in the request it stands.
 *
 * @throws Refusal `invalid-request`
 */
export async function wishOf(
  db: Database | Transaction,
  body: WishBody,
  { storefront, at }: { storefront: string; at: string },
): Promise<Wish> {
  const year = body.year ?? null
  const years = await modelYearsOf(db, { ...body, year })
  if (years.length === 0) {
    const what = year === null ? 'no such model of this make' : `no model year ${year} of such a model`
    throw invalid([{ pointer: `${at}/model`, detail: `there is ${what}` }])
  }
  const faults = featureFaults(body, years).map(({ pointer, detail }) => ({ pointer: at + pointer, detail }))
  if (faults.length > 0) throw invalid(faults)
  const { must_have, nice_to_have, price = null, near } = body
  const compared = body.configuration
    ? await configurationOf(db, body, { id: body.configuration, storefront, pointer: `${at}/configuration` })
    : null
  return {
    make: body.make,
    model: body.model,
    year,
    must_have,
    nice_to_have: [...nice_to_have, ...(compared?.nice_to_have ?? [])],
    exterior: body.exterior ?? null,
    interior: body.interior ?? null,
    price,
    near: near ? { ...near, within_m: near.within_m ?? null } : null,
    compared_with: compared?.compared_with ?? null,
  }
}

function invalid(errors: { pointer: string; detail: string }[]): Refusal {
  return new Refusal('invalid-request', 'What is wished does not fit what there is of the model.', { errors })
}

/** Features that no model year of the model has, and colours that are none of their kind. */
function featureFaults(body: WishBody, years: KnownModelYear[]): { pointer: string; detail: string }[] {
  const known = featuresByCode(years)
  const unknown = (code: string, pointer: string) =>
    known.has(code) ? [] : [{ pointer, detail: `no model year of it has a feature ${code}` }]
  const colours = (wish: ColourWish | undefined, kind: FeatureKind) =>
    (wish?.ranking ?? []).flatMap((code, index) =>
      known.get(code)?.kind === kind
        ? []
        : [{ pointer: `/${kind}/ranking/${index}`, detail: `no model year of it has this ${kind} colour` }],
    )
  return [
    ...body.must_have.flatMap((code, index) => unknown(code, `/must_have/${index}`)),
    ...body.nice_to_have.flatMap(({ feature }, index) => unknown(feature, `/nice_to_have/${index}/feature`)),
    ...colours(body.exterior, 'exterior'),
    ...colours(body.interior, 'interior'),
  ]
}

/** What a storefront's own configuration of the model adds to a wish. */
async function configurationOf(
  db: Database | Transaction,
  body: WishBody,
  { id, storefront, pointer }: { id: string; storefront: string; pointer: string },
): Promise<Pick<Wish, 'nice_to_have' | 'compared_with'>> {
  const row = await readConfiguration(db, id)
  if (!row || row.storefront !== storefront)
    throw invalid([{ pointer, detail: 'there is no such configuration' }])
  const of = await readModelYear(db, row.model_year)
  if (of?.modelYear.make.code !== body.make || of.modelYear.model.code !== body.model)
    throw invalid([{ pointer, detail: 'it is of another model' }])
  const spokenOf = new Set([...body.must_have, ...body.nice_to_have.map(({ feature }) => feature)])
  const isOpen = ({ code, kind }: { code: string; kind: FeatureKind }) =>
    !spokenOf.has(code) && !((kind === 'exterior' || kind === 'interior') && body[kind])
  return {
    nice_to_have: row.features.filter(isOpen).map(({ code }) => ({ feature: code, weight: 1 })),
    compared_with: {
      features: row.features.map(({ code }) => code),
      total: row.total_price_minor,
      currency: row.currency,
    },
  }
}
