import { DateTime } from 'luxon'
import {
  BACK_ORDER_ACTIONS,
  BACK_ORDER_TRANSITIONS,
  type BackOrderProgress,
  type BackOrderVerb,
} from '../domain/back-order.ts'
import { type Command, refuseStale } from '../domain/command.ts'
import { after, periodFault } from '../domain/period.ts'
import { deadlineRefusal, Refusal } from '../domain/refusal.ts'
import { allowed, may } from '../domain/states.ts'
import type { Links } from '../integrations/link.ts'
import {
  type BackOrderRow,
  backOrderProgress,
  lockBackOrder,
  progressOf,
  seeBackOrder,
  updateBackOrder,
} from '../store/back-order.ts'
import { backOrderView, viewOf } from '../store/back-order-view.ts'
import type { Database, Locked, Transaction } from '../store/database.ts'
import { readCommandBody, storeAnswer } from '../store/idempotency-key.ts'
import { type Address, insertAddress } from '../store/order.ts'
import { changePaymentDeadline, releasePayment } from '../store/payment-changes.ts'
import { readPeriods } from '../store/period.ts'
import { changeOutstanding } from '../store/stock.ts'
import { withdrawSurplus } from '../store/supply.ts'
import { wake } from '../store/wake.ts'
import { end, recordBackOrder, release } from './back-order-changes.ts'
import { askForPayment, carryOutConfirmation, confirmIfPaid } from './confirmation.ts'
import { changeDelivery, openDelivery } from './delivery-changes.ts'
import type { Steps } from './steps.ts'

