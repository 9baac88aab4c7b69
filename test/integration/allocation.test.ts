import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore, type Store } from '../../src/store/database.ts'
import { checkInvariants } from '../../src/store/invariants.ts'
import { allocateToWaiters, lockStock, move, PASS_LIMIT, takeBack } from '../../src/store/stock.ts'
import { useHouse } from '../support/house.ts'
import { Shop } from '../support/shop.ts'

const house = useHouse({ partners: [], apis: 0, workers: 0 })
let shop: Shop
let store: Store
beforeAll(async () => {
  shop = await Shop.open(house())
  store = openStore({ url: house().databaseUrl, poolSize: 4, name: 'test' })
})
afterAll(() => store.close())

type Waiter = { ordered: number; allocated: number }

/** An item with these waiters in this order, and units on the shelf beyond what they hold. */
async function queueOf(waiters: Waiter[], free: number): Promise<{ sku: string; numbers: string[] }> {
  const held = waiters.reduce((sum, { allocated }) => sum + allocated, 0)
  const sku = await shop.item({ onHand: held + free })
  const customer = randomUUID()
  const numbers = waiters.map(() => `BO-${randomUUID()}`)
  const { db } = house()
  for (const [index, { ordered, allocated }] of waiters.entries()) {
    const number = numbers[index] ?? ''
    await db`INSERT INTO back_orders (number, order_number, line, sku, storefront, customer, ordered, shortfall, allocated, state, place,
                                      deadline_kind, deadline_at, deadline_from, hold_seconds, price_minor, currency)
             VALUES (${number}, ${`OR-${number}`}, 1, ${sku}, ${shop.storefront}, ${customer}, ${ordered}, ${ordered}, ${allocated}, 'waiting',
                     ${index + 1}, 'wait', now() + interval '1 hour', now(), 600, 100, 'EUR')`
    await db`INSERT INTO events (number, sequence, type, actor, to_state, details) VALUES (${number}, 1, 'back_order.accepted', 'test', 'waiting', '{}')`
    if (allocated > 0) {
      await db`INSERT INTO stock_movements (sku, kind, quantity, cause, step) VALUES (${sku}, 'allocate', ${allocated}, ${number}, 'setup')`
    }
  }
  const outstanding = waiters.reduce((sum, { ordered, allocated }) => sum + ordered - allocated, 0)
  await db`UPDATE stock_levels SET allocated = ${held}, outstanding = ${outstanding} WHERE sku = ${sku}`
  return { sku, numbers }
}

const pass = (sku: string) =>
  store.db.transaction(async (tx) => {
    await lockStock(tx, [sku])
    return allocateToWaiters(tx, sku, randomUUID())
  })

async function holdings(numbers: string[]): Promise<(Waiter & { state: string })[]> {
  const rows = await house().db<(Waiter & { number: string; state: string })[]>`
    SELECT number, ordered, allocated, state FROM back_orders WHERE number IN ${house().db(numbers)}`
  const byNumber = new Map(rows.map(({ number, ...row }) => [number, row]))
  return numbers.map((number) => byNumber.get(number) ?? { ordered: 0, allocated: 0, state: 'missing' })
}

const aWaiter = fc
  .record({ ordered: fc.integer({ min: 1, max: 5 }), held: fc.integer({ min: 0, max: 4 }) })
  .map(({ ordered, held }) => ({ ordered, allocated: Math.min(held, ordered - 1) }))

