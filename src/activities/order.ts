import type { Command } from '../domain/command.ts'
import type { LineAnswer, OrderProgress } from '../domain/order.ts'
import { after, type Period, periodFault } from '../domain/period.ts'
import { deadlineRefusal, Refusal } from '../domain/refusal.ts'
import type { Database, Transaction } from '../store/database.ts'
import { readCommandBody, storeAnswer } from '../store/idempotency-key.ts'
import { orderProgress, updateOrder } from '../store/order.ts'
import { orderView } from '../store/order-view.ts'
import { readPeriods } from '../store/period.ts'
import { together } from '../store/together.ts'
import {
  answerLine,
  giveUpLine,
  offerHasEnded,
  openOrder,
  promiseLine,
  recordOrderEvent,
  refuseUnless,
  settle,
} from './order-lines.ts'
import type { Steps } from './steps.ts'

/** The order's own transactions (REQUIREMENTS A1–A3, A7): each locks the order, then the stock of its items. */
export function createOrderActivities({ db, steps }: { db: Database; steps: Steps }) {
  return {
    /** The order's row as its workflow sees it; null when there is no such order. */
    async readOrder(number: string): Promise<OrderProgress | null> {
      return steps.seen(await orderProgress(db, number))
    },

    /**
     * Checks each line under its item's lock and sets aside what there is (A1). With a short line the order is
     * offered (A2); otherwise it is decided and goes to delivery. Placed before, it is left as it is.
     */
    async placeOrder({ number, step }: { number: string; step: string }): Promise<OrderProgress | null> {
      return steps.run(step, async (tx) => {
        const [opened, { offer, wait }] = await together([openOrder(tx, number), readPeriods(tx)])
        const { order, lines, now } = opened
        if (order.state !== 'received') return orderProgress(tx, number)
        for (const line of lines) await promiseLine(tx, opened, line, step)
        const isShort = lines.some((line) => line.state === 'short')
        const deadline_at = after(now, order.offer_seconds ?? offer.default_seconds)
        const placed = isShort
          ? await updateOrder(tx, number, { state: 'offered', deadline_at })
          : await settle(tx, opened, 'house', step)
        await recordOrderEvent(tx, order, placed, isShort ? 'order.offered' : 'order.placed', 'house', {
          lines: lines.map(({ line, sku, ordered, available, shortfall }) => ({
            line,
            sku,
            ordered,
            available,
            shortfall,
          })),
          ...(isShort ? { deadline_at } : {}),
        })
        return answered(tx, order.command, 201, number, wait)
      })
    },

    /** The customer's choice for some or all of the short lines (A3); the last one decides the order. */
    async answerOffer(
      asked: Command & { number: string; answers: LineAnswer[] },
    ): Promise<OrderProgress | null> {
      const { number, command, actor } = asked
      return steps.run(command, async (tx) => {
        const [opened, periods] = await together([openOrder(tx, number), readPeriods(tx)])
        const { order, lines } = opened
        if (offerHasEnded(opened)) {
          throw new Refusal('offer-ended', `The offer ended at ${order.deadline_at?.toISOString()}.`)
        }
        refuseUnless(order, 'answer', asked)
        const given = (await readCommandBody(tx, command)) as AnswersBody
        // In the order of the items, as their locks were taken; errors still point to the answer as it was sent.
        for (const line of lines) {
          const index = asked.answers.findIndex((answer) => answer.line === line.line)
          const answer = asked.answers[index]
          const waitMember = given.answers[index]?.wait_until === undefined ? 'wait_period' : 'wait_until'
          if (answer)
            await answerLine(tx, opened, line, answer, { index, waitMember, periods, actor, step: command })
        }
        const strangers = asked.answers.flatMap((answer, index) =>
          lines.some((line) => line.line === answer.line)
            ? []
            : [{ pointer: `/answers/${index}/line`, detail: `the order has no line ${answer.line}` }],
        )
        if (strangers.length > 0)
          throw new Refusal('invalid-request', 'An answer is for no line.', { errors: strangers })
        const isShort = lines.some((line) => line.state === 'short')
        const changed = isShort
          ? await updateOrder(tx, number, { state: 'offered' })
          : await settle(tx, opened, actor, command)
        await recordOrderEvent(tx, order, changed, 'order.answered', actor, {
          answers: asked.answers.map(({ line, choice }) => ({ line, choice })),
        })
        return answered(tx, command, 200, number, periods.wait)
      })
    },

    /** The offer stands for longer or shorter, within the house's limits (A7). */
    async changeOfferDeadline(
      asked: Command & { number: string; deadline_at: string },
    ): Promise<OrderProgress | null> {
      const { number, command, actor } = asked
      return steps.run(command, async (tx) => {
        const opened = await openOrder(tx, number)
        const { order, now } = opened
        if (offerHasEnded(opened)) {
          throw new Refusal('offer-ended', `The offer ended at ${order.deadline_at?.toISOString()}.`)
        }
        refuseUnless(order, 'change_deadline', asked)
        const { offer, wait } = await readPeriods(tx)
        const deadline_at = new Date(asked.deadline_at)
        if (deadline_at <= now) throw deadlineRefusal('The new deadline is in the past.')
        const fault = periodFault(offer, (deadline_at.getTime() - order.created_at.getTime()) / 1_000)
        if (fault) throw deadlineRefusal(`The offer's period, counted from the order, ${fault}.`)
        const changed = await updateOrder(tx, number, { state: order.state, deadline_at })
        await recordOrderEvent(tx, order, changed, 'order.deadline_changed', actor, {
          deadline_at,
          before: order.deadline_at,
        })
        return answered(tx, command, 200, number, wait)
      })
    },

    /** Gives up all that is set aside and undecided; back orders accepted before go on under their own numbers. */
    async cancelOrder(asked: Command & { number: string }): Promise<OrderProgress | null> {
      const { number, command, actor } = asked
      return steps.run(command, async (tx) => {
        const opened = await openOrder(tx, number)
        refuseUnless(opened.order, 'cancel', asked)
        for (const line of opened.lines) {
          if (line.state === 'short' || line.allocated > 0) await giveUpLine(tx, line, 'cancelled', command)
        }
        const cancelled = await updateOrder(tx, number, {
          state: 'cancelled',
          deadline_at: null,
          ended: true,
        })
        // A cancellation in the Temporal UI comes without a request.
        const body = (await readCommandBody(tx, command)) as { reason?: string } | undefined
        await recordOrderEvent(tx, opened.order, cancelled, 'order.cancelled', actor, {}, body?.reason)
        const { wait } = await readPeriods(tx)
        return answered(tx, command, 200, number, wait)
      })
    },

    /**
     * The offer's end: a line without an answer counts as declined, what was held for it goes to the next in line, the
     * other lines go on (A3). Before its time nothing changes: the workflow gets the row back and sleeps again.
     */
    async expireOffer({ number, step }: { number: string; step: string }): Promise<OrderProgress | null> {
      return steps.run(step, async (tx) => {
        const opened = await openOrder(tx, number)
        const { order, lines } = opened
        if (!offerHasEnded(opened)) return orderProgress(tx, number)
        const unanswered = lines.filter((line) => line.state === 'short')
        for (const line of unanswered) await giveUpLine(tx, line, 'expired', step)
        const decided = await settle(tx, opened, 'house', step)
        await recordOrderEvent(tx, order, decided, 'order.offer_expired', 'house', {
          lines: unanswered.map(({ line }) => line),
        })
        return orderProgress(tx, number)
      })
    },
  }
}

/** The body of an answer as the API checked it, as far as it says more than the command. */
type AnswersBody = { answers: { wait_until?: string }[] }

/** Stores the answer to the command, the order as it is now; gives what its workflow sees of it. */
async function answered(
  tx: Transaction,
  command: string,
  status: number,
  number: string,
  wait: Period,
): Promise<OrderProgress | null> {
  const [view, progress] = await Promise.all([
    orderView(tx, number, wait.default_seconds),
    orderProgress(tx, number),
  ])
  await storeAnswer(tx, command, status, view)
  return progress
}
