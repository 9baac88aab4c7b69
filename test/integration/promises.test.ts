import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore, type Store } from '../../src/store/database.ts'
import { type DuePromise, groundsOf, promisesDue, revisePromises } from '../../src/store/promise.ts'
import { lockStock } from '../../src/store/stock.ts'
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

/** What a waiter lacks, and what they were told: a date, nothing, or that nobody is left to ask. */
type Waiter = { lacking: number; told: string | null; unsourced: boolean }
type Part = { quantity: number; at: string }
/** A line on which so much is still to come, in the parts that the supplier named, if any. */
type Line = { to_come: number; received: number; at: string; parts: Part[] }
type Case = { waiters: Waiter[]; lines: Line[]; isAnybodyLeft: boolean }

/** Few, so that several fall on one day, at other hours of it too. */
const aDate = fc
  .record({ day: fc.integer({ min: 1, max: 6 }), hour: fc.integer({ min: 0, max: 2 }) })
  .map(({ day, hour }) => `2031-03-0${day}T0${hour}:00:00.000Z`)
const some = fc.integer({ min: 1, max: 4 })
const aCase: fc.Arbitrary<Case> = fc.record({
  waiters: fc.array(
    fc.oneof(
      fc.record({ lacking: some, told: fc.option(aDate), unsourced: fc.constant(false) }),
      fc.record({ lacking: some, told: fc.constant(null), unsourced: fc.boolean() }),
    ),
    { minLength: 1, maxLength: 8 },
  ),
  lines: fc.array(
    fc.record({
      to_come: some,
      received: fc.integer({ min: 0, max: 2 }),
      at: aDate,
      parts: fc.array(fc.record({ quantity: some, at: aDate }), { maxLength: 3 }),
    }),
    { maxLength: 4 },
  ),
  isAnybodyLeft: fc.boolean(),
})

/** The same by going through it unit by unit. */
function expectedOf({ waiters, lines, isAnybodyLeft }: Case): { told: string | null; unsourced: boolean }[] {
  const arrivals = lines.flatMap(({ to_come, at, parts }) => {
    if (parts.length === 0) return Array.from({ length: to_come }, () => at)
    // The earliest parts are those that came already.
    const units = parts.flatMap((part) => Array.from({ length: part.quantity }, () => part.at))
    return units.sort().slice(-to_come)
  })
  arrivals.sort()
  const toCome = lines.reduce((sum, line) => sum + line.to_come, 0)
  const wanted = waiters.reduce((sum, { lacking }) => sum + lacking, 0)
  let units = 0
  return waiters.map(({ lacking, told, unsourced }) => {
    units += lacking
    const at = arrivals[units - 1]
    if (at !== undefined) {
      const isKept = told !== null && told.slice(0, 10) === at.slice(0, 10)
      return isKept ? { told, unsourced } : { told: at, unsourced: false }
    }
    return isAnybodyLeft || wanted <= toCome ? { told, unsourced } : { told: null, unsourced: true }
  })
}

async function lay({ waiters, lines, isAnybodyLeft }: Case): Promise<string> {
  const { db } = house()
  const sku = await shop.item()
  const { id } = await shop.supplier({ skus: [sku] })
  if (!isAnybodyLeft)
    await db`UPDATE supplier_items SET passed_over_until = now() + interval '1 day' WHERE sku = ${sku}`
  for (const [index, { lacking, told, unsourced }] of waiters.entries()) {
    await db`INSERT INTO back_orders (number, order_number, line, sku, storefront, customer, ordered, shortfall, allocated, state, place,
                                      deadline_kind, deadline_at, deadline_from, hold_seconds, promised_at, unsourced, price_minor, currency)
             VALUES (${`${sku}/${index}`}, ${`${sku}/${index}`}, 1, ${sku}, ${shop.storefront}, ${randomUUID()}, ${lacking + 1}, ${lacking + 1}, 1, 'waiting',
                     ${index + 1}, 'wait', now() + interval '1 hour', now(), 600, ${told}, ${unsourced}, 100, 'EUR')`
  }
  const outstanding = waiters.reduce((sum, { lacking }) => sum + lacking, 0)
  await db`UPDATE stock_levels SET on_hand = ${waiters.length}, allocated = ${waiters.length}, outstanding = ${outstanding} WHERE sku = ${sku}`
  for (const [index, { to_come, received, at, parts }] of lines.entries()) {
    const number = `${sku}/PO-${index}`
    await db`INSERT INTO purchase_orders (number, supplier, state, currency) VALUES (${number}, ${id}, 'acknowledged', 'EUR')`
    await db`INSERT INTO purchase_order_lines (purchase_order, line, sku, requested, agreed, accepted, received, price_minor, expected_at)
             VALUES (${number}, 1, ${sku}, ${to_come + received}, ${to_come + received}, ${to_come + received}, ${received}, 100, ${at})`
    for (const part of parts)
      await db`INSERT INTO schedule_lines (purchase_order, line, quantity, expected_at, kind) VALUES (${number}, 1, ${part.quantity}, ${part.at}, 'accepted')`
  }
  return sku
}

async function promisesOf(sku: string): Promise<{ told: string | null; unsourced: boolean }[]> {
  const rows = await house().db<{ promised_at: Date | null; unsourced: boolean }[]>`
    SELECT promised_at, unsourced FROM back_orders WHERE sku = ${sku} ORDER BY place`
  return rows.map(({ promised_at, unsourced }) => ({ told: promised_at?.toISOString() ?? null, unsourced }))
}

