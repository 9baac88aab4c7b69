import { type Command, refuseStale } from '../domain/command.ts'
import { type Judge, undecided } from '../domain/custom-order.ts'
import { after } from '../domain/period.ts'
import { Refusal } from '../domain/refusal.ts'
import { allowed, may } from '../domain/states.ts'
import {
  ANSWER_VERBS,
  TAG_ACTIONS,
  TAG_TRANSITIONS,
  type TagAnswer,
  type TagProgress,
  type TagState,
  type TagVerb,
  type TagVerdict,
} from '../domain/tag.ts'
import { VEHICLE_TRANSITIONS } from '../domain/vehicle.ts'
import type { Links } from '../integrations/link.ts'
import type { Database, Locked, Transaction } from '../store/database.ts'
import { dealerOf } from '../store/dealer.ts'
import { isErased } from '../store/erasure.ts'
import { readCommandBody, storeAnswer } from '../store/idempotency-key.ts'
import { awaitedDeposit, takeDeposit, waitingFor } from '../store/order-money.ts'
import {
  type FollowingOrder,
  followDeposit,
  followMoney,
  settleAtHandover,
} from '../store/order-money-following.ts'
import {
  lockTag,
  lockVehicleOf,
  priceOf,
  submitTag,
  type TagRow,
  tagProgress,
  tellProcessor,
  updateTag,
} from '../store/tag.ts'
import { cancelTag, endAsSold, refuseTag } from '../store/tag-ending.ts'
import { asTagsDealerSees, asTagsProcessorSees, type TagView, tagView } from '../store/tag-view.ts'
import { updateVehicle } from '../store/vehicle.ts'
import { setAvailability } from '../store/vehicle-availability.ts'
import type { Steps } from './steps.ts'

