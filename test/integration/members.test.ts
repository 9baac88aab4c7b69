import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { Browser } from '../support/browser.ts'
import { useHouse } from '../support/house.ts'
import { changesNothing, expectProblem, expectSoundHouse } from '../support/proof.ts'
import { type Answer, expectStatus, Shop } from '../support/shop.ts'

const house = useHouse({ partners: ['mail', 'carrier'] })
/** Two storefronts of the same house. */
let here: Shop
let there: Shop
beforeAll(async () => {
  here = await Shop.open(house())
  there = await Shop.open(house())
})

const someAddress = () => `ada-${randomBytes(4).toString('hex')}@example.test`

/** What an operator asks. */
const ask = (method: string, path: string, body?: object, options: object = {}) =>
  here.call(method, `/v1/operator/members${path}`, {
    key: here.operatorKey,
    ...(body ? { body } : {}),
    ...options,
  })
const look = async (id: string): Promise<Answer['body']> =>
  expectStatus(await ask('GET', `/${id}?limit=100`), 200).body

/** Orders two of what there is one of; gives the order and its customer's member. */
async function known(
  shop: Shop,
  email = someAddress(),
): Promise<{ order: string; email: string; member: string; customer: string }> {
  const sku = await shop.item({ onHand: 1 })
  const order = expectStatus(await shop.order([{ sku, quantity: 2 }], { email }), 201).body.number
  const [found] = expectStatus(await ask('GET', `?number=${order}`), 200).body.data
  const { customers } = await look(found.id)
  const customer = customers.find((one: { storefront: string }) => one.storefront === shop.storefront)
  return { order, email, member: found.id, customer: customer.id }
}

/** The page behind the link in the mail about this order. */
async function pageOf(shop: Shop, { order, email }: { order: string; email: string }): Promise<Browser> {
  const mails = await shop.mails(email, /some items are not in stock/)
  const mail = mails.find(({ text }) => text.includes(order))
  return new Browser().open(/http\S+\/o\/\S+/.exec(mail?.text ?? '')?.[0] ?? '')
}

async function act(shop: Shop, of: { order: string; email: string }): Promise<void> {
  const page = await pageOf(shop, of)
  await page.send('/answers', { 'choice-1': 'decline' })
  expect([page.status, page.text]).toEqual([200, expect.stringContaining(of.order)])
}

