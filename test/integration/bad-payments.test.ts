import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import Stripe from 'stripe'
import { beforeAll, describe, expect, test } from 'vitest'
import { lookAt } from '../../src/clients/look.ts'
import { newNumber } from '../../src/domain/number.ts'
import { createLinks } from '../../src/integrations/link.ts'
import { transact } from '../../src/store/database.ts'
import { recordSettled, releasePayment, requestPayment } from '../../src/store/payment-changes.ts'
import * as schema from '../../src/store/schema.ts'
import { pendingWakes, wakesDone } from '../../src/store/wake.ts'
import { Browser } from '../support/browser.ts'
import { useHouse } from '../support/house.ts'
import { linkIn } from '../support/lead.ts'
import { changesNothing, expectProblem, expectSoundHouse } from '../support/proof.ts'
import { ProviderSide } from '../support/provider.ts'
import { ADDRESS, expectStatus, Shop } from '../support/shop.ts'
import { FEATURES, newVin } from '../support/vehicle.ts'

const house = useHouse({ partners: ['mail', 'carrier', 'payments'] })
let shop: Shop
let provider: ProviderSide
/** Brings goods that nobody asked for. */
let supplier: { key: string }
beforeAll(async () => {
  shop = await Shop.open(house())
  provider = new ProviderSide(house())
  supplier = await shop.supplier({ skus: [] })
})

async function takesPayment(takes_payment: boolean): Promise<void> {
  await house().db`UPDATE storefronts SET takes_payment = ${takes_payment} WHERE id = ${shop.storefront}`
}

async function toBePaid() {
  await takesPayment(true)
  const sku = await shop.item()
  const { order, number } = await shop.backOrder(sku, 1)
  expectStatus(await shop.bring(supplier, sku, 1), 201)
  await shop.until(number, ({ state }) => state === 'met')
  expectStatus(await shop.command(number, 'delivery-request', { ship_to: ADDRESS }), 200)
  const { payment } = expectStatus(await shop.command(number, 'confirmation'), 202).body
  const pending = await shop.until(payment.number, ({ state }) => state === 'pending')
  return { order, number, payment: payment.number as string, pending }
}

function webhook(payload: string, headers: Record<string, string>) {
  return fetch(`${house().apiUrl}/v1/payment-webhooks/stripe`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: payload,
  })
}