/** The tag's own transactions after it was placed (REQUIREMENTS B4, B5, B8, B11): each locks the tag, then its vehicle. */
export function createTagActivities({ db, steps, links }: { db: Database; steps: Steps; links: Links }) {
  /**
   * The word of a dealer or the processor. One that comes too early or too late is kept in the tag's history and changes
   * nothing, and whoever said it is told so.
   */
  async function hear(
    asked: Command & { number: string },
    verb: TagVerb,
    work: (tx: Transaction, locked: Locked<TagRow>, word: Word) => Promise<TagProgress | null>,
  ): Promise<TagProgress | null> {
    const { number, command: step, actor } = asked
    const heard = await steps.run(step, async (tx): Promise<TagProgress | { kept: TagState } | null> => {
      const locked = await open(tx, number)
      const { row } = locked
      refuseStale(asked, row)
      const word = (await readCommandBody(tx, step)) as Word
      if (may(TAG_TRANSITIONS, row.state, verb)) return work(tx, locked, word)
      const said = word.note ?? word.reasons?.join('; ') ?? null
      const note = said === null || (await isErased(tx, row.customer)) ? null : said
      await updateTag(tx, row, {}, { type: 'tag.word_kept', actor, note, details: { word: verb } })
      return { kept: row.state }
    })
    if (heard && 'kept' in heard) throw conflict(heard.kept)
    return heard
  }

  /**
   * The dealer or the processor has said yes. Once both have, and the deposit is held still, the tag is confirmed to
   * everybody, and the deposit is taken.
   */
  async function accept(
    tx: Transaction,
    { row, now }: Locked<TagRow>,
    said: { dealer_accepted: true } | { processor_reference: string },
    { note = null, actor, step }: { note?: string | null; actor: string; step: string },
  ): Promise<void> {
    const isAgreed = undecided({ ...row, ...said }).length === 0
    const awaited = isAgreed ? await awaitedDeposit(tx, links, row, { actor: 'house', step, now }) : null
    const type = 'dealer_accepted' in said ? 'tag.dealer_accepted' : 'tag.processor_accepted'
    const accepted = await updateTag(tx, row, { ...said, ...waitingFor(awaited) }, { type, actor, note })
    if (isAgreed && !awaited) await confirm(tx, accepted, step)
  }

  return {
    /** The tag's row as its workflow sees it; null when there is no such tag. */
    async readTag(number: string): Promise<TagProgress | null> {
      return steps.seen(await tagProgress(db, number))
    },

    /** The dealer's word: the vehicle is there, or it is sold. The same word again is kept and changes nothing. */
    async answerTag(asked: Command & { number: string; answer: TagAnswer }): Promise<TagProgress | null> {
      const { number, answer, command: step, actor } = asked
      return hear(asked, ANSWER_VERBS[answer], async (tx, locked, { note = null }) => {
        const { row } = locked
        if (answer === 'sold') await endAsSold(tx, row, { actor, note, step })
        else if (row.dealer_accepted) await repeat(tx, row, actor, note)
        else await accept(tx, locked, { dealer_accepted: true }, { actor, note, step })
        return answered(tx, step, number, 'dealer')
      })
    },

    /** The order processor accepts or refuses, or an operator in its place. The same acceptance again is kept and changes nothing. */
    async judgeTag(asked: Command & { number: string; verdict: TagVerdict }): Promise<TagProgress | null> {
      const { number, verdict, command: step, actor } = asked
      return hear(asked, verdict === 'accepted' ? 'accept' : 'refuse', async (tx, locked, word) => {
        const { row } = locked
        const { reference = null, reasons = [] } = word
        if (verdict === 'refused') {
          await refuseTag(tx, row, { by: 'processor', actor, note: reasons.join('; '), step })
        } else if (row.processor_reference === null) {
          await accept(tx, locked, { processor_reference: reference ?? '' }, { actor, step })
        } else if (row.processor_reference === reference) {
          await repeat(tx, row, actor, null)
        } else {
          throw new Refusal('state-conflict', 'It was accepted under another reference.', {
            state: row.state,
          })
        }
        return answered(tx, step, number, actor === 'processor' ? actor : 'storefront')
      })
    },

    /**
     * Follows what became of its payments (B5): a deposit that is held sends it on, one that is gone is asked for again, and the
     * balance is once the vehicle is there.
     */
    async followTagMoney({ number, step }: { number: string; step: string }): Promise<TagProgress | null> {
      return steps.run(step, async (tx) => {
        const { row, now } = await open(tx, number)
        await followMoney(tx, links, row, following(tx, { now, step }), { now, step })
        return tagProgress(tx, number)
      })
    },

    /** The buyer has the vehicle now, and the story is over; only when all of it is paid, or `settled` at the dealer (B5). */
    async handOverTag(asked: Command & { number: string; settled: boolean }): Promise<TagProgress | null> {
      const { number, settled, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row, now } = await open(tx, number)
        refuseStale(asked, row)
        refuseUnless(row, 'hand_over')
        const vehicle = await lockVehicleOf(tx, row)
        if (!may(VEHICLE_TRANSITIONS, vehicle.state, 'deliver')) {
          throw new Refusal('state-conflict', `The vehicle is ${vehicle.state}, not at the dealer.`, {
            state: row.state,
            allowed_actions: allowed(TAG_TRANSITIONS, row.state, TAG_ACTIONS),
          })
        }
        const order = following(tx, { now, step })
        const paid = await settleAtHandover(tx, row, order, settled, { actor, step })
        await updateVehicle(
          tx,
          vehicle,
          { state: 'delivered', ended: true },
          { type: 'vehicle.delivered', actor, step },
        )
        await setAvailability(tx, vehicle.number, { state: 'sold' })
        await updateTag(tx, paid, { state: 'delivered', ended: true }, { type: 'tag.delivered', actor })
        return answered(tx, step, number, 'dealer')
      })
    },

    /** The buyer gives the tag up: until the handover, afterwards it is refused. */
    async cancelTag(asked: Command & { number: string }): Promise<TagProgress | null> {
      const { number, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row } = await open(tx, number)
        refuseUnless(row, 'cancel')
        // A cancellation in the Temporal UI comes without a request.
        const body = (await readCommandBody(tx, step)) as { reason?: string } | undefined
        await cancelTag(tx, row, { because: 'asked', actor, note: body?.reason ?? null, step })
        return answered(tx, step, number, 'storefront')
      })
    },

    /**
     * A deadline has come: whoever did not answer is reminded, then operators see it, then silence counts as a refusal; a
     * deposit that is not paid ends it.
     */
    async passTagDeadline({ number, step }: { number: string; step: string }): Promise<TagProgress | null> {
      return steps.run(step, async (tx) => {
        const { row, now } = await open(tx, number)
        if (row.deadline_at && row.deadline_at <= now) await passDeadline(tx, row, now, step)
        return tagProgress(tx, number)
      })
    },
  }
}

