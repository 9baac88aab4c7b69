import { type Command, refuseStale } from '../domain/command.ts'
import {
  CUSTOM_ORDER_TRANSITIONS,
  type CustomOrderProgress,
  type CustomOrderVerb,
  type Judge,
  undecided,
} from '../domain/custom-order.ts'
import { after } from '../domain/period.ts'
import { faultAt, Refusal } from '../domain/refusal.ts'
import { may } from '../domain/states.ts'
import type { Links } from '../integrations/link.ts'
import {
  type CustomOrderRow,
  configurationOf,
  customOrderProgress,
  lockCustomOrder,
  submit,
  tellPartner,
  updateCustomOrder,
} from '../store/custom-order.ts'
import { cancelCustomOrder, openVehicleOf, refuseCustomOrder } from '../store/custom-order-ending.ts'
import { actionsOf, asDealerSees, asProcessorSees, customOrderView } from '../store/custom-order-view.ts'
import type { Database, Transaction } from '../store/database.ts'
import { type DealerRow, dealerOf, dealerSelling } from '../store/dealer.ts'
import { readCommandBody, storeAnswer } from '../store/idempotency-key.ts'
import {
  askForDeposit,
  awaitedDeposit,
  type Price,
  refundExcess,
  takeDeposit,
  waitingFor,
} from '../store/order-money.ts'
import {
  type FollowingOrder,
  followDeposit,
  followMoney,
  settleAtHandover,
} from '../store/order-money-following.ts'
import { soldConfiguration } from '../store/sold-configuration.ts'
import { bankVehicle, readVehicle, updateVehicle } from '../store/vehicle.ts'
import { advanceVehicle, openVehicle } from '../store/vehicle-progress.ts'
import type { Steps } from './steps.ts'

