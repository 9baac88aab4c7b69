import { randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { beforeAll, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { type Document, differences } from '../support/openapi.ts'
import { type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'

const house = useHouse({ partners: ['mail'] })
let shop: Shop
let stranger: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
  stranger = await Shop.open(house())
})

const read = (path: string, key = shop.storefrontKey) => shop.call('GET', `/v1/${path}`, { key })
const found = async (path: string, key?: string) => expectStatus(await read(path, key), 200).body
const numbers = (page: { data: { number: string }[] }) => page.data.map(({ number }) => number)

function expectProblem(answer: Answer, status: number, type: string): Answer['body'] {
  expect([answer.status, answer.body.type]).toEqual([status, `${house().apiUrl}/problems/${type}`])
  return answer.body
}

/** Walks a list to its end and gives what it found, page by page. */
async function walk(path: string, key: string): Promise<string[]> {
  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { data: { number: string }[]; next_cursor: string | null } = await found(
      `${path}${cursor && `&cursor=${cursor}`}`,
      key,
    )
    seen.push(...numbers(page))
    cursor = page.next_cursor
  }
  return seen
}

test('a cursor that nobody was given finds nothing and breaks nothing, in every list (P5)', async () => {
  const sku = await shop.item({ onHand: 1 })
  const supplier = await shop.supplier({ skus: [sku] })
  const { number } = expectStatus(await shop.order([{ sku, quantity: 1 }]), 201).body
  const { paths } = (await (await fetch(`${house().apiUrl}/openapi.json`)).json()) as Document
  const lists = Object.entries(paths)
    .filter(([, { get }]) => get?.parameters?.some(({ name }) => name === 'cursor'))
    .map(([path]) => path.replace('{number}', number).replace('{id}', supplier.id))
  expect(lists.length).toBeGreaterThan(10)

  // What gets furthest: of a form that a list has, with one part that the database might not take.
  const [uuid, time] = [randomUUID(), '2026-01-01T00:00:00Z']
  const times = ['2026-01-01T00:00:00+23:59', '9999-12-31T23:59:59Z', '0000-01-01T00:00:00Z']
  const forged = [
    ...[2 ** 31, 2 ** 53 - 1, 2 ** 53, -1, '\0', '\ud800'].map((part) => [part]),
    ...times.flatMap((part) => [
      [part, uuid],
      [part, 'X'],
    ]),
    ...[2 ** 31, 2 ** 53 - 1].map((part) => [part, uuid]),
    ...['\0', '\ud800'].map((part) => [time, part]),
    ...[2 ** 53 - 1, '\0'].map((part) => [1, part]),
  ].map((key) => Buffer.from(JSON.stringify(key)).toString('base64url'))
  const failures: unknown[] = []
  for (const path of lists) {
    for (const cursor of forged) {
      const { status, body } = await shop.call('GET', `${path}?cursor=${cursor}`, { key: shop.operatorKey })
      if (status >= 500) failures.push([path, cursor, status, body])
    }
  }
  expect(failures).toEqual([])
})