/** What the API has stored of a dealer's or the processor's word. */
type Word = { note?: string; reference?: string; reasons?: string[] }

/** Stores the answer to the command: as much of the tag as whoever asked may see. */
async function answered(
  tx: Transaction,
  step: string,
  number: string,
  to: keyof typeof SEEN_BY,
): Promise<TagProgress | null> {
  const view = await tagView(tx, number)
  if (!view) throw new Error('the tag is gone')
  await storeAnswer(tx, step, 200, SEEN_BY[to](view))
  return tagProgress(tx, number)
}

const SEEN_BY = {
  storefront: (view: TagView) => view,
  dealer: asTagsDealerSees,
  processor: asTagsProcessorSees,
}

async function open(tx: Transaction, number: string): Promise<Locked<TagRow>> {
  const locked = await lockTag(tx, number)
  if (!locked) throw new Refusal('not-found', `There is no tag ${number}.`)
  return locked
}

function refuseUnless(tag: TagRow, verb: TagVerb): void {
  if (!may(TAG_TRANSITIONS, tag.state, verb)) throw conflict(tag.state)
}

function conflict(state: TagState): Refusal {
  return new Refusal('state-conflict', `The tag is ${state}.`, {
    state,
    allowed_actions: allowed(TAG_TRANSITIONS, state, TAG_ACTIONS),
  })
}

async function repeat(tx: Transaction, row: TagRow, actor: string, note: string | null): Promise<void> {
  await updateTag(tx, row, {}, { type: 'tag.answer_repeated', actor, note })
}

async function confirm(tx: Transaction, row: TagRow, step: string): Promise<void> {
  const change = { state: 'confirmed', deadline: null } as const
  const confirmed = await updateTag(tx, row, change, { type: 'tag.confirmed', actor: 'house' })
  const ready = await updateTag(tx, confirmed, {}, { type: 'tag.ready', actor: 'house' })
  await tellProcessor(tx, ready, 'confirmed')
  await takeDeposit(tx, row, { actor: 'house', step })
}

/** The tag as its money is followed. */
function following(tx: Transaction, { now, step }: { now: Date; step: string }): FollowingOrder<TagRow> {
  return {
    due: async ({ number }) => (await tagProgress(tx, number))?.money_due ?? null,
    price: async (row) => priceOf(row),
    note: (row, set, event, { payment, actor }) =>
      updateTag(tx, row, set, { type: `tag.${event}`, actor, details: { payment } }),
    send: (row) => submitTag(tx, row, now),
    confirm: (row) => confirm(tx, row, step),
    cancel: (row) => cancelTag(tx, row, { because: 'no_deposit', actor: 'house', note: null, step }),
  }
}

async function passDeadline(tx: Transaction, row: TagRow, now: Date, step: string): Promise<void> {
  const { dealer } = row
  const { remind_seconds, escalate_seconds } = await dealerOf(tx, row)
  const silent: Judge[] = undecided(row)
  switch (row.deadline_kind) {
    case null:
      return
    case 'deposit':
      return followDeposit(tx, row, following(tx, { now, step }), now)
    case 'answer': {
      const deadline = { kind: 'remind', at: after(now, remind_seconds) } as const
      let current = row
      if (silent.includes('dealer'))
        current = await updateTag(
          tx,
          current,
          { deadline },
          { type: 'tag.reminded', actor: 'house', details: { dealer, deadline_at: deadline.at } },
        )
      if (silent.includes('processor')) await tellProcessor(tx, current, 'reminded', { deadline })
      return
    }
    case 'remind': {
      const deadline = { kind: 'escalate', at: after(now, escalate_seconds) } as const
      const details = { dealer, silent, deadline_at: deadline.at }
      await updateTag(tx, row, { deadline }, { type: 'tag.escalated', actor: 'house', details })
      return
    }
    case 'escalate':
      await refuseTag(tx, row, { by: 'silence', actor: 'house', note: null, step })
  }
}
