import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { orderOften } from '../support/life.ts'
import { changesNothing, expectSoundHouse } from '../support/proof.ts'
import { foundInBooks } from '../support/search.ts'
import { type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'

/** Membership under races, in bulk, and with workers that are killed (REQUIREMENTS B2): always one consistent story. */
const house = useHouse({ apis: 2, partners: ['mail'] })
let here: Shop
let there: Shop
let sku: string
beforeAll(async () => {
  here = await Shop.open(house())
  there = await Shop.open(house())
  sku = await here.item()
})

const someAddress = () => `ada-${randomBytes(4).toString('hex')}@example.test`
const ask = (method: string, path: string, body?: object, api = 0) =>
  here.call(method, `/v1/operator/members${path}`, { key: here.operatorKey, api, ...(body ? { body } : {}) })
const erase = (member: string, api = 0) => ask('POST', `/${member}/erasure`, { reason: 'person_asked' }, api)
const merge = (from: string, into: string, api = 0) =>
  ask('POST', `/${from}/merger`, { into, reason: 'Same person' }, api)
const look = async (id: string): Promise<Answer['body']> =>
  expectStatus(await ask('GET', `/${id}?limit=100`), 200).body
const untilErased = (id: string, seconds = 60) =>
  waitFor(
    'the erasure to be done',
    () => look(id),
    ({ state }) => state === 'erased',
    seconds,
  )
const memberOf = async (number: string): Promise<string> =>
  expectStatus(await ask('GET', `?number=${number}`), 200).body.data[0].id

/** Somebody with an order that is over. */
async function customer(
  shop: Shop,
  email = someAddress(),
): Promise<{ member: string; email: string; order: string }> {
  const { number } = expectStatus(await shop.order([{ sku, quantity: 1 }], { email }), 201).body
  expectStatus(await shop.call('POST', `/v1/orders/${number}/cancellation`, { body: {} }), 200)
  return { member: await memberOf(number), email, order: number }
}

const ROUNDS = 4

describe('at the same moment', () => {
  test('an order that is placed while its customer is erased has its customer', async () => {
    const outcomes = new Set<string>()
    for (let round = 0; round < ROUNDS; round++) {
      const { member, email } = await customer(here)
      const [placed, erased] = await Promise.all([
        here.order([{ sku, quantity: 1 }], { email }),
        erase(member, 1),
      ])
      const { number } = expectStatus(placed, 201).body
      expect([202, 409]).toContain(erased.status)
      const now = await memberOf(number)
      expect(await look(now)).toMatchObject({ state: 'active', email, customers: [{ email }] })
      // Either the order was there first, and kept the person; or it is the first one of somebody new.
      expect(now === member).toBe(erased.status === 409)
      if (erased.status === 409) expect(erased.body.open).toEqual([number])
      else expect((await untilErased(member)).records.data).toHaveLength(1)
      outcomes.add(String(erased.status))
      expectStatus(await here.call('POST', `/v1/orders/${number}/cancellation`, { body: {} }), 200)
    }
    expect(outcomes.size).toBeGreaterThan(0)
  })

  test('the order that is locked first wins, and so does the erasure that is', async () => {
    const { db } = house()
    const one = await customer(here)
    // Somebody holds the customer, as an order that is being stored does.
    let erased: Promise<Answer> | undefined
    await db.begin(async (holder) => {
      await holder`SELECT 1 FROM customers WHERE email = ${one.email} FOR NO KEY UPDATE`
      erased = erase(one.member)
      await waitForLock()
      await holder`
        INSERT INTO leads (number, storefront, customer, vehicle, latitude, longitude, another_dealer, dealer, state, version)
        SELECT 'LE-STORED-NOW', storefront, id, '{}', 0, 0, false, ${(await here.dealer()).id}, 'sent', 1
          FROM customers WHERE email = ${one.email}`
    })
    const refused = await erased
    expect([refused?.status, refused?.body.open]).toEqual([409, ['LE-STORED-NOW']])
    await db`DELETE FROM leads WHERE number = 'LE-STORED-NOW'`

    let placed: Promise<Answer> | undefined
    await db.begin(async (holder) => {
      // The erasure gets as far as the member, which comes after the customer.
      await holder`SELECT 1 FROM members WHERE id = ${one.member} FOR NO KEY UPDATE`
      erased = erase(one.member)
      await waitForLock()
      placed = here.order([{ sku, quantity: 1 }], { email: one.email, api: 1 })
      await waitForLock(2)
    })
    expectStatus((await erased) as Answer, 202)
    const { number } = expectStatus((await placed) as Answer, 201).body
    expect(await memberOf(number)).not.toBe(one.member)
    await untilErased(one.member)
    expectStatus(await here.call('POST', `/v1/orders/${number}/cancellation`, { body: {} }), 200)

    async function waitForLock(count = 1): Promise<void> {
      await waitFor(
        'somebody to wait for the lock',
        () =>
          db`SELECT query FROM pg_stat_activity WHERE application_name = 'holdfast api' AND wait_event_type = 'Lock'`,
        (rows) => rows.length >= count,
      )
    }
  })

  test('a merger beside an erasure is before it or refused', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [a, b] = [await customer(here), await customer(there)]
      const [merged, erased] = await Promise.all([merge(a.member, b.member), erase(b.member, 1)])
      expectStatus(erased, 202)
      expect([200, 409]).toContain(merged.status)
      await untilErased(b.member)
      const left = await look(a.member)
      if (merged.status === 200) expect(left).toMatchObject({ state: 'erased', email: null })
      else expect(left).toMatchObject({ state: 'active', email: a.email, merged_into: null })
      expect(Object.keys(await foundInBooks(house(), [a.email])).length > 0).toBe(merged.status === 409)
      expect(await foundInBooks(house(), [b.email])).toEqual({})
    }
  })

  test('whoever is merged away just now is erased or refused', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [a, b] = [await customer(here), await customer(there)]
      const [merged, erased] = await Promise.all([merge(a.member, b.member), erase(a.member, 1)])
      // One of both was first, and the other one was told what it lost to.
      expect([merged.status, erased.status].sort()).toEqual(merged.status === 200 ? [200, 409] : [202, 409])
      if (erased.status === 202) await untilErased(a.member)
      expect((await look(a.member)).state).toBe(erased.status === 202 ? 'erased' : 'merged')
      expect(await look(b.member)).toMatchObject({ state: 'active', email: b.email })
    }
  })

  test('two erasures are one', async () => {
    const { member } = await customer(here)
    for (const answer of await Promise.all([erase(member), erase(member, 1)])) expectStatus(answer, 202)
    await untilErased(member)
    const events = await house()
      .db`SELECT type FROM events WHERE number = ${`member/${member}`} ORDER BY sequence`
    expect(events.map(({ type }) => type)).toEqual(['member.erasing', 'member.erased'])
  })
})

