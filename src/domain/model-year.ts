/**
 * What a vehicle can be made of, as the house sets it (REQUIREMENTS B1): a model year has features, of which a
 * configuration takes exactly one of each single kind and any number of options, and rules that say what goes together.
 * Prices are in minor units of the model year's currency.
 */
export const SINGLE_KINDS = ['trim', 'engine', 'transmission', 'exterior', 'interior'] as const
export const FEATURE_KINDS = [...SINGLE_KINDS, 'option'] as const
export type SingleKind = (typeof SINGLE_KINDS)[number]
export type FeatureKind = (typeof FEATURE_KINDS)[number]

/** `requires`: all of the objects. `excludes`: none of them. `only_with`: at least one of them. */
export const RULE_KINDS = ['requires', 'excludes', 'only_with'] as const
export type RuleKind = (typeof RULE_KINDS)[number]

/** Days as YYYY-MM-DD in UTC, the first and the last one included; null where it has no such end. */
export type Span = { from: string | null; until: string | null }

/** The name as it stands within a sentence: "panoramic roof", "Sport". */
export type Feature = Span & { code: string; kind: FeatureKind; name: string; price: number }

/** In force for a time; in words of its own, or null for words made of the features' names. */
export type Rule = Span & { kind: RuleKind; subject: string; objects: string[]; words: string | null }

export type Named = { code: string; name: string }

/** A model year and all that belongs to it: it is loaded, changed and read as one document. It is sold for a time. */
export type ModelYear = Span & {
  id: string
  make: Named
  model: Named
  year: number
  /** What plants build: model years of one line compete for the same places. */
  model_line: Named
  currency: string
  base_price: number
  features: Feature[]
  rules: Rule[]
}

export function nameOf({ make, model, year }: Pick<ModelYear, 'make' | 'model' | 'year'>): string {
  return `${make.name} ${model.name} ${year}`
}

export function covers({ from, until }: Span, day: string): boolean {
  return (from === null || from <= day) && (until === null || day <= until)
}

export function isSingle(kind: FeatureKind): kind is SingleKind {
  return kind !== 'option'
}

/** Something that is wrong with a document, and where in it. */
export type Fault = { path: (string | number)[]; message: string }

/** What is wrong with a model year that somebody wants to load, beyond the form of its members. */
export function faultsOf(given: Omit<ModelYear, 'id'>): Fault[] {
  const spans: [Span, (string | number)[]][] = [
    [given, []],
    ...given.features.map((feature, index): [Span, Fault['path']] => [feature, ['features', index]]),
    ...given.rules.map((rule, index): [Span, Fault['path']] => [rule, ['rules', index]]),
  ]
  const faults = [
    ...spans.flatMap(([{ from, until }, path]) =>
      from !== null && until !== null && until < from
        ? [{ path: [...path, 'until'], message: 'is before the first day' }]
        : [],
    ),
    ...SINGLE_KINDS.filter((kind) => !given.features.some((feature) => feature.kind === kind)).map(
      (kind) => ({
        path: ['features'],
        message: `there is none of the kind ${kind}, and every configuration has one`,
      }),
    ),
    ...given.rules.flatMap((rule, index) => referenceFaults(rule, index, given.features)),
  ]
  return faults.length > 0 ? faults : contradictions(given)
}

function referenceFaults({ subject, objects }: Rule, index: number, features: Feature[]): Fault[] {
  const codes = new Set(features.map(({ code }) => code))
  const faultOf = (code: string) => (codes.has(code) ? undefined : `there is no feature ${code}`)
  const ofSubject = faultOf(subject)
  return [
    ...(ofSubject ? [{ path: ['rules', index, 'subject'], message: ofSubject }] : []),
    ...objects.flatMap((code, place) => {
      const message = code === subject ? 'is the subject itself' : faultOf(code)
      return message ? [{ path: ['rules', index, 'objects', place], message }] : []
    }),
  ]
}

/**
 * Rules by which a feature could never be chosen: with it come others, directly or by what they require in turn, and these
 * do not go together. Whatever is in force together on some day is so on the first day of one of these rules.
 */
