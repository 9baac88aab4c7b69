import { beforeAll, expect, test } from 'vitest'
import { Bank } from '../support/bank.ts'
import { useHouse } from '../support/house.ts'
import { expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { expectStatus, Shop } from '../support/shop.ts'

const house = useHouse({ partners: ['mail'] })
let shop: Shop
let bank: Bank
beforeAll(async () => {
  shop = await Shop.open(house())
  bank = new Bank(shop)
  await bank.periods(8)
})

test('orders are given slots in turn; one that is freed goes to the next, and so on (B6)', async () => {
  const { line, modelYear } = await bank.line()
  const dealer = await shop.dealer()
  expectStatus(await bank.plant('a', { lines: [line], slots: [2, 1, 1] }), 201)
  const orders: string[] = []
  for (let count = 0; count < 5; count++) orders.push(await bank.ordered(dealer, modelYear))
  expect(await bank.settled(orders)).toEqual(['a/1 -', 'a/1 -', 'a/2 capacity', 'a/3 capacity', '- capacity'])

  expectStatus(await bank.cancel(dealer, orders[0] ?? ''), 200)
  expect(await bank.settled(orders)).toEqual(['- -', 'a/1 -', 'a/1 -', 'a/2 capacity', 'a/3 capacity'])
  await expectSoundHouse(house())
  await expectReplayable(house(), `WorkflowType = 'scheduleProduction'`)
})
