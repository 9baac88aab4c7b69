import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { FEATURE_KINDS } from '../domain/model-year.ts'
import type { Database, Transaction } from './database.ts'
import { Money } from './order-view.ts'
import { VehicleStateName } from './stock-order-view.ts'

/** A vehicle as buyers see it: without its VIN, which belongs to whoever gets it. */
export const OfferedVehicle = z
  .object({
    number: z.string(),
    name: z.string().meta({ example: 'Tarn Heron 2027' }),
    model_year: z.string(),
    features: z.array(z.object({ code: z.string(), kind: z.enum(FEATURE_KINDS), name: z.string() })),
    asking_price: Money,
    whereabouts: z
      .enum(['lot', 'pipeline'])
      .meta({ description: "On the dealer's lot, or still ordered, in production or on its way" }),
    state: VehicleStateName,
    slot: z
      .object({ plant: z.string(), period: z.int(), starts_on: z.string(), ends_on: z.string() })
      .nullable()
      .meta({ description: 'Where and in which period it is built (days in UTC), once that is scheduled' }),
    dealer: z.object({
      id: z.string(),
      name: z.string(),
      latitude: z.number(),
      longitude: z.number(),
    }),
  })
  .meta({ id: 'OfferedVehicle' })
export type OfferedVehicle = z.infer<typeof OfferedVehicle>

/** These vehicles as buyers see them, by their numbers. */
export async function offeredVehicles(
  db: Database | Transaction,
  numbers: string[],
): Promise<Map<string, OfferedVehicle>> {
  const rows = await db.execute<OfferedVehicle>(sql`
    SELECT v.number, k.name || ' ' || o.name || ' ' || m.year AS name, m.id AS model_year, v.state,
           COALESCE((SELECT jsonb_agg(jsonb_build_object('code', f.code, 'kind', f.kind, 'name', f.name) ORDER BY f.place)
                       FROM features f WHERE f.model_year = m.id AND f.code = ANY (s.features)), '[]') AS features,
           jsonb_build_object('amount', v.price_minor, 'currency', v.currency) AS asking_price,
           CASE WHEN v.state IN ('at_dealer', 'delivered') THEN 'lot' ELSE 'pipeline' END AS whereabouts,
           CASE WHEN v.plant IS NOT NULL THEN jsonb_build_object(
             'plant', v.plant, 'period', v.period, 'starts_on', ${day(sql`w.starts_at`)}, 'ends_on', ${day(sql`w.ends_at`)}) END AS slot,
           jsonb_build_object('id', d.id, 'name', d.name, 'latitude', d.latitude, 'longitude', d.longitude) AS dealer
      FROM jsonb_array_elements_text(${JSON.stringify(numbers)}::jsonb) AS n
      JOIN vehicles v ON v.number = n
      JOIN specifications s ON s.fingerprint = v.specification
      JOIN model_years m ON m.id = s.model_year
      JOIN makes k ON k.code = m.make
      JOIN models o ON o.make = m.make AND o.code = m.model
      JOIN dealers d ON d.id = v.dealer
      LEFT JOIN production_periods w ON w.ordinal = v.period`)
  return new Map(rows.map((row) => [row.number, row]))
}

const day = (time: SQL) => sql`to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD')`

/** A vehicle as its buyer sees it. */
export async function offeredVehicle(db: Database | Transaction, number: string): Promise<OfferedVehicle> {
  const vehicle = (await offeredVehicles(db, [number])).get(number)
  if (!vehicle) throw new Error('there is no such vehicle')
  return vehicle
}
