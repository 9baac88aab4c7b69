import { type SQL, sql } from 'drizzle-orm'
import { after } from '../domain/period.ts'
import { post, type Transaction } from './database.ts'
import { dealerOf, distanceTo } from './dealer.ts'
import { searchMatches } from './match.ts'
import {
  closeOffer,
  lockMatchRequest,
  type MatchRequestRow,
  offersTo,
  updateMatchRequest,
} from './match-request.ts'
import { matchOffers } from './schema.ts'
import { lockVehicle, updateVehicle, type VehicleRow } from './vehicle.ts'
import { readAvailability, setAvailability } from './vehicle-availability.ts'
import { wake } from './wake.ts'

/**
 * A vehicle that becomes free is offered, in the transaction that frees it, to the oldest match request that it fits and
 * that did not have it before; a request that begins to wait is offered the best of what can be had (REQUIREMENTS B8, B11).
 * The vehicle's lock is held, and then the request's is taken.
 */

/** Advisory locks by the hash of a model; nobody else uses this class. */
const MODELS = 6_203

/**
 * To the end of the transaction nobody begins to wait for a model of these specifications. Who frees vehicles holds it
 * beside others who do, who begins to wait holds it alone: of a vehicle and a request that come at the same moment the later
 * one sees the other. Who begins to wait then locks a vehicle that can be had: to lock such a one, take this before.
 */
export async function lockModelsOf(tx: Transaction, specifications: string[]): Promise<void> {
  await tx.execute(sql`
    SELECT pg_advisory_xact_lock_shared(${MODELS}, model)
      FROM (SELECT DISTINCT hashtext(m.make || '/' || m.model) AS model
              FROM specifications s JOIN model_years m ON m.id = s.model_year
             WHERE s.fingerprint IN (SELECT value FROM jsonb_array_elements_text(${JSON.stringify(specifications)}::jsonb))
             ORDER BY 1) AS models`)
}

/** Frees the locked vehicle: it is offered to whoever has waited longest for such a one, or else can be had by anybody. */
export async function freeVehicle(tx: Transaction, vehicle: VehicleRow, step: string): Promise<void> {
  await lockModelsOf(tx, [vehicle.specification])
  await setAvailability(tx, vehicle.number, { state: 'available' })
  await offerInTurn(tx, [vehicle], step)
}

/** Vehicles that nobody was ever offered: each, in turn, is offered to whoever has waited longest for such a one. */
export async function offerNewVehicles(tx: Transaction, vehicles: VehicleRow[], step: string): Promise<void> {
  await lockModelsOf(
    tx,
    vehicles.map(({ specification }) => specification),
  )
  await offerInTurn(tx, vehicles, step)
}

/** For so many vehicles at a time it is looked up who waits: one statement, however many do. */
const AT_A_TIME = 100

async function offerInTurn(tx: Transaction, vehicles: VehicleRow[], step: string): Promise<void> {
  for (let left = vehicles; left.length > 0; ) {
    const group = left.slice(0, AT_A_TIME)
    const oldest = await oldestFitting(tx, group)
    const taken = new Set<string>()
    const again: VehicleRow[] = []
    for (const vehicle of group) {
      const number = oldest(vehicle).find((request) => !taken.has(request))
      if (number === undefined) continue
      taken.add(number)
      const locked = await lockMatchRequest(tx, number)
      if (locked?.row.state === 'waiting') await offer(tx, vehicle, locked.row, locked.now, step)
      // Another vehicle may have come first, or its end: then the next one is looked for with newer eyes.
      else again.push(vehicle)
    }
    left = [...again, ...left.slice(AT_A_TIME)]
  }
}

/** Of what can be had already, the best that a match request did not have before is offered to it as it begins to wait. */
export async function offerBest(tx: Transaction, number: string, step: string): Promise<void> {
  const locked = await lockMatchRequest(tx, number)
  if (locked?.row.state !== 'waiting') return
  const { make, model, wish } = locked.row
  await tx.execute(
    sql`SELECT pg_advisory_xact_lock(${MODELS}, hashtext(${make}::text || '/' || ${model}::text))`,
  )
  const offers = await offersTo(tx, number)
  const had = new Set(offers.filter(({ outcome }) => outcome !== 'taken_back').map(({ vehicle }) => vehicle))
  for (;;) {
    const matches = await searchMatches(tx, wish, had.size + 1)
    const best = matches.find((match) => !had.has(match.number))
    if (!best) return
    const vehicle = await lockVehicle(tx, best.number)
    // Somebody else may have come first: then the next one is looked for with newer eyes.
    if (!vehicle || (await readAvailability(tx, best.number))?.state !== 'available') continue
    await offer(tx, vehicle.row, locked.row, locked.now, step)
    return
  }
}

async function offer(
  tx: Transaction,
  vehicle: VehicleRow,
  request: MatchRequestRow,
  now: Date,
  step: string,
): Promise<void> {
  const { match_seconds } = await dealerOf(tx, vehicle)
  const until = after(now, match_seconds)
  const { number: match_request } = request
  await post(
    tx,
    tx
      .insert(matchOffers)
      .values({ match_request, vehicle: vehicle.number, offered_at: now, until, outcome: 'open' })
      // Its dealer had taken it back.
      .onConflictDoUpdate({
        target: [matchOffers.match_request, matchOffers.vehicle],
        set: { offered_at: now, until, outcome: 'open' },
      }),
  )
  await setAvailability(tx, vehicle.number, { state: 'offered', match_request, offered_until: until })
  await updateVehicle(
    tx,
    vehicle,
    {},
    { type: 'vehicle.offered', actor: 'house', step, details: { match_request, deadline_at: until } },
  )
  await updateMatchRequest(
    tx,
    request,
    { state: 'offered', deadline: { kind: 'offer', at: until } },
    {
      type: 'match_request.offered',
      actor: 'house',
      details: { vehicle: vehicle.number, deadline_at: until },
    },
  )
  await wake(tx, step, [`match-request/${match_request}`])
}

