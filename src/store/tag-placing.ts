import { sql } from 'drizzle-orm'
import type { Wish } from '../domain/match.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Transaction } from './database.ts'
import { askForDeposit } from './order-money.ts'
import { termsFor } from './order-terms.ts'
import type { PayLinks } from './payment-changes.ts'
import { tags } from './schema.ts'
import { readStorefront } from './storefront.ts'
import { priceOf, recordTagEvent, submitTag, type TagRow, updateTag } from './tag.ts'
import { lockVehicle, updateVehicle, type VehicleRow } from './vehicle.ts'
import { type AvailabilityRow, readAvailability, setAvailability } from './vehicle-availability.ts'

/** A tag as it came in. */
export type NewTag = Pick<
  TagRow,
  'number' | 'vehicle' | 'storefront' | 'customer' | 'reference' | 'match_request'
> & { wish: Wish | null; actor: string; step: string }

/**
 * A buyer tags a vehicle (REQUIREMENTS B8): the bank's record is this buyer's from now on and nobody else can have it. The
 * deposit is asked for, or where none is taken the dealer and the order processor, all in this transaction. Of two buyers
 * the one who has the vehicle's lock first gets it.
 *
 * @throws Refusal `vehicle-taken`
 */
export async function placeTag(tx: Transaction, links: PayLinks, given: NewTag): Promise<TagRow> {
  const locked = await lockVehicle(tx, given.vehicle)
  const availability = locked && (await readAvailability(tx, given.vehicle))
  if (!locked || !availability) throw noSuchVehicle(given.vehicle)
  refuseTaken(availability, given.match_request)
  const { row: vehicle, now } = locked
  const { number, storefront, customer, actor, step } = given
  await updateVehicle(
    tx,
    vehicle,
    { type: 'retail', buyer: { number, storefront, customer } },
    { type: 'vehicle.tagged', actor, step },
  )
  await setAvailability(tx, vehicle.number, { state: 'tagged', tag: number })
  const [row] = await tx
    .insert(tags)
    .values({
      number,
      vehicle: vehicle.number,
      storefront,
      customer,
      reference: given.reference,
      match_request: given.match_request,
      dealer: vehicle.dealer,
      price_minor: vehicle.price_minor,
      currency: vehicle.currency,
      terms: await termsFor(tx, 'tag', vehicle.currency),
      takes_payment: (await readStorefront(tx, storefront))?.takes_payment ?? false,
      wish: given.wish ?? (await wishFor(tx, vehicle)),
      state: 'placed',
      version: 1,
    })
    .returning()
  if (!row) throw new Error('the tag was not stored')
  await recordTagEvent(tx, null, row, { type: 'tag.placed', actor, details: { vehicle: vehicle.number } })
  const deposit = await askForDeposit(tx, links, row, priceOf(row), { actor: 'house', step, now })
  if (!deposit) return submitTag(tx, row, now)
  const { payment, deadline_at } = deposit
  return updateTag(
    tx,
    row,
    { state: 'awaiting_deposit', deposit: payment, deadline: { kind: 'deposit', at: deadline_at } },
    { type: 'tag.deposit_requested', actor: 'house', details: { payment } },
  )
}

function noSuchVehicle(vehicle: string): Refusal {
  const detail = 'there is no such vehicle among those that dealers offer'
  return new Refusal('invalid-request', `${vehicle}: ${detail}.`, {
    errors: [{ pointer: '/vehicle', detail }],
  })
}

function refuseTaken(availability: AvailabilityRow, matchRequest: string | null): void {
  const { vehicle, state, match_request, offered_until } = availability
  if (state === 'available' || (state === 'offered' && match_request === matchRequest)) return
  const details = {
    tagged: 'another buyer has tagged it',
    offered: `it is kept for another buyer until ${offered_until?.toISOString()}`,
    sold: 'it is sold',
    withdrawn: 'its dealer offers it no longer',
    cancelled: 'it is not built',
  }
  throw new Refusal('vehicle-taken', `${vehicle} cannot be had: ${details[state]}.`, {
    vehicle,
    availability: state,
    ...(offered_until ? { until: offered_until.toISOString() } : {}),
  })
}

/** What somebody wishes who only said which vehicle: one that is as like it as possible. */
async function wishFor(tx: Transaction, vehicle: VehicleRow): Promise<Wish> {
  const [like] = await tx.execute<{ make: string; model: string; features: string[] }>(sql`
    SELECT m.make, m.model, to_jsonb(s.features) AS features
      FROM specifications s JOIN model_years m ON m.id = s.model_year WHERE s.fingerprint = ${vehicle.specification}`)
  if (!like) throw new Error('a vehicle without its specification')
  const { make, model, features } = like
  return {
    make,
    model,
    year: null,
    must_have: [],
    nice_to_have: features.map((feature) => ({ feature, weight: 1 })),
    exterior: null,
    interior: null,
    price: null,
    near: null,
    compared_with: { features, total: vehicle.price_minor, currency: vehicle.currency },
  }
}
