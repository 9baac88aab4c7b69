import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { expectStatus, Shop, waitFor } from '../support/shop.ts'
import {
  acknowledge,
  backOrdersAtOnce,
  purchaseOrders,
  purchasingIsOver,
  quantities,
  sampleSupplier,
  withoutReconcile,
} from '../support/supply.ts'

const house = useHouse({ partners: ['mail', 'supplier'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
  await withoutReconcile(house())
})
afterAll(() => expectSoundHouse(house()))

const SOON = '2031-03-01T08:00:00.000Z'
const LATER = '2031-05-06T08:00:00.000Z'
const LATEST = '2031-09-10T08:00:00.000Z'
const daysFromNow = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

function notice(supplier: { key: string }, number: string, lines: object[]) {
  return shop.call('POST', `/v1/purchase-orders/${number}/shipment-notices`, {
    key: supplier.key,
    body: { reference: `ASN ${number}`, lines },
  })
}

/** The events of a number that have one of these types, oldest first. */
function eventsOf(number: string, ...types: string[]) {
  return house().db<{ type: string; actor: string; details: Record<string, unknown>; note: string | null }[]>`
    SELECT type, actor, details, note FROM events WHERE number = ${number} AND type = ANY(${types}) ORDER BY sequence`
}

/** A back order with a customer of its own who reads mail. */
async function waiter(sku: string, quantity: number): Promise<{ number: string; email: string }> {
  const email = `waiter-${Math.random().toString(36).slice(2)}@example.test`
  const order = expectStatus(await shop.order([{ sku, quantity }], { email }), 201)
  const answered = expectStatus(
    await shop.call('POST', `/v1/orders/${order.body.number}/answers`, {
      body: { answers: [{ line: 1, choice: 'wait_for_all' }] },
    }),
    200,
  )
  return { number: answered.body.lines[0].back_order, email }
}

const promisedAt = async (number: string) => (await shop.look(number)).promised_at
const promised = (number: string, at: string) => shop.until(number, (view) => view.promised_at === at)

describe.concurrent('sending a purchase order (A5)', () => {
  test('as a signed webhook that the supplier verifies; one that answers by itself fills the back order', async () => {
    const sku = await shop.item()
    const supplier = await sampleSupplier(shop, { skus: [sku], packSize: 4, mode: 'automatic' })
    const { number } = await shop.backOrder(sku, 3)
    await shop.until(number, (view) => view.state === 'met', 30)
    const [order] = await purchaseOrders(shop, supplier, 1)
    const closed = await shop.until(order.number, (view) => view.state === 'closed')
    expect(closed.lines).toMatchObject([
      { sku, requested: 4, quantity: 4, acknowledged: 4, received: 4, to_come: 0, closed: 'received' },
    ])
    expect(await shop.level(sku)).toEqual({ on_hand: 4, allocated: 3, outbound: 0, outstanding: 0 })
    expect(await supplier.webhooks()).toMatchObject([
      {
        type: 'purchase_order.created',
        received_at: [expect.any(String)],
        body: {
          type: 'purchase_order.created',
          data: {
            number: order.number,
            supplier: supplier.id,
            deadline: { kind: 'acknowledge' },
            lines: [{ line: 1, sku, quantity: 4, unit_price: { amount: 999, currency: 'EUR' } }],
          },
        },
      },
    ])
  })

  test('with another secret it is not taken, and tried again apart', async () => {
    const sku = await shop.item()
    const supplier = await sampleSupplier(shop, {
      skus: [sku],
      mode: 'automatic',
      sharedSecret: `whsec_${Buffer.from('another secret').toString('base64')}`,
    })
    await shop.backOrder(sku, 1)
    const [order] = await purchaseOrders(shop, supplier, 1)
    const [told] = await waitFor(
      'the first attempt',
      () => house().db<{ id: string; state: string; attempts: number; last_failure: string }[]>`
        SELECT id, state, attempts, last_failure FROM notifications WHERE number = ${order.number}`,
      ([row]) => (row?.attempts ?? 0) > 0,
    )
    expect(told).toMatchObject({ state: 'retrying', attempts: 1, last_failure: 'http 401' })
    expect(await supplier.webhooks()).toEqual([])
    await waitFor(
      'the retries to have a process of their own',
      () => house().temporal.workflow.getHandle(`notification/${told?.id}`).describe(),
      ({ status }) => status.name === 'RUNNING',
    )
    expect((await shop.look(order.number)).state).toBe('sent')
  })

  test('by mail, where the supplier prefers that: what, how many, answer by when', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku], remindSeconds: 600, acknowledgeSeconds: 2 })
    await shop.backOrder(sku, 7)
    const [order] = await purchaseOrders(shop, supplier, 1)
    const to = `${supplier.id}@example.test`
    const [created] = await shop.mails(to, /please acknowledge$/)
    expect(created?.subject).toBe(`Purchase order ${order.number}: please acknowledge`)
    expect(created?.text).toContain(`1. ${sku}: 7`)
    expect(created?.text).toContain(`until ${order.deadline.at}`)
    const mails = await shop.mails(to, /we are waiting for your acknowledgement$/)
    expect(mails).toHaveLength(2)
    expect(await shop.look(order.number)).toMatchObject({ state: 'sent', deadline: { kind: 'remind' } })
  })

  test('a supplier sees its own purchase orders only, and nobody else acknowledges them', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const stranger = await shop.supplier({ skus: [] })
    await shop.backOrder(sku, 1)
    const [order] = await purchaseOrders(shop, supplier, 1)
    const path = `/v1/purchase-orders/${order.number}`
    expect((await shop.call('GET', path, { key: supplier.key })).status).toBe(200)
    expect((await shop.call('GET', path, { key: stranger.key })).status).toBe(404)
    expect((await shop.call('GET', path)).status).toBe(403)
    const word = [{ line: 1, accepted: { quantity: 1, expected_at: LATER } }]
    expect((await acknowledge(shop, stranger, order.number, word)).status).toBe(404)
    expect((await acknowledge(shop, { key: shop.storefrontKey }, order.number, word)).status).toBe(403)
    expect((await acknowledge(shop, { key: shop.operatorKey }, order.number, word)).status).toBe(403)
    const swapped = order.number.replace(/.$/, (last: string) => (last === '0' ? '1' : '0'))
    expect(await acknowledge(shop, supplier, swapped, word)).toMatchObject({
      status: 400,
      body: { type: expect.stringMatching(/mistyped-number$/) },
    })
    expect((await shop.look(order.number)).version).toBe(1)
  })
})

