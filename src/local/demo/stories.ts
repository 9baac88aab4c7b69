import type { Shop } from './shop.ts'
import { expect, type Story } from './story.ts'
import { VEHICLE_STORIES } from './vehicle-stories.ts'

const ADDRESS = {
  name: 'Ada Marsh',
  lines: ['12 Quay Street'],
  city: 'Bremen',
  postcode: '28195',
  country: 'DE',
}

const backOrder = (number: string) => `/v1/back-orders/${number}`

async function requestAndConfirm(shop: Shop, number: string, deliverOn?: string): Promise<string> {
  const body = { ship_to: ADDRESS, ...(deliverOn ? { deliver_on: deliverOn } : {}) }
  await shop.call('POST', `${backOrder(number)}/delivery-request`, body)
  const { delivery } = await shop.call('POST', `${backOrder(number)}/confirmation`, {})
  shop.say(`${number}: delivery requested and confirmed → ${delivery}`)
  return delivery
}

export const STORIES: Story[] = [
  {
    title: 'Met at once',
    async play(shop) {
      const sku = await shop.item('KETTLE', 3)
      const order = await shop.order(sku, 2)
      expect(
        order.state === 'decided' && order.lines[0].shortfall === 0,
        'an order that is met needs no offer',
      )
      const [delivery] = order.deliveries
      await shop.until(
        `/v1/deliveries/${delivery.number}`,
        `${delivery.number} delivered`,
        (view) => view.state === 'delivered',
      )
      return 'delivered without a back order'
    },
  },
  {
    title: 'Short, back-ordered, supplied, delivered',
    async play(shop) {
      const sku = await shop.item('PAN', 2)
      await shop.supplier('brisk', {
        skus: [sku],
        rank: 1,
        behaviour: { acknowledge_after_ms: 500, ship_after_ms: 1_500 },
      })
      const number = await shop.backOrder(sku, 5)
      await shop.until(backOrder(number), `${number} met by the supplier`, (view) => view.state === 'met')
      await requestAndConfirm(shop, number)
      await shop.until(backOrder(number), `${number} delivered`, (view) => view.state === 'delivered')
      return 'three missing units were bought, and all five delivered'
    },
  },
  {
    title: 'Expired, and the goods go to the next in line',
    async play(shop) {
      const sku = await shop.item('TENT', 0)
      const first = await shop.withShortHolds(() => shop.backOrder(sku, 1, { hold_period: 'PT3S' }))
      const second = await shop.backOrder(sku, 1)
      await shop.count(sku, 1)
      const met = await shop.call('GET', backOrder(first))
      expect(met.state === 'met', 'the first in line is served first')
      shop.say(`${first}: met, held until ${met.deadline.at}; its customer stays silent`)
      await shop.until(backOrder(first), `${first} expired`, (view) => view.state === 'expired')
      const next = await shop.call('GET', backOrder(second))
      expect(next.state === 'met' && next.allocated === 1, 'the next in line has the goods')
      return `${second}, next in line, has the goods`
    },
  },
  {
    title: 'A supplier stays silent, and the next one delivers',
    async play(shop) {
      const sku = await shop.item('LAMP', 0)
      const mute = await shop.supplier('mute', { skus: [sku], rank: 1, behaviour: { silent: true } })
      const keen = await shop.supplier('keen', {
        skus: [sku],
        rank: 2,
        behaviour: { acknowledge_after_ms: 300, ship_after_ms: 1_000 },
      })
      const number = await shop.backOrder(sku, 2)
      shop.say(
        `${mute} is asked first and says nothing: reminded after 3 s, withdrawn after 3 more; then ${keen}`,
      )
      await shop.until(backOrder(number), `${number} met`, (view) => view.state === 'met')
      return `${keen} brought what ${mute} did not`
    },
  },
  {
    title: 'Cancelled after the confirmation',
    async play(shop) {
      const sku = await shop.item('STOVE', 0)
      const first = await shop.backOrder(sku, 1)
      const second = await shop.backOrder(sku, 1)
      await shop.count(sku, 1)
      const inThreeDays = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10)
      const delivery = await requestAndConfirm(shop, first, inThreeDays)
      await shop.call('POST', `${backOrder(first)}/cancellation`, { reason: 'Changed my mind' })
      await shop.until(backOrder(first), `${first} cancelled`, (view) => view.state === 'cancelled')
      const ended = await shop.call('GET', `/v1/deliveries/${delivery}`)
      const next = await shop.call('GET', backOrder(second))
      expect(
        ended.state === 'cancelled' && next.state === 'met',
        'the delivery is cancelled and the unit is back in the queue',
      )
      return `${delivery} never left, and ${second} has the unit`
    },
  },
  {
    title: "Paid on the provider's page, then delivered",
    async play(other) {
      const shop = await other.whosePaymentsTheHouseTakes()
      const sku = await shop.item('LENS', 0)
      const number = await shop.backOrder(sku, 2)
      await shop.count(sku, 2)
      await shop.until(backOrder(number), `${number} met`, (view) => view.state === 'met')
      await shop.call('POST', `${backOrder(number)}/delivery-request`, { ship_to: ADDRESS })
      const asked = await shop.call('POST', `${backOrder(number)}/confirmation`, {})
      const payment: string = asked.payment.number
      expect(asked.state === 'delivery_requested', 'what is not paid is not confirmed')
      shop.say(`${payment}: to be paid at ${asked.payment.pay_url}`)
      const path = `/v1/payments/${payment}`
      await shop.buyer(payment, 'decline')
      await shop.buyer(payment, 'pay')
      await shop.until(backOrder(number), `${number} delivered`, (view) => view.state === 'delivered')
      const paid = await shop.until(path, `${payment} taken`, (view) => view.state === 'captured')
      expect(paid.captured.amount === 3_998 && paid.refunded.amount === 0, 'the money balances')
      return 'declined, tried again, held, and taken when the goods left'
    },
  },
  {
    title: 'A lead changes its dealer',
    async play(shop) {
      const make = shop.make('astra')
      const silent = await shop.dealer('sleepy', {
        make,
        latitude: 53.1,
        seconds: 2,
        behaviour: { late: true, answer_after_ms: 0 },
      })
      const next = await shop.dealer('lively', {
        make,
        latitude: 53.2,
        seconds: 60,
        behaviour: { answer_after_ms: 1_000, proceed_after_ms: 1_000 },
      })
      const { number, dealer } = await shop.call('POST', '/v1/leads', {
        near: { latitude: 53, longitude: 8.8 },
        prospect: { name: 'Ada Marsh', email: 'ada@example.test', time_zone: 'Europe/Berlin' },
        vehicle: { make, model: 'Corda', year: 2026 },
        another_dealer: true,
      })
      const lead = `/v1/leads/${number}`
      expect(dealer === silent, 'the nearest dealer who sells the make is asked first')
      shop.say(
        `${number}: sent to ${dealer}, who says nothing: reminded after 2 s, shown to operators after 2 more`,
      )
      await shop.until(lead, `${number} passed on`, (view) => view.dealer === next)
      const sold = await shop.until(lead, `${number} sold by ${next}`, (view) => view.state === 'sold')
      const late = sold.statuses.filter((word: { is_late: boolean }) => word.is_late)
      expect(
        late.length === 1 && late[0].dealer === silent,
        'the late word of the first dealer is kept and changes nothing',
      )
      return `${next} sold what ${silent} left lying`
    },
  },
  ...VEHICLE_STORIES,
]
