import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser } from '../support/browser.ts'
import {
  accept,
  newRange,
  orderVehicle,
  plantSays,
  processorSays,
  type Range,
} from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import { type Dealer, linkIn } from '../support/lead.ts'
import { expectProblem, expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { ProviderSide } from '../support/provider.ts'
import { type Answer, expectStatus, Shop } from '../support/shop.ts'

/** The money of custom orders (REQUIREMENTS B5, B10), with the provider as a process of its own. */
const house = useHouse({ partners: ['mail', 'payments'] })
let shop: Shop
let range: Range
let dealer: Dealer
let provider: ProviderSide
beforeAll(async () => {
  shop = await Shop.open(house())
  provider = new ProviderSide(house())
  range = await newRange(shop)
  dealer = await shop.dealer({ makes: [range.make] })
  await house().db`UPDATE storefronts SET takes_payment = true WHERE id = ${shop.storefront}`
  const terms = { deposit: 50_000, fee: 15_000, refund_banked: 'less_fee', refund_scheduled: 'deposit_kept' }
  const path = '/v1/operator/order-terms/custom_order/EUR'
  expectStatus(await shop.call('PUT', path, { key: shop.operatorKey, body: terms }), 200)
})
afterAll(async () => {
  await expectSoundHouse(house())
  await expectReplayable(house(), `WorkflowType = 'customOrder'`)
})

const PRICE = 3_000_000
const cancellation = (number: string) =>
  shop.call('POST', `/v1/custom-orders/${number}/cancellation`, { body: {} })
const handover = (number: string, body: object = {}) =>
  shop.call('POST', `/v1/custom-orders/${number}/handover`, { key: dealer.key, body })

/** An order whose deposit is held; gives the deposit's number too. */
async function held(): Promise<{ number: string; deposit: string; order: Answer['body'] }> {
  const { number, order } = await orderVehicle(shop, range, dealer)
  const deposit: string = order.deposit.number
  await provider.buyer(deposit, 'pay')
  return { number, deposit, order: await shop.until(number, ({ state }) => state === 'submitted') }
}
const inPayment = (number: string, state: string) => shop.until(number, (view) => view.state === state)
const ended = (number: string, state: string) => shop.until(number, (view) => view.state === state)

test('the deposit is held, taken on acceptance; the balance is paid before the handover (B5)', async () => {
  const { number, email, order } = await orderVehicle(shop, range, dealer)
  expect(order).toMatchObject({
    state: 'awaiting_deposit',
    deadline: { kind: 'deposit' },
    allowed_actions: ['cancel'],
    deposit: { amount: { amount: 50_000, currency: 'EUR' }, pay_url: expect.stringMatching(/^http/) },
    balance: null,
  })
  const deposit: string = order.deposit.number
  // A card that is declined changes nothing, and neither partner has heard of the order.
  await provider.buyer(deposit, 'decline')
  expect(await shop.look(number)).toMatchObject({ state: 'awaiting_deposit', version: order.version })
  const told = () => house().db`SELECT 1 FROM events WHERE number = ${number} AND type LIKE '%told%'`
  expect(await told()).toHaveLength(0)
  await expectProblem(
    house(),
    await processorSays(shop, 'custom_order.accepted', { number, reference: 'P-early' }),
    409,
    'state-conflict',
  )
  await provider.buyer(deposit, 'pay')
  await shop.until(number, ({ state }) => state === 'submitted')
  expect(await told()).toHaveLength(2)
  expect(await provider.ledger(deposit)).toMatchObject({ held: 50_000, taken: 0 })

  const { vehicle } = await accept(shop, dealer, number)
  await inPayment(deposit, 'captured')
  expect(await provider.ledger(deposit)).toEqual({ held: 0, taken: 50_000, given_back: 0, open_pages: 0 })
  for (const stage of ['in_production', 'built', 'shipped', 'at_dealer'])
    expectStatus(await plantSays(shop, stage, vehicle.number), 200)
  const arrived = await shop.until(number, ({ balance }) => balance !== null)
  expect(arrived.balance).toMatchObject({ amount: { amount: PRICE - 50_000 } })
  const due = await expectProblem(house(), await handover(number), 409, 'balance-due')
  expect([due.payment, due.amount]).toEqual([
    arrived.balance.number,
    { amount: PRICE - 50_000, currency: 'EUR' },
  ])
  await provider.buyer(arrived.balance.number, 'pay')
  await inPayment(arrived.balance.number, 'captured')
  expect(expectStatus(await handover(number), 200).body).toMatchObject({ state: 'completed' })
  expect(await provider.ledger(arrived.balance.number)).toMatchObject({ taken: PRICE - 50_000 })
  await shop.mails(email, /handed over$/)
})

test('the balance is settled at the dealer instead: the page is closed, and nothing is taken twice (B5)', async () => {
  const { number } = await held()
  const { vehicle } = await accept(shop, dealer, number)
  expectStatus(await plantSays(shop, 'at_dealer', vehicle.number), 200)
  const { balance } = await shop.until(number, (view) => view.balance?.state === 'pending')
  // The dealer says so on the page behind the mail's link, and has to.
  const page = await new Browser().open(await linkIn(shop, dealer.email, new RegExp(number), 'c'))
  await page.send('/handover')
  expect([page.status, page.text]).toEqual([409, expect.stringContaining('the balance is not paid')])
  expect(await shop.look(number)).toMatchObject({ state: 'accepted', balance: { number: balance.number } })
  await page.send('/handover', { settled: 'yes' })
  expect([page.status, page.text]).toEqual([200, expect.stringContaining('The order is completed.')])
  await inPayment(balance.number, 'voided')
  const done = await shop.look(number)
  expect(done).toMatchObject({
    state: 'completed',
    balance: { state: 'settled', amount: { amount: PRICE - 50_000 } },
  })
  expect(done.balance.number).not.toBe(balance.number)
  expect(await provider.ledger(balance.number)).toEqual({
    held: 0,
    taken: 0,
    given_back: 0,
    open_pages: 0,
  })
})

test('refused and cancelled before anybody accepted: what is held is let go (B4, B5)', async () => {
  const { number, deposit } = await held()
  expectStatus(await processorSays(shop, 'custom_order.refused', { number, reasons: ['No'] }), 200)
  expect(await provider.ledger(deposit)).toMatchObject({ held: 50_000 })
  expectStatus(await cancellation(number), 200)
  await ended(deposit, 'voided')
  expect(await provider.ledger(deposit)).toMatchObject({ held: 0, taken: 0, given_back: 0 })
})

test('cancelled in the bank: refunded by the terms, less the fee (B10)', async () => {
  const { number, deposit } = await held()
  await accept(shop, dealer, number)
  await inPayment(deposit, 'captured')
  expectStatus(await cancellation(number), 200)
  await shop.until(deposit, ({ refunded }) => refunded.amount === 35_000)
  expect(await provider.ledger(deposit)).toMatchObject({ taken: 50_000, given_back: 35_000 })
})

test('never paid: cancelled at its deadline, its page is closed, and partners never heard of it (B5)', async () => {
  const { number, order, email } = await orderVehicle(shop, range, dealer)
  await provider.openPage(order.deposit.number)
  await house().db`UPDATE custom_orders SET deadline_at = now() WHERE number = ${number}`
  await house().temporal.workflow.getHandle(`custom-order/${number}`).signal('look')
  await shop.until(number, ({ state }) => state === 'cancelled')
  await ended(order.deposit.number, 'voided')
  expect(await provider.ledger(order.deposit.number)).toMatchObject({ held: 0, taken: 0, open_pages: 0 })
  await shop.mails(email, /cancelled$/)
  const [row] = await house().db<{ told: number }[]>`
    SELECT count(*)::integer AS told FROM events WHERE number = ${number} AND type LIKE '%told%'`
  expect(row?.told).toBe(0)
})
