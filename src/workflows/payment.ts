import { ActivityFailure, setHandler } from '@temporalio/workflow'
import { isAtRest, type PaymentProgress } from '../domain/payment.ts'
import { decidePayment } from './messages.ts'
import { books, partner, type Shown, Story } from './story.ts'

const SECOND = 1_000
const HOUR = 3_600 * SECOND
/** The provider tells us when something happens; a page of which nothing was heard is asked for ever less often. */
const FIRST_LOOK = 15 * SECOND
const LONGEST_LOOK = HOUR / 4
/** The last look so long before the time to pay is over, so that who paid in time is known in time. */
const LAST_LOOK = 5 * SECOND
/** Money that is held is asked for so often: providers let go of it after some days. */
const HELD_LOOK = 6 * HOUR
/** A provider that cannot be reached is tried again at least so often. */
const LONGEST_PAUSE = HOUR / 6

/**
 * A payment, `payment/<number>`: a page of the provider is opened → paid there, or declined and tried again, until the
 * deadline → held until its owner has it taken or let go → given back where the owner or an operator says so (REQUIREMENTS
 * B5). All talk with the provider happens here, one thing after the other.
 */
export async function payment(number: string, stepsBefore = 0): Promise<void> {
  const story = new Story<PaymentProgress>({
    number,
    read: () => books.readPayment(number),
    show,
    stepsBefore,
  })

  setHandler(decidePayment, (asked) => story.command(() => books.decidePayment({ ...asked, number })))

  let failedCalls = 0
  /** One step with the provider; false when it cannot be reached, after a pause that grows and ends when the row changes. */
  async function callProvider(
    row: PaymentProgress,
    name: string,
    call: (asked: { number: string; step: string }) => Promise<PaymentProgress | null>,
  ): Promise<boolean> {
    try {
      story.adopt(await call({ number, step: story.nextStep(name) }))
      failedCalls = 0
      return true
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error
      failedCalls += 1
      const pause = Math.min(2 ** failedCalls * SECOND, LONGEST_PAUSE)
      await story.changeWithin(row, pause, 'the provider cannot be reached: tries again')
      return false
    }
  }

  /**
   * What tells this process to look may be the provider's word, so then the provider is asked at once, also where it came
   * during a call. Otherwise this waits, and is true when the row is to be looked at anew.
   */
  let heeded = -1
  let looks = 0
  async function waitForNews(row: PaymentProgress, longest: number): Promise<boolean> {
    if (story.timesTold !== heeded) return false
    const pause = Math.min(FIRST_LOOK * 2 ** looks, longest)
    looks += 1
    const isNews = await story.changeWithin(row, pause, `${row.state}: asks the provider if it stays silent`)
    if (isNews) looks = 0
    return isNews
  }

  const plot = {
    isOver: (row: PaymentProgress) => isAtRest(row.state),

    act: async (row: PaymentProgress): Promise<boolean> => {
      switch (row.state) {
        case 'requested':
        case 'pending': {
          const left = row.deadline_at ? Date.parse(row.deadline_at) - Date.now() : LONGEST_LOOK
          if (left <= 0) {
            await callProvider(row, 'expire', partner.expirePayment)
            // The database's clock decides. Where it says "not yet", its time is waited for.
            if (story.row === row) await story.changeWithin(row, 250, `${row.state}: a moment more`)
            return true
          }
          const untilLast = left > LAST_LOOK ? left - LAST_LOOK : left
          if (row.state === 'pending' && (await waitForNews(row, Math.min(untilLast, LONGEST_LOOK))))
            return true
          heeded = story.timesTold
          await (row.state === 'requested'
            ? callProvider(row, 'open', partner.openPaymentSession)
            : callProvider(row, 'check', partner.checkPayment))
          return true
        }
        case 'authorised':
          if (await waitForNews(row, HELD_LOOK)) return true
          heeded = story.timesTold
          await callProvider(row, 'check', partner.checkPayment)
          return true
        case 'capturing':
          await callProvider(row, 'capture', partner.capturePayment)
          return true
        case 'voiding':
          await callProvider(row, 'release', partner.releaseHeldPayment)
          return true
        case 'settling':
          await callProvider(row, 'settle', partner.settlePayment)
          return true
        case 'refunding': {
          const isAnswered = await callProvider(row, 'refund', partner.refundPayment)
          // It is under way with the provider.
          if (isAnswered && story.row === row)
            await story.changeWithin(row, LONGEST_LOOK, 'refunding: asks how far it is')
          return true
        }
        default:
          // An owner's or an operator's decision goes on from here.
          return false
      }
    },
  }
  // A refund may be asked for just as it comes to rest.
  do await story.live(plot)
  while (story.row && (story.isToldToLook || !plot.isOver(story.row)))
}

function show(row: PaymentProgress): Shown {
  const until = row.deadline_at
  const words: Record<PaymentProgress['state'], string> = {
    requested: `Asked for: the provider's page is about to be opened.`,
    pending: `Waits for the buyer to pay on the provider's page until ${until}.`,
    authorised: `Held: taken or let go when ${row.pays_for} says so.`,
    lapsed: `The provider let go of the money. ${row.pays_for} has to be settled otherwise or cancelled: an operator decides.`,
    capturing: 'About to be taken.',
    capture_failed: 'The provider refused to take it: an operator decides.',
    voiding: 'About to be let go.',
    captured: 'Paid.',
    refunding: 'About to be given back.',
    refund_failed: 'The provider refused to give it back: an operator decides.',
    settling: 'Settled without the provider: about to be let go there.',
    settled: 'Settled without the provider.',
    voided: 'Let go: nothing was taken.',
    expired: 'Not paid in time.',
    refunded: 'Given back.',
  }
  return {
    stage: row.state,
    details: words[row.state],
    partner: row.storefront,
    skus: [],
    deadline_at: row.state === 'requested' || row.state === 'pending' ? until : null,
  }
}
