import { kindInWords, sentence, theFeatures } from './feature-words.ts'
import type { ColourWish, Wish } from './match.ts'
import { type Feature, isSingle } from './model-year.ts'

/** Where a vehicle differs from what was wished (REQUIREMENTS B8). `features` are the codes that it is about. */
export type MatchDifference = {
  kind: 'lacking' | 'instead' | 'colour' | 'additional'
  words: string
  features: string[]
}

/**
 * Everything in which a vehicle differs from a wish that it fits: what is nice to have and lacking, colours that are not
 * the favourite, and beside a configuration what it has in addition. `features` are known by their codes.
 */
export function matchDifferences(
  wish: Wish,
  vehicle: ReadonlySet<string>,
  features: ReadonlyMap<string, Feature>,
): MatchDifference[] {
  const has = [...features.values()].filter(({ code }) => vehicle.has(code))
  const wanted = new Set([
    ...wish.must_have,
    ...wish.nice_to_have.map(({ feature }) => feature),
    ...(wish.compared_with?.features ?? []),
  ])
  const lacking = wish.nice_to_have
    .map(({ feature }) => feature)
    .filter((code) => !vehicle.has(code))
    .map((code) => lackOf(features.get(code), code, has))
  const extra =
    wish.compared_with === null ? [] : has.filter(({ code, kind }) => !isSingle(kind) && !wanted.has(code))
  return [
    ...lacking,
    ...colourDifference(wish.exterior, 'exterior', has),
    ...colourDifference(wish.interior, 'interior', has),
    ...extra.map(
      (feature): MatchDifference => ({
        kind: 'additional',
        words: sentence(`with ${theFeatures([feature])} in addition`),
        features: [feature.code],
      }),
    ),
  ]
}

function lackOf(feature: Feature | undefined, code: string, has: Feature[]): MatchDifference {
  if (!feature) return { kind: 'lacking', words: `Without ${code}.`, features: [code] }
  const other = isSingle(feature.kind) ? has.find(({ kind }) => kind === feature.kind) : undefined
  if (!other)
    return { kind: 'lacking', words: sentence(`without ${theFeatures([feature])}`), features: [code] }
  const words = sentence(`${theFeatures([other])} instead of ${feature.name}`)
  return { kind: 'instead', words, features: [other.code, code] }
}

function colourDifference(
  wish: ColourWish | null,
  kind: 'exterior' | 'interior',
  has: Feature[],
): MatchDifference[] {
  const colour = has.find((feature) => feature.kind === kind)
  const rank = colour ? wish?.ranking.indexOf(colour.code) : undefined
  if (!wish || !colour || rank === undefined || rank === 0) return []
  const words =
    rank < 0
      ? `${theFeatures([colour])}, which is none of the colours that were ranked`
      : `the ${kindInWords(kind)} ${colour.name}, choice ${rank + 1} of ${wish.ranking.length}`
  return [{ kind: 'colour', words: sentence(words), features: [colour.code] }]
}