describe.concurrent('the acknowledgement (A5)', () => {
  test('splits a line into accepted, back-ordered with a date, and rejected with a reason; the rest goes to the next supplier', async () => {
    const sku = await shop.item()
    const first = await sampleSupplier(shop, { skus: [sku], rank: 1, mode: 'manual' })
    const second = await shop.supplier({ skus: [sku], rank: 2 })
    await shop.backOrder(sku, 10)
    const [order] = await purchaseOrders(shop, first, 1)
    await waitFor('the webhook', first.webhooks, (webhooks) => webhooks.length === 1)
    const answer = await first.say(order.number, 'acknowledge', {
      lines: [
        {
          line: 1,
          accepted: { quantity: 4, expected_at: SOON },
          back_ordered: { quantity: 3, expected_at: LATER },
          rejected: { quantity: 3, reason: 'No longer made' },
        },
      ],
    })
    expect(answer).toMatchObject({
      status: 200,
      body: {
        state: 'acknowledged',
        deadline: { kind: 'overdue' },
        lines: [
          {
            requested: 10,
            quantity: 7,
            acknowledged: 7,
            to_come: 7,
            closed: null,
            expected_at: LATER,
            schedule: [
              { quantity: 4, expected_at: SOON, kind: 'accepted' },
              { quantity: 3, expected_at: LATER, kind: 'back_ordered' },
            ],
          },
        ],
      },
    })
    const [event] = await eventsOf(order.number, 'purchase_order.acknowledged')
    expect(event).toMatchObject({ actor: `supplier:${first.id}`, note: 'line 1: No longer made' })
    const [next] = await purchaseOrders(shop, second, 1)
    expect(quantities(next)).toEqual([3])
    await purchaseOrders(shop, first, 1)
  })

  test('must add up, name lines that are there, each once; otherwise nothing changes', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    await shop.backOrder(sku, 5)
    const [order] = await purchaseOrders(shop, supplier, 1)
    const accepted = (quantity: number) => ({ quantity, expected_at: LATER })
    const faults: [object[], string, string][] = [
      [[{ line: 1, accepted: accepted(4) }], 'quantity-mismatch', '/lines/0'],
      [
        [{ line: 1, accepted: accepted(4), rejected: { quantity: 2, reason: 'sold out' } }],
        'quantity-mismatch',
        '/lines/0',
      ],
      [[{ line: 1 }], 'quantity-mismatch', '/lines/0'],
      [[{ line: 2, accepted: accepted(5) }], 'invalid-request', '/lines/0/line'],
      [
        [
          { line: 1, accepted: accepted(5) },
          { line: 1, accepted: accepted(5) },
        ],
        'invalid-request',
        '/lines/1/line',
      ],
      [[{ line: 1, accepted: accepted(-5) }], 'invalid-request', '/lines/0/accepted/quantity'],
      [[{ line: 1, accepted: { quantity: 5 } }], 'invalid-request', '/lines/0/accepted/expected_at'],
      [
        [{ line: 1, accepted: { quantity: 5, expected_at: daysFromNow(-1.01) } }],
        'period-out-of-range',
        '/lines/0/accepted/expected_at',
      ],
      [
        [
          {
            line: 1,
            accepted: accepted(4),
            back_ordered: { quantity: 1, expected_at: '1999-12-31T23:59:59Z' },
          },
        ],
        'period-out-of-range',
        '/lines/0/back_ordered/expected_at',
      ],
      [[{ line: 1, rejected: { quantity: 5 } }], 'invalid-request', '/lines/0/rejected/reason'],
      [[{ line: 1, accepted: accepted(5), colour: 'red' }], 'invalid-request', '/lines/0/colour'],
      [[], 'invalid-request', '/lines'],
    ]
    for (const [lines, type, pointer] of faults) {
      expect(await acknowledge(shop, supplier, order.number, lines)).toMatchObject({
        status: 422,
        body: { type: expect.stringMatching(new RegExp(`/${type}$`)), errors: [{ pointer }] },
      })
    }
    expect(await shop.look(order.number)).toEqual(order)
    // A day that is just over somewhere else is not the past.
    const today = [{ line: 1, accepted: { quantity: 5, expected_at: daysFromNow(-0.99) } }]
    expectStatus(await acknowledge(shop, supplier, order.number, today), 200)
  })

  test('may come in parts: the purchase order is acknowledged with its last line', async () => {
    const skus = await Promise.all([shop.item(), shop.item()])
    const supplier = await shop.supplier({ skus, gatherSeconds: 3 })
    await backOrdersAtOnce(shop, [
      { sku: skus[0], quantity: 2 },
      { sku: skus[1], quantity: 2 },
    ])
    const [order] = await purchaseOrders(shop, supplier, 1)
    const word = (line: number) => [{ line, accepted: { quantity: 2, expected_at: LATER } }]
    const half = expectStatus(await acknowledge(shop, supplier, order.number, word(2)), 200)
    expect(half.body).toMatchObject({
      state: 'sent',
      deadline: order.deadline,
      lines: [{ acknowledged: null }, { acknowledged: 2 }],
    })
    const whole = expectStatus(await acknowledge(shop, supplier, order.number, word(1)), 200)
    expect(whole.body).toMatchObject({ state: 'acknowledged', deadline: { kind: 'overdue' } })
  })

  test('may be given again: the later one replaces the earlier, and what was received stays', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const customer = await waiter(sku, 5)
    const [order] = await purchaseOrders(shop, supplier, 1)
    const word = (accepted: number, at: string, rejected = 0) => [
      {
        line: 1,
        accepted: { quantity: accepted, expected_at: at },
        ...(rejected > 0 ? { rejected: { quantity: rejected, reason: 'broken' } } : {}),
      },
    ]
    expectStatus(await acknowledge(shop, supplier, order.number, word(5, LATER)), 200)
    await promised(customer.number, LATER)
    expectStatus(await shop.bring(supplier, sku, 2), 201)
    const tooFew = await acknowledge(shop, supplier, order.number, word(1, SOON, 4))
    expect(tooFew).toMatchObject({
      status: 422,
      body: { type: expect.stringMatching(/quantity-mismatch$/), errors: [{ pointer: '/lines/0' }] },
    })
    const again = expectStatus(await acknowledge(shop, supplier, order.number, word(4, SOON, 1)), 200)
    expect(again.body.lines).toMatchObject([
      {
        requested: 5,
        quantity: 4,
        acknowledged: 4,
        received: 2,
        to_come: 2,
        schedule: [{ quantity: 4, expected_at: SOON, kind: 'accepted' }],
      },
    ])
  })

  test('sent twice under one idempotency key is one; another content under it is refused', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    await shop.backOrder(sku, 2)
    const [order] = await purchaseOrders(shop, supplier, 1)
    const path = `/v1/purchase-orders/${order.number}/acknowledgement`
    const send = (at: string) =>
      shop.call('POST', path, {
        key: supplier.key,
        idempotencyKey: `ack ${order.number}`.replace(' ', '-'),
        body: { lines: [{ line: 1, accepted: { quantity: 2, expected_at: at } }] },
      })
    const first = expectStatus(await send(LATER), 200)
    const second = expectStatus(await send(LATER), 200)
    expect(second.body).toEqual(first.body)
    expect(await send(SOON)).toMatchObject({
      status: 422,
      body: { type: expect.stringMatching(/idempotency-key-reused$/) },
    })
    expect(await eventsOf(order.number, 'purchase_order.acknowledged')).toHaveLength(1)
  })
})

