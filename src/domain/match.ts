import type { PriceRange } from './lead.ts'

/** How well vehicles match what a buyer wishes (REQUIREMENTS B8). Weights are whole numbers, points hundredths of them. */

/** Colours by code, the favourite first, and how much the colour matters. */
export type ColourWish = { ranking: string[]; weight: number }

/** A place in degrees (WGS 84), and how far away the dealer may be; null for anywhere. Metres. */
export type Nearby = { latitude: number; longitude: number; within_m: number | null }

export type Wish = {
  /** Codes. What is not of this make and model (and year, if it matters) is no match. */
  make: string
  model: string
  year: number | null
  /** A vehicle that lacks one of these is no match. */
  must_have: string[]
  /** Each counts as much as its weight. */
  nice_to_have: { feature: string; weight: number }[]
  exterior: ColourWish | null
  interior: ColourWish | null
  /** What costs less or more, or is in another currency, is no match. */
  price: PriceRange | null
  near: Nearby | null
  /** A configuration that matches are compared with: its features, and its price in minor units. */
  compared_with: { features: string[]; total: number; currency: string } | null
}

/** What of a vehicle matters to a wish. `distance_m` is null where the wish names no place. */
export type Candidate = {
  number: string
  make: string
  model: string
  year: number
  features: ReadonlySet<string>
  price: number
  currency: string
  distance_m: number | null
}

/** How much a weight of 1 counts: what is ranked second or third gets a part of it. */
const POINTS = 100

/** The points of a vehicle with these features: all of a weight for what is there, a part of a colour's by its rank. */
export function pointsOf(wish: Wish, features: ReadonlySet<string>): number {
  const nice = wish.nice_to_have.reduce(
    (sum, { feature, weight }) => sum + (features.has(feature) ? weight * POINTS : 0),
    0,
  )
  return nice + colourPoints(wish.exterior, features) + colourPoints(wish.interior, features)
}

/** The points of a vehicle that has everything. */
export function mostPoints(wish: Wish): number {
  const weights = [...wish.nice_to_have, wish.exterior, wish.interior].map((part) => part?.weight ?? 0)
  return weights.reduce((sum, weight) => sum + weight * POINTS, 0)
}

/** The first of n colours counts in full, the second (n − 1)/n, the last 1/n; rounded to whole points. */
function colourPoints(wish: ColourWish | null, features: ReadonlySet<string>): number {
  if (!wish) return 0
  const rank = wish.ranking.findIndex((code) => features.has(code))
  if (rank < 0) return 0
  return Math.round((wish.weight * POINTS * (wish.ranking.length - rank)) / wish.ranking.length)
}

/** True when it is a match at all. */
export function fits(wish: Wish, vehicle: Candidate): boolean {
  const { price, near } = wish
  return (
    vehicle.make === wish.make &&
    vehicle.model === wish.model &&
    (wish.year === null || vehicle.year === wish.year) &&
    wish.must_have.every((code) => vehicle.features.has(code)) &&
    (price === null ||
      (vehicle.currency === price.currency &&
        vehicle.price >= (price.min ?? 0) &&
        vehicle.price <= (price.max ?? Infinity))) &&
    (near?.within_m == null || (vehicle.distance_m !== null && vehicle.distance_m <= near.within_m))
  )
}

/** What matches are sorted by. */
export type Ranked = { points: number; price: number; distance_m: number | null; number: string }

/** The best first: most points, then the lowest price, then the nearest (where the wish names a place), then by number. */
export function compareMatches(a: Ranked, b: Ranked): number {
  return (
    b.points - a.points ||
    a.price - b.price ||
    (a.distance_m ?? 0) - (b.distance_m ?? 0) ||
    (a.number < b.number ? -1 : Number(a.number > b.number))
  )
}

/**
 * What an asking price is compared with: the configuration's total, else the most that the buyer wants to pay. Null where
 * there is neither in this currency. Minor units.
 */
export function priceDifference(wish: Wish, price: number, currency: string): number | null {
  const { compared_with: configuration } = wish
  if (configuration?.currency === currency) return price - configuration.total
  const { price: range } = wish
  return range?.max !== undefined && range.currency === currency ? price - range.max : null
}
