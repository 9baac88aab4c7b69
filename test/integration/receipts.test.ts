import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newNumber } from '../../src/domain/number.ts'
import { useHouse } from '../support/house.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { expectStatus, Shop, waitFor } from '../support/shop.ts'
import {
  acknowledge,
  purchaseOrders,
  purchasingIsOver,
  quantities,
  withoutReconcile,
} from '../support/supply.ts'

const house = useHouse({ partners: ['mail'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
  await withoutReconcile(house())
})
afterAll(() => expectSoundHouse(house()), 120_000)

const LATER = '2031-05-06T08:00:00.000Z'

function update(
  supplier: { key: string },
  reference: string,
  lines: unknown,
  idempotencyKey: string = randomUUID(),
) {
  const body = { reference, lines }
  return shop.call('POST', '/v1/inventory-updates', { key: supplier.key, body, idempotencyKey })
}

/** How many receipts there are under a reference, and how many units of an item were ever received. */
async function booked(sku: string, reference: string): Promise<{ receipts: number; units: number }> {
  const [row] = await house().db<{ receipts: number; units: number }[]>`
    SELECT (SELECT count(*)::integer FROM receipts WHERE reference = ${reference}) AS receipts,
           (SELECT COALESCE(sum(quantity), 0)::integer FROM stock_movements WHERE sku = ${sku} AND kind = 'receive') AS units`
  if (!row) throw new Error('no row')
  return { ...row }
}

describe.concurrent('a receipt is booked once (A5)', () => {
  test('however often it is sent, with the same idempotency key or others', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const { number } = await shop.backOrder(sku, 3)
    const reference = `DN ${randomUUID()}`
    const lines = [{ sku, received: 2 }]
    const first = expectStatus(await update(supplier, reference, lines, 'first-key'), 201)
    const repeated = expectStatus(await update(supplier, reference, lines, 'first-key'), 201)
    expect(repeated.body).toEqual(first.body)
    const again = expectStatus(await update(supplier, reference, lines), 200)
    expect(again.body).toEqual(first.body)
    expect(await booked(sku, reference)).toEqual({ receipts: 1, units: 2 })
    expect(await shop.level(sku)).toEqual({ on_hand: 2, allocated: 2, outbound: 0, outstanding: 1 })
    expect(await shop.look(number)).toMatchObject({ state: 'waiting', allocated: 2 })
  })

  test('sent five times at the same moment', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const reference = `DN ${randomUUID()}`
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => update(supplier, reference, [{ sku, received: 4 }])),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201])
    for (const { body } of answers) expect(body).toEqual(answers[0]?.body)
    expect(await booked(sku, reference)).toEqual({ receipts: 1, units: 4 })
    expect(await shop.level(sku)).toEqual({ on_hand: 4, allocated: 0, outbound: 0, outstanding: 0 })
  })

  test('with other numbers it is refused, and nothing changes; under another name or by another supplier it is another one', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const other = await shop.supplier({ skus: [sku], rank: 2 })
    const reference = `DN ${randomUUID()}`
    expectStatus(await update(supplier, reference, [{ sku, received: 2 }]), 201)
    for (const lines of [
      [{ sku, received: 3 }],
      [{ sku, received: 2, rejected: { quantity: 1, reason: 'wet' } }],
    ]) {
      expect(await update(supplier, reference, lines)).toMatchObject({
        status: 409,
        body: { type: expect.stringMatching(/\/reference-reused$/) },
      })
    }
    expect(await booked(sku, reference)).toEqual({ receipts: 1, units: 2 })
    expectStatus(await update(other, reference, [{ sku, received: 5 }]), 201)
    expectStatus(await update(supplier, `${reference} b`, [{ sku, received: 2 }]), 201)
    expect(await shop.level(sku)).toEqual({ on_hand: 9, allocated: 0, outbound: 0, outstanding: 0 })
  })
})

