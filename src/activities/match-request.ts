import type { Command } from '../domain/command.ts'
import {
  MATCH_REQUEST_ACTIONS,
  MATCH_REQUEST_TRANSITIONS,
  type MatchRequestProgress,
  type MatchRequestVerb,
} from '../domain/match-request.ts'
import { newNumber } from '../domain/number.ts'
import { Refusal } from '../domain/refusal.ts'
import { allowed, may } from '../domain/states.ts'
import type { Links } from '../integrations/link.ts'
import type { Database, Locked, Transaction } from '../store/database.ts'
import { readCommandBody, storeAnswer } from '../store/idempotency-key.ts'
import { endOffer, freeVehicle, offerBest } from '../store/match-offer.ts'
import {
  closeOffer,
  lockMatchRequest,
  type MatchOfferRow,
  type MatchRequestRow,
  matchRequestProgress,
  openOfferTo,
  updateMatchRequest,
} from '../store/match-request.ts'
import { matchRequestView } from '../store/match-request-view.ts'
import { placeTag } from '../store/tag-placing.ts'
import { lockVehicle, updateVehicle } from '../store/vehicle.ts'
import { wake } from '../store/wake.ts'
import type { Steps } from './steps.ts'

/**
 * A match request's own transactions (REQUIREMENTS B8, B11): each locks the vehicle that is offered to it, if one is, and
 * then the request.
 */
export function createMatchRequestActivities({
  db,
  steps,
  links,
}: {
  db: Database
  steps: Steps
  links: Links
}) {
  return {
    /** The match request's row as its workflow sees it; null when there is no such request. */
    async readMatchRequest(number: string): Promise<MatchRequestProgress | null> {
      return steps.seen(await matchRequestProgress(db, number))
    },

    /** The buyer takes the vehicle that is kept for them: it is tagged, in this same transaction. */
    async acceptMatch(asked: Command & { number: string }): Promise<MatchRequestProgress | null> {
      const { number, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row, now, offer } = await open(tx, number)
        refuseUnless(row, 'accept')
        if (!offer || offer.until <= now)
          throw new Refusal(
            'deadline-passed',
            'The vehicle was kept for the buyer until a time that is over.',
            offer ? { until: offer.until.toISOString() } : {},
          )
        const tag = newNumber('tag')
        await placeTag(tx, links, {
          number: tag,
          vehicle: offer.vehicle,
          storefront: row.storefront,
          customer: row.customer,
          reference: row.reference,
          match_request: number,
          wish: row.wish,
          actor,
          step,
        })
        await closeOffer(tx, number, 'accepted')
        await updateMatchRequest(
          tx,
          row,
          { state: 'accepted', tag, deadline: null },
          { type: 'match_request.accepted', actor, details: { vehicle: offer.vehicle, tag } },
        )
        await wake(tx, step, [`tag/${tag}`])
        return answered(tx, step, number)
      })
    },

    /** The buyer does not want this one: it goes to the next, and they get the next best, or wait on. */
    async declineMatch(asked: Command & { number: string }): Promise<MatchRequestProgress | null> {
      const { number, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row, now, offer } = await open(tx, number)
        refuseUnless(row, 'decline')
        if (!offer) throw new Error('an offered match request without an offer')
        await endOffer(tx, row, { outcome: 'declined', actor, now, vehicle: offer.vehicle })
        // In this order: it waits for the model alone, which nobody can who frees a vehicle of it beside others.
        await offerBest(tx, number, step)
        await passOn(tx, offer, step)
        return answered(tx, step, number)
      })
    },

    /** The buyer waits no longer; what is kept for them goes to the next. */
    async cancelMatchRequest(asked: Command & { number: string }): Promise<MatchRequestProgress | null> {
      const { number, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row, offer } = await open(tx, number)
        refuseUnless(row, 'cancel')
        const body = (await readCommandBody(tx, step)) as { reason?: string } | undefined
        if (offer) await closeOffer(tx, number, 'cancelled')
        await updateMatchRequest(
          tx,
          row,
          { state: 'cancelled', deadline: null },
          { type: 'match_request.cancelled', actor, note: body?.reason ?? null },
        )
        if (offer) await passOn(tx, offer, step)
        return answered(tx, step, number)
      })
    },

    /** A deadline has come: what was kept goes to the next, or the request itself is over. */
    async passMatchRequestDeadline({
      number,
      step,
    }: {
      number: string
      step: string
    }): Promise<MatchRequestProgress | null> {
      return steps.run(step, async (tx) => {
        const { row, now, offer } = await open(tx, number)
        if (row.deadline_at && row.deadline_at <= now) {
          if (offer) {
            await endOffer(tx, row, { outcome: 'lapsed', actor: 'house', now, vehicle: offer.vehicle })
            await passOn(tx, offer, step)
          } else {
            await updateMatchRequest(
              tx,
              row,
              { state: 'expired', deadline: null },
              { type: 'match_request.expired', actor: 'house' },
            )
          }
        }
        return matchRequestProgress(tx, number)
      })
    },
  }
}

type Opened = Locked<MatchRequestRow> & { offer: MatchOfferRow | undefined }

/** The match request, locked, after the vehicle that is offered to it. */
async function open(tx: Transaction, number: string): Promise<Opened> {
  const before = await openOfferTo(tx, number)
  if (before) await lockVehicle(tx, before.vehicle)
  const locked = await lockMatchRequest(tx, number)
  if (!locked) throw new Refusal('not-found', `There is no match request ${number}.`)
  const offer = await openOfferTo(tx, number)
  // One that came in between could only be locked out of order; should that be a deadlock, it is tried again.
  if (offer && offer.vehicle !== before?.vehicle) await lockVehicle(tx, offer.vehicle)
  return { ...locked, offer }
}

/** What the locked vehicle's offer is over for is free. */
async function passOn(tx: Transaction, { vehicle }: MatchOfferRow, step: string): Promise<void> {
  const locked = await lockVehicle(tx, vehicle)
  if (!locked) throw new Error('an offer without its vehicle')
  const freed = await updateVehicle(tx, locked.row, {}, { type: 'vehicle.freed', actor: 'house', step })
  await freeVehicle(tx, freed, step)
}

async function answered(tx: Transaction, step: string, number: string): Promise<MatchRequestProgress | null> {
  await storeAnswer(tx, step, 200, await matchRequestView(tx, number))
  return matchRequestProgress(tx, number)
}

function refuseUnless(row: MatchRequestRow, verb: MatchRequestVerb): void {
  if (may(MATCH_REQUEST_TRANSITIONS, row.state, verb)) return
  throw new Refusal('state-conflict', `The match request is ${row.state}.`, {
    state: row.state,
    allowed_actions: allowed(MATCH_REQUEST_TRANSITIONS, row.state, MATCH_REQUEST_ACTIONS),
  })
}
