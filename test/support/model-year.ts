import type { Feature, FeatureKind, ModelYear, Rule } from '../../src/domain/model-year.ts'

export const ALWAYS = { from: null, until: null }

export function feature(kind: FeatureKind, code: string, price = 0, more: Partial<Feature> = {}): Feature {
  return { code, kind, name: code, price, ...ALWAYS, ...more }
}

export function rule(subject: string, kind: Rule['kind'], objects: string[], more: Partial<Rule> = {}): Rule {
  return { kind, subject, objects, words: null, ...ALWAYS, ...more }
}

export function modelYear(features: Feature[], rules: Rule[], more: Partial<ModelYear> = {}): ModelYear {
  return {
    id: 'heron-2027',
    make: { code: 'tarn', name: 'Tarn' },
    model: { code: 'heron', name: 'Heron' },
    year: 2027,
    model_line: { code: 'heron', name: 'Heron' },
    currency: 'EUR',
    base_price: 3_000_000,
    ...ALWAYS,
    features,
    rules,
    ...more,
  }
}
