import { createHash } from 'node:crypto'
import { type Alternative, alternativesTo } from './alternative.ts'
import { type Catalogue, type Chosen, type ConfigurationPrice, catalogueOn, priceOf } from './catalogue.ts'
import { type Conflict, conflictsOf, isPending, reasons, violationsOf } from './conflict.ts'
import { kindInWords, sentence, spanInWords } from './feature-words.ts'
import { completionOf, newSearch, type Search } from './mend.ts'
import { covers, isSingle, type ModelYear, nameOf } from './model-year.ts'
import { moneyInWords } from './money.ts'
import { type CheckedKind, checkedKinds } from './possible.ts'

/**
 * Configurations (REQUIREMENTS B1): features of a model year, checked against what is sold and which rules are in force on
 * a day. Amounts are in minor units of the model year's currency.
 */

export type Check = {
  /** One of each single kind, and nothing against it: it can be ordered. */
  valid: boolean
  price: ConfigurationPrice
  conflicts: Conflict[]
  /** The nearest valid configurations; none while it is valid, or lacks only what is not chosen yet. */
  alternatives: Alternative[]
  /** What can be chosen now, of each kind. */
  kinds: CheckedKind[]
  /** True when a search ended at its limit: there may be more alternatives, and what is called possible may not be. */
  limit_reached: boolean
}

/** Checks a choice of features, complete or not, as on a day (YYYY-MM-DD). */
export function checkConfiguration(modelYear: ModelYear, features: string[], day: string): Check {
  const catalogue = catalogueOn(modelYear, day)
  const chosen = new Set(features)
  const search = newSearch()
  const violations = violationsOf(catalogue, chosen)
  const told = violations.filter((violation) => !isPending(catalogue, chosen, violation))
  const conflicts = [...notSold(catalogue), ...conflictsOf(catalogue, told)]
  if (violations.length > 0 && conflicts.every(isMissing))
    conflicts.push(...deadEnd(catalogue, chosen, search))
  const canBeMended = covers(modelYear, day) && !conflicts.every(isMissing)
  const { alternatives, limitReached } = canBeMended
    ? alternativesTo(catalogue, chosen)
    : { alternatives: [], limitReached: false }
  const kinds = checkedKinds(catalogue, chosen, search)
  return {
    valid: conflicts.length === 0,
    price: priceOf(catalogue, chosen),
    conflicts,
    alternatives,
    kinds,
    limit_reached: search.ranOut || limitReached,
  }
}

function isMissing({ kind }: Conflict): boolean {
  return kind === 'missing'
}

function notSold({ modelYear, day }: Catalogue): Conflict[] {
  if (covers(modelYear, day)) return []
  const words = sentence(`the ${nameOf(modelYear)} can be ordered only ${spanInWords(modelYear)}`)
  return [{ kind: 'model_year_not_sold', words, features: [] }]
}

/** Why a choice that nothing is against so far cannot become a configuration all the same. */
function deadEnd(catalogue: Catalogue, chosen: Chosen, search: Search): Conflict[] {
  if (completionOf(catalogue, chosen, search) || search.ranOut) return []
  const words = ['What is chosen cannot be completed.', ...reasons(catalogue, search.met)].join(' ')
  return [{ kind: 'cannot_be_completed', words, features: [...chosen] }]
}

/** The same for the same features of the same model year, in whatever order they come; for no others. */
export function fingerprint(modelYear: string, features: string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([modelYear, ...new Set(features.toSorted())]))
    .digest('hex')
}

/** What is otherwise than it was when a configuration was stored. */
export type Difference = {
  kind: 'currency' | 'base_price' | 'feature_price' | 'conflict'
  words: string
  features: string[]
}

/** What a check finds of a valid configuration that was stored with the prices of that time. */
export function differencesSince(
  stored: ConfigurationPrice,
  now: Pick<Check, 'price' | 'conflicts'>,
): Difference[] {
  return [
    ...priceDifferences(stored, now.price),
    ...now.conflicts.map(({ words, features }) => ({ kind: 'conflict' as const, words, features })),
  ]
}

function priceDifferences(stored: ConfigurationPrice, now: ConfigurationPrice): Difference[] {
  if (stored.currency !== now.currency) {
    const words = sentence(`prices were in ${stored.currency} and are in ${now.currency} now`)
    return [{ kind: 'currency', words, features: [] }]
  }
  const change = (what: string, before: number, after: number) =>
    sentence(
      `${what} cost ${moneyInWords(before, stored.currency)} then, and ${moneyInWords(after, stored.currency)} now`,
    )
  const base: Difference[] =
    stored.base === now.base
      ? []
      : [
          {
            kind: 'base_price',
            words: change('the vehicle without its features', stored.base, now.base),
            features: [],
          },
        ]
  return [
    ...base,
    ...now.features.flatMap(({ code, kind, name, price }): Difference[] => {
      const before = stored.features.find((feature) => feature.code === code)
      if (!before || before.price === price) return []
      const what = isSingle(kind) ? `the ${kindInWords(kind)} ${name}` : `the ${name}`
      return [{ kind: 'feature_price', words: change(what, before.price, price), features: [code] }]
    }),
  ]
}
