import {
  covers,
  FEATURE_KINDS,
  type Feature,
  type FeatureKind,
  isSingle,
  type ModelYear,
  type Rule,
  type SingleKind,
} from './model-year.ts'

/** A model year on a certain day: what can be ordered then, and the rules that are in force, by their subject. */
export type Catalogue = {
  modelYear: ModelYear
  day: string
  /** All of them, also those that cannot be ordered on that day. */
  features: ReadonlyMap<string, Feature>
  onSale: Readonly<Record<FeatureKind, Feature[]>>
  rules: ReadonlyMap<string, Rule[]>
}

export function catalogueOn(modelYear: ModelYear, day: string): Catalogue {
  const ofKind = (kind: FeatureKind) =>
    modelYear.features.filter((feature) => feature.kind === kind && covers(feature, day))
  const onSale = Object.fromEntries(FEATURE_KINDS.map((kind) => [kind, ofKind(kind)])) as Catalogue['onSale']
  const rules = new Map<string, Rule[]>()
  for (const rule of modelYear.rules) {
    if (!covers(rule, day)) continue
    const ofSubject = rules.get(rule.subject)
    if (ofSubject) ofSubject.push(rule)
    else rules.set(rule.subject, [rule])
  }
  const features = new Map(modelYear.features.map((feature) => [feature.code, feature]))
  return { modelYear, day, features, onSale, rules }
}

/** Codes of features, as they were chosen. */
export type Chosen = ReadonlySet<string>

/** What is chosen of a single kind: one feature, none yet, or too many. */
export function chosenOf(catalogue: Catalogue, chosen: Chosen, kind: SingleKind): string[] {
  return [...chosen].filter((code) => catalogue.features.get(code)?.kind === kind)
}

export function isOnSale(catalogue: Catalogue, code: string): boolean {
  const feature = catalogue.features.get(code)
  return feature !== undefined && covers(feature, catalogue.day)
}

/** The place that a feature takes: its single kind's, where another one has to make room, or its own. */
export function slotOf(catalogue: Catalogue, code: string): string {
  const kind = catalogue.features.get(code)?.kind
  // Codes have no colon.
  return kind !== undefined && isSingle(kind) ? `:${kind}` : code
}

/** Those of the codes that are known. */
export function featuresOf(catalogue: Catalogue, codes: Iterable<string>): Feature[] {
  return [...codes].flatMap((code) => catalogue.features.get(code) ?? [])
}

/** The codes of a configuration in the order of the catalogue; those that are not known come last. */
export function inOrder(catalogue: Catalogue, chosen: Chosen): string[] {
  const known = FEATURE_KINDS.flatMap((kind) =>
    catalogue.modelYear.features.filter((feature) => feature.kind === kind && chosen.has(feature.code)),
  ).map(({ code }) => code)
  return [...known, ...[...chosen].filter((code) => !catalogue.features.has(code)).sort()]
}

/** Amounts in minor units. */
export type PricedFeature = { code: string; kind: FeatureKind; name: string; price: number }
export type ConfigurationPrice = { currency: string; base: number; features: PricedFeature[]; total: number }

export function priceOf(catalogue: Catalogue, chosen: Chosen): ConfigurationPrice {
  const features = featuresOf(catalogue, inOrder(catalogue, chosen)).map(priced)
  const { currency, base_price: base } = catalogue.modelYear
  return { currency, base, features, total: base + features.reduce((sum, { price }) => sum + price, 0) }
}

export function priced({ code, kind, name, price }: Feature): PricedFeature {
  return { code, kind, name, price }
}
