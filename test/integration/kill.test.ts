import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { configure, dealerSays, newRange, orderVehicle, processorSays } from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { ADDRESS, BY_RECONCILE, expectStatus, insist, Shop, waitFor } from '../support/shop.ts'

// A Postgres of its own with full durability and a Temporal that keeps its workflows on disk: both can be killed.
const house = useHouse({ ownPostgres: true, partners: ['mail', 'carrier'] })

describe('nothing acknowledged is lost when any process is killed at any moment (A9)', () => {
  test('the API in mid-request: the same key gets the one order', async () => {
    const shop = await Shop.open(house())
    const sku = await shop.item({ onHand: 50 })
    const keys = Array.from({ length: 8 }, () => randomUUID())
    const sends = keys.map(
      (idempotencyKey, index) => () =>
        shop.order([{ sku, quantity: 1 }], { idempotencyKey, email: `api-${index}@example.test` }),
    )
    const first = sends.map((send) => send().catch(() => undefined))
    await waitFor(
      'the first of them to be stored',
      () => house().db`SELECT 1 FROM order_lines WHERE sku = ${sku}`,
      (rows) => rows.length > 0,
    )
    await house().killApi(0)
    await Promise.all(first)
    await house().startApi(0)
    const answers = await Promise.all(sends.map((send) => insist(send)))
    expect(answers.map((answer) => answer.status)).toEqual(Array(8).fill(201))
    const again = await Promise.all(sends.map((send) => insist(send)))
    expect(again.map((answer) => answer.body)).toEqual(answers.map((answer) => answer.body))
    expect(new Set(answers.map((answer) => answer.body.number)).size).toBe(8)
    const [count] = await house().db`SELECT count(*)::integer AS orders FROM order_lines WHERE sku = ${sku}`
    expect(count).toEqual({ orders: 8 })
    expect(await shop.level(sku)).toMatchObject({ on_hand: 42, allocated: 0 })
    for (const { body } of answers)
      await shop.until(body.deliveries[0].number, ({ state }) => state === 'delivered', 60)
    await expectSoundHouse(house())
  })

  test('the worker in mid-restock, as a custom order is placed and as another is accepted: booked once, every waiter served and told, each order carried out once (B4)', async () => {
    const shop = await Shop.open(house())
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 600 })
    const range = await newRange(shop)
    const dealer = await shop.dealer({ makes: [range.make] })
    const [waiters, configuration, { number: judged }] = await Promise.all([
      Promise.all(Array.from({ length: 12 }, () => shop.backOrder(sku, 1))),
      configure(shop, range),
      orderVehicle(shop, range, dealer),
    ])
    expectStatus(await dealerSays(shop, dealer, judged, { verdict: 'accepted' }), 200)

    const keys = { restock: randomUUID(), place: randomUUID(), accept: `msg_${randomUUID()}` }
    const receipt = { reference: 'killed-in-the-middle', lines: [{ sku, received: 8 }] }
    const buyer = { name: 'Ada Example', email: 'killed@example.test' }
    const order = { configuration, dealer: dealer.id, buyer }
    const message = { number: judged, turn: 1, reference: 'P-killed' }
    const restock = () =>
      shop.call('POST', '/v1/inventory-updates', {
        key: supplier.key,
        body: receipt,
        idempotencyKey: keys.restock,
      })
    const place = () => shop.call('POST', '/v1/custom-orders', { body: order, idempotencyKey: keys.place })
    const accept = () => processorSays(shop, 'custom_order.accepted', message, { id: keys.accept })
    const first = [restock, place, accept].map((send) => send().catch(() => undefined))
    // In the middle: the units are booked and the waiters of the step are about to be woken, or just being.
    await waitFor(
      'the receipt to be booked',
      () => house().db`SELECT 1 FROM receipts WHERE reference = 'killed-in-the-middle'`,
      (rows) => rows.length === 1,
    )
    await house().killWorker(0)
    await Promise.all(first)
    await house().startWorker(0)

    expect((await insist(restock)).status).toBe(201)
    expect(await shop.level(sku)).toEqual({ on_hand: 8, allocated: 8, outbound: 0, outstanding: 4 })
    const { number: placed } = expectStatus(await insist(place), 201).body
    expect(await shop.look(placed)).toMatchObject({ dealer: dealer.id })
    expect((await insist(accept)).body).toMatchObject({ state: 'accepted', vehicle: { state: 'banked' } })
    const [counted] = await house().db<{ orders: number; vehicles: number; confirmed: number }[]>`
      SELECT (SELECT count(*)::integer FROM custom_orders WHERE storefront = ${shop.storefront}) AS orders,
             (SELECT count(*)::integer FROM vehicles WHERE buyer = ${judged}) AS vehicles,
             (SELECT count(*)::integer FROM events WHERE number = ${judged} AND type = 'custom_order.confirmed') AS confirmed`
    expect(counted).toEqual({ orders: 2, vehicles: 1, confirmed: 1 })
    const numbers = waiters.map((waiter) => waiter.number)
    const met = await waitFor(
      'the met ones to be told',
      () => house().db`SELECT n.number FROM notifications n JOIN events e ON e.id = n.event
                        WHERE e.type = 'back_order.met' AND n.state = 'sent' AND n.number IN ${house().db(numbers)}`,
      (rows) => rows.length === 8,
      BY_RECONCILE,
    )
    expect(new Set(met.map((row) => row.number)).size).toBe(8)
    await expectSoundHouse(house())
  })

  for (const [name, kill, start] of [
    ['Temporal', () => house().killTemporal(), () => house().startTemporal()],
    ['Postgres', () => house().killPostgres(), () => house().startPostgres()],
  ] as const) {
    test(`${name}: every acknowledged order goes on, retried requests get their first answer`, async () => {
      const shop = await Shop.open(house())
      const sku = await shop.item({ onHand: 1 })
      const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 600 })
      const { number: met } = await shop.backOrder(sku, 2)
      const { number: other } = await shop.backOrder(sku, 2)
      expectStatus(await shop.bring(supplier, sku, 1), 201)
      expect((await shop.look(met)).state).toBe('met')

      const keys = Array.from({ length: 3 }, () => randomUUID())
      const sends = keys.map(
        (idempotencyKey, index) => () =>
          shop.order([{ sku, quantity: 1 }], { idempotencyKey, email: `kill-${index}@example.test` }),
      )
      const request = (idempotencyKey: string) => () =>
        shop.command(met, 'delivery-request', { ship_to: ADDRESS }, { idempotencyKey })
      const requestKey = randomUUID()
      const first = [...sends, request(requestKey)].map((send) => send().catch(() => undefined))
      await kill()
      await Promise.all(first)
      await start()
      const answers = await Promise.all(sends.map((send) => insist(send, BY_RECONCILE)))
      expect(answers.map((answer) => answer.status)).toEqual([201, 201, 201])
      expect((await insist(request(requestKey))).body.state).toBe('delivery_requested')
      const again = await Promise.all(sends.map((send) => insist(send)))
      expect(again.map((answer) => answer.body)).toEqual(answers.map((answer) => answer.body))

      expectStatus(
        await insist(() =>
          shop.command(met, 'confirmation', {}, { idempotencyKey: `${requestKey}-confirm` }),
        ),
        200,
      )
      await shop.until(met, (view) => view.state === 'delivered', 60)
      expectStatus(await shop.bring(supplier, sku, 2), 201)
      await shop.until(other, (view) => view.state === 'met', BY_RECONCILE)
      expect(await shop.level(sku)).toEqual({ on_hand: 2, allocated: 2, outbound: 0, outstanding: 0 })
      await expectSoundHouse(house())
    })
  }
})
