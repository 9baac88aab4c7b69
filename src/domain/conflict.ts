import { type Catalogue, type Chosen, chosenOf, featuresOf, isOnSale } from './catalogue.ts'
import { kindInWords, ruleInWords, sentence, spanInWords, theFeatures } from './feature-words.ts'
import {
  covers,
  isSingle,
  nameOf,
  type Rule,
  type RuleKind,
  SINGLE_KINDS,
  type SingleKind,
} from './model-year.ts'

/**
 * One thing that keeps a choice of features from being a valid configuration. Of a rule it is one object that is there or
 * lacking, so that each violation is mended by a single change; `only_with` lacks all of its objects at once.
 */
export type Violation =
  | { kind: 'unknown_feature' | 'feature_not_sold'; feature: string }
  | { kind: 'missing'; feature_kind: SingleKind }
  | { kind: 'more_than_one'; feature_kind: SingleKind; features: string[] }
  | { kind: RuleKind; rule: Rule; objects: string[] }

/** All that is wrong with a choice, from its parts to how they go together. */
export function violationsOf(catalogue: Catalogue, chosen: Chosen): Violation[] {
  const violations: Violation[] = []
  for (const code of chosen) {
    const feature = catalogue.features.get(code)
    if (!feature) violations.push({ kind: 'unknown_feature', feature: code })
    else if (!covers(feature, catalogue.day)) violations.push({ kind: 'feature_not_sold', feature: code })
  }
  for (const kind of SINGLE_KINDS) {
    const features = chosenOf(catalogue, chosen, kind)
    if (features.length === 0) violations.push({ kind: 'missing', feature_kind: kind })
    if (features.length > 1) violations.push({ kind: 'more_than_one', feature_kind: kind, features })
  }
  for (const code of chosen) {
    for (const rule of catalogue.rules.get(code) ?? []) violations.push(...violationsOfRule(rule, chosen))
  }
  return violations
}

function violationsOfRule(rule: Rule, chosen: Chosen): Violation[] {
  const each = (objects: string[]) => objects.map((code) => ({ kind: rule.kind, rule, objects: [code] }))
  switch (rule.kind) {
    case 'requires':
      return each(rule.objects.filter((code) => !chosen.has(code)))
    case 'excludes':
      return each(rule.objects.filter((code) => chosen.has(code)))
    case 'only_with':
      return rule.objects.some((code) => chosen.has(code))
        ? []
        : [{ kind: rule.kind, rule, objects: rule.objects }]
  }
}

/** True for a rule that some feature of a single kind of which nothing is chosen yet would satisfy. */
export function isPending(catalogue: Catalogue, chosen: Chosen, violation: Violation): boolean {
  if (violation.kind !== 'requires' && violation.kind !== 'only_with') return false
  return featuresOf(catalogue, violation.objects).some(
    ({ code, kind }) =>
      isSingle(kind) && isOnSale(catalogue, code) && chosenOf(catalogue, chosen, kind).length === 0,
  )
}

/** True for what no feature that is added could set right. */
export function isFinal(catalogue: Catalogue, chosen: Chosen, violation: Violation): boolean {
  if (violation.kind === 'missing') return false
  if (violation.kind !== 'requires' && violation.kind !== 'only_with') return true
  if (isPending(catalogue, chosen, violation)) return false
  return !featuresOf(catalogue, violation.objects).some(
    ({ code, kind }) => !isSingle(kind) && isOnSale(catalogue, code),
  )
}

/** Why a configuration is not valid: in words, and with the features that it is about. */
export type Conflict = {
  kind: Violation['kind'] | 'model_year_not_sold' | 'cannot_be_completed'
  words: string
  features: string[]
}

/** Violations as people are told of them; a rule that several objects violate is told once. */
export function conflictsOf(catalogue: Catalogue, violations: Violation[]): Conflict[] {
  const conflicts = new Map<Rule | Violation, Conflict>()
  for (const violation of violations) {
    const told = 'rule' in violation ? conflicts.get(violation.rule) : undefined
    if (told && 'rule' in violation) told.features.push(...violation.objects)
    else conflicts.set('rule' in violation ? violation.rule : violation, conflictOf(catalogue, violation))
  }
  return [...conflicts.values()]
}

function conflictOf(catalogue: Catalogue, violation: Violation): Conflict {
  const words = violationInWords(catalogue, violation)
  if ('rule' in violation)
    return { kind: violation.kind, words, features: [violation.rule.subject, ...violation.objects] }
  switch (violation.kind) {
    case 'unknown_feature':
    case 'feature_not_sold':
      return { kind: violation.kind, words, features: [violation.feature] }
    case 'missing':
      return { kind: violation.kind, words, features: [] }
    case 'more_than_one':
      return { kind: violation.kind, words, features: violation.features }
  }
}

function violationInWords(catalogue: Catalogue, violation: Violation): string {
  if ('rule' in violation) return ruleInWords(violation.rule, catalogue.features)
  switch (violation.kind) {
    case 'unknown_feature':
      return sentence(`there is no feature ${violation.feature} for the ${nameOf(catalogue.modelYear)}`)
    case 'feature_not_sold': {
      const [feature] = featuresOf(catalogue, [violation.feature])
      if (!feature) throw new RangeError(`${violation.feature} is not known`)
      return sentence(`${theFeatures([feature])} can be ordered only ${spanInWords(feature)}`)
    }
    case 'missing':
      return sentence(`no ${kindInWords(violation.feature_kind)} is chosen`)
    case 'more_than_one':
      return sentence(
        `only one ${kindInWords(violation.feature_kind)} can be chosen, not ${theFeatures(featuresOf(catalogue, violation.features))} together`,
      )
  }
}

/** Violations in words, each once. That a kind is missing is no reason: it could be filled. */
export function reasons(catalogue: Catalogue, violations: Iterable<Violation>): string[] {
  const told = [...violations].filter(({ kind }) => kind !== 'missing')
  return [...new Set(told.map((violation) => violationInWords(catalogue, violation)))]
}
