import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { Life } from '../support/life.ts'
import { changesNothing, expectProblem, expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { everythingInTemporal, foundInBooks } from '../support/search.ts'
import { type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'

/**
 * REQUIREMENTS B2: two people live through everything there is. One of them is exported and erased: what they wrote and
 * what was written about them is then in no column of any table and in no process, and the other one notices nothing.
 */
const house = useHouse({ partners: ['mail', 'carrier'] })
let ada: Life
let bob: Life
let here: Shop
let storefrontsServer: Server
let adasMember: string
let adasBackOrder: string
let bobsMember: string
/** The key of an order of hers, with its body. */
const adasKey = randomUUID()
let adasOrder: { body: object; number: string }

beforeAll(async () => {
  here = await Shop.open(house())
  const there = await Shop.open(house())
  storefrontsServer = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(204).end())
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => storefrontsServer.once('listening', resolve))
  const { port } = storefrontsServer.address() as AddressInfo
  await house().db`INSERT INTO webhook_endpoints (storefront, url, secret)
    VALUES (${here.storefront}, ${`http://127.0.0.1:${port}/`}, ${`whsec_${Buffer.alloc(24, 7).toString('base64')}`})`
  await fetch(new URL('/api/behaviour', house().carrierUrl), {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ mode: 'hold' }),
  })
  ada = new Life(here, there)
  bob = new Life(here, there)
})
afterAll(() => void storefrontsServer.close())

const erase = (member: string, options: object = {}) =>
  ada.operator('POST', `/members/${member}/erasure`, { reason: 'person_asked' }, options)
const member = async (id: string): Promise<Answer['body']> =>
  expectStatus(await ada.operator('GET', `/members/${id}?limit=100`), 200).body
const untilErased = (id: string) =>
  waitFor(
    'the erasure to be done',
    () => member(id),
    ({ state }) => state === 'erased',
    60,
  )
/** Everything about a person, without that it was exported and when. */
async function exported(id: string): Promise<Answer['body']> {
  const { body } = expectStatus(await ada.operator('GET', `/members/${id}/export`), 200)
  const { member, records, tables } = body
  const withoutVersion = (row: object) => ({ ...row, version: null })
  return {
    records,
    member: withoutVersion(member),
    tables: {
      ...tables,
      members: tables.members.map(withoutVersion),
      events: tables.events.filter(({ type }: Answer['body']) => type !== 'member.exported'),
    },
  }
}

/** What the erasure takes from the view of each kind, beside its reference. */
const GONE: Record<string, (before: Answer['body']) => object> = {
  LE: ({ statuses }) => ({
    prospect: null,
    vehicle: {},
    price: null,
    trade_in: null,
    comments: null,
    statuses: statuses.map((word: object) => ({ ...word, note: null })),
  }),
  DL: () => ({ tracking: null }),
  CO: ({ vehicle }) => ({ buyer: null, vehicle: vehicle && { ...vehicle, vin: null } }),
  VH: () => ({ vin: null }),
  // What is nearest to a wish is another thing once nobody knows from where.
  TG: ({ next_matches, refusal }) => ({
    buyer: null,
    vin: null,
    refusal: refusal && { ...refusal, reasons: null },
    next_matches: next_matches && expect.any(Array),
  }),
  MR: ({ wish }) => ({ buyer: null, wish: { ...wish, near: null } }),
}

describe('two lives', () => {
  test('what is open keeps somebody from being erased, and is named', async () => {
    for (const life of [ada, bob]) {
      const sku = await here.item()
      const backOrder = await life.backOrder(sku, 'first order')
      if (life === ada) {
        adasBackOrder = backOrder
        const [found] = expectStatus(await ada.operator('GET', `/members?number=${backOrder}`), 200).body.data
        const refused = await changesNothing(house(), () => erase(found.id))
        const problem = await expectProblem(house(), refused, 409, 'state-conflict')
        expect(problem.open).toEqual([backOrder])
      }
      const counts = { counts: [{ sku, counted: 3 }], reason: 'They came' }
      expectStatus(await life.operator('POST', '/stock-counts', counts), 200)
      await here.until(backOrder, (view) => view.state === 'met')
      await life.haveDelivered(backOrder)
      await life.cancel(backOrder)
      await life.askDealers()
      await life.orderVehicles()
      await life.tagVehicles()
      const known = await life.beKnownElsewhere()
      if (life === ada) adasMember = known
      else bobsMember = known
    }
    const body = {
      customer: { name: ada.word('key: name'), email: ada.email },
      ship_to: { name: ada.word('key: addressee'), lines: ['1'], city: 'x', postcode: 'x', country: 'DE' },
      lines: [{ sku: await here.item(), quantity: 1 }],
    }
    const placed = await here.call('POST', '/v1/orders', { body, idempotencyKey: adasKey })
    adasOrder = { body, number: expectStatus(placed, 201).body.number }
    ada.numbers.push(adasOrder.number)
    expectStatus(await here.call('POST', `/v1/orders/${adasOrder.number}/cancellation`, { body: {} }), 200)
  })

  test('what they wrote is in the books, so looking for it means something', async () => {
    for (const life of [ada, bob]) {
      const found = new Set(Object.values(await foundInBooks(house(), life.words)).flat())
      const missing = Object.entries(life.planted).filter(([, word]) => !found.has(word))
      expect(missing.map(([where]) => where).sort()).toEqual([...life.neverStored].sort())
      expect(found.size).toBeGreaterThan(50)
    }
  })

  test("a person's records are all there, with every status", async () => {
    const { records, customers, merged } = await member(adasMember)
    const numbers = records.data.map(({ number }: { number: string }) => number)
    expect([...numbers].sort()).toEqual([...ada.numbers].sort())
    expect([customers.length, merged.length]).toEqual([3, 2])
  })
})

