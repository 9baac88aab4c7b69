import type { EventType } from '../domain/event.ts'
import { type BackOrderRow, updateBackOrder } from '../store/back-order.ts'
import type { Transaction } from '../store/database.ts'
import { recordEvent } from '../store/event.ts'
import { releasePayment } from '../store/payment-changes.ts'
import { allocateToWaiters, changeOutstanding, move } from '../store/stock.ts'
import { withdrawSurplus } from '../store/supply.ts'

/** Ends a back order that holds units on the shelf: a final state, its units to the queue, its demand withdrawn. */
export async function end(
  tx: Transaction,
  row: BackOrderRow,
  state: 'cancelled' | 'declined' | 'expired',
  type: EventType,
  actor: string,
  step: string,
  reason?: string,
): Promise<void> {
  const ended = await updateBackOrder(tx, row.number, { state, allocated: 0, deadline: null, ended: true })
  const details = { released: row.allocated, deadline_kind: row.deadline_kind }
  await recordBackOrder(tx, row, ended, type, actor, details, reason)
  if (row.state === 'waiting') await changeOutstanding(tx, row.sku, row.allocated - row.ordered)
  await release(tx, row, row.allocated, step)
  await withdrawSurplus(tx, row.sku, step)
  if (row.payment) await releasePayment(tx, row.payment, { actor, step })
}

/** Units come free: at once to the next in line, in this same transaction (A6). */
export async function release(
  tx: Transaction,
  row: BackOrderRow,
  quantity: number,
  step: string,
): Promise<void> {
  if (quantity === 0) return
  await move(tx, { sku: row.sku, kind: 'release', quantity, cause: row.number, step })
  await allocateToWaiters(tx, row.sku, step)
}

/** The event of a change of a back order; the customer is told where it is one to be told of. */
export async function recordBackOrder(
  tx: Transaction,
  before: BackOrderRow,
  now: BackOrderRow,
  type: EventType,
  actor: string,
  details: Record<string, unknown>,
  note?: string,
): Promise<void> {
  await recordEvent(tx, {
    number: now.number,
    sequence: now.version,
    type,
    actor,
    from: before.state,
    to: now.state,
    details,
    note: note ?? null,
    audience: { storefront: now.storefront, customer: now.customer },
  })
}
