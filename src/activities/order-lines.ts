import { type Command, refuseStale } from '../domain/command.ts'
import type { EventType } from '../domain/event.ts'
import { newNumber } from '../domain/number.ts'
import {
  choicesFor,
  type LineAnswer,
  type LineState,
  ORDER_ACTIONS,
  ORDER_TRANSITIONS,
  type OrderVerb,
} from '../domain/order.ts'
import { after, type Periods, periodFault } from '../domain/period.ts'
import { Refusal } from '../domain/refusal.ts'
import { allowed, may } from '../domain/states.ts'
import { insertBackOrder } from '../store/back-order.ts'
import type { Transaction } from '../store/database.ts'
import { planDelivery } from '../store/delivery.ts'
import { recordEvent } from '../store/event.ts'
import {
  lockOrder,
  type OrderLine,
  type OrderRow,
  orderLinesOf,
  updateOrder,
  updateOrderLine,
} from '../store/order.ts'
import { tellIfUnsourced } from '../store/promise.ts'
import {
  allocateToWaiters,
  changeOutstanding,
  drawPlace,
  type Level,
  lockStock,
  move,
} from '../store/stock.ts'
import { askForSupply, expectedDate, withdrawSurplus } from '../store/supply.ts'
import { together } from '../store/together.ts'
import { wake } from '../store/wake.ts'

/** An order under its locks: its row, its lines and their items by item code, the items' levels, the time. */
export type OpenedOrder = { order: OrderRow; lines: OrderLine[]; levels: Map<string, Level>; now: Date }

export async function openOrder(tx: Transaction, number: string): Promise<OpenedOrder> {
  // Sent together; the connection keeps the order, so the lines are read under the lock.
  const [locked, lines] = await together([lockOrder(tx, number), orderLinesOf(tx, number)])
  if (!locked) throw new Refusal('not-found', `There is no order ${number}.`)
  const levels = await lockStock(
    tx,
    lines.map((line) => line.sku),
  )
  return { order: locked.row, lines, levels, now: locked.now }
}

export function refuseUnless(order: OrderRow, verb: OrderVerb, asked: Command): void {
  refuseStale(asked, order)
  if (may(ORDER_TRANSITIONS, order.state, verb)) return
  throw new Refusal('state-conflict', `The order is ${order.state}.`, {
    state: order.state,
    allowed_actions: allowed(ORDER_TRANSITIONS, order.state, ORDER_ACTIONS),
  })
}

/** True once the offer's deadline is over, whether or not its expiry was carried out already. */
export function offerHasEnded({ order, now }: OpenedOrder): boolean {
  return order.state === 'offered' && order.deadline_at !== null && order.deadline_at <= now
}

/**
 * Promises a line what there is (A1). Free units belong to the queue first: a newcomer gets units only once no
 * waiter is left, also while a large receipt is still being handed out pass by pass. Where the queue will need all of
 * them there is nothing to hand out here: whoever brought the units does.
 */
export async function promiseLine(
  tx: Transaction,
  opened: OpenedOrder,
  line: OrderLine,
  step: string,
): Promise<void> {
  const level = opened.levels.get(line.sku)
  if (!level) throw new Error('the item has no stock row')
  let { free, outstanding } = level
  if (outstanding > 0 && free > outstanding) {
    const pass = await allocateToWaiters(tx, line.sku, step)
    free -= pass.units
    outstanding -= pass.units
  }
  const available = outstanding > 0 ? 0 : Math.min(free, line.ordered)
  const shortfall = line.ordered - available
  await move(tx, { sku: line.sku, kind: 'allocate', quantity: available, cause: opened.order.number, step })
  await setLine(tx, line, {
    available,
    shortfall,
    allocated: available,
    state: shortfall > 0 ? 'short' : 'met',
    expected_at: shortfall > 0 ? await expectedDate(tx, line.sku, shortfall) : null,
  })
}

