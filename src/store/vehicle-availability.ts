import { eq, sql } from 'drizzle-orm'
import type { AvailabilityState } from '../domain/vehicle.ts'
import { type Database, post, type Transaction } from './database.ts'
import { specifications, vehicleAvailability, type vehicles } from './schema.ts'

/**
 * The availability records (REQUIREMENTS B8): whoever changes one holds its vehicle's lock, and changes both in one
 * transaction.
 */
export type AvailabilityRow = typeof vehicleAvailability.$inferSelect
type StockVehicle = typeof vehicles.$inferSelect

/** Whether a vehicle can be had, with the tag or match request that has it. */
export type Standing =
  | { state: Exclude<AvailabilityState, 'tagged' | 'offered'> }
  | { state: 'tagged'; tag: string }
  | { state: 'offered'; match_request: string; offered_until: Date }

/** Vehicles of dealers' stock can be had from now on. */
export async function insertAvailability(tx: Transaction, stock: StockVehicle[]): Promise<void> {
  if (stock.length === 0) return
  await post(
    tx,
    tx.insert(vehicleAvailability).values(
      stock.map(({ number, dealer, specification, price_minor, currency }) => ({
        vehicle: number,
        state: 'available' as const,
        dealer,
        specification,
        price_minor,
        currency,
      })),
    ),
  )
  await stockSpecifications(
    tx,
    stock.map(({ specification }) => specification),
  )
}

/** From now on searches look at these specifications. */
async function stockSpecifications(tx: Transaction, fingerprints: string[]): Promise<void> {
  await post(
    tx,
    tx.execute(sql`
    UPDATE specifications SET stocked = true
     WHERE fingerprint IN (
             SELECT fingerprint FROM ${specifications} JOIN jsonb_array_elements_text(${JSON.stringify(fingerprints)}::jsonb) AS f ON f = fingerprint
              WHERE NOT stocked ORDER BY fingerprint FOR NO KEY UPDATE)`),
  )
}

export async function readAvailability(
  db: Database | Transaction,
  vehicle: string,
): Promise<AvailabilityRow | undefined> {
  const [row] = await db.select().from(vehicleAvailability).where(eq(vehicleAvailability.vehicle, vehicle))
  return row
}

/** Changes whether the locked vehicle can be had. */
export async function setAvailability(tx: Transaction, vehicle: string, to: Standing): Promise<void> {
  await post(
    tx,
    tx
      .update(vehicleAvailability)
      .set({ tag: null, match_request: null, offered_until: null, ...to })
      .where(eq(vehicleAvailability.vehicle, vehicle)),
  )
}

/**
 * Takes over what the locked vehicle is now: its specification and price, or that it is not built at all. One that never was
 * a dealer's stock has no such record, and searches do not look for what it is.
 */
export async function copyToAvailability(
  tx: Transaction,
  { number, specification, price_minor, state }: StockVehicle,
): Promise<void> {
  const stock = await tx
    .update(vehicleAvailability)
    .set({
      specification,
      price_minor,
      ...(state === 'cancelled' ? { state, match_request: null, offered_until: null } : {}),
    })
    .where(eq(vehicleAvailability.vehicle, number))
    .returning({ vehicle: vehicleAvailability.vehicle })
  if (stock.length > 0) await stockSpecifications(tx, [specification])
}
