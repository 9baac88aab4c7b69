import { type Command, refuseStale } from '../domain/command.ts'
import {
  LEAD_ACTIONS,
  LEAD_STEPS,
  LEAD_TRANSITIONS,
  type LeadEnd,
  type LeadProgress,
  type LeadState,
  type LeadStatus,
  type LeadVerb,
  type LostReason,
  makeCode,
  OPERATOR_LEAD_ACTIONS,
  stateAfter,
  type WithdrawalReason,
} from '../domain/lead.ts'
import { after } from '../domain/period.ts'
import { faultAt, Refusal } from '../domain/refusal.ts'
import { allowed, may } from '../domain/states.ts'
import type { Database, Transaction } from '../store/database.ts'
import { type DealerRow, dealerOf, readDealer } from '../store/dealer.ts'
import { isErased } from '../store/erasure.ts'
import { readCommandBody, storeAnswer } from '../store/idempotency-key.ts'
import {
  insertStatus,
  type LeadRow,
  leadProgress,
  lockLead,
  nextDealer,
  sendTo,
  turnOf,
  updateLead,
} from '../store/lead.ts'
import { asDealerSees, leadView } from '../store/lead-view.ts'
import type { Steps } from './steps.ts'

/** The lead's own transactions (REQUIREMENTS B9): each locks the lead. */
export function createLeadActivities({ db, steps }: { db: Database; steps: Steps }) {
  return {
    /** The lead's row as its workflow sees it; null when there is no such lead. */
    async readLead(number: string): Promise<LeadProgress | null> {
      return steps.seen(await leadProgress(db, number))
    },

    /**
     * A dealer's status. It starts the clock of the next status request, or ends the lead. From a dealer who has the lead
     * no longer it is kept and changes nothing; once the lead has ended it is kept as well, and whoever gave it is told so.
     */
    async giveLeadStatus(asked: Command & { number: string; dealer: string }): Promise<LeadProgress | null> {
      const { number, dealer, command: step, actor } = asked
      const given = await steps.run(step, async (tx): Promise<LeadProgress | { kept: LeadState } | null> => {
        const { row, holder, now } = await open(tx, number)
        refuseStale(asked, row)
        const body = (await readCommandBody(tx, step)) as StatusBody
        const { status, reason = null } = body
        const takes_place_at = body.takes_place_at ? new Date(body.takes_place_at) : null
        const isOver = !may(LEAD_TRANSITIONS, row.state, 'give_status')
        const is_late = isOver || row.dealer !== dealer
        const note = isOver && (await isErased(tx, row.customer)) ? null : (body.note ?? null)
        await insertStatus(tx, { lead: number, dealer, status, reason, takes_place_at, note, is_late })
        const event = { actor, dealer, details: { status, reason, takes_place_at }, note }
        if (is_late) {
          await updateLead(tx, row, {}, { type: 'lead.late_status', ...event })
        } else {
          const state = stateAfter(status)
          const next = { kind: 'status', at: after(now, holder.status_seconds) } as const
          await updateLead(
            tx,
            row,
            {
              state,
              status,
              deadline: state === 'working' ? next : null,
              ...(state === 'lost' ? { lost_reason: reason ?? 'other' } : {}),
            },
            { type: 'lead.status_given', ...event },
          )
        }
        if (isOver) return { kept: row.state }
        const view = await leadView(tx, number)
        await storeAnswer(tx, step, 200, view && asDealerSees(view, dealer))
        return leadProgress(tx, number)
      })
      if (given && 'kept' in given) throw conflict(given.kept, asked, `The lead is ${given.kept}.`)
      return given
    },

    /** The prospect agrees to another dealer: one whose dealer was given up goes on at once. */
    async agreeToAnotherDealer(asked: Command & { number: string }): Promise<LeadProgress | null> {
      const { number, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row, now } = await open(tx, number)
        refuseUnless(row, 'agree', asked)
        if (!row.another_dealer) {
          const agreed = await noteAgreement(tx, row, actor, null)
          if (row.deadline_kind === 'close') await passOn(tx, agreed, now)
        }
        await storeAnswer(tx, step, 200, await leadView(tx, number))
        return leadProgress(tx, number)
      })
    },

    /** The prospect does not want it any more: the lead ends, and its dealer is told. */
    async cancelLead(asked: Command & { number: string }): Promise<LeadProgress | null> {
      const { number, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row } = await open(tx, number)
        refuseUnless(row, 'cancel', asked)
        const { reason = null } = (await readCommandBody(tx, step)) as { reason?: string }
        await end(tx, row, 'cancelled', { type: 'lead.cancelled', actor, note: reason })
        await storeAnswer(tx, step, 200, await leadView(tx, number))
        return leadProgress(tx, number)
      })
    },

    /** An operator ends the lead; its dealer and the prospect are told. */
    async closeLead(asked: Command & { number: string }): Promise<LeadProgress | null> {
      const { number, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row } = await open(tx, number)
        refuseUnless(row, 'close', asked)
        // A cancellation in the Temporal UI comes without a request.
        const body = (await readCommandBody(tx, step)) as { reason: string } | undefined
        const event = { type: 'lead.closed', actor, details: { because: 'operator' } } as const
        await end(tx, row, 'closed', { ...event, note: body?.reason ?? null })
        await storeAnswer(tx, step, 200, await leadView(tx, number))
        return leadProgress(tx, number)
      })
    },

    /**
     * An operator gives the lead to another dealer, by name. Only if the prospect agreed to another one, or the operator
     * records that they do.
     */
    async handLeadOver(asked: Command & { number: string; dealer: string }): Promise<LeadProgress | null> {
      const { number, dealer, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const { row, now } = await open(tx, number)
        refuseUnless(row, 'hand_over', asked)
        const next = await readDealer(tx, dealer)
        if (!next) {
          throw faultAt('/dealer', `there is no dealer ${dealer}`)
        }
        if ((await turnOf(tx, number, dealer)) !== undefined)
          throw conflict(row.state, asked, `The dealer ${dealer} has this lead, or had it.`)
        const { reason, agreement } = (await readCommandBody(tx, step)) as HandOverBody
        if (!row.another_dealer && agreement === undefined)
          throw new Refusal('consent-missing', 'Without it this lead stays with its dealer.')
        const agreed = row.another_dealer ? row : await noteAgreement(tx, row, actor, agreement ?? null)
        await giveTo(tx, agreed, next, { actor, because: 'handed_over', note: reason, now })
        await storeAnswer(tx, step, 200, await leadView(tx, number))
        return leadProgress(tx, number)
      })
    },

    /**
     * A deadline has come: the dealer is asked for the status, reminded, or shown to operators; then the lead goes to
     * another dealer, or the prospect is told that nobody answers; in the end it counts as lost.
     */
    async passLeadDeadline({ number, step }: { number: string; step: string }): Promise<LeadProgress | null> {
      return steps.run(step, async (tx) => {
        const { row, holder, now } = await open(tx, number)
        if (row.deadline_at && row.deadline_at <= now) await passDeadline(tx, row, holder, now)
        return leadProgress(tx, number)
      })
    },
  }
}

