import { BACK_ORDER_TRANSITIONS, type BackOrderState } from '../domain/back-order.ts'
import {
  DELIVERY_ACTIONS,
  DELIVERY_STATES,
  DELIVERY_TRANSITIONS,
  type DeliveryState,
  type DeliveryVerb,
  OPERATOR_DELIVERY_ACTIONS,
} from '../domain/delivery.ts'
import type { MovementKind } from '../domain/movement.ts'
import { Refusal } from '../domain/refusal.ts'
import { allowed, isFinal, may } from '../domain/states.ts'
import { lockBackOrder, updateBackOrder } from '../store/back-order.ts'
import type { Transaction } from '../store/database.ts'
import {
  type DeliveryRow,
  deliveryLinesOf,
  lockDelivery,
  readDelivery,
  updateDelivery,
} from '../store/delivery.ts'
import { recordEvent } from '../store/event.ts'
import { readOrder } from '../store/order.ts'
import { askForCapture, releasePayment } from '../store/payment-changes.ts'
import { allocateToWaiters, lockStock, move } from '../store/stock.ts'
import { withdrawSurplus } from '../store/supply.ts'
import { wake } from '../store/wake.ts'

/** Who changes a delivery, in which step, and what is to be remembered of it. */
export type DeliveryChange = {
  actor: string
  step: string
  tracking?: string
  /** The carrier's words for a failure; they stay in the row and the event's note. */
  failure?: string
  /** Why somebody decided so, in their words. */
  reason?: string | undefined
}

/** The delivery under its locks: the stock rows of its items, its back order if it has one, itself. */
export async function openDelivery(tx: Transaction, number: string): Promise<DeliveryRow> {
  const lines = await deliveryLinesOf(tx, number)
  await lockStock(
    tx,
    lines.map((line) => line.sku),
  )
  const known = await readDelivery(tx, number)
  if (known?.back_order) await lockBackOrder(tx, known.back_order)
  const delivery = await lockDelivery(tx, number)
  if (!delivery) throw new Refusal('not-found', `There is no delivery ${number}.`)
  return delivery
}

/**
 * Moves a delivery on, and with it its back order and, where units come back or are handed over, the books. The locks
 * of `openDelivery` are held. What is not legal in its state is refused.
 */
export async function changeDelivery(
  tx: Transaction,
  delivery: DeliveryRow,
  verb: DeliveryVerb,
  change: DeliveryChange,
): Promise<DeliveryRow> {
  if (!may(DELIVERY_TRANSITIONS, delivery.state, verb)) {
    const actions = change.actor.startsWith('operator:') ? OPERATOR_DELIVERY_ACTIONS : DELIVERY_ACTIONS
    throw new Refusal('state-conflict', `The delivery is ${delivery.state}.`, {
      state: delivery.state,
      allowed_actions: allowed(DELIVERY_TRANSITIONS, delivery.state, actions),
    })
  }
  const state = (DELIVERY_TRANSITIONS[delivery.state] as Record<string, DeliveryState>)[verb] as DeliveryState
  const changed = await updateDelivery(tx, delivery.number, {
    state,
    ...(change.tracking ? { tracking: change.tracking } : {}),
    ...(change.failure ? { failure: change.failure } : {}),
    begins_booking: verb === 'begin_booking',
    ...(verb === 'retry' ? { attempt: delivery.attempt + 1, tracking: null, failure: null } : {}),
    ended: isFinal(DELIVERY_TRANSITIONS, state),
  })
  const order = await readOrder(tx, delivery.order_number)
  if (!order) throw new Error('a delivery without its order')
  const audience = { storefront: order.storefront, customer: order.customer }
  await recordEvent(tx, {
    number: delivery.number,
    sequence: changed.version,
    type:
      verb === 'book'
        ? 'delivery.booked'
        : state === 'planned'
          ? 'delivery.retried'
          : DELIVERY_STATES[state].event,
    actor: change.actor,
    from: delivery.state,
    to: state,
    details: { order: delivery.order_number, back_order: delivery.back_order, attempt: changed.attempt },
    note: change.failure ?? change.reason ?? null,
    audience,
  })
  if (state === delivery.state) return changed
  await moveUnits(tx, delivery, state, change.step)
  await followWithBackOrder(tx, delivery, state, change, audience)
  return changed
}

/** What the change means for the books: units delivered are gone, units that come back go to the next in line. */
async function moveUnits(
  tx: Transaction,
  delivery: DeliveryRow,
  state: DeliveryState,
  step: string,
): Promise<void> {
  const kinds: Partial<Record<DeliveryState, MovementKind>> = {
    delivered: 'deliver',
    cancelled: 'recall',
    returned: 'return',
  }
  const kind = kinds[state]
  if (!kind) return
  for (const { sku, quantity } of await deliveryLinesOf(tx, delivery.number)) {
    await move(tx, { sku, kind, quantity, cause: delivery.number, step })
    if (kind === 'deliver') continue
    await allocateToWaiters(tx, sku, step)
    await withdrawSurplus(tx, sku, step)
  }
}

async function followWithBackOrder(
  tx: Transaction,
  delivery: DeliveryRow,
  state: DeliveryState,
  change: DeliveryChange,
  audience: { storefront: string; customer: string },
): Promise<void> {
  if (!delivery.back_order) return
  const follows =
    state === 'planned'
      ? { state: 'confirmed' as const, event: 'back_order.delivery_retried' as const }
      : DELIVERY_STATES[state].back_order
  if (!follows) return
  const locked = await lockBackOrder(tx, delivery.back_order)
  if (!locked) throw new Error('a delivery without its back order')
  const reachable = Object.values(BACK_ORDER_TRANSITIONS[locked.row.state]).flat() as BackOrderState[]
  if (!reachable.includes(follows.state)) {
    throw new Error(`a back order that is ${locked.row.state} cannot become ${follows.state}`)
  }
  const changed = await updateBackOrder(tx, delivery.back_order, {
    state: follows.state,
    // The units are the queue's again.
    ...(follows.state === 'cancelled' || follows.state === 'returned' ? { allocated: 0 } : {}),
    ended: isFinal(BACK_ORDER_TRANSITIONS, follows.state),
  })
  await recordEvent(tx, {
    number: changed.number,
    sequence: changed.version,
    type: follows.event,
    actor: change.actor,
    from: locked.row.state,
    to: changed.state,
    details: { delivery: delivery.number },
    note: change.reason ?? null,
    audience,
  })
  await wake(tx, change.step, [`back-order/${changed.number}`])
  if (changed.payment) await followWithPayment(tx, changed.payment, follows.state, change)
}

/** What the goods' way means for their payment (B5): taken when they leave, let go or given back when they are here again. */
async function followWithPayment(
  tx: Transaction,
  payment: string,
  state: BackOrderState,
  { actor, step }: DeliveryChange,
): Promise<void> {
  if (state === 'dispatched') await askForCapture(tx, payment, { actor, step })
  if (state === 'cancelled' || state === 'returned') await releasePayment(tx, payment, { actor, step })
}
