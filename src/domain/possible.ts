import { type Catalogue, type Chosen, inOrder, type PricedFeature, priced, slotOf } from './catalogue.ts'
import { isFinal, reasons, violationsOf } from './conflict.ts'
import { completionOf, keyOf, type Search, withFeature, without } from './mend.ts'
import { FEATURE_KINDS, type Feature, type FeatureKind } from './model-year.ts'

/**
 * A feature is possible when some valid configuration has it together with all that is chosen of other kinds; kinds that are
 * missing are free, and options may be added. Where what is chosen cannot be completed anyhow, it is possible when
 * nothing more becomes impossible by it. `why` says what is against it.
 */
export type CheckedKind = {
  kind: FeatureKind
  chosen: string[]
  features: (PricedFeature & { possible: boolean; why: string[] })[]
}

/** What can be chosen of each kind beside what is chosen of the others. */
export function checkedKinds(catalogue: Catalogue, chosen: Chosen, search: Search): CheckedKind[] {
  // Features of one slot are judged beside the same rest.
  const rests = new Map<string, Rest>()
  const restFor = (code: string): Rest => {
    const slot = slotOf(catalogue, code)
    const others = without(catalogue, chosen, slot)
    const key = keyOf(others)
    const rest = rests.get(key) ?? {
      others,
      canBeCompleted: completionOf(catalogue, others, search) !== undefined || search.ranOut,
    }
    rests.set(key, rest)
    return rest
  }
  return FEATURE_KINDS.map((kind) => ({
    kind,
    chosen: inOrder(catalogue, chosen).filter((code) => catalogue.features.get(code)?.kind === kind),
    features: catalogue.modelYear.features
      .filter((feature) => feature.kind === kind)
      .map((feature) => {
        const why = whyNot(catalogue, restFor(feature.code), feature, search)
        return { ...priced(feature), possible: why.length === 0, why }
      }),
  }))
}

/** What is chosen beside a feature, and whether that alone can become a configuration. */
type Rest = { others: Chosen; canBeCompleted: boolean }

function whyNot(catalogue: Catalogue, rest: Rest, feature: Feature, search: Search): string[] {
  const withIt = withFeature(catalogue, rest.others, feature.code)
  if (rest.canBeCompleted) {
    if (completionOf(catalogue, withIt, search) || search.ranOut) return []
    return reasons(catalogue, search.met)
  }
  const before = finalReasons(catalogue, rest.others)
  return finalReasons(catalogue, withIt).filter((words) => !before.includes(words))
}

function finalReasons(catalogue: Catalogue, chosen: Chosen): string[] {
  return reasons(
    catalogue,
    violationsOf(catalogue, chosen).filter((violation) => isFinal(catalogue, chosen, violation)),
  )
}