function contradictions({ features, rules }: Pick<ModelYear, 'features' | 'rules'>): Fault[] {
  const kinds = new Map(features.map(({ code, kind }) => [code, kind]))
  const faults = new Map<string, Fault>()
  for (const day of new Set(rules.map(({ from }) => from ?? ''))) {
    const inForce = new Map<string, [number, Rule][]>()
    for (const [index, rule] of rules.entries())
      if (covers(rule, day)) inForce.set(rule.subject, [...(inForce.get(rule.subject) ?? []), [index, rule]])
    for (const subject of inForce.keys()) {
      const brought = closure(subject, inForce)
      for (const [index, rule] of [...brought].flatMap((code) => inForce.get(code) ?? [])) {
        const clash = clashWith(rule, brought, kinds)
        // Everything that requires what can never be chosen is lost as well: the first one tells it.
        const key = `${index} ${clash}`
        if (clash !== undefined && !faults.has(key))
          faults.set(key, { path: ['rules', index], message: `${subject} can never be chosen: ${clash}` })
      }
    }
  }
  return [...faults.values()]
}

/** The feature with all that it requires. */
function closure(subject: string, rules: Map<string, [number, Rule][]>): Set<string> {
  const brought = new Set([subject])
  // A set that grows while it is walked through is walked through to its end.
  for (const code of brought)
    for (const [, { kind, objects }] of rules.get(code) ?? [])
      if (kind === 'requires') for (const object of objects) brought.add(object)
  return brought
}

/** Why features that are brought together by this rule's subject and others do not go together. */
function clashWith(
  { kind, subject, objects }: Rule,
  brought: Set<string>,
  kinds: Map<string, FeatureKind>,
): string | undefined {
  switch (kind) {
    case 'excludes': {
      const excluded = objects.find((code) => brought.has(code))
      return excluded && `it brings ${subject} and ${excluded}, and ${subject} excludes ${excluded}`
    }
    case 'requires': {
      const pairs = objects.flatMap((code) => [...brought].map((other) => [code, other] as const))
      const pair = pairs.find(([code, other]) => areRivals(code, other, kinds))
      return pair && `it brings ${pair[0]} and ${pair[1]}, of which only one can be chosen`
    }
    case 'only_with': {
      const isPossible = objects.some((code) => ![...brought].some((other) => areRivals(code, other, kinds)))
      return isPossible
        ? undefined
        : `it brings ${subject}, which can be chosen only with ${objects.join(', ')}, and none of these goes with the rest`
    }
  }
}

/** Two features of one kind of which a configuration has only one. */
function areRivals(code: string, other: string, kinds: Map<string, FeatureKind>): boolean {
  const kind = kinds.get(code)
  return code !== other && kind !== undefined && isSingle(kind) && kinds.get(other) === kind
}

/** What differs between two versions of a model year, in codes and figures; undefined when nothing does. */
export function changesBetween(before: ModelYear, after: ModelYear): Record<string, unknown> | undefined {
  if (contentOf(before) === contentOf(after)) return undefined
  const [old, fresh] = [featuresByCode(before), featuresByCode(after)]
  const [oldRules, freshRules] = [before.rules.map(ruleContent), after.rules.map(ruleContent)]
  return {
    ...(before.base_price === after.base_price
      ? {}
      : { base_price: { before: before.base_price, after: after.base_price } }),
    features_added: [...fresh.keys()].filter((code) => !old.has(code)),
    features_removed: [...old.keys()].filter((code) => !fresh.has(code)),
    features_changed: [...fresh.keys()].filter((code) => old.has(code) && old.get(code) !== fresh.get(code)),
    rules_added: freshRules.filter((rule) => !oldRules.includes(rule)).length,
    rules_removed: oldRules.filter((rule) => !freshRules.includes(rule)).length,
  }
}

function contentOf(given: ModelYear): string {
  const { make, model, model_line, year, currency, base_price, from, until } = given
  const names = [make, model, model_line].map(({ code, name }) => [code, name])
  const parts = [given.features.map(featureContent), given.rules.map(ruleContent)]
  return JSON.stringify([names, year, currency, base_price, from, until, parts])
}

function featuresByCode({ features }: ModelYear): Map<string, string> {
  return new Map(features.map((feature) => [feature.code, featureContent(feature)]))
}

function featureContent({ code, kind, name, price, from, until }: Feature): string {
  return JSON.stringify([code, kind, name, price, from, until])
}

function ruleContent({ kind, subject, objects, words, from, until }: Rule): string {
  return JSON.stringify([kind, subject, objects, words, from, until])
}