describe('asking before ordering (A1)', () => {
  test('what is free, who waits, when more comes; nothing is set aside', async () => {
    const sku = await shop.item({ onHand: 3, cap: 10 })
    const none = { waiting: 0, waiting_is_exact: true, outstanding: 0 }
    expect(await found(`items/${sku}/availability?quantity=3`)).toEqual({
      sku,
      quantity: 3,
      available: 3,
      short: 0,
      ...none,
      expected_at: null,
      back_orderable: true,
      back_order_cap_left: 10,
      default_wait_seconds: 900,
      unit_price: { amount: 1999, currency: 'EUR' },
    })
    expect(await found(`items/${sku}/availability?quantity=5`)).toMatchObject({
      available: 3,
      short: 2,
      expected_at: null,
    })
    await shop.supplier({ skus: [sku] })
    const expected = (await found(`items/${sku}/availability?quantity=5`)).expected_at
    expect(Date.parse(expected) - Date.now()).toBeGreaterThan(86_000_000)
    expect(await shop.level(sku)).toEqual({ on_hand: 3, allocated: 0, outbound: 0, outstanding: 0 })

    await shop.backOrder(sku, 7)
    expect(await found(`items/${sku}/availability`)).toMatchObject({
      quantity: 1,
      available: 0,
      short: 1,
      waiting: 1,
      outstanding: 4,
      back_order_cap_left: 6,
    })
  })

  test('of an item that cannot be back-ordered, and of one that is not there', async () => {
    const sku = await shop.item({ onHand: 1, backOrderable: false })
    expect(await found(`items/${sku}/availability?quantity=2`)).toMatchObject({
      short: 1,
      back_orderable: false,
      default_wait_seconds: null,
      back_order_cap_left: null,
    })
    expectProblem(await read('items/NOT-THERE/availability'), 404, 'not-found')
    for (const query of ['quantity=0', 'quantity=x', 'quantity=100001', 'qty=1']) {
      expectProblem(await read(`items/${sku}/availability?${query}`), 422, 'invalid-request')
    }
    const listed = await found('items?limit=100')
    expect(listed.data).toContainEqual({
      sku,
      name: `Item ${sku}`,
      unit_price: { amount: 1999, currency: 'EUR' },
      available: 1,
      outstanding: 0,
      back_orderable: false,
    })
  })

  test('counts waiters up to 1,000, then says "over"', async () => {
    const sku = await shop.item()
    const { number } = await shop.backOrder(sku, 1)
    await house().db`
      INSERT INTO back_orders (number, order_number, line, sku, storefront, customer, ordered, shortfall, state, place, hold_seconds, price_minor, currency)
      SELECT 'BO-COUNT-' || n, 'OR-COUNT-' || n, 1, sku, storefront, customer, 1, 1, 'waiting', 10 + n, 60, price_minor, currency
        FROM back_orders, generate_series(1, 999) AS n WHERE number = ${number}`
    expect(await found(`items/${sku}/availability`)).toMatchObject({ waiting: 1_000, waiting_is_exact: true })
    await house().db`
      INSERT INTO back_orders (number, order_number, line, sku, storefront, customer, ordered, shortfall, state, place, hold_seconds, price_minor, currency)
      SELECT 'BO-COUNT-LAST', 'OR-COUNT-LAST', 1, sku, storefront, customer, 1, 1, 'waiting', 5000, 60, price_minor, currency
        FROM back_orders WHERE number = ${number}`
    expect(await found(`items/${sku}/availability`)).toMatchObject({
      waiting: 1_000,
      waiting_is_exact: false,
    })
    await house().db`DELETE FROM back_orders WHERE number LIKE 'BO-COUNT-%'`
  })
})