/** The back order's own transactions (REQUIREMENTS A3, A6–A8): each locks the item's stock row, then the back order. */
export function createBackOrderActivities({
  db,
  steps,
  links,
}: {
  db: Database
  steps: Steps
  links: Links
}) {
  /** One command in one transaction: locks, refuses what is not legal now, does it, stores the answer. */
  async function carryOut<C extends Command & { number: string }>(
    asked: C,
    verb: BackOrderVerb,
    work: (tx: Transaction, locked: Locked<BackOrderRow>) => Promise<202 | void>,
  ): Promise<BackOrderProgress | null> {
    return steps.run(asked.command, async (tx) => {
      const locked = await open(tx, asked.number)
      refuseUnless(locked, verb, asked)
      const status = (await work(tx, locked)) ?? 200
      const seen = await seeBackOrder(tx, asked.number)
      if (!seen) throw new Error('the back order is gone')
      await storeAnswer(tx, asked.command, status, await viewOf(tx, seen.row))
      return progressOf(seen)
    })
  }

  return {
    /** The back order's row as its workflow sees it; null when there is no such back order. */
    async readBackOrder(number: string): Promise<BackOrderProgress | null> {
      return steps.seen(await backOrderProgress(db, number))
    },

    /** Fewer units at the same place (A3). What was set aside beyond them goes to the next in line. */
    async lowerBackOrder(
      asked: Command & { number: string; quantity: number },
    ): Promise<BackOrderProgress | null> {
      return carryOut(asked, 'lower', async (tx, { row, now }) => {
        if (asked.quantity >= row.ordered) {
          throw new Refusal(
            'quantity-not-lower',
            `${row.ordered} are ordered; the new quantity must be lower.`,
            { errors: [{ pointer: '/quantity', detail: `must be lower than ${row.ordered}` }] },
          )
        }
        const allocated = Math.min(row.allocated, asked.quantity)
        const isMet = allocated === asked.quantity
        const lowered = await updateBackOrder(tx, row.number, {
          state: isMet ? 'met' : 'waiting',
          ordered: asked.quantity,
          allocated,
          ...(isMet
            ? {
                deadline: { kind: 'hold', at: after(now, row.hold_seconds), from: now },
                wait_left_seconds: secondsLeft(row, now),
              }
            : {}),
        })
        await changeOutstanding(tx, row.sku, asked.quantity - allocated - (row.ordered - row.allocated))
        await recordBackOrder(tx, row, lowered, 'back_order.lowered', asked.actor, {
          ordered: asked.quantity,
          before: row.ordered,
          deadline_at: lowered.deadline_at,
          is_met: isMet,
        })
        await release(tx, row, row.allocated - allocated, asked.command)
        await withdrawSurplus(tx, row.sku, asked.command)
      })
    },

    /** Another end for the running clock (A7), within the house's longest period counted from the clock's start. */
    async changeBackOrderDeadline(
      asked: Command & { number: string; deadline_at: string },
    ): Promise<BackOrderProgress | null> {
      return carryOut(asked, 'change_deadline', async (tx, { row, now }) => {
        if (!row.deadline_kind || !row.deadline_from) throw new Error('an open back order without a deadline')
        const period = (await readPeriods(tx))[row.deadline_kind]
        const at = new Date(asked.deadline_at)
        if (at <= now) throw deadlineRefusal('The new deadline is in the past.')
        const seconds = (at.getTime() - row.deadline_from.getTime()) / 1_000
        const fault = periodFault({ ...period, min_seconds: 0 }, seconds)
        if (fault) throw deadlineRefusal(`The ${row.deadline_kind} period ${fault}.`)
        const changed = await updateBackOrder(tx, row.number, {
          state: row.state,
          deadline: { kind: row.deadline_kind, at },
        })
        await recordBackOrder(tx, row, changed, 'back_order.deadline_changed', asked.actor, {
          kind: row.deadline_kind,
          deadline_at: at,
          before: row.deadline_at,
        })
        if (row.deadline_kind === 'confirm' && row.payment) {
          await changePaymentDeadline(tx, row.payment, at, { actor: asked.actor, step: asked.command })
        }
      })
    },

    /** The customer wants the goods (A8): stops the hold and asks for the confirmation. */
    async requestDelivery(asked: Command & { number: string }): Promise<BackOrderProgress | null> {
      return carryOut(asked, 'request_delivery', async (tx, { row, now }) => {
        const { ship_to, deliver_on } = (await readCommandBody(tx, asked.command)) as DeliveryRequest
        const { hold, confirm } = await readPeriods(tx)
        refuseDate(deliver_on ?? null, row, now, hold.max_seconds)
        const at = after(now, confirm.default_seconds)
        const requested = await updateBackOrder(tx, row.number, {
          state: 'delivery_requested',
          deadline: { kind: 'confirm', at, from: now },
          ship_to: await insertAddress(tx, ship_to),
          deliver_on: deliver_on ?? null,
        })
        await recordBackOrder(tx, row, requested, 'back_order.delivery_requested', asked.actor, {
          quantity: row.ordered,
          deliver_on: deliver_on ?? null,
          deadline_at: at,
        })
      })
    },

    /**
     * The customer's last yes (A8). Where the house takes the payment it is asked for first, and the answer is 202: the
     * deadline runs on, and the confirmation is carried out once the money is authorised (B5).
     */
    async confirmBackOrder(asked: Command & { number: string }): Promise<BackOrderProgress | null> {
      return carryOut(asked, 'confirm', async (tx, { row }) => {
        const change = { actor: asked.actor, step: asked.command }
        if (await askForPayment(tx, links, row, change)) return 202
        await carryOutConfirmation(tx, row, null, change)
      })
    },

    /**
     * Follows what became of its payment (B5): what was paid in time is confirmed, and what was paid too late has expired;
     * what nobody wants any more, since units were taken back, is let go.
     */
    async settleConfirmation({
      number,
      step,
    }: {
      number: string
      step: string
    }): Promise<BackOrderProgress | null> {
      return steps.run(step, async (tx) => {
        const { row } = await open(tx, number)
        // The process may know it from before it was locked.
        const due = (await backOrderProgress(tx, number))?.payment_due
        if (due === 'release' && row.payment) {
          await releasePayment(tx, row.payment, { actor: 'house', step })
        } else if (due === 'confirm' && !(await confirmIfPaid(tx, row, step))) {
          await end(tx, row, 'expired', 'back_order.expired', 'house', step)
        }
        return backOrderProgress(tx, number)
      })
    },

    /** The customer's last no (A8): the goods go to the next in line. */
    async declineBackOrder(asked: Command & { number: string }): Promise<BackOrderProgress | null> {
      return carryOut(asked, 'decline', async (tx, { row }) => {
        await end(tx, row, 'declined', 'back_order.declined', asked.actor, asked.command)
      })
    },

    /**
     * The customer steps back (A8). Before the confirmation, and until the carrier knows of the parcel, at once; after
     * that the carrier has to give the parcel back first, and the answer is 202 with the state `cancelling`.
     */
    async cancelBackOrder(asked: Command & { number: string }): Promise<BackOrderProgress | null> {
      return steps.run(asked.command, async (tx) => {
        const locked = await open(tx, asked.number)
        const { row } = locked
        refuseUnless(locked, 'cancel', asked)
        // A cancellation in the Temporal UI comes without a request.
        const body = (await readCommandBody(tx, asked.command)) as { reason?: string } | undefined
        if (row.delivery) {
          const delivery = await openDelivery(tx, row.delivery)
          const change = { actor: asked.actor, step: asked.command, reason: body?.reason }
          await changeDelivery(tx, delivery, 'cancel', change)
          await wake(tx, asked.command, [`delivery/${row.delivery}`])
        } else {
          await end(tx, row, 'cancelled', 'back_order.cancelled', asked.actor, asked.command, body?.reason)
        }
        const view = await backOrderView(tx, asked.number)
        await storeAnswer(tx, asked.command, view?.state === 'cancelling' ? 202 : 200, view)
        return backOrderProgress(tx, asked.number)
      })
    },

    /**
     * A deadline's end (A7): the back order is over, its goods go to the next in line. Before its time nothing changes:
     * the workflow gets the row back and sleeps again.
     */
    async expireBackOrder({
      number,
      step,
    }: {
      number: string
      step: string
    }): Promise<BackOrderProgress | null> {
      return steps.run(step, async (tx) => {
        const { row, now } = await open(tx, number)
        // What was paid in time is confirmed, however late we learn that the deadline has passed.
        if (row.deadline_at && row.deadline_at <= now && !(await confirmIfPaid(tx, row, step))) {
          await end(tx, row, 'expired', 'back_order.expired', 'house', step)
        }
        return backOrderProgress(tx, number)
      })
    },
  }
}