/** The custom order's own transactions (REQUIREMENTS B4, B6, B10): each locks the order, then its vehicle. */
export function createCustomOrderActivities({
  db,
  steps,
  links,
}: {
  db: Database
  steps: Steps
  links: Links
}) {
  return {
    /** The custom order's row as its workflow sees it; null when there is no such order. */
    async readCustomOrder(number: string): Promise<CustomOrderProgress | null> {
      return steps.seen(await customOrderProgress(db, number))
    },

    /**
     * Asks for the deposit, or sends the order to its dealer and the processor where none is taken; that answers the
     * request. Placed before, it is left as it is.
     */
    async placeCustomOrder({
      number,
      step,
    }: {
      number: string
      step: string
    }): Promise<CustomOrderProgress | null> {
      return steps.run(step, async (tx) => {
        const { row, now } = await open(tx, number)
        if (row.state !== 'received') return customOrderProgress(tx, number)
        const deposit = await askForDeposit(tx, links, row, await priceOf(tx, row), {
          actor: 'house',
          step,
          now,
        })
        if (deposit) {
          const { payment, deadline_at } = deposit
          await updateCustomOrder(
            tx,
            row,
            { state: 'awaiting_deposit', deposit: payment, deadline: { kind: 'deposit', at: deadline_at } },
            { type: 'custom_order.deposit_requested', actor: 'house', details: { payment } },
          )
        } else {
          await submit(tx, row, await dealerOf(tx, row), now)
        }
        return answered(tx, row.command, 201, number)
      })
    },

    /**
     * Follows what became of its payments (B5): a deposit that is held sends it on, one that is gone is asked for again, and on
     * arrival the balance is.
     */
    async followMoney({
      number,
      step,
    }: {
      number: string
      step: string
    }): Promise<CustomOrderProgress | null> {
      return steps.run(step, async (tx) => {
        const { row, now } = await open(tx, number)
        await followMoney(tx, links, row, following(tx, { now, step }), { now, step })
        return customOrderProgress(tx, number)
      })
    },

    /**
     * The dealer who has the order, or an operator (null), hands the vehicle over, which completes the order; only when all
     * of it is paid, or `settled` at the dealer (B5). Said twice it changes nothing.
     */
    async handOverVehicle(
      asked: Command & { number: string; settled: boolean; dealer: string | null },
    ): Promise<CustomOrderProgress | null> {
      const { number, settled, dealer, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row, now } = await open(tx, number)
        refuseStale(asked, row)
        refuseOthers(row, asked)
        if (row.state !== 'completed') {
          await refuseUnless(tx, row, 'complete')
          const vehicle = row.vehicle ?? ''
          const { state } = await openVehicle(tx, vehicle)
          if (state === 'at_dealer')
            await settleAtHandover(tx, row, following(tx, { now, step }), settled, { actor, step })
          await advanceVehicle(tx, 'delivered', { vehicle, at: now, actor, step })
        }
        return answered(tx, step, 200, number, { dealer })
      })
    },

    /**
     * The dealer or the processor accepts or refuses, or an operator in the place of either. Once both have accepted, and the
     * deposit is held still, the vehicle enters the order bank and the buyer gets the confirmation. The same word again changes
     * nothing; one about an earlier turn is refused.
     */
    async judgeCustomOrder(
      asked: Command & { number: string; judge: Judge; dealer: string | null },
    ): Promise<CustomOrderProgress | null> {
      const { number, judge, dealer, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row, now } = await open(tx, number)
        refuseStale(asked, row)
        const word = (await readCommandBody(tx, step)) as Word
        refuseOthers(row, { ...asked, turn: word.turn })
        if (word.verdict === 'refused' && row.state === 'refused' && row.refused_by === judge) {
          // Said before.
        } else if (word.verdict === 'refused') {
          await refuseUnless(tx, row, 'refuse')
          await refuseCustomOrder(tx, row, { by: judge, actor, now, note: word.reasons.join('; ') })
        } else if (!hasAcceptedAlready(row, judge, word)) {
          await refuseUnless(tx, row, 'accept')
          const said =
            judge === 'dealer' ? { dealer_accepted: true } : { processor_reference: word.reference }
          const isAgreed = undecided({ ...row, ...said }).length === 0
          const awaited = isAgreed
            ? await awaitedDeposit(tx, links, row, { actor: 'house', step, now })
            : null
          const accepted = await updateCustomOrder(
            tx,
            row,
            { ...said, ...waitingFor(awaited) },
            {
              type: `custom_order.${judge}_accepted`,
              actor,
              details: { dealer: row.dealer, turn: row.turn },
            },
          )
          if (isAgreed && !awaited) await confirm(tx, accepted, step)
        }
        return answered(tx, step, 200, number, actor === 'processor' ? actor : { dealer })
      })
    },

    /** After a refusal the buyer chooses a dealer: the order is sent to it, and to the processor anew. */
    async chooseDealer(
      asked: Command & { number: string; dealer: string },
    ): Promise<CustomOrderProgress | null> {
      const { number, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row, now } = await open(tx, number)
        await refuseUnless(tx, row, 'choose_dealer')
        const dealer = await dealerFor(tx, row, asked.dealer)
        const chosen = await updateCustomOrder(
          tx,
          row,
          {},
          {
            type: 'custom_order.dealer_chosen',
            actor,
            details: { dealer: dealer.id, before: row.dealer },
          },
        )
        await submit(tx, chosen, dealer, now)
        return answered(tx, step, 200, number)
      })
    },

    /**
     * Cancels the order until the freeze point (B10): its vehicle leaves the bank, the buyer is refunded by the terms of
     * the order, and dealer and processor are told.
     */
    async cancelCustomOrder(asked: Command & { number: string }): Promise<CustomOrderProgress | null> {
      const { number, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row } = await open(tx, number)
        await refuseUnless(tx, row, 'cancel')
        // A cancellation in the Temporal UI comes without a request.
        const body = (await readCommandBody(tx, step)) as { reason?: string } | undefined
        await cancelCustomOrder(tx, row, { actor, step, note: body?.reason ?? null, because: 'asked' })
        return answered(tx, step, 200, number)
      })
    },

    /**
     * Another configuration, until the freeze point (B6): checked and priced as it is sold now, of a make that the dealer
     * sells, it takes the place of the old one. The queue date is kept while the model line stays; otherwise the vehicle queues
     * anew. Of a deposit that is more than the new price the rest goes back (B5).
     */
    async reconfigureCustomOrder(
      asked: Command & { number: string; configuration: string },
    ): Promise<CustomOrderProgress | null> {
      const { number, configuration: id, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row } = await open(tx, number)
        await refuseUnless(tx, row, 'reconfigure')
        const vehicle = await openVehicleOf(tx, row, 'reconfigure')
        const { make, currency } = await soldConfiguration(tx, row.storefront, id)
        if (currency !== vehicle.currency) throw faultAt('/configuration', 'is priced in another currency')
        if (!(await dealerOf(tx, row)).makes.includes(make))
          throw faultAt('/configuration', 'the dealer of the order does not sell the make')
        const found = await configurationOf(tx, id)
        if (!found) throw new Error('a configuration that is sold and not there')
        const { configuration, model_line } = found
        const isOtherLine = model_line !== vehicle.model_line
        await updateVehicle(
          tx,
          vehicle,
          {
            specification: configuration.fingerprint,
            model_line,
            price_minor: configuration.total_price_minor,
            // Another line is built elsewhere, so the slot is given back.
            ...(isOtherLine ? { state: 'banked', slot: null, queues_anew: true } : {}),
          },
          { type: 'vehicle.reconfigured', actor, step, details: { keeps_place: !isOtherLine } },
        )
        const price = { amount: configuration.total_price_minor, currency }
        const returned = await refundExcess(tx, row, price, { actor, step })
        const changed = await updateCustomOrder(
          tx,
          row,
          { configuration: id },
          {
            type: 'custom_order.reconfigured',
            actor,
            details: {
              configuration: id,
              before: row.configuration,
              keeps_place: !isOtherLine,
              ...(returned === 0 ? {} : { refund: returned }),
            },
          },
        )
        await tellPartner(
          tx,
          await tellPartner(tx, changed, 'dealer', 'reconfigured'),
          'processor',
          'reconfigured',
        )
        return answered(tx, step, 200, number)
      })
    },

    /**
     * A deadline has come: whoever did not answer is reminded, then operators see it, then silence counts as a refusal; a
     * buyer who has not paid the deposit, or chooses no other dealer, has the order cancelled.
     */
    async passCustomOrderDeadline({
      number,
      step,
    }: {
      number: string
      step: string
    }): Promise<CustomOrderProgress | null> {
      return steps.run(step, async (tx) => {
        const { row, now } = await open(tx, number)
        if (row.deadline_at && row.deadline_at <= now) await passDeadline(tx, row, now, step)
        return customOrderProgress(tx, number)
      })
    },
  }
}