describe.concurrent('a supplier who drops out (A5)', () => {
  test('silent: reminded, then its lines lapse and the next is asked; its late word is refused, its late goods are booked', async () => {
    const sku = await shop.item()
    const silent = await sampleSupplier(shop, {
      skus: [sku],
      rank: 1,
      mode: 'automatic',
      acknowledgeSeconds: 2,
      remindSeconds: 2,
    })
    await silent.behave({ silent: true })
    const next = await shop.supplier({ skus: [sku], rank: 2 })
    const { number } = await shop.backOrder(sku, 3)
    const [order] = await purchaseOrders(shop, silent, 1)
    const reminded = await shop.until(order.number, (view) => view.deadline?.kind === 'remind')
    expect(reminded.state).toBe('sent')
    const lapsed = await shop.until(order.number, (view) => view.state === 'closed')
    expect(lapsed).toMatchObject({
      deadline: null,
      lines: [{ requested: 3, quantity: 0, to_come: 0, closed: 'lapsed' }],
    })
    const webhooks = await waitFor('its webhooks', silent.webhooks, (webhooks) => webhooks.length >= 3)
    expect(webhooks.map(({ type }) => type)).toEqual([
      'purchase_order.created',
      'purchase_order.reminded',
      'purchase_order.line_withdrawn',
    ])
    const [second] = await purchaseOrders(shop, next, 1)
    expect(quantities(second)).toEqual([3])

    const late = await silent.say(order.number, 'acknowledge', {
      lines: [{ line: 1, accepted: { quantity: 3, expected_at: SOON } }],
    })
    expect(late).toMatchObject({
      status: 409,
      body: {
        type: expect.stringMatching(/\/line-withdrawn$/),
        errors: [{ pointer: '/lines/0/line', detail: 'closed: lapsed' }],
      },
    })
    const announced = await silent.say(order.number, 'notice', {
      reference: 'too late',
      lines: [{ line: 1, quantity: 3, expected_at: SOON }],
    })
    expect(announced).toMatchObject({ status: 409, body: { type: expect.stringMatching(/line-withdrawn$/) } })

    const brought = await silent.say(order.number, 'ship', {
      reference: 'DN late',
      lines: [{ sku, purchase_order: order.number, received: 3 }],
    })
    expect(brought).toMatchObject({
      status: 201,
      body: {
        lines: [
          { sku, received: 3, rejected: 0, over_delivered: 3, unordered: 0, purchase_orders: [order.number] },
        ],
      },
    })
    expect(await shop.look(number)).toMatchObject({ state: 'met', allocated: 3 })
    // Nobody waits any more: what was asked of the next supplier is withdrawn.
    await shop.until(second.number, (view) => view.state === 'closed')
    await purchaseOrders(shop, silent, 1)
  })

  test('refusing all of it: the next is asked; with none left the customer is told and may wait or cancel', async () => {
    const sku = await shop.item()
    const first = await sampleSupplier(shop, { skus: [sku], rank: 1, mode: 'automatic' })
    await first.behave({ reject: true, acknowledge_after_ms: 0 })
    const second = await shop.supplier({ skus: [sku], rank: 2 })
    const patient = await waiter(sku, 2)
    const other = await waiter(sku, 2)
    const [order] = await purchaseOrders(shop, second, 1)
    expect(quantities(order)).toEqual([4])
    const refused = await purchaseOrders(shop, first, 1)
    expect(refused).toMatchObject([{ state: 'closed', lines: [{ quantity: 0, closed: 'rejected' }] }])
    expect(await eventsOf(patient.number, 'back_order.unsourced')).toEqual([])

    expectStatus(
      await acknowledge(shop, second, order.number, [
        { line: 1, rejected: { quantity: 4, reason: 'sold out' } },
      ]),
      200,
    )
    for (const { email, number } of [patient, other]) {
      const mails = await shop.mails(email, /no supplier can deliver at present/)
      expect(mails.filter((mail) => /no supplier/.test(mail.subject))).toHaveLength(1)
      expect(await shop.look(number)).toMatchObject({
        state: 'waiting',
        promised_at: null,
        allowed_actions: expect.arrayContaining(['change_deadline', 'cancel']),
      })
      expect(await eventsOf(number, 'back_order.unsourced')).toHaveLength(1)
    }
    expectStatus(await shop.command(other.number, 'cancellation'), 200)
    // Whoever goes on waiting is served when something comes after all.
    const brought = expectStatus(await shop.bring(second, sku, 2), 201)
    expect(brought.body.lines).toMatchObject([{ received: 2, unordered: 2, purchase_orders: [] }])
    expect(await shop.look(patient.number)).toMatchObject({ state: 'met', allocated: 2 })
    await purchaseOrders(shop, first, 1)
    await purchaseOrders(shop, second, 1)
  })

  test('whoever accepts while every supplier is passed over is told so at once', async () => {
    const sku = await shop.item()
    const only = await shop.supplier({ skus: [sku] })
    const unaware = await waiter(sku, 1)
    const [order] = await purchaseOrders(shop, only, 1)
    const sold = [{ line: 1, rejected: { quantity: 1, reason: 'sold out' } }]
    expectStatus(await acknowledge(shop, only, order.number, sold), 200)
    await shop.mails(unaware.email, /no supplier can deliver at present/)

    const newcomer = await waiter(sku, 2)
    await shop.mails(newcomer.email, /no supplier can deliver at present/)
    expect(await eventsOf(newcomer.number, 'back_order.unsourced')).toHaveLength(1)
    expect(await shop.look(newcomer.number)).toMatchObject({ state: 'waiting', promised_at: null })
    // Nobody is told who is covered, or for whom somebody can still be asked.
    const other = await shop.item()
    await shop.supplier({ skus: [other] })
    const lucky = await waiter(other, 1)
    await purchasingIsOver(house(), only)
    expect(await eventsOf(lucky.number, 'back_order.unsourced')).toEqual([])
    expect(await eventsOf(unaware.number, 'back_order.unsourced')).toHaveLength(1)
  })

  test('takes the whole need to the next one, also what it was about to be asked for', async () => {
    const sku = await shop.item()
    const first = await shop.supplier({ skus: [sku], rank: 1, gatherSeconds: 1 })
    const second = await shop.supplier({ skus: [sku], rank: 2, gatherSeconds: 1 })
    await shop.backOrder(sku, 5)
    const [order] = await purchaseOrders(shop, first, 1)
    await purchasingIsOver(house(), first)
    await house().db`UPDATE suppliers SET gather_seconds = 6 WHERE id = ${first.id}`
    await shop.backOrder(sku, 3)
    // Purchasing from the first is gathering those three while it refuses the five.
    expectStatus(
      await acknowledge(shop, first, order.number, [
        { line: 1, rejected: { quantity: 5, reason: 'sold out' } },
      ]),
      200,
    )
    const [next] = await purchaseOrders(shop, second, 1)
    expect(quantities(next)).toEqual([8])
    await purchasingIsOver(house(), first)
    await purchaseOrders(shop, first, 1)
    await purchaseOrders(shop, second, 1)
  })

  test("is given up on by an operator: the line is withdrawn with what it lacks, and a reason stays in the order's history", async () => {
    const sku = await shop.item()
    const first = await shop.supplier({ skus: [sku], rank: 1 })
    const second = await shop.supplier({ skus: [sku], rank: 2 })
    await shop.backOrder(sku, 6)
    const [order] = await purchaseOrders(shop, first, 1)
    expectStatus(
      await acknowledge(shop, first, order.number, [
        { line: 1, accepted: { quantity: 6, expected_at: LATER } },
      ]),
      200,
    )
    expectStatus(await shop.bring(first, sku, 2), 201)
    const path = (line: number | string) =>
      `/v1/operator/purchase-orders/${order.number}/lines/${line}/withdrawal`
    const withdraw = (line: number | string, key = shop.operatorKey, body: object = { reason: 'Bankrupt' }) =>
      shop.call('POST', path(line), { key, body })
    expect((await withdraw(1, shop.storefrontKey)).status).toBe(403)
    expect((await withdraw(1, first.key)).status).toBe(403)
    expect((await withdraw(1, shop.operatorKey, {})).status).toBe(422)
    expect((await withdraw(2)).status).toBe(404)
    const withdrawn = expectStatus(await withdraw(1), 200)
    expect(withdrawn.body).toMatchObject({
      state: 'closed',
      deadline: null,
      lines: [{ requested: 6, quantity: 2, received: 2, to_come: 0, closed: 'withdrawn' }],
    })
    expect(await withdraw(1)).toMatchObject({
      status: 409,
      body: { type: expect.stringMatching(/line-withdrawn$/) },
    })
    const [event] = await eventsOf(order.number, 'purchase_order.line_withdrawn')
    expect(event).toMatchObject({ actor: expect.stringMatching(/^operator:/), note: 'Bankrupt' })
    await shop.mails(`${first.id}@example.test`, /a line is withdrawn/)
    const [next] = await purchaseOrders(shop, second, 1)
    expect(quantities(next)).toEqual([4])
  })

  test('late with its goods: operators are told once the date has passed by more than is allowed', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    await house().db`UPDATE suppliers SET overdue_seconds = 3 WHERE id = ${supplier.id}`
    await shop.backOrder(sku, 1)
    const [order] = await purchaseOrders(shop, supplier, 1)
    const at = new Date().toISOString()
    expectStatus(
      await acknowledge(shop, supplier, order.number, [
        { line: 1, accepted: { quantity: 1, expected_at: at } },
      ]),
      200,
    )
    await house().db`UPDATE suppliers SET overdue_seconds = 3600 WHERE id = ${supplier.id}`
    const [overdue] = await waitFor(
      'the order to be overdue',
      () => eventsOf(order.number, 'purchase_order.overdue'),
      (events) => events.length > 0,
    )
    expect(overdue?.details).toEqual({ lines: [{ line: 1, expected_at: at }] })
    expect(await shop.look(order.number)).toMatchObject({
      state: 'acknowledged',
      deadline: { kind: 'overdue' },
    })
    // A partial word of the books does not make it overdue a second time.
    expectStatus(await shop.bring(supplier, sku, 1), 201)
    await shop.until(order.number, (view) => view.state === 'closed')
    expect(await eventsOf(order.number, 'purchase_order.overdue')).toHaveLength(1)
  })
})

