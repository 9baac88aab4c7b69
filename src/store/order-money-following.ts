import { type MoneyDue, undecided } from '../domain/custom-order.ts'
import type { Transaction } from './database.ts'
import {
  askForBalance,
  awaitedDeposit,
  isDepositHeld,
  type Payable,
  type Price,
  settleBalance,
  waitingFor,
} from './order-money.ts'
import type { PayLinks, PaymentChange } from './payment-changes.ts'

/**
 * How the locked row of a custom order or tag follows what became of its payments (REQUIREMENTS B5): what is to be done is
 * the same for both, and done by each in its own way.
 */

/** What is followed: who has said yes, and until when what is waited for. */
type Followed = Payable & {
  dealer_accepted: boolean
  processor_reference: string | null
  deadline_kind: string | null
  deadline_at: Date | null
}

/** What is noted of the money in the history of an order. */
type MoneyEvent =
  | 'deposit_requested'
  | 'deposit_held'
  | 'balance_requested'
  | 'balance_overdue'
  | 'balance_settled'

/** The kind of order, within one transaction. */
export type FollowingOrder<Row extends Followed> = {
  /** What is due now, as the row and its payments stand under the lock. */
  due(row: Row): Promise<MoneyDue | null>
  price(row: Row): Promise<Price>
  /** Changes the row, with the event that names the payment. */
  note(
    row: Row,
    set: { deposit?: string; balance?: string; deadline?: { kind: 'deposit'; at: Date } | null },
    event: MoneyEvent,
    about: { payment: string | null; actor: string },
  ): Promise<Row>
  /** The deposit is held: dealer and processor are asked. */
  send(row: Row): Promise<unknown>
  /** It is held, and everybody has accepted before. */
  confirm(row: Row): Promise<unknown>
  /** The deposit was not paid in time. */
  cancel(row: Row): Promise<unknown>
}

const HOUSE = 'house'

/**
 * Does what is due: a deposit that is held sends the order on, one that is gone is asked for again, and on arrival the balance
 * is. Whoever asks may know the row from before it was locked, so nothing but the locked row says what that is.
 */
export async function followMoney<Row extends Followed>(
  tx: Transaction,
  links: PayLinks,
  row: Row,
  order: FollowingOrder<Row>,
  { now, step }: { now: Date; step: string },
): Promise<void> {
  const change = { actor: HOUSE, step, now }
  switch (await order.due(row)) {
    case null:
      return
    case 'deposit_authorised':
      return followDeposit(tx, row, order, now)
    case 'deposit_gone': {
      const awaited = await awaitedDeposit(tx, links, row, change)
      if (awaited && awaited.payment !== row.deposit) {
        const { payment } = awaited
        const set = row.deadline_kind === 'deposit' ? waitingFor(awaited) : { deposit: payment }
        await order.note(row, set, 'deposit_requested', { payment, actor: HOUSE })
      } else if (awaited && awaited.deadline_at <= now) {
        await order.cancel(row)
      }
      return
    }
    case 'ask_balance': {
      const balance = await askForBalance(tx, links, row, await order.price(row), change)
      if (!balance) return
      // That the one before it was not paid in time is told to operators.
      const overdue = { payment: row.balance, actor: HOUSE }
      const current = row.balance === null ? row : await order.note(row, {}, 'balance_overdue', overdue)
      const { number: payment } = balance
      await order.note(current, { balance: payment }, 'balance_requested', { payment, actor: HOUSE })
    }
  }
}

/**
 * The deposit is held, or the time to pay it is over: what was held in time goes on, sent to whoever has to accept it, or
 * confirmed where everybody has. What was not is cancelled, and before that time waits.
 */
export async function followDeposit<Row extends Followed>(
  tx: Transaction,
  row: Row,
  order: FollowingOrder<Row>,
  now: Date,
): Promise<void> {
  if (await isDepositHeld(tx, row)) {
    if (undecided(row).length === 0) {
      await order.confirm(row)
    } else {
      const held = { payment: row.deposit, actor: HOUSE }
      await order.send(await order.note(row, { deadline: null }, 'deposit_held', held))
    }
  } else if (row.deadline_at && row.deadline_at <= now) {
    await order.cancel(row)
  }
}

/**
 * Lets the vehicle be handed over: all of it is paid, or the balance is `settled` at the dealer.
 *
 * @throws Refusal `balance-due` with what is to be paid.
 */
export async function settleAtHandover<Row extends Followed>(
  tx: Transaction,
  row: Row,
  order: FollowingOrder<Row>,
  settled: boolean,
  change: PaymentChange,
): Promise<Row> {
  const balance = await settleBalance(tx, row, await order.price(row), settled, change)
  if (!balance) return row
  const { number: payment } = balance
  return order.note(row, { balance: payment }, 'balance_settled', { payment, actor: change.actor })
}
