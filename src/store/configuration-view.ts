import { z } from 'zod'
import type { Check } from '../domain/configuration.ts'
import { FEATURE_KINDS } from '../domain/model-year.ts'
import { type ConfigurationRow, priceIn } from './configuration.ts'
import { Instant } from './order-view.ts'

const Amount = z.int().meta({ description: 'Minor units' })
const pricedFeature = {
  code: z.string(),
  kind: z.enum(FEATURE_KINDS),
  name: z.string(),
  price: Amount,
}

const Price = z
  .object({
    currency: z.string(),
    base: Amount,
    features: z.array(z.object(pricedFeature)),
    total: Amount,
  })
  .meta({ id: 'ConfigurationPrice' })

const Conflict = z
  .object({
    kind: z
      .enum([
        'unknown_feature',
        'feature_not_sold',
        'missing',
        'more_than_one',
        'requires',
        'excludes',
        'only_with',
        'model_year_not_sold',
        'cannot_be_completed',
      ])
      .meta({ description: 'A kind of rule, or what else is wrong' }),
    words: z.string(),
    features: z.array(z.string()).meta({ description: 'The features that it is about' }),
  })
  .meta({ id: 'ConfigurationConflict' })

const Alternative = z
  .object({
    features: z.array(z.string()).meta({ description: 'A complete valid configuration' }),
    changes: z.array(
      z.object({ remove: z.array(z.string()), add: z.string().nullable(), words: z.string() }),
    ),
    total: Amount,
    price_difference: Amount.meta({ description: 'Its total less that of what was checked' }),
  })
  .meta({ id: 'ConfigurationAlternative' })

export const CheckView = z
  .object({
    model_year: z.string(),
    model_year_version: z.int(),
    valid: z.boolean().meta({ description: 'Complete, and nothing is against it' }),
    price: Price.meta({ description: 'Of what is chosen, valid or not' }),
    conflicts: z.array(Conflict),
    alternatives: z.array(Alternative).meta({
      description:
        'The nearest valid configurations: fewest changes first (a swap, an addition and a removal are one each), then the smallest price difference. None while it is valid or merely unfinished',
    }),
    kinds: z
      .array(
        z.object({
          kind: z.enum(FEATURE_KINDS),
          chosen: z.array(z.string()),
          features: z.array(
            z.object({
              ...pricedFeature,
              possible: z.boolean(),
              why: z.array(z.string()).meta({ description: 'What is against it; empty when it is possible' }),
            }),
          ),
        }),
      )
      .meta({
        description:
          'What can be chosen now. A feature is possible when a valid configuration has it together with all that is chosen of other kinds (missing kinds are free, options may be added); or, while what is chosen contradicts itself, when it adds no contradiction',
      }),
    limit_reached: z.boolean().meta({
      description:
        'True when a search ended at its limit: there may be further alternatives, and some of what is called possible may not be',
    }),
  })
  .meta({ id: 'ConfigurationCheck' })

export const ConfigurationView = z
  .object({
    id: z.uuid(),
    model_year: z.string(),
    model_year_version: z.int().meta({ description: 'By whose rules and prices it was checked' }),
    features: z.array(z.string()),
    fingerprint: z.string().meta({
      description: 'The same for the same features of the same model year, whatever their order',
    }),
    price: Price,
    checked_at: Instant,
  })
  .meta({ id: 'Configuration' })

export const RecheckView = z
  .object({
    configuration: ConfigurationView,
    stale: z.boolean().meta({ description: 'True when something differs' }),
    differences: z.array(
      z.object({
        kind: z.enum(['currency', 'base_price', 'feature_price', 'conflict']),
        words: z.string(),
        features: z.array(z.string()),
      }),
    ),
    check: CheckView,
  })
  .meta({ id: 'ConfigurationRecheck' })

export function checkView(modelYear: string, version: number, check: Check): z.output<typeof CheckView> {
  return { model_year: modelYear, model_year_version: version, ...check }
}

export function configurationView(row: ConfigurationRow): z.output<typeof ConfigurationView> {
  return {
    id: row.id,
    model_year: row.model_year,
    model_year_version: row.model_year_version,
    features: row.features.map(({ code }) => code),
    fingerprint: row.fingerprint,
    price: priceIn(row),
    checked_at: row.checked_at.toISOString(),
  }
}