describe('the allocation statement (A6)', () => {
  test('gives what a loop over the queue would give, and leaves the books sound', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(aWaiter, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 20 }),
        async (waiters, free) => {
          const { sku, numbers } = await queueOf(waiters, free)
          const result = await pass(sku)

          let left = free
          const expected = waiters.map(({ ordered, allocated }) => {
            const granted = Math.min(left, ordered - allocated)
            left -= granted
            return {
              ordered,
              allocated: allocated + granted,
              state: allocated + granted === ordered ? 'met' : 'waiting',
            }
          })
          expect(await holdings(numbers)).toEqual(expected)
          expect(result.units).toBe(free - left)
          expect(result.more).toBe(false)
          const again = await pass(sku)
          expect(again).toEqual({ served: 0, units: 0, more: false })
        },
      ),
      { numRuns: 40, seed: 20_261_121 },
    )
    // The queues began with units that later waiters held already, as an offer's units may be: that is no service here.
    const violations = await checkInvariants(store.db, { graceSeconds: 60 })
    expect(violations.filter(({ rule }) => !rule.startsWith('nobody was given units while'))).toEqual([])
  })

  test(`serves at most ${PASS_LIMIT} waiters a pass, in order, and says that there are more`, async () => {
    const { sku } = await queueOf([], 2_500)
    const { db } = house()
    const customer = randomUUID()
    await db`INSERT INTO back_orders (number, order_number, line, sku, storefront, customer, ordered, shortfall, state, place,
                                      deadline_kind, deadline_at, deadline_from, hold_seconds, price_minor, currency)
             SELECT ${sku} || n, ${sku} || n, 1, ${sku}, ${shop.storefront}, ${customer}, 1, 1, 'waiting', n,
                    'wait', now() + interval '1 hour', now(), 600, 100, 'EUR' FROM generate_series(1, 2500) AS n`
    await db`INSERT INTO events (number, sequence, type, actor, to_state, details)
             SELECT ${sku} || n, 1, 'back_order.accepted', 'test', 'waiting', '{}' FROM generate_series(1, 2500) AS n`
    await db`UPDATE stock_levels SET outstanding = 2500 WHERE sku = ${sku}`
    expect(await pass(sku)).toEqual({ served: 1_000, units: 1_000, more: true })
    const [first] =
      await db`SELECT max(place)::integer AS last, count(*)::integer AS met FROM back_orders WHERE sku = ${sku} AND state = 'met'`
    expect(first).toEqual({ last: 1_000, met: 1_000 })
    expect(await pass(sku)).toEqual({ served: 1_000, units: 1_000, more: true })
    expect(await pass(sku)).toEqual({ served: 500, units: 500, more: false })
    const [written] = await db`
      SELECT (SELECT count(*) FROM stock_movements WHERE sku = ${sku} AND kind = 'allocate')::integer AS movements,
             (SELECT count(*) FROM events WHERE type = 'back_order.met' AND number LIKE ${`${sku}%`})::integer AS events,
             (SELECT count(*) FROM notifications WHERE number LIKE ${`${sku}%`})::integer AS notifications,
             (SELECT count(*) FROM wakes WHERE workflow LIKE ${`back-order/${sku}%`})::integer AS wakes`
    expect(written).toEqual({ movements: 2_500, events: 2_500, notifications: 2_500, wakes: 2_500 })
  })

  test('taking units back begins with the youngest, and another pass makes it good in the old order', async () => {
    const { sku, numbers } = await queueOf(
      [
        { ordered: 2, allocated: 1 },
        { ordered: 2, allocated: 0 },
        { ordered: 1, allocated: 0 },
      ],
      4,
    )
    await pass(sku)
    expect((await holdings(numbers)).map(({ state }) => state)).toEqual(['met', 'met', 'met'])
    const taken = await store.db.transaction(async (tx) => {
      await lockStock(tx, [sku])
      const units = await takeBack(tx, sku, 2, 'take-back')
      await move(tx, { sku, kind: 'count_down', quantity: units, cause: 'count/test', step: 'take-back' })
      return units
    })
    expect(taken).toBe(2)
    expect(await holdings(numbers)).toEqual([
      { ordered: 2, allocated: 2, state: 'met' },
      { ordered: 2, allocated: 1, state: 'waiting' },
      { ordered: 1, allocated: 0, state: 'waiting' },
    ])
    await store.db.transaction(async (tx) => {
      await lockStock(tx, [sku])
      await move(tx, { sku, kind: 'count_up', quantity: 1, cause: 'count/test', step: 'found-again' })
      await allocateToWaiters(tx, sku, 'found-again')
    })
    expect((await holdings(numbers)).map(({ allocated }) => allocated)).toEqual([2, 2, 0])
  })

  test('two passes at the same moment give no unit twice', async () => {
    const { sku, numbers } = await queueOf(
      Array.from({ length: 6 }, () => ({ ordered: 1, allocated: 0 })),
      4,
    )
    const passes = await Promise.all([pass(sku), pass(sku), pass(sku)])
    expect(passes.map(({ units }) => units).sort()).toEqual([0, 0, 4])
    expect((await holdings(numbers)).map(({ state }) => state)).toEqual([
      'met',
      'met',
      'met',
      'met',
      'waiting',
      'waiting',
    ])
  })
})
