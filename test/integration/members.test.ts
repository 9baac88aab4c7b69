import { randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { beforeAll, describe, expect, test } from 'vitest'
import { Browser } from '../support/browser.ts'
import { useHouse } from '../support/house.ts'
import { linkIn, newLead, say } from '../support/lead.ts'
import { pageBehindMail } from '../support/life.ts'
import { changesNothing, expectProblem, expectSoundHouse } from '../support/proof.ts'
import { type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'
import { lotVehicle, newModel, onLot, PLAIN } from '../support/vehicle.ts'

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

const pageOf = (shop: Shop, { order, email }: { order: string; email: string }) =>
  pageBehindMail(shop, email, order)

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

  test('whoever acts on the page of their enquiry has proved the address as well', async () => {
    const email = someAddress()
    const dealer = await there.dealer()
    const { number } = expectStatus(
      await there.call('POST', '/v1/leads', {
        body: { dealer: dealer.id, prospect: { name: 'Ada Example', email }, vehicle: { model: 'Heron' } },
      }),
      201,
    ).body
    const [{ id: asProspect }] = expectStatus(await ask('GET', `?number=${number}`), 200).body.data
    const one = await known(here, email)
    await act(here, one)
    expect(await look(asProspect)).toMatchObject({ state: 'active', customers: [{ verified_at: null }] })
    const page = await new Browser().open(await linkIn(there, email, /we have it$/, 'e'))
    await page.send('/cancellation', {})
    expect(page.status).toBe(200)
    expect(await look(asProspect)).toMatchObject({ state: 'merged', merged_into: one.member })
    const events = expectStatus(await ask('GET', `/${asProspect}/events`), 200).body.data
    expect(events[0]).toMatchObject({ type: 'member.verified', details: { lead: number } })
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

/** Everything that a storefront can see of an order of its customer, in words that differ by nothing but what is unique. */
async function allThatIsSeen(
  shop: Shop,
  { order, email, customer }: { order: string; email: string; customer: string },
  received: { body: string }[],
): Promise<string[]> {
  const paths = [
    `/v1/orders/${order}`,
    `/v1/orders/${order}/events`,
    `/v1/orders?email=${email}`,
    `/v1/back-orders?email=${email}`,
    `/v1/deliveries?email=${email}`,
    `/v1/leads?email=${email}`,
    `/v1/customers?email=${email}`,
    `/v1/customers/${customer}`,
  ]
  const answers = await Promise.all(paths.map((path) => shop.call('GET', path)))
  const mails = await shop.mails(email, /./)
  const seen = [
    ...answers.map((answer) => [answer.status, answer.body, Object.fromEntries(answer.headers)]),
    received
      .map(({ body }) => JSON.parse(body))
      .filter((body) => JSON.stringify(body).includes(order))
      .sort((a, b) => (a.type < b.type ? -1 : 1)),
    mails
      .filter(({ text }) => text.includes(order))
      .map(({ subject, text }) => [subject, text])
      .sort(),
    (await pageBehindMail(shop, email, order)).text,
  ]
  return JSON.stringify(seen, null, 1)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id')
    .replaceAll(/(OR|BO|DL)(-[0-9A-Z]{4}){2}-[0-9A-Z]{3}/g, 'number')
    .replaceAll(/\/o\/number\/[\w-]+/g, 'link')
    .replaceAll(email, 'address')
    .replaceAll(/SKU-[0-9a-f]{8}/g, 'item')
    .replaceAll(
      /\d{4}-\d\d-\d\dT[\d:.]+Z|\d{1,2} \w+ \d{4},? (at )?\d\d:\d\d(:\d\d)?|\w{3}, \d\d \w{3} \d{4} [\d:]+ GMT/g,
      'time',
    )
    .replaceAll(/\(in \d+ \w+\)/g, '(in a while)')
    .replaceAll(/"(next_cursor|etag)": "[^"]*"/g, 'opaque')
    .split('\n')
}

describe('what storefronts and dealers see', () => {
  test('tells nothing of whether a person is known elsewhere: answers, lists, pages, mails, webhooks (B2)', async () => {
    const received: { body: string }[] = []
    const server = createServer((request, response) => {
      void textOf(request).then((body) => {
        received.push({ body })
        response.writeHead(204).end()
      })
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const shop = await Shop.open(house())
    await house().db`INSERT INTO webhook_endpoints (storefront, url, secret)
      VALUES (${shop.storefront}, ${`http://127.0.0.1:${(server.address() as AddressInfo).port}/`}, ${`whsec_${Buffer.alloc(24, 7).toString('base64')}`})`

    // One is known at another storefront, with a proved address and a merged member; the other one is nowhere else.
    const elsewhere = await known(here)
    await act(here, elsewhere)
    const merged = await known(there)
    const into = { into: elsewhere.member, reason: 'Same person' }
    expectStatus(await ask('POST', `/${merged.member}/merger`, into), 200)
    const [knownElsewhere, stranger] = [await known(shop, elsewhere.email), await known(shop)]
    const seen = async () => {
      for (const { order } of [knownElsewhere, stranger])
        await waitFor(
          'mails and webhooks to be out',
          () => house().db`SELECT 1 FROM notifications WHERE number = ${order} AND state <> 'sent'`,
          (rows) => rows.length === 0,
        )
      return Promise.all([knownElsewhere, stranger].map((one) => allThatIsSeen(shop, one, received)))
    }
    const [one, other] = await seen()
    expect(one).toEqual(other)
    expect(one?.join('')).toContain('"records"')

    // Nor does proving the address, which makes one of them the same person as the one elsewhere.
    for (const person of [knownElsewhere, stranger]) await act(shop, person)
    expect((await look(knownElsewhere.member)).merged_into).toBe(elsewhere.member)
    const after = await seen()
    expect(after[0]).toEqual(after[1])

    // Nor does an operator, whatever they do.
    expectStatus(await ask('POST', `/${knownElsewhere.member}/separation`, { reason: 'Two persons' }), 200)
    expectStatus(await ask('POST', `/${knownElsewhere.member}/merger`, into), 200)
    expect(await seen()).toEqual(after)
    server.close()
  })

  test('another storefront’s customer is as unknown as one that never was', async () => {
    const { customer, email } = await known(here)
    const nobody = randomUUID()
    const [theirs, none] = await Promise.all(
      [customer, nobody].map((id) => there.call('GET', `/v1/customers/${id}`)),
    )
    await expectProblem(house(), theirs as Answer, 404, 'not-found')
    const said = (answer: Answer | undefined, id: string) => ({
      ...answer?.body,
      detail: answer?.body.detail.replace(id, ''),
      request_id: null,
    })
    expect(said(theirs, customer)).toEqual(said(none, nobody))
    expect(expectStatus(await there.call('GET', `/v1/customers?email=${email}`), 200).body.data).toEqual([])
    const operators = await here.call('GET', '/v1/customers', { key: here.operatorKey })
    await expectProblem(house(), operators, 403, 'role-forbidden')
  })

  test("a dealer's lead says the same before and after its prospect is merged", async () => {
    const dealer = await here.dealer()
    const { number, email } = await newLead(here, dealer)
    const [found] = expectStatus(await ask('GET', `?number=${number}`), 200).body.data
    const { member } = await known(there)
    const asDealer = async () =>
      expectStatus(await here.call('GET', `/v1/leads/${number}`, { key: dealer.key }), 200).body
    const before = await asDealer()
    expect(before.prospect).toMatchObject({ email })
    expectStatus(await ask('POST', `/${found.id}/merger`, { into: member, reason: 'Same person' }), 200)
    expect(await asDealer()).toEqual(before)
  })
})

describe('buyer records', () => {
  test('hold each order, back order, delivery and lead with its configuration, status and every status (B2)', async () => {
    const email = someAddress()
    const sku = await here.item({ onHand: 1 })
    const placed = expectStatus(await here.order([{ sku, quantity: 3 }], { email }), 201).body
    const answer = { answers: [{ line: 1, choice: 'ship_available' }] }
    const answered = expectStatus(
      await here.call('POST', `/v1/orders/${placed.number}/answers`, { body: answer }),
      200,
    ).body
    const backOrder = answered.lines[0].back_order
    const delivery = answered.deliveries[0].number
    await here.until(delivery, (view) => view.state === 'delivered')
    expectStatus(await here.command(backOrder, 'cancellation'), 200)
    const dealer = await here.dealer()
    const lead = { prospect: { name: 'Ada Example', email, phone: '1' } }
    const { number } = await newLead(here, dealer, lead)
    expectStatus(await say(here, dealer, number, { status: 'contacted', note: 'Called' }), 200)
    expectStatus(await say(here, dealer, number, { status: 'lost', reason: 'too_expensive' }), 200)

    const [found] = expectStatus(await ask('GET', `?email=${email}`), 200).body.data
    const { records } = await look(found.id)
    const types = (record: Answer['body']) => record.statuses.map(({ type }: { type: string }) => type)
    const [ofLead, ofDelivery, ofBackOrder, ofOrder] = ['lead', 'delivery', 'back_order', 'order'].map(
      (kind) => records.data.find((record: { kind: string }) => record.kind === kind),
    )
    expect(records.data).toHaveLength(4)
    expect(ofOrder).toMatchObject({
      number: placed.number,
      storefront: here.storefront,
      status: 'decided',
      configuration: { lines: [{ line: 1, sku, ordered: 3, state: 'back_ordered' }] },
      ended_at: expect.any(String),
    })
    expect(types(ofOrder)).toEqual(['order.received', 'order.offered', 'order.answered'])
    expect(ofBackOrder).toMatchObject({
      number: backOrder,
      status: 'cancelled',
      configuration: { order: placed.number, sku, ordered: 2 },
    })
    expect(types(ofBackOrder)).toEqual(['back_order.accepted', 'back_order.cancelled'])
    expect(ofDelivery).toMatchObject({
      number: delivery,
      status: 'delivered',
      configuration: { order: placed.number, back_order: null, lines: [{ sku, quantity: 1 }] },
    })
    expect(types(ofDelivery)).toEqual([
      'delivery.planned',
      'delivery.booking',
      'delivery.booked',
      'delivery.dispatched',
      'delivery.delivered',
    ])
    expect(ofLead).toMatchObject({
      number,
      status: 'lost',
      configuration: { dealer: dealer.id, vehicle: { make: 'Astra', model: 'Corda' } },
      dealer_statuses: [
        { dealer: dealer.id, status: 'contacted', reason: null, is_late: false },
        { dealer: dealer.id, status: 'lost', reason: 'too_expensive', is_late: false },
      ],
    })
    // Notes are in the histories, for those who may read them there.
    expect(JSON.stringify(records)).not.toContain('Called')

    // The storefront sees the same of its own customer, a page at a time.
    const [customer] = expectStatus(await here.call('GET', `/v1/customers?email=${email}`), 200).body.data
    expect(customer).toMatchObject({ name: 'Ada Example', email, time_zone: 'UTC' })
    const seen: Answer['body'][] = []
    for (let cursor = ''; ; ) {
      const path = `/v1/customers/${customer.id}?limit=3${cursor && `&cursor=${cursor}`}`
      const { body } = expectStatus(await here.call('GET', path), 200)
      seen.push(...body.records.data)
      if (!body.records.next_cursor) break
      cursor = body.records.next_cursor
    }
    expect(seen).toEqual(records.data)
  })

  test('hold each tag and match request, beside whatever else the same address ordered (B2, B8)', async () => {
    const { email, member } = await known(here)
    const dealer = await here.dealer()
    const model = await newModel(here)
    const [vehicle] = await onLot(here, dealer, [lotVehicle(model)])
    // Another name and zone at the same address: the same customer.
    const customer = { name: 'Ada B. Example', email, time_zone: 'Europe/Berlin' }
    const { number: tag } = expectStatus(
      await here.call('POST', '/v1/tags', { body: { vehicle, customer } }),
      201,
    ).body
    const near = { latitude: 53, longitude: 8, within_m: 1_000 }
    const search = { make: model.make, model: model.model, must_have: ['TOW'], near }
    const { number: request } = expectStatus(
      await here.call('POST', '/v1/match-requests', { body: { customer, search } }),
      201,
    ).body
    const records = async () =>
      Object.fromEntries(
        (await look(member)).records.data.map((record: Answer['body']) => [record.kind, record]),
      )
    const open = await records()
    expect(Object.keys(open).sort()).toEqual(['match_request', 'order', 'tag', 'vehicle'])
    expect(open.vehicle).toMatchObject({ number: vehicle, configuration: { tag, dealer: dealer.id } })
    for (const path of [`tags/${tag}`, `match-requests/${request}`])
      expectStatus(await here.call('POST', `/v1/${path}/cancellation`, { body: {} }), 200)
    const over = await records()
    expect(Object.keys(over).sort()).toEqual(['match_request', 'order', 'tag'])
    expect(over.tag).toMatchObject({
      number: tag,
      status: 'cancelled',
      configuration: {
        dealer: dealer.id,
        vehicle,
        price: 3_000_000,
        features: expect.arrayContaining(PLAIN),
      },
      ended_at: expect.any(String),
    })
    expect(over.match_request).toMatchObject({
      number: request,
      status: 'cancelled',
      configuration: { make: model.make, must_have: ['TOW'] },
    })
    expect(over.match_request.configuration).not.toHaveProperty('near')
    const types = over.match_request.statuses.map(({ type }: { type: string }) => type)
    expect(types).toEqual(['match_request.received', 'match_request.cancelled'])
  })

  test('of another storefront are with the operator alone', async () => {
    const email = someAddress()
    const [one, two] = [await known(here, email), await known(there, email)]
    await act(here, one)
    await act(there, two)
    const numbers = ({ records }: Answer['body']) =>
      records.data.map(({ number }: { number: string }) => number)
    expect(numbers(await look(one.member))).toEqual([two.order, one.order])
    const own = expectStatus(await here.call('GET', `/v1/customers/${one.customer}`), 200).body
    expect(numbers(own)).toEqual([one.order])
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
    const refused = async (
      request: () => Promise<Answer>,
      status: number,
      type: string,
      pointers?: string[],
    ) => expectProblem(house(), await changesNothing(house(), request), status, type, pointers)
    await refused(
      () => ask('POST', `/${member}/merger`, { into: 'Ada', reason: 'x' }),
      422,
      'invalid-request',
      ['/into'],
    )
    await refused(() => ask('POST', `/${member}/separation`, {}), 422, 'invalid-request', ['/reason'])
    await refused(() => ask('POST', `/${member}/erasure`, { reason: 'Ada asked' }), 422, 'invalid-request', [
      '/reason',
    ])
    await refused(() => ask('GET', '/ada'), 422, 'invalid-request', ['/param/id'])
    await refused(() => ask('GET', `/${randomUUID()}`), 404, 'not-found')
    await refused(() => ask('GET', `/${randomUUID()}/export`), 404, 'not-found')
    await refused(() => ask('GET', `/${randomUUID()}/events`), 404, 'not-found')
    for (const path of ['', `/${member}`, `/${member}/export`, `/${member}/events`])
      await refused(() => ask('GET', path, undefined, { key: here.storefrontKey }), 403, 'role-forbidden')
    const dealer = await here.dealer()
    await refused(() => ask('GET', `/${member}`, undefined, { key: dealer.key }), 403, 'role-forbidden')
    for (const path of ['', `/${randomUUID()}`])
      await refused(
        () => here.call('GET', `/v1/customers${path}`, { key: dealer.key }),
        403,
        'role-forbidden',
      )
  })
})

test('the books hold', async () => {
  await expectSoundHouse(house())
})