/** The body of a delivery request, as the API checked it. `deliver_on` is a calendar day, YYYY-MM-DD. */
type DeliveryRequest = { ship_to: Address; deliver_on?: string | undefined }

async function open(tx: Transaction, number: string): Promise<Locked<BackOrderRow>> {
  const locked = await lockBackOrder(tx, number)
  if (!locked) throw new Refusal('not-found', `There is no back order ${number}.`)
  return locked
}

/** A passed deadline refuses everything but cancelling, also in the moment before its expiry is carried out. */
function refuseUnless({ row, now }: Locked<BackOrderRow>, verb: BackOrderVerb, asked: Command): void {
  refuseStale(asked, row)
  const facts = {
    state: row.state,
    allowed_actions: allowed(BACK_ORDER_TRANSITIONS, row.state, BACK_ORDER_ACTIONS),
  }
  if (!may(BACK_ORDER_TRANSITIONS, row.state, verb)) {
    throw new Refusal('state-conflict', `The back order is ${row.state}.`, facts)
  }
  if (verb !== 'cancel' && row.deadline_at && row.deadline_at <= now) {
    throw new Refusal(
      'deadline-passed',
      `The ${row.deadline_kind} deadline was ${row.deadline_at.toISOString()}.`,
      facts,
    )
  }
}

/** A delivery date is from today to the end of the house's longest hold, counted from when the goods were set aside. */
function refuseDate(deliverOn: string | null, row: BackOrderRow, now: Date, longestHold: number): void {
  if (deliverOn === null) return
  const today = DateTime.fromJSDate(now, { zone: 'utc' }).toISODate() ?? ''
  const last =
    DateTime.fromJSDate(after(row.deadline_from ?? now, longestHold), { zone: 'utc' }).toISODate() ?? ''
  if (deliverOn < today || deliverOn > last) {
    const detail = `The delivery date must be from ${today} to ${last}.`
    throw new Refusal('period-out-of-range', detail, { errors: [{ pointer: '/deliver_on', detail }] })
  }
}

function secondsLeft(row: BackOrderRow, now: Date): number {
  return row.deadline_at ? Math.max(0, Math.ceil((row.deadline_at.getTime() - now.getTime()) / 1_000)) : 0
}
