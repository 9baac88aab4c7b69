import { eq, sql } from 'drizzle-orm'
import { EVENTS, type EventType } from '../domain/event.ts'
import type { Wish } from '../domain/match.ts'
import { after } from '../domain/period.ts'
import { Refusal } from '../domain/refusal.ts'
import type { TagDeadline, TagProgress, TagState } from '../domain/tag.ts'
import { type Database, type Locked, type Transaction, transactionTime } from './database.ts'
import { readDealer } from './dealer.ts'
import { recordEvent } from './event.ts'
import { freeVehicle } from './match-offer.ts'
import { tags, vehicles } from './schema.ts'
import { lockVehicle, updateVehicle, type VehicleRow } from './vehicle.ts'
import { type AvailabilityRow, readAvailability, setAvailability } from './vehicle-availability.ts'

export type TagRow = typeof tags.$inferSelect

/** A tag as it came in. */
export type NewTag = Pick<
  TagRow,
  'number' | 'vehicle' | 'storefront' | 'customer' | 'reference' | 'match_request'
> & { wish: Wish | null; actor: string; step: string }

/**
 * A buyer tags a vehicle (REQUIREMENTS B8): the bank's record is this buyer's from now on, nobody else can have it, and the
 * dealer is asked whether it is there, all in this transaction. Of two buyers the one who has the vehicle's lock first
 * gets it.
 *
 * @throws Refusal `vehicle-taken`
 */
