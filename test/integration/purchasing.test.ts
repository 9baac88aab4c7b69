import { randomUUID } from 'node:crypto'
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
  withoutReconcile,
} from '../support/supply.ts'

const house = useHouse({ partners: ['mail'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
  await withoutReconcile(house())
})
afterAll(() => expectSoundHouse(house()))

const LATER = '2031-05-06T00:00:00Z'

/** The subjects of what the supplier was mailed, without the purchase order's number, once there are so many. */
async function mailsTo(supplier: { id: string }, count: number): Promise<string[]> {
  const address = `${supplier.id}@example.test`
  const mails = await waitFor(
    `${count} mail(s) to ${address}`,
    () => shop.mails(address, /./),
    (mails) => mails.length >= count,
  )
  return mails.map((mail) => mail.subject.replace(/^Purchase order \S+: /, ''))
}

describe.concurrent('what suppliers are asked for (A4)', () => {
  test('is what waiters lack, less what is still to come, in whole packs and never twice', async () => {
    const sku = await shop.item({ onHand: 2 })
    const supplier = await shop.supplier({ skus: [sku], packSize: 6, gatherSeconds: 3 })
    const offer = expectStatus(await shop.order([{ sku, quantity: 5 }]), 201)
    await Promise.all([
      shop.backOrder(sku, 5),
      shop.call('POST', `/v1/orders/${offer.body.number}/answers`, {
        body: { answers: [{ line: 1, choice: 'wait_for_all' }] },
      }),
    ])
    expect(await shop.level(sku)).toMatchObject({ on_hand: 2, allocated: 2, outstanding: 8 })
    const [first] = await purchaseOrders(shop, supplier, 1)
    expect(first.lines).toMatchObject([{ line: 1, sku, requested: 12, quantity: 12, to_come: 12 }])

    // Four more are covered by what the packs brought along; the fifth is not.
    await shop.backOrder(sku, 4)
    await purchasingIsOver(house(), supplier)
    await purchaseOrders(shop, supplier, 1)
    await shop.backOrder(sku, 1)
    const [, second] = await purchaseOrders(shop, supplier, 2)
    expect(second.lines).toMatchObject([{ line: 1, sku, requested: 6, quantity: 6, to_come: 6 }])
  })

  test('is gathered over several orders into one purchase order with a line per item of that supplier', async () => {
    const [a, b, c] = (await Promise.all([shop.item(), shop.item(), shop.item()])).sort()
    const supplier = await shop.supplier({ skus: [a, b], gatherSeconds: 4, packSize: 2 })
    const other = await shop.supplier({ skus: [c], gatherSeconds: 4 })
    await backOrdersAtOnce(shop, [
      { sku: a, quantity: 3 },
      { sku: b, quantity: 1 },
      { sku: a, quantity: 2 },
      { sku: c, quantity: 7 },
      { sku: b, quantity: 4 },
    ])
    const [order] = await purchaseOrders(shop, supplier, 1)
    expect(order).toMatchObject({
      supplier: supplier.id,
      state: 'sent',
      deadline: { kind: 'acknowledge' },
      lines: [
        { line: 1, sku: a, requested: 6, quantity: 6, acknowledged: null, received: 0, closed: null },
        { line: 2, sku: b, requested: 6, quantity: 6, acknowledged: null, received: 0, closed: null },
      ],
    })
    const [second] = await purchaseOrders(shop, other, 1)
    expect(second.lines).toMatchObject([{ line: 1, sku: c, requested: 7 }])
    await purchasingIsOver(house(), supplier)
    await purchaseOrders(shop, supplier, 1)
  })

  test('grows only by the difference while a purchase order is open, also after a partial receipt', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    await shop.backOrder(sku, 10)
    const [first] = await purchaseOrders(shop, supplier, 1)
    expect(quantities(first)).toEqual([10])

    expectStatus(await shop.bring(supplier, sku, 4), 201)
    expect(await shop.level(sku)).toEqual({ on_hand: 4, allocated: 4, outbound: 0, outstanding: 6 })
    await purchasingIsOver(house(), supplier)
    await purchaseOrders(shop, supplier, 1)

    await shop.backOrder(sku, 3)
    const [, second] = await purchaseOrders(shop, supplier, 2)
    expect(quantities(second)).toEqual([3])

    expectStatus(await shop.bring(supplier, sku, 6), 201)
    await shop.until(first.number, (view) => view.state === 'closed')
    expectStatus(await shop.bring(supplier, sku, 3), 201)
    await shop.until(second.number, (view) => view.state === 'closed')
    await purchasingIsOver(house(), supplier)
    await purchaseOrders(shop, supplier, 2)
    expect(await shop.level(sku)).toEqual({ on_hand: 13, allocated: 13, outbound: 0, outstanding: 0 })
  })

  test('is complete and asked once when need arises while purchasing is at work', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 1 })
    for (let round = 0; round < 4; round++) {
      await Promise.all([shop.backOrder(sku, 1), shop.backOrder(sku, 2)])
    }
    await purchasingIsOver(house(), supplier)
    const [asked] = await house().db<{ units: number }[]>`
      SELECT sum(l.requested)::integer AS units
        FROM purchase_order_lines l JOIN purchase_orders o ON o.number = l.purchase_order
       WHERE o.supplier = ${supplier.id}`
    expect(asked?.units).toBe(12)
  })

  test('goes to the supplier of the lowest rank who is not passed over', async () => {
    const sku = await shop.item()
    const second = await shop.supplier({ skus: [sku], rank: 2 })
    const first = await shop.supplier({ skus: [sku], rank: 1 })
    await shop.backOrder(sku, 2)
    const [order] = await purchaseOrders(shop, first, 1)
    expect(quantities(order)).toEqual([2])
    await house()
      .db`UPDATE supplier_items SET passed_over_until = now() + interval '1 hour' WHERE supplier = ${first.id}`
    await shop.backOrder(sku, 3)
    const [next] = await purchaseOrders(shop, second, 1)
    expect(quantities(next)).toEqual([3])
    await purchaseOrders(shop, first, 1)
  })

  test('is put into another purchase order once one has 100 lines; a full one lapses as a whole', async () => {
    const { db, temporal } = house()
    const prefix = `MANY-${randomUUID().slice(0, 8)}`
    const supplier = await shop.supplier({ skus: [], acknowledgeSeconds: 3, remindSeconds: 1 })
    await db`INSERT INTO items (sku, name, price_minor, currency, back_orderable)
             SELECT ${prefix} || '-' || n, 'One of many', 1999, 'EUR', true FROM generate_series(1, 102) AS n`
    await db`INSERT INTO supplier_items (supplier, sku, rank, lead_seconds, pack_size, price_minor, currency)
             SELECT ${supplier.id}, sku, 1, 86400, 1, 999, 'EUR' FROM items WHERE sku LIKE ${`${prefix}-%`}`
    // Only what is lacking counts here, not who lacks it.
    await db`INSERT INTO stock_levels (sku, outstanding) SELECT sku, 1 FROM items WHERE sku LIKE ${`${prefix}-%`}`
    await temporal.workflow.start('purchasing', {
      taskQueue: 'holdfast',
      workflowId: `purchasing/${supplier.id}`,
      args: [supplier.id],
    })
    const orders = await purchaseOrders(shop, supplier, 2)
    expect(orders.map(({ lines }) => lines.length)).toEqual([100, 2])
    await purchasingIsOver(house(), supplier)
    for (const { number } of orders) await shop.until(number, (view) => view.state === 'closed')
    const [lapsed] = await db<{ lines: number }[]>`
      SELECT count(*)::integer AS lines FROM purchase_order_lines l JOIN purchase_orders o ON o.number = l.purchase_order
       WHERE o.supplier = ${supplier.id} AND l.closed_because = 'lapsed'`
    expect(lapsed).toEqual({ lines: 102 })
    await purchaseOrders(shop, supplier, 2)
    await db`UPDATE stock_levels SET outstanding = 0 WHERE sku LIKE ${`${prefix}-%`}`
  })

  test('is nothing for an item that nobody can bring', async () => {
    const sku = await shop.item()
    const { number } = await shop.backOrder(sku, 2)
    expect(await shop.look(number)).toMatchObject({ state: 'waiting', promised_at: null, outstanding: 2 })
    expect(await house().db`SELECT 1 FROM purchase_order_lines WHERE sku = ${sku}`).toHaveLength(0)
  })
})

