import { and, asc, eq, gt } from 'drizzle-orm'
import { z } from 'zod'
import { Refusal } from '../domain/refusal.ts'
import { allowed, may } from '../domain/states.ts'
import {
  AVAILABILITY_TRANSITIONS,
  type AvailabilityState,
  type AvailabilityVerb,
  STOCK_VEHICLE_ACTIONS,
} from '../domain/vehicle.ts'
import type { Database, Transaction } from './database.ts'
import { freeVehicle, lockModelsOf, offerNewVehicles, takeBackOffer } from './match-offer.ts'
import { OfferedVehicle, offeredVehicles } from './offered-vehicle.ts'
import { Instant } from './order-view.ts'
import { vehicleAvailability, vehicles } from './schema.ts'
import { listVehicles, lockVehicle, updateVehicle, type VehicleRow } from './vehicle.ts'
import { type AvailabilityRow, readAvailability, setAvailability } from './vehicle-availability.ts'

export const AvailabilityName = z.enum(
  Object.keys(AVAILABILITY_TRANSITIONS) as [AvailabilityState, ...AvailabilityState[]],
)

/** A vehicle of a dealer's stock as the dealer and operators see it. */
export const StockVehicleView = OfferedVehicle.extend({
  version: z.int(),
  vin: z.string().nullable(),
  availability: z.object({
    state: AvailabilityName,
    tag: z.string().nullable().meta({ description: 'The tag that has it' }),
    match_request: z
      .string()
      .nullable()
      .meta({ description: 'The match request for which it is kept, and until when' }),
    until: Instant.nullable(),
  }),
  allowed_actions: z.array(z.enum(STOCK_VEHICLE_ACTIONS)),
  listed_at: Instant,
}).meta({ id: 'StockVehicle' })
export type StockVehicleView = z.infer<typeof StockVehicleView>

type Listed = { availability: AvailabilityRow; version: number; vin: string | null }

/** Vehicles of dealers' stock in the order of their numbers. */
export async function listStockVehicles(
  db: Database | Transaction,
  find: {
    dealer: string | undefined
    state: AvailabilityState | undefined
    number?: string
    after: string
    limit: number
  },
): Promise<StockVehicleView[]> {
  const { dealer, state, number, after, limit } = find
  const rows = await db
    .select({ availability: vehicleAvailability, version: vehicles.version, vin: vehicles.vin })
    .from(vehicleAvailability)
    .innerJoin(vehicles, eq(vehicles.number, vehicleAvailability.vehicle))
    .where(
      and(
        gt(vehicleAvailability.vehicle, after),
        dealer === undefined ? undefined : eq(vehicleAvailability.dealer, dealer),
        state === undefined ? undefined : eq(vehicleAvailability.state, state),
        number === undefined ? undefined : eq(vehicleAvailability.vehicle, number),
      ),
    )
    .orderBy(asc(vehicleAvailability.vehicle))
    .limit(limit)
  const offered = await offeredVehicles(
    db,
    rows.map(({ availability }) => availability.vehicle),
  )
  return rows.flatMap((row) => {
    const vehicle = offered.get(row.availability.vehicle)
    return vehicle ? [viewOf(vehicle, row)] : []
  })
}

export async function stockVehicleView(
  db: Database | Transaction,
  number: string,
): Promise<StockVehicleView | undefined> {
  const any = { dealer: undefined, state: undefined, after: '', limit: 1 }
  return (await listStockVehicles(db, { ...any, number }))[0]
}

function viewOf(vehicle: OfferedVehicle, { availability, version, vin }: Listed): StockVehicleView {
  const { state, tag, match_request, offered_until, listed_at } = availability
  return {
    ...vehicle,
    version,
    vin,
    availability: { state, tag, match_request, until: offered_until?.toISOString() ?? null },
    allowed_actions: allowed(AVAILABILITY_TRANSITIONS, state, STOCK_VEHICLE_ACTIONS),
    listed_at: listed_at.toISOString(),
  }
}

