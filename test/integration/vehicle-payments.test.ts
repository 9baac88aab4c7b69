import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createCustomOrderActivities } from '../../src/activities/custom-order.ts'
import type { Steps } from '../../src/activities/steps.ts'
import { createTagActivities } from '../../src/activities/tag.ts'
import { SEARCH_ATTRIBUTES } from '../../src/clients/messages.ts'
import { createLinks } from '../../src/integrations/link.ts'
import { transact } from '../../src/store/database.ts'
import { changePayment, openPayment } from '../../src/store/payment-changes.ts'
import * as schema from '../../src/store/schema.ts'
import { Bank } from '../support/bank.ts'
import { Browser } from '../support/browser.ts'
import {
  accept,
  configure,
  dealerSays,
  newRange,
  orderVehicle,
  PLAIN,
  plantSays,
  processorSays,
  type Range,
  RICH,
} from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import { webhooksOf } from '../support/inbox.ts'
import { type Dealer, linkIn } from '../support/lead.ts'
import { type Document, differences } from '../support/openapi.ts'
import { changesNothing, expectProblem, expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { ProviderSide } from '../support/provider.ts'
import { type Answer, expectStatus, ifMatch, Shop, waitFor } from '../support/shop.ts'
import {
  answerTag,
  bookedAs,
  confirmTag,
  inPipeline,
  judgeTag,
  lotVehicle,
  newBuyer,
  newModel,
  onLot,
  PLAIN as PLAIN_CAR,
  story,
  tag,
  waitForMatch,
} from '../support/vehicle.ts'

/** The money of custom orders and tags (REQUIREMENTS B5, B8, B10, B11), with the provider as a process of its own. */
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
  await expectReplayable(house(), `WorkflowType = 'customOrder' OR WorkflowType = 'tagOrder'`)
})

const PRICE = 3_000_000
const cancellation = (number: string) =>
  shop.call('POST', `/v1/custom-orders/${number}/cancellation`, { body: {} })
const handover = (number: string, body: object = {}) =>
  shop.call('POST', `/v1/custom-orders/${number}/handover`, { key: dealer.key, body })

/** An order whose deposit is held; gives the deposit's number too. */
async function held(): Promise<{ number: string; email: string; deposit: string; order: Answer['body'] }> {
  const { number, email, order } = await orderVehicle(shop, range, dealer)
  const deposit: string = order.deposit.number
  await provider.buyer(deposit, 'pay')
  return { number, email, deposit, order: await shop.until(number, ({ state }) => state === 'submitted') }
}
/** The same, accepted, and the provider refuses to take the deposit. */
async function untaken() {
  const order = await held()
  await provider.behave({ mode: 'refuse_capture', on: 'capture', times: 1 })
  const { vehicle } = await accept(shop, dealer, order.number)
  await inPayment(order.deposit, 'capture_failed')
  return { ...order, vehicle: vehicle.number as string }
}
/** The provider lets go of a deposit that it held: gives the one that the buyer is asked for in its place. */
async function letGo(number: string, deposit: string): Promise<string> {
  const { intents } = await provider.booksOf(deposit)
  await provider.control(`/api/intents/${intents[0]?.id}/lapse`)
  const view = await shop.until(number, ({ deposit: asked }) => asked.number !== deposit)
  await ended(deposit, 'voided')
  return view.deposit.number
}
const overdueBalances = async (number: string) =>
  expectStatus(await shop.operate('GET', 'attention'), 200).body.overdue_balances.filter(
    ({ pays_for }: { pays_for: string }) => pays_for === number,
  )
/** Its balance is not paid in time: operators see it and get a mail, and it is asked for anew. Gives the order then. */
async function overdue(number: string, { id }: Dealer): Promise<Answer['body']> {
  const { balance: first } = await shop.until(number, (view) => view.balance?.state === 'pending')
  expect(await overdueBalances(number)).toEqual([])
  const { db, temporal } = house()
  await db`UPDATE payments SET deadline_at = now() WHERE number = ${first.number}`
  const { deadline_at: since } = await shop.look(first.number)
  await temporal.workflow.getHandle(`payment/${first.number}`).signal('look')
  const order = await shop.until(
    number,
    ({ balance }) => balance.number !== first.number && balance.state === 'pending',
  )
  expect(await shop.look(first.number)).toMatchObject({ state: 'expired' })
  expect(await overdueBalances(number)).toEqual([
    { pays_for: number, payment: order.balance.number, dealer: id, storefront: shop.storefront, since },
  ])
  const mail = await mailOf('operators@example.test', new RegExp(`^${number}: the balance is not paid$`))
  expect(mail).toContain(first.number)
  const asked = (await story(shop, number)).filter((type) => type.startsWith('balance_'))
  expect(asked).toEqual(['balance_requested', 'balance_overdue', 'balance_requested'])
  return order
}
/** The storefront's endpoint from now on, until it has heard exactly this about payments: by type, then by what went back, then as it came. */
async function paymentHooks() {
  const { received, close } = await webhooksOf(shop)
  const ofPayments = () => received.filter(({ type }) => type.startsWith('payment.'))
  return {
    async say(expected: object[]): Promise<void> {
      await waitFor(
        'the webhooks',
        async () => ofPayments().length,
        (count) => count >= expected.length,
      )
      await close()
      const heard = ofPayments().toSorted(
        (one, other) =>
          Number(one.type > other.type) - Number(one.type < other.type) ||
          one.data.payment.refunded.amount - other.data.payment.refunded.amount,
      )
      expect(heard.map(({ type, data }) => ({ type, ...data.payment }))).toMatchObject(expected)
      const document = (await (await fetch(`${house().apiUrl}/openapi.json`)).json()) as Document
      for (const body of heard) {
        const { schema } = document.webhooks[body.type]?.post.requestBody.content['application/json'] ?? {}
        expect([body.type, differences(document, schema ?? {}, body)]).toEqual([body.type, []])
      }
    },
  }
}
/** What a process does about the money of its order, as one does it that knows the row from before it was locked. */
async function followMoneyLate(number: string): Promise<void> {
  const client = postgres(house().databaseUrl, { max: 1, onnotice: () => undefined })
  const db = drizzle(client, { schema })
  const steps = { run: (_, work) => transact(db, work) } as Pick<Steps, 'run'> as Steps
  const kit = { db, steps, links: createLinks({ publicUrl: 'http://unused.test', secret: 'unused' }) }
  const asked = { number, step: 'a-test' }
  await (number.startsWith('TG')
    ? createTagActivities(kit).followTagMoney(asked)
    : createCustomOrderActivities(kit).followMoney(asked))
  await client.end()
}
/** Uses up the key of the process's next step of this name, as a task does that is lost with its worker. */
async function spendNext(workflow: string, name: string): Promise<void> {
  const { db } = house()
  const [spent] = await db`
    WITH own AS (SELECT split_part(key, '/', 1) AS run, split_part(key, '/', 3)::integer AS count, result
                   FROM steps WHERE workflow = ${workflow} AND key LIKE '%/%/%')
    INSERT INTO steps (key, workflow, result)
    SELECT run || '/' || ${name}::text || '/' || count + 1, ${workflow}, result FROM own ORDER BY count DESC LIMIT 1
    RETURNING key`
  expect(spent).toBeDefined()
}
/** The words of the mail with such a subject. */
const mailOf = async (email: string, subject: RegExp) =>
  (await shop.mails(email, subject)).find((mail) => subject.test(mail.subject))?.text
