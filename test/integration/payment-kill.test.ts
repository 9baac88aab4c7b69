import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { accept, configure, newRange, orderVehicle, PLAIN, plantSays, RICH } from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import { expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { ProviderSide } from '../support/provider.ts'
import { ADDRESS, type Answer, BY_RECONCILE, expectStatus, Shop, waitFor } from '../support/shop.ts'
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

/** A back order whose goods are there and whose buyer is asked to confirm. */
async function toBeConfirmed() {
  const quantity = 2
  const sku = await shop.item()
  const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 600 })
  const { number } = await shop.backOrder(sku, quantity)
  expectStatus(await shop.bring(supplier, sku, quantity), 201)
  await shop.until(number, ({ state }) => state === 'met')
  expectStatus(await shop.command(number, 'delivery-request', { ship_to: ADDRESS }), 200)
  return { number, sku, amount: quantity * 1_999 }
}

async function confirmed<T extends { number: string }>(order: T) {
  const { payment } = expectStatus(await shop.command(order.number, 'confirmation'), 202).body
  return { ...order, payment: payment.number as string }
}

const toBePaid = async () => confirmed(await toBeConfirmed())

/** Waits until the provider has done something. */
async function during(payment: string, key: string): Promise<void> {
  await waitFor(
    `the call ${key}`,
    () => provider.booksOf(payment),
    ({ calls }) => calls.some((call) => call.key === `${payment}/${key}`),
  )
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

/** A back order whose money is held and whose parcel waits for the carrier. */
async function toBeFetched() {
  const order = await toBePaid()
  await provider.buyer(order.payment, 'pay')
  const { delivery } = await shop.until(order.number, ({ state }) => state === 'confirmed', 60)
  await shop.until(delivery, ({ state }) => state === 'booked', 60)
  return { ...order, delivery: delivery as string }
}

/** One that is paid and could not be delivered. */
async function broughtBack() {
  const order = await toBeFetched()
  await carrierReports(order.delivery, 'collected')
  await shop.until(order.payment, ({ state }) => state === 'captured', 60)
  await carrierReports(order.delivery, 'failed')
  await shop.until(order.number, ({ state }) => state === 'delivery_failed', 60)
  return order
}

describe('the worker is killed in the middle of each step of a payment, and the money balances (B5)', () => {
  test('of all steps at one moment: the page is opened, money is taken, let go and given back; for back orders, and for custom orders and tags the deposits and a balance, a lower price, a cancellation and a sold vehicle (B6, B8, B10)', async () => {
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
    await carrierHolds()
    const [accepted, changed, cancelled, arrived, agreed, sold, fetched, returned, letGo, unpaid] =
      await Promise.all([
        held(),
        paid(),
        paid(),
        paid(),
        tagged(),
        tagged(),
        toBeFetched(),
        broughtBack(),
        toBeFetched(),
        toBeConfirmed(),
      ])
    await confirmTag(shop, dealer, sold.number)
    await shop.until(sold.deposit, ({ state }) => state === 'captured')
    expectStatus(await plantSays(shop, 'at_dealer', arrived.vehicle), 200)
    const { balance } = await shop.until(arrived.number, (view) => view.balance?.state === 'pending')
    const configuration = await configure(shop, range, PLAIN)

    // It does all that it is asked for, and whoever asks never hears of it.
    await provider.behave({ mode: 'vanish', on: ['open', 'capture', 'cancel', 'refund'] })
    const decision = { decision: 'return_to_stock', reason: 'Nobody was there.' }
    const done = async (answer: Promise<Answer>) => expectStatus(await answer, 200)
    const [asked, letting] = await Promise.all([
      confirmed(unpaid),
      shop.command(letGo.number, 'cancellation'),
      done(command(changed.number, 'configuration', { configuration })),
      done(command(cancelled.number, 'cancellation', {})),
      done(answerTag(shop, dealer, sold.number, 'sold')),
      done(shop.operate('POST', `deliveries/${returned.delivery}/decision`, decision)),
      provider.buyer(balance.number, 'pay'),
      accept(shop, dealer, accepted.number),
      confirmTag(shop, dealer, agreed.number),
      carrierReports(fetched.delivery, 'collected'),
    ])
    expect([200, 202]).toContain(letting.status)

    const opened = [asked.payment]
    const taken = [balance.number as string, accepted.deposit, agreed.deposit, fetched.payment]
    const released = [letGo.payment]
    const given = [changed.deposit, cancelled.deposit, sold.deposit, returned.payment]
    const steps = [
      { payments: opened, key: 'session/1', state: 'requested' },
      { payments: taken, key: 'capture/1', state: 'capturing' },
      { payments: released, key: 'release', state: 'voiding' },
      { payments: given, key: 'refund/1/1', state: 'refunding' },
    ]
    await Promise.all(steps.flatMap(({ payments, key }) => payments.map((payment) => during(payment, key))))
    await house().killWorker(0)
    // Nobody has heard what was done.
    for (const { payments, state } of steps) {
      const states = await house().db<{ state: string }[]>`
        SELECT state FROM payments WHERE number IN ${house().db(payments)}`
      expect(states.map((row) => row.state)).toEqual(payments.map(() => state))
    }
    await provider.behave({ mode: 'normal' })
    await house().startWorker(0)

    const comesTo = (wanted: string) => (payment: string) =>
      shop.until(payment, ({ state }) => state === wanted, BY_RECONCILE)
    const back = (payment: string, amount: number) =>
      shop.until(payment, ({ refunded }) => refunded.amount === amount, BY_RECONCILE)
    await Promise.all([
      ...opened.map(comesTo('pending')),
      ...taken.map(comesTo('captured')),
      ...released.map(comesTo('voided')),
      comesTo('refunded')(returned.payment),
      back(changed.deposit, 30_000),
      back(cancelled.deposit, 35_000),
      back(sold.deposit, 50_000),
    ])
    const { amount } = fetched
    for (const [payment, took, given_back] of [
      [accepted.deposit, 50_000, 0],
      [agreed.deposit, 50_000, 0],
      [sold.deposit, 50_000, 50_000],
      [changed.deposit, 50_000, 30_000],
      [cancelled.deposit, 50_000, 35_000],
      [balance.number, 820_000 + 20_000 - 50_000, 0],
      [fetched.payment, amount, 0],
      [returned.payment, amount, amount],
    ] as const) {
      expect(await provider.ledger(payment)).toEqual({ held: 0, taken: took, given_back, open_pages: 0 })
      const refunded = given_back > 0 ? { 'refund/1/1': 1 } : {}
      expect(await timesDone(payment)).toEqual({ 'session/1': 1, 'capture/1': 1, ...refunded })
    }
    const nothing = { held: 0, taken: 0, given_back: 0 }
    expect(await provider.ledger(asked.payment)).toEqual({ ...nothing, open_pages: 1 })
    expect(await timesDone(asked.payment)).toEqual({ 'session/1': 1 })
    expect(await provider.ledger(letGo.payment)).toEqual({ ...nothing, open_pages: 0 })
    expect(await timesDone(letGo.payment)).toEqual({ 'session/1': 1, release: 1 })
    expect(await shop.level(letGo.sku)).toEqual({ on_hand: 2, allocated: 0, outbound: 0, outstanding: 0 })
    const [books] = await house().db`
      SELECT captured_minor::int AS captured, refunded_minor::int AS refunded FROM payments WHERE number = ${returned.payment}`
    expect(books).toEqual({ captured: amount, refunded: amount })
    expectStatus(await command(arrived.number, 'handover', {}, dealer.key), 200)
    await carrierReports(fetched.delivery, 'delivered')
    await shop.until(fetched.number, ({ state }) => state === 'delivered')
    await expectSoundHouse(house())
  }, 240_000)

  test('while nobody is there the buyer pays and every webhook is lost: the confirmation follows', async () => {
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

const carrierHolds = () => carrier('PUT', 'behaviour', { mode: 'hold' })
const carrierReports = (delivery: string, status: 'collected' | 'delivered' | 'failed') =>
  carrier('POST', `shipments/${delivery}/report`, { status })

async function carrier(method: string, path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${house().carrierUrl}/api/${path}`, {
    method,
    headers,
    body: JSON.stringify(body),
  })
  expect(answer.status).toBe(200)
}