describe.concurrent('demand that ends (A4, A7)', () => {
  test('is taken off a line that is not acknowledged in whole packs, and the line withdrawn with the last one', async () => {
    const [sku, kept] = await Promise.all([shop.item(), shop.item()])
    const supplier = await shop.supplier({ skus: [sku, kept], packSize: 5, gatherSeconds: 3 })
    const [first = '', second = ''] = await backOrdersAtOnce(shop, [
      { sku, quantity: 5 },
      { sku, quantity: 5 },
      { sku: kept, quantity: 5 },
    ])
    const [order] = await purchaseOrders(shop, supplier, 1)
    const line = order.lines.find((line: { sku: string }) => line.sku === sku).line as number
    const other = line === 1 ? 2 : 1
    const lineOf = (view: typeof order) => view.lines[line - 1]

    expectStatus(await shop.command(second, 'cancellation'), 200)
    const reduced = await shop.until(order.number, (view) => lineOf(view).quantity === 5)
    expect(reduced).toMatchObject({ state: 'sent', deadline: { kind: 'acknowledge' } })
    expect(lineOf(reduced)).toMatchObject({ requested: 10, quantity: 5, to_come: 5, closed: null })

    // Two too many are less than a pack: they stay asked for.
    expectStatus(await shop.command(first, 'quantity', { quantity: 3 }), 200)
    await purchasingIsOver(house(), supplier)
    expect(lineOf(await shop.look(order.number))).toMatchObject({ quantity: 5, closed: null })

    expectStatus(await shop.command(first, 'cancellation'), 200)
    const withdrawn = await shop.until(order.number, (view) => lineOf(view).closed !== null)
    expect(lineOf(withdrawn)).toMatchObject({ requested: 10, quantity: 0, to_come: 0, closed: 'withdrawn' })
    expect(withdrawn.lines[other - 1]).toMatchObject({ sku: kept, quantity: 5, closed: null })
    expect(withdrawn.state).toBe('sent')
    expect(await mailsTo(supplier, 3)).toEqual([
      'please acknowledge',
      'please change a line',
      'a line is withdrawn',
    ])

    // The supplier who answers to what was withdrawn hears so; the rest is acknowledged as it stands.
    const late = await acknowledge(shop, supplier, order.number, [
      { line, accepted: { quantity: 10, expected_at: LATER } },
    ])
    expect(late).toMatchObject({
      status: 409,
      body: { type: expect.stringMatching(/line-withdrawn$/), errors: [{ pointer: '/lines/0/line' }] },
    })
    const taken = expectStatus(
      await acknowledge(shop, supplier, order.number, [
        { line: other, accepted: { quantity: 5, expected_at: LATER } },
      ]),
      200,
    )
    expect(taken.body).toMatchObject({ state: 'acknowledged', deadline: { kind: 'overdue' } })
  })

  test('closes a purchase order of which nothing is left', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const { number } = await shop.backOrder(sku, 4)
    const [order] = await purchaseOrders(shop, supplier, 1)
    expectStatus(await shop.command(number, 'cancellation'), 200)
    const closed = await shop.until(order.number, (view) => view.state === 'closed')
    expect(closed).toMatchObject({ deadline: null, lines: [{ quantity: 0, closed: 'withdrawn' }] })
    expect(await mailsTo(supplier, 2)).toEqual(['please acknowledge', 'a line is withdrawn'])
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 0, outstanding: 0 })
  })

  test('leaves the rest of the order as it stands: with its only unanswered line withdrawn it is acknowledged', async () => {
    const [gone, kept] = await Promise.all([shop.item(), shop.item()])
    const supplier = await shop.supplier({
      skus: [gone, kept],
      gatherSeconds: 3,
      acknowledgeSeconds: 6,
      remindSeconds: 1,
    })
    const [unwanted = ''] = await backOrdersAtOnce(shop, [
      { sku: gone, quantity: 2 },
      { sku: kept, quantity: 3 },
    ])
    const [order] = await purchaseOrders(shop, supplier, 1)
    const line = order.lines.find((line: { sku: string }) => line.sku === kept).line as number
    expectStatus(
      await acknowledge(shop, supplier, order.number, [
        { line, accepted: { quantity: 3, expected_at: LATER } },
      ]),
      200,
    )
    expect((await shop.look(order.number)).state).toBe('sent')
    expectStatus(await shop.command(unwanted, 'cancellation'), 200)
    const standing = await shop.until(order.number, (view) => view.state !== 'sent')
    expect(standing).toMatchObject({ state: 'acknowledged', deadline: { kind: 'overdue' } })
  })

  test('is asked back from a line that is acknowledged; the supplier who agrees is not passed over', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 3 })
    const [first = '', second = ''] = await backOrdersAtOnce(shop, [
      { sku, quantity: 4 },
      { sku, quantity: 6 },
    ])
    const [order] = await purchaseOrders(shop, supplier, 1)
    expectStatus(
      await acknowledge(shop, supplier, order.number, [
        { line: 1, accepted: { quantity: 10, expected_at: LATER } },
      ]),
      200,
    )
    expectStatus(await shop.command(second, 'cancellation'), 200)
    expect(await mailsTo(supplier, 2)).toEqual(['please acknowledge', 'please change a line'])
    // Asked for, not done: it is the supplier's to agree.
    expect((await shop.look(order.number)).lines).toMatchObject([{ quantity: 10, to_come: 10 }])
    const [wish] = await house().db<{ details: object }[]>`
      SELECT details FROM events WHERE number = ${order.number} AND type = 'purchase_order.change_requested'`
    expect(wish?.details).toEqual({ line: 1, quantity: 4 })

    // The same surplus is not asked back again and again.
    const third = await shop.backOrder(sku, 1)
    expectStatus(await shop.command(third.number, 'cancellation'), 200)
    await purchasingIsOver(house(), supplier)
    expect(await mailsTo(supplier, 2)).toHaveLength(2)

    const agreed = expectStatus(
      await acknowledge(shop, supplier, order.number, [
        {
          line: 1,
          accepted: { quantity: 4, expected_at: LATER },
          rejected: { quantity: 6, reason: 'as you asked' },
        },
      ]),
      200,
    )
    expect(agreed.body.lines).toMatchObject([{ quantity: 4, acknowledged: 4, to_come: 4 }])
    await purchasingIsOver(house(), supplier)
    const [terms] = await house()
      .db`SELECT passed_over_until FROM supplier_items WHERE supplier = ${supplier.id}`
    expect(terms?.passed_over_until).toBeNull()
    await purchaseOrders(shop, supplier, 1)
    expect(await shop.look(first)).toMatchObject({ state: 'waiting', outstanding: 4 })
  })

  test('is asked back once, not from each of the suppliers who bring the item', async () => {
    const sku = await shop.item()
    const one = await shop.supplier({ skus: [sku], rank: 1 })
    const two = await shop.supplier({ skus: [sku], rank: 2 })
    await shop.backOrder(sku, 3)
    const [first] = await purchaseOrders(shop, one, 1)
    expectStatus(
      await acknowledge(shop, one, first.number, [
        { line: 1, accepted: { quantity: 3, expected_at: LATER } },
      ]),
      200,
    )
    await house()
      .db`UPDATE supplier_items SET passed_over_until = now() + interval '1 hour' WHERE supplier = ${one.id}`
    const unwanted = await shop.backOrder(sku, 3)
    const [second] = await purchaseOrders(shop, two, 1)
    expectStatus(
      await acknowledge(shop, two, second.number, [
        { line: 1, accepted: { quantity: 3, expected_at: LATER } },
      ]),
      200,
    )
    await purchasingIsOver(house(), one)
    await purchasingIsOver(house(), two)
    expectStatus(await shop.command(unwanted.number, 'cancellation'), 200)
    const asked = await waitFor(
      'a change to be asked for',
      () => house().db<{ number: string; details: object }[]>`
        SELECT number, details FROM events
         WHERE number IN (${first.number}, ${second.number}) AND type = 'purchase_order.change_requested'`,
      (rows) => rows.length > 0,
    )
    await purchasingIsOver(house(), one)
    await purchasingIsOver(house(), two)
    expect(asked).toHaveLength(1)
    expect(
      await house()
        .db`SELECT 1 FROM events WHERE number IN (${first.number}, ${second.number}) AND type = 'purchase_order.change_requested'`,
    ).toHaveLength(1)
  })

  test('counts from whichever side it ends: a lowered quantity, units that an offer gives up', async () => {
    const lowered = await shop.item()
    const freed = await shop.item({ onHand: 3 })
    const supplier = await shop.supplier({ skus: [lowered, freed], gatherSeconds: 3 })
    // The offer holds three units, so the waiter behind it needs three from the supplier.
    const offer = expectStatus(await shop.order([{ sku: freed, quantity: 4 }]), 201)
    const [waiter = ''] = await backOrdersAtOnce(shop, [
      { sku: lowered, quantity: 5 },
      { sku: freed, quantity: 3 },
    ])
    const [order] = await purchaseOrders(shop, supplier, 1)
    const lineOf = (view: typeof order, sku: string) =>
      view.lines.find((line: { sku: string }) => line.sku === sku)
    expect(lineOf(order, lowered).quantity).toBe(5)
    expect(lineOf(order, freed).quantity).toBe(3)

    expectStatus(await shop.command(waiter, 'quantity', { quantity: 2 }), 200)
    await shop.until(order.number, (view) => lineOf(view, lowered).quantity === 2)
    expectStatus(
      await shop.call('POST', `/v1/orders/${offer.body.number}/answers`, {
        body: { answers: [{ line: 1, choice: 'decline' }] },
      }),
      200,
    )
    await shop.until(order.number, (view) => lineOf(view, freed).closed === 'withdrawn')
    expect(await shop.level(freed)).toEqual({ on_hand: 3, allocated: 3, outbound: 0, outstanding: 0 })
  })
})
