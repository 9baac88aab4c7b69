import { CancellationScope, condition, setHandler } from '@temporalio/workflow'
import { CUSTOM_ORDER_TRANSITIONS, type CustomOrderProgress } from '../domain/custom-order.ts'
import { isFinal } from '../domain/states.ts'
import { cancel, chooseDealer, forfeit, handOverVehicle, judge, placed, reconfigure } from './messages.ts'
import { books, type Shown, Story } from './story.ts'

/**
 * A custom order, `custom-order/<number>`: the deposit is held, where one is taken → sent to the dealer and the processor → both accept → its vehicle is in the order
 * bank, scheduled, built, handed over; or one refuses, and the buyer chooses another dealer or is refunded
 * (REQUIREMENTS B4, B6, B7, B10).
 */
export async function customOrder(number: string, stepsBefore = 0): Promise<void> {
  const story = new Story<CustomOrderProgress>({
    number,
    read: () => books.readCustomOrder(number),
    show,
    stepsBefore,
  })

  setHandler(placed, () =>
    CancellationScope.nonCancellable(async () => {
      await condition(() => story.row !== null && story.row.state !== 'received')
      return { version: story.row?.version ?? 0 }
    }),
  )
  setHandler(judge, (asked) => story.command(() => books.judgeCustomOrder({ ...asked, number })))
  setHandler(chooseDealer, (asked) => story.command(() => books.chooseDealer({ ...asked, number })))
  setHandler(reconfigure, (asked) => story.command(() => books.reconfigureCustomOrder({ ...asked, number })))
  setHandler(handOverVehicle, (asked) => story.command(() => books.handOverVehicle({ ...asked, number })))
  setHandler(forfeit, (asked) => story.command(() => books.forfeitCustomOrder({ ...asked, number })))
  setHandler(cancel, (asked) => story.command(() => books.cancelCustomOrder({ ...asked, number })))

  // A cancellation that is asked for before this is carried out after it, as at any other time.
  await CancellationScope.nonCancellable(async () => {
    story.adopt(await books.placeCustomOrder({ number, step: story.nextStep('place') }))
  })

  await story.live({
    isOver: (row) => isFinal(CUSTOM_ORDER_TRANSITIONS, row.state),
    deadline: {
      at: (row) => row.deadline_at,
      pass: (step) => books.passCustomOrderDeadline({ number, step }),
    },
    act: story.does('follow-money', {
      isDue: ({ money_due }) => money_due !== null,
      take: (step) => books.followMoney({ number, step }),
    }),
    cancel: (command) => books.cancelCustomOrder({ number, command, actor: 'operator:temporal' }),
  })
}

function show(row: CustomOrderProgress): Shown {
  const until = row.deadline_at
  const waits = {
    deposit: `Waits for the deposit to be authorised until ${until}, then it is cancelled.`,
    answer: `Waits for the dealer and the order processor until ${until}, then who is silent is reminded.`,
    remind: `Who is silent was reminded: waits until ${until}, then operators see it.`,
    escalate: `Operators know of the silence: counts as refused from ${until}.`,
    choose: `Refused: the buyer may choose another dealer until ${until}, then it is cancelled.`,
  }
  const vehicle = row.vehicle ? `Its vehicle ${row.vehicle.number} is ${row.vehicle.state}.` : ''
  return {
    stage: row.state === 'accepted' && row.vehicle ? row.vehicle.state : row.state,
    details: row.deadline_kind ? waits[row.deadline_kind] : vehicle || `Ended: ${row.state}.`,
    partner: row.dealer,
    skus: [],
    deadline_at: until,
  }
}
