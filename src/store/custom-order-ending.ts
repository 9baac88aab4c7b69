import { type CancelCause, CHOOSE_SECONDS, JUDGES, type TurnEnd } from '../domain/custom-order.ts'
import { after } from '../domain/period.ts'
import { Refusal } from '../domain/refusal.ts'
import { isOpenTo, type VehicleState } from '../domain/vehicle.ts'
import { type CustomOrderRow, tellPartner, updateCustomOrder } from './custom-order.ts'
import { actionsOf } from './custom-order-view.ts'
import type { Transaction } from './database.ts'
import { refund } from './order-money.ts'
import { productionStartOf } from './production.ts'
import { freezePointOf } from './schedule-view.ts'
import { lockVehicle, updateVehicle, type VehicleRow } from './vehicle.ts'

/** Who ended an order, what they wrote, and why it was. */
type CustomOrderEnd = { actor: string; step: string; note: string | null; because: CancelCause }

/**
 * The locked order comes to nothing (B10), until the freeze point: its vehicle leaves the bank, its buyer is refunded by the terms,
 * and whoever was sent it is told.
 *
 * @throws Refusal `freeze-point-passed`.
 */
export async function cancelCustomOrder(
  tx: Transaction,
  row: CustomOrderRow,
  end: CustomOrderEnd,
): Promise<void> {
  const { actor, step } = end
  const vehicle = row.state === 'accepted' ? await openVehicleOf(tx, row, 'cancel') : null
  if (vehicle) {
    await updateVehicle(
      tx,
      vehicle,
      { state: 'cancelled', slot: null, held_by: null, ended: true },
      {
        type: 'vehicle.cancelled',
        actor,
        step,
        details: { plant: vehicle.plant, period: vehicle.period },
      },
    )
  }
  await endCustomOrder(tx, row, vehicle?.state ?? null, end)
}

/**
 * The locked order itself is over: its buyer is refunded and told, and so is whoever was sent it. `vehicle` as for `refund`;
 * what becomes of that is the caller's.
 */
export async function endCustomOrder(
  tx: Transaction,
  row: CustomOrderRow,
  vehicle: VehicleState | null,
  { actor, step, note, because }: CustomOrderEnd,
): Promise<void> {
  const returned = await refund(tx, row, vehicle, { actor, step })
  let current = await updateCustomOrder(
    tx,
    row,
    { state: 'cancelled', deadline: null, ended: true },
    {
      type: 'custom_order.cancelled',
      actor,
      details: {
        because,
        ...(returned === null ? {} : { ...returned, currency: row.terms?.currency }),
      },
      note,
    },
  )
  // Before it was sent nobody knows of it, and after a refusal both were told already.
  if (row.state !== 'submitted' && row.state !== 'accepted') return
  const told = { because: because === 'written_off' || because === 'not_paid' ? because : null }
  for (const partner of JUDGES) current = await tellPartner(tx, current, partner, 'cancelled', told)
}

/** The dealer or the processor refuses the locked order, or somebody was silent for too long: its buyer chooses another dealer (B4). */
export async function refuseCustomOrder(
  tx: Transaction,
  row: CustomOrderRow,
  { by, actor, now, note }: { by: TurnEnd; actor: string; now: Date; note: string | null },
): Promise<void> {
  const deadline = { kind: 'choose', at: after(now, CHOOSE_SECONDS) } as const
  let current = await updateCustomOrder(
    tx,
    row,
    { state: 'refused', refused_by: by, deadline },
    {
      type: 'custom_order.refused',
      actor,
      details: { by, dealer: row.dealer, deadline_at: deadline.at },
      note,
    },
  )
  // Whoever did not refuse it has nothing more to do for it.
  for (const partner of JUDGES)
    if (partner !== by) current = await tellPartner(tx, current, partner, 'withdrawn', { because: by })
}

/** The order's vehicle, locked, as long as it may be changed or cancelled. */
export async function openVehicleOf(
  tx: Transaction,
  row: CustomOrderRow,
  verb: 'cancel' | 'reconfigure',
): Promise<VehicleRow> {
  const locked = row.vehicle === null ? undefined : await lockVehicle(tx, row.vehicle)
  if (!locked) throw new Error('an accepted custom order without its vehicle')
  const { row: vehicle } = locked
  const freeze = await freezePointOf(tx, vehicle)
  const frozen = freeze?.has_passed ?? false
  if (!isOpenTo(verb, { state: vehicle.state, frozen })) {
    const since = (frozen ? freeze?.at : await productionStartOf(tx, vehicle))?.toISOString()
    throw new Refusal(
      'freeze-point-passed',
      `The vehicle is ${vehicle.state}: since ${since} it can no longer be ${verb === 'cancel' ? 'cancelled' : 'changed'}.`,
      { state: vehicle.state, frozen_at: since, allowed_actions: await actionsOf(tx, row, vehicle) },
    )
  }
  return vehicle
}