const decide = (payment: string, decision: 'retry' | 'settle') =>
  shop.operate('POST', `payments/${payment}/decision`, { decision, reason: 'As agreed.' })
const inPayment = (number: string, state: string) => shop.until(number, (view) => view.state === state)
const ended = (number: string, state: string) => shop.until(number, (view) => view.state === state)

describe('custom orders (B4, B5, B10)', () => {
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
    expect(await mailOf(email, /we have it$/)).toContain('We ask you for the deposit in a mail of its own.')
    await expectProblem(
      house(),
      await processorSays(shop, 'custom_order.accepted', { number, turn: 1, reference: 'P-early' }),
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
    // The balance is asked for all the same.
    await spendNext(`custom-order/${number}`, 'follow-money')
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
    const { number, deposit } = await held()
    const { vehicle } = await accept(shop, dealer, number)
    await inPayment(deposit, 'captured')
    const hooks = await paymentHooks()
    expectStatus(await plantSays(shop, 'at_dealer', vehicle.number), 200)
    const { balance } = await overdue(number, dealer)
    // The dealer says so on the page behind the mail's link, and has to.
    const page = await new Browser().open(await linkIn(shop, dealer.email, new RegExp(number), 'c'))
    await page.send('/handover')
    expect([page.status, page.text]).toEqual([409, expect.stringContaining('not all of it is paid')])
    expect(await shop.look(number)).toMatchObject({ state: 'accepted', balance: { number: balance.number } })
    await page.send('/handover', { settled: 'yes' })
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('The order is completed.')])
    await inPayment(balance.number, 'voided')
    // Of what only a page was closed for the storefront hears nothing more.
    await hooks.say([
      { type: 'payment.requested', purpose: 'balance' },
      { type: 'payment.requested', purpose: 'balance', number: balance.number },
      { type: 'payment.settled', purpose: 'balance', state: 'settled', amount: { amount: PRICE - 50_000 } },
    ])
    const done = await shop.look(number)
    expect(done).toMatchObject({
      state: 'completed',
      balance: { state: 'settled', amount: { amount: PRICE - 50_000 } },
    })
    expect(done.balance.number).not.toBe(balance.number)
    expect(await overdueBalances(number)).toEqual([])
    expect(await provider.ledger(balance.number)).toEqual({
      held: 0,
      taken: 0,
      given_back: 0,
      open_pages: 0,
    })
  })

  test('refused and cancelled before anybody accepted: what is held is let go (B4, B5)', async () => {
    const { number, deposit, email } = await held()
    const hooks = await paymentHooks()
    expectStatus(await processorSays(shop, 'custom_order.refused', { number, turn: 1, reasons: ['No'] }), 200)
    expect(await provider.ledger(deposit)).toMatchObject({ held: 50_000 })
    expectStatus(await cancellation(number), 200)
    await ended(deposit, 'voided')
    expect(await provider.ledger(deposit)).toMatchObject({ held: 0, taken: 0, given_back: 0 })
    expect(await mailOf(email, /cancelled$/)).toContain('Nothing was charged.')
    await hooks.say([{ type: 'payment.released', number: deposit, state: 'voided', captured: { amount: 0 } }])
  })

  test('cancelled in the bank after an operator gave some of it back: refunded by the terms, the rest less the fee; the storefront hears of each step (B5, B10)', async () => {
    const hooks = await paymentHooks()
    const { number, deposit, email } = await held()
    await accept(shop, dealer, number)
    await inPayment(deposit, 'captured')
    const some = { amount: 20_000, reason: 'A scratch.' }
    expectStatus(await shop.operate('POST', `payments/${deposit}/refund`, some), 200)
    expectStatus(await cancellation(number), 200)
    await shop.until(deposit, ({ refunded }) => refunded.amount === 35_000)
    expect(await provider.ledger(deposit)).toMatchObject({ taken: 50_000, given_back: 35_000 })
    expect((await shop.look(deposit)).refunds).toMatchObject([
      { amount: { amount: 20_000 } },
      { amount: { amount: 15_000 } },
    ])
    expect(await mailOf(email, /cancelled$/)).toContain('You are given back €150.00.')
    const of = { number: deposit, pays_for: number, purpose: 'deposit', amount: { amount: 50_000 } }
    await hooks.say([
      { ...of, type: 'payment.captured', captured: { amount: 50_000 } },
      { ...of, type: 'payment.refunded', refunded: { amount: 20_000 } },
      { ...of, type: 'payment.refunded', refunded: { amount: 35_000 } },
      { ...of, type: 'payment.requested', pay_url: expect.stringMatching(/^http/), captured: { amount: 0 } },
    ])
  })

  test('never paid: cancelled at its deadline, its page is closed, and partners never heard of it (B5)', async () => {
    const { number, order, email } = await orderVehicle(shop, range, dealer)
    await provider.openPage(order.deposit.number)
    await house().db`UPDATE custom_orders SET deadline_at = now() WHERE number = ${number}`
    await house().temporal.workflow.getHandle(`custom-order/${number}`).signal('look')
    await shop.until(number, ({ state }) => state === 'cancelled')
    await ended(order.deposit.number, 'voided')
    expect(await provider.ledger(order.deposit.number)).toMatchObject({ held: 0, taken: 0, open_pages: 0 })
    expect(await mailOf(email, /cancelled$/)).toContain('Nothing was charged.')
    const [row] = await house().db<{ told: number }[]>`
    SELECT count(*)::integer AS told FROM events WHERE number = ${number} AND type LIKE '%told%'`
    expect(row?.told).toBe(0)
  })

  test('a deposit that covers the price: no more than that is asked for, nothing is left to pay, and the process rests', async () => {
    const cheap = await newRange(shop, { make: range.make, basePrice: 40_000 })
    const { number, order, email } = await orderVehicle(shop, cheap, dealer)
    const deposit: string = order.deposit.number
    expect(order.deposit.amount).toEqual({ amount: 40_000, currency: 'EUR' })
    await provider.buyer(deposit, 'pay')
    await shop.until(number, ({ state }) => state === 'submitted')
    const { vehicle } = await accept(shop, dealer, number)
    await inPayment(deposit, 'captured')
    expect(await mailOf(email, /: confirmed$/)).toContain('The deposit is €400.00')
    expectStatus(await plantSays(shop, 'at_dealer', vehicle.number), 200)
    await shop.mails(email, /has arrived$/)
    // What its arrival asks of the process is done once for each thing that it is told.
    const steps = await house().db`
    SELECT 1 FROM steps WHERE workflow = ${`custom-order/${number}`} AND key LIKE '%/follow-money/%'`
    expect(steps.length).toBeLessThanOrEqual(3)
    expect(expectStatus(await handover(number), 200).body).toMatchObject({
      state: 'completed',
      balance: null,
    })
  })

  /** An accepted order for more than the deposit, and what costs less than that. */
  async function richlyOrdered() {
    const cheap = await newRange(shop, { make: range.make, basePrice: 20_000 })
    const { number, email, order } = await orderVehicle(shop, cheap, dealer, { features: RICH })
    const deposit: string = order.deposit.number
    await provider.buyer(deposit, 'pay')
    await shop.until(number, ({ state }) => state === 'submitted')
    const { vehicle } = await accept(shop, dealer, number)
    const reconfigure = async (features: string[]) => {
      const body = { configuration: await configure(shop, cheap, features) }
      const path = `/v1/custom-orders/${number}/configuration`
      return expectStatus(await shop.call('POST', path, { body }), 200).body
    }
    return { number, email, deposit, vehicle: vehicle.number as string, reconfigure }
  }

  test('changed to what costs less than the deposit: the difference goes back at once, and what is due later is less by what is left of it (B5, B6)', async () => {
    const { number, email, deposit, vehicle, reconfigure } = await richlyOrdered()
    await inPayment(deposit, 'captured')
    await reconfigure(PLAIN)
    await shop.until(deposit, ({ state, refunded }) => state === 'captured' && refunded.amount === 30_000)
    expect(await provider.ledger(deposit)).toMatchObject({ taken: 50_000, given_back: 30_000 })
    const words = await mailOf(email, /changed and confirmed$/)
    expect(words).toContain('It now costs €200.00.')
    expect(words).toContain('Your deposit was more than that: you are given back €300.00.')

    // To what costs more again: nothing goes back, and the balance is the rest.
    await reconfigure(['BASE', 'E15', 'MAN', 'BLUE', 'GREY'])
    expectStatus(await plantSays(shop, 'at_dealer', vehicle), 200)
    const { balance } = await shop.until(number, (view) => view.balance?.state === 'pending')
    expect(balance.amount.amount).toBe(80_000 - 20_000)
    await provider.buyer(balance.number, 'pay')
    await inPayment(balance.number, 'captured')
    expectStatus(await handover(number), 200)
    expect((await shop.look(deposit)).refunded.amount).toBe(30_000)
  })

  test('changed to what costs less while the deposit is being taken, and that is refused: it is tried again, goes back in part, and the terms are about the rest (B5, B10)', async () => {
    await provider.behave({ mode: 'refuse_capture', on: 'capture', times: 1, answer_after_ms: 2_500 })
    const { number, deposit, reconfigure } = await richlyOrdered()
    await reconfigure(PLAIN)
    expect(await shop.look(deposit)).toMatchObject({ state: 'capturing', refunds: [{ state: 'asked' }] })
    await inPayment(deposit, 'capture_failed')
    await provider.behave({ mode: 'normal' })
    expectStatus(await decide(deposit, 'retry'), 200)
    await shop.until(deposit, ({ state, refunded }) => state === 'captured' && refunded.amount === 30_000)
    expectStatus(await cancellation(number), 200)
    // 200.00 are paid, and the fee is 150.00.
    await shop.until(deposit, ({ refunded }) => refunded.amount === 35_000)
    expect(await provider.ledger(deposit)).toMatchObject({ taken: 50_000, given_back: 35_000 })
  })

  test('a dealer that stops selling the make while the deposit is awaited: it gets the order all the same, and says so (B4)', async () => {
    const fickle = await shop.dealer({ makes: [range.make] })
    const { number, order } = await orderVehicle(shop, range, fickle)
    await house().db`UPDATE dealers SET makes = '{}' WHERE id = ${fickle.id}`
    await provider.buyer(order.deposit.number, 'pay')
    await shop.until(number, ({ state }) => state === 'submitted')
    const reasons = ['We do not sell it any more']
    const refused = await dealerSays(shop, fickle, number, { verdict: 'refused', reasons })
    expect(expectStatus(refused, 200).body).toMatchObject({ state: 'refused', refusal: { by: 'dealer' } })
    const chosen = await shop.call('POST', `/v1/custom-orders/${number}/dealer`, {
      body: { dealer: dealer.id },
    })
    expectStatus(chosen, 200)
    expectStatus(await cancellation(number), 200)
    await ended(order.deposit.number, 'voided')
  })

  test('paid in time, but heard of only as the deadline comes: it goes on (B5)', async () => {
    const { number, order } = await orderVehicle(shop, range, dealer)
    const deposit: string = order.deposit.number
    await provider.openPage(deposit)
    await provider.behave({ mode: 'normal', webhooks: 'lost' })
    await provider.buyer(deposit, 'pay')
    await provider.behave({ mode: 'normal' })
    const { intents } = await provider.booksOf(deposit)
    await house()
      .db`UPDATE custom_orders SET deadline_at = now() + interval '4 seconds' WHERE number = ${number}`
    const process = house().temporal.workflow.getHandle(`custom-order/${number}`)
    await process.signal('look')
    await waitFor(
      'the process to wait until then',
      () => process.describe(),
      ({ typedSearchAttributes }) => {
        const deadline = typedSearchAttributes.get(SEARCH_ATTRIBUTES.deadline)
        return deadline !== undefined && deadline.getTime() < Date.now() + 10_000
      },
    )
    // The payment's worker dies between the books and telling the order.
    const client = postgres(house().databaseUrl, { max: 1, onnotice: () => undefined })
    await transact(drizzle(client, { schema }), async (tx) => {
      const { row, now } = await openPayment(tx, deposit)
      const change = { actor: 'provider', step: 'a-test' }
      const set = { intent: intents[0]?.id ?? null, authorised_at: now }
      await changePayment(tx, row, 'authorise', 'authorised', 'payment.authorised', change, { set })
    })
    await client.end()
    await shop.until(number, ({ state }) => state === 'submitted')
    const events = await house().db<{ type: string }[]>`
    SELECT type FROM events WHERE number = ${number} AND type LIKE '%deposit%' ORDER BY sequence`
    expect(events.map(({ type }) => type)).toEqual([
      'custom_order.deposit_requested',
      'custom_order.deposit_held',
    ])
    expectStatus(await cancellation(number), 200)
    await ended(deposit, 'voided')
  })

  test('a deposit that could not be taken and was settled by an operator: cancelled, a person gives back what the terms say (B5, B10)', async () => {
    const { number, deposit } = await untaken()
    expectStatus(await decide(deposit, 'settle'), 200)
    await inPayment(deposit, 'settled')
    expect(await provider.ledger(deposit)).toMatchObject({ held: 0, taken: 0 })
    expectStatus(await cancellation(number), 200)
    expect(await shop.look(deposit)).toMatchObject({
      state: 'refund_failed',
      refunds: [{ amount: { amount: 35_000 }, state: 'failed', failure: 'paid_elsewhere' }],
      operator_actions: ['ask_refund', 'settle'],
    })
    const { body } = await shop.operate('GET', 'attention')
    expect(body.failed_payments).toMatchObject([{ payment: deposit, failure: 'paid_elsewhere' }])
    expectStatus(await decide(deposit, 'settle'), 200)
    await shop.until(deposit, ({ state, refunded }) => state === 'settled' && refunded.amount === 35_000)
    expect(await provider.ledger(deposit)).toMatchObject({ taken: 0, given_back: 0 })
  })

  test('a deposit that the provider let go of before everybody accepted: the buyer gets another link, and all waits for that (B4, B5)', async () => {
    const { number, email, deposit } = await held()
    const again = await letGo(number, deposit)
    expect(await mailOf(email, new RegExp(`^Payment ${again}: please pay`))).toContain(
      `yours has let go of what was held by ${deposit}, and nothing was charged`,
    )
    await accept(shop, dealer, number)
    const asked = await shop.look(again)
    expect(await shop.look(number)).toMatchObject({
      state: 'submitted',
      deadline: { kind: 'deposit', at: asked.deadline_at },
      vehicle: null,
    })
    await followMoneyLate(number)
    expect(await shop.look(number)).toMatchObject({ state: 'submitted', deposit: { number: again } })
    await provider.buyer(again, 'pay')
    await shop.until(number, ({ state }) => state === 'accepted')
    await inPayment(again, 'captured')
    expect(await provider.ledger(deposit)).toMatchObject({ held: 0, taken: 0 })
    expect(await provider.ledger(again)).toMatchObject({ held: 0, taken: 50_000, open_pages: 0 })
    // It shall take nobody's slot in another test.
    expectStatus(await cancellation(number), 200)
  })

  test('asked for again and not paid in time: cancelled, and both partners are told (B4, B5)', async () => {
    const { number, email, deposit } = await held()
    const again = await letGo(number, deposit)
    await inPayment(again, 'pending')
    await house().db`UPDATE payments SET deadline_at = now() WHERE number = ${again}`
    await house().temporal.workflow.getHandle(`payment/${again}`).signal('look')
    await ended(number, 'cancelled')
    await ended(again, 'expired')
    expect(await mailOf(email, /cancelled$/)).toContain('was not paid in time')
    const sent = 'received deposit_requested deposit_held told_dealer told_processor'
    const told = `${sent} deposit_requested cancelled told_dealer told_processor`
    expect((await story(shop, number)).join(' ')).toBe(told)
  })

  test('an operator gave all of it back before: nothing is left that the terms could be about (B10)', async () => {
    const { number, deposit, email } = await held()
    await accept(shop, dealer, number)
    await inPayment(deposit, 'captured')
    const all = { amount: 50_000, reason: 'A scratch.' }
    expectStatus(await shop.operate('POST', `payments/${deposit}/refund`, all), 200)
    await shop.until(deposit, ({ refunded }) => refunded.amount === 50_000)
    expectStatus(await cancellation(number), 200)
    expect(await mailOf(email, /cancelled$/)).toContain(
      'You were given back all that you paid, €500.00, before.',
    )
    expect(await provider.ledger(deposit)).toMatchObject({ taken: 50_000, given_back: 50_000 })
  })

  test('nothing is handed over while the deposit could not be taken, or the balance is only being taken (B5)', async () => {
    const { number, deposit, vehicle } = await untaken()
    expectStatus(await plantSays(shop, 'at_dealer', vehicle), 200)
    const { balance } = await shop.until(number, (view) => view.balance?.state === 'pending')
    // The dealer's page says it in words, too.
    const page = await new Browser().open(await linkIn(shop, dealer.email, new RegExp(number), 'c'))
    expect(page.text).toContain('The deposit could not be taken.')
    const unpaid = await expectProblem(
      house(),
      await handover(number, { settled_at_dealer: true }),
      409,
      'balance-due',
    )
    expect([unpaid.payment, unpaid.amount.amount]).toEqual([deposit, 50_000])
    expectStatus(await decide(deposit, 'settle'), 200)
    // The provider takes its time over the balance, and then refuses it.
    await provider.openPage(balance.number)
    await provider.behave({ mode: 'refuse_capture', on: 'capture', times: 1, answer_after_ms: 2_000 })
    await provider.buyer(balance.number, 'pay')
    await inPayment(balance.number, 'capturing')
    for (const settled_at_dealer of [false, true]) {
      const due = await expectProblem(
        house(),
        await handover(number, { settled_at_dealer }),
        409,
        'balance-due',
      )
      expect([due.payment, due.amount.amount]).toEqual([balance.number, PRICE - 50_000])
    }
    await page.send('/handover')
    expect([page.status, page.text]).toEqual([
      409,
      expect.stringContaining('The balance is just being taken online.'),
    ])
    await inPayment(balance.number, 'capture_failed')
    await provider.behave({ mode: 'normal' })
    expectStatus(await handover(number, { settled_at_dealer: true }), 200)
    await ended(balance.number, 'voided')
  })

  test('cancelled while the deposit is being taken, and then that is refused: nothing is left to be given back (B5, B10)', async () => {
    const { number, deposit } = await held()
    await provider.behave({ mode: 'refuse_capture', on: 'capture', times: 1, answer_after_ms: 2_000 })
    await accept(shop, dealer, number)
    expectStatus(await cancellation(number), 200)
    expect(await shop.look(deposit)).toMatchObject({ state: 'capturing', refunds: [{ state: 'asked' }] })
    await ended(deposit, 'voided')
    await provider.behave({ mode: 'normal' })
    expect((await shop.look(deposit)).refunds).toEqual([])
    expect(await provider.ledger(deposit)).toMatchObject({ held: 0, taken: 0, given_back: 0 })
  })

  test('terms are refused with their fault, and changed for orders that are made after it: one made before keeps its own (B10)', async () => {
    const path = 'order-terms/custom_order/EUR'
    const terms = { deposit: 50_000, fee: 15_000, refund_banked: 'full', refund_scheduled: 'full' }
    await changesNothing(house(), async () => {
      for (const [body, pointer] of [
        [{ ...terms, fee: 50_001 }, '/fee'],
        [{ ...terms, deposit: 'much' }, '/deposit'],
        [{ ...terms, refund_banked: 'half' }, '/refund_banked'],
        [{ ...terms, more: 1 }, '/more'],
      ] as const) {
        const answer = await shop.operate('PUT', path, body, ifMatch('"1"'))
        await expectProblem(house(), answer, 422, 'invalid-request', [pointer])
      }
      const unversioned = await shop.operate('PUT', path, terms)
      await expectProblem(house(), unversioned, 428, 'version-missing')
      const stale = await shop.operate('PUT', path, terms, ifMatch('"7"'))
      await expectProblem(house(), stale, 412, 'version-stale')
      const byDealer = await shop.operate('PUT', path, terms, { ...ifMatch('"1"'), key: dealer.key })
      await expectProblem(house(), byDealer, 403, 'role-forbidden')
    })
    // Scheduled and then cancelled, the deposit is kept.
    const before = await held()
    expectStatus(await shop.operate('PUT', path, terms, ifMatch('"1"')), 200)
    const { number: after, order } = await orderVehicle(shop, range, dealer)
    expect(order.terms).toMatchObject({ refund_banked: 'full', refund_scheduled: 'full' })
    expectStatus(await cancellation(after), 200)

    const bank = new Bank(shop)
    await bank.periods(2)
    expectStatus(await bank.plant('kept', { lines: [range.modelLine], slots: [1, 0] }), 201)
    const { vehicle } = await accept(shop, dealer, before.number)
    await inPayment(before.deposit, 'captured')
    expect(await bank.settled([vehicle.number])).toEqual(['kept/1 -'])
    expectStatus(await cancellation(before.number), 200)
    expect(await mailOf(before.email, /cancelled$/)).toContain('nothing of the deposit is given back')
    expect(await shop.look(before.deposit)).toMatchObject({ state: 'captured', refunds: [] })
    const { data } = (await shop.operate('GET', 'order-terms')).body
    const { version } = data.find(({ kind }: { kind: string }) => kind === 'custom_order')
    const usual = { ...terms, refund_banked: 'less_fee', refund_scheduled: 'deposit_kept' }
    expectStatus(await shop.operate('PUT', path, usual, ifMatch(`"${version}"`)), 200)
  })
})

