import { expect, test } from 'vitest'
import { Bank } from '../support/bank.ts'
import { useHouse } from '../support/house.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { BY_RECONCILE, expectStatus, Shop, waitFor } from '../support/shop.ts'
import { tag } from '../support/vehicle.ts'

const house = useHouse({ partners: ['mail'] })

test('killed in the middle of writing, a run leaves nothing half done, and is done by the next worker (A9, B6)', async () => {
  const shop = await Shop.open(house())
  const bank = new Bank(shop)
  await bank.periods(4)
  const { line, modelYear } = await bank.line()
  const dealer = await shop.dealer()
  expectStatus(await bank.plant('a-killed', { lines: [line], slots: [2, 2, 2] }), 201)
  const orders: string[] = []
  for (let count = 0; count < 6; count++) orders.push(await bank.ordered(dealer, modelYear))
  const before = await bank.settled(orders)
  expect(before.map((slot) => slot.slice(0, 10))).toEqual([
    'a-killed/1',
    'a-killed/1',
    'a-killed/2',
    'a-killed/2',
    'a-killed/3',
    'a-killed/3',
  ])

  expectStatus(await bank.cancel(dealer, orders[0] ?? ''), 200)
  // It has the vehicles' rows changed and comes no further than their events.
  await house().db.begin(async (tx) => {
    await tx`LOCK TABLE events IN EXCLUSIVE MODE`
    await waitFor(
      'the run to be in the middle of writing',
      () =>
        house()
          .db`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE vehicles v%'`,
      (rows) => rows.length > 0,
    )
    await house().killWorker(0)
  })
  await waitFor(
    'the killed run to be gone',
    () => house().db`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 6202`,
    (rows) => rows.length === 0,
  )
  expect(await bank.slots(orders.slice(1))).toEqual(before.slice(1))
  expect(await house().db`SELECT 1 FROM events WHERE type = 'vehicle.rescheduled'`).toHaveLength(0)
  expect((await house().db`SELECT 1 FROM schedule_requests`).length).toBeGreaterThan(0)

  await house().startWorker(0)
  expect((await bank.settled(orders)).map((slot) => slot.slice(0, 10))).toEqual([
    '- -',
    'a-killed/1',
    'a-killed/1',
    'a-killed/2',
    'a-killed/2',
    'a-killed/3',
  ])
  expect(await house().db`SELECT number FROM events WHERE type = 'vehicle.rescheduled'`).toHaveLength(2)
  await expectSoundHouse(house())
})

test('orders enter the bank while Temporal is away, and get their slots when it is back (B6)', async () => {
  const shop = await Shop.open(house())
  const bank = new Bank(shop)
  const { line, modelYear } = await bank.line()
  const dealer = await shop.dealer()
  expectStatus(await bank.plant('a-away', { lines: [line], slots: [1, 1] }), 201)
  await house().killTemporal()
  const orders = [await bank.ordered(dealer, modelYear), await bank.ordered(dealer, modelYear)]
  expect(await bank.slots(orders)).toEqual(['- -', '- -'])
  await house().startTemporal()
  await waitFor(
    'the slots',
    () => bank.slots(orders),
    (slots) => slots.join() === 'a-away/1 -,a-away/2 capacity',
    90,
  )
  await waitFor(
    'reconcile to deliver the wakes',
    () => house().db`SELECT 1 FROM wakes`,
    (rows) => rows.length === 0,
    90,
  )
  await expectSoundHouse(house())
})

test('killed after its commit, before anybody is woken: whom it moved is told all the same, once (A9, B6)', async () => {
  const shop = await Shop.open(house())
  const bank = new Bank(shop)
  const { line, modelYear } = await bank.line()
  const dealer = await shop.dealer()
  const vehicle = await bank.ordered(dealer, modelYear)
  const { email } = await tag(shop, vehicle)
  await bank.settled([vehicle])
  // Temporal is gone when the run commits, and the worker before it can tell anybody.
  await house().db.begin(async (tx) => {
    await tx`LOCK TABLE events IN EXCLUSIVE MODE`
    const plant = bank.plant('a-told', { lines: [line], slots: [1] })
    await waitFor(
      'the run to be in the middle of writing',
      () =>
        house()
          .db`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE vehicles v%'`,
      (rows) => rows.length > 0,
    )
    expectStatus(await plant, 201)
    await house().killTemporal()
  })
  expect(await bank.settled([vehicle])).toEqual(['a-told/1 -'])
  await house().killWorker(0)
  expect(await house().db`SELECT 1 FROM wakes WHERE workflow LIKE 'tag/%'`).toHaveLength(1)
  await house().startTemporal()
  await house().startWorker(0)
  const mails = await shop.mails(email, /: scheduled$/, BY_RECONCILE)
  await expectSoundHouse(house())
  expect(mails.filter(({ subject }) => subject.endsWith(': scheduled'))).toHaveLength(1)
  expect(
    await house().db`SELECT 1 FROM events WHERE number = ${vehicle} AND type = 'vehicle.scheduled'`,
  ).toHaveLength(1)
})
