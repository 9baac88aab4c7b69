import { beforeAll, expect, test, vi } from 'vitest'
import { openShop } from '../../src/local/demo/shop.ts'
import { STORIES } from '../../src/local/demo/stories.ts'
import { useHouse } from '../support/house.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { Shop } from '../support/shop.ts'

const house = useHouse({ partners: ['mail', 'carrier', 'supplier', 'dealer', 'payments', 'processor'] })
let operatorKey: string
beforeAll(async () => {
  operatorKey = (await Shop.open(house())).operatorKey
  // As `npm start -- --empty` leaves it: with the periods of a new house, which are hours and days.
  await house().db`DELETE FROM periods`
})

test('`npm run demo` plays its stories on a house without sample data, and leaves its periods and terms as they were (P1)', async () => {
  const { apiUrl, mailUrl, supplierUrl, dealerUrl, paymentsUrl, processorUrl } = house()
  const periods = async () => {
    const headers = { authorization: `Bearer ${operatorKey}` }
    return (await fetch(new URL('/v1/operator/periods', apiUrl), { headers })).json()
  }
  const before = await periods()
  // What the stories tell is not this test's.
  vi.spyOn(console, 'log').mockReturnValue()
  const shop = await openShop({
    apiUrl,
    mailUrl,
    supplierUrl,
    dealerUrl,
    paymentsUrl,
    processorUrl,
    operatorKey,
    tag: 'TEST',
  })
  const ends = await Promise.all(STORIES.map(({ play }) => play(shop).catch((error: Error) => error.message)))
  expect(ends).toEqual([
    'delivered without a back order',
    'three missing units were bought, and all five delivered',
    expect.stringMatching(/^BO-\S+, next in line, has the goods$/),
    expect.stringMatching(/^keen-test brought what mute-test did not$/),
    expect.stringMatching(/^DL-\S+ never left, and BO-\S+ has the unit$/),
    'declined, tried again, held, and taken when the goods left',
    'lively-test sold what sleepy-test left lying',
    expect.stringMatching(/^CO-\S+ moved up when CO-\S+ was cancelled, and was built, paid and handed over$/),
    expect.stringMatching(/^TG-\S+ was paid and handed over, and nobody else could have it$/),
  ])
  expect(await periods()).toEqual(before)
  const deposits = await house().db`SELECT kind, deposit_minor::int AS deposit FROM order_terms ORDER BY kind`
  expect(deposits).toEqual([
    { kind: 'custom_order', deposit: 0 },
    { kind: 'tag', deposit: 0 },
  ])
  await expectSoundHouse(house())
})
