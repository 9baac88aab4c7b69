import { afterAll, beforeAll, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { type Answer, Shop } from '../support/shop.ts'
import { bookedAs, lotVehicle, newBuyer, newModel, onLot } from '../support/vehicle.ts'

/**
 * Who gets a car is decided in one transaction of the API (REQUIREMENTS B8): so two of them and no worker. The processes of
 * the tags are started and stand; `tag-races` has what they do.
 */
const house = useHouse({ apis: 2, workers: 0, partners: [] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})
afterAll(() => expectSoundHouse(house()))

const ROUNDS = 200
const type = ({ status, body }: Answer) => (status < 300 ? status : String(body.type).split('/').at(-1))

test(`two buyers tag one car, ${ROUNDS} times over: exactly one gets it every time`, async () => {
  const dealer = await shop.dealer()
  const model = await newModel(shop)
  const cars = await onLot(
    shop,
    dealer,
    Array.from({ length: ROUNDS }, () => lotVehicle(model)),
  )
  for (const vehicle of cars) {
    const answers = await Promise.all(
      [0, 1].map((api) => shop.call('POST', '/v1/tags', { body: { vehicle, customer: newBuyer() }, api })),
    )
    expect(answers.map(type).sort()).toEqual([201, 'vehicle-taken'])
    const winner = answers.find(({ status }) => status === 201)?.body.number
    expect(await bookedAs(shop, vehicle)).toMatchObject({ type: 'retail', buyer: winner, tag: winner })
  }
  const rows = await house().db`SELECT vehicle FROM tags WHERE dealer = ${dealer.id}`
  expect(rows.map(({ vehicle }) => vehicle).sort()).toEqual(cars.toSorted())
})
