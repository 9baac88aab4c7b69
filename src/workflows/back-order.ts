import { setHandler } from '@temporalio/workflow'
import { BACK_ORDER_TRANSITIONS, type BackOrderProgress } from '../domain/back-order.ts'
import { isFinal } from '../domain/states.ts'
import { cancel, changeDeadline, confirm, decline, lower, requestDelivery } from './messages.ts'
import { books, type Shown, Story } from './story.ts'

/**
 * A back order, `back-order/<number>`: waits for stock → met, and told → held until the delivery is requested → the
 * confirmation is asked for, and paid where the house takes the payment → confirmed, and followed until it is delivered. Each wait has a deadline, and when one
 * passes the goods go to the next in line. Stock is handed out by whoever makes it free; this process only learns of it.
 */
export async function backOrder(number: string, stepsBefore = 0): Promise<void> {
  const story = new Story<BackOrderProgress>({
    number,
    read: () => books.readBackOrder(number),
    show,
    stepsBefore,
  })

  setHandler(lower, (asked) => story.command(() => books.lowerBackOrder({ ...asked, number })))
  setHandler(changeDeadline, (asked) =>
    story.command(() => books.changeBackOrderDeadline({ ...asked, number })),
  )
  setHandler(requestDelivery, (asked) => story.command(() => books.requestDelivery({ ...asked, number })))
  setHandler(confirm, (asked) => story.command(() => books.confirmBackOrder({ ...asked, number })))
  setHandler(decline, (asked) => story.command(() => books.declineBackOrder({ ...asked, number })))
  setHandler(cancel, (asked) => story.command(() => books.cancelBackOrder({ ...asked, number })))

  await story.live({
    isOver: (row) => isFinal(BACK_ORDER_TRANSITIONS, row.state),
    deadline: {
      at: (row) => row.deadline_at,
      pass: (step) => books.expireBackOrder({ number, step }),
    },
    act: story.does('settle-confirmation', {
      isDue: ({ payment_due }) => payment_due !== null,
      take: (step) => books.settleConfirmation({ number, step }),
    }),
    cancel: (command) => books.cancelBackOrder({ number, command, actor: 'operator:temporal' }),
  })
}

function show(row: BackOrderProgress): Shown {
  const until = row.deadline_at
  const words: Record<BackOrderProgress['state'], string> = {
    waiting: `${row.allocated} of ${row.ordered} set aside: waits for stock until ${until}, then it expires.`,
    met: `All ${row.ordered} set aside and the customer told: held for the delivery request until ${until}.`,
    delivery_requested: `Delivery requested: waits for the customer's confirmation until ${until}.`,
    confirmed: `Confirmed: ${row.delivery} takes it from here.`,
    cancelling: `Being cancelled: ${row.delivery} is asking the carrier to give the parcel back.`,
    dispatched: `On its way with ${row.delivery}.`,
    delivery_failed: `${row.delivery} failed: an operator decides whether to try again or take the goods back.`,
    delivered: 'Delivered.',
    declined: 'Declined at the confirmation. The goods went to the next in line.',
    cancelled: 'Cancelled. The goods, if any, went to the next in line.',
    expired: 'A deadline passed. The goods, if any, went to the next in line.',
    returned: 'The delivery failed and the goods are back in stock.',
  }
  return {
    stage: row.state,
    details: words[row.state],
    partner: row.storefront,
    skus: [row.sku],
    deadline_at: until,
  }
}
