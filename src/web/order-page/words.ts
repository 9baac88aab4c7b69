import type { BackOrderState } from '../../domain/back-order.ts'
import type { DeliveryState } from '../../domain/delivery.ts'
import type { EventType } from '../../domain/event.ts'
import { moneyInWords } from '../../domain/money.ts'
import type { Choice } from '../../domain/order.ts'
import type { DeadlineKind } from '../../domain/period.ts'
import { REFUSALS, type RefusalType } from '../../domain/refusal.ts'
import type { ToldEvent } from '../../store/event.ts'
import type { OrderPage, PageBackOrder } from '../../store/order-page.ts'
import { calendarDay, day, listed, moment } from '../format.ts'

/** The words of the customer's page for states, deadlines, choices, confirmations, refusals and events, in one place. */

/** How a state looks: `act` wants the customer, `run` goes on by itself. */
export type Tone = 'act' | 'run' | 'good' | 'bad' | 'over'
type Words = { label: string; tone: Tone }

const BACK_ORDER_WORDS: Record<BackOrderState, Words> = {
  waiting: { label: 'Waiting for stock', tone: 'run' },
  met: { label: 'Here for you', tone: 'act' },
  delivery_requested: { label: 'Please confirm', tone: 'act' },
  confirmed: { label: 'Being prepared', tone: 'run' },
  cancelling: { label: 'Being cancelled', tone: 'run' },
  dispatched: { label: 'On its way', tone: 'run' },
  delivery_failed: { label: 'Delivery failed', tone: 'bad' },
  delivered: { label: 'Delivered', tone: 'good' },
  declined: { label: 'Declined', tone: 'over' },
  cancelled: { label: 'Cancelled', tone: 'over' },
  expired: { label: 'Ended', tone: 'over' },
  returned: { label: 'Returned', tone: 'over' },
}

type Stands = Pick<PageBackOrder, 'state' | 'payment'>

/** How a back order looks: while it waits for the payment that its confirmation asked for, that is what it says. */
export function backOrderWords({ state, payment }: Stands): Words {
  if (isToPay({ state, payment })) return { label: 'Please pay', tone: 'act' }
  if (state === 'delivery_requested' && payment?.state === 'authorised') return { label: 'Paid', tone: 'run' }
  return BACK_ORDER_WORDS[state]
}

/** Whether it waits for the customer's payment. */
export function isToPay({ state, payment }: Stands): boolean {
  return state === 'delivery_requested' && Boolean(payment?.pay_url)
}

export const DELIVERY_WORDS: Record<DeliveryState, Words & { sentence: string }> = {
  planned: { label: 'Being prepared', tone: 'run', sentence: 'We are packing it and booking a carrier.' },
  booking: { label: 'Being prepared', tone: 'run', sentence: 'We are booking a carrier.' },
  booked: { label: 'Ready', tone: 'run', sentence: 'It is packed, and the carrier is coming for it.' },
  cancelling: {
    label: 'Being cancelled',
    tone: 'run',
    sentence: 'We are asking the carrier to give the parcel back.',
  },
  dispatched: { label: 'On its way', tone: 'run', sentence: 'The carrier has your parcel.' },
  delivered: { label: 'Delivered', tone: 'good', sentence: 'The carrier tells us that you have it.' },
  failed: {
    label: 'Delivery failed',
    tone: 'bad',
    sentence: 'The carrier could not deliver it. We are looking into it and will tell you how it goes on.',
  },
  cancelled: { label: 'Cancelled', tone: 'over', sentence: 'It was cancelled before it left us.' },
  returned: {
    label: 'Returned',
    tone: 'over',
    sentence: 'The parcel could not be delivered and is back with us.',
  },
}

/** `pay` is the time to confirm where it is the payment that is missing. */
export type ToldDeadline = DeadlineKind | 'pay'

/** What each deadline asks of the customer, or grants them. */
export const DEADLINE_WORDS: Record<
  ToldDeadline,
  { label: string; after: string; change: string; title: string }
