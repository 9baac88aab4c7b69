import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { newNumber } from '../../src/domain/number.ts'
import { useHouse } from '../support/house.ts'
import { changesNothing, expectProblem, expectSoundHouse } from '../support/proof.ts'
import { ADDRESS, type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'

const house = useHouse({ partners: ['mail', 'carrier'] })
let shop: Shop
let otherShop: Shop
let sku: string
let scarce: string
let supplier: { id: string; key: string }
let otherSupplier: { id: string; key: string }
beforeAll(async () => {
  // Parcels stay where they are, so that nothing changes but by what a test sends.
  await carrier('/api/behaviour', { mode: 'hold' }, 'PUT')
  shop = await Shop.open(house())
  otherShop = await Shop.open(house())
  sku = await shop.item({ onHand: 1_000 })
  scarce = await shop.item({ onHand: 1 })
  supplier = await shop.supplier({ skus: [scarce], gatherSeconds: 3_000 })
  otherSupplier = await shop.supplier({ skus: [scarce], rank: 2, gatherSeconds: 3_000 })
})

const carrier = (path: string, body: object, method = 'POST') =>
  fetch(new URL(path, house().carrierUrl), {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

type Options = NonNullable<Parameters<Shop['call']>[2]>
type Refused = { status: number; type: string; pointers?: string[] }

/** A request that is refused before anything of it is kept. */
async function refused(
  request: () => Promise<Answer>,
  { status, type, pointers }: Refused,
): Promise<Answer['body']> {
  return expectProblem(house(), await changesNothing(house(), request), status, type, pointers)
}

/** A command that reaches its process and is refused there: kept is the no under its key, and nothing else. */
async function refusedForGood(request: () => Promise<Answer>, { status, type, pointers }: Refused) {
  const answer = await changesNothing(house(), request, { answersOnce: true })
  return expectProblem(house(), answer, status, type, pointers)
}

const invalid = (...pointers: string[]): Refused => ({ status: 422, type: 'invalid-request', pointers })

// oxlint-disable-next-line typescript/no-explicit-any -- tests put anything anywhere
type Loose = any
function newOrder(change: (body: Loose) => void = () => {}): Loose {
  const body = {
    customer: { name: 'Ada Example', email: 'ada@example.test', time_zone: 'Europe/Berlin' },
    ship_to: { ...ADDRESS },
    lines: [{ sku, quantity: 1 }],
  }
  change(body)
  return body
}
const post = (path: string, body: unknown, options: Options = {}) =>
  shop.call('POST', path, { body, ...options })
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()

describe('POST /v1/orders: what is wrong with the content', () => {
  const quantity = (value: unknown) => (body: Loose) => void (body.lines[0].quantity = value)
  const customer = (member: string, value: unknown) => (body: Loose) => void (body.customer[member] = value)
  const address = (member: string, value: unknown) => (body: Loose) => void (body.ship_to[member] = value)
  const cases: [string, (body: Loose) => void, Refused][] = [
    ['quantity 0', quantity(0), invalid('/lines/0/quantity')],
    ['a negative quantity', quantity(-3), invalid('/lines/0/quantity')],
    ['a fractional quantity', quantity(1.5), invalid('/lines/0/quantity')],
    ['an enormous quantity', quantity(100_001), invalid('/lines/0/quantity')],
    ['a quantity beyond all integers', quantity(1e21), invalid('/lines/0/quantity')],
    ['a quantity as text', quantity('1'), invalid('/lines/0/quantity')],
    ['no quantity', quantity(undefined), invalid('/lines/0/quantity')],
    [
      'an unknown item',
      (body) => body.lines.push({ sku: 'NO-SUCH-ITEM', quantity: 1 }),
      { status: 422, type: 'unknown-item', pointers: ['/lines/1/sku'] },
    ],
    ['an item code that is none', (body) => void (body.lines[0].sku = "x' OR 1=1"), invalid('/lines/0/sku')],
    ['no lines', (body) => void (body.lines = []), invalid('/lines')],
    ['too many lines', (body) => void (body.lines = manyLines()), invalid('/lines')],
    ['the same item twice', (body) => body.lines.push({ ...body.lines[0] }), invalid('/lines/1/sku')],
    ['an unknown member', (body) => void (body.surprise = true), invalid('/surprise')],
    [
      'unknown members deep down, with characters that pointers escape',
      (body) => Object.assign(body.lines[0], { 'a/b': 1, 'c~d': 1 }),
      invalid('/lines/0/a~1b', '/lines/0/c~0d'),
    ],
    ['no address', (body) => void delete body.ship_to, invalid('/ship_to')],
    ['a control character in a name', customer('name', 'Ada\u0000Example'), invalid('/customer/name')],
    ['a line feed in a name', customer('name', 'Ada\nBcc: x@example.test'), invalid('/customer/name')],
    ['half of a character', customer('name', 'Ada \ud83d'), invalid('/customer/name')],
    ['an invisible name', customer('name', ' \t '), invalid('/customer/name')],
    ['a name without end', customer('name', 'a'.repeat(201)), invalid('/customer/name')],
    [
      'an escape character in a reference',
      (body) => void (body.reference = '\u001b[2J'),
      invalid('/reference'),
    ],
    ['an e-mail address without @', customer('email', 'ada.example.test'), invalid('/customer/email')],
    ['two e-mail addresses', customer('email', 'a@example.test,b@example.test'), invalid('/customer/email')],
    ['an unknown time zone', customer('time_zone', 'Mars/Olympus'), invalid('/customer/time_zone')],
    [
      'a time zone that only this machine knows',
      customer('time_zone', 'local'),
      invalid('/customer/time_zone'),
    ],
    ['a time zone by its distance', customer('time_zone', 'UTC+2'), invalid('/customer/time_zone')],
    ['a country by its name', address('country', 'Germany'), invalid('/ship_to/country')],
    ['a country in small letters', address('country', 'de'), invalid('/ship_to/country')],
    ['a country that there is not', address('country', 'XX'), invalid('/ship_to/country')],
    ['a code that means no country', address('country', 'ZZ'), invalid('/ship_to/country')],
    ['a code that is reserved for a union', address('country', 'EU'), invalid('/ship_to/country')],
    ['a country that is no more', address('country', 'DD'), invalid('/ship_to/country')],
    ['an address without lines', address('lines', []), invalid('/ship_to/lines')],
    ['a NUL in an address', address('lines', ['1 Street', '\u0000']), invalid('/ship_to/lines/1')],
    ['a list instead of an order', () => {}, invalid('')],
  ]
  const manyLines = () => Array.from({ length: 101 }, (_, index) => ({ sku: `SKU-${index}`, quantity: 1 }))

  test.each(cases)('%s', async (name, change, expected) => {
    const body = name.startsWith('a list') ? [] : newOrder(change)
    await refused(() => post('/v1/orders', body), expected)
  })

  test('many faults are all named at once', async () => {
    const body = newOrder((body) => {
      body.lines = [{ sku, quantity: 0 }]
      body.customer.email = 'nobody'
      body.ship_to.country = 'Germany'
    })
    const pointers = ['/customer/email', '/ship_to/country', '/lines/0/quantity']
    await refused(() => post('/v1/orders', body), invalid(...pointers))
  })
})

describe('POST /v1/orders: what is wrong with the period', () => {
  const outOfRange = (pointer: string): Refused => ({
    status: 422,
    type: 'period-out-of-range',
    pointers: [pointer],
  })
  const cases: [string, object, Refused][] = [
    ['given twice', { offer_period: 'PT1M', offer_until: '2099-01-01T00:00:00Z' }, invalid('/offer_until')],
    ['under the minimum', { offer_period: 'PT0.2S' }, outOfRange('/offer_period')],
    ['over the maximum', { offer_period: 'PT1H1S' }, outOfRange('/offer_period')],
    ['negative', { offer_period: '-PT1M' }, outOfRange('/offer_period')],
    ['longer than time', { offer_period: 'P9999999999999999Y' }, invalid('/offer_period')],
    ['longer than any number', { offer_period: `P${'9'.repeat(400)}D` }, invalid('/offer_period')],
    ['no duration', { offer_period: '10 minutes' }, invalid('/offer_period')],
    ['an empty duration', { offer_period: 'P' }, invalid('/offer_period')],
    ['a number', { offer_period: 60 }, invalid('/offer_period')],
    ['an end in the past', { offer_until: '2020-01-01T00:00:00Z' }, outOfRange('/offer_until')],
    ['an end over the maximum', { offer_until: inHours(1.1) }, outOfRange('/offer_until')],
    ['an end at the end of time', { offer_until: '9999-12-31T23:59:59Z' }, invalid('/offer_until')],
    ['an end on no day', { offer_until: '2099-02-30T00:00:00Z' }, invalid('/offer_until')],
    ['an end without a zone', { offer_until: '2099-02-20T00:00:00' }, invalid('/offer_until')],
  ]
  test.each(cases)('%s', async (_, more, expected) => {
    await refused(() => post('/v1/orders', { ...newOrder(), ...more }), expected)
  })
})

describe('what is wrong with the form', () => {
  const asIs = (body: unknown, headers: Record<string, string> = {}) => post('/v1/orders', body, { headers })
  const cases: [string, () => Promise<Answer>, Refused][] = [
    ['no JSON', () => asIs('{"lines": [}'), { status: 400, type: 'malformed-request' }],
    ['an empty body', () => asIs(''), { status: 400, type: 'malformed-request' }],
    ['a body that ends early', () => asIs('{"lines": ['), { status: 400, type: 'malformed-request' }],
    [
      'a body of a million and one bytes',
      () => asIs(JSON.stringify(newOrder((body) => void (body.reference = 'x'.repeat(1_000_001))))),
      { status: 413, type: 'too-large' },
    ],
    [
      'form data',
      () => asIs('lines=1', { 'content-type': 'application/x-www-form-urlencoded' }),
      { status: 415, type: 'unsupported-media-type' },
    ],
    [
      'JSON that says it is text',
      () => asIs(JSON.stringify(newOrder()), { 'content-type': 'text/plain' }),
      { status: 415, type: 'unsupported-media-type' },
    ],
    [
      'a type that only begins like JSON',
      () => asIs(JSON.stringify(newOrder()), { 'content-type': 'application/jsonp' }),
      { status: 415, type: 'unsupported-media-type' },
    ],
  ]
  test.each(cases)('%s', async (_, send, expected) => {
    await refused(send, expected)
  })

  test('too much that does not say so beforehand', async () => {
    await refused(
      async () => {
        // The last chunk is the one too many: nothing is still to be sent when the answer comes.
        const chunks = [...Array.from({ length: 10 }, () => ' '.repeat(100_000)), ' ']
        const stream = ReadableStream.from(chunks.map((text) => new TextEncoder().encode(text)))
        const response = await fetch(new URL('/v1/orders', house().apiUrl), {
          method: 'POST',
          headers: {
            authorization: `Bearer ${shop.storefrontKey}`,
            'idempotency-key': randomUUID(),
            'content-type': 'application/json',
          },
          body: stream,
          duplex: 'half',
        })
        return { status: response.status, body: await response.json(), headers: response.headers }
      },
      { status: 413, type: 'too-large' },
    )
  })

  test('JSON with a charset is JSON', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    expectStatus(await asIs(JSON.stringify(newOrder()), headers), 201)
  })

  test.each([
    ['PUT', '/v1/orders', 'POST'],
    ['DELETE', '/v1/orders/OR-0000-0000-000', 'GET'],
    ['PATCH', '/v1/back-orders/BO-0000-0000-000', 'GET'],
    ['GET', '/v1/inventory-updates', 'POST'],
    ['POST', '/v1/operator/periods', 'GET, PUT'],
  ])('%s %s: that method is not available', async (method, path, expected) => {
    await refused(
      async () => {
        const answer = await shop.call(method, path, { key: null })
        expect((answer.headers.get('allow') ?? '').split(', ')).toEqual(
          expect.arrayContaining(expected.split(', ')),
        )
        return answer
      },
      { status: 405, type: 'method-not-allowed' },
    )
  })

  test.each([
    '/v1',
    '/v1/nothing',
    '/v2/orders',
    '/v1/orders/%00',
    '/v1/orders/%E0%A4%A',
    '/v1/orders/..%2f..',
  ])('GET %s: there is nothing', async (path) => {
    await refused(() => shop.call('GET', path), { status: 404, type: 'not-found' })
  })
})

describe('the Idempotency-Key', () => {
  test.each([
    ['missing', null, 'idempotency-key-missing'],
    ['too long', 'k'.repeat(256), 'malformed-request'],
    ['with a space', 'two words', 'malformed-request'],
    ['with letters beyond ASCII', 'kl\u00e9', 'malformed-request'],
  ])('%s', async (_, idempotencyKey, type) => {
    await refused(() => post('/v1/orders', newOrder(), { idempotencyKey }), { status: 400, type })
  })

  test('used for another body, or for another command: 422; the order of members is no difference', async () => {
    const idempotencyKey = randomUUID()
    const body = newOrder()
    const first = expectStatus(await post('/v1/orders', body, { idempotencyKey }), 201)
    const another = { status: 422, type: 'idempotency-key-reused' }
    const changed = newOrder((order) => void (order.lines[0].quantity = 2))
    await refused(() => post('/v1/orders', changed, { idempotencyKey }), another)
    const short = expectStatus(await shop.order([{ sku: scarce, quantity: 5 }]), 201)
    const path = `/v1/orders/${short.body.number}/cancellation`
    await refused(() => post(path, {}, { idempotencyKey }), another)
    const turned = Object.fromEntries(Object.entries(body).toReversed())
    const again = await changesNothing(house(), () => post('/v1/orders', turned, { idempotencyKey }))
    expect([again.status, again.body]).toEqual([201, first.body])
    expectStatus(await post(path, {}), 200)
  })

  test('of one caller is not that of another', async () => {
    const idempotencyKey = randomUUID()
    const mine = expectStatus(await post('/v1/orders', newOrder(), { idempotencyKey }), 201)
    const theirs = await otherShop.call('POST', '/v1/orders', { body: newOrder(), idempotencyKey })
    expect(expectStatus(theirs, 201).body.number).not.toBe(mine.body.number)
  })

  test('a refused command repeated with its key gets the same refusal, also when it would succeed by now', async () => {
    const item = await shop.item()
    const { number } = await shop.backOrder(item, 1)
    const idempotencyKey = randomUUID()
    const request = () => shop.command(number, 'delivery-request', { ship_to: ADDRESS }, { idempotencyKey })
    const no = { status: 409, type: 'state-conflict' }
    const { request_id: _, ...first } = await refusedForGood(request, no)
    const bringer = await shop.supplier({ skus: [item], gatherSeconds: 3_000 })
    expectStatus(await shop.bring(bringer, item, 1), 201)
    const { request_id: __, ...again } = await refused(request, no)
    expect(again).toEqual(first)
    expectStatus(await shop.command(number, 'delivery-request', { ship_to: ADDRESS }), 200)
  })

  test('a repeat gets the first answer, also when its end has passed by now', async () => {
    const idempotencyKey = randomUUID()
    const body = { ...newOrder(), lines: [{ sku: scarce, quantity: 9 }], offer_until: inHours(2 / 3_600) }
    const first = expectStatus(await post('/v1/orders', body, { idempotencyKey }), 201)
    await shop.until(first.body.number, (view) => view.state === 'decided')
    const again = await post('/v1/orders', body, { idempotencyKey })
    expect([again.status, again.body]).toEqual([201, first.body])
  })
})

describe('who asks, and for what of whom', () => {
  test.each([
    ['no key', {}, 'api-key-missing'],
    ['an unknown key', { authorization: 'Bearer hf_storefront_unknown' }, 'api-key-invalid'],
    ['another scheme', { authorization: 'Basic YWRhOmFkYQ==' }, 'api-key-invalid'],
    ['no key after the scheme', { authorization: 'Bearer' }, 'api-key-invalid'],
  ])('%s', async (_, headers, type) => {
    await refused(() => post('/v1/orders', newOrder(), { key: null, headers }), { status: 401, type })
  })

  test('a revoked key', async () => {
    const gone = await Shop.open(house())
    await house().db`UPDATE api_keys SET revoked_at = now() WHERE partner = ${gone.storefront}`
    const send = () => post('/v1/orders', newOrder(), { key: gone.storefrontKey })
    await refused(send, { status: 401, type: 'api-key-invalid' })
  })

  test('a key of the wrong role', async () => {
    const no = { status: 403, type: 'role-forbidden' }
    const { key } = supplier
    await refused(() => post('/v1/orders', newOrder(), { key }), no)
    await refused(() => post('/v1/orders', newOrder(), { key: shop.operatorKey }), no)
    await refused(() => post('/v1/inventory-updates', { reference: 'x', lines: [{ sku, received: 1 }] }), no)
    await refused(() => shop.call('GET', '/v1/operator/api-keys'), no)
    await refused(() => shop.call('GET', `/v1/orders/${newNumber('order')}`, { key }), no)
  })

  test("another storefront's order, back order and delivery are as unknown as those that do not exist", async () => {
    const ordered = expectStatus(await shop.order([{ sku, quantity: 1 }]), 201)
    const { order, number } = await shop.backOrder(await shop.item(), 1)
    const delivery = ordered.body.deliveries[0].number
    const there: [string, string, object | undefined][] = [
      [`/v1/orders/${order}`, newNumber('order'), undefined],
      [`/v1/orders/${order}/cancellation`, newNumber('order'), {}],
      [`/v1/orders/${order}/deadline`, newNumber('order'), { deadline_at: inHours(0.5) }],
      [`/v1/orders/${order}/answers`, newNumber('order'), { answers: [{ line: 1, choice: 'decline' }] }],
      [`/v1/back-orders/${number}`, newNumber('backOrder'), undefined],
      [`/v1/back-orders/${number}/cancellation`, newNumber('backOrder'), {}],
      [`/v1/back-orders/${number}/confirmation`, newNumber('backOrder'), {}],
      [`/v1/deliveries/${delivery}`, newNumber('delivery'), undefined],
      [`/v1/deliveries/${delivery}/cancellation`, newNumber('delivery'), {}],
    ]
    for (const [path, nobodys, body] of there) {
      const own = path.split('/')[3] ?? ''
      const ask = (path: string) => otherShop.call(body ? 'POST' : 'GET', path, body ? { body } : {})
      const found = await refused(() => ask(path), { status: 404, type: 'not-found' })
      const missing = await refused(() => ask(path.replace(own, nobodys)), { status: 404, type: 'not-found' })
      const blank = (problem: Answer['body'], number: string) =>
        JSON.stringify({ ...problem, request_id: '' }).replaceAll(number, '…')
      expect(blank(found, own)).toBe(blank(missing, nobodys))
      expect(Object.keys(found)).toEqual(Object.keys(missing))
    }
  })

  test("another supplier's purchase order", async () => {
    const item = await shop.item()
    const asked = await shop.supplier({ skus: [item] })
    await shop.backOrder(item, 2)
    const number = await purchaseOrderOf(asked.id)
    const no = { status: 404, type: 'not-found' }
    const { key } = otherSupplier
    const line = { line: 1, accepted: { quantity: 2, expected_at: inHours(48) } }
    await refused(() => shop.call('GET', `/v1/purchase-orders/${number}`, { key }), no)
    await refused(() => post(`/v1/purchase-orders/${number}/acknowledgement`, { lines: [line] }, { key }), no)
    await refusedForGood(() => shop.bring(otherSupplier, item, 2, { purchase_order: number }), no)
  })
})

describe('numbers (B3)', () => {
  const mistyped = (number: string) => number.slice(0, -1) + (number.endsWith('0') ? '1' : '0')

  test('a mistyped one: the check symbol says so, wherever it is typed', async () => {
    for (const [kind, path] of [
      ['order', 'orders'],
      ['backOrder', 'back-orders'],
      ['delivery', 'deliveries'],
      ['purchaseOrder', 'purchase-orders'],
    ] as const) {
      const wrong = mistyped(newNumber(kind))
      const no = { status: 400, type: 'mistyped-number' }
      await refused(() => shop.call('GET', `/v1/${path}/${wrong}`, { key: shop.operatorKey }), no)
    }
    const cancel = `/v1/back-orders/${mistyped(newNumber('backOrder'))}/cancellation`
    await refused(() => post(cancel, {}), { status: 400, type: 'mistyped-number' })
    const line = { sku, received: 1, purchase_order: mistyped(newNumber('purchaseOrder')) }
    const update = { reference: randomUUID(), lines: [line] }
    const send = () => post('/v1/inventory-updates', update, { key: supplier.key })
    const problem = await refused(send, invalid('/lines/0/purchase_order'))
    expect(problem.errors[0].detail).toMatch(/mistyped/)
  })

  test('a malformed one, or one of another kind', async () => {
    const no = { status: 404, type: 'not-found' }
    for (const text of ['1', 'OR-1', newNumber('backOrder'), 'OR-7K3M-9QXT-4HU', '__proto__'])
      await refused(() => shop.call('GET', `/v1/orders/${encodeURIComponent(text)}`), no)
  })

  test('any case, spaces and look-alikes are read', async () => {
    const { body } = expectStatus(await shop.order([{ sku, quantity: 1 }]), 201)
    const typed = ` ${body.number.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')}`
    const found = await shop.call('GET', `/v1/orders/${encodeURIComponent(typed)}`)
    expect(expectStatus(found, 200).body.number).toBe(body.number)
  })
})

describe('answers to an offer (A3, A7)', () => {
  let path: string
  let item: string
  let fixed: string
  beforeAll(async () => {
    item = await shop.item({ onHand: 1, cap: 3 })
    fixed = await shop.item({ onHand: 1, backOrderable: false })
    const order = await shop.order([
      { sku: item, quantity: 2 },
      { sku: fixed, quantity: 2 },
      { sku, quantity: 1 },
    ])
    path = `/v1/orders/${expectStatus(order, 201).body.number}/answers`
  })

  const wait = { line: 1, choice: 'wait_for_all' }
  const outOfRange = (pointer: string): Refused => ({
    status: 422,
    type: 'period-out-of-range',
    pointers: [pointer],
  })
  const notOpen = (pointer: string): Refused => ({
    status: 422,
    type: 'choice-not-open',
    pointers: [pointer],
  })
  const checkedFirst: [string, unknown[], Refused][] = [
    ['none', [], invalid('/answers')],
    ['a line answered twice', [wait, { line: 1, choice: 'decline' }], invalid('/answers/1/line')],
    ['a choice that does not exist', [{ line: 1, choice: 'perhaps' }], invalid('/answers/0/choice')],
    ['a line that is no number', [{ line: '1', choice: 'decline' }], invalid('/answers/0/line')],
    [
      'a wait given twice',
      [{ ...wait, wait_period: 'PT1M', wait_until: '2099-01-01T00:00:00Z' }],
      invalid('/answers/0/wait_until'),
    ],
    ['a nonsense wait', [{ ...wait, wait_period: 'soon' }], invalid('/answers/0/wait_period')],
    ['an endless wait', [{ ...wait, wait_period: 'P9999999999999999Y' }], invalid('/answers/0/wait_period')],
    ['an unknown member', [{ ...wait, sku: 'x' }], invalid('/answers/0/sku')],
  ]
  test.each(checkedFirst)('%s', async (_, answers, expected) => {
    await refused(() => post(path, { answers }), expected)
  })

  const checkedInside: [string, unknown[], Refused][] = [
    ['an unknown line', [wait, { line: 9, choice: 'decline' }], invalid('/answers/1/line')],
    ['a line that is not short', [{ line: 3, choice: 'decline' }], notOpen('/answers/0/choice')],
    ['a choice that is not open', [{ line: 1, choice: 'take_available' }], notOpen('/answers/0/choice')],
    [
      'back-ordering what cannot be back-ordered',
      [
        { line: 1, choice: 'decline' },
        { line: 2, choice: 'wait_for_all' },
      ],
      notOpen('/answers/1/choice'),
    ],
    ['a wait over the maximum', [{ ...wait, wait_period: 'PT2H' }], outOfRange('/answers/0/wait_period')],
    ['a wait under the minimum', [{ ...wait, wait_period: 'PT0S' }], outOfRange('/answers/0/wait_period')],
    ['a negative hold', [{ ...wait, hold_period: '-P1D' }], outOfRange('/answers/0/hold_period')],
    ['a wait until long after', [{ ...wait, wait_until: inHours(2) }], outOfRange('/answers/0/wait_until')],
    ['a wait until before', [{ ...wait, wait_until: inHours(-1) }], outOfRange('/answers/0/wait_until')],
  ]
  test.each(checkedInside)('%s', async (_, answers, expected) => {
    await refusedForGood(() => post(path, { answers }), expected)
  })

  test('more back orders than the cap, and a line answered once more', async () => {
    await shop.backOrder(item, 3)
    const problem = await refusedForGood(() => post(path, { answers: [wait] }), {
      status: 409,
      type: 'cap-reached',
    })
    expect(problem.detail).toBe(`At most 3 of ${item} can be back-ordered; 3 are.`)
    expectStatus(await post(path, { answers: [{ line: 1, choice: 'decline' }] }), 200)
    await refusedForGood(() => post(path, { answers: [wait] }), notOpen('/answers/0/choice'))
    expectStatus(await post(path, { answers: [{ line: 2, choice: 'take_available' }] }), 200)
    const closed = await refusedForGood(() => post(path, { answers: [wait] }), {
      status: 409,
      type: 'state-conflict',
    })
    expect(closed).toMatchObject({ state: 'decided', allowed_actions: [] })
  })

  test("accepting, extending and cancelling after the offer's end", async () => {
    const order = expectStatus(
      await shop.order([{ sku: await shop.item(), quantity: 1 }], { more: { offer_period: 'PT1S' } }),
      201,
    )
    await shop.until(order.body.number, (view) => view.state === 'decided')
    const base = `/v1/orders/${order.body.number}`
    for (const [command, body] of [
      ['answers', { answers: [wait] }],
      ['deadline', { deadline_at: inHours(0.5) }],
      ['cancellation', {}],
    ] as const)
      await refusedForGood(() => post(`${base}/${command}`, body), { status: 409, type: 'state-conflict' })
  })

  test("an offer's deadline in the past, too late, or no time at all", async () => {
    const order = expectStatus(await shop.order([{ sku: await shop.item(), quantity: 1 }]), 201)
    const deadline = `/v1/orders/${order.body.number}/deadline`
    for (const deadline_at of [inHours(-1), inHours(2)])
      await refusedForGood(() => post(deadline, { deadline_at }), outOfRange('/deadline_at'))
    for (const deadline_at of ['tomorrow', '9999-12-31T23:59:59Z', null])
      await refused(() => post(deadline, { deadline_at }), invalid('/deadline_at'))
  })
})

describe('commands to a back order that come too early, too late, or twice (A7, A8)', () => {
  const conflict = { status: 409, type: 'state-conflict' }
  async function met(): Promise<string> {
    const item = await shop.item()
    const { number } = await shop.backOrder(item, 1)
    expectStatus(await shop.bring(await shop.supplier({ skus: [item] }), item, 1), 201)
    return number
  }

  test('before the goods are there: delivery requested, confirmed, declined; all of it named as not possible', async () => {
    const { number } = await shop.backOrder(await shop.item(), 2)
    for (const [command, body] of [
      ['delivery-request', { ship_to: ADDRESS }],
      ['confirmation', {}],
      ['refusal', {}],
    ] as const) {
      const problem = await refusedForGood(() => shop.command(number, command, body), conflict)
      expect(problem).toMatchObject({
        state: 'waiting',
        allowed_actions: ['lower', 'change_deadline', 'cancel'],
      })
    }
    const notLower = { status: 422, type: 'quantity-not-lower', pointers: ['/quantity'] }
    await refusedForGood(() => shop.command(number, 'quantity', { quantity: 2 }), notLower)
    for (const quantity of [0, -1, 1.5, '1'])
      await refused(() => shop.command(number, 'quantity', { quantity }), invalid('/quantity'))
    const range = { status: 422, type: 'period-out-of-range', pointers: ['/deadline_at'] }
    for (const deadline_at of [inHours(-1), inHours(2)])
      await refusedForGood(() => shop.command(number, 'deadline', { deadline_at }), range)
    expectStatus(await shop.command(number, 'cancellation'), 200)
    for (const [command, body] of [
      ['cancellation', {}],
      ['deadline', { deadline_at: inHours(0.5) }],
      ['quantity', { quantity: 1 }],
    ] as const) {
      const problem = await refusedForGood(() => shop.command(number, command, body), conflict)
      expect(problem).toMatchObject({ state: 'cancelled', allowed_actions: [] })
    }
  })

  test('a delivery date in the past, beyond the longest hold, or on no day; an address that is none', async () => {
    const number = await met()
    const request = (deliver_on: unknown, ship_to: object = ADDRESS) =>
      shop.command(number, 'delivery-request', { ship_to, deliver_on })
    const range = { status: 422, type: 'period-out-of-range', pointers: ['/deliver_on'] }
    for (const day of ['2020-01-01', '2099-01-01', '9999-12-31'])
      await refusedForGood(() => request(day), range)
    for (const day of ['2030-02-30', 'tomorrow', 20300101])
      await refused(() => request(day), invalid('/deliver_on'))
    await refused(() => request(undefined, { ...ADDRESS, country: 'D' }), invalid('/ship_to/country'))
    expectStatus(await shop.command(number, 'cancellation'), 200)
  })

  test('confirming after the time for it, in the very moment and after the end', async () => {
    const number = await met()
    expectStatus(await shop.command(number, 'delivery-request', { ship_to: ADDRESS }), 200)
    expectStatus(
      await shop.command(number, 'deadline', { deadline_at: new Date(Date.now() + 1_500).toISOString() }),
      200,
    )
    await shop.until(number, (view) => view.state === 'expired')
    const problem = await refusedForGood(() => shop.command(number, 'confirmation'), conflict)
    expect(problem).toMatchObject({ state: 'expired', allowed_actions: [] })
  })

  test('confirming twice: the same key is the same yes, another key a no; cancelling after dispatch is too late', async () => {
    const number = await met()
    expectStatus(await shop.command(number, 'delivery-request', { ship_to: ADDRESS }), 200)
    const idempotencyKey = randomUUID()
    const first = expectStatus(await shop.command(number, 'confirmation', {}, { idempotencyKey }), 200)
    const { delivery } = first.body
    await shop.until(delivery, (view) => view.state === 'booked')
    const again = await changesNothing(house(), () =>
      shop.command(number, 'confirmation', {}, { idempotencyKey }),
    )
    expect([again.status, again.body]).toEqual([200, first.body])
    await refusedForGood(() => shop.command(number, 'confirmation'), conflict)

    const reported = await carrier(`/api/shipments/${delivery}/report`, { status: 'collected' })
    expect(reported.status).toBe(200)
    await shop.until(number, (view) => view.state === 'dispatched')
    const tooLate = await refusedForGood(() => shop.command(number, 'cancellation'), conflict)
    expect(tooLate).toMatchObject({ state: 'dispatched', allowed_actions: [] })
    const parcel = await refusedForGood(() => post(`/v1/deliveries/${delivery}/cancellation`, {}), conflict)
    expect(parcel).toMatchObject({ state: 'dispatched', allowed_actions: [] })
    const decide = () =>
      post(
        `/v1/operator/deliveries/${delivery}/decision`,
        { decision: 'retry', reason: 'in a hurry' },
        { key: shop.operatorKey },
      )
    await refusedForGood(decide, conflict)
    await carrier(`/api/shipments/${delivery}/report`, { status: 'delivered' })
    await shop.until(number, (view) => view.state === 'delivered')
  })
})

describe('what suppliers send (A5)', () => {
  let item: string
  let asked: { id: string; key: string }
  let number: string
  beforeAll(async () => {
    item = await shop.item()
    asked = await shop.supplier({ skus: [item] })
    await shop.backOrder(item, 4)
    number = await purchaseOrderOf(asked.id)
  })

  const later = inHours(48)
  const acknowledge = (lines: unknown) =>
    post(`/v1/purchase-orders/${number}/acknowledgement`, { lines }, { key: asked.key })
  const notice = (lines: unknown) =>
    post(`/v1/purchase-orders/${number}/shipment-notices`, { reference: 'N1', lines }, { key: asked.key })
  const update = (lines: unknown, more: object = {}) =>
    post('/v1/inventory-updates', { reference: randomUUID(), lines, ...more }, { key: asked.key })
  const accepted = (quantity: unknown, expected_at: unknown = later) => ({ quantity, expected_at })
  const mismatch = (...pointers: string[]): Refused => ({ status: 422, type: 'quantity-mismatch', pointers })

  const acknowledgements: [string, unknown, Refused][] = [
    ['no lines', [], invalid('/lines')],
    ['a line twice', [{ line: 1, accepted: accepted(4) }, { line: 1 }], invalid('/lines/1/line')],
    ['a negative quantity', [{ line: 1, accepted: accepted(-1) }], invalid('/lines/0/accepted/quantity')],
    ['a fractional quantity', [{ line: 1, accepted: accepted(0.5) }], invalid('/lines/0/accepted/quantity')],
    ['no date', [{ line: 1, accepted: { quantity: 4 } }], invalid('/lines/0/accepted/expected_at')],
    [
      'a date that is none',
      [{ line: 1, accepted: accepted(4, 'soon') }],
      invalid('/lines/0/accepted/expected_at'),
    ],
    [
      'a date before all time',
      [{ line: 1, accepted: accepted(4, '0000-01-01T00:00:00Z') }],
      invalid('/lines/0/accepted/expected_at'),
    ],
    [
      'a date at the end of time',
      [{ line: 1, accepted: accepted(4, '9999-12-31T23:59:59Z') }],
      invalid('/lines/0/accepted/expected_at'),
    ],
    [
      'a rejection without a reason',
      [{ line: 1, rejected: { quantity: 4 } }],
      invalid('/lines/0/rejected/reason'),
    ],
    ['an unknown member', [{ line: 1, accepted: accepted(4), colour: 'red' }], invalid('/lines/0/colour')],
  ]
  test.each(acknowledgements)('acknowledgement: %s', async (_, lines, expected) => {
    await refused(() => acknowledge(lines), expected)
  })

  test('acknowledgement: an unknown line, and quantities that do not add up', async () => {
    await refusedForGood(() => acknowledge([{ line: 7, accepted: accepted(4) }]), invalid('/lines/0/line'))
    await refusedForGood(() => acknowledge([{ line: 1, accepted: accepted(5) }]), mismatch('/lines/0'))
    const split = { line: 1, accepted: accepted(2), rejected: { quantity: 1, reason: 'out' } }
    await refusedForGood(() => acknowledge([split]), mismatch('/lines/0'))
  })

  test('shipment notice: more than is to come, an unknown line, a nonsense date', async () => {
    await refusedForGood(() => notice([{ line: 1, ...accepted(5) }]), mismatch('/lines/0/quantity'))
    await refusedForGood(() => notice([{ line: 2, ...accepted(1) }]), invalid('/lines/0/line'))
    await refused(() => notice([{ line: 1, ...accepted(0) }]), invalid('/lines/0/quantity'))
    await refused(
      () => notice([{ line: 1, ...accepted(1, '0000-01-01T00:00:00Z') }]),
      invalid('/lines/0/expected_at'),
    )
  })

  const updates: [string, () => unknown, Refused][] = [
    ['no lines', () => [], invalid('/lines')],
    ['nothing on a line', () => [{ sku: item, received: 0 }], invalid('/lines/0')],
    ['a negative amount', () => [{ sku: item, received: -1 }], invalid('/lines/0/received', '/lines/0')],
    ['an enormous amount', () => [{ sku: item, received: 1_000_001 }], invalid('/lines/0/received')],
    [
      'a rejection without a reason',
      () => [{ sku: item, received: 0, rejected: { quantity: 1 } }],
      invalid('/lines/0/rejected/reason'),
    ],
    [
      'an item twice',
      () => [
        { sku: item, received: 1 },
        { sku: item, received: 1 },
      ],
      invalid('/lines/1/sku'),
    ],
    [
      'a malformed purchase order',
      () => [{ sku: item, received: 1, purchase_order: 'PO-1' }],
      invalid('/lines/0/purchase_order'),
    ],
    [
      'a NUL in a reason',
      () => [{ sku: item, received: 1, rejected: { quantity: 1, reason: 'a\u0000b' } }],
      invalid('/lines/0/rejected/reason'),
    ],
  ]
  test.each(updates)('inventory update: %s', async (_, lines, expected) => {
    await refused(() => update(lines()), expected)
  })

  test('inventory update: an unknown item beside a known one, an item that the purchase order does not ask for', async () => {
    const lines = [
      { sku: item, received: 1 },
      { sku: 'NO-SUCH', received: 1 },
    ]
    const unknown = { status: 422, type: 'unknown-item', pointers: ['/lines/1/sku'] }
    await refusedForGood(() => update(lines), unknown)
    await refusedForGood(
      () => update([{ sku, received: 1, purchase_order: number }]),
      invalid('/lines/0/sku'),
    )
    await refused(() => update([{ sku, received: 1 }], { reference: ' ' }), invalid('/reference'))
  })

  test('inventory update: sent three times is booked once; again with other numbers is refused', async () => {
    const reference = randomUUID()
    const first = expectStatus(await shop.bring(asked, item, 1, {}, reference), 201)
    for (let time = 2; time <= 3; time++) {
      const again = await changesNothing(house(), () => shop.bring(asked, item, 1, {}, reference), {
        answersOnce: true,
      })
      expect([again.status, again.body]).toEqual([200, first.body])
    }
    const other = { status: 409, type: 'reference-reused' }
    await refusedForGood(() => shop.bring(asked, item, 2, {}, reference), other)
  })
})

test('after all of this the books hold and every open row has its workflow', async () => {
  await expectSoundHouse(house())
})

async function purchaseOrderOf(supplier: string): Promise<string> {
  const [row] = await waitFor(
    'the purchase order',
    () => house().db<{ number: string }[]>`SELECT number FROM purchase_orders WHERE supplier = ${supplier}`,
    (rows) => rows.length > 0,
  )
  return row?.number ?? ''
}
