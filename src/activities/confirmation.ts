import type { Links } from '../integrations/link.ts'
import { type BackOrderRow, updateBackOrder } from '../store/back-order.ts'
import type { Transaction } from '../store/database.ts'
import { planDelivery } from '../store/delivery.ts'
import type { PaymentRow } from '../store/payment.ts'
import {
  changePaymentDeadline,
  openPayment,
  type PaymentChange,
  releasePayment,
  requestPayment,
} from '../store/payment-changes.ts'
import { move } from '../store/stock.ts'
import { readStorefront } from '../store/storefront.ts'
import { recordBackOrder } from './back-order-changes.ts'

/** The confirmation of a back order (REQUIREMENTS A8), and its payment where the house takes it (B5). */

/**
 * Carries out the confirmation: the units leave the inventory and a delivery is planned, in one transaction. `payment` is
 * what it is paid by, where the house takes it.
 */
export async function carryOutConfirmation(
  tx: Transaction,
  row: BackOrderRow,
  payment: string | null,
  { actor, step }: PaymentChange,
): Promise<void> {
  if (!row.ship_to) throw new Error('a delivery was requested without an address')
  await move(tx, { sku: row.sku, kind: 'confirm', quantity: row.allocated, cause: row.number, step })
  const delivery = await planDelivery(tx, {
    order: row.order_number,
    back_order: row.number,
    storefront: row.storefront,
    customer: row.customer,
    ship_to: row.ship_to,
    deliver_on: row.deliver_on,
    lines: [{ sku: row.sku, quantity: row.allocated }],
    actor,
    step,
  })
  const confirmed = await updateBackOrder(tx, row.number, {
    state: 'confirmed',
    deadline: null,
    delivery,
    payment,
  })
  await recordBackOrder(tx, row, confirmed, 'back_order.confirmed', actor, {
    quantity: row.allocated,
    delivery,
  })
}

/**
 * Asks the customer for the price before the confirmation, if the house takes the payment: it is held when they pay, and
 * taken when the goods leave. False when there is nothing to pay. A second confirmation leads to the same payment, also
 * when the shop has changed its mind about payments since; to another one when it is about fewer units by now.
 */
export async function askForPayment(
  tx: Transaction,
  links: Links,
  row: BackOrderRow,
  change: PaymentChange,
): Promise<boolean> {
  const amount_minor = row.allocated * row.price_minor
  const known = row.payment === null ? undefined : (await openPayment(tx, row.payment)).row
  const asked = known && isWanted(known) ? known : undefined
  const takesPayment = asked !== undefined || (await readStorefront(tx, row.storefront))?.takes_payment
  if (!takesPayment || amount_minor === 0) return false
  if (!row.deadline_at) throw new Error('a confirmation without a deadline')
  // It stands from before units were taken back, and nobody has let go of it yet.
  if (asked && asked.amount_minor !== amount_minor) await releasePayment(tx, asked.number, change)
  else if (asked && asked.deadline_at?.getTime() !== row.deadline_at.getTime())
    await changePaymentDeadline(tx, asked.number, row.deadline_at, change)
  const { number } = await requestPayment(
    tx,
    links,
    {
      pays_for: row.number,
      purpose: 'confirmation',
      amount_minor,
      currency: row.currency,
      storefront: row.storefront,
      customer: row.customer,
      deadline_at: row.deadline_at,
      capture: 'when_asked',
    },
    change,
  )
  if (number === row.payment) return true
  const updated = await updateBackOrder(tx, row.number, { state: row.state, payment: number })
  await recordBackOrder(tx, row, updated, 'back_order.payment_requested', change.actor, {
    payment: number,
    amount_minor,
    currency: row.currency,
  })
  return true
}

/** Carries the confirmation out if its payment was authorised before the deadline; false when it was not. */
export async function confirmIfPaid(tx: Transaction, row: BackOrderRow, step: string): Promise<boolean> {
  if (row.state !== 'delivery_requested' || !row.payment) return false
  const { row: payment } = await openPayment(tx, row.payment)
  if (payment.state !== 'authorised' || !payment.authorised_at || !row.deadline_at) return false
  if (payment.authorised_at > row.deadline_at) return false
  await carryOutConfirmation(tx, row, row.payment, { actor: 'house', step })
  return true
}

/** It can be paid still, or was. */
function isWanted({ withdrawn, state }: PaymentRow): boolean {
  return !withdrawn && state !== 'expired'
}