/**
 * Puts vehicles on dealers' lots (REQUIREMENTS B8); each is offered to whoever waits for such a one. Returns those that were
 * stored: one whose VIN is that of another vehicle is not.
 */
export async function addToLots(
  tx: Transaction,
  given: Parameters<typeof listVehicles>[1],
  { actor, step }: { actor: string; step: string },
): Promise<VehicleRow[]> {
  const rows = await listVehicles(tx, given, actor)
  await offerNewVehicles(tx, rows, step)
  return rows
}

/** What a dealer asks for, and who asks. */
type Asked = { number: string; actor: string; step: string }

/** Another asking price, as long as it is nobody's. It may fit now what somebody waits for. */
export async function priceStockVehicle(
  tx: Transaction,
  { number, actor, step }: Asked,
  price: { amount: number; currency: string },
): Promise<void> {
  const before = await readAvailability(tx, number)
  if (before?.state === 'available') await lockModelsOf(tx, [before.specification])
  const { row } = await open(tx, number, 'price')
  if (row.currency !== price.currency) {
    const detail = `must be ${row.currency}, as the prices of its model year are`
    throw new Refusal('invalid-request', `The currency ${detail}.`, {
      errors: [{ pointer: '/price/currency', detail }],
    })
  }
  const details = { before: row.price_minor, after: price.amount, currency: price.currency }
  const priced = await updateVehicle(
    tx,
    row,
    { price_minor: price.amount },
    { type: 'vehicle.priced', actor, step, details },
  )
  await freeVehicle(tx, priced, step)
}

/** The dealer offers it no longer. */
export async function withdrawStockVehicle(tx: Transaction, { number, actor, step }: Asked): Promise<void> {
  const { row, availability } = await open(tx, number, 'withdraw')
  await updateVehicle(tx, row, {}, { type: 'vehicle.withdrawn', actor, step })
  await setAvailability(tx, number, { state: 'withdrawn' })
  await takeBack(tx, availability, step)
}

/** The dealer sold it to somebody who did not tag it. */
export async function sellStockVehicle(tx: Transaction, { number, actor, step }: Asked): Promise<void> {
  const { row, availability } = await open(tx, number, 'sell')
  await updateVehicle(tx, row, { type: 'retail' }, { type: 'vehicle.sold', actor, step })
  await setAvailability(tx, number, { state: 'sold' })
  await takeBack(tx, availability, step)
}

/** It can be had again: it was withdrawn, or the sale came to nothing. First of all by whoever waits for such a one. */
export async function relistStockVehicle(tx: Transaction, { number, actor, step }: Asked): Promise<void> {
  const { row, availability } = await open(tx, number, 'list')
  if (row.ended_at !== null) throw conflict(`The vehicle is ${row.state}.`, availability.state)
  const listed = await updateVehicle(tx, row, { type: 'stock' }, { type: 'vehicle.listed', actor, step })
  await freeVehicle(tx, listed, step)
}

async function takeBack(
  tx: Transaction,
  { vehicle, match_request: request }: AvailabilityRow,
  step: string,
): Promise<void> {
  if (request !== null) await takeBackOffer(tx, vehicle, { request, step })
}

/** The vehicle, locked, if that may be done with it. */
async function open(
  tx: Transaction,
  number: string,
  verb: AvailabilityVerb,
): Promise<{ row: VehicleRow; availability: AvailabilityRow }> {
  const locked = await lockVehicle(tx, number)
  const availability = locked && (await readAvailability(tx, number))
  if (!locked || !availability)
    throw new Refusal('not-found', `There is no vehicle ${number} of dealers' stock.`)
  if (may(AVAILABILITY_TRANSITIONS, availability.state, verb)) return { row: locked.row, availability }
  const { state, tag } = availability
  throw conflict(
    tag === null ? `The vehicle is ${state}.` : `The tag ${tag} has the vehicle: answer that.`,
    state,
  )
}

function conflict(detail: string, state: AvailabilityState): Refusal {
  return new Refusal('state-conflict', detail, {
    state,
    allowed_actions: allowed(AVAILABILITY_TRANSITIONS, state, STOCK_VEHICLE_ACTIONS),
  })
}
