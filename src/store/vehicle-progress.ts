import { sql } from 'drizzle-orm'
import { processOf } from '../domain/number.ts'
import { Refusal } from '../domain/refusal.ts'
import { isFinal } from '../domain/states.ts'
import { PROGRESS, type Progress, VEHICLE_TRANSITIONS } from '../domain/vehicle.ts'
import { lockCustomOrder, updateCustomOrder } from './custom-order.ts'
import { databaseFault, type Transaction } from './database.ts'
import { lockTag } from './tag.ts'
import { lockVehicle, readVehicle, updateVehicle, type VehicleRow } from './vehicle.ts'
import { wake } from './wake.ts'

/** What a plant or a dealer reports of a vehicle. `at` is when it happened there. */
export type Report = { vehicle: string; at: Date; actor: string; step: string }

/** The vehicle, locked after the order that it is for. */
export async function openVehicle(tx: Transaction, number: string): Promise<VehicleRow> {
  const known = await readVehicle(tx, number)
  if (known?.buyer?.startsWith('CO-')) await lockCustomOrder(tx, known.buyer)
  if (known?.buyer?.startsWith('TG-')) await lockTag(tx, known.buyer)
  const locked = await lockVehicle(tx, number)
  if (!locked) throw new Refusal('not-found', `There is no vehicle ${number}.`)
  return locked.row
}

/**
 * A stage of the vehicle's way (REQUIREMENTS B7). One that it has passed already, or is at, was reported twice or late:
 * nothing changes. With the last one the buyer's order is completed.
 *
 * @throws Refusal `state-conflict` when the vehicle was cancelled, or is not at the dealer's whom it shall leave.
 */
export async function advanceVehicle(
  tx: Transaction,
  stage: Progress,
  { vehicle, at, actor, step }: Report,
): Promise<VehicleRow> {
  const row = await openVehicle(tx, vehicle)
  const stages: readonly string[] = PROGRESS
  if (row.state !== 'cancelled' && stages.indexOf(row.state) >= stages.indexOf(stage)) return row
  if (row.state === 'cancelled' || (stage === 'delivered' && row.state !== 'at_dealer')) {
    throw new Refusal('state-conflict', `The vehicle is ${row.state}.`, { state: row.state })
  }
  if (stage === 'delivered' && !row.buyer?.startsWith('CO-')) {
    const way =
      row.buyer === null ? 'Its dealer says that it is sold' : `It is handed over under ${row.buyer}`
    throw new Refusal('state-conflict', `The vehicle is dealers' stock. ${way}.`, { state: row.state })
  }
  const changed = await updateVehicle(
    tx,
    row,
    { state: stage, ...(stage === 'delivered' ? { ended: true } : {}) },
    { type: `vehicle.${stage}`, actor, step, details: { at } },
  )
  if (stage === 'delivered') await completeOrder(tx, changed, actor)
  await wakeBuyer(tx, changed, step)
  return changed
}

/**
 * Bonds a VIN to the vehicle; the database sees to it that no other has it.
 *
 * @throws Refusal `vin-bonded` when the vehicle has another one, or another vehicle has this one.
 */
export async function bondVin(
  tx: Transaction,
  vin: string,
  { vehicle, at, actor, step }: Report,
): Promise<VehicleRow> {
  const row = await openVehicle(tx, vehicle)
  if (row.vin === vin) return row
  if (row.vin !== null) throw new Refusal('vin-bonded', 'This vehicle has another VIN.')
  if (isFinal(VEHICLE_TRANSITIONS, row.state))
    throw new Refusal('state-conflict', `The vehicle is ${row.state}.`, { state: row.state })
  try {
    const changed = await updateVehicle(
      tx,
      row,
      { vin },
      { type: 'vehicle.vin_assigned', actor, step, details: { at } },
    )
    await wakeBuyer(tx, changed, step)
    return changed
  } catch (error) {
    if (databaseFault(error)?.constraint === 'vehicles_vin')
      throw new Refusal('vin-bonded', 'Another vehicle has this VIN.')
    throw error
  }
}

/** Takes the VIN from the vehicle; only operators do, with a reason. */
export async function releaseVin(
  tx: Transaction,
  { vehicle, actor, step, reason }: Omit<Report, 'at'> & { reason: string },
): Promise<VehicleRow> {
  const row = await openVehicle(tx, vehicle)
  if (row.vin === null) throw new Refusal('state-conflict', 'The vehicle has no VIN.', { state: row.state })
  const changed = await updateVehicle(
    tx,
    row,
    { vin: null },
    { type: 'vehicle.vin_released', actor, step, note: reason },
  )
  await wakeBuyer(tx, changed, step)
  return changed
}

/**
 * Takes the slot from a vehicle that its plant did not build in its period: it waits for another one, at its old place. Only
 * operators do, with a reason.
 *
 * @throws Refusal `state-conflict` where that is not so.
 */
export async function releaseSlot(
  tx: Transaction,
  { vehicle, actor, step, reason }: Omit<Report, 'at'> & { reason: string },
): Promise<VehicleRow> {
  const row = await openVehicle(tx, vehicle)
  const { state, plant, period } = row
  const [late] = await tx.execute(
    sql`SELECT 1 FROM production_periods WHERE ordinal = ${period} AND ends_at <= now()`,
  )
  if (state !== 'scheduled' || !late)
    throw new Refusal('state-conflict', 'Its period is not over, or it was built.', { state })
  const changed = await updateVehicle(
    tx,
    row,
    { state: 'banked', slot: null },
    {
      type: 'vehicle.unscheduled',
      actor,
      step,
      details: { from: { plant, period }, to: null, held_by: row.held_by },
      note: reason,
    },
  )
  await wakeBuyer(tx, changed, step)
  return changed
}

async function completeOrder(tx: Transaction, { buyer }: VehicleRow, actor: string): Promise<void> {
  if (!buyer?.startsWith('CO-')) return
  const locked = await lockCustomOrder(tx, buyer)
  if (locked?.row.state !== 'accepted') return
  await updateCustomOrder(
    tx,
    locked.row,
    { state: 'completed', deadline: null, ended: true },
    { type: 'custom_order.completed', actor },
  )
}

/** Has the process of whoever the vehicle is for look at it. */
export async function wakeBuyer(tx: Transaction, { buyer }: VehicleRow, step: string): Promise<void> {
  if (buyer !== null) await wake(tx, step, [processOf(buyer)])
}
