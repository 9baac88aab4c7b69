import { setHandler } from '@temporalio/workflow'
import { PURCHASE_ORDER_TRANSITIONS, type PurchaseOrderProgress } from '../domain/purchase-order.ts'
import { isFinal } from '../domain/states.ts'
import { acknowledge, noteShipment, withdrawLine } from './messages.ts'
import { books, type Shown, Story } from './story.ts'

/**
 * A purchase order, `purchase-order/<number>`: sent → acknowledged, or the supplier is reminded and then its lines lapse
 * and the next supplier is asked → dates and slips → receipts → closed (REQUIREMENTS A5). After every word of the
 * supplier, `promises` tells the waiters of its items what is expected now.
 */
export async function purchaseOrder(number: string, stepsBefore = 0): Promise<void> {
  const story = new Story<PurchaseOrderProgress>({
    number,
    read: () => books.readPurchaseOrder(number),
    show,
    stepsBefore,
  })

  setHandler(acknowledge, (asked) =>
    story.command(() => books.acknowledgePurchaseOrder({ ...asked, number })),
  )
  setHandler(noteShipment, (asked) => story.command(() => books.noteShipment({ ...asked, number })))
  setHandler(withdrawLine, (asked) =>
    story.command(() => books.withdrawPurchaseOrderLine({ ...asked, number })),
  )

  await story.live({
    isOver: (row) => isFinal(PURCHASE_ORDER_TRANSITIONS, row.state),
    deadline: {
      at: (row) => row.deadline_at,
      pass: (step) => books.passPurchaseOrderDeadline({ number, step }),
    },
  })
}

function show(row: PurchaseOrderProgress): Shown {
  const waits = {
    acknowledge: `Sent: waits for the supplier's acknowledgement until ${row.deadline_at}, then it is reminded.`,
    remind: `Reminded: waits for the supplier's acknowledgement until ${row.deadline_at}, then its lines lapse.`,
    overdue: `Acknowledged: waits for the goods; overdue from ${row.deadline_at}.`,
  }
  return {
    stage: row.state,
    details: row.deadline_kind ? waits[row.deadline_kind] : 'Closed: nothing more is to come.',
    partner: row.supplier,
    skus: row.skus,
    deadline_at: row.deadline_at,
  }
}