const near = {
  latitude: sql`(r.wish #>> '{near,latitude}')`,
  longitude: sql`(r.wish #>> '{near,longitude}')`,
}
/**
 * True when a vehicle `v`, with its features as JSON, its make, model and year, and the place of its dealer, is to be offered
 * to a match request `r`. As `fits` has it.
 */
export const isFor: SQL = sql`(
  r.make = v.make AND r.model = v.model AND r.state = 'waiting' AND r.valid_until > now()
  AND (r.price_currency IS NULL
       OR r.price_currency = v.currency
          AND v.price_minor BETWEEN COALESCE(r.price_min, 0) AND COALESCE(r.price_max, v.price_minor))
  AND COALESCE(r.year, v.year) = v.year
  AND v.features @> (r.wish -> 'must_have')
  AND (r.wish #>> '{near,within_m}' IS NULL OR ${distanceTo(near, sql`v`)} <= (r.wish #>> '{near,within_m}')::integer)
  AND NOT EXISTS (SELECT 1 FROM match_offers o
                   WHERE o.match_request = r.number AND o.vehicle = v.number AND o.outcome <> 'taken_back'))`

/** The vehicles of these conditions, as `isFor` needs them. */
export const candidates = (which: SQL): SQL => sql`
  SELECT v.number, v.price_minor, v.currency, to_jsonb(s.features) AS features, m.make, m.model, m.year, d.latitude, d.longitude
    FROM vehicles v
    JOIN specifications s ON s.fingerprint = v.specification
    JOIN model_years m ON m.id = s.model_year
    JOIN dealers d ON d.id = v.dealer
   WHERE ${which}`

/**
 * The match requests that have waited longest of those that each of the vehicles fits and was not offered to yet: as many as
 * there are vehicles, so that one is left for the last. What fits one vehicle fits those that are like it.
 */
async function oldestFitting(
  tx: Transaction,
  vehicles: VehicleRow[],
): Promise<(vehicle: VehicleRow) => string[]> {
  const kinds = new Map(vehicles.map((vehicle) => [kindOf(vehicle), vehicle.number]))
  // Wrapped, so that nobody is looked for for other vehicles of the same dealers.
  const rows = await tx.execute<{ vehicle: string; requests: string[] }>(sql`
    WITH given AS MATERIALIZED (
      ${candidates(sql`v.number IN (SELECT value FROM jsonb_array_elements_text(${JSON.stringify([...kinds.values()])}::jsonb))`)}
    )
    SELECT v.number AS vehicle, oldest.requests
      FROM given v
      CROSS JOIN LATERAL (
             SELECT jsonb_agg(number ORDER BY place) AS requests
               FROM (SELECT r.number, r.place FROM match_requests r WHERE ${isFor}
                      ORDER BY r.place LIMIT ${vehicles.length}) AS fitting) AS oldest
     WHERE oldest.requests IS NOT NULL`)
  const requests = new Map(rows.map((row) => [row.vehicle, row.requests]))
  return (vehicle) => requests.get(kinds.get(kindOf(vehicle)) ?? '') ?? []
}

/** All of a vehicle that matters to a wish. */
function kindOf({ specification, dealer, price_minor, currency }: VehicleRow): string {
  return [specification, dealer, price_minor, currency].join()
}

/** Why an offered vehicle is not the buyer's: they do not want it or said nothing, or its dealer took it back. */
type OfferEnd = 'declined' | 'lapsed' | 'taken_back'

/**
 * The offer to the locked match request is over, and it waits on, or is over as well when its time has come. What becomes of
 * the vehicle is the caller's.
 */
export async function endOffer(
  tx: Transaction,
  request: MatchRequestRow,
  { outcome, actor, now, vehicle }: { outcome: OfferEnd; actor: string; now: Date; vehicle: string },
): Promise<MatchRequestRow> {
  await closeOffer(tx, request.number, outcome)
  const isOver = request.valid_until <= now
  const waiting = await updateMatchRequest(
    tx,
    request,
    { state: 'waiting', deadline: { kind: 'validity', at: request.valid_until } },
    { type: `match_request.${outcome}`, actor, details: { vehicle, is_over: isOver } },
  )
  if (!isOver) return waiting
  return updateMatchRequest(
    tx,
    waiting,
    { state: 'expired', deadline: null },
    { type: 'match_request.expired', actor: 'house' },
  )
}

/** The dealer has the locked vehicle no longer for the match request to which it is offered: another one is, or it waits on. */
export async function takeBackOffer(
  tx: Transaction,
  vehicle: string,
  { request, step }: { request: string; step: string },
): Promise<void> {
  const locked = await lockMatchRequest(tx, request)
  if (!locked) throw new Error('the match request is gone')
  await endOffer(tx, locked.row, { outcome: 'taken_back', actor: 'house', now: locked.now, vehicle })
  await offerBest(tx, request, step)
  await wake(tx, step, [`match-request/${request}`])
}