/** The answer of a dealer or the processor as the API checked it. */
type Word = { turn?: number } & (
  | { verdict: 'accepted'; reference: string | null }
  | { verdict: 'refused'; reasons: string[] }
)

async function open(tx: Transaction, number: string): Promise<{ row: CustomOrderRow; now: Date }> {
  const locked = await lockCustomOrder(tx, number)
  if (!locked) throw new Refusal('not-found', `There is no custom order ${number}.`)
  return locked
}

async function refuseUnless(tx: Transaction, order: CustomOrderRow, verb: CustomOrderVerb): Promise<void> {
  if (may(CUSTOM_ORDER_TRANSITIONS, order.state, verb)) return
  const vehicle = order.vehicle === null ? undefined : await readVehicle(tx, order.vehicle)
  throw new Refusal('state-conflict', `The custom order is ${order.state}.`, {
    state: order.state,
    allowed_actions: await actionsOf(tx, order, vehicle),
  })
}

/** Refuses the word of a dealer who does not have the order now, or about an earlier turn; with null it is no dealer's. */
function refuseOthers(
  row: CustomOrderRow,
  { dealer, turn = row.turn }: { dealer: string | null; turn?: number | undefined },
): void {
  if ((dealer === null || dealer === row.dealer) && turn === row.turn) return
  throw new Refusal('state-conflict', 'The order has gone to another dealer since.', { state: row.state })
}

function hasAcceptedAlready(row: CustomOrderRow, judge: Judge, word: Word): boolean {
  if (word.verdict !== 'accepted') return false
  if (judge === 'dealer') return row.dealer_accepted
  if (row.processor_reference !== null && row.processor_reference !== word.reference) {
    throw new Refusal('state-conflict', 'It was accepted under another reference.', { state: row.state })
  }
  return row.processor_reference !== null
}

/** The dealer who is to have it, if it exists and sells the make. */
async function dealerFor(tx: Transaction, row: CustomOrderRow, id: string): Promise<DealerRow> {
  const found = await configurationOf(tx, row.configuration)
  if (!found) throw new Error('a custom order without its configuration')
  return dealerSelling(tx, id, found.make)
}