describe.concurrent('a receipt that is refused leaves nothing (A5)', () => {
  test("for an unknown item, for another supplier's purchase order, for an item that it does not ask for; its reference can be used again", async () => {
    const sku = await shop.item()
    const stray = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const other = await shop.supplier({ skus: [sku], rank: 2 })
    await shop.backOrder(sku, 2)
    const [order] = await purchaseOrders(shop, supplier, 1)
    const reference = `DN ${randomUUID()}`
    expect(
      await update(supplier, reference, [
        { sku, received: 2 },
        { sku: 'NO-SUCH-ITEM', received: 1 },
      ]),
    ).toMatchObject({
      status: 422,
      body: { type: expect.stringMatching(/\/unknown-item$/), errors: [{ pointer: '/lines/1/sku' }] },
    })
    expect(
      await update(other, reference, [{ sku, received: 2, purchase_order: order.number }]),
    ).toMatchObject({ status: 404, body: { type: expect.stringMatching(/\/not-found$/) } })
    const unknown = newNumber('purchaseOrder')
    expect(await update(supplier, reference, [{ sku, received: 2, purchase_order: unknown }])).toMatchObject({
      status: 404,
    })
    expect(
      await update(supplier, reference, [
        { sku, received: 2 },
        { sku: stray, received: 1, purchase_order: order.number },
      ]),
    ).toMatchObject({
      status: 422,
      body: { type: expect.stringMatching(/\/invalid-request$/), errors: [{ pointer: '/lines/1/sku' }] },
    })
    expect(await booked(sku, reference)).toEqual({ receipts: 0, units: 0 })
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 0, outstanding: 2 })
    expect((await shop.look(order.number)).version).toBe(order.version)

    expectStatus(await update(supplier, reference, [{ sku, received: 2, purchase_order: order.number }]), 201)
    expect(await booked(sku, reference)).toEqual({ receipts: 1, units: 2 })
  })

  test('for what it says: each fault with its place', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const reference = `DN ${randomUUID()}`
    const order = newNumber('purchaseOrder')
    const mistyped = order.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
    const faults: [unknown, string][] = [
      [[{ sku, received: 0 }], '/lines/0'],
      [[{ sku, received: -1 }], '/lines/0/received'],
      [[{ sku, received: 1.5 }], '/lines/0/received'],
      [[{ sku, received: 1_000_001 }], '/lines/0/received'],
      [[{ sku, received: '3' }], '/lines/0/received'],
      [[{ sku }], '/lines/0/received'],
      [[{ sku, received: 1, rejected: { quantity: 1 } }], '/lines/0/rejected/reason'],
      [
        [
          { sku, received: 1 },
          { sku, received: 2 },
        ],
        '/lines/1/sku',
      ],
      [[{ sku, received: 1, purchase_order: mistyped }], '/lines/0/purchase_order'],
      [[], '/lines'],
    ]
    for (const [lines, pointer] of faults) {
      const answer = await update(supplier, reference, lines)
      expect(answer, JSON.stringify(lines)).toMatchObject({
        status: 422,
        body: {
          type: expect.stringMatching(/\/invalid-request$/),
          errors: expect.arrayContaining([expect.objectContaining({ pointer })]),
        },
      })
    }
    const body = { reference, lines: [{ sku, received: 1 }] }
    const path = '/v1/inventory-updates'
    expect((await shop.call('POST', path, { body })).status).toBe(403)
    expect((await shop.call('POST', path, { key: shop.operatorKey, body })).status).toBe(403)
    expect((await shop.call('POST', path, { key: supplier.key, body, idempotencyKey: null })).status).toBe(
      400,
    )
    expect(await booked(sku, reference)).toEqual({ receipts: 0, units: 0 })
  })
})

