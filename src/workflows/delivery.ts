import { ActivityFailure, setHandler } from '@temporalio/workflow'
import { DELIVERY_TRANSITIONS, type DeliveryProgress } from '../domain/delivery.ts'
import { isFinal } from '../domain/states.ts'
import { carrierReported, decideDelivery } from './messages.ts'
import { books, partner, type Shown, Story } from './story.ts'

const HOUR = 3_600_000
/** A carrier that has been silent for so long is asked. */
const ASK_AFTER = 6 * HOUR
/** A carrier that cannot be reached is tried again at least so often. */
const LONGEST_PAUSE = HOUR / 6
/** That a carrier does not know a shipment it booked is believed when it still says so after this time. */
const DOUBT = HOUR / 60

/**
 * A delivery, `delivery/<number>`: offered to the carrier (on its day) → booked → fetched → delivered; or failed, and
 * then an operator decides: again, or back to stock (REQUIREMENTS A8). All talk with the carrier happens here, one
 * thing after the other, so that a booking and its cancellation cannot cross.
 */
export async function delivery(number: string, stepsBefore = 0): Promise<void> {
  const story = new Story<DeliveryProgress>({
    number,
    read: () => books.readDelivery(number),
    show,
    stepsBefore,
  })

  setHandler(carrierReported, (asked) => story.command(() => books.recordCarrierReport({ ...asked, number })))
  setHandler(decideDelivery, (asked) => story.command(() => books.decideDelivery({ ...asked, number })))

  let failedCalls = 0
  /** One call to the carrier; null when it cannot be reached, after a pause that grows and ends when the row changes. */
  async function callCarrier<T>(row: DeliveryProgress, call: () => Promise<T>): Promise<T | null> {
    try {
      const answer = await call()
      failedCalls = 0
      return answer
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error
      failedCalls += 1
      const pause = Math.min(2 ** failedCalls * 1_000, LONGEST_PAUSE)
      await story.changeWithin(row, pause, 'the carrier cannot be reached: tries again')
      return null
    }
  }

  async function book(row: DeliveryProgress): Promise<true> {
    const answer = await callCarrier(row, () => partner.bookCarrier(number))
    if (!answer) return true
    const tracking = 'tracking' in answer ? answer.tracking : null
    story.adopt(await books.recordBooking({ number, step: story.nextStep('record-booking'), tracking }))
    return true
  }

  let unknown = { tracking: '', since: 0 }
  /** Asks for the parcel back; null while that is not settled. What the carrier does not know it cannot fetch. */
  async function recall(row: DeliveryProgress): Promise<'returned' | 'collected' | null> {
    const answer = await callCarrier(row, () => partner.recallFromCarrier(number))
    if (answer !== 'unknown') return answer
    const tracking = row.tracking ?? ''
    if (unknown.tracking !== tracking) unknown = { tracking, since: Date.now() }
    const left = unknown.since + DOUBT - Date.now()
    if (left <= 0) return 'returned'
    await story.changeWithin(row, left, 'the carrier does not know the shipment: asks once more')
    return null
  }

  await story.live({
    isOver: (row) => isFinal(DELIVERY_TRANSITIONS, row.state),
    cancel: (command) =>
      books.decideDelivery({ number, command, actor: 'operator:temporal', decision: 'cancel' }),

    act: async (row) => {
      switch (row.state) {
        case 'planned': {
          const early = row.deliver_on ? Date.parse(row.deliver_on) - Date.now() : 0
          if (early > 0 && (await story.changeWithin(row, early, `planned for ${row.deliver_on}`)))
            return true
          story.adopt(await books.beginBooking({ number, step: story.nextStep('begin-booking') }))
          return true
        }
        case 'booking':
          return book(row)
        case 'cancelling': {
          // A booking that was under way is completed first: only then is there something to take back.
          if (!row.tracking) return book(row)
          const outcome = await recall(row)
          if (!outcome) return true
          story.adopt(
            await books.finishCancelling({ number, step: story.nextStep('finish-cancelling'), outcome }),
          )
          return true
        }
        case 'booked':
        case 'dispatched': {
          if (await story.changeWithin(row, ASK_AFTER, `${row.state}: asks the carrier if it stays silent`))
            return true
          const report = await callCarrier(row, () => partner.askCarrier(number))
          if (!report) return true
          story.adopt(
            await books.recordCarrierStatus({ number, step: story.nextStep('record-status'), report }),
          )
          return true
        }
        case 'failed':
          // Only an operator's decision goes on from here.
          return false
        case 'delivered':
        case 'cancelled':
        case 'returned':
          return false
      }
    },
  })
}

function show(row: DeliveryProgress): Shown {
  const words: Record<DeliveryProgress['state'], string> = {
    planned: row.deliver_on
      ? `Planned for ${row.deliver_on}.`
      : 'Planned; about to be offered to the carrier.',
    booking: 'Offered to the carrier: waits for its answer.',
    booked: `Booked as ${row.tracking}: waits for the carrier to fetch it.`,
    cancelling: 'Being cancelled: the carrier is asked to give the parcel back.',
    dispatched: `On its way as ${row.tracking}.`,
    failed: 'Failed: an operator decides whether to try again or to take the goods back into stock.',
    delivered: 'Delivered.',
    cancelled: 'Cancelled before dispatch. The goods went to the next in line.',
    returned: 'The goods are back in stock.',
  }
  return {
    stage: row.state,
    details: words[row.state],
    partner: row.storefront,
    skus: row.skus,
    deadline_at: null,
  }
}
