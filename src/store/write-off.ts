import { Refusal } from '../domain/refusal.ts'
import { may } from '../domain/states.ts'
import { VEHICLE_TRANSITIONS } from '../domain/vehicle.ts'
import { lockCustomOrder } from './custom-order.ts'
import { endCustomOrder } from './custom-order-ending.ts'
import type { Transaction } from './database.ts'
import { takeBackOffer } from './match-offer.ts'
import { askForRun } from './schedule-request.ts'
import { lockTag } from './tag.ts'
import { endAsWrittenOff } from './tag-ending.ts'
import { updateVehicle, type VehicleRow } from './vehicle.ts'
import { readAvailability, setAvailability } from './vehicle-availability.ts'
import { openVehicle, wakeBuyer } from './vehicle-progress.ts'

/** What operators say of a vehicle. */
type WriteOff = { vehicle: string; actor: string; step: string; reason: string }

/**
 * The vehicle was scrapped, wrecked or lost, and nobody will ever have it (REQUIREMENTS B6, B10, B11, P4). Whoever it was for
 * has everything back; a match request for which it was kept waits on; nobody is offered it any more, and a slot that it
 * still had goes to the next one.
 *
 * @throws Refusal `not-found`; `state-conflict` when it has no slot yet, or is handed over or cancelled.
 */
export async function writeOff(
  tx: Transaction,
  { vehicle: number, actor, step, reason }: WriteOff,
): Promise<VehicleRow> {
  const row = await openVehicle(tx, number)
  const { state, plant, period } = row
  if (!may(VEHICLE_TRANSITIONS, state, 'write_off')) {
    const hint = state === 'banked' ? ' It has no slot yet: cancel what it is for.' : ''
    throw new Refusal('state-conflict', `The vehicle is ${state}.${hint}`, { state })
  }
  await takeFromSale(tx, number, step)
  const isTagged = row.buyer?.startsWith('TG-') ?? false
  const changed = await updateVehicle(
    tx,
    row,
    {
      state: 'cancelled',
      slot: null,
      held_by: null,
      ended: true,
      // A custom order keeps its vehicle; what was tagged is its dealer's stock again, as where a tag ends otherwise.
      ...(isTagged ? { type: 'stock', buyer: null } : {}),
    },
    {
      type: 'vehicle.written_off',
      actor,
      step,
      details: { plant, period },
      // What is written of a tag is kept with it, where it is found when its buyer is erased.
      note: isTagged ? null : reason,
    },
  )
  // For a scheduled one that is done already.
  if (plant !== null && state !== 'scheduled') await askForRun(tx, step, 'the bank changed')
  await endWhatItIsFor(tx, row, { actor, step, note: reason })
  await wakeBuyer(tx, row, step)
  return changed
}

/** Nobody can have it from now on, also who has it kept for them. */
async function takeFromSale(tx: Transaction, number: string, step: string): Promise<void> {
  const availability = await readAvailability(tx, number)
  if (!availability) return
  await setAvailability(tx, number, { state: 'cancelled' })
  const { match_request: request } = availability
  if (request !== null) await takeBackOffer(tx, number, { request, step })
}

async function endWhatItIsFor(
  tx: Transaction,
  { buyer }: VehicleRow,
  end: { actor: string; step: string; note: string },
): Promise<void> {
  const order = buyer?.startsWith('CO-') ? await lockCustomOrder(tx, buyer) : undefined
  if (order) await endCustomOrder(tx, order.row, null, { ...end, because: 'written_off' })
  const tag = buyer?.startsWith('TG-') ? await lockTag(tx, buyer) : undefined
  if (tag) await endAsWrittenOff(tx, tag.row, end)
}