describe.concurrent('what a receipt brings (A5, A6)', () => {
  test('in parts: the oldest purchase order is filled first, and closed when nothing more is to come', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const one = await shop.backOrder(sku, 4)
    const [first] = await purchaseOrders(shop, supplier, 1)
    const two = await shop.backOrder(sku, 3)
    const [, second] = await purchaseOrders(shop, supplier, 2)
    const booked = expectStatus(await shop.bring(supplier, sku, 5), 201)
    expect(booked.body.lines).toEqual([
      {
        sku,
        received: 5,
        rejected: 0,
        over_delivered: 0,
        unordered: 0,
        purchase_orders: [first.number, second.number],
      },
    ])
    expect(await shop.look(first.number)).toMatchObject({
      state: 'closed',
      lines: [{ quantity: 4, received: 4, to_come: 0, closed: 'received' }],
    })
    expect(await shop.look(second.number)).toMatchObject({
      state: 'sent',
      lines: [{ quantity: 3, received: 1, to_come: 2, closed: null }],
    })
    expect(await shop.look(one.number)).toMatchObject({ state: 'met', allocated: 4 })
    expect(await shop.look(two.number)).toMatchObject({
      state: 'waiting',
      allocated: 1,
      explanation: '1 of 3 set aside, 2 outstanding, 0 ahead of you',
    })
    // Named, it goes to the purchase order that it names.
    const rest = expectStatus(
      await shop.bring(supplier, sku, 2, { purchase_order: second.number.toLowerCase() }),
      201,
    )
    expect(rest.body.lines).toMatchObject([{ over_delivered: 0, purchase_orders: [second.number] }])
    expect((await shop.look(second.number)).state).toBe('closed')
    await purchasingIsOver(house(), supplier)
    await purchaseOrders(shop, supplier, 2)
  })

  test('goods that were rejected at the door are asked for anew, at once', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    await shop.backOrder(sku, 10)
    const [first] = await purchaseOrders(shop, supplier, 1)
    expectStatus(
      await acknowledge(shop, supplier, first.number, [
        { line: 1, accepted: { quantity: 10, expected_at: LATER } },
      ]),
      200,
    )
    const part = expectStatus(
      await shop.bring(supplier, sku, 5, { rejected: { quantity: 2, reason: 'dented' } }),
      201,
    )
    expect(part.body.lines).toMatchObject([{ received: 5, rejected: 2, over_delivered: 0, unordered: 0 }])
    expect((await shop.look(first.number)).lines).toMatchObject([
      { requested: 10, quantity: 8, received: 5, to_come: 3, closed: null },
    ])
    const [, second] = await purchaseOrders(shop, supplier, 2)
    expect(quantities(second)).toEqual([2])

    // Nothing good in it at all.
    expectStatus(
      await shop.bring(supplier, sku, 0, {
        purchase_order: first.number,
        rejected: { quantity: 3, reason: 'wet' },
      }),
      201,
    )
    expect(await shop.look(first.number)).toMatchObject({
      state: 'closed',
      lines: [{ quantity: 5, received: 5, to_come: 0 }],
    })
    const [, , third] = await purchaseOrders(shop, supplier, 3)
    expect(quantities(third)).toEqual([3])
    expect(await shop.level(sku)).toEqual({ on_hand: 5, allocated: 5, outbound: 0, outstanding: 5 })
    const reasons = await house().db<{ reason: string }[]>`
      SELECT reason FROM receipt_lines WHERE sku = ${sku} AND rejected > 0 ORDER BY rejected`
    expect(reasons.map(({ reason }) => reason)).toEqual(['dented', 'wet'])
  })

  test('more than was ordered is booked too, serves the next, and frees other suppliers of what nobody lacks any more', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku], rank: 1 })
    const other = await shop.supplier({ skus: [sku], rank: 2 })
    await shop.backOrder(sku, 2)
    const [first] = await purchaseOrders(shop, supplier, 1)
    await house()
      .db`UPDATE supplier_items SET passed_over_until = now() + interval '1 hour' WHERE supplier = ${supplier.id}`
    const next = await shop.backOrder(sku, 3)
    const [second] = await purchaseOrders(shop, other, 1)
    expect(quantities(second)).toEqual([3])

    const over = expectStatus(await shop.bring(supplier, sku, 6), 201)
    expect(over.body.lines).toMatchObject([
      { received: 6, over_delivered: 4, unordered: 0, purchase_orders: [first.number] },
    ])
    expect((await shop.look(first.number)).lines).toMatchObject([
      { quantity: 2, received: 6, to_come: 0, closed: 'received' },
    ])
    expect(await shop.look(next.number)).toMatchObject({ state: 'met', allocated: 3 })
    await shop.until(second.number, (view) => view.lines[0].closed === 'withdrawn')
    expect(await shop.level(sku)).toEqual({ on_hand: 6, allocated: 5, outbound: 0, outstanding: 0 })
    // What is left is free for the next customer.
    const newcomer = expectStatus(await shop.order([{ sku, quantity: 1 }]), 201)
    expect(newcomer.body.lines).toMatchObject([{ available: 1, shortfall: 0, state: 'met' }])
  })

  test('what nobody ordered is booked, and serves the waiters', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const stranger = await shop.supplier({ skus: [] })
    const { number } = await shop.backOrder(sku, 3)
    const [order] = await purchaseOrders(shop, supplier, 1)
    const gift = expectStatus(await shop.bring(stranger, sku, 3), 201)
    expect(gift.body.lines).toMatchObject([
      { received: 3, over_delivered: 0, unordered: 3, purchase_orders: [] },
    ])
    expect(await shop.look(number)).toMatchObject({ state: 'met', allocated: 3 })
    await shop.until(order.number, (view) => view.state === 'closed')
  })

  test('several items in one: each for its own waiters', async () => {
    const skus = await Promise.all([shop.item(), shop.item(), shop.item()])
    const supplier = await shop.supplier({ skus, gatherSeconds: 600 })
    const waiters = await Promise.all(skus.map((sku, index) => shop.backOrder(sku, index + 1)))
    const lines = skus.map((sku, index) => ({ sku, received: index + 1 })).toReversed()
    const answer = expectStatus(await update(supplier, `DN ${randomUUID()}`, lines), 201)
    expect(
      answer.body.lines.map(({ sku, unordered }: { sku: string; unordered: number }) => [sku, unordered]),
    ).toEqual(lines.map(({ sku, received }) => [sku, received]))
    for (const { number } of waiters) expect((await shop.look(number)).state).toBe('met')
  })
})

