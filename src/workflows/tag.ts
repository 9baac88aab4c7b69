import { setHandler } from '@temporalio/workflow'
import { isFinal } from '../domain/states.ts'
import { TAG_TRANSITIONS, type TagProgress } from '../domain/tag.ts'
import { answerTag, cancel, handOverTagged } from './messages.ts'
import { books, type Shown, Story } from './story.ts'

/**
 * A tag, `tag/<number>`: pending until the dealer says that the vehicle is there → a silent dealer is reminded, then shown to
 * operators → confirmed → handed over; or the vehicle is sold, or the buyer gives it up (REQUIREMENTS B8, B11).
 */
export async function tagOrder(number: string, stepsBefore = 0): Promise<void> {
  const story = new Story<TagProgress>({ number, read: () => books.readTag(number), show, stepsBefore })

  setHandler(answerTag, (asked) => story.command(() => books.answerTag({ ...asked, number })))
  setHandler(handOverTagged, (asked) => story.command(() => books.handOverTag({ ...asked, number })))
  setHandler(cancel, (asked) => story.command(() => books.cancelTag({ ...asked, number })))

  await story.live({
    isOver: (row) => isFinal(TAG_TRANSITIONS, row.state),
    deadline: {
      at: (row) => row.deadline_at,
      pass: (step) => books.passTagDeadline({ number, step }),
    },
    cancel: (command) => books.cancelTag({ number, command, actor: 'operator:temporal' }),
  })
}

function show(row: TagProgress): Shown {
  const waits = {
    answer: `Waits until ${row.deadline_at} for the dealer to say whether the vehicle is there, then the dealer is reminded.`,
    remind: `The dealer was reminded: waits for its word until ${row.deadline_at}, then operators see it.`,
  }
  const words: Record<TagProgress['state'], string> = {
    pending: row.deadline_kind
      ? waits[row.deadline_kind]
      : 'The dealer stays silent and operators see it: waits for its word.',
    confirmed: 'The dealer has the vehicle ready: waits for the handover.',
    sold: 'Ended: the dealer says that the vehicle is sold.',
    cancelled: 'Ended: the buyer gave it up, and the vehicle is free.',
    delivered: 'Ended: the buyer has the vehicle.',
  }
  return {
    stage: row.state,
    details: words[row.state],
    partner: row.dealer,
    skus: [],
    deadline_at: row.deadline_at,
  }
}