/** The body as the API checked it. */
type StatusBody = {
  status: LeadStatus
  reason?: LostReason
  takes_place_at?: string
  note?: string
}
type HandOverBody = { reason: string; agreement?: string }

async function open(
  tx: Transaction,
  number: string,
): Promise<{ row: LeadRow; holder: DealerRow; now: Date }> {
  const locked = await lockLead(tx, number)
  if (!locked) throw new Refusal('not-found', `There is no lead ${number}.`)
  return { row: locked.row, holder: await dealerOf(tx, locked.row), now: locked.now }
}

function refuseUnless(lead: LeadRow, verb: LeadVerb, asked: Command): void {
  refuseStale(asked, lead)
  if (!may(LEAD_TRANSITIONS, lead.state, verb))
    throw conflict(lead.state, asked, `The lead is ${lead.state}.`)
}

function conflict(state: LeadState, { actor }: Command, detail: string): Refusal {
  const actions = actor.startsWith('operator:') ? OPERATOR_LEAD_ACTIONS : LEAD_ACTIONS
  return new Refusal('state-conflict', detail, {
    state,
    allowed_actions: allowed<typeof LEAD_TRANSITIONS, LeadVerb>(LEAD_TRANSITIONS, state, actions),
  })
}

/** From now on the lead may go to another dealer; `note` is how an operator learned of it. */
async function noteAgreement(
  tx: Transaction,
  row: LeadRow,
  actor: string,
  note: string | null,
): Promise<LeadRow> {
  const event = { type: 'lead.agreed', actor, dealer: row.dealer, note } as const
  return updateLead(tx, row, { another_dealer: true }, event)
}

