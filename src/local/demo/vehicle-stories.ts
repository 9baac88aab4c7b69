import { randomInt } from 'node:crypto'
import type { Shop } from './shop.ts'
import { expect, type Story } from './story.ts'

/** What can be ordered in the demo: two trims, and a roof. */
const FEATURES = [
  { code: 'BASE', kind: 'trim', name: 'Base' },
  { code: 'LUX', kind: 'trim', name: 'Lux', price: 450_000 },
  { code: 'E15', kind: 'engine', name: '1.5 Turbo' },
  { code: 'MAN', kind: 'transmission', name: 'manual' },
  { code: 'BLUE', kind: 'exterior', name: 'blue' },
  { code: 'GREY', kind: 'interior', name: 'grey' },
  { code: 'ROOF', kind: 'option', name: 'panoramic roof', price: 120_000 },
]
const PLAIN = ['BASE', 'E15', 'MAN', 'BLUE', 'GREY']
const BUYER = { name: 'Bo Lindqvist', email: 'bo@example.test', time_zone: 'Europe/Stockholm' }

/** A model year of a make that only this demo sells, built on a line of its own. */
async function modelYear(shop: Shop, make: string): Promise<{ id: string; line: string }> {
  const [id, line] = [`${make}-2027`, `${make}-line`]
  await shop.operate('PUT', `/v1/operator/model-years/${id}`, {
    make: { code: make, name: 'Tarn' },
    model: { code: 'heron', name: 'Heron' },
    year: 2027,
    model_line: { code: line, name: 'Heron' },
    currency: 'EUR',
    base_price: 3_000_000,
    features: FEATURES,
    rules: [],
  })
  return { id, line }
}

/** The ordinals of the next periods of production; a house that has none gets three, of a day each. */
async function comingPeriods(shop: Shop): Promise<number[]> {
  const known = async () => {
    const { data } = await shop.operate('GET', '/v1/operator/production-periods')
    return data
      .filter((period: { starts_at: string }) => Date.parse(period.starts_at) > Date.now() + 60_000)
      .map(({ ordinal }: { ordinal: number }) => ordinal)
  }
  const coming = await known()
  if (coming.length >= 2) return coming
  const at = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
  const production_periods = [1, 2, 3].map((ordinal) => ({
    ordinal,
    starts_at: at(ordinal),
    ends_at: at(ordinal + 1),
  }))
  await shop.operate('POST', '/v1/operator/production-periods/bulk', { production_periods })
  return known()
}

/** Prints the order bank's queue of a line, and gives it. */
async function queue(shop: Shop, line: string, when: string): Promise<{ number: string }[]> {
  const { data } = await shop.operate('GET', `/v1/operator/order-bank?model_line=${line}`)
  shop.say(`the queue ${when}:`)
  for (const { number, slot, held_by } of data) {
    const built = slot ? `built in period ${slot.period} at ${slot.plant}` : 'no slot yet'
    shop.say(`  ${number}: ${built}${held_by ? `, held by ${held_by}` : ''}`)
  }
  return data
}

