import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { ADDRESS, expectStatus, Shop } from '../support/shop.ts'
import { purchaseOrders, purchasingIsOver, quantities, withoutReconcile } from '../support/supply.ts'

const house = useHouse({ partners: ['mail'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
  await withoutReconcile(house())
})
afterAll(() => expectSoundHouse(house()))

function count(sku: string, counted: number, options: { idempotencyKey?: string } = {}) {
  return shop.call('POST', '/v1/operator/stock-counts', {
    key: shop.operatorKey,
    ...options,
    body: { counts: [{ sku, counted }], reason: 'Counted twice' },
  })
}

/** A back order whose customer reads mail. */
async function waiter(sku: string, quantity: number): Promise<{ number: string; email: string }> {
  const email = `${randomUUID()}@example.test`
  const order = expectStatus(await shop.order([{ sku, quantity }], { email }), 201)
  const answered = expectStatus(
    await shop.call('POST', `/v1/orders/${order.body.number}/answers`, {
      body: { answers: [{ line: 1, choice: 'wait_for_all', wait_period: 'PT30M' }] },
    }),
    200,
  )
  return { number: answered.body.lines[0].back_order, email }
}

describe.concurrent('a count that finds fewer than are promised (A6)', () => {
  test('takes units back from the youngest unconfirmed back orders: they wait again at their old place, for what was left of their wait', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const oldest = await waiter(sku, 2)
    const middle = await waiter(sku, 2)
    const youngest = await waiter(sku, 1)
    const late = await waiter(sku, 1)
    const [first, ...more] = await house().db<{ number: string }[]>`
      SELECT number FROM back_orders WHERE sku = ${sku} ORDER BY place`
    expect([first?.number, ...more.map(({ number }) => number)]).toEqual(
      [oldest, middle, youngest, late].map(({ number }) => number),
    )
    expectStatus(await shop.bring(supplier, sku, 5), 201)
    expectStatus(await shop.command(middle.number, 'delivery-request', { ship_to: ADDRESS }), 200)
    await purchasingIsOver(house(), supplier)
    const before = await house().db<{ units: number }[]>`
      SELECT COALESCE(sum(GREATEST(agreed - received, 0)), 0)::integer AS units FROM purchase_order_lines WHERE sku = ${sku} AND NOT closed`
    expect(before[0]?.units).toBe(1)

    const counted = expectStatus(await count(sku, 3), 200)
    expect(counted.body).toEqual({ counts: [{ sku, before: 5, counted: 3 }] })
    expect(await shop.look(oldest.number)).toMatchObject({ state: 'met', allocated: 2 })
    const back = await shop.look(middle.number)
    expect(back).toMatchObject({
      state: 'waiting',
      allocated: 1,
      ahead: 0,
      explanation: '1 of 2 set aside, 1 outstanding, 0 ahead of you',
      deadline: { kind: 'wait' },
    })
    const left = Date.parse(back.deadline.at) - Date.now()
    expect(left).toBeGreaterThan(20 * 60_000)
    expect(left).toBeLessThanOrEqual(30 * 60_000)
    expect(await shop.look(youngest.number)).toMatchObject({ state: 'waiting', allocated: 0, ahead: 1 })
    expect(await shop.look(late.number)).toMatchObject({ state: 'waiting', allocated: 0, ahead: 2 })
    expect(await shop.level(sku)).toEqual({ on_hand: 3, allocated: 3, outbound: 0, outstanding: 3 })
    for (const { email } of [middle, youngest]) {
      const mails = await shop.mails(email, /we have to ask for more patience/)
      expect(mails.filter(({ subject }) => /patience/.test(subject))).toHaveLength(1)
    }
    expect(await shop.command(middle.number, 'confirmation')).toMatchObject({
      status: 409,
      body: { state: 'waiting' },
    })

    // What is lacking now is asked for at once, and not more.
    await purchasingIsOver(house(), supplier)
    const [asked] = await house().db<{ units: number }[]>`
      SELECT sum(GREATEST(agreed - received, 0))::integer AS units FROM purchase_order_lines WHERE sku = ${sku} AND NOT closed`
    expect(asked?.units).toBe(3)

    // The next units come to them in the old order.
    expectStatus(await shop.bring(supplier, sku, 2), 201)
    expect(await shop.look(middle.number)).toMatchObject({
      state: 'met',
      allocated: 2,
      deadline: { kind: 'hold' },
    })
    expect(await shop.look(youngest.number)).toMatchObject({ state: 'met', allocated: 1 })
    expect((await shop.look(late.number)).state).toBe('waiting')
    expectStatus(await shop.command(middle.number, 'delivery-request', { ship_to: ADDRESS }), 200)
    expectStatus(await shop.command(middle.number, 'confirmation'), 200)
  })

  test('never takes what is confirmed, nor what an offer holds: refused, naming the holders', async () => {
    const sku = await shop.item({ onHand: 2 })
    const supplier = await shop.supplier({ skus: [], gatherSeconds: 600 })
    const offer = expectStatus(await shop.order([{ sku, quantity: 3 }]), 201)
    const { number } = await waiter(sku, 1)
    expectStatus(await shop.bring(supplier, sku, 1), 201)
    const before = await shop.level(sku)
    expect(before).toEqual({ on_hand: 3, allocated: 3, outbound: 0, outstanding: 0 })
    expect(await count(sku, 1)).toMatchObject({
      status: 409,
      body: {
        type: expect.stringMatching(/\/stock-promised$/),
        holders: [offer.body.number],
        errors: [{ pointer: '/counts/0/counted' }],
      },
    })
    expect(await shop.level(sku)).toEqual(before)
    expect((await shop.look(number)).state).toBe('met')

    // Confirmed goods are outbound: they are not on the shelf that is counted.
    expectStatus(await shop.command(number, 'delivery-request', { ship_to: ADDRESS }), 200)
    expectStatus(await shop.command(number, 'confirmation'), 200)
    expectStatus(await count(sku, 2), 200)
    expect(await shop.level(sku)).toEqual({ on_hand: 2, allocated: 2, outbound: 1, outstanding: 0 })
  })
})

describe.concurrent('a count that finds more (A6)', () => {
  test('serves the waiters at once, and what was asked of suppliers for them is withdrawn', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const { number } = await waiter(sku, 3)
    const [order] = await purchaseOrders(shop, supplier, 1)
    expect(quantities(order)).toEqual([3])
    const idempotencyKey = randomUUID()
    const counted = expectStatus(await count(sku, 2, { idempotencyKey }), 200)
    const again = expectStatus(await count(sku, 2, { idempotencyKey }), 200)
    expect(again.body).toEqual(counted.body)
    expect(await shop.look(number)).toMatchObject({ state: 'waiting', allocated: 2, outstanding: 1 })
    const reduced = await shop.until(order.number, (view) => view.lines[0].quantity === 1)
    expect(reduced.state).toBe('sent')
    // One more than anybody waits for stays free.
    expectStatus(await count(sku, 4), 200)
    expect(await shop.look(number)).toMatchObject({ state: 'met', allocated: 3 })
    expect(await shop.level(sku)).toEqual({ on_hand: 4, allocated: 3, outbound: 0, outstanding: 0 })
    await shop.until(order.number, (view) => view.state === 'closed')
  })
})
