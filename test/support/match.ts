import {
  type Candidate,
  compareMatches,
  fits,
  pointsOf,
  type Ranked,
  type Wish,
} from '../../src/domain/match.ts'

/** Wishes and stock by chance, always the same for the same seed, and the matches as looking at every vehicle finds them. */

export const KINDS = { trim: 5, engine: 6, transmission: 3, exterior: 10, interior: 6, option: 20 } as const
type Kind = keyof typeof KINDS
const SINGLES = ['trim', 'engine', 'transmission', 'exterior', 'interior'] as const

/** The code of the n-th feature of a kind, from 0. */
export const codeOf = (kind: Kind, n: number) => `${kind.toUpperCase()}-${n}`

/** Chance: numbers from 0 up to 1. */
export type Chance = () => number

/** A small generator (mulberry32): enough to make cases, and repeatable. */
export function chance(seed: number): Chance {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export const below = (next: Chance, n: number) => Math.floor(next() * n)
const isSo = (next: Chance, share: number) => next() < share

/** Codes of a kind, each at most once. */
function some(next: Chance, kind: Kind, most: number): string[] {
  const codes = Array.from({ length: below(next, most + 1) }, () => codeOf(kind, below(next, KINDS[kind])))
  return [...new Set(codes)]
}

/** One of each single kind and some options, in alphabetical order. */
export function someFeatures(next: Chance, mostOptions = 10): string[] {
  const singles = SINGLES.map((kind) => codeOf(kind, below(next, KINDS[kind])))
  return [...singles, ...some(next, 'option', mostOptions)].sort()
}

/** A wish for a model: anything beside make and model may be left open. Prices are around `price`, in minor units. */
export function someWish(
  next: Chance,
  of: { make: string; model: string; years: number[]; price: number },
): Wish {
  const nice = [...some(next, 'option', 4), ...some(next, 'trim', 1), ...some(next, 'engine', 1)]
  const must = [...some(next, 'option', 1), ...(isSo(next, 0.3) ? some(next, 'transmission', 1) : [])]
  const ranking = (kind: 'exterior' | 'interior') => {
    const codes = some(next, kind, 3)
    return codes.length > 0 ? { ranking: codes, weight: 1 + below(next, 10) } : null
  }
  return {
    make: of.make,
    model: of.model,
    year: isSo(next, 0.2) ? (of.years[below(next, of.years.length)] ?? null) : null,
    must_have: isSo(next, 0.5) ? must : [],
    nice_to_have: nice.map((feature) => ({ feature, weight: 1 + below(next, 10) })),
    exterior: ranking('exterior'),
    interior: ranking('interior'),
    price: isSo(next, 0.4)
      ? {
          currency: 'EUR',
          ...(isSo(next, 0.5) ? { min: Math.round(of.price * (0.85 + 0.1 * next())) } : {}),
          max: Math.round(of.price * (0.95 + 0.15 * next())),
        }
      : null,
    near: isSo(next, 0.5)
      ? {
          latitude: 47 + 8 * next(),
          longitude: 6 + 9 * next(),
          within_m: isSo(next, 0.6) ? 20_000 + below(next, 500_000) : null,
        }
      : null,
    compared_with: null,
  }
}

/** What a search has to find: by looking at every vehicle. */
export function bruteForce(wish: Wish, stock: Iterable<Candidate>, limit: number): Ranked[] {
  const matches: Ranked[] = []
  for (const vehicle of stock) {
    if (!fits(wish, vehicle)) continue
    const { number, price, distance_m } = vehicle
    matches.push({ number, price, distance_m, points: pointsOf(wish, vehicle.features) })
  }
  return matches.sort(compareMatches).slice(0, limit)
}