> = {
  offer: {
    label: 'Please answer by',
    after: 'Without an answer nothing is back-ordered, and what we hold of these items is released.',
    change: 'Need more time to decide?',
    title: 'the time to answer',
  },
  wait: {
    label: 'We wait for your goods until',
    after: 'If they are not here by then, this back order ends.',
    change: 'Wait longer or shorter',
    title: 'the wait',
  },
  hold: {
    label: 'Held for you until',
    after: 'After that they go to the next in line.',
    change: 'Change how long we hold them',
    title: 'the time for which your goods are held',
  },
  confirm: {
    label: 'Please answer by',
    after: 'Without your confirmation the goods go to the next in line.',
    change: 'Need more time to confirm?',
    title: 'the time to confirm',
  },
  pay: {
    label: 'Please pay by',
    after: 'Without your payment the goods go to the next in line.',
    change: 'Need more time to pay?',
    title: 'the time to pay',
  },
}

/** What each choice means for a line of which this many are there and this many are missing. */
export function choiceWords(
  choice: Choice,
  available: number,
  missing: number,
): { label: string; hint: string } {
  switch (choice) {
    case 'ship_available':
      return {
        label: `Ship the ${available} now and back-order the other ${missing}`,
        hint: 'You get two deliveries.',
      }
    case 'wait_for_all':
      return available > 0
        ? {
            label: `Wait until all ${available + missing} are here`,
            hint: `We keep the ${available} aside for you. You get one delivery.`,
          }
        : {
            label: `Back-order ${missing === 1 ? 'it' : `all ${missing}`}`,
            hint: `We tell you as soon as ${missing === 1 ? 'it is' : 'they are'} here.`,
          }
    case 'take_available':
      return {
        label: `Take the ${available} that we have and drop the other ${missing}`,
        hint: 'We cannot order more of this item.',
      }
    case 'decline':
      return {
        label: 'Leave this item out',
        hint:
          available > 0
            ? `You get none of it, and the ${available} we hold are released.`
            : 'Nothing is back-ordered.',
      }
  }
}

/** What a line of the order comes to, in words. */
export function lineWords(line: OrderPage['order']['lines'][number], order: OrderPage['order']): string {
  const [available, missing] = [line.available ?? 0, line.shortfall ?? 0]
  switch (line.state) {
    case 'received':
      return 'We are checking what we have.'
    case 'met':
      return order.state === 'offered'
        ? 'We have it and hold it for you while you decide about the rest.'
        : 'We had all of it.'
    case 'short':
      return available > 0
        ? `${available} here and held for you, ${missing} missing.`
        : `Not in stock: ${missing} missing.`
    case 'back_ordered':
      if (line.choice !== 'ship_available') return 'Back-ordered.'
      return order.state === 'offered'
        ? `${missing} back-ordered; the other ${available} are sent once you have decided about the rest.`
        : `${available} delivered separately, ${missing} back-ordered.`
    case 'taken':
      return `You take the ${available} that we had; the other ${missing} are dropped.`
    case 'declined':
      return 'You left it out.'
    case 'expired':
      return 'We had no answer in time, so it was left out.'
    case 'cancelled':
      return 'Cancelled.'
  }
}

/** What the page says on top after something was done; the keys are what its address may carry. */
export const DONE = {
  answered: 'Thank you, we have your answer. Here is how it goes on.',
  deadline: 'The new deadline is set.',
  lowered: 'The quantity is lowered. Your place in the queue stays the same.',
  requested: 'We have your address. Please check the delivery below and confirm it.',
  confirmed: 'Thank you for confirming. We are preparing the delivery.',
  to_pay: 'Thank you. Please pay now: we prepare the delivery once it is paid.',
  paid: 'Thank you for paying. We hear of it in a moment, and then prepare the delivery.',
  unpaid: 'Nothing was paid. You can do so below, as long as we wait for it.',
  declined: 'You declined the delivery. The goods go to the next in line.',
  cancelled: 'It is cancelled.',
  cancelling:
    'The parcel was with the carrier already, and we have asked for it back. This page will say how that ends.',
} as const
export type Done = keyof typeof DONE

