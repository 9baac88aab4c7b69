import { z } from 'zod'
import { mostPoints, priceDifference, type Wish } from '../domain/match.ts'
import { matchDifferences } from '../domain/match-words.ts'
import type { Feature } from '../domain/model-year.ts'
import type { Database, Transaction } from './database.ts'
import { modelYearsOf, searchMatches } from './match.ts'
import { OfferedVehicle, offeredVehicles } from './offered-vehicle.ts'

export const MatchView = z
  .object({
    vehicle: OfferedVehicle,
    distance_m: z
      .int()
      .nullable()
      .meta({ description: 'As the crow flies; null where the search names no place' }),
    points: z.int(),
    most_points: z.int().meta({ description: 'What a vehicle would have that has all that is nice to have' }),
    differences: z
      .array(
        z.object({
          kind: z.enum(['lacking', 'instead', 'colour', 'additional']),
          words: z.string(),
          features: z.array(z.string()),
        }),
      )
      .meta({ description: 'Everything in which it differs from what was wished' }),
    price_difference: z.int().nullable().meta({
      description:
        'The asking price less that of the configuration that it is compared with, or else less the most that the buyer wants to pay; in minor units, null where there is neither',
    }),
  })
  .meta({ id: 'Match' })
export type MatchView = z.infer<typeof MatchView>

/** The matches of a wish that can be had now, the best first, in words (REQUIREMENTS B8). */
export async function matchesOf(db: Database | Transaction, wish: Wish, limit: number): Promise<MatchView[]> {
  const known = featuresByCode(await modelYearsOf(db, wish))
  const found = await searchMatches(db, wish, limit)
  const vehicles = await offeredVehicles(
    db,
    found.map(({ number }) => number),
  )
  return found.flatMap(({ number, points, distance_m }) => {
    const vehicle = vehicles.get(number)
    if (!vehicle) return []
    const { amount, currency } = vehicle.asking_price
    return [
      {
        vehicle,
        distance_m,
        points,
        most_points: mostPoints(wish),
        differences: matchDifferences(wish, new Set(vehicle.features.map(({ code }) => code)), known),
        price_difference: priceDifference(wish, amount, currency),
      },
    ]
  })
}

/** Features by their codes; where model years call one differently, as the newest does. */
export function featuresByCode(years: { features: Feature[] }[]): Map<string, Feature> {
  return new Map(
    years.toReversed().flatMap(({ features }) => features.map((feature) => [feature.code, feature])),
  )
}