export const VEHICLE_STORIES: Story[] = [
  {
    title: 'Configured, scheduled, built, paid and handed over',
    async play(other) {
      const shop = await other.whosePaymentsTheHouseTakes()
      const make = shop.make('tarn')
      const { id, line } = await modelYear(shop, make)
      const dealer = await shop.dealer('coachman', {
        make,
        latitude: 53.1,
        seconds: 60,
        behaviour: { answer_after_ms: 500 },
      })
      const [first = 0, second = 0] = await comingPeriods(shop)
      await shop.operate('PUT', `/v1/operator/plants/${make}-plant`, {
        name: 'Demo plant',
        model_lines: [line],
        freeze: 'PT0S',
        capacities: [first, second].map((period) => ({ period, slots: 1 })),
      })
      const accepted = async (features: string[]) => {
        const { id: configuration } = await shop.call('POST', '/v1/configurations', {
          model_year: id,
          features,
        })
        const { number, deposit } = await shop.withDeposit('custom_order', () =>
          shop.call('POST', '/v1/custom-orders', { configuration, dealer, buyer: BUYER }),
        )
        await shop.buyer(deposit.number, 'pay')
        return shop.until(
          `/v1/custom-orders/${number}`,
          `${number} scheduled, once dealer and processor have accepted it`,
          (view) => view.vehicle?.state === 'scheduled',
        )
      }
      const one = await accepted(PLAIN)
      const next = await accepted([...PLAIN.filter((code) => code !== 'BASE'), 'LUX', 'ROOF'])
      const before = await queue(shop, line, 'before')
      expect(before.length === 2, 'both are in the bank')
      await shop.call('POST', `/v1/custom-orders/${one.number}/cancellation`, { reason: 'Changed my mind' })
      shop.say(`${one.number}: cancelled; its slot is free`)
      await shop.until(
        `/v1/payments/${one.deposit.number}`,
        `${one.deposit.number} given back, less the fee`,
        (view) => view.refunded.amount === 35_000,
      )
      const path = `/v1/custom-orders/${next.number}`
      const moved = await shop.until(
        path,
        `${next.number} has the slot`,
        (view) => view.vehicle.order_bank?.slot?.period === first,
      )
      const after = await queue(shop, line, 'after')
      expect(after.length === 1, 'who was cancelled is out of the bank')
      for (const step of ['in_production', 'vin_assigned', 'built', 'shipped', 'at_dealer'])
        await shop.plant(moved.vehicle.number, step)
      const there = await shop.until(
        path,
        `${next.number} at the dealer, and the balance asked for`,
        (view) => view.vehicle.state === 'at_dealer' && view.balance !== null,
      )
      expect(there.vehicle.vin !== null, 'it has its VIN')
      const balance: string = there.balance.number
      await shop.buyer(balance, 'pay')
      const paid = await shop.until(
        `/v1/payments/${balance}`,
        `${balance} taken`,
        (view) => view.state === 'captured',
      )
      expect(paid.captured.amount === 3_570_000 - 50_000, 'the balance is the price less the deposit')
      await shop.operate('POST', `${path}/handover`, {})
      const done = await shop.until(path, `${next.number} handed over`, (view) => view.state === 'completed')
      expect(done.vehicle.state === 'delivered', 'the buyer has the vehicle')
      return `${next.number} moved up when ${one.number} was cancelled, and was built, paid and handed over`
    },
  },
  {
    title: 'A vehicle on the lot is tagged',
    async play(other) {
      const shop = await other.whosePaymentsTheHouseTakes()
      const make = shop.make('plover')
      const { id } = await modelYear(shop, make)
      const dealer = await shop.dealer('lotkeeper', { make, latitude: 53.1, seconds: 60, behaviour: {} })
      const listed = async (features: string[]) => {
        const vin = `TRN${String(randomInt(1e7)).padStart(7, '0')}${String(randomInt(1e7)).padStart(7, '0')}`
        const price = { amount: 3_000_000, currency: 'EUR' }
        const body = { dealer, model_year: id, features, vin, price }
        return (await shop.operate('POST', '/v1/stock-vehicles', body)).number
      }
      const plain = await listed(PLAIN)
      const roof = await listed([...PLAIN, 'ROOF'])
      const search = { make, model: 'heron', nice_to_have: [{ feature: 'ROOF' }] }
      const { data } = await shop.call('POST', '/v1/match-search', search)
      expect(data[0]?.vehicle.number === roof && data[1]?.vehicle.number === plain, 'the best match is first')
      shop.say(`${data.length} on the lot come near to the wish; the best is ${roof}`)
      const tag = (name: string) =>
        shop.call('POST', '/v1/tags', { vehicle: roof, customer: { ...BUYER, name }, search })
      const { number, deposit } = await shop.withDeposit('tag', () => tag('Ada Marsh'))
      const lost = await tag('Bo Lindqvist').then(
        () => 'had it too',
        (error: Error) => error.message,
      )
      expect(lost.includes('409'), 'nobody else gets it')
      shop.say(`${number}: tagged; whoever comes second is told so, with the next matches`)
      await shop.buyer(deposit.number, 'pay')
      await shop.until(
        `/v1/tags/${number}`,
        `${number} confirmed, once the order processor has accepted it too`,
        (view) => view.state === 'confirmed',
      )
      const path = `/v1/payments/${deposit.number}`
      await shop.until(path, `${deposit.number} taken`, (view) => view.state === 'captured')
      shop.say(`${number}: the buyer pays the rest at the dealer`)
      await shop.operate('POST', `/v1/tags/${number}/handover`, { settled_at_dealer: true })
      await shop.until(`/v1/tags/${number}`, `${number} handed over`, (view) => view.state === 'delivered')
      return `${number} was paid and handed over, and nobody else could have it`
    },
  },
]