/** What a refusal means to a customer; what is not listed cannot come from the page's forms. */
export function refusalWords(type: string, detail: string): string {
  const words: Partial<Record<string, string>> = {
    'state-conflict': 'That is not possible any more. Below is how it stands now.',
    'offer-ended': 'The time to answer was over, so nothing was changed.',
    'deadline-passed': 'The deadline was over, so nothing was changed.',
    'cap-reached':
      'We cannot take back orders for that many of this item. Please choose otherwise or write to us.',
    'choice-not-open': 'One of your choices is not open any more. Please choose again.',
    'quantity-not-lower': 'The quantity can only be lowered.',
    'period-out-of-range': detail,
    'invalid-request': 'Please check what you entered.',
    'request-running':
      'We are still working on this. Look at the page again in a moment to see how it ended.',
    'outcome-unknown':
      'We could not find out in time whether this was done. You can safely press the button again: it will not be done twice.',
    unavailable: 'We cannot do this at the moment. Please try again in a minute: it will not be done twice.',
    'idempotency-key-reused':
      'This form was already sent before with other content. Nothing more was done; below is how it stands now.',
  }
  return (
    words[type] ?? (type in REFUSALS ? `${REFUSALS[type as RefusalType].title}.` : 'That was not possible.')
  )
}

/** An event in the customer's words; null for one that another entry tells better. */
export function eventWords(event: ToldEvent, page: OrderPage): string | null {
  const words = EVENT_WORDS[event.type]
  if (!words) return null
  return words({
    details: event.details as Told['details'],
    answers: (event.details.answers ?? []) as Answer[],
    time: (value) => moment(String(value), page.time_zone),
    date: (value) => day(String(value), page.time_zone),
    page,
  })
}

type Answer = { line: number; choice: Choice }
type Told = {
  answers: Answer[]
  details: Record<string, string | number | null>
  time: (value: unknown) => string
  date: (value: unknown) => string
  page: OrderPage
}

const EVENT_WORDS: Partial<Record<EventType, (told: Told) => string>> = {
  'order.received': () => 'We received your order.',
  'order.placed': () => 'We had everything you ordered.',
  'order.offered': () => 'Not everything was in stock, and we asked what we shall do.',
  'order.answered': ({ answers, page }) =>
    `Answered: ${listed(answers.map((answer) => answerWords(answer, page)))}.`,
  'order.deadline_changed': ({ details, time }) =>
    `The time to answer was changed to ${time(details.deadline_at)}.`,
  'order.offer_expired': () => 'The time to answer passed. What was missing was not back-ordered.',
  'order.cancelled': () => 'The order was cancelled.',
  'order.links_revoked': () => 'The links in our earlier mails were switched off.',
  'back_order.accepted': ({ details, time }) =>
    `Back-ordered ${details.ordered}${details.allocated ? `, of which ${details.allocated} are set aside` : ''}. We wait until ${time(details.deadline_at)}.`,
  'back_order.allocated': ({ details }) =>
    `${details.quantity} more arrived: ${details.allocated} of ${details.ordered} are set aside.`,
  'back_order.met': ({ details, time }) =>
    `Everything is here: all ${details.ordered} are set aside until ${time(details.deadline_at)}.`,
  'back_order.lowered': ({ details }) =>
    `The quantity was lowered from ${details.before} to ${details.ordered}.`,
  'back_order.deadline_changed': ({ details, time }) =>
    `A new deadline was set: ${DEADLINE_WORDS[details.kind as DeadlineKind].title} now ends on ${time(details.deadline_at)}.`,
  'back_order.promised': ({ details, date }) => `Expected on ${date(details.promised_at)}.`,
  'back_order.delayed': ({ details, date }) =>
    `It takes longer: expected on ${date(details.promised_at)}, not on ${date(details.before)}.`,
  'back_order.unsourced': () => 'No supplier can deliver it at present. We keep looking.',
  'back_order.taken_back': () =>
    'A count found fewer than we thought, so it waits again at its old place in the queue. We are sorry.',
  'back_order.delivery_requested': ({ details, time }) =>
    `Delivery requested${details.deliver_on ? ` for ${calendarDay(String(details.deliver_on))}` : ''}. We asked for a confirmation by ${time(details.deadline_at)}.`,
  'back_order.payment_requested': () => 'We asked for the payment.',
  'back_order.confirmed': () => 'The delivery was confirmed.',
  'back_order.declined': () => 'The delivery was declined. The goods went to the next in line.',
  'back_order.cancelling': () => 'A cancellation was asked for after the parcel was booked.',
  'back_order.cancelled': () => 'The back order was cancelled.',
  'back_order.expired': ({ details }) =>
    `${capital(DEADLINE_WORDS[details.deadline_kind as DeadlineKind].title)} was over, so the back order ended.`,
  'payment.declined': () => 'An attempt to pay was declined.',
  'payment.authorised': ({ details }) =>
    `${paid(details)} were paid, and are held until your goods leave us.`,
  'payment.captured': ({ details }) => `We took the ${paid(details)} that you paid.`,
  'payment.released': ({ details }) =>
    `We let go of the ${paid(details)} that were held. Nothing was charged.`,
  'payment.refunded': ({ details }) => `We gave back ${paid(details)}.`,
  'payment.settled': ({ details }) => `${paid(details)} were settled.`,
  'delivery.planned': () => 'We began to prepare it.',
  'delivery.booked': () => 'The carrier was booked.',
  'delivery.dispatched': () => 'The carrier took it over.',
  'delivery.delivered': () => 'It was delivered.',
  'delivery.failed': () => 'The carrier could not deliver it.',
  'delivery.retried': () => 'We hand it to the carrier once more.',
  'delivery.cancelling': () => 'We asked the carrier to give the parcel back.',
  'delivery.cancelled': () => 'It was cancelled before it left us.',
  'delivery.returned': () => 'The parcel came back to us.',
}

