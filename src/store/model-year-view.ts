import { z } from 'zod'
import { ruleInWords } from '../domain/feature-words.ts'
import { covers, FEATURE_KINDS, nameOf, RULE_KINDS } from '../domain/model-year.ts'
import type { ModelYearRow, StoredModelYear } from './model-year.ts'
import { Instant } from './order-view.ts'

const Named = z.object({ code: z.string(), name: z.string() })
const Amount = z.int().meta({ description: "Minor units of the model year's currency" })
const span = {
  from: z.string().nullable().meta({ description: 'First day (UTC); null for always' }),
  until: z.string().nullable().meta({ description: 'Last day (UTC); null for without end' }),
}

export const ModelYearSummary = z
  .object({
    id: z.string(),
    name: z.string().meta({ example: 'Tarn Heron 2027' }),
    make: Named,
    model: Named,
    year: z.int(),
    model_line: Named,
    currency: z.string(),
    base_price: Amount,
    ...span,
    sold_now: z.boolean(),
    version: z.int(),
  })
  .meta({ id: 'ModelYearSummary' })

export const ModelYearView = ModelYearSummary.extend({
  features: z.array(
    z.object({
      code: z.string(),
      kind: z.enum(FEATURE_KINDS),
      name: z.string(),
      price: Amount,
      ...span,
      sold_now: z.boolean(),
    }),
  ),
  rules: z.array(
    z.object({
      kind: z.enum(RULE_KINDS),
      subject: z.string(),
      objects: z.array(z.string()),
      words: z.string().nullable(),
      ...span,
      in_force_now: z.boolean(),
      in_words: z.string().meta({ description: 'Its own words, or words made of the names' }),
    }),
  ),
  created_at: Instant,
}).meta({ id: 'ModelYear' })

export function modelYearSummary({ today, ...row }: ModelYearRow): z.output<typeof ModelYearSummary> {
  return { ...row, name: nameOf(row), sold_now: covers(row, today) }
}

export function modelYearView(stored: StoredModelYear): z.output<typeof ModelYearView> {
  const { modelYear, version, today, created_at } = stored
  const { features, rules, ...row } = modelYear
  const byCode = new Map(features.map((feature) => [feature.code, feature]))
  return {
    ...modelYearSummary({ ...row, version, today }),
    features: features.map((feature) => ({ ...feature, sold_now: covers(feature, today) })),
    rules: rules.map((rule) => ({
      ...rule,
      in_force_now: covers(rule, today),
      in_words: ruleInWords(rule, byCode),
    })),
    created_at: created_at.toISOString(),
  }
}