describe('bad input about payments (B5)', () => {
  test('webhooks are believed by their signature alone, and not even then beyond what the provider says when asked', async () => {
    const { payment, number } = await toBePaid()
    const { webhooks } = new Stripe('sk_unused')
    const object = { id: 'cs_1', object: 'checkout.session', status: 'complete', metadata: { payment } }
    const payload = JSON.stringify({ id: 'evt_forged', type: 'checkout.session.completed', data: { object } })
    await changesNothing(house(), async () => {
      for (const headers of [{}, { 'stripe-signature': 't=1,v1=00' }] as Record<string, string>[]) {
        const answer = await webhook(payload, headers)
        expect([answer.status, ((await answer.json()) as { type: string }).type]).toEqual([
          401,
          `${house().apiUrl}/problems/invalid-signature`,
        ])
      }
      const nobodys = JSON.stringify({ id: 'evt_2', type: 'x', data: { object: { metadata: {} } } })
      const header = webhooks.generateTestHeaderString({
        payload: nobodys,
        secret: house().stripeWebhookSecret,
      })
      const answer = await webhook(nobodys, { 'stripe-signature': header })
      expect([answer.status, await answer.json()]).toEqual([200, { received: true }])
    })
    // Signed with the right secret, it claims what is not so: the provider is asked, and nothing comes of it.
    const header = webhooks.generateTestHeaderString({ payload, secret: house().stripeWebhookSecret })
    expect((await webhook(payload, { 'stripe-signature': header })).status).toBe(200)
    expect((await webhook(payload, { 'stripe-signature': header })).status).toBe(200)
    await expectSoundHouse(house())
    expect(await shop.look(payment)).toMatchObject({ state: 'pending', version: 2 })
    expect(await shop.look(number)).toMatchObject({ state: 'delivery_requested' })
  })

  test('amounts that the provider could not take are refused where they are set', async () => {
    const dealer = await shop.dealer()
    const modelYear = {
      make: { code: 'bad-make', name: 'Tarn' },
      model: { code: 'bad-model', name: 'Heron' },
      model_line: { code: 'bad-line', name: 'Heron' },
      year: 2027,
      currency: 'KWD',
      base_price: 9_000_005,
      features: [...FEATURES, { kind: 'option', code: 'MATS', name: 'mats', price: 5 }],
    }
    const price = { amount: 5_124, currency: 'KWD' }
    const vehicle = { dealer: dealer.id, model_year: 'bad', features: ['ROOF'], vin: newVin(), price }
    const refund = 'full'
    const terms = { deposit: 50_001, fee: 10_001, refund_banked: refund, refund_scheduled: refund }
    const year = 'model-years/bad'
    await changesNothing(house(), async () => {
      for (const [method, path, body, pointers] of [
        ['PUT', '/v1/operator/items/BAD', { name: 'Bad', price }, ['/price/amount']],
        [
          'POST',
          '/v1/operator/items/bulk',
          { items: [{ sku: 'BAD', name: 'Bad', price }] },
          ['/items/0/price/amount'],
        ],
        ['PUT', `/v1/operator/${year}`, modelYear, ['/base_price', `/features/${FEATURES.length}/price`]],
        ['PUT', '/v1/operator/order-terms/tag/KWD', terms, ['/deposit', '/fee']],
        ['POST', '/v1/stock-vehicles', vehicle, ['/price/amount']],
      ] as const) {
        const answer = await shop.call(method, path, { key: shop.operatorKey, body })
        await expectProblem(house(), answer, 422, 'invalid-request', [...pointers])
      }
    })
    const taken = { name: 'Good', price: { ...price, amount: 5_120 } }
    const saved = await shop.call('PUT', '/v1/operator/items/GOOD', { key: shop.operatorKey, body: taken })
    expectStatus(saved, 201)
  })

  test('a link to pay that was not made by us opens nothing, and acts on nothing', async () => {
    const { order, payment, pending } = await toBePaid()
    const { pathname } = new URL(pending.pay_url)
    for (const path of [`${pathname}x`, pathname.replace(/.$/, '_'), '/p/PY-0000-0000-000/x', '/p/x']) {
      const answer = await fetch(house().apiUrl + path, { redirect: 'manual' })
      expect([path, answer.status, await answer.text()]).toEqual([
        path,
        404,
        expect.stringContaining('This link is not valid'),
      ])
    }
    const post = await fetch(pending.pay_url, { method: 'POST' })
    expect(post.status).toBe(404)
    const [customer] = await house().db<{ email: string }[]>`
      SELECT c.email FROM customers c JOIN orders o ON o.customer = c.id WHERE o.number = ${order}`
    const page = await new Browser().open(await linkIn(shop, customer?.email ?? '', /not in stock/, 'o'))
    expect(page.text).toContain('All 1 set aside; waiting for the payment.')
    expect(page.forms.some((action) => action.endsWith('/confirmation'))).toBe(false)
    // Our pages send no referrer, so the link to pay is all that the provider learns.
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    await page.send('/refusal')
    await shop.until(payment, ({ state }) => state === 'voided')
    const over = await new Browser().open(pending.pay_url)
    expect(over.text).toContain('nothing was charged')
    await expectSoundHouse(house())
  })

  test('who may see what, and what is not possible', async () => {
    const { payment, number } = await toBePaid()
    const other = await Shop.open(house())
    const look = (path: string, key?: string) => shop.call('GET', path, key ? { key } : {})
    await expectProblem(house(), await look(`/v1/payments/${payment}`, other.storefrontKey), 404, 'not-found')
    await expectProblem(house(), await look('/v1/payments/PY-0000-0000-001'), 400, 'mistyped-number')
    await expectProblem(house(), await look(`/v1/payments/${newNumber('payment')}`), 404, 'not-found')
    const list = expectStatus(await look(`/v1/payments?pays_for=${number}`), 200)
    expect(list.body.data).toMatchObject([{ number: payment, pays_for: number, state: 'pending' }])
    expect((await look('/v1/payments', other.storefrontKey)).body.data).toEqual([])
    const story = expectStatus(await look(`/v1/payments/${payment}/events`), 200)
    expect(story.body.data.map(({ type }: { type: string }) => type)).toEqual([
      'payment.requested',
      'payment.opened',
    ])

    const operate = (what: string, body: object, key = shop.operatorKey) =>
      shop.call('POST', `/v1/operator/payments/${payment}/${what}`, { key, body })
    const reason = 'A test.'
    await expectProblem(house(), await operate('refund', { amount: 1, reason }), 409, 'state-conflict')
    await expectProblem(
      house(),
      await operate('decision', { decision: 'retry', reason }),
      409,
      'state-conflict',
    )
    await expectProblem(house(), await operate('refund', { amount: 0 }), 422, 'invalid-request', [
      '/amount',
      '/reason',
    ])
    await expectProblem(
      house(),
      await operate('refund', { amount: 1, reason }, shop.storefrontKey),
      403,
      'role-forbidden',
    )
    expect((await shop.look(payment)).version).toBe(2)
  })
})

