import { CancellationScope, condition, setHandler } from '@temporalio/workflow'
import { ORDER_TRANSITIONS, type OrderProgress } from '../domain/order.ts'
import { isFinal } from '../domain/states.ts'
import { answerOffer, cancel, changeDeadline, placed } from './messages.ts'
import { books, type Shown, Story } from './story.ts'

/**
 * An order, `order/<number>`: place it (set aside what there is) → where lines are short, the offer stands until it is
 * answered or its end comes → what is decided goes to delivery and to back orders, which live on their own.
 */
export async function order(number: string, stepsBefore = 0): Promise<void> {
  const story = new Story<OrderProgress>({ number, read: () => books.readOrder(number), show, stepsBefore })

  setHandler(placed, () =>
    CancellationScope.nonCancellable(async () => {
      await condition(() => story.row !== null && story.row.state !== 'received')
      return { version: story.row?.version ?? 0 }
    }),
  )
  setHandler(answerOffer, (asked) => story.command(() => books.answerOffer({ ...asked, number })))
  setHandler(changeDeadline, (asked) => story.command(() => books.changeOfferDeadline({ ...asked, number })))
  setHandler(cancel, (asked) => story.command(() => books.cancelOrder({ ...asked, number })))

  // A cancellation that is asked for before this is carried out after it, as at any other time.
  await CancellationScope.nonCancellable(async () => {
    story.adopt(await books.placeOrder({ number, step: story.nextStep('place') }))
  })

  await story.live({
    isOver: (row) => isFinal(ORDER_TRANSITIONS, row.state),
    deadline: {
      at: (row) => row.deadline_at,
      pass: (step) => books.expireOffer({ number, step }),
    },
    cancel: (command) => books.cancelOrder({ number, command, actor: 'operator:temporal' }),
  })
}

function show(row: OrderProgress): Shown {
  const words: Record<OrderProgress['state'], string> = {
    received: 'Received; about to be checked against the stock.',
    offered: `${row.short_lines} line(s) short: waits for the customer's answer until ${row.deadline_at}, then they count as declined.`,
    decided: 'Every line is decided. Back orders and deliveries go on under their own numbers.',
    cancelled: 'Cancelled. What was set aside went to the next in line.',
  }
  return {
    stage: row.state,
    details: words[row.state],
    partner: row.storefront,
    skus: row.skus,
    deadline_at: row.deadline_at,
  }
}
