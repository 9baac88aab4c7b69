import { setHandler } from '@temporalio/workflow'
import { MATCH_REQUEST_TRANSITIONS, type MatchRequestProgress } from '../domain/match-request.ts'
import { isFinal } from '../domain/states.ts'
import { acceptMatch, cancel, declineMatch } from './messages.ts'
import { books, type Shown, Story } from './story.ts'

/**
 * A match request, `match-request/<number>`: waits for a vehicle that fits → one is kept for the buyer for a time → it is
 * tagged, or goes to the next and this one waits on, until its own time is over (REQUIREMENTS B8, B11).
 */
export async function matchRequest(number: string, stepsBefore = 0): Promise<void> {
  const story = new Story<MatchRequestProgress>({
    number,
    read: () => books.readMatchRequest(number),
    show,
    stepsBefore,
  })

  setHandler(acceptMatch, (asked) => story.command(() => books.acceptMatch({ ...asked, number })))
  setHandler(declineMatch, (asked) => story.command(() => books.declineMatch({ ...asked, number })))
  setHandler(cancel, (asked) => story.command(() => books.cancelMatchRequest({ ...asked, number })))

  await story.live({
    isOver: (row) => isFinal(MATCH_REQUEST_TRANSITIONS, row.state),
    deadline: {
      at: (row) => row.deadline_at,
      pass: (step) => books.passMatchRequestDeadline({ number, step }),
    },
    cancel: (command) => books.cancelMatchRequest({ number, command, actor: 'operator:temporal' }),
  })
}

function show(row: MatchRequestProgress): Shown {
  const words: Record<MatchRequestProgress['state'], string> = {
    waiting: `Waits for a vehicle that fits, until ${row.deadline_at}.`,
    offered: `A vehicle is kept for the buyer until ${row.deadline_at}, then it goes to the next.`,
    accepted: 'Ended: the buyer tagged the vehicle that was kept.',
    cancelled: 'Ended: the buyer waits no longer.',
    expired: 'Ended: its time is over.',
  }
  return {
    stage: row.state,
    details: words[row.state],
    partner: row.storefront,
    skus: [],
    deadline_at: row.deadline_at,
  }
}
