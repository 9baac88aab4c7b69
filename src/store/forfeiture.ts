import { sql } from 'drizzle-orm'
import { CUSTOM_ORDER_TRANSITIONS } from '../domain/custom-order.ts'
import { UNPAID } from '../domain/payment.ts'
import { Refusal } from '../domain/refusal.ts'
import { may } from '../domain/states.ts'
import { VEHICLE_TRANSITIONS } from '../domain/vehicle.ts'
import type { CustomOrderRow } from './custom-order.ts'
import { endCustomOrder } from './custom-order-ending.ts'
import { actionsOf } from './custom-order-view.ts'
import type { Transaction } from './database.ts'
import { freeVehicle } from './match-offer.ts'
import { openPayment } from './payment-changes.ts'
import { lockVehicle, updateVehicle, type VehicleRow } from './vehicle.ts'
import { insertAvailability } from './vehicle-availability.ts'

/** Who ends it, and what they wrote. */
type Forfeit = { actor: string; step: string; note: string }

/**
 * The buyer of the locked order does not pay the balance of a vehicle that has arrived (REQUIREMENTS B5, B10, P4): the order is
 * cancelled and refunded by its terms, and the vehicle is its dealer's stock, first of all for whoever waits for such a one.
 *
 * @throws Refusal `state-conflict` when the order is not accepted, its vehicle is not at the dealer, or the balance is not
 *   overdue.
 */
export async function forfeitCustomOrder(
  tx: Transaction,
  row: CustomOrderRow,
  { actor, step, note }: Forfeit,
): Promise<void> {
  const vehicle = row.vehicle === null ? undefined : (await lockVehicle(tx, row.vehicle))?.row
  const conflict = async (detail: string) =>
    new Refusal('state-conflict', detail, {
      state: row.state,
      allowed_actions: await actionsOf(tx, row, vehicle),
    })
  if (!vehicle || !may(CUSTOM_ORDER_TRANSITIONS, row.state, 'forfeit'))
    throw await conflict(`The custom order is ${row.state}.`)
  if (!may(VEHICLE_TRANSITIONS, vehicle.state, 'forfeit'))
    throw await conflict(`The vehicle is ${vehicle.state}, not at the dealer.`)
  if (!(await isOverdue(tx, row))) throw await conflict('The balance is not overdue.')
  await toStock(tx, vehicle, { actor, step })
  await endCustomOrder(tx, row, vehicle.state, { actor, step, note, because: 'not_paid' })
}

/**
 * True when the balance was asked for and not paid in time, nor since. Where the storefront takes the money we do not know of
 * it: then operators answer for that. The payment is locked: what is just being paid is not overdue.
 */
async function isOverdue(
  tx: Transaction,
  { number, balance, takes_payment }: CustomOrderRow,
): Promise<boolean> {
  if (!takes_payment) return true
  if (balance === null) return false
  const { row } = await openPayment(tx, balance)
  if (!UNPAID.includes(row.state)) return false
  const expired = await tx.execute(sql`
    SELECT 1 FROM payments WHERE pays_for = ${number} AND purpose = 'balance' AND state = 'expired' LIMIT 1`)
  return expired.length > 0
}

/** The vehicle can be had from now on as any other of its dealer's. */
async function toStock(
  tx: Transaction,
  vehicle: VehicleRow,
  { actor, step }: { actor: string; step: string },
): Promise<void> {
  const stock = await updateVehicle(
    tx,
    vehicle,
    { type: 'stock', buyer: null },
    { type: 'vehicle.forfeited', actor, step },
  )
  await insertAvailability(tx, [stock])
  await freeVehicle(tx, stock, step)
}