describe('who is the same person', () => {
  test('the same address at two storefronts is one person once both proved it by acting on their page (B2)', async () => {
    const email = someAddress()
    const [one, two] = [await known(here, email), await known(there, email)]
    expect(one.member).not.toBe(two.member)
    expect((await look(one.member)).customers).toEqual([
      {
        id: one.customer,
        member: one.member,
        storefront: here.storefront,
        name: 'Ada Example',
        email,
        verified_at: null,
      },
    ])

    // Looking at the page proves nothing: scanners of mail do that. Nor does a form that acts on nothing.
    const page = await pageOf(here, one)
    await page.post(page.form('/answers').action, { 'choice-1': 'decline' })
    expect(page.status).toBe(400)
    const stale = await pageOf(here, one)
    await stale.send('/answers', { 'choice-1': 'decline', version: '1' })
    expect(stale.status).toBe(409)
    expect((await look(one.member)).customers).toMatchObject([{ verified_at: null }])

    await act(here, one)
    expect(await look(one.member)).toMatchObject({
      state: 'active',
      merged: [],
      customers: [{ verified_at: expect.any(String) }],
    })
    expect(await look(two.member)).toMatchObject({ state: 'active', customers: [{ verified_at: null }] })

    await act(there, two)
    expect(await look(two.member)).toMatchObject({ state: 'merged', merged_into: one.member, merged: [] })
    const person = await look(one.member)
    expect(person).toMatchObject({
      state: 'active',
      merged: [two.member],
      name: 'Ada Example',
      email,
      address: { lines: ['12 Example Street'] },
    })
    expect(person.customers.map(({ id }: { id: string }) => id)).toEqual([one.customer, two.customer])
    expect(person.records.data.map(({ number }: { number: string }) => number)).toEqual([
      two.order,
      one.order,
    ])
    const events = expectStatus(await ask('GET', `/${two.member}/events`), 200).body.data
    expect(events).toMatchObject([
      { type: 'member.verified', actor: 'customer', details: { customer: two.customer, order: two.order } },
      {
        type: 'member.merged',
        actor: 'house',
        details: { into: one.member, because: 'same_verified_address' },
        note: null,
      },
    ])

    // A third order at the same storefront is the same customer's; a third storefront's proves nothing yet.
    const again = await known(here, email)
    expect(again).toMatchObject({ customer: one.customer, member: one.member })

    // Who an operator says is somebody else stays so, whatever is proved anew.
    expectStatus(
      await ask('POST', `/${two.member}/separation`, { reason: 'A shared mailbox, two persons' }),
      200,
    )
    await act(here, again)
    expect(await look(two.member)).toMatchObject({ state: 'active', merged_into: null })
    expect(await look(one.member)).toMatchObject({ merged: [], customers: [{ id: one.customer }] })
  })

  test('two who prove the same address at the same moment are one person', async () => {
    const email = someAddress()
    const two = [await known(here, email), await known(there, email)] as const
    await Promise.all([act(here, two[0]), act(there, two[1])])
    const states = await Promise.all(two.map(async ({ member }) => (await look(member)).state))
    expect(states.sort()).toEqual(['active', 'merged'])
  })

  test('other addresses, and the same one without a proof, are never matched', async () => {
    const email = someAddress()
    const [proved, other, unproved] = [
      await known(here, email),
      await known(there),
      await known(there, email),
    ]
    await act(here, proved)
    await act(there, other)
    for (const { member } of [proved, other, unproved])
      expect(await look(member)).toMatchObject({ state: 'active', merged: [] })
  })

  test('an operator merges and separates, in any order, and everybody is whose they were', async () => {
    const [a, b, c] = [await known(here), await known(there), await known(here)]
    const merge = (from: { member: string }, into: { member: string }) =>
      ask('POST', `/${from.member}/merger`, { into: into.member, reason: 'Same person by telephone' })
    const separate = ({ member }: { member: string }) =>
      ask('POST', `/${member}/separation`, { reason: 'It was a mistake' })
    const customersOf = async ({ member }: { member: string }) =>
      (await look(member)).customers.map(({ id }: { id: string }) => id)

    const merged = expectStatus(await merge(a, b), 200).body
    expect(merged).toMatchObject({ id: a.member, state: 'merged', merged_into: b.member })
    expectStatus(await merge(b, c), 200)
    expect(await customersOf(c)).toEqual([a.customer, b.customer, c.customer])
    // The one in the middle goes away, and takes along whom it stood for.
    expectStatus(await separate(b), 200)
    expect(await customersOf(b)).toEqual([a.customer, b.customer])
    expect(await customersOf(c)).toEqual([c.customer])
    expectStatus(await separate(a), 200)
    for (const one of [a, b, c]) expect(await customersOf(one)).toEqual([one.customer])
    const events = expectStatus(await ask('GET', `/${b.member}/events`), 200).body.data
    expect(events.map(({ type, details, note }: Answer['body']) => [type, details, note])).toEqual([
      ['member.merged', { member: a.member, because: 'operator' }, 'Same person by telephone'],
      ['member.merged', { into: c.member, because: 'operator' }, 'Same person by telephone'],
      ['member.separated', { from: c.member }, 'It was a mistake'],
      ['member.separated', { member: a.member }, 'It was a mistake'],
    ])
  })

  test('of mergers that contradict each other one is made', async () => {
    for (let round = 0; round < 3; round++) {
      const [a, b] = [await known(here), await known(there)]
      const merge = (from: { member: string }, into: { member: string }) =>
        ask('POST', `/${from.member}/merger`, { into: into.member, reason: 'Same person' })
      const outcomes = await Promise.all([merge(a, b), merge(b, a)])
      expect(outcomes.map(({ status }) => status).sort()).toEqual([200, 409])
      const states = [await look(a.member), await look(b.member)].map(({ state }) => state)
      expect(states.sort()).toEqual(['active', 'merged'])
    }
  })
})

