import { setHandler } from '@temporalio/workflow'
import type { Judge } from '../domain/custom-order.ts'
import { isFinal } from '../domain/states.ts'
import { TAG_TRANSITIONS, type TagProgress } from '../domain/tag.ts'
import { answerTag, cancel, handOverTagged, judgeTag } from './messages.ts'
import { books, type Shown, Story } from './story.ts'

/**
 * A tag, `tag/<number>`: the deposit is held, where one is taken → pending until the dealer says that the vehicle is there
 * and the order processor accepts; who is silent is reminded, then shown to operators → confirmed → the balance → handed
 * over; or it is refused, the vehicle is sold, or the buyer gives it up (REQUIREMENTS B4, B5, B8, B11).
 */
export async function tagOrder(number: string, stepsBefore = 0): Promise<void> {
  const story = new Story<TagProgress>({ number, read: () => books.readTag(number), show, stepsBefore })

  setHandler(answerTag, (asked) => story.command(() => books.answerTag({ ...asked, number })))
  setHandler(judgeTag, (asked) => story.command(() => books.judgeTag({ ...asked, number })))
  setHandler(handOverTagged, (asked) => story.command(() => books.handOverTag({ ...asked, number })))
  setHandler(cancel, (asked) => story.command(() => books.cancelTag({ ...asked, number })))

  await story.live({
    isOver: (row) => isFinal(TAG_TRANSITIONS, row.state),
    deadline: {
      at: (row) => row.deadline_at,
      pass: (step) => books.passTagDeadline({ number, step }),
    },
    act: story.does('follow-money', {
      isDue: ({ money_due }) => money_due !== null,
      take: (step) => books.followTagMoney({ number, step }),
    }),
    cancel: (command) => books.cancelTag({ number, command, actor: 'operator:temporal' }),
  })
}

const WORDS: Record<Judge, string> = { dealer: 'the dealer', processor: 'the order processor' }

function show(row: TagProgress): Shown {
  const until = row.deadline_at
  const whom = row.waits_for.map((judge) => WORDS[judge]).join(' and ')
  const waits = {
    deposit: `The vehicle is the buyer's: waits for the deposit to be authorised until ${until}, then it is free again.`,
    answer: `Waits for ${whom} until ${until}, then who is silent is reminded.`,
    remind: `Reminded: waits for ${whom} until ${until}, then operators see it.`,
    escalate: `Operators know that ${whom} is silent: counts as refused from ${until}.`,
  }
  const words: Record<TagProgress['state'], string> = {
    placed: 'About to be sent.',
    awaiting_deposit: 'Waits for the deposit.',
    pending: `Waits for ${whom}.`,
    confirmed:
      row.vehicle === 'at_dealer'
        ? 'Dealer and order processor have said yes, and the vehicle is there: waits for the handover.'
        : `Dealer and order processor have said yes: waits for the vehicle, which is ${row.vehicle}.`,
    sold: 'Ended: the dealer says that the vehicle is sold.',
    refused: 'Ended: it was refused or not answered in time, and the vehicle is free.',
    cancelled:
      row.vehicle === 'cancelled'
        ? 'Ended: the vehicle cannot be delivered.'
        : 'Ended: the buyer gave it up or paid no deposit, and the vehicle is free.',
    delivered: 'Ended: the buyer has the vehicle.',
  }
  return {
    stage: row.state,
    details: row.deadline_kind ? waits[row.deadline_kind] : words[row.state],
    partner: row.dealer,
    skus: [],
    deadline_at: until,
  }
}