/** Carries out the customer's answer for one short line (A3). */
export async function answerLine(
  tx: Transaction,
  { order, levels, now }: OpenedOrder,
  line: OrderLine,
  answer: LineAnswer,
  context: { index: number; waitMember: string; periods: Periods; actor: string; step: string },
): Promise<void> {
  const { periods, actor, step } = context
  const pointer = `/answers/${context.index}`
  const choices = line.state === 'short' ? choicesFor({ ...line, available: line.available ?? 0 }) : []
  if (!choices.includes(answer.choice)) {
    throw new Refusal(
      'choice-not-open',
      `Line ${line.line} is ${line.state}; ${answer.choice} is not open for it.`,
      {
        errors: [
          { pointer: `${pointer}/choice`, detail: `open for this line: ${choices.join(', ') || 'nothing'}` },
        ],
      },
    )
  }
  if (answer.choice === 'decline') return giveUpLine(tx, line, 'declined', step)
  if (answer.choice === 'take_available') return setLine(tx, line, { state: 'taken', choice: answer.choice })

  const wait = answer.wait_seconds ?? line.wait_seconds ?? periods.wait.default_seconds
  const hold = answer.hold_seconds ?? line.hold_seconds ?? periods.hold.default_seconds
  if (answer.wait_seconds !== null) refusePeriod(periods.wait, wait, `${pointer}/${context.waitMember}`)
  if (answer.hold_seconds !== null) refusePeriod(periods.hold, hold, `${pointer}/hold_period`)

  // Waiting for all of it takes what is held along; otherwise that ships now and only the rest is back-ordered.
  const taken = answer.choice === 'wait_for_all' ? line.allocated : 0
  const ordered = answer.choice === 'wait_for_all' ? line.ordered : line.ordered - line.allocated
  const lacking = ordered - taken
  const outstanding = levels.get(line.sku)?.outstanding ?? 0
  if (line.back_order_cap !== null && outstanding + lacking > line.back_order_cap) {
    throw new Refusal(
      'cap-reached',
      `At most ${line.back_order_cap} of ${line.sku} can be back-ordered; ${outstanding} are.`,
      { errors: [{ pointer: `${pointer}/choice`, detail: `${lacking} more would be back-ordered` }] },
    )
  }
  await setLine(tx, line, { state: 'back_ordered', choice: answer.choice, allocated: line.allocated - taken })
  const backOrder = await insertBackOrder(tx, {
    number: newNumber('backOrder'),
    order_number: order.number,
    line: line.line,
    sku: line.sku,
    storefront: order.storefront,
    customer: order.customer,
    ordered,
    shortfall: line.shortfall ?? lacking,
    allocated: taken,
    place: await drawPlace(tx, line.sku),
    deadline_at: after(now, wait),
    hold_seconds: hold,
    promised_at: line.expected_at,
    price_minor: line.price_minor,
    currency: line.currency,
  })
  await recordEvent(tx, {
    number: backOrder.number,
    sequence: backOrder.version,
    type: 'back_order.accepted',
    actor,
    from: null,
    to: backOrder.state,
    details: { order: order.number, ordered, allocated: taken, lacking, deadline_at: backOrder.deadline_at },
  })
  await changeOutstanding(tx, line.sku, lacking)
  // Units may have come free since the offer was made.
  await allocateToWaiters(tx, line.sku, step)
  await askForSupply(tx, line.sku, lacking, step)
  await tellIfUnsourced(tx, backOrder, step)
  await wake(tx, step, [`back-order/${backOrder.number}`])
}

function refusePeriod(period: Periods[keyof Periods], seconds: number, pointer: string): void {
  const fault = periodFault(period, seconds)
  if (fault)
    throw new Refusal('period-out-of-range', `A period ${fault}.`, { errors: [{ pointer, detail: fault }] })
}

/** Ends a line without a delivery: what was held for it goes to the next in line, in this same transaction (A6). */
export async function giveUpLine(
  tx: Transaction,
  line: OrderLine,
  state: LineState,
  step: string,
): Promise<void> {
  const held = line.allocated
  await setLine(tx, line, {
    state,
    allocated: 0,
    ...(state === 'declined' ? { choice: 'decline' as const } : {}),
  })
  if (held === 0) return
  await move(tx, { sku: line.sku, kind: 'release', quantity: held, cause: line.order_number, step })
  await allocateToWaiters(tx, line.sku, step)
  await withdrawSurplus(tx, line.sku, step)
}

/** Every line is decided: what is set aside leaves the inventory as one delivery, and the order ends. */
export async function settle(
  tx: Transaction,
  { order, lines }: OpenedOrder,
  actor: string,
  step: string,
): Promise<OrderRow> {
  const shipped = lines
    .filter((line) => line.allocated > 0)
    .map(({ sku, allocated }) => ({ sku, quantity: allocated }))
  for (const { sku, quantity } of shipped)
    await move(tx, { sku, kind: 'confirm', quantity, cause: order.number, step })
  for (const line of lines.filter((line) => line.allocated > 0)) await setLine(tx, line, { allocated: 0 })
  if (shipped.length > 0) {
    await planDelivery(tx, {
      order: order.number,
      back_order: null,
      storefront: order.storefront,
      customer: order.customer,
      ship_to: order.ship_to,
      deliver_on: null,
      lines: shipped,
      actor,
      step,
    })
  }
  return updateOrder(tx, order.number, { state: 'decided', deadline_at: null, ended: true })
}

export async function recordOrderEvent(
  tx: Transaction,
  before: OrderRow,
  now: OrderRow,
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

/** Writes a line's change to its row and to the copy that the transaction works with. */
async function setLine(
  tx: Transaction,
  line: OrderLine,
  set: Parameters<typeof updateOrderLine>[3],
): Promise<void> {
  await updateOrderLine(tx, line.order_number, line.line, set)
  Object.assign(line, set)
}