describe('many waiters (A6)', () => {
  /** As many as one transaction serves in a house of tests, which is more than are woken by one call; and some more. */
  const PASS_LIMIT = 225
  const WAITERS = PASS_LIMIT + 25

  /** Back orders for one unit each as accepting made them long ago, in the order of their places; their numbers. */
  async function longQueue(sku: string): Promise<string[]> {
    const { db } = house()
    const numbers = Array.from({ length: WAITERS }, () => newNumber('backOrder'))
    const rows = JSON.stringify(
      numbers.map((number, index) => ({ number, order_number: newNumber('order'), place: index + 1 })),
    )
    const email = `many-${randomUUID()}@example.test`
    await db.begin(async (tx) => {
      const [customer] = await tx<{ id: string }[]>`
        WITH member AS (INSERT INTO members (id, name, email) VALUES (gen_random_uuid(), 'Many', ${email}) RETURNING id)
        INSERT INTO customers (storefront, member, name, email, time_zone)
        SELECT ${shop.storefront}, id, 'Many', ${email}, 'UTC' FROM member RETURNING id`
      const [address] = await tx<{ id: string }[]>`
        INSERT INTO addresses (name, lines, city, postcode, country) VALUES ('Many', '{Road}', 'City', '1', 'DE') RETURNING id`
      await tx`CREATE TEMPORARY TABLE w ON COMMIT DROP AS
                 SELECT * FROM jsonb_to_recordset(${rows}::text::jsonb) AS w(number text, order_number text, place bigint)`
      await tx`INSERT INTO orders (number, storefront, customer, ship_to, state, command, ended_at)
               SELECT order_number, ${shop.storefront}, ${customer?.id ?? ''}, ${address?.id ?? ''}, 'decided', gen_random_uuid(), now() FROM w`
      await tx`INSERT INTO order_lines (order_number, line, sku, ordered, available, shortfall, state, price_minor, currency)
               SELECT order_number, 1, ${sku}, 1, 0, 1, 'back_ordered', 100, 'EUR' FROM w`
      await tx`INSERT INTO back_orders (number, order_number, line, sku, storefront, customer, ordered, shortfall, state, place,
                                        deadline_kind, deadline_at, deadline_from, hold_seconds, price_minor, currency)
               SELECT number, order_number, 1, ${sku}, ${shop.storefront}, ${customer?.id ?? ''}, 1, 1, 'waiting', place,
                      'wait', now() + interval '1 day', now(), 86400, 100, 'EUR' FROM w`
      await tx`INSERT INTO events (number, sequence, type, actor, to_state, details)
               SELECT order_number, 1, 'order.answered', 'test', 'decided', '{}' FROM w`
      await tx`INSERT INTO events (number, sequence, type, actor, to_state, details)
               SELECT number, 1, 'back_order.accepted', 'test', 'waiting', '{}' FROM w ORDER BY place`
      await tx`UPDATE stock_levels SET outstanding = ${WAITERS}, last_place = ${WAITERS} WHERE sku = ${sku}`
    })
    return numbers
  }

  test(`${WAITERS} of them are served by one receipt in bounded passes, in order, each woken and told; newcomers get nothing`, {
    timeout: 240_000,
  }, async () => {
    expect(house().settings.PASS_LIMIT).toBe(String(PASS_LIMIT))
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 600 })
    const numbers = await longQueue(sku)
    const receipt = shop.bring(supplier, sku, WAITERS)
    const newcomers = await Promise.all(Array.from({ length: 5 }, () => shop.order([{ sku, quantity: 1 }])))
    expectStatus(await receipt, 201)
    for (const newcomer of newcomers) {
      expect(expectStatus(newcomer, 201).body.lines).toMatchObject([{ available: 0, shortfall: 1 }])
    }

    await waitFor(
      'all to be served',
      () => shop.level(sku),
      ({ outstanding }) => outstanding === 0,
      60,
    )
    expect(await shop.level(sku)).toEqual({
      on_hand: WAITERS,
      allocated: WAITERS,
      outbound: 0,
      outstanding: 0,
    })
    const passes = await house().db<{ served: number; first: number; last: number }[]>`
        SELECT count(*)::integer AS served, min(b.place)::integer AS first, max(b.place)::integer AS last
          FROM stock_movements m JOIN back_orders b ON b.number = m.cause
         WHERE m.sku = ${sku} AND m.kind = 'allocate' GROUP BY m.step ORDER BY min(m.id)`
    expect(passes.map((pass) => ({ ...pass }))).toEqual([
      { served: PASS_LIMIT, first: 1, last: PASS_LIMIT },
      { served: WAITERS - PASS_LIMIT, first: PASS_LIMIT + 1, last: WAITERS },
    ])

    const told = await waitFor(
      'everybody to be told',
      () => house().db<{ state: string; count: number }[]>`
          SELECT n.state, count(*)::integer AS count FROM notifications n JOIN events e ON e.id = n.event
           WHERE e.type = 'back_order.met' AND n.number = ANY(${numbers}) GROUP BY 1`,
      (rows) => rows.length === 1 && rows[0]?.state === 'sent',
      180,
    )
    expect(told).toEqual([{ state: 'sent', count: WAITERS }])
    await waitFor(
      'each to have its process',
      () =>
        house().temporal.workflow.count(
          `WorkflowType = 'backOrder' AND Stage = 'met' AND Sku = '${sku}' AND ExecutionStatus = 'Running'`,
        ),
      ({ count }) => count === WAITERS,
      60,
    )
  })
})