describe('what cannot be', () => {
  test('merging with itself, with nobody, with one who stands for nobody; separating twice', async () => {
    const [a, b, c] = [await known(here), await known(there), await known(here)]
    const unknown = randomUUID()
    const refused = async (path: string, body: object, status: number, type: string, pointers?: string[]) => {
      const answer = await changesNothing(house(), () => ask('POST', path, body), {
        // An erasure is refused where its key would be kept.
        answersOnce: !path.endsWith('/erasure'),
      })
      return expectProblem(house(), answer, status, type, pointers)
    }
    const reason = 'Same person'
    await refused(`/${a.member}/merger`, { into: a.member, reason }, 422, 'invalid-request', ['/into'])
    await refused(`/${a.member}/merger`, { into: unknown, reason }, 422, 'invalid-request', ['/into'])
    await refused(`/${unknown}/merger`, { into: a.member, reason }, 404, 'not-found')
    await refused(`/${unknown}/separation`, { reason }, 404, 'not-found')
    await refused(`/${a.member}/separation`, { reason }, 409, 'state-conflict')

    expectStatus(await ask('POST', `/${a.member}/merger`, { into: b.member, reason }), 200)
    const problem = await refused(`/${a.member}/merger`, { into: c.member, reason }, 409, 'state-conflict')
    expect(problem).toMatchObject({ member: a.member, state: 'merged', merged_into: b.member })
    await refused(`/${c.member}/merger`, { into: a.member, reason }, 409, 'state-conflict')
    await refused(`/${b.member}/merger`, { into: a.member, reason }, 409, 'state-conflict')
    await refused(`/${a.member}/erasure`, { reason: 'person_asked' }, 409, 'state-conflict')
    expectStatus(await ask('POST', `/${a.member}/separation`, { reason }), 200)
    await refused(`/${a.member}/separation`, { reason }, 409, 'state-conflict')
  })

  test('what is no request at all is refused before anything is looked at', async () => {
    const { member } = await known(here)
    const refused = async (answer: Promise<Answer>, status: number, type: string, pointers?: string[]) =>
      expectProblem(house(), await changesNothing(house(), () => answer), status, type, pointers)
    await refused(ask('POST', `/${member}/merger`, { into: 'Ada', reason: 'x' }), 422, 'invalid-request', [
      '/into',
    ])
    await refused(ask('POST', `/${member}/separation`, {}), 422, 'invalid-request', ['/reason'])
    await refused(ask('POST', `/${member}/erasure`, { reason: 'Ada asked' }), 422, 'invalid-request', [
      '/reason',
    ])
    await refused(ask('GET', '/ada'), 422, 'invalid-request', ['/param/id'])
    await refused(ask('GET', `/${randomUUID()}`), 404, 'not-found')
    await refused(ask('GET', `/${randomUUID()}/export`), 404, 'not-found')
    await refused(ask('GET', `/${randomUUID()}/events`), 404, 'not-found')
    for (const path of ['', `/${member}`, `/${member}/export`, `/${member}/events`])
      await refused(ask('GET', path, undefined, { key: here.storefrontKey }), 403, 'role-forbidden')
    const dealer = await here.dealer()
    await refused(ask('GET', `/${member}`, undefined, { key: dealer.key }), 403, 'role-forbidden')
    for (const path of ['', `/${randomUUID()}`])
      await refused(here.call('GET', `/v1/customers${path}`, { key: dealer.key }), 403, 'role-forbidden')
  })
})

test('the books hold', async () => {
  await expectSoundHouse(house())
})