describe('the export', () => {
  test('has every word that the books hold about the person, and none about the other', async () => {
    const document = JSON.stringify(await exported(adasMember))
    const missing = Object.entries(ada.planted).filter(([, word]) => !document.includes(word))
    expect(missing.map(([where]) => where).sort()).toEqual([...ada.neverStored].sort())
    expect(bob.words.filter((word) => document.includes(word))).toEqual([])
    const events = expectStatus(await ada.operator('GET', `/members/${adasMember}/events`), 200).body.data
    expect(events.at(-1)).toMatchObject({
      type: 'member.exported',
      actor: expect.stringMatching(/^operator:/),
    })
  })
})

describe('the erasure', () => {
  const customersOfAda = ['here', 'there', 'by another address']
  let bobBefore: unknown
  let bobFoundBefore: unknown
  const views: Record<string, Answer['body']> = {}
  const histories: Record<string, Answer['body'][]> = {}
  const historyOf = (number: string) => house().db`
    SELECT sequence, type, actor, from_state, to_state, details, at FROM events WHERE number = ${number} ORDER BY sequence`

  test('name and contact are gone at once, the rest soon after', async () => {
    bobBefore = await exported(bobsMember)
    bobFoundBefore = await foundInBooks(house(), bob.words)
    for (const number of ada.numbers) {
      views[number] = await here.look(number)
      histories[number] = [...(await historyOf(number))]
    }
    const idempotencyKey = randomUUID()
    const { body } = expectStatus(await erase(adasMember, { idempotencyKey }), 202)
    expect(body).toMatchObject({ id: adasMember, state: 'erasing', name: null, email: null, address: null })
    expect(body.customers.map(({ name, email }: Answer['body']) => [name, email])).toEqual(
      customersOfAda.map(() => [null, null]),
    )
    expect(await untilErased(adasMember)).toMatchObject({ erased_at: expect.any(String) })
    // The same request gets its answer, another one the same person, and neither does anything.
    expect(expectStatus(await erase(adasMember, { idempotencyKey }), 202).body).toEqual(body)
    expect(expectStatus(await erase(adasMember), 202).body).toMatchObject({ state: 'erased' })
    const events = expectStatus(await ada.operator('GET', `/members/${adasMember}/events`), 200).body.data
    expect(events.slice(-2)).toMatchObject([
      { type: 'member.erasing', details: { reason: 'person_asked' } },
      { type: 'member.erased', actor: 'house' },
    ])
  })

  test('no column of any table, and no process, has any of it', async () => {
    expect(await foundInBooks(house(), ada.words)).toEqual({})
    const texts = await everythingInTemporal(house())
    expect(Object.keys(texts)).toContainEqual(expect.stringMatching(`^erasure/${adasMember} `))
    const all = Object.values(texts).join('\n').toLowerCase()
    expect([...ada.words, ...bob.words].filter((word) => all.includes(word.toLowerCase()))).toEqual([])
    expect(all).toContain(adasBackOrder.toLowerCase())
    const near = await house().db`SELECT 1 FROM leads l JOIN customers c ON c.id = l.customer
      WHERE c.email IS NULL AND (latitude = 53.123456 OR longitude = 8.654321)`
    expect(near).toHaveLength(0)
    const wishes = await house().db`
      SELECT 1 FROM (SELECT customer, wish FROM tags UNION ALL SELECT customer, wish FROM match_requests) w
        JOIN customers c ON c.id = w.customer WHERE c.email IS NULL AND wish -> 'near' <> 'null'`
    expect(wishes).toHaveLength(0)
  })

  test('a table that comes later is looked through, too', async () => {
    const { db } = house()
    await db`CREATE TABLE later AS SELECT ${ada.email}::text AS words, convert_to(${ada.email}, 'UTF8') AS bytes`
    const [word] = [ada.word('e-mail')]
    expect(await foundInBooks(house(), ada.words)).toEqual({ 'later.words': [word], 'later.bytes': [word] })
    await db`DROP TABLE later`
  })

  test('nothing of another person is touched', async () => {
    expect(await exported(bobsMember)).toEqual(bobBefore)
    expect(await foundInBooks(house(), bob.words)).toEqual(bobFoundBefore)
  })

  test('the orders keep numbers, quantities, states and events', async () => {
    for (const number of ada.numbers) {
      const before = views[number]
      const gone = GONE[number.slice(0, 2)]?.(before) ?? {}
      const left = 'reference' in before ? { reference: null } : {}
      expect(await here.look(number)).toEqual({ ...before, ...left, ...gone })
      expect([...(await historyOf(number))]).toEqual(histories[number])
    }
    const { records } = await member(adasMember)
    expect(records.data.map(({ number }: { number: string }) => number).sort()).toEqual(
      [...ada.numbers].sort(),
    )
  })

  test('links end, nobody is told again, and what is said later leaves nothing', async () => {
    expect(ada.links.length).toBeGreaterThan(3)
    for (const link of ada.links) expect((await fetch(link)).status).toBe(404)
    for (const link of bob.links.slice(0, 1)) expect((await fetch(link)).status).toBe(200)

    const [notice] = await house().db<{ id: string; number: string }[]>`
      SELECT id, number FROM notifications WHERE number = ${adasBackOrder} AND channel = 'mail' ORDER BY created_at LIMIT 1`
    const mails = async () =>
      (await (await fetch(`${house().mailUrl}/api/mails?to=${ada.email}`)).json()) as unknown[]
    const before = await mails()
    expectStatus(await ada.operator('POST', `/notifications/${notice?.id}/redelivery`, {}), 202)
    await waitFor(
      'the notification to be given up',
      () => house().db`SELECT state FROM notifications WHERE id = ${notice?.id ?? ''}`,
      ([row]) => row?.state === 'abandoned',
    )
    expect(await mails()).toHaveLength(before.length)

    // The same key again: it was done, and is not done anew.
    const again = await changesNothing(house(), () =>
      here.call('POST', '/v1/orders', { body: adasOrder.body, idempotencyKey: adasKey }),
    )
    await expectProblem(house(), again, 410, 'erased')
    const late = { reason: ada.word('reason after the erasure') }
    expectStatus(await here.command(adasBackOrder, 'cancellation', late), 409)
    // That somebody said something is kept; what they said is not.
    expect(await ada.hearLateWords()).toEqual([409, 409, 409])
    const kept = await house().db`
      SELECT e.type, e.note FROM events e JOIN (SELECT number, customer FROM leads UNION ALL SELECT number, customer FROM tags) o USING (number)
        JOIN customers c ON c.id = o.customer WHERE c.email IS NULL AND e.type IN ('lead.late_status', 'tag.word_kept')
       ORDER BY e.at DESC, e.sequence DESC LIMIT 3`
    expect(kept.map(({ type, note }) => `${type} ${note}`)).toEqual([
      'tag.word_kept null',
      'tag.word_kept null',
      'lead.late_status null',
    ])
    expect(await foundInBooks(house(), ada.words)).toEqual({})
  })

  test('an erased member is merged and separated no more, and its customer is a stranger to the storefront', async () => {
    const { merged, customers } = await member(adasMember)
    const reason = 'Same person'
    const refused = async (path: string, body: object) =>
      expectProblem(
        house(),
        await changesNothing(house(), () => ada.operator('POST', path, body), { answersOnce: true }),
        409,
        'state-conflict',
      )
    await refused(`/members/${adasMember}/merger`, { into: bobsMember, reason })
    await refused(`/members/${bobsMember}/merger`, { into: adasMember, reason })
    await refused(`/members/${merged[0]}/separation`, { reason })
    const exportRefused = await ada.operator('GET', `/members/${adasMember}/export`)
    await expectProblem(house(), exportRefused, 409, 'state-conflict')
    const own = customers.find((one: Answer['body']) => one.storefront === here.storefront)
    const { body } = expectStatus(await here.call('GET', `/v1/customers/${own.id}`), 200)
    expect(body).toMatchObject({ name: null, email: null, time_zone: 'UTC' })
    expect(expectStatus(await here.call('GET', `/v1/customers?email=${ada.email}`), 200).body.data).toEqual(
      [],
    )
  })

  test('who comes back with the same address is somebody new', async () => {
    const { number } = await ada.order(await here.item(), 1, 'order after the erasure')
    const [found] = expectStatus(await ada.operator('GET', `/members?number=${number}`), 200).body.data
    expect(found).toMatchObject({ state: 'active', email: ada.email })
    expect(found.id).not.toBe(adasMember)
    expect((await member(found.id)).records.data).toHaveLength(1)
    const page = await ada.page(number)
    await page.send('/answers', { 'choice-1': 'decline' })
    expect(await member(found.id)).toMatchObject({
      merged: [],
      customers: [{ verified_at: expect.any(String) }],
    })
  })

  test('the books hold', async () => {
    await expectSoundHouse(house())
    await expectReplayable(house(), `WorkflowType = 'erasure'`)
  })
})
