import { type Feature, type FeatureKind, isSingle, type Rule, type Span } from './model-year.ts'

/**
 * Features and rules in sentences (REQUIREMENTS B1). The sentences get by without a verb that has a plural, because
 * nobody says of an option's name whether it is one thing or several: "the heated seats", "the panoramic roof".
 */
const KINDS: Record<FeatureKind, { one: string; many: string }> = {
  trim: { one: 'trim', many: 'trims' },
  engine: { one: 'engine', many: 'engines' },
  transmission: { one: 'transmission', many: 'transmissions' },
  exterior: { one: 'exterior colour', many: 'exterior colours' },
  interior: { one: 'interior colour', many: 'interior colours' },
  option: { one: 'option', many: 'options' },
}

export function kindInWords(kind: FeatureKind): string {
  return KINDS[kind].one
}

/** "the trims Sport and Lux or the winter pack": kinds are named, options speak for themselves. */
export function theFeatures(features: Feature[], joined: 'and' | 'or' = 'and'): string {
  const kinds = [...new Set(features.map(({ kind }) => kind))]
  const phrases = kinds.flatMap((kind) => {
    const names = features.filter((feature) => feature.kind === kind).map(({ name }) => name)
    if (!isSingle(kind)) return names.map((name) => `the ${name}`)
    return `the ${names.length === 1 ? KINDS[kind].one : KINDS[kind].many} ${list(names, 'and')}`
  })
  return list(phrases, joined)
}

/** A rule in its own words, or in words made of the features' names and of when it is in force. */
export function ruleInWords(rule: Rule, features: ReadonlyMap<string, Feature>): string {
  if (rule.words !== null) return rule.words
  const named = (codes: string[]) => codes.flatMap((code) => features.get(code) ?? [])
  const subject = theFeatures(named([rule.subject]))
  const objects = (joined: 'and' | 'or') => theFeatures(named(rule.objects), joined)
  const said = {
    requires: () => `must be ordered together with ${objects('and')}`,
    excludes: () => `cannot be combined with ${objects('or')}`,
    only_with: () => `can be ordered only with ${objects('or')}`,
  }[rule.kind]()
  return sentence(`${subject} ${said}`, spanInWords(rule))
}

/** "from 1 January 2027", or nothing for what always is. */
export function spanInWords({ from, until }: Span): string {
  const words = [from && `from ${dayInWords(from)}`, until && `until ${dayInWords(until)}`].filter(Boolean)
  return words.join(' ')
}

/** Parts of a sentence, those that are empty left out. */
export function sentence(...parts: string[]): string {
  const words = parts.filter((part) => part !== '').join(', ')
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
}

function dayInWords(day: string): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString('en-GB', { timeZone: 'UTC', dateStyle: 'long' })
}

function list(words: string[], joined: 'and' | 'or'): string {
  const type = joined === 'and' ? 'conjunction' : 'disjunction'
  return new Intl.ListFormat('en-GB', { type }).format(words)
}
