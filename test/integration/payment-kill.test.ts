import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Call } from '../../src/local/sample-payment-provider/behaviour.ts'
import { accept, configure, newRange, orderVehicle, PLAIN, plantSays, RICH } from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import { expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { ProviderSide } from '../support/provider.ts'
import { ADDRESS, BY_RECONCILE, expectStatus, Shop, waitFor } from '../support/shop.ts'
import { answerTag, confirmTag, lotVehicle, newModel, onLot, tag } from '../support/vehicle.ts'

const house = useHouse({ partners: ['mail', 'carrier', 'payments'] })
let shop: Shop
let provider: ProviderSide
beforeAll(async () => {
  shop = await Shop.open(house())
  provider = new ProviderSide(house())
  await house().db`UPDATE storefronts SET takes_payment = true WHERE id = ${shop.storefront}`
  // A worker that was killed is missed for some time: nothing shall expire meanwhile.
  await house().db`UPDATE periods SET default_seconds = 900`
})
beforeEach(() => provider.behave({ mode: 'normal' }))

/** So long the provider takes to answer such calls, which it has done already: time enough to kill whoever asked. */
const slow = (on: Call, answer_after_ms = 3_000) => provider.behave({ mode: 'normal', on, answer_after_ms })

async function toBePaid(quantity = 2) {
  const sku = await shop.item()
  const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 600 })
  const { number } = await shop.backOrder(sku, quantity)
  expectStatus(await shop.bring(supplier, sku, quantity), 201)
  await shop.until(number, ({ state }) => state === 'met')
  expectStatus(await shop.command(number, 'delivery-request', { ship_to: ADDRESS }), 200)
  const { payment } = expectStatus(await shop.command(number, 'confirmation'), 202).body
  return { number, sku, payment: payment.number as string, amount: quantity * 1_999 }
}

/** Waits until the provider has done something. It has not answered yet where it is slow with that. */
async function during(payment: string, key: string): Promise<void> {
  await waitFor(
    `the call ${key}`,
    () => provider.booksOf(payment),
    ({ calls }) => calls.some((call) => call.key === `${payment}/${key}`),
  )
}

/** Kills the worker while it waits for the provider's answers. */
async function kill(): Promise<void> {
  await house().killWorker(0)
  await provider.behave({ mode: 'normal' })
  await house().startWorker(0)
}

async function killDuring(payment: string, key: string): Promise<void> {
  await during(payment, key)
  await kill()
}

/** What the provider did, and how often it was asked for it. */
async function timesDone(payment: string): Promise<Record<string, number>> {
  const { calls } = await provider.booksOf(payment)
  const times: Record<string, number> = {}
  for (const { key, replayed } of calls) {
    const name = key?.slice(payment.length + 1) ?? ''
    times[name] = (times[name] ?? 0) + (replayed ? 0 : 1)
  }
  return times
}

