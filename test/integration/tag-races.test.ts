import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { type Answer, expectStatus, Shop } from '../support/shop.ts'
import {
  answerTag,
  bookedAs,
  lotVehicle,
  newBuyer,
  newModel,
  onLot,
  tag,
  waitForMatch,
} from '../support/vehicle.ts'

// Two of everything: whoever comes first is decided by the books alone (B8, B11).
const house = useHouse({ apis: 2, workers: 2, partners: ['mail'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})
afterAll(() => expectSoundHouse(house()))

const CROSSINGS = 8
const type = ({ status, body }: Answer) => (status < 300 ? status : String(body.type).split('/').at(-1))
const post = (path: string, body: object = {}, api = 0) => shop.call('POST', path, { body, api })
const tagIt = (vehicle: string, api = 0) => post('/v1/tags', { vehicle, customer: newBuyer() }, api)

describe('of those who want the same, exactly one gets it', () => {
  test('five buyers at once', async () => {
    const dealer = await shop.dealer()
    const [car] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
    const answers = await Promise.all([0, 1, 0, 1, 0].map((api) => tagIt(car, api)))
    expect(answers.map(type).sort()).toEqual([201, ...Array.from({ length: 4 }, () => 'vehicle-taken')])
  })

  test('a cancellation beside the dealer’s word: one of them ends it, and the books follow', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const ends = new Set<string>()
    for (let round = 0; round < CROSSINGS; round++) {
      const [car] = await onLot(shop, dealer, [lotVehicle(model)])
      const { number } = await tag(shop, car)
      const both = [
        () => post(`/v1/tags/${number}/cancellation`, {}, 0),
        () => answerTag(shop, dealer, number, 'sold'),
      ]
      const answers = await Promise.all((round % 2 ? both : both.toReversed()).map((send) => send()))
      expect(answers.map(type).sort()).toEqual([200, 'state-conflict'])
      const { state } = await shop.look(number)
      ends.add(state)
      const expected = { cancelled: ['stock', 'available'], sold: ['retail', 'sold'] }[state as string]
      const booked = await bookedAs(shop, car)
      expect([booked.type, booked.availability, booked.buyer]).toEqual([...(expected ?? []), null])
    }
    expect([...ends].every((end) => end === 'cancelled' || end === 'sold')).toBe(true)
  })

  test('a car that is given up goes to the match request and to nobody who tags it at that moment', async () => {
    const dealer = await shop.dealer()
    for (let round = 0; round < CROSSINGS; round++) {
      const model = await newModel(shop)
      const [car] = await onLot(shop, dealer, [lotVehicle(model)])
      const { number } = await tag(shop, car)
      const waiter = await waitForMatch(shop, model)
      const [cancelled, ...late] = await Promise.all([
        post(`/v1/tags/${number}/cancellation`, {}, 0),
        tagIt(car, 1),
        tagIt(car, 0),
      ])
      expectStatus(cancelled, 200)
      expect(late.map(type)).toEqual(['vehicle-taken', 'vehicle-taken'])
      expect(await bookedAs(shop, car)).toMatchObject({
        availability: 'offered',
        match_request: waiter.number,
      })
    }
  })

  test('two cars become free at once for two who wait: each is offered one', async () => {
    const dealer = await shop.dealer()
    for (let round = 0; round < CROSSINGS; round++) {
      const model = await newModel(shop)
      const cars = await onLot(shop, dealer, [lotVehicle(model), lotVehicle(model)])
      const tags = await Promise.all(cars.map((car) => tag(shop, car)))
      const waiters = [await waitForMatch(shop, model), await waitForMatch(shop, model)]
      await Promise.all(
        tags.map(async ({ number }, api) =>
          expectStatus(await post(`/v1/tags/${number}/cancellation`, {}, api), 200),
        ),
      )
      const kept = await Promise.all(cars.map((car) => bookedAs(shop, car)))
      expect(kept.map((row) => row.match_request).sort()).toEqual(waiters.map(({ number }) => number).sort())
    }
  })

  test('a buyer takes what is kept as the dealer takes it away: one of them is told no', async () => {
    const dealer = await shop.dealer()
    for (let round = 0; round < CROSSINGS; round++) {
      const model = await newModel(shop)
      const waiter = await waitForMatch(shop, model)
      const [car] = await onLot(shop, dealer, [lotVehicle(model)])
      const accept = () => post(`/v1/match-requests/${waiter.number}/acceptance`, {}, 1)
      const withdraw = () =>
        shop.call('POST', `/v1/stock-vehicles/${car}/withdrawal`, { key: dealer.key, body: {} })
      const answers = await Promise.all(round % 2 ? [accept(), withdraw()] : [withdraw(), accept()])
      expect(answers.map(type).sort()).toEqual([200, 'state-conflict'])
      const booked = await bookedAs(shop, car)
      const { state } = await shop.look(waiter.number)
      expect([
        ['tagged', 'accepted'],
        ['withdrawn', 'waiting'],
      ]).toContainEqual([booked.availability, state])
    }
  })
})
