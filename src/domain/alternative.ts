import { type Catalogue, type Chosen, chosenOf, featuresOf, inOrder, priceOf, slotOf } from './catalogue.ts'
import { sentence, theFeatures } from './feature-words.ts'
import { keyOf, MAX_CHANGES, newSearch, validWithin } from './mend.ts'
import { isSingle, SINGLE_KINDS } from './model-year.ts'

/** Most alternatives that are named; and none that takes more than so many changes more than the nearest. */
export const MAX_ALTERNATIVES = 5
export const MORE_CHANGES = 1

export type Alternative = {
  features: string[]
  changes: { remove: string[]; add: string | null; words: string }[]
  total: number
  /** Its total less that of what was checked. */
  price_difference: number
}

/**
 * The valid configurations with the fewest changes of which none could be left out; of equally many changes those with the
 * smallest difference in price come first, then by their codes.
 */
export function alternativesTo(
  catalogue: Catalogue,
  chosen: Chosen,
): { alternatives: Alternative[]; limitReached: boolean } {
  const search = newSearch()
  // Kept from round to round: one that ends at the limit finds only some of what is near.
  const candidates = new Map<string, Candidate>()
  let nearest: Candidate[] = []
  let last = MAX_CHANGES
  for (let changes = 1; changes <= last; changes++) {
    for (const valid of validWithin(catalogue, chosen, changes, search))
      candidates.set(keyOf(valid), candidateOf(catalogue, chosen, valid))
    nearest = nearestOf([...candidates.values()])
    if (nearest.length === MAX_ALTERNATIVES || search.ranOut || !search.wasCut) break
    if (nearest[0]) last = Math.min(last, nearest[0].changes.size + MORE_CHANGES)
  }
  const { total } = priceOf(catalogue, chosen)
  return {
    alternatives: nearest.map(({ valid }) => alternativeOf(catalogue, chosen, valid, total)),
    limitReached: search.ranOut || (nearest.length === 0 && search.wasCut),
  }
}

/** A valid configuration, and what decides how near it is. */
type Candidate = { valid: Chosen; changes: Set<string>; difference: number; key: string }

function candidateOf(catalogue: Catalogue, chosen: Chosen, valid: Chosen): Candidate {
  const inSlots = new Map([...valid].map((code) => [slotOf(catalogue, code), code]))
  const differing = [
    ...[...chosen].filter((code) => !valid.has(code)),
    ...[...valid].filter((code) => !chosen.has(code)),
  ]
  const slots = new Set(differing.map((code) => slotOf(catalogue, code)))
  return {
    valid,
    changes: new Set([...slots].map((slot) => `${slot} ${inSlots.get(slot) ?? ''}`)),
    difference: Math.abs(sumOf(catalogue, valid) - sumOf(catalogue, chosen)),
    key: keyOf(valid),
  }
}

function sumOf(catalogue: Catalogue, chosen: Chosen): number {
  return featuresOf(catalogue, chosen).reduce((sum, { price }) => sum + price, 0)
}

function nearestOf(candidates: Candidate[]): Candidate[] {
  const sorted = candidates.sort(
    (a, b) => a.changes.size - b.changes.size || a.difference - b.difference || (a.key < b.key ? -1 : 1),
  )
  const nearest: Candidate[] = []
  for (const candidate of sorted) {
    if (nearest.length === MAX_ALTERNATIVES) break
    // All that have fewer changes are among the nearest, as long as there is room for another one.
    if (!nearest.some(({ changes }) => isPartOf(changes, candidate.changes))) nearest.push(candidate)
  }
  return nearest
}

function isPartOf(some: Set<string>, changes: Set<string>): boolean {
  return [...some].every((change) => changes.has(change))
}

function alternativeOf(catalogue: Catalogue, chosen: Chosen, valid: Chosen, total: number): Alternative {
  const price = priceOf(catalogue, valid).total
  return {
    features: inOrder(catalogue, valid),
    changes: changesTo(catalogue, chosen, valid),
    total: price,
    price_difference: price - total,
  }
}

function changesTo(catalogue: Catalogue, chosen: Chosen, valid: Chosen): Alternative['changes'] {
  const swaps = SINGLE_KINDS.flatMap((kind) => {
    const before = chosenOf(catalogue, chosen, kind)
    const add = chosenOf(catalogue, valid, kind)[0] ?? null
    if (before.length === 1 && before[0] === add) return []
    return [{ remove: before.filter((code) => code !== add), add }]
  })
  const options = (from: Chosen, to: Chosen) =>
    inOrder(catalogue, from).filter((code) => !to.has(code) && slotOf(catalogue, code) === code)
  return [
    ...swaps,
    ...options(chosen, valid).map((code) => ({ remove: [code], add: null })),
    ...options(valid, chosen).map((code) => ({ remove: [], add: code })),
  ].map((change) => ({ ...change, words: changeInWords(catalogue, change) }))
}

function changeInWords(
  catalogue: Catalogue,
  { remove, add }: { remove: string[]; add: string | null },
): string {
  const removed = featuresOf(catalogue, remove)
  const [added] = featuresOf(catalogue, add === null ? [] : [add])
  if (!added) return sentence(`leave out ${removed.length > 0 ? theFeatures(removed) : remove.join(', ')}`)
  if (removed.length > 0) return sentence(`take ${theFeatures([added])} instead of ${theFeatures(removed)}`)
  return sentence(`${isSingle(added.kind) ? 'choose' : 'add'} ${theFeatures([added])}`)
}