test('thousands of orders are erased in batches, also when the worker is killed, and twice over', async () => {
  const { db, temporal } = house()
  // More than one call of the activity erases.
  const many = 2_300
  const { member, email, order } = await customer(here)
  const word = `canary${randomBytes(6).toString('hex')}`
  await orderOften(house(), order, many, word)
  expectStatus(await erase(member), 202)
  const left = async () =>
    Number((await db`SELECT count(*) FROM orders WHERE reference = ${word}`)[0]?.count ?? 0)
  await waitFor('it to have begun', left, (count) => count < many)
  await house().killWorker(0)
  const leftBehind = await left()
  expect(leftBehind).toBeGreaterThan(0)
  expect((await look(member)).state).toBe('erasing')
  await house().startWorker(0)
  // Its silence is noticed well before the minute that a call may take is over.
  await untilErased(member, 50)
  expect(await foundInBooks(house(), [word, email])).toEqual({})

  // Begun once more it finds nothing to do.
  await changesNothing(house(), async () => {
    const options = { taskQueue: 'holdfast', workflowId: `erasure/${member}`, args: [member] }
    const handle = await temporal.workflow.start('erasure', options)
    await handle.result()
  })
})

test('an erasure that was terminated is begun again by reconcile', async () => {
  const { member } = await customer(here)
  await house().stopWorker(0)
  expectStatus(await erase(member), 202)
  const handle = house().temporal.workflow.getHandle(`erasure/${member}`)
  await waitFor(
    'its process',
    () => handle.describe(),
    ({ status }) => status.name === 'RUNNING',
  )
  await handle.terminate('a test')
  await house().startWorker(0)
  await untilErased(member, 120)
  await expectSoundHouse(house())
})