const revise = (sku: string, due: DuePromise[]) =>
  store.db.transaction(async (tx) => {
    await lockStock(tx, [sku])
    return revisePromises(tx, due, `test/${randomUUID()}`)
  })

describe('what waiters are promised (A5)', () => {
  test('is what going through the queue unit by unit would find, in however many batches', async () => {
    await fc.assert(
      fc.asyncProperty(aCase, fc.integer({ min: 1, max: 9 }), async (given, limit) => {
        const sku = await lay(given)
        const before = await promisesOf(sku)
        const expected = expectedOf(given)
        for (let { due } = await promisesDue(store.db, sku, limit); due.length > 0; ) {
          expect(await revise(sku, due)).toBe(due.length)
          due = (await promisesDue(store.db, sku, limit)).due
        }
        expect(await promisesOf(sku)).toEqual(expected)
        // Each was told once of what changed for the worse, and of nothing else.
        const changed = expected.map((now, index) => {
          const was = before[index]
          if (JSON.stringify(was) === JSON.stringify(now)) return []
          if (now.told === null) return ['back_order.unsourced']
          return [was?.told && now.told > was.told ? 'back_order.delayed' : 'back_order.promised']
        })
        const events = await house().db<{ place: number; type: string; told: boolean }[]>`
          SELECT b.place::integer AS place, e.type, EXISTS (SELECT 1 FROM notifications n WHERE n.event = e.id) AS told
            FROM events e JOIN back_orders b USING (number) WHERE b.sku = ${sku}`
        expect(
          changed.map((_, index) =>
            events.filter(({ place }) => place === index + 1).map(({ type }) => type),
          ),
        ).toEqual(changed)
        for (const { type, told } of events) expect(told).toBe(type !== 'back_order.promised')
      }),
      { numRuns: 150, seed: 20_261_121 },
    )
  })

  test('a date that has passed is promised to nobody: what is overdue is promised for now, once', async () => {
    const waiter = (told: string | null) => ({ lacking: 1, told, unsourced: false })
    const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
    const overdue = { to_come: 3, received: 0, at: day(-9), parts: [] }
    const [toldNothing, toldThen, toldLater] = [null, day(-8), day(5)]
    const sku = await lay({
      waiters: [toldNothing, toldThen, toldLater].map(waiter),
      lines: [overdue],
      isAnybodyLeft: true,
    })
    const { due } = await promisesDue(store.db, sku, 10)
    expect(await revise(sku, due)).toBe(2)
    const told = await promisesOf(sku)
    expect(told[1]?.told).toBe(toldThen)
    for (const revised of [told[0], told[2]]) {
      expect(Math.abs(Date.parse(revised?.told ?? '') - Date.now())).toBeLessThan(60_000)
    }
    expect((await promisesDue(store.db, sku, 10)).due).toEqual([])
  })

  test('who has changed since is left for another look', async () => {
    const at = '2031-03-01T00:00:00.000Z'
    const waiter = { lacking: 1, told: null, unsourced: false }
    const sku = await lay({
      waiters: [waiter, waiter],
      lines: [{ to_come: 2, received: 0, at, parts: [] }],
      isAnybodyLeft: true,
    })
    const { due } = await promisesDue(store.db, sku, 10)
    expect(due).toHaveLength(2)
    await house().db`UPDATE back_orders SET version = version + 1 WHERE number = ${`${sku}/0`}`
    expect(await revise(sku, due)).toBe(1)
    expect((await promisesOf(sku)).map(({ told }) => told)).toEqual([null, at])
    expect(await revise(sku, (await promisesDue(store.db, sku, 10)).due)).toBe(1)
    expect((await promisesOf(sku)).map(({ told }) => told)).toEqual([at, at])
  })

  test('what they rest on is known to have changed by a word of a supplier of the item, and by nothing else', async () => {
    const { db } = house()
    const waiters = [{ lacking: 1, told: null, unsourced: false }]
    const line = { to_come: 1, received: 0, at: '2031-03-01T00:00:00.000Z', parts: [] }
    const [sku, other] = [
      await lay({ waiters, lines: [line], isAnybodyLeft: true }),
      await lay({ waiters, lines: [line], isAnybodyLeft: true }),
    ]
    const grounds = async () => store.db.transaction((tx) => groundsOf(tx, sku))
    const first = await grounds()
    expect((await promisesDue(store.db, sku, 10)).grounds).toBe(first)
    await db`UPDATE purchase_orders SET version = version + 1 WHERE number = ${`${other}/PO-0`}`
    expect(await grounds()).toBe(first)
    await db`UPDATE purchase_orders SET version = version + 1 WHERE number = ${`${sku}/PO-0`}`
    const acknowledged = await grounds()
    expect(acknowledged).not.toBe(first)
    await db`UPDATE purchase_order_lines SET closed = true, closed_because = 'lapsed' WHERE purchase_order = ${`${sku}/PO-0`}`
    const lapsed = await grounds()
    expect(lapsed).not.toBe(acknowledged)
    await db`UPDATE supplier_items SET passed_over_until = now() + interval '1 day' WHERE sku = ${sku}`
    expect(await grounds()).not.toBe(lapsed)
  })
})