/** Who did it, where that is worth saying: a delivery is ours to prepare, whoever's yes began it. */
export function actorWords({ type, actor }: ToldEvent, page: OrderPage): string | null {
  if (type === 'delivery.planned') return null
  if (actor === 'customer') return 'by you'
  if (actor.startsWith('storefront:')) return `through ${page.shop.name}`
  if (actor.startsWith('operator:')) return 'by our staff'
  return null
}

/** What an event is about: the order, or an item of it. */
export function subjectWords(number: string, page: OrderPage): string {
  const backOrder = page.back_orders.find((backOrder) => backOrder.number === number)
  if (backOrder) return `Back order of ${itemName(backOrder.sku, page)}`
  const delivery = page.deliveries.find((delivery) => delivery.number === number)
  if (delivery) return `Delivery of ${listed(delivery.lines.map((line) => itemName(line.sku, page)))}`
  return number.startsWith('PY-') ? 'Payment' : 'Order'
}

export function itemName(sku: string, page: OrderPage): string {
  return page.items.get(sku)?.name ?? sku
}

/** How many wait before a back order. */
export function placeWords({
  ahead,
  ahead_is_exact,
}: Pick<PageBackOrder, 'ahead' | 'ahead_is_exact'>): string | null {
  if (ahead === null) return null
  if (!ahead_is_exact) return `Over ${ahead.toLocaleString('en')} back orders are before yours`
  if (ahead === 0) return 'You are next in line'
  return ahead === 1
    ? '1 back order is before yours'
    : `${ahead.toLocaleString('en')} back orders are before yours`
}

function answerWords({ line, choice }: Answer, page: OrderPage): string {
  const found = page.order.lines.find((other) => other.line === line)
  const name = found ? itemName(found.sku, page) : `line ${line}`
  const words: Record<Choice, string> = {
    ship_available: `ship what is there of ${name} and back-order the rest`,
    wait_for_all: `wait for all of ${name}`,
    take_available: `take what is there of ${name}`,
    decline: `leave out ${name}`,
  }
  return words[choice]
}

function paid(details: Told['details']): string {
  return moneyInWords(Number(details.amount_minor), String(details.currency))
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
