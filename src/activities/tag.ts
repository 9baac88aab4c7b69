import { type Command, refuseStale } from '../domain/command.ts'
import { after } from '../domain/period.ts'
import { Refusal } from '../domain/refusal.ts'
import { allowed, may } from '../domain/states.ts'
import {
  ANSWER_VERBS,
  TAG_ACTIONS,
  TAG_TRANSITIONS,
  type TagAnswer,
  type TagProgress,
  type TagVerb,
} from '../domain/tag.ts'
import { VEHICLE_TRANSITIONS } from '../domain/vehicle.ts'
import type { Database, Locked, Transaction } from '../store/database.ts'
import { readDealer } from '../store/dealer.ts'
import { readCommandBody, storeAnswer } from '../store/idempotency-key.ts'
import {
  cancelTag,
  endAsSold,
  lockTag,
  lockVehicleOf,
  type TagRow,
  tagProgress,
  updateTag,
} from '../store/tag.ts'
import { asTagsDealerSees, tagView } from '../store/tag-view.ts'
import { updateVehicle } from '../store/vehicle.ts'
import { setAvailability } from '../store/vehicle-availability.ts'
import type { Steps } from './steps.ts'

/** The tag's own transactions after it was placed (REQUIREMENTS B8, B11): each locks the tag, then its vehicle. */
export function createTagActivities({ db, steps }: { db: Database; steps: Steps }) {
  return {
    /** The tag's row as its workflow sees it; null when there is no such tag. */
    async readTag(number: string): Promise<TagProgress | null> {
      return steps.seen(await tagProgress(db, number))
    },

    /** The dealer's word: the vehicle is there, or it is sold. The same word again is kept and changes nothing. */
    async answerTag(asked: Command & { number: string; answer: TagAnswer }): Promise<TagProgress | null> {
      const { number, answer, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row } = await open(tx, number)
        refuseStale(asked, row)
        refuseUnless(row, ANSWER_VERBS[answer])
        const { note = null } = (await readCommandBody(tx, step)) as { note?: string }
        if (answer === 'sold') {
          await endAsSold(tx, row, { actor, note, step })
        } else if (row.state === 'confirmed') {
          await updateTag(tx, row, {}, { type: 'tag.answer_repeated', actor, note })
        } else {
          await updateTag(
            tx,
            row,
            { state: 'confirmed', silent_since: null, deadline: null },
            { type: 'tag.confirmed', actor, note },
          )
        }
        return answered(tx, step, number, 'dealer')
      })
    },

    /** The buyer has the vehicle now, and the story is over. */
    async handOverTag(asked: Command & { number: string }): Promise<TagProgress | null> {
      const { number, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row } = await open(tx, number)
        refuseStale(asked, row)
        refuseUnless(row, 'hand_over')
        const vehicle = await lockVehicleOf(tx, row)
        if (!may(VEHICLE_TRANSITIONS, vehicle.state, 'deliver')) {
          throw new Refusal('state-conflict', `The vehicle is ${vehicle.state}, not at the dealer.`, {
            state: row.state,
            allowed_actions: allowed(TAG_TRANSITIONS, row.state, TAG_ACTIONS),
          })
        }
        await updateVehicle(
          tx,
          vehicle,
          { state: 'delivered', ended: true },
          { type: 'vehicle.delivered', actor, step },
        )
        await setAvailability(tx, vehicle.number, { state: 'sold' })
        await updateTag(tx, row, { state: 'delivered', ended: true }, { type: 'tag.delivered', actor })
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
        await cancelTag(tx, row, { actor, note: body?.reason ?? null, step })
        return answered(tx, step, number, 'storefront')
      })
    },

    /** A deadline has come: the dealer is reminded, then operators are shown that it stays silent. */
    async passTagDeadline({ number, step }: { number: string; step: string }): Promise<TagProgress | null> {
      return steps.run(step, async (tx) => {
        const { row, now } = await open(tx, number)
        if (row.deadline_at && row.deadline_at <= now) await passDeadline(tx, row, now)
        return tagProgress(tx, number)
      })
    },
  }
}

async function answered(
  tx: Transaction,
  step: string,
  number: string,
  to: 'dealer' | 'storefront',
): Promise<TagProgress | null> {
  const view = await tagView(tx, number)
  await storeAnswer(tx, step, 200, view && to === 'dealer' ? asTagsDealerSees(view) : view)
  return tagProgress(tx, number)
}

async function open(tx: Transaction, number: string): Promise<Locked<TagRow>> {
  const locked = await lockTag(tx, number)
  if (!locked) throw new Refusal('not-found', `There is no tag ${number}.`)
  return locked
}

function refuseUnless(tag: TagRow, verb: TagVerb): void {
  if (may(TAG_TRANSITIONS, tag.state, verb)) return
  throw new Refusal('state-conflict', `The tag is ${tag.state}.`, {
    state: tag.state,
    allowed_actions: allowed(TAG_TRANSITIONS, tag.state, TAG_ACTIONS),
  })
}

async function passDeadline(tx: Transaction, row: TagRow, now: Date): Promise<void> {
  const event = { actor: 'house', details: { dealer: row.dealer } }
  if (row.deadline_kind === 'remind') {
    await updateTag(tx, row, { silent_since: now, deadline: null }, { ...event, type: 'tag.escalated' })
    return
  }
  const dealer = await readDealer(tx, row.dealer)
  if (!dealer) throw new Error('a tag without its dealer')
  const at = after(now, dealer.remind_seconds)
  await updateTag(
    tx,
    row,
    { deadline: { kind: 'remind', at } },
    { type: 'tag.reminded', actor: 'house', details: { dealer: row.dealer, deadline_at: at } },
  )
}
