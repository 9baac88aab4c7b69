import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
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

/** So long the provider takes to answer what it has done already: time enough to kill whoever asked. */
const SLOW = 3_000

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

/** Kills the worker once the provider has done something that it has not answered yet. */
async function killDuring(payment: string, key: string): Promise<void> {
  await waitFor(
    `the call ${key}`,
    () => provider.booksOf(payment),
    ({ calls }) => calls.some((call) => call.key === `${payment}/${key}`),
  )
  await house().killWorker(0)
  await provider.behave({ mode: 'normal' })
  await house().startWorker(0)
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
    await provider.behave({ mode: 'normal', answer_after_ms: SLOW })
    const { number, payment, amount } = await toBePaid()
    await killDuring(payment, 'session/1')
    await shop.until(payment, ({ state }) => state === 'pending', 60)

    await provider.behave({ mode: 'normal', answer_after_ms: SLOW })
    await provider.buyer(payment, 'pay')
    await killDuring(payment, 'capture/1')
    await shop.until(payment, ({ state }) => state === 'captured', 60)

    const { delivery } = await shop.until(number, ({ state }) => state === 'delivery_failed', 60)
    await provider.behave({ mode: 'normal', answer_after_ms: SLOW })
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

  test('of a tag: while its deposit is taken, and while it is given back because the vehicle is sold (B8)', async () => {
    const dealer = await shop.dealer({ acknowledgeSeconds: 900 })
    const terms = { deposit: 50_000, fee: 0, refund_banked: 'full', refund_scheduled: 'deposit_kept' }
    const path = '/v1/operator/order-terms/tag/EUR'
    expectStatus(await shop.call('PUT', path, { key: shop.operatorKey, body: terms }), 200)
    const [car] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
    const { number, tag: placed } = await tag(shop, car)
    const deposit: string = placed.deposit.number
    await provider.buyer(deposit, 'pay')
    await shop.until(number, ({ state }) => state === 'pending')
    await provider.behave({ mode: 'normal', answer_after_ms: SLOW })
    await confirmTag(shop, dealer, number)
    await killDuring(deposit, 'capture/1')
    await shop.until(deposit, ({ state }) => state === 'captured', BY_RECONCILE)

    await provider.behave({ mode: 'normal', answer_after_ms: SLOW })
    expectStatus(await answerTag(shop, dealer, number, 'sold'), 200)
    await killDuring(deposit, 'refund/1/1')
    await shop.until(deposit, ({ state }) => state === 'refunded', BY_RECONCILE)
    expect(await provider.ledger(deposit)).toEqual({
      held: 0,
      taken: 50_000,
      given_back: 50_000,
      open_pages: 0,
    })
    expect(await timesDone(deposit)).toEqual({ 'session/1': 1, 'capture/1': 1, 'refund/1/1': 1 })
    await expectSoundHouse(house())
  }, 240_000)

  test('while what is held is let go', async () => {
    await carrierHolds()
    const { number, payment, sku } = await toBePaid()
    await provider.buyer(payment, 'pay')
    await shop.until(number, ({ state }) => state === 'confirmed', 60)
    await provider.behave({ mode: 'normal', answer_after_ms: SLOW })
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
    await expectReplayable(house(), `WorkflowType = 'payment' OR WorkflowType = 'backOrder'`)
  })
})

const carrierFails = () => carrier({ mode: 'fail', collect_after_ms: 200, deliver_after_ms: 200 })
const carrierHolds = () => carrier({ mode: 'hold' })

async function carrier(orders: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  await fetch(`${house().carrierUrl}/api/behaviour`, { method: 'PUT', headers, body: JSON.stringify(orders) })
}