/** Ends the lead, and takes it from its dealer, who has nothing more to do. */
async function end(
  tx: Transaction,
  row: LeadRow,
  because: LeadEnd & WithdrawalReason,
  event: Omit<Parameters<typeof updateLead>[3], 'dealer'>,
): Promise<void> {
  const { dealer } = row
  const withdrawal = { type: 'lead.withdrawn', actor: 'house', dealer, details: { because } } as const
  const taken = await updateLead(tx, row, {}, withdrawal)
  const set = { state: 'lost', lost_reason: because, deadline: null } as const
  await updateLead(tx, taken, set, { ...event, dealer })
}

async function passDeadline(tx: Transaction, row: LeadRow, holder: DealerRow, now: Date): Promise<void> {
  const event = { actor: 'house', dealer: row.dealer }
  switch (row.deadline_kind) {
    case null:
      return
    case 'acknowledge':
    case 'remind':
    case 'status': {
      const { state, next, event: type } = LEAD_STEPS[row.deadline_kind]
      const at = after(now, holder[`${next}_seconds`])
      await updateLead(
        tx,
        row,
        { ...(state ? { state } : {}), deadline: { kind: next, at } },
        { ...event, type, details: { deadline_at: at } },
      )
      return
    }
    case 'escalate': {
      if (row.another_dealer && (await passOn(tx, row, now))) return
      const at = after(now, holder.close_seconds)
      await updateLead(
        tx,
        row,
        { deadline: { kind: 'close', at } },
        {
          ...event,
          type: 'lead.unanswered',
          details: { deadline_at: at, because: row.another_dealer ? 'no_other_dealer' : 'not_agreed' },
        },
      )
      return
    }
    case 'close':
      await updateLead(
        tx,
        row,
        { state: 'lost', lost_reason: 'no_answer', deadline: null },
        { ...event, type: 'lead.closed' },
      )
  }
}

/** Takes the lead from its dealer and sends it to the next nearest one. False when there is none. */
async function passOn(tx: Transaction, row: LeadRow, now: Date): Promise<boolean> {
  const { make } = row.vehicle
  const next = await nextDealer(tx, row, make === undefined ? null : makeCode(make))
  if (!next) return false
  await giveTo(tx, row, next, { actor: 'house', because: 'silent', note: null, now })
  return true
}

/** Takes the lead from its dealer and sends it to another one, and the prospect is told. */
async function giveTo(
  tx: Transaction,
  row: LeadRow,
  next: DealerRow,
  by: { actor: string; because: WithdrawalReason; note: string | null; now: Date },
): Promise<void> {
  const { actor, because, note, now } = by
  const withdrawal = { type: 'lead.withdrawn', actor: 'house', dealer: row.dealer } as const
  const taken = await updateLead(tx, row, {}, { ...withdrawal, details: { because } })
  const details = { from: row.dealer, because }
  const passing = { type: 'lead.passed_on', actor, dealer: next.id, details, note } as const
  await sendTo(tx, await updateLead(tx, taken, {}, passing), next, now)
}
