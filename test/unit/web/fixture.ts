import type { BackOrderState } from '../../../src/domain/back-order.ts'
import type { DeliveryState } from '../../../src/domain/delivery.ts'
import { HOUSE_PERIODS } from '../../../src/domain/period.ts'
import type { ToldEvent } from '../../../src/store/event.ts'
import type { OrderPage, PageBackOrder, PageDelivery } from '../../../src/store/order-page.ts'
import { document } from '../../../src/web/layout.tsx'
import type { View } from '../../../src/web/order-page/fields.tsx'
import { OrderPage as OrderPageView } from '../../../src/web/order-page/page.tsx'

export const NOW = new Date('2025-05-14T12:00:00Z')
export const ADDRESS = {
  name: 'Ada Example',
  lines: ['12 Example Street', 'Back house'],
  city: 'Exampleton',
  postcode: '12345',
  country: 'DE',
}

const EUR = (amount: number) => ({ amount, currency: 'EUR' })
const inDays = (days: number) => new Date(NOW.getTime() + days * 86_400_000).toISOString()

type Line = OrderPage['order']['lines'][number]

export function line(change: Partial<Line> = {}): Line {
  return {
    line: 1,
    sku: 'GRINDER',
    ordered: 5,
    available: 2,
    shortfall: 3,
    state: 'short',
    choice: null,
    choices: ['ship_available', 'wait_for_all', 'decline'],
    expected_at: inDays(9),
    default_wait_seconds: 30 * 86_400,
    back_order: null,
    unit_price: EUR(8_950),
    ...change,
  }
}

export function backOrder(state: BackOrderState, change: Partial<PageBackOrder> = {}): PageBackOrder {
  const kinds = { waiting: 'wait', met: 'hold', delivery_requested: 'confirm' } as const
  const actions = {
    waiting: ['lower', 'change_deadline', 'cancel'],
    met: ['change_deadline', 'request_delivery', 'cancel'],
    delivery_requested: ['change_deadline', 'confirm', 'decline', 'cancel'],
    confirmed: ['cancel'],
  } as const
  const kind = kinds[state as keyof typeof kinds]
  return {
    number: 'BO-7K3M-9QXT-4HC',
    order: 'OR-0000-0000-000',
    line: 1,
    sku: 'GRINDER',
    state,
    version: 4,
    ordered: 3,
    shortfall: 3,
    allocated: 1,
    outstanding: 2,
    ahead: state === 'waiting' ? 14 : null,
    ahead_is_exact: true,
    explanation: state === 'waiting' ? '1 of 3 set aside, 2 outstanding, 14 ahead of you' : `It is ${state}`,
    promised_at: inDays(9),
    deadline: kind ? { kind, at: inDays(6) } : null,
    deadline_from: kind ? new Date('2025-05-10T12:00:00Z') : null,
    deliver_on: state === 'delivery_requested' ? '2025-05-20' : null,
    delivery: null,
    payment: null,
    unit_price: EUR(8_950),
    allowed_actions: [...(actions[state as keyof typeof actions] ?? [])],
    created_at: '2025-05-10T12:00:00.000Z',
    ship_to: state === 'delivery_requested' ? ADDRESS : null,
    ...change,
  }
}

export function delivery(state: DeliveryState, change: Partial<PageDelivery> = {}): PageDelivery {
  return {
    number: 'DL-7K3M-9QXT-4HC',
    order: 'OR-0000-0000-000',
    back_order: null,
    state,
    version: 3,
    attempt: 1,
    tracking: null,
    failure: null,
    deliver_on: null,
    lines: [{ sku: 'GRINDER', quantity: 2 }],
    allowed_actions: state === 'planned' || state === 'booking' || state === 'booked' ? ['cancel'] : [],
    operator_actions: [],
    created_at: '2025-05-10T12:00:00.000Z',
    ship_to: ADDRESS,
    ...change,
  }
}

export function event(type: ToldEvent['type'], change: Partial<ToldEvent> = {}): ToldEvent {
  return {
    number: 'OR-0000-0000-000',
    sequence: 2,
    type,
    actor: 'house',
    details: {},
    note: null,
    at: new Date('2025-05-10T12:00:00Z'),
    ...change,
  }
}

/** A page of an order that has been decided, with two lines that were met; tests change what they are about. */
export function orderPage(
  change: Partial<OrderPage> = {},
  order: Partial<OrderPage['order']> = {},
): OrderPage {
  return {
    now: NOW,
    shop: { name: 'Bean & Steel', reply_to: 'hello@beanandsteel.example', takes_payment: false },
    time_zone: 'Europe/Paris',
    ship_to: ADDRESS,
    items: new Map([
      ['GRINDER', { name: 'Hand grinder, steel', wait_seconds: 30 * 86_400, hold_seconds: 7 * 86_400 }],
      ['KETTLE', { name: 'Gooseneck kettle', wait_seconds: 30 * 86_400, hold_seconds: 7 * 86_400 }],
    ]),
    periods: HOUSE_PERIODS,
    back_orders: [],
    deliveries: [],
    events: [],
    order: {
      number: 'OR-0000-0000-000',
      reference: 'WEB-1042',
      state: 'decided',
      version: 3,
      deadline: null,
      allowed_actions: [],
      lines: [
        line({ state: 'met', available: 5, shortfall: 0, choices: [], expected_at: null }),
        line({
          line: 2,
          sku: 'KETTLE',
          ordered: 1,
          available: 1,
          shortfall: 0,
          state: 'met',
          choices: [],
          expected_at: null,
          unit_price: EUR(6_490),
        }),
      ],
      back_orders: [],
      deliveries: [],
      created_at: '2025-05-10T12:00:00.000Z',
      ...order,
    },
    ...change,
  }
}

/** An order whose first line is short and whose offer stands for two more days. */
export function offeredPage(
  lines: Line[] = [
    line(),
    line({
      line: 2,
      sku: 'KETTLE',
      ordered: 1,
      available: 1,
      shortfall: 0,
      state: 'met',
      choices: [],
      unit_price: EUR(6_490),
    }),
  ],
): OrderPage {
  return orderPage(
    {},
    {
      state: 'offered',
      version: 2,
      deadline: { kind: 'offer', at: inDays(2) },
      allowed_actions: ['answer', 'change_deadline', 'cancel'],
      lines,
    },
  )
}

/** The page as it is sent. */
export async function render(page: OrderPage, more: Partial<View> = {}): Promise<string> {
  const view: View = { page, base: `/o/${page.order.number}/proof`, notice: null, attempt: null, ...more }
  return String(await document(OrderPageView({ view })))
}
