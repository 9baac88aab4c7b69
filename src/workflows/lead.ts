import { setHandler } from '@temporalio/workflow'
import { LEAD_TRANSITIONS, type LeadProgress } from '../domain/lead.ts'
import { isFinal } from '../domain/states.ts'
import { agree, cancel, close, giveStatus, handOver } from './messages.ts'
import { books, type Shown, Story } from './story.ts'

/**
 * A lead, `lead/<number>`: sent to a dealer, who is asked for the status by schedule → a silent one is reminded, then
 * shown to operators → the lead goes to another dealer, or the prospect is told → sold or lost (REQUIREMENTS B9). The
 * prospect may cancel it and operators may close it or hand it over at any time.
 */
export async function lead(number: string, stepsBefore = 0): Promise<void> {
  const story = new Story<LeadProgress>({ number, read: () => books.readLead(number), show, stepsBefore })

  setHandler(giveStatus, (asked) => story.command(() => books.giveLeadStatus({ ...asked, number })))
  setHandler(agree, (asked) => story.command(() => books.agreeToAnotherDealer({ ...asked, number })))

  setHandler(cancel, (asked) => story.command(() => books.cancelLead({ ...asked, number })))
  setHandler(handOver, (asked) => story.command(() => books.handLeadOver({ ...asked, number })))
  setHandler(close, (asked) => story.command(() => books.closeLead({ ...asked, number })))

  await story.live({
    isOver: (row) => isFinal(LEAD_TRANSITIONS, row.state),
    deadline: {
      at: (row) => row.deadline_at,
      pass: (step) => books.passLeadDeadline({ number, step }),
    },
    cancel: (command) => books.closeLead({ number, command, actor: 'operator:temporal' }),
  })
}

function show(row: LeadProgress): Shown {
  const waits = {
    acknowledge: `Waits for the dealer's word until ${row.deadline_at}, then the dealer is reminded.`,
    remind: `The dealer was reminded: waits for its word until ${row.deadline_at}, then operators see it.`,
    escalate: `The dealer stays silent: goes to another one at ${row.deadline_at} if the prospect agrees.`,
    status: `The dealer is at work: asked for the status at ${row.deadline_at}.`,
    close: `Nobody answers, and the prospect knows: counts as lost from ${row.deadline_at}.`,
  }
  return {
    stage: row.state,
    details: row.deadline_kind ? waits[row.deadline_kind] : `Ended: ${row.state}.`,
    partner: row.dealer,
    skus: [],
    deadline_at: row.deadline_at,
  }
}
