import { vehicleWordsOf } from './buyer-letter.ts'
import { readCustomOrder } from './custom-order.ts'
import {
  asDealerSees,
  asFormerDealerSees,
  type CustomOrderView,
  customOrderView,
} from './custom-order-view.ts'
import { type Database, snapshot, type Transaction } from './database.ts'
import { storyOf, type ToldEvent } from './event.ts'
import { type Due, dueOf, leftOf } from './order-money.ts'

/** Everything that a dealer's page of a custom order shows (REQUIREMENTS B4), as it was at one moment. */
export type CustomOrderPage = {
  /** As this dealer sees it. */
  order: CustomOrderView
  /** The vehicle in words: "Tarn Heron 2027". */
  vehicle: string
  /** Why there is nothing more to do for the link's turn; null while there is, or the vehicle was handed over. */
  over: 'refused' | 'cancelled' | 'asked_anew' | 'passed_on' | null
  /** What has to be paid before the handover. */
  due: Due | null
  /** What happened in this turn. */
  events: ToldEvent[]
}

/** The page's content, read from one snapshot so that its parts fit together. */
export async function readCustomOrderPage(
  db: Database,
  asked: { number: string; turn: number; dealer: string },
): Promise<CustomOrderPage | undefined> {
  return snapshot(db, (tx) => read(tx, asked))
}

async function read(
  tx: Transaction,
  { number, turn, dealer }: { number: string; turn: number; dealer: string },
): Promise<CustomOrderPage | undefined> {
  const row = await readCustomOrder(tx, number)
  const view = await customOrderView(tx, number)
  if (!row || !view) return undefined
  const isNow = row.turn === turn
  return {
    // Also to a dealer who was asked anew the link of an earlier turn shows no more than that.
    order: isNow ? asDealerSees(view, dealer) : asFormerDealerSees(view),
    vehicle: await vehicleWordsOf(tx, row.configuration),
    over: isNow ? endOf(view) : row.dealer === dealer ? 'asked_anew' : 'passed_on',
    due: dueOf(row, { ...view, left: await leftOf(tx, row, view.price) }),
    events: ofTurn(await storyOf(tx, [number]), turn),
  }
}

function endOf({ state }: CustomOrderView): CustomOrderPage['over'] {
  return state === 'refused' || state === 'cancelled' ? state : null
}

/** From the moment at which the turn's dealer was asked, until the buyer chose the next one. */
function ofTurn(events: ToldEvent[], turn: number): ToldEvent[] {
  const start = events.findIndex(
    ({ type, details }) => type === 'custom_order.told_dealer' && details.turn === turn,
  )
  const next = events.findIndex(({ type }, index) => index > start && type === 'custom_order.dealer_chosen')
  return events.slice(start, next === -1 ? undefined : next + 1)
}