describe('finding (P4, P5)', () => {
  test('orders, the newest first, page by page, each once', async () => {
    const own = await Shop.open(house())
    const sku = await own.item({ onHand: 50 })
    const made: string[] = []
    for (let n = 0; n < 5; n++)
      made.push(expectStatus(await own.order([{ sku, quantity: 1 }]), 201).body.number)
    // Opened in the same moment: the number decides.
    await house()
      .db`UPDATE orders SET created_at = '2026-01-01T00:00:00.123456Z' WHERE number = ANY(${made.slice(0, 3)})`
    const newestFirst = [...made.slice(3).reverse(), ...made.slice(0, 3).sort().reverse()]
    for (const limit of [1, 2, 5, 100])
      expect(await walk(`orders?limit=${limit}`, own.storefrontKey)).toEqual(newestFirst)
    expect(await walk(`orders?limit=3&storefront=${own.storefront}`, shop.operatorKey)).toEqual(newestFirst)
    const all = await walk('orders?limit=2', shop.operatorKey)
    expect(all.filter((number) => made.includes(number))).toEqual(newestFirst)
    expect(new Set(all).size).toBe(all.length)

    const [first] = (await found('orders?limit=1', own.storefrontKey)).data
    expect(first).toEqual({
      number: made[4],
      storefront: own.storefront,
      reference: null,
      state: 'decided',
      version: expect.any(Number),
      deadline: null,
      lines: [{ line: 1, sku, ordered: 1, state: 'met' }],
      allowed_actions: [],
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    const window = 'opened_after=2026-01-01T00:00:00Z&opened_before=2026-01-01T00:00:01Z'
    expect(await walk(`orders?${window}`, own.storefrontKey)).toEqual(newestFirst.slice(2))
    const late = 'opened_after=2026-01-01T00:00:00.123457Z&opened_before=2026-01-01T00:00:01Z'
    expect(await walk(`orders?${late}`, own.storefrontKey)).toEqual([])
  })

  test('by state, item and customer; only what is one’s own', async () => {
    const [sku, other] = [await shop.item({ onHand: 1 }), await shop.item({ onHand: 9 })]
    const email = `bo-${randomBytes(4).toString('hex')}@example.test`
    const offered = expectStatus(await shop.order([{ sku, quantity: 2 }], { email }), 201).body.number
    const shipped = expectStatus(await shop.order([{ sku: other, quantity: 1 }], { email }), 201).body.number
    const strange = expectStatus(await stranger.order([{ sku: other, quantity: 1 }], { email }), 201).body
      .number

    expect(numbers(await found(`orders?sku=${sku}`))).toEqual([offered])
    expect(numbers(await found(`orders?email=${email.toUpperCase()}`))).toEqual([shipped, offered])
    expect(numbers(await found(`orders?email=${email}&state=offered`))).toEqual([offered])
    expect(numbers(await found(`orders?email=${email}`, stranger.storefrontKey))).toEqual([strange])
    expect(numbers(await found(`orders?email=${email}`, shop.operatorKey))).toEqual([
      strange,
      shipped,
      offered,
    ])
    expect(numbers(await found(`orders?email=${email}&storefront=${stranger.storefront}`))).toEqual([])
    expect(numbers(await found('orders?email=nobody@example.test'))).toEqual([])
    expect((await found(`orders?sku=${sku}`)).data[0]).toMatchObject({
      state: 'offered',
      deadline: { kind: 'offer' },
      allowed_actions: ['answer', 'change_deadline', 'cancel'],
    })

    const deliveries = await found(`deliveries?email=${email}`)
    expect(deliveries.data).toMatchObject([
      { order: shipped, back_order: null, storefront: shop.storefront, lines: [{ sku: other, quantity: 1 }] },
    ])
    expect((await found(`deliveries?sku=${other}`, shop.operatorKey)).data).toHaveLength(2)
    for (const list of ['orders', 'back-orders', 'deliveries']) {
      for (const query of [
        'state=lost',
        'cursor=abc',
        'limit=0',
        'email=nobody',
        'opened_after=yesterday',
        'opened_after=2026-01-01T00:00:00%2B23:59',
        'colour=red',
      ]) {
        expectProblem(await read(`${list}?${query}`), 422, 'invalid-request')
      }
      expectProblem(await read(list, 'hf_storefront_wrong'), 401, 'api-key-invalid')
    }
    expectProblem(await read('purchase-orders'), 403, 'role-forbidden')
  })

  test('back orders and purchase orders', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const rival = await shop.supplier({ skus: [] })
    const { number, order } = await shop.backOrder(sku, 4)
    expect((await found(`back-orders?sku=${sku}&state=waiting`)).data).toMatchObject([
      {
        number,
        order,
        line: 1,
        sku,
        ordered: 4,
        allocated: 0,
        outstanding: 4,
        deadline: { kind: 'wait' },
        delivery: null,
      },
    ])
    expect((await found(`back-orders?sku=${sku}&state=met`)).data).toEqual([])
    expect((await found(`back-orders?sku=${sku}`, stranger.storefrontKey)).data).toEqual([])
    const [bought] = await waitFor(
      'the purchase order',
      async () => (await found('purchase-orders', supplier.key)).data,
      (rows) => rows.length > 0,
    )
    expect(bought).toMatchObject({
      supplier: supplier.id,
      state: 'sent',
      deadline: { kind: 'acknowledge' },
      lines: [{ line: 1, sku, quantity: 4, received: 0, is_closed: false }],
    })
    expect((await found('purchase-orders', rival.key)).data).toEqual([])
    expect((await found(`purchase-orders?supplier=${supplier.id}`, rival.key)).data).toEqual([])
    expect(
      numbers(await found(`purchase-orders?sku=${sku}&supplier=${supplier.id}`, shop.operatorKey)),
    ).toEqual([bought.number])

    const history = await found(`purchase-orders/${bought.number}/events`, supplier.key)
    expect(history.data).toMatchObject([
      { sequence: 1, type: 'purchase_order.created', actor: 'house', from: null, to: 'sent' },
    ])
    expectProblem(await read(`purchase-orders/${bought.number}/events`, rival.key), 404, 'not-found')
  })

  test('the history tells who did what when, and why', async () => {
    const sku = await shop.item()
    const { number, order } = await shop.backOrder(sku, 3)
    expectStatus(await shop.command(number, 'quantity', { quantity: 2 }), 200)
    expectStatus(await shop.command(number, 'cancellation', { reason: 'found it elsewhere' }), 200)
    const history = await found(`back-orders/${number}/events`)
    expect(history.data).toMatchObject([
      {
        sequence: 1,
        type: 'back_order.accepted',
        actor: `storefront:${shop.storefront}`,
        from: null,
        to: 'waiting',
        details: { ordered: 3 },
      },
      {
        sequence: 2,
        type: 'back_order.lowered',
        from: 'waiting',
        to: 'waiting',
        details: { ordered: 2, before: 3 },
      },
      { sequence: 3, type: 'back_order.cancelled', from: 'waiting', to: 'cancelled' },
    ])
    const first = await found(`back-orders/${number}/events?limit=2`)
    expect(first.data).toHaveLength(2)
    const rest = await found(`back-orders/${number}/events?limit=2&cursor=${first.next_cursor}`)
    expect([rest.data[0].sequence, rest.next_cursor]).toEqual([3, null])
    expect(
      (await found(`orders/${order.toLowerCase()}/events`)).data.map((event: { type: string }) => event.type),
    ).toContain('order.offered')
    expectProblem(await read(`back-orders/${number}/events`, stranger.storefrontKey), 404, 'not-found')
    expectProblem(await read(`orders/${number}/events`), 404, 'not-found')
    expectProblem(
      await read(`back-orders/${number.slice(0, -1)}${number.endsWith('0') ? '1' : '0'}/events`),
      400,
      'mistyped-number',
    )
  })
})

describe('telling again, and what needs a person (P4)', () => {
  test('an operator sees every attempt and has it told again under the same id', async () => {
    let status = 503
    const received: string[] = []
    const receiver = createServer((request, response) => {
      received.push(String(request.headers['webhook-id']))
      request.resume()
      response.writeHead(status).end()
    }).listen(0, '127.0.0.1')
    try {
      await new Promise((resolve) => receiver.once('listening', resolve))
      const own = await Shop.open(house())
      const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
      const endpoint = expectStatus(
        await own.call('POST', '/v1/webhook-endpoints', { body: { url } }),
        201,
      ).body
      const sku = await own.item({ onHand: 1 })
      const { number } = expectStatus(await own.order([{ sku, quantity: 2 }]), 201).body
      const path = `operator/orders/${number}/notifications`
      const told = await waitFor(
        'the first attempt',
        async () => (await found(path, own.operatorKey)).data,
        (rows) =>
          rows.some(
            (row: { channel: string; state: string }) =>
              row.channel === 'webhook' && row.state === 'retrying',
          ),
      )
      const missed = told.find((row: { channel: string }) => row.channel === 'webhook')
      expect(missed).toMatchObject({
        number,
        event: 'order.offered',
        recipient: endpoint.id,
        attempts: [{ outcome: 'http 503', duration_ms: expect.any(Number) }],
      })
      await house().db`UPDATE notifications SET state = 'abandoned' WHERE id = ${missed.id}`
      const needing = await found('operator/attention', own.operatorKey)
      expect(needing.abandoned_notifications).toContainEqual(
        expect.objectContaining({ notification: missed.id, number, channel: 'webhook', failure: 'http 503' }),
      )

      status = 204
      const idempotencyKey = randomUUID()
      const again = () =>
        own.call('POST', `/v1/operator/notifications/${missed.id}/redelivery`, {
          key: own.operatorKey,
          body: {},
          idempotencyKey,
        })
      expect(expectStatus(await again(), 202).body).toMatchObject({ id: missed.id, state: 'pending' })
      const sent = await waitFor(
        'the second attempt',
        async () =>
          (await found(path, own.operatorKey)).data.find((row: { id: string }) => row.id === missed.id),
        (row) => row.state === 'sent',
      )
      expect(sent.attempts.map((attempt: { outcome: string }) => attempt.outcome)).toEqual([
        'http 503',
        'http 204',
      ])
      expect(received).toEqual([missed.id, missed.id])
      expect(expectStatus(await again(), 202).body).toMatchObject({ state: 'pending' })
      expect(
        (await found(path, own.operatorKey)).data.find((row: { id: string }) => row.id === missed.id).state,
      ).toBe('sent')

      const absent = `/v1/operator/notifications/${randomUUID()}/redelivery`
      expectProblem(await own.call('POST', absent, { key: own.operatorKey, body: {} }), 404, 'not-found')
      expectProblem(await own.call('POST', absent, { body: {} }), 403, 'role-forbidden')
      expectProblem(await read(path, own.storefrontKey), 403, 'role-forbidden')
    } finally {
      receiver.close()
    }
  })

  test('lists what is overdue, unsourced, failed or off', async () => {
    const own = await Shop.open(house())
    const sku = await own.item()
    await own.backOrder(sku, 2)
    const before = await found('operator/attention', own.operatorKey)
    expect(before.unsourced_items).toContainEqual({ sku, lacking: 2 })

    // Terms that come after the demand are acted on at once (A5).
    const supplier = await own.supplier({ skus: [] })
    const terms = { lead_period: 'P1D', price: { amount: 100, currency: 'EUR' } }
    const path = `/v1/operator/suppliers/${supplier.id}/items/${sku}`
    expectStatus(await own.call('PUT', path, { key: own.operatorKey, body: terms }), 200)
    const [{ number: late }] = await waitFor(
      'the purchase order',
      async () => (await found('purchase-orders', supplier.key)).data,
      (rows) => rows.length > 0,
    )
    await house()
      .db`UPDATE purchase_order_lines SET expected_at = now() - interval '2 hours' WHERE purchase_order = ${late}`
    const off = expectStatus(
      await own.call('POST', '/v1/webhook-endpoints', { body: { url: 'http://127.0.0.1:9/' } }),
      201,
    ).body.id
    expectStatus(await own.call('PATCH', `/v1/webhook-endpoints/${off}`, { body: { enabled: false } }), 200)
    const now = await found('operator/attention', own.operatorKey)
    expect(now.unsourced_items).not.toContainEqual(expect.objectContaining({ sku }))
    expect(now.overdue_purchase_orders).toContainEqual({
      purchase_order: late,
      supplier: supplier.id,
      lines: 1,
      expected_at: expect.any(String),
    })
    expect(now.disabled_endpoints).toContainEqual(
      expect.objectContaining({ endpoint: off, because: 'storefront' }),
    )
    expectProblem(await read('operator/attention'), 403, 'role-forbidden')
  })
})

describe('suppliers by signed webhook (A5)', () => {
  async function say(
    supplier: { id: string; secret: string },
    type: string,
    data: object,
    options: { id?: string; at?: Date; to?: string } = {},
  ): Promise<Answer> {
    const { id = `msg_${randomUUID()}`, at = new Date() } = options
    const text = JSON.stringify({ type, timestamp: at.toISOString(), data })
    const response = await fetch(`${house().apiUrl}/v1/supplier-webhooks/${options.to ?? supplier.id}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': new Webhook(supplier.secret).sign(id, at, text),
      },
      body: text,
    })
    return { status: response.status, body: await response.json(), headers: response.headers }
  }

  test('acknowledges, announces and brings, each once', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const { number } = await shop.backOrder(sku, 4)
    const [order] = await waitFor(
      'the purchase order',
      async () => (await found('purchase-orders', supplier.key)).data,
      (rows) => rows.length > 0,
    )
    const soon = new Date(Date.now() + 3_600_000).toISOString()
    const words = { number: order.number, lines: [{ line: 1, accepted: { quantity: 4, expected_at: soon } }] }
    const id = `msg_${randomUUID()}`
    const acknowledged = expectStatus(await say(supplier, 'purchase_order.acknowledged', words, { id }), 200)
    expect(acknowledged.body).toMatchObject({
      number: order.number,
      state: 'acknowledged',
      lines: [{ acknowledged: 4 }],
    })
    expect((await say(supplier, 'purchase_order.acknowledged', words, { id })).body).toEqual(
      acknowledged.body,
    )
    const others = {
      ...words,
      lines: [
        {
          line: 1,
          accepted: { quantity: 3, expected_at: soon },
          rejected: { quantity: 1, reason: 'none left' },
        },
      ],
    }
    expectProblem(
      await say(supplier, 'purchase_order.acknowledged', others, { id }),
      422,
      'idempotency-key-reused',
    )

    const notice = {
      number: order.number,
      reference: 'AWB 1',
      lines: [{ line: 1, quantity: 4, expected_at: soon }],
    }
    expectStatus(await say(supplier, 'purchase_order.shipped', notice), 200)
    expect(await shop.level(sku)).toMatchObject({ on_hand: 0 })
    const update = { reference: randomUUID(), lines: [{ sku, received: 4 }] }
    const booked = expectStatus(await say(supplier, 'inventory.updated', update), 201)
    expect(booked.body.lines).toMatchObject([{ sku, received: 4, purchase_orders: [order.number] }])
    // The same delivery by API key is the same delivery.
    const again = await shop.call('POST', '/v1/inventory-updates', { key: supplier.key, body: update })
    expect([again.status, again.body]).toEqual([200, booked.body])
    expect(await shop.level(sku)).toEqual({ on_hand: 4, allocated: 4, outbound: 0, outstanding: 0 })
    await shop.until(number, (view) => view.state === 'met')
    const history = await found(`purchase-orders/${order.number}/events`, supplier.key)
    expect(history.data.map((event: { type: string; actor: string }) => [event.type, event.actor])).toEqual([
      ['purchase_order.created', 'house'],
      ['purchase_order.acknowledged', `supplier:${supplier.id}`],
      ['purchase_order.shipment_notified', `supplier:${supplier.id}`],
      ['purchase_order.received', `supplier:${supplier.id}`],
    ])
  })

  test('whoever is not known, or signs wrongly or too late, changes nothing', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const rival = await shop.supplier({ skus: [sku], rank: 9 })
    const update = { reference: randomUUID(), lines: [{ sku, received: 4 }] }
    const refused = [
      await say({ ...supplier, secret: rival.secret }, 'inventory.updated', update),
      await say(supplier, 'inventory.updated', update, { to: 'nobody' }),
      await say(supplier, 'inventory.updated', update, { to: '%00' }),
      await say(supplier, 'inventory.updated', update, { to: 'x'.repeat(300) }),
      await say(supplier, 'inventory.updated', update, { to: rival.id }),
      await say(supplier, 'inventory.updated', update, { at: new Date(Date.now() - 600_000) }),
      await shop.call('POST', `/v1/supplier-webhooks/${supplier.id}`, {
        body: { type: 'inventory.updated' },
      }),
    ]
    const details = refused.map((answer) => expectProblem(answer, 401, 'invalid-signature').detail)
    expect(new Set(details).size).toBe(1)

    await shop.backOrder(sku, 1)
    const [order] = await waitFor(
      'the purchase order',
      async () => (await found('purchase-orders', supplier.key)).data,
      (rows) => rows.length > 0,
    )
    const words = { number: order.number, lines: [{ line: 1, rejected: { quantity: 1, reason: 'no' } }] }
    expectProblem(await say(rival, 'purchase_order.acknowledged', words), 404, 'not-found')
    expectProblem(await say(supplier, 'purchase_order.eaten', words), 422, 'invalid-request')
    // Signed all right, and so long that no index of the database takes it.
    const id = randomBytes(3_000).toString('hex')
    expectProblem(await say(supplier, 'inventory.updated', update, { id }), 400, 'malformed-request')
    expectProblem(
      await say(supplier, 'purchase_order.acknowledged', { ...words, colour: 'red' }),
      422,
      'invalid-request',
    )
    const faulty = await say(supplier, 'inventory.updated', { ...update, lines: [{ sku, received: -1 }] })
    expect(expectProblem(faulty, 422, 'invalid-request').errors).toContainEqual({
      pointer: '/data/lines/0/received',
      detail: expect.any(String),
    })
    expect(await shop.level(sku)).toMatchObject({ on_hand: 0 })
    expect((await found(`purchase-orders/${order.number}/events`, supplier.key)).data).toHaveLength(1)
  })
})

describe('the docs (P5)', () => {
  test('are served, and every problem leads to a page that explains it', async () => {
    const document = await (await fetch(`${house().apiUrl}/openapi.json`)).json()
    expect(document).toMatchObject({ openapi: '3.1.0', servers: [{ url: house().apiUrl }] })
    expect((await fetch(`${house().apiUrl}/docs`)).status).toBe(200)
    const problem = expectProblem(await read('orders/OR-0000-0000-000'), 400, 'mistyped-number')
    const page = await fetch(problem.type)
    expect([page.status, await page.text()]).toEqual([
      200,
      expect.stringContaining('This number has a typing error'),
    ])
  })

  test('name every member of the webhooks that are sent, and none that is not', async () => {
    const received = new Map<string, unknown>()
    const receiver = createServer((request, response) => {
      void text(request).then((sent) => {
        const body = JSON.parse(sent) as { type: string }
        received.set(body.type, body)
        response.writeHead(204).end()
      })
    }).listen(0, '127.0.0.1')
    try {
      await new Promise((resolve) => receiver.once('listening', resolve))
      const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
      const own = await Shop.open(house())
      expectStatus(await own.call('POST', '/v1/webhook-endpoints', { body: { url } }), 201)
      const sku = await own.item({ onHand: 1 })
      const supplier = await own.supplier({ skus: [sku], webhookUrl: url })
      const { number } = await own.backOrder(sku, 3, { choice: 'ship_available' })
      const [order] = await waitFor(
        'the purchase order',
        async () => (await found('purchase-orders', supplier.key)).data,
        (rows) => rows.length > 0,
      )
      expectStatus(await own.command(number, 'quantity', { quantity: 1 }), 200)
      await own.until(order.number, ({ lines }) => lines[0].quantity === 1)
      const withdrawal = `/v1/purchase-orders/${order.number}/lines/1/withdrawal`
      const path = withdrawal.replace('/v1/', '/v1/operator/')
      expectStatus(await own.call('POST', path, { key: own.operatorKey, body: { reason: 'late' } }), 200)
      await waitFor(
        'the waiter to be told',
        async () => received.has('back_order.unsourced'),
        (isTold) => isTold,
      )
      expectStatus(await own.bring(supplier, sku, 1), 201)
      const types = [
        'order.offered',
        'order.answered',
        'delivery.planned',
        'back_order.lowered',
        'back_order.unsourced',
        'back_order.met',
        'purchase_order.created',
        'purchase_order.change_requested',
        'purchase_order.line_withdrawn',
      ]
      await waitFor(
        'the webhooks',
        async () => types.filter((type) => !received.has(type)),
        (missing) => missing.length === 0,
      )
      const document = (await (await fetch(`${house().apiUrl}/openapi.json`)).json()) as Document
      for (const [type, body] of received) {
        const schema = document.webhooks[type]?.post.requestBody.content['application/json'].schema
        expect([type, differences(document, schema ?? {}, body)]).toEqual([type, []])
      }
    } finally {
      receiver.close()
    }
  })
})