describe('what other owners of payments can ask for (B5)', () => {
  test('taken at once, exactly once per order and step; or settled at the dealer', async () => {
    await takesPayment(false)
    const sku = await shop.item()
    const { number } = await shop.backOrder(sku, 1)
    const [row] = await house().db<{ customer: string }[]>`
      SELECT customer FROM back_orders WHERE number = ${number}`
    const client = postgres(house().databaseUrl, { max: 2, onnotice: () => {} })
    const db = drizzle(client, { schema })
    const links = createLinks({ secret: house().linkSecret, publicUrl: house().apiUrl })
    const asked = {
      pays_for: number,
      amount_minor: 120_000,
      currency: 'EUR',
      storefront: shop.storefront,
      customer: row?.customer ?? '',
    }
    const change = { actor: 'house', step: 'a-test' }
    const deposit = () =>
      transact(db, (tx) =>
        requestPayment(
          tx,
          links,
          { ...asked, purpose: 'deposit', deadline_at: new Date(Date.now() + 60_000), capture: 'at_once' },
          change,
        ),
      )
    const [first, second] = await Promise.all([deposit(), deposit()])
    expect(first.number).toBe(second.number)
    /** What the process of an owner does after its step. */
    const drain = async () => {
      for (const { id, workflow } of await pendingWakes(db, { step: 'a-test' }, 10)) {
        await lookAt({ client: house().temporal, taskQueue: 'holdfast', close: async () => {} }, workflow)
        await wakesDone(db, [id])
      }
    }
    await drain()
    await provider.buyer(first.number, 'pay')
    await shop.until(first.number, ({ state }) => state === 'captured')
    expect((await deposit()).number).toBe(first.number)
    expect(await provider.ledger(first.number)).toEqual({
      held: 0,
      taken: 120_000,
      given_back: 0,
      open_pages: 0,
    })

    const settle = () => transact(db, (tx) => recordSettled(tx, { ...asked, purpose: 'balance' }, change))
    const settled = await settle()
    expect((await settle()).number).toBe(settled.number)
    await drain()
    expect(await shop.look(settled.number)).toMatchObject({
      state: 'settled',
      purpose: 'balance',
      pay_url: null,
      operator_actions: ['ask_refund'],
    })
    expect(await provider.booksOf(settled.number)).toMatchObject({ sessions: [], calls: [] })

    // The owner wants neither any more: the provider gives back what it took, and the rest is a person's to give back.
    for (const payment of [first.number, settled.number])
      await transact(db, (tx) => releasePayment(tx, payment, change))
    await drain()
    await shop.until(first.number, ({ state }) => state === 'refunded')
    expect(await shop.look(settled.number)).toMatchObject({ state: 'refund_failed' })
    await client.end()
    await expectSoundHouse(house())
  })
})

test('nothing of the provider or the buyer is in Temporal (P6)', async () => {
  const { payment } = await toBePaid()
  const { id } = await provider.openPage(payment)
  await provider.buyer(payment, 'pay')
  await shop.until(payment, ({ state }) => state === 'captured', 30)
  const { intents } = await provider.booksOf(payment)
  const history = await house().temporal.workflow.getHandle(`payment/${payment}`).fetchHistory()
  const text = JSON.stringify(history, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString() : value,
  )
  expect(text).toContain(payment)
  for (const secret of [id, intents[0]?.id ?? 'pi_', '/pay/', '/p/PY', 'Ada', '@example.test']) {
    expect(text.includes(secret), secret).toBe(false)
  }
  // The price, as a value: within a time or an id the digits may be there.
  expect(text).not.toMatch(/[:[]1999[,}\]]/)
  const logs = house().logs()
  expect(logs.includes('/p/PY')).toBe(false)
  expect(logs.includes(id)).toBe(false)
})