describe('tags (B5, B8, B11)', () => {
  /** What holds from now on; what was tagged before keeps its own terms. */
  async function tagTerms(rules: { refund_banked?: string; refund_scheduled?: string } = {}): Promise<void> {
    const path = '/v1/operator/order-terms/tag/EUR'
    const terms = { deposit: 50_000, fee: 15_000, refund_banked: 'full', refund_scheduled: 'less_fee' }
    const { data } = expectStatus(
      await shop.call('GET', '/v1/operator/order-terms', { key: shop.operatorKey }),
      200,
    ).body
    const known = data.find(({ kind }: { kind: string }) => kind === 'tag')
    const headers: Record<string, string> = known ? { 'if-match': `"${known.version}"` } : {}
    const body = { ...terms, ...rules }
    expectStatus(await shop.call('PUT', path, { key: shop.operatorKey, body, headers }), 200)
  }
  beforeEach(() => tagTerms())

  async function tagged(more: object = {}) {
    const model = await newModel(shop)
    const [car, other] = await onLot(shop, dealer, [
      lotVehicle(model, { features: [...PLAIN_CAR, 'ROOF'] }),
      lotVehicle(model),
    ])
    const placed = await tag(shop, car, more)
    return { ...placed, model, car, other: other ?? '', deposit: placed.tag.deposit.number as string }
  }
  /** One whose deposit is held, so that it was sent. */
  async function pending(more: object = {}) {
    const placed = await tagged(more)
    await provider.buyer(placed.deposit, 'pay')
    await shop.until(placed.number, ({ state }) => state === 'pending')
    return placed
  }
  /** One whose deposit is taken, and whose balance is asked for. */
  async function confirmed(more: object = {}) {
    const placed = await pending(more)
    await confirmTag(shop, dealer, placed.number)
    await inPayment(placed.deposit, 'captured')
    const { balance } = await shop.until(placed.number, (view) => view.balance?.state === 'pending')
    return { ...placed, balance: balance.number as string }
  }
  const giveUp = async (number: string) =>
    expectStatus(await shop.call('POST', `/v1/tags/${number}/cancellation`, { body: {} }), 200).body
  const handOver = (number: string, body: object = {}) =>
    shop.call('POST', `/v1/tags/${number}/handover`, { key: dealer.key, body })
  /** What operators read in the Temporal UI, once it begins so. */
  const shown = (number: string, stage: string, words: string) =>
    waitFor(
      `${number} to say: ${words}`,
      async () => {
        const handle = house().temporal.workflow.getHandle(`tag/${number}`)
        const { currentDetails } = await handle.query<{ currentDetails?: string }>(
          '__temporal_workflow_metadata',
        )
        return [(await handle.describe()).searchAttributes.Stage?.[0], currentDetails]
      },
      ([at, details]) => at === stage && String(details).startsWith(words),
    )
  test('the vehicle is the buyer’s at once; the deposit is held, taken once both have said yes, the balance before the handover', async () => {
    const { number, email, tag: placed, car, deposit } = await tagged()
    expect(placed).toMatchObject({
      state: 'awaiting_deposit',
      deadline: { kind: 'deposit' },
      allowed_actions: ['report_sold', 'cancel'],
      terms: {
        deposit: { amount: 50_000, currency: 'EUR' },
        fee: { amount: 15_000, currency: 'EUR' },
        refund_banked: 'full',
        refund_scheduled: 'less_fee',
      },
      deposit: { amount: { amount: 50_000, currency: 'EUR' }, pay_url: expect.stringMatching(/^http/) },
      balance: null,
    })
    const { deadline_at } = await shop.look(deposit)
    expect(deadline_at).toBe(placed.deadline.at)
    expect(await bookedAs(shop, car)).toMatchObject({ type: 'retail', buyer: number, availability: 'tagged' })
    await shown(number, 'awaiting_deposit', "The vehicle is the buyer's: waits for the deposit")
    expect(await mailOf(email, /is yours if it is there$/)).toContain('The deposit is €500.00')

    // A card that is declined changes nothing, and neither partner has heard of it; a word of theirs is too early.
    await provider.buyer(deposit, 'decline')
    expect(await story(shop, number)).toEqual(['placed', 'deposit_requested'])
    await expectProblem(house(), await answerTag(shop, dealer, number, 'there'), 409, 'state-conflict')
    const early = await judgeTag(shop, number, 'accepted', { reference: 'P-early' })
    await expectProblem(house(), early, 409, 'state-conflict')
    expect(await shop.look(number)).toMatchObject({ state: 'awaiting_deposit', dealer_accepted: false })
    const seen = await shop.call('GET', `/v1/tags/${number}`, { key: dealer.key })
    expect(expectStatus(seen, 200).body).toMatchObject({ buyer: null, deposit: null })

    await provider.buyer(deposit, 'pay')
    await shop.until(number, ({ state }) => state === 'pending')
    await shop.mails(dealer.email, new RegExp(`^Tag ${number}: `))
    expect(await provider.ledger(deposit)).toMatchObject({ held: 50_000, taken: 0 })
    await shown(number, 'pending', 'Waits for the dealer and the order processor until')
    // The processor may be first: nothing is taken before the dealer has said it, too.
    const first = await judgeTag(shop, number, 'accepted', { reference: 'P-1' })
    expect(expectStatus(first, 200).body).toMatchObject({ state: 'pending', processor_reference: 'P-1' })
    await shown(number, 'pending', 'Waits for the dealer until')
    expect(await provider.ledger(deposit)).toMatchObject({ held: 50_000, taken: 0 })
    const there = await answerTag(shop, dealer, number, 'there')
    expect(expectStatus(there, 200).body).toMatchObject({ state: 'confirmed', buyer: { email } })
    await inPayment(deposit, 'captured')
    expect(await provider.ledger(deposit)).toEqual({ held: 0, taken: 50_000, given_back: 0, open_pages: 0 })
    expect(await mailOf(email, /is there$/)).toContain('From then on it is given back less the fee.')

    const { balance } = await shop.until(number, (view) => view.balance?.state === 'pending')
    expect(balance.amount).toEqual({ amount: PRICE - 50_000, currency: 'EUR' })
    const due = await expectProblem(house(), await handOver(number), 409, 'balance-due')
    expect([due.payment, due.amount]).toEqual([balance.number, balance.amount])
    await provider.buyer(balance.number, 'pay')
    await inPayment(balance.number, 'captured')
    await shown(number, 'confirmed', 'Dealer and order processor have said yes, and the vehicle is there')
    expect(expectStatus(await handOver(number), 200).body).toMatchObject({ state: 'delivered' })
    await shown(number, 'delivered', 'Ended: the buyer has the vehicle.')
    expect(await provider.ledger(balance.number)).toMatchObject({ taken: PRICE - 50_000, given_back: 0 })
    expect(await story(shop, number)).toEqual(
      [
        'placed deposit_requested word_kept word_kept deposit_held sent told_processor',
        'processor_accepted dealer_accepted confirmed ready told_processor balance_requested',
        'delivered',
      ]
        .join(' ')
        .split(' '),
    )
    const records = expectStatus(
      await shop.call('GET', `/v1/operator/members?number=${number}`, { key: shop.operatorKey }),
      200,
    ).body.data
    const { body: member } = await shop.call('GET', `/v1/operator/members/${records[0].id}`, {
      key: shop.operatorKey,
    })
    expect(member.records.data.map(({ kind, status }: Answer['body']) => `${kind} ${status}`).sort()).toEqual(
      ['payment captured', 'payment captured', 'tag delivered', 'vehicle delivered'],
    )
  })

  test('the balance is settled at the dealer: its page is closed, and nothing is taken twice', async () => {
    const { number } = await confirmed()
    const { balance: asked } = await overdue(number, dealer)
    const { number: balance } = asked
    expectStatus(await handOver(number, { settled_at_dealer: true }), 200)
    await inPayment(balance, 'voided')
    expect(await shop.look(number)).toMatchObject({
      state: 'delivered',
      balance: { state: 'settled', amount: { amount: PRICE - 50_000 } },
    })
    expect(await overdueBalances(number)).toEqual([])
    expect(await provider.ledger(balance)).toEqual({ held: 0, taken: 0, given_back: 0, open_pages: 0 })
  })

  test('sold after deposit and balance were taken: both go back in full, and the next matches are shown', async () => {
    const { number, email, deposit, balance, car, other } = await confirmed()
    await provider.buyer(balance, 'pay')
    await inPayment(balance, 'captured')
    // The provider fails to give one of them back: operators see it, and have it tried again.
    await provider.behave({ mode: 'fail_refund', times: 1 })
    expectStatus(await answerTag(shop, dealer, number, 'sold'), 200)
    const failed = await waitFor(
      'the refund to fail',
      async () =>
        expectStatus(await shop.call('GET', '/v1/operator/attention', { key: shop.operatorKey }), 200).body
          .failed_payments,
      (payments) => payments.length === 1,
    )
    expect(failed).toMatchObject([{ pays_for: number, state: 'refund_failed' }])
    await provider.behave({ mode: 'normal' })
    const retry = { decision: 'retry', reason: 'As agreed' }
    const path = `/v1/operator/payments/${failed[0].payment}/decision`
    expectStatus(await shop.call('POST', path, { key: shop.operatorKey, body: retry }), 200)
    for (const payment of [deposit, balance]) await inPayment(payment, 'refunded')
    expect(await provider.ledger(deposit)).toMatchObject({ taken: 50_000, given_back: 50_000 })
    expect(await provider.ledger(balance)).toMatchObject({ given_back: PRICE - 50_000 })
    const view = await shop.look(number)
    expect(view).toMatchObject({ state: 'sold', next_matches: [{ vehicle: { number: other } }] })
    const mail = await mailOf(email, /is sold$/)
    expect(mail).toContain('You are given back €30,000.00.')
    expect(mail).toContain('These come nearest to what you wish:')
    expect(await bookedAs(shop, car)).toMatchObject({ type: 'retail', buyer: null, availability: 'sold' })
  })

  test('given up once it was confirmed, refunded by the rule that it was placed under: less the fee (B11)', async () => {
    const { number, email, deposit, balance, car } = await confirmed()
    await tagTerms({ refund_scheduled: 'full' })
    expect((await giveUp(number)).state).toBe('cancelled')
    await shop.until(deposit, ({ refunded }) => refunded.amount === 35_000)
    await inPayment(balance, 'voided')
    expect(await provider.ledger(deposit)).toMatchObject({ held: 0, taken: 50_000, given_back: 35_000 })
    expect(await mailOf(email, /is cancelled$/)).toContain('You are given back €350.00.')
    expect(await bookedAs(shop, car)).toMatchObject({ type: 'stock', buyer: null, availability: 'available' })
  })

  test('in the pipeline: before it has a slot by that rule, and the balance is asked for once it has arrived', async () => {
    await tagTerms({ refund_banked: 'less_fee', refund_scheduled: 'deposit_kept' })
    const vehicle = await inPipeline(shop, dealer, await newModel(shop))
    const paid = async () => {
      const { number, tag: placed } = await tag(shop, vehicle)
      await provider.buyer(placed.deposit.number, 'pay')
      await shop.until(number, ({ state }) => state === 'pending')
      await confirmTag(shop, dealer, number)
      await inPayment(placed.deposit.number, 'captured')
      return { number, deposit: placed.deposit.number as string }
    }
    const first = await paid()
    await giveUp(first.number)
    await shop.until(first.deposit, ({ refunded }) => refunded.amount === 35_000)
    const next = await paid()
    expect(await shop.look(next.number)).toMatchObject({ state: 'confirmed', balance: null })
    const arrival = `/v1/vehicles/${vehicle}/arrival`
    expectStatus(await shop.call('POST', arrival, { key: dealer.key, body: {} }), 200)
    await shop.until(next.number, ({ balance }) => balance?.state === 'pending')
    expectStatus(await handOver(next.number, { settled_at_dealer: true }), 200)
  })

  test('declined and then never paid: it ends, and the vehicle goes to who waits, whose tag works the same', async () => {
    const { number, email, deposit, model, car } = await tagged()
    const waiter = await waitForMatch(shop, model, { search: { must_have: ['ROOF'] } })
    await provider.buyer(deposit, 'decline')
    await house().db`UPDATE tags SET deadline_at = now() WHERE number = ${number}`
    await house().temporal.workflow.getHandle(`tag/${number}`).signal('look')
    await shop.until(number, ({ state }) => state === 'cancelled')
    await ended(deposit, 'voided')
    expect(await provider.ledger(deposit)).toMatchObject({ held: 0, taken: 0, open_pages: 0 })
    expect(await story(shop, number)).toEqual(['placed', 'deposit_requested', 'cancelled'])
    expect(await mailOf(email, /is cancelled$/)).toContain('was not paid in time')
    expect(await bookedAs(shop, car)).toMatchObject({
      type: 'stock',
      availability: 'offered',
      match_request: waiter.number,
    })
    const path = `/v1/match-requests/${waiter.number}/acceptance`
    const { tag: next } = expectStatus(await shop.call('POST', path, { body: {} }), 200).body
    const { deposit: asked } = await shop.until(next, (view) => view.deposit?.state === 'pending')
    await provider.buyer(asked.number, 'pay')
    await shop.until(next, ({ state }) => state === 'pending')
    // Given up before anybody has said yes: what is held is let go.
    await giveUp(next)
    await ended(asked.number, 'voided')
    expect(await provider.ledger(asked.number)).toMatchObject({ held: 0, taken: 0, given_back: 0 })
  })

  test('let go of by the provider before both have said yes: asked for again, and the tag is confirmed once that is held', async () => {
    const { number, deposit } = await pending()
    const again = await letGo(number, deposit)
    await confirmTag(shop, dealer, number)
    expect(await shop.look(number)).toMatchObject({ state: 'pending', deadline: { kind: 'deposit' } })
    await shown(number, 'pending', "The vehicle is the buyer's: waits for the deposit")
    await followMoneyLate(number)
    await provider.buyer(again, 'pay')
    await shop.until(number, ({ state }) => state === 'confirmed')
    await inPayment(again, 'captured')
    expect(await provider.ledger(deposit)).toMatchObject({ held: 0, taken: 0 })
  })

  test('asked for again and not paid in time: the tag ends, and the vehicle is free', async () => {
    const { number, deposit, car } = await pending()
    const again = await letGo(number, deposit)
    expectStatus(await answerTag(shop, dealer, number, 'there'), 200)
    await inPayment(again, 'pending')
    await house().db`UPDATE payments SET deadline_at = now() WHERE number = ${again}`
    await house().temporal.workflow.getHandle(`payment/${again}`).signal('look')
    await ended(number, 'cancelled')
    expect(await bookedAs(shop, car)).toMatchObject({ type: 'stock', buyer: null, availability: 'available' })
  })

  test('sold while the deposit is waited for: its page is closed, and the processor never hears of it', async () => {
    const { number, deposit, car } = await tagged()
    await provider.openPage(deposit)
    expectStatus(await answerTag(shop, dealer, number, 'sold'), 200)
    await ended(deposit, 'voided')
    expect(await provider.ledger(deposit)).toMatchObject({ held: 0, taken: 0, open_pages: 0 })
    expect(await story(shop, number)).toEqual(['placed', 'deposit_requested', 'sold'])
    expect(await bookedAs(shop, car)).toMatchObject({ buyer: null, availability: 'sold' })
  })

  test('refused by the processor although the dealer has it: what is held is let go, the vehicle is free', async () => {
    const { number, email, deposit, car, other } = await pending()
    expectStatus(await answerTag(shop, dealer, number, 'there'), 200)
    const reasons = ['Recalled', 'Not for sale']
    expectStatus(await judgeTag(shop, number, 'refused', { reasons }), 200)
    expect(await shop.look(number)).toMatchObject({
      state: 'refused',
      refusal: { by: 'processor', reasons: 'Recalled; Not for sale' },
      allowed_actions: [],
    })
    await ended(deposit, 'voided')
    expect(await provider.ledger(deposit)).toMatchObject({ held: 0, taken: 0, given_back: 0 })
    const view = await shop.look(number)
    const matches = view.next_matches.map((match: Answer['body']) => match.vehicle.number)
    expect(matches.sort()).toEqual([car, other].sort())
    const mail = await mailOf(email, /: not accepted$/)
    expect(mail).toContain('The reasons: Recalled; Not for sale.')
    expect(mail).toContain('Nothing was charged.')
    await shop.mails(dealer.email, new RegExp(`^Tag ${number} is withdrawn$`))
    expect(await bookedAs(shop, car)).toMatchObject({ type: 'stock', buyer: null, availability: 'available' })
  })

  test('two buyers race for one car with deposits: one has it and is asked to pay, the other is not', async () => {
    const model = await newModel(shop)
    for (let round = 0; round < 4; round++) {
      const [car] = await onLot(shop, dealer, [lotVehicle(model)])
      const tagIt = () => shop.call('POST', '/v1/tags', { body: { vehicle: car, customer: newBuyer() } })
      const answers = await Promise.all([tagIt(), tagIt()])
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
      const { number } = answers.find(({ status }) => status === 201)?.body ?? {}
      const asked = await house().db`
        SELECT p.pays_for FROM payments p JOIN tags t ON t.number = p.pays_for WHERE t.vehicle = ${car}`
      expect(asked).toEqual([{ pays_for: number }])
    }
  })

  test('a storefront that takes its own payments: no deposit is asked for, and the terms are told', async () => {
    await house().db`UPDATE storefronts SET takes_payment = false WHERE id = ${shop.storefront}`
    try {
      const [car] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
      const { number, tag: placed } = await tag(shop, car)
      expect(placed).toMatchObject({
        state: 'pending',
        deposit: null,
        terms: { refund_scheduled: 'less_fee' },
      })
      await confirmTag(shop, dealer, number)
      expectStatus(await handOver(number), 200)
      expect(await house().db`SELECT 1 FROM payments WHERE pays_for = ${number}`).toHaveLength(0)
    } finally {
      await house().db`UPDATE storefronts SET takes_payment = true WHERE id = ${shop.storefront}`
    }
  })
})