describe('the worker is killed in the middle of each step of a payment, and the money balances (B5)', () => {
  test('while the page is opened, the money taken, and given back', async () => {
    await carrierFails()
    await slow('open')
    const { number, payment, amount } = await toBePaid()
    await killDuring(payment, 'session/1')
    await shop.until(payment, ({ state }) => state === 'pending', 60)

    await slow('capture')
    await provider.buyer(payment, 'pay')
    await killDuring(payment, 'capture/1')
    await shop.until(payment, ({ state }) => state === 'captured', 60)

    const { delivery } = await shop.until(number, ({ state }) => state === 'delivery_failed', 60)
    await slow('refund')
    const body = { decision: 'return_to_stock', reason: 'Nobody was there.' }
    const path = `/v1/operator/deliveries/${delivery}/decision`
    expectStatus(await shop.call('POST', path, { key: shop.operatorKey, body }), 200)
    await killDuring(payment, 'refund/1/1')
    await shop.until(payment, ({ state }) => state === 'refunded', 60)

    expect(await provider.ledger(payment)).toEqual({
      held: 0,
      taken: amount,
      given_back: amount,
      open_pages: 0,
    })
    expect(await timesDone(payment)).toEqual({ 'session/1': 1, 'capture/1': 1, 'refund/1/1': 1 })
    const [books] = await house().db`
      SELECT captured_minor::int AS captured, refunded_minor::int AS refunded FROM payments WHERE number = ${payment}`
    expect(books).toEqual({ captured: amount, refunded: amount })
    await expectSoundHouse(house())
  })

  test('of custom orders and tags, three at one moment: deposits and a balance are taken, and go back for a lower price, a cancellation and a sold vehicle (B5, B6, B8, B10)', async () => {
    const range = await newRange(shop, { basePrice: 20_000 })
    const dealer = await shop.dealer({ makes: [range.make], acknowledgeSeconds: 900 })
    const terms = {
      deposit: 50_000,
      fee: 15_000,
      refund_banked: 'less_fee',
      refund_scheduled: 'deposit_kept',
    }
    for (const kind of ['custom_order', 'tag']) {
      const path = `/v1/operator/order-terms/${kind}/EUR`
      expectStatus(await shop.call('PUT', path, { key: shop.operatorKey, body: terms }), 200)
    }
    const command = (number: string, what: string, body: object, key = shop.storefrontKey) =>
      shop.call('POST', `/v1/custom-orders/${number}/${what}`, { key, body })
    const held = async () => {
      const { number, order } = await orderVehicle(shop, range, dealer, { features: RICH })
      const deposit: string = order.deposit.number
      await provider.buyer(deposit, 'pay')
      await shop.until(number, ({ state }) => state === 'submitted')
      return { number, deposit }
    }
    const paid = async () => {
      const order = await held()
      const { vehicle } = await accept(shop, dealer, order.number)
      await shop.until(order.deposit, ({ state }) => state === 'captured')
      return { ...order, vehicle: vehicle.number as string }
    }
    const model = await newModel(shop)
    const tagged = async () => {
      const [car] = await onLot(shop, dealer, [lotVehicle(model)])
      const { number, tag: placed } = await tag(shop, car)
      const deposit: string = placed.deposit.number
      await provider.buyer(deposit, 'pay')
      await shop.until(number, ({ state }) => state === 'pending')
      return { number, deposit }
    }
    const [accepted, changed, cancelled, arrived] = await Promise.all([held(), paid(), paid(), paid()])
    const [confirmed, sold] = await Promise.all([tagged(), tagged()])
    await confirmTag(shop, dealer, sold.number)
    await shop.until(sold.deposit, ({ state }) => state === 'captured')
    expectStatus(await plantSays(shop, 'at_dealer', arrived.vehicle), 200)
    const { balance } = await shop.until(arrived.number, (view) => view.balance?.state === 'pending')

    const configuration = await configure(shop, range, PLAIN)
    const killDuringEach = async (payments: string[], key: string, state: string) => {
      await Promise.all(payments.map((payment) => during(payment, key)))
      await kill()
      // Nobody has heard what was done.
      const states = await house().db<{ state: string }[]>`
        SELECT state FROM payments WHERE number IN ${house().db(payments)}`
      expect(states.map((row) => row.state)).toEqual(payments.map(() => state))
    }
    const taken = [balance.number, accepted.deposit, confirmed.deposit]
    await slow('capture', 6_000)
    await Promise.all([
      provider.buyer(balance.number, 'pay'),
      accept(shop, dealer, accepted.number),
      confirmTag(shop, dealer, confirmed.number),
    ])
    await killDuringEach(taken, 'capture/1', 'capturing')
    const returned = [changed.deposit, cancelled.deposit, sold.deposit]
    await slow('refund', 6_000)
    const given = await Promise.all([
      command(changed.number, 'configuration', { configuration }),
      command(cancelled.number, 'cancellation', {}),
      answerTag(shop, dealer, sold.number, 'sold'),
    ])
    for (const answer of given) expectStatus(answer, 200)
    await killDuringEach(returned, 'refund/1/1', 'refunding')

    const captured = (payment: string) =>
      shop.until(payment, ({ state }) => state === 'captured', BY_RECONCILE)
    const back = (payment: string, amount: number) =>
      shop.until(payment, ({ refunded }) => refunded.amount === amount, BY_RECONCILE)
    await Promise.all([
      ...taken.map(captured),
      back(changed.deposit, 30_000),
      back(cancelled.deposit, 35_000),
      back(sold.deposit, 50_000),
    ])
    for (const [payment, amount, given_back] of [
      [accepted.deposit, 50_000, 0],
      [confirmed.deposit, 50_000, 0],
      [sold.deposit, 50_000, 50_000],
      [changed.deposit, 50_000, 30_000],
      [cancelled.deposit, 50_000, 35_000],
      [balance.number, 820_000 + 20_000 - 50_000, 0],
    ] as const) {
      expect(await provider.ledger(payment)).toEqual({
        held: 0,
        taken: amount,
        given_back,
        open_pages: 0,
      })
      const refunded = given_back > 0 ? { 'refund/1/1': 1 } : {}
      expect(await timesDone(payment)).toEqual({ 'session/1': 1, 'capture/1': 1, ...refunded })
    }
    expectStatus(await command(arrived.number, 'handover', {}, dealer.key), 200)
    await expectSoundHouse(house())
  }, 240_000)

  test('while what is held is let go', async () => {
    await carrierHolds()
    const { number, payment, sku } = await toBePaid()
    await provider.buyer(payment, 'pay')
    await shop.until(number, ({ state }) => state === 'confirmed', 60)
    await slow('cancel')
    const cancelled = await shop.command(number, 'cancellation')
    expect([200, 202]).toContain(cancelled.status)
    await killDuring(payment, 'release')
    await shop.until(payment, ({ state }) => state === 'voided', 60)
    expect(await provider.ledger(payment)).toEqual({ held: 0, taken: 0, given_back: 0, open_pages: 0 })
    expect(await shop.level(sku)).toEqual({ on_hand: 2, allocated: 0, outbound: 0, outstanding: 0 })
    expect(await timesDone(payment)).toEqual({ 'session/1': 1, release: 1 })
    await expectSoundHouse(house())
  })

  test('while nobody is there the buyer pays and every webhook is lost: the confirmation follows', async () => {
    await carrierHolds()
    const { number, payment, amount } = await toBePaid()
    await provider.openPage(payment)
    await provider.behave({ mode: 'normal', webhooks: 'lost' })
    await house().killWorker(0)
    await provider.buyer(payment, 'pay')
    await house().startWorker(0)
    await shop.until(number, ({ state }) => state === 'confirmed', 60)
    expect(await provider.ledger(payment)).toEqual({ held: amount, taken: 0, given_back: 0, open_pages: 0 })
    await expectSoundHouse(house())
    await expectReplayable(house(), `WorkflowType IN ('payment', 'backOrder', 'customOrder', 'tagOrder')`)
  })
})

const carrierFails = () => carrier({ mode: 'fail', collect_after_ms: 200, deliver_after_ms: 200 })
const carrierHolds = () => carrier({ mode: 'hold' })

async function carrier(orders: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  await fetch(`${house().carrierUrl}/api/behaviour`, { method: 'PUT', headers, body: JSON.stringify(orders) })
}