/** The order as its money is followed. */
function following(
  tx: Transaction,
  { now, step }: { now: Date; step: string },
): FollowingOrder<CustomOrderRow> {
  return {
    due: async ({ number }) => (await customOrderProgress(tx, number))?.money_due ?? null,
    price: (row) => priceOf(tx, row),
    note: (row, set, event, { payment, actor }) =>
      updateCustomOrder(tx, row, set, { type: `custom_order.${event}`, actor, details: { payment } }),
    // Also where that one has stopped selling the make since it was chosen: it may refuse the order.
    send: async (row) => submit(tx, row, await dealerOf(tx, row), now),
    confirm: (row) => confirm(tx, row, step),
    cancel: (row) => cancelCustomOrder(tx, row, { actor: 'house', step, note: null, because: 'no_deposit' }),
  }
}

async function priceOf(tx: Transaction, row: CustomOrderRow): Promise<Price> {
  const found = await configurationOf(tx, row.configuration)
  if (!found) throw new Error('a custom order without its configuration')
  return { amount: found.configuration.total_price_minor, currency: found.configuration.currency }
}

/** Both have accepted, and the deposit is held: the vehicle enters the bank, and everybody has it confirmed. */
async function confirm(tx: Transaction, row: CustomOrderRow, step: string): Promise<void> {
  const found = await configurationOf(tx, row.configuration)
  if (!found) throw new Error('a custom order without its configuration')
  const { configuration, model_line } = found
  const vehicle = await bankVehicle(
    tx,
    {
      type: row.type,
      dealer: row.dealer,
      specification: configuration.fingerprint,
      model_line,
      price_minor: configuration.total_price_minor,
      currency: configuration.currency,
      buyer: row.number,
      storefront: row.storefront,
      customer: row.customer,
    },
    { actor: 'house', step },
  )
  const confirmed = await updateCustomOrder(
    tx,
    row,
    { state: 'accepted', vehicle: vehicle.number, deadline: null },
    { type: 'custom_order.confirmed', actor: 'house', details: { vehicle: vehicle.number } },
  )
  const told = await tellPartner(tx, confirmed, 'dealer', 'confirmed')
  await tellPartner(tx, told, 'processor', 'confirmed')
  await takeDeposit(tx, row, { actor: 'house', step })
}

async function passDeadline(tx: Transaction, row: CustomOrderRow, now: Date, step: string): Promise<void> {
  const dealer = await dealerOf(tx, row)
  const silent = undecided(row)
  switch (row.deadline_kind) {
    case null:
      return
    case 'deposit':
      return followDeposit(tx, row, following(tx, { now, step }), now)
    case 'answer': {
      const deadline = { kind: 'remind', at: after(now, dealer.remind_seconds) } as const
      let current = row
      for (const judge of silent) current = await tellPartner(tx, current, judge, 'reminded', { deadline })
      return
    }
    case 'remind': {
      const deadline = { kind: 'escalate', at: after(now, dealer.escalate_seconds) } as const
      await updateCustomOrder(
        tx,
        row,
        { deadline },
        {
          type: 'custom_order.escalated',
          actor: 'house',
          details: { silent, dealer: row.dealer, deadline_at: deadline.at },
        },
      )
      return
    }
    case 'escalate':
      return refuseCustomOrder(tx, row, { by: 'silence', actor: 'house', now, note: null })
    case 'choose':
      return cancelCustomOrder(tx, row, { actor: 'house', step, note: null, because: 'no_dealer' })
  }
}

/**
 * Stores the answer to the command, the order as it is now: as much of it as whoever asked may see. Gives what its workflow
 * sees of it.
 */
async function answered(
  tx: Transaction,
  command: string,
  status: 200 | 201,
  number: string,
  asker: 'processor' | { dealer: string | null } = { dealer: null },
): Promise<CustomOrderProgress | null> {
  const view = await customOrderView(tx, number)
  if (!view) throw new Error('the custom order is gone')
  const answer =
    asker === 'processor'
      ? asProcessorSees(view)
      : asker.dealer === null
        ? view
        : asDealerSees(view, asker.dealer)
  await storeAnswer(tx, command, status, answer)
  return customOrderProgress(tx, number)
}