describe.concurrent('dates (A5)', () => {
  test('a notice of shipment moves dates only, those of the units that it speaks of', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    await shop.backOrder(sku, 10)
    const [order] = await purchaseOrders(shop, supplier, 1)
    expectStatus(
      await acknowledge(shop, supplier, order.number, [
        {
          line: 1,
          accepted: { quantity: 5, expected_at: SOON },
          back_ordered: { quantity: 5, expected_at: LATER },
        },
      ]),
      200,
    )
    const line = (quantity: number, at: string, number = 1) => ({ line: number, quantity, expected_at: at })
    const first = expectStatus(
      await notice(supplier, order.number, [line(3, '2031-03-03T08:00:00.000Z')]),
      200,
    )
    expect(first.body.lines).toMatchObject([
      {
        quantity: 10,
        received: 0,
        to_come: 10,
        expected_at: LATER,
        schedule: [
          { quantity: 2, expected_at: SOON, kind: 'accepted' },
          { quantity: 3, expected_at: '2031-03-03T08:00:00.000Z', kind: 'shipped' },
          { quantity: 5, expected_at: LATER, kind: 'back_ordered' },
        ],
      },
    ])
    const second = expectStatus(
      await notice(supplier, order.number, [line(4, '2031-04-04T08:00:00.000Z')]),
      200,
    )
    expect(second.body.lines[0].schedule).toEqual([
      { quantity: 3, expected_at: '2031-03-03T08:00:00.000Z', kind: 'shipped' },
      { quantity: 4, expected_at: '2031-04-04T08:00:00.000Z', kind: 'shipped' },
      { quantity: 3, expected_at: LATER, kind: 'back_ordered' },
    ])
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 0, outstanding: 10 })

    expectStatus(await shop.bring(supplier, sku, 3), 201)
    const before = await shop.look(order.number)
    for (const [lines, pointer, type] of [
      [[line(8, SOON)], '/lines/0/quantity', 'quantity-mismatch'],
      [[line(1, SOON, 2)], '/lines/0/line', 'invalid-request'],
      [[line(0, SOON)], '/lines/0/quantity', 'invalid-request'],
      [[line(1, daysFromNow(-2))], '/lines/0/expected_at', 'period-out-of-range'],
    ] as const) {
      expect(await notice(supplier, order.number, [...lines])).toMatchObject({
        status: 422,
        body: { type: expect.stringMatching(new RegExp(`/${type}$`)), errors: [{ pointer }] },
      })
    }
    expect(await shop.look(order.number)).toEqual(before)
    const rest = expectStatus(await notice(supplier, order.number, [line(7, LATEST)]), 200)
    expect(rest.body.lines).toMatchObject([
      {
        received: 3,
        to_come: 7,
        expected_at: LATEST,
        schedule: [{ quantity: 7, expected_at: LATEST, kind: 'shipped' }],
      },
    ])
  })

  test('each waiter is promised the date of its last unit, by its place over the parts of a line', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 4 })
    const [a = '', b = '', c = ''] = [
      await shop.backOrder(sku, 2),
      await shop.backOrder(sku, 3),
      await shop.backOrder(sku, 4),
    ].map(({ number }) => number)
    const [order] = await purchaseOrders(shop, supplier, 1)
    expect(quantities(order)).toEqual([9])
    expectStatus(
      await acknowledge(shop, supplier, order.number, [
        {
          line: 1,
          accepted: { quantity: 4, expected_at: SOON },
          back_ordered: { quantity: 5, expected_at: LATER },
        },
      ]),
      200,
    )
    await promised(a, SOON)
    await promised(b, LATER)
    await promised(c, LATER)

    // Two are here and a's; of the seven to come, two are still due soon, and a part of them on a new date.
    expectStatus(await shop.bring(supplier, sku, 2), 201)
    expect(await shop.look(a)).toMatchObject({ state: 'met', promised_at: SOON })
    expectStatus(await notice(supplier, order.number, [{ line: 1, quantity: 3, expected_at: SOON }]), 200)
    await promised(b, SOON)
    expect(await promisedAt(c)).toBe(LATER)
    // Units refused at the door take the earliest part of what was to come with them.
    expectStatus(await shop.bring(supplier, sku, 0, { rejected: { quantity: 1, reason: 'dented' } }), 201)
    await promised(b, LATER)
  })

  test('a revision is kept when the day changes, and told only when it is later', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const { number, email } = await waiter(sku, 2)
    const atFirst = await promisedAt(number)
    expect(Date.parse(atFirst) - Date.now()).toBeGreaterThan(86_000_000)
    expect(Date.parse(atFirst) - Date.now()).toBeLessThan(87_000_000)
    const [order] = await purchaseOrders(shop, supplier, 1)
    const word = async (at: string) =>
      expectStatus(
        await acknowledge(shop, supplier, order.number, [
          { line: 1, accepted: { quantity: 2, expected_at: at } },
        ]),
        200,
      )
    await word(LATER)
    await promised(number, LATER)
    // Another hour of the same day.
    await word(LATER.replace('T08', 'T17'))
    await word(SOON)
    await promised(number, SOON)
    await word(LATEST)
    await promised(number, LATEST)
    const revisions = await eventsOf(number, 'back_order.promised', 'back_order.delayed')
    expect(revisions.map(({ type, details }) => [type, Date.parse(String(details.promised_at))])).toEqual([
      ['back_order.delayed', Date.parse(LATER)],
      ['back_order.promised', Date.parse(SOON)],
      ['back_order.delayed', Date.parse(LATEST)],
    ])
    const mails = await waitFor(
      'two mails about delays',
      async () =>
        (await shop.mails(email, /it will take longer/)).filter(({ subject }) => /longer/.test(subject)),
      (mails) => mails.length >= 2,
    )
    expect(mails).toHaveLength(2)
    expect(mails[0]?.text).toContain('on 6 May 2031')
    expect(mails[1]?.text).toContain('on 10 September 2031; we had told you 1 March 2031')
  })
})
