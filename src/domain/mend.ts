import { type Catalogue, type Chosen, isOnSale, slotOf } from './catalogue.ts'
import { type Violation, violationsOf } from './conflict.ts'
import { isSingle } from './model-year.ts'

/**
 * The search for valid configurations near to a choice of features (REQUIREMENTS B1). It branches only on the ways to
 * mend something that is violated, and what was changed once stays: so whatever is found is needed in full, or contains a
 * smaller set of changes that is found as well.
 */

/** Most features that are changed to come to an alternative; those of kinds that are missing count. */
export const MAX_CHANGES = 8
/** Most choices that are looked at for the alternatives, and for all that is asked about what is still possible. */
export const MAX_NODES = 10_000

/** A running search: what it may still look at, and what it met. */
export type Search = {
  nodesLeft: number
  /** True once the nodes were used up: then "nothing was found" is not "there is nothing". */
  ranOut: boolean
  /** True when a branch needed more changes than it was allowed. */
  wasCut: boolean
  seen: Set<string>
  /** What it tried to mend and what it could not: when nothing is found, these are the reasons. */
  met: Set<Violation>
}

export function newSearch(): Search {
  return { nodesLeft: MAX_NODES, ranOut: false, wasCut: false, seen: new Set(), met: new Set() }
}

/** What was used up stays so; everything else is of one run. */
function begin(search: Search): void {
  Object.assign(search, { wasCut: false, seen: new Set(), met: new Set() })
}

/** A change of one slot: a single kind, in which one feature takes the place of what was there, or an option by itself. */
type Change = { slot: string; to: string | null }

/** A choice with this feature in the place of what it replaces, and all others as they are. */
export function withFeature(catalogue: Catalogue, chosen: Chosen, code: string): Set<string> {
  return changed(catalogue, chosen, { slot: slotOf(catalogue, code), to: code })
}

/** A choice without the features of this slot. */
export function without(catalogue: Catalogue, chosen: Chosen, slot: string): Set<string> {
  return changed(catalogue, chosen, { slot, to: null })
}

/**
 * A valid configuration that has all that is chosen: kinds that are missing are filled, options may be added. When there
 * is none, `search.met` has the reasons.
 */
export function completionOf(catalogue: Catalogue, chosen: Chosen, search: Search): Chosen | undefined {
  begin(search)
  const settled = new Set([...chosen].map((code) => slotOf(catalogue, code)))
  for (const found of validFrom(catalogue, chosen, settled, Number.POSITIVE_INFINITY, search)) return found
  return undefined
}

/**
 * Valid configurations by at most so many changes: all those of which no part of the changes would do, and some that
 * contain one of these.
 */
export function validWithin(catalogue: Catalogue, chosen: Chosen, changes: number, search: Search): Chosen[] {
  begin(search)
  return [...validFrom(catalogue, chosen, new Set(), changes, search)]
}

function* validFrom(
  catalogue: Catalogue,
  chosen: Chosen,
  settled: ReadonlySet<string>,
  changesLeft: number,
  search: Search,
): Generator<Chosen> {
  const key = keyOf(chosen)
  if (search.seen.has(key)) return
  search.seen.add(key)
  if (search.nodesLeft === 0) {
    search.ranOut = true
    return
  }
  search.nodesLeft--
  const violations = violationsOf(catalogue, chosen)
  if (violations.length === 0) {
    yield chosen
    return
  }
  const waysOut = violations.map((violation) => ({
    violation,
    ways: waysToMend(catalogue, violation).filter(({ slot }) => !settled.has(slot)),
  }))
  const hopeless = waysOut.filter(({ ways }) => ways.length === 0)
  for (const { violation } of hopeless) search.met.add(violation)
  if (hopeless.length > 0) return
  if (leastChanges(violations) > changesLeft) {
    search.wasCut = true
    return
  }
  const narrowest = waysOut.reduce((a, b) => (b.ways.length < a.ways.length ? b : a))
  search.met.add(narrowest.violation)
  for (const way of narrowest.ways) {
    const next = changed(catalogue, chosen, way)
    yield* validFrom(catalogue, next, new Set(settled).add(way.slot), changesLeft - 1, search)
  }
}

/** A change can set right one kind that is missing or chosen twice, and at least one is needed for anything. */
function leastChanges(violations: Violation[]): number {
  return Math.max(violations.filter((violation) => 'feature_kind' in violation).length, 1)
}

/** Every change that sets a violation right, whatever else it may do. */
function waysToMend(catalogue: Catalogue, violation: Violation): Change[] {
  const drop = (code: string) => waysToDrop(catalogue, code)
  const add = (codes: string[]) =>
    codes
      .filter((code) => isOnSale(catalogue, code))
      .map((code) => ({ slot: slotOf(catalogue, code), to: code }))
  switch (violation.kind) {
    case 'unknown_feature':
    case 'feature_not_sold':
      return drop(violation.feature)
    case 'missing':
    case 'more_than_one':
      return add(catalogue.onSale[violation.feature_kind].map(({ code }) => code))
    case 'requires':
    case 'only_with':
      return [...drop(violation.rule.subject), ...add(violation.objects)]
    case 'excludes':
      return [violation.rule.subject, ...violation.objects].flatMap(drop)
  }
}

function waysToDrop(catalogue: Catalogue, code: string): Change[] {
  const slot = slotOf(catalogue, code)
  const kind = catalogue.features.get(code)?.kind ?? 'option'
  if (!isSingle(kind)) return [{ slot, to: null }]
  return catalogue.onSale[kind].flatMap((other) => (other.code === code ? [] : [{ slot, to: other.code }]))
}

function changed(catalogue: Catalogue, chosen: Chosen, { slot, to }: Change): Set<string> {
  const next = new Set([...chosen].filter((code) => slotOf(catalogue, code) !== slot))
  if (to !== null) next.add(to)
  return next
}

/** The same for the same features, in whatever order they were chosen. */
export function keyOf(chosen: Iterable<string>): string {
  return [...chosen].sort().join(' ')
}