export async function placeTag(tx: Transaction, given: NewTag): Promise<TagRow> {
  const locked = await lockVehicle(tx, given.vehicle)
  const availability = locked && (await readAvailability(tx, given.vehicle))
  if (!locked || !availability) throw noSuchVehicle(given.vehicle)
  refuseTaken(availability, given.match_request)
  const { row: vehicle, now } = locked
  const dealer = await readDealer(tx, vehicle.dealer)
  if (!dealer) throw new Error('a vehicle without its dealer')
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
      dealer: dealer.id,
      price_minor: vehicle.price_minor,
      currency: vehicle.currency,
      wish: given.wish ?? (await wishFor(tx, vehicle)),
      state: 'pending',
      version: 1,
    })
    .returning()
  if (!row) throw new Error('the tag was not stored')
  await tellOf(tx, null, row, { type: 'tag.placed', actor, details: { vehicle: vehicle.number } })
  const deadline = { kind: 'answer', at: after(now, dealer.acknowledge_seconds) } as const
  return updateTag(
    tx,
    row,
    { deadline },
    { type: 'tag.sent', actor: 'house', details: { dealer: dealer.id, deadline_at: deadline.at } },
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

export async function readTag(db: Database | Transaction, number: string): Promise<TagRow | undefined> {
  const [row] = await db.select().from(tags).where(eq(tags.number, number))
  return row
}

/** The tag that has a vehicle, by the vehicle's number. */
export async function tagOf(db: Database, vehicle: string): Promise<string | undefined> {
  const [row] = await db
    .select({ number: tags.number })
    .from(vehicles)
    .innerJoin(tags, eq(tags.number, vehicles.buyer))
    .where(eq(vehicles.number, vehicle))
  return row?.number
}

/** The tag, locked; before its vehicle. */
export async function lockTag(tx: Transaction, number: string): Promise<Locked<TagRow> | undefined> {
  const [row] = await tx
    .select({ row: tags, now: transactionTime })
    .from(tags)
    .where(eq(tags.number, number))
    .for('no key update')
  return row
}

/** An event of a tag: its type says who is told. */
type TagEvent = {
  type: Extract<EventType, `tag.${string}`>
  actor: string
  details?: Record<string, unknown>
  note?: string | null
}

/** Moves the locked tag on, with its event. The version rises with every change. */
export async function updateTag(
  tx: Transaction,
  row: TagRow,
  set: {
    state?: TagState
    silent_since?: Date | null
    deadline?: { kind: TagDeadline; at: Date } | null
    ended?: true
  },
  event: TagEvent,
): Promise<TagRow> {
  const { deadline, ended, ...members } = set
  const [changed] = await tx
    .update(tags)
    .set({
      ...members,
      version: sql`${tags.version} + 1`,
      ...(deadline === undefined
        ? {}
        : { deadline_kind: deadline?.kind ?? null, deadline_at: deadline?.at ?? null }),
      ...(ended ? { ended_at: sql`now()` } : {}),
    })
    .where(eq(tags.number, row.number))
    .returning()
  if (!changed) throw new Error('the tag is gone')
  await tellOf(tx, row, changed, event)
  return changed
}

async function tellOf(
  tx: Transaction,
  before: TagRow | null,
  row: TagRow,
  { type, actor, details = {}, note = null }: TagEvent,
): Promise<void> {
  const { told } = EVENTS[type]
  const { number, version, state, storefront, customer, dealer } = row
  await recordEvent(tx, {
    number,
    sequence: version,
    type,
    actor,
    from: before?.state ?? null,
    to: state,
    details,
    note,
    ...(told === 'buyer' ? { audience: { storefront, customer } } : {}),
    ...(told === 'dealer' ? { audience: { channel: 'dealer', recipient: dealer } } : {}),
    ...(told === 'operators' ? { audience: { channel: 'operators', recipient: 'operators' } } : {}),
  })
}

/** Who ended a tag, and what they wrote. */
export type TagEnd = { actor: string; note: string | null; step: string }

/**
 * The buyer gives the locked tag up (REQUIREMENTS B11): the bank's record is the dealer's stock again and the vehicle can
 * be had, first of all by whoever waits for such a one.
 */
export async function cancelTag(
  tx: Transaction,
  row: TagRow,
  { actor, note, step }: TagEnd,
): Promise<TagRow> {
  const vehicle = await lockVehicleOf(tx, row)
  const freed = await updateVehicle(
    tx,
    vehicle,
    { type: 'stock', buyer: null },
    { type: 'vehicle.untagged', actor, step },
  )
  await freeVehicle(tx, freed, step)
  const told = await updateTag(
    tx,
    row,
    { state: 'cancelled', silent_since: null, deadline: null, ended: true },
    { type: 'tag.cancelled', actor, note, details: { was: row.state } },
  )
  return updateTag(tx, told, {}, { type: 'tag.withdrawn', actor: 'house' })
}

/** The dealer says that the vehicle of the locked tag is sold: it is the buyer's no longer, and nobody's who could have it here. */
export async function endAsSold(
  tx: Transaction,
  row: TagRow,
  { actor, note, step }: TagEnd,
): Promise<TagRow> {
  const vehicle = await lockVehicleOf(tx, row)
  await updateVehicle(tx, vehicle, { buyer: null }, { type: 'vehicle.sold', actor, step })
  await setAvailability(tx, vehicle.number, { state: 'sold' })
  return updateTag(
    tx,
    row,
    { state: 'sold', silent_since: null, deadline: null, ended: true },
    { type: 'tag.sold', actor, note, details: { was: row.state } },
  )
}

/** The vehicle of the locked tag, locked. */
export async function lockVehicleOf(tx: Transaction, { vehicle }: TagRow): Promise<VehicleRow> {
  const locked = await lockVehicle(tx, vehicle)
  if (!locked) throw new Error('a tag without its vehicle')
  return locked.row
}

/** True while somebody is to be told of the tag, or of the vehicle as long as it has it. */
const isUntoldOf = sql<boolean>`EXISTS (
  SELECT 1 FROM notifications n
   WHERE n.state = 'pending' AND n.number IN (tags.number, (SELECT v.number FROM vehicles v WHERE v.buyer = tags.number)))`

/** What the tag's workflow sees of it; null when there is no such tag. */
export async function tagProgress(db: Database | Transaction, number: string): Promise<TagProgress | null> {
  const [found] = await db.select({ row: tags, untold: isUntoldOf }).from(tags).where(eq(tags.number, number))
  if (!found) return null
  const { state, version, dealer, deadline_kind, deadline_at } = found.row
  return {
    number,
    state,
    version,
    untold: found.untold,
    dealer,
    deadline_kind,
    deadline_at: deadline_at?.toISOString() ?? null,
  }
}
