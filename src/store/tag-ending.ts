import type { Judge } from '../domain/custom-order.ts'
import type { VehicleState } from '../domain/vehicle.ts'
import type { Transaction } from './database.ts'
import { freeVehicle } from './match-offer.ts'
import { refund } from './order-money.ts'
import { lockVehicleOf, type TagRow, tellProcessor, updateTag } from './tag.ts'
import { updateVehicle, type VehicleRow } from './vehicle.ts'
import { setAvailability } from './vehicle-availability.ts'

/** Who ended a tag, and what they wrote. */
type TagEnd = { actor: string; note: string | null; step: string }

/** True once dealer and processor have heard of it: while the deposit is waited for, they have not. */
const isSent = ({ state }: TagRow) => state === 'pending' || state === 'confirmed'

/**
 * The locked tag is given up, or its deposit was not paid (REQUIREMENTS B11): the bank's record is the dealer's stock again
 * and the vehicle can be had, first of all by whoever waits for such a one. The buyer is refunded by the terms.
 */
export async function cancelTag(
  tx: Transaction,
  row: TagRow,
  { because, actor, note, step }: TagEnd & { because: 'asked' | 'no_deposit' },
): Promise<TagRow> {
  const vehicle = await lockVehicleOf(tx, row)
  await free(tx, vehicle, { actor, step })
  const paidBack = await refunded(tx, row, row.state === 'confirmed' ? vehicle.state : null, { actor, step })
  const told = await updateTag(
    tx,
    row,
    { state: 'cancelled', deadline: null, ended: true },
    { type: 'tag.cancelled', actor, note, details: { was: row.state, because, ...paidBack } },
  )
  if (!isSent(row)) return told
  const withdrawn = await tellDealer(tx, told, 'given_up')
  return tellProcessor(tx, withdrawn, 'cancelled')
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
  const paidBack = await refunded(tx, row, null, { actor, step })
  const told = await updateTag(
    tx,
    row,
    { state: 'sold', deadline: null, ended: true },
    { type: 'tag.sold', actor, note, details: { was: row.state, ...paidBack } },
  )
  return isSent(row) ? tellProcessor(tx, told, 'withdrawn') : told
}

/** The vehicle of the locked tag is written off: the buyer has everything back. What becomes of the vehicle is the caller's. */
export async function endAsWrittenOff(
  tx: Transaction,
  row: TagRow,
  { actor, note, step }: TagEnd,
): Promise<TagRow> {
  const paidBack = await refunded(tx, row, null, { actor, step })
  const told = await updateTag(
    tx,
    row,
    { state: 'cancelled', deadline: null, ended: true },
    { type: 'tag.cancelled', actor, note, details: { was: row.state, because: 'written_off', ...paidBack } },
  )
  if (!isSent(row)) return told
  return tellProcessor(tx, await tellDealer(tx, told, 'written_off'), 'withdrawn')
}

/** The processor refuses the locked tag, or somebody was silent for too long: the vehicle is free, and all is given back (B4, B8). */
export async function refuseTag(
  tx: Transaction,
  row: TagRow,
  { by, actor, note, step }: TagEnd & { by: Exclude<Judge, 'dealer'> | 'silence' },
): Promise<TagRow> {
  await free(tx, await lockVehicleOf(tx, row), { actor, step })
  const paidBack = await refunded(tx, row, null, { actor, step })
  const told = await updateTag(
    tx,
    row,
    { state: 'refused', refused_by: by, deadline: null, ended: true },
    { type: 'tag.refused', actor, note, details: { by, ...paidBack } },
  )
  const withdrawn = await tellDealer(tx, told, by === 'silence' ? 'silent' : 'refused')
  return by === 'processor' ? withdrawn : tellProcessor(tx, withdrawn, 'withdrawn')
}

/** Both records of the vehicle are undone, and it goes to whoever waits for such a one. */
async function free(
  tx: Transaction,
  vehicle: VehicleRow,
  { actor, step }: { actor: string; step: string },
): Promise<void> {
  const freed = await updateVehicle(
    tx,
    vehicle,
    { type: 'stock', buyer: null },
    { type: 'vehicle.untagged', actor, step },
  )
  await freeVehicle(tx, freed, step)
}

/** The refund as the event of the end says it. `vehicle` as for `refund`. */
async function refunded(
  tx: Transaction,
  row: TagRow,
  vehicle: VehicleState | null,
  change: { actor: string; step: string },
): Promise<object> {
  const outcome = await refund(tx, row, vehicle, change)
  return outcome ? { ...outcome, currency: row.currency } : {}
}

async function tellDealer(
  tx: Transaction,
  row: TagRow,
  because: 'given_up' | 'refused' | 'silent' | 'written_off',
): Promise<TagRow> {
  return updateTag(tx, row, {}, { type: 'tag.withdrawn', actor: 'house', details: { because } })
}
