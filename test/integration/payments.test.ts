import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { askForPayment } from '../../src/activities/confirmation.ts'
import { SEARCH_ATTRIBUTES } from '../../src/clients/messages.ts'
import { createLinks } from '../../src/integrations/link.ts'
import { type BackOrderRow, lockBackOrder } from '../../src/store/back-order.ts'
import * as schema from '../../src/store/schema.ts'
import { useHouse } from '../support/house.ts'
import { expectProblem, expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { ProviderSide } from '../support/provider.ts'
import { reconcileNow } from '../support/reconcile.ts'
import { ADDRESS, expectStatus, Shop, waitFor } from '../support/shop.ts'

const house = useHouse({ partners: ['mail', 'carrier', 'payments'] })
let shop: Shop
let provider: ProviderSide
/** Brings goods that nobody asked for. */
let supplier: { key: string }
/** Paid while the provider's webhooks were lost: it is asked after a while, which other tests use. */
let unheard: Awaited<ReturnType<typeof toBePaid>>
beforeAll(async () => {
  shop = await Shop.open(house())
  provider = new ProviderSide(house())
  supplier = await shop.supplier({ skus: [] })
  await house().db`UPDATE storefronts SET takes_payment = true WHERE id = ${shop.storefront}`
  await carrier({ mode: 'normal' })
  await provider.behave({ mode: 'normal', webhooks: 'lost' })
  unheard = await toBePaid()
  await provider.buyer(unheard.payment, 'pay')
})
beforeEach(async () => {
  await provider.behave({ mode: 'normal' })
  await carrier({ mode: 'normal' })
})

const PRICE = 1_999

async function carrier(orders: object): Promise<void> {
  const body = JSON.stringify({ collect_after_ms: 200, deliver_after_ms: 200, ...orders })
  const headers = { 'content-type': 'application/json' }
  await fetch(`${house().carrierUrl}/api/behaviour`, { method: 'PUT', headers, body })
}

/** A back order whose goods are there and whose delivery is requested, so that the confirmation is what is left. */
async function toBeConfirmed(
  options: { quantity?: number; deliverOn?: string; email?: string; currency?: string } = {},
) {
  const quantity = options.quantity ?? 2
  const sku = await shop.item()
  if (options.currency) await house().db`UPDATE items SET currency = ${options.currency} WHERE sku = ${sku}`
  const order = expectStatus(
    await shop.order([{ sku, quantity }], options.email ? { email: options.email } : {}),
    201,
  )
  const answers = [{ line: 1, choice: 'wait_for_all' }]
  const answered = await shop.call('POST', `/v1/orders/${order.body.number}/answers`, { body: { answers } })
  const number = expectStatus(answered, 200).body.lines[0].back_order as string
  expectStatus(await shop.bring(supplier, sku, quantity), 201)
  await shop.until(number, (view) => view.state === 'met')
  const request = { ship_to: ADDRESS, ...(options.deliverOn ? { deliver_on: options.deliverOn } : {}) }
  expectStatus(await shop.command(number, 'delivery-request', request), 200)
  return { sku, number, amount: quantity * PRICE }
}

/** The same with its confirmation asked for, so that the payment is what is left. */
async function toBePaid(options: Parameters<typeof toBeConfirmed>[0] = {}) {
  const asked = await toBeConfirmed(options)
  const { payment } = expectStatus(await shop.command(asked.number, 'confirmation'), 202).body
  return { ...asked, payment: payment.number as string, payUrl: payment.pay_url as string }
}

/** The same with the money held and the delivery waiting for a later day. */
async function toBeDelivered() {
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
  await house().db`UPDATE periods SET max_seconds = 604800`
  const held = await toBePaid({ deliverOn: tomorrow })
  await provider.buyer(held.payment, 'pay')
  const { delivery } = await shop.until(held.number, (view) => view.state === 'confirmed')
  return { ...held, delivery: delivery as string }
}

/** The same with its parcel failed and the goods back in stock. */
async function comeBack({ number }: { number: string }) {
  const { delivery } = await shop.until(number, (view) => view.state === 'delivery_failed', 30)
  const body = { decision: 'return_to_stock', reason: 'Nobody was there.' }
  const path = `/v1/operator/deliveries/${delivery}/decision`
  expectStatus(await shop.call('POST', path, { key: shop.operatorKey, body }), 200)
}

async function eventsOf(number: string): Promise<string[]> {
  const rows = await house().db<{ type: string }[]>`
    SELECT type FROM events WHERE number = ${number} ORDER BY sequence`
  return rows.map(({ type }) => type)
}

function decide(payment: string, body: object, idempotencyKey?: string) {
  const options = { key: shop.operatorKey, body, ...(idempotencyKey ? { idempotencyKey } : {}) }
  return shop.call('POST', `/v1/operator/payments/${payment}/decision`, options)
}

function refund(payment: string, amount: number, idempotencyKey?: string) {
  const body = { amount, reason: 'A scratch.' }
  const options = { key: shop.operatorKey, body, ...(idempotencyKey ? { idempotencyKey } : {}) }
  return shop.call('POST', `/v1/operator/payments/${payment}/refund`, options)
}

async function failedPayments(): Promise<{ payment: string; state: string; failure: string | null }[]> {
  const { body } = await shop.call('GET', '/v1/operator/attention', { key: shop.operatorKey })
  return body.failed_payments
}

/** Under which keys the provider did something, each once; what it answered again is left out. */
async function done(payment: string): Promise<string[]> {
  const { calls } = await provider.booksOf(payment)
  const first = calls.filter(({ replayed, status }) => !replayed && status === 200)
  return first.map(({ key }) => key?.slice(payment.length + 1) ?? '').sort()
}

describe('a back order is paid when it is confirmed (B5)', () => {
  test('held at the confirmation, taken at dispatch, confirmed to the buyer', async () => {
    const email = 'payer@example.test'
    const asked = await toBeConfirmed({ quantity: 3, email })
    const before = await shop.look(asked.number)
    const answer = expectStatus(await shop.command(asked.number, 'confirmation'), 202)
    const { payment } = answer.body
    expect(answer.body).toMatchObject({
      state: 'delivery_requested',
      deadline: before.deadline,
      explanation: 'All 3 set aside; waiting for the payment',
      delivery: null,
      payment: { state: 'requested', amount: { amount: 3 * PRICE, currency: 'EUR' } },
    })
    // Asked again, it is the same payment.
    const again = expectStatus(await shop.command(asked.number, 'confirmation'), 202)
    expect(again.body.payment).toMatchObject({ number: payment.number, pay_url: payment.pay_url })
    expect(await shop.level(asked.sku)).toEqual({ on_hand: 3, allocated: 3, outbound: 0, outstanding: 0 })

    const session = await provider.openPage(payment.number)
    expect(session).toMatchObject({
      amount_total: 3 * PRICE,
      currency: 'eur',
      words: `Back order ${asked.number}`,
    })
    await shop.until(payment.number, ({ state }) => state === 'pending')
    const way = await fetch(payment.pay_url, { redirect: 'manual' })
    expect([way.status, way.headers.get('location')]).toEqual([303, session.url])

    await provider.buyer(payment.number, 'pay')
    await shop.until(asked.number, (view) => view.state === 'delivered', 30)
    const paid = await shop.until(payment.number, ({ state }) => state === 'captured')
    expect(paid).toMatchObject({
      pays_for: asked.number,
      purpose: 'confirmation',
      captured: { amount: 3 * PRICE, currency: 'EUR' },
      refunded: { amount: 0 },
      pay_url: null,
      operator_actions: ['ask_refund'],
    })
    expect(await provider.ledger(payment.number)).toEqual({
      held: 0,
      taken: 3 * PRICE,
      given_back: 0,
      open_pages: 0,
    })
    expect(await done(payment.number)).toEqual(['capture/1', 'session/1'])
    expect(await eventsOf(payment.number)).toEqual([
      'payment.requested',
      'payment.opened',
      'payment.authorised',
      'payment.capture_asked',
      'payment.captured',
    ])
    const mails = await shop.mails(email, /received$/)
    const ours = mails.filter(({ subject }) => subject.startsWith('Payment'))
    expect(ours.map(({ subject }) => subject).sort()).toEqual([
      `Payment ${payment.number}: please pay €59.97`,
      `Payment ${payment.number}: €59.97 received`,
    ])
    expect(ours.every(({ text }) => text.includes(payment.pay_url))).toBe(true)
    await expectSoundHouse(house())
  })

  test('a declined attempt changes nothing; another one within the deadline is paid; all told five times, and done once', async () => {
    await provider.behave({ mode: 'normal', repeat: 5 })
    const { number, payment, amount, sku } = await toBePaid()
    const before = await shop.look(number)
    await provider.buyer(payment, 'decline')
    await waitFor(
      'the decline',
      () => eventsOf(payment),
      (types) => types.includes('payment.declined'),
    )
    expect(await shop.look(number)).toEqual({ ...before, payment: { ...before.payment, state: 'pending' } })
    expect(await shop.level(sku)).toMatchObject({ allocated: 2, outbound: 0 })
    await provider.buyer(payment, 'pay')
    await shop.until(payment, ({ state }) => state === 'captured', 30)
    expect((await eventsOf(payment)).filter((type) => type === 'payment.declined')).toHaveLength(1)
    expect(await done(payment)).toEqual(['capture/1', 'session/1'])
    expect(await provider.ledger(payment)).toEqual({ held: 0, taken: amount, given_back: 0, open_pages: 0 })
  })

  test('not paid in time: the hold ends, the goods go to the next in line, nothing can be paid any more', async () => {
    const { number, payment, sku, payUrl } = await toBePaid()
    const next = await shop.backOrder(sku, 2)
    const deadline_at = new Date(Date.now() + 2_000).toISOString()
    expectStatus(await shop.command(number, 'deadline', { deadline_at }), 200)
    expect((await shop.look(payment)).deadline_at).toBe(deadline_at)
    await shop.until(number, ({ state }) => state === 'expired')
    await shop.until(next.number, ({ state }) => state === 'met')
    await shop.until(payment, ({ state }) => state === 'expired' || state === 'voided')
    expect(await provider.ledger(payment)).toEqual({ held: 0, taken: 0, given_back: 0, open_pages: 0 })
    const page = await fetch(payUrl, { redirect: 'manual' })
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('nothing was charged')])
    await expectProblem(house(), await shop.command(number, 'confirmation'), 409, 'state-conflict')
  })

  test('paid, but heard of only after the deadline: let go, and the goods are with the next in line', async () => {
    const { number, payment, sku } = await toBePaid()
    const next = await shop.backOrder(sku, 2)
    await provider.openPage(payment)
    await provider.behave({ mode: 'normal', webhooks: 'lost' })
    const deadline_at = new Date(Date.now() + 1_500).toISOString()
    expectStatus(await shop.command(number, 'deadline', { deadline_at }), 200)
    await house().stopWorker(0)
    await provider.buyer(payment, 'pay')
    await waitFor(
      'the deadline',
      async () => Date.now(),
      (now) => now > Date.parse(deadline_at) + 200,
    )
    await house().startWorker(0)
    await shop.until(number, ({ state }) => state === 'expired')
    await shop.until(next.number, ({ state }) => state === 'met')
    await shop.until(payment, ({ state }) => state === 'voided')
    expect((await eventsOf(payment)).at(-1)).toBe('payment.released')
    expect(await provider.ledger(payment)).toEqual({ held: 0, taken: 0, given_back: 0, open_pages: 0 })
  })

  test('paid just before the deadline, and the webhook is lost: asked about once more in time, and confirmed', async () => {
    const { number, payment, amount } = await toBePaid()
    await provider.openPage(payment)
    await provider.behave({ mode: 'normal', webhooks: 'lost' })
    const deadline_at = new Date(Date.now() + 10_000).toISOString()
    expectStatus(await shop.command(number, 'deadline', { deadline_at }), 200)
    await waitFor(
      'the payment to wait until then',
      () => house().temporal.workflow.getHandle(`payment/${payment}`).describe(),
      ({ typedSearchAttributes }) =>
        typedSearchAttributes.get(SEARCH_ATTRIBUTES.deadline)?.toISOString() === deadline_at,
    )
    await provider.buyer(payment, 'pay')
    await shop.until(number, ({ state }) => state === 'delivered' || state === 'expired', 30)
    await shop.until(payment, ({ state }) => state === 'captured')
    expect((await provider.ledger(payment)).taken).toBe(amount)
  })

  test.each(['cancellation', 'refusal'] as const)('a %s before it is paid closes the page', async (how) => {
    const { number, payment } = await toBePaid()
    await provider.openPage(payment)
    expectStatus(await shop.command(number, how), 200)
    await shop.until(payment, ({ state }) => state === 'voided')
    expect(await provider.ledger(payment)).toEqual({ held: 0, taken: 0, given_back: 0, open_pages: 0 })
    expect((await eventsOf(payment)).at(-1)).toBe('payment.voided')
  })

  test('a cancellation while the page is being opened leaves none open', async () => {
    await provider.behave({ mode: 'normal', answer_after_ms: 1_500 })
    const { number, payment } = await toBePaid()
    await provider.openPage(payment)
    expectStatus(await shop.command(number, 'cancellation'), 200)
    expect(await shop.look(payment)).toMatchObject({ state: 'voided', version: 2, pay_url: null })
    await waitFor(
      'the page to be closed',
      () => provider.ledger(payment),
      ({ open_pages }) => open_pages === 0,
    )
    expect(await provider.ledger(payment)).toEqual({ held: 0, taken: 0, given_back: 0, open_pages: 0 })
  })

  test('a cancellation before dispatch lets go of what is held', async () => {
    const { number, payment, amount } = await toBeDelivered()
    expect(await provider.ledger(payment)).toEqual({ held: amount, taken: 0, given_back: 0, open_pages: 0 })
    expectStatus(await shop.command(number, 'cancellation'), 200)
    await shop.until(payment, ({ state }) => state === 'voided')
    expect(await provider.ledger(payment)).toEqual({ held: 0, taken: 0, given_back: 0, open_pages: 0 })
    expect(await done(payment)).toEqual(['release', 'session/1'])
  })

  test('units taken back by a count: let go; met again, it is another payment', async () => {
    const { number, payment, sku, amount } = await toBePaid()
    await provider.openPage(payment)
    // As long as the provider takes to let go, its back order waits and does nothing.
    await provider.behave({ mode: 'normal', answer_after_ms: 1_000 })
    const count = { counts: [{ sku, counted: 1 }], reason: 'One is broken.' }
    expectStatus(
      await shop.call('POST', '/v1/operator/stock-counts', { key: shop.operatorKey, body: count }),
      200,
    )
    await shop.until(payment, ({ state }) => state === 'voided')
    await provider.behave({ mode: 'normal' })
    const settling = await house().db`
      SELECT 1 FROM steps WHERE workflow = ${`back-order/${number}`} AND key LIKE '%/settle-confirmation/%'`
    expect(settling).toHaveLength(1)
    expectStatus(await shop.bring(supplier, sku, 1), 201)
    await shop.until(number, ({ state }) => state === 'met')
    expectStatus(await shop.command(number, 'delivery-request', { ship_to: ADDRESS }), 200)
    const second = expectStatus(await shop.command(number, 'confirmation'), 202).body.payment.number
    expect(second).not.toBe(payment)
    await provider.buyer(second, 'pay')
    await shop.until(second, ({ state }) => state === 'captured', 30)
    expect(await provider.ledger(payment)).toEqual({ held: 0, taken: 0, given_back: 0, open_pages: 0 })
    expect(await provider.ledger(second)).toEqual({ held: 0, taken: amount, given_back: 0, open_pages: 0 })
  })

  test('webhooks that are lost make it late, not wrong', async () => {
    const { payment, amount } = unheard
    await shop.until(payment, ({ state }) => state === 'captured', 45)
    expect((await provider.ledger(payment)).taken).toBe(amount)
  })

  test('a provider out of service is tried again; a page that it ended before our deadline is opened anew, at the same address of ours', async () => {
    await provider.behave({ mode: 'unavailable', times: 2 })
    const { payment, payUrl, amount } = await toBePaid()
    await shop.until(payment, ({ state }) => state === 'pending')
    const first = await provider.openPage(payment)
    await provider.control(`/api/sessions/${first.id}/expire`)
    const second = await waitFor(
      'another page',
      async () => (await fetch(payUrl, { redirect: 'manual' })).headers.get('location'),
      (location) => location !== null && location !== first.url,
    )
    expect(second).toBe((await provider.openPage(payment)).url)
    await provider.buyer(payment, 'pay')
    await shop.until(payment, ({ state }) => state === 'captured', 30)
    expect(await done(payment)).toEqual(['capture/1', 'session/1', 'session/2'])
    expect((await provider.ledger(payment)).taken).toBe(amount)
  })
})

describe('races (B5)', () => {
  test('eight confirmations at once are one payment', async () => {
    const { number } = await toBeConfirmed()
    const answers = await Promise.all(Array.from({ length: 8 }, () => shop.command(number, 'confirmation')))
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.payment?.number}`)).size).toBe(1)
    expect(await house().db`SELECT 1 FROM payments WHERE pays_for = ${number}`).toHaveLength(1)
    expectStatus(await shop.command(number, 'cancellation'), 200)
  })

  test('paying and cancelling at the same moment: delivered and taken, or cancelled and nothing taken', async () => {
    const asked = await Promise.all(Array.from({ length: 6 }, () => toBePaid({ quantity: 1 })))
    await Promise.all(asked.map(({ payment }) => provider.openPage(payment)))
    await Promise.all(
      asked.flatMap(({ payment, number }, index) => [
        provider.buyer(payment, 'pay'),
        new Promise((resolve) => setTimeout(resolve, index * 30)).then(() =>
          shop.command(number, 'cancellation'),
        ),
      ]),
    )
    for (const { number, payment } of asked) {
      const { state } = await shop.until(
        number,
        (view) => view.state === 'cancelled' || view.state === 'delivered',
        60,
      )
      await shop.until(payment, (view) => view.state === (state === 'delivered' ? 'captured' : 'voided'), 30)
      const taken = state === 'delivered' ? PRICE : 0
      expect(await provider.ledger(payment)).toEqual({ held: 0, taken, given_back: 0, open_pages: 0 })
    }
    await expectSoundHouse(house())
  })

  test('confirmed again after units were taken back, before the payment for all of them was let go: another one, for what is left', async () => {
    const { number, payment } = await toBePaid()
    await shop.until(payment, ({ state }) => state === 'pending')
    const client = postgres(house().databaseUrl, { max: 1, onnotice: () => undefined })
    const links = createLinks({ secret: 'unused', publicUrl: 'http://unused.test' })
    const undo = new Error('undo')
    const confirmedAgain = async (as: Partial<BackOrderRow>) => {
      let payments: object[] = []
      await drizzle(client, { schema })
        .transaction(async (tx) => {
          const locked = await lockBackOrder(tx, number)
          if (!locked) throw new Error('the back order is gone')
          await askForPayment(tx, links, { ...locked.row, ...as }, { actor: 'a-test', step: 'a-test' })
          const of = sql`SELECT state, amount_minor::int AS amount, deadline_at FROM payments WHERE pays_for = ${number} ORDER BY created_at, state DESC`
          payments = [...(await tx.execute<{ state: string; amount: number; deadline_at: string }>(of))]
          throw undo
        })
        .catch((error: unknown) => {
          if (error !== undo) throw error
        })
      return payments
    }
    const fewer = await confirmedAgain({ allocated: 1 })
    expect(fewer).toMatchObject([
      { state: 'voiding', amount: 2 * PRICE },
      { state: 'requested', amount: PRICE },
    ])
    const deadline_at = new Date(Date.now() + 86_400_000)
    const longer = await confirmedAgain({ deadline_at })
    expect(longer).toMatchObject([{ state: 'pending', amount: 2 * PRICE }])
    expect(longer.map((row) => new Date((row as { deadline_at: string }).deadline_at))).toEqual([deadline_at])
    await client.end()
    expectStatus(await shop.command(number, 'cancellation'), 200)
  })

  test('a shop that stops taking payments: what was asked for is paid still, and nothing after it', async () => {
    const { number, payment } = await toBePaid()
    const other = await toBePaid()
    await provider.openPage(other.payment)
    const count = { counts: [{ sku: other.sku, counted: 1 }], reason: 'One is broken.' }
    const byOperator = { key: shop.operatorKey, body: count }
    expectStatus(await shop.call('POST', '/v1/operator/stock-counts', byOperator), 200)
    await shop.until(other.payment, ({ state }) => state === 'voided')
    await house().db`UPDATE storefronts SET takes_payment = false WHERE id = ${shop.storefront}`
    try {
      const again = expectStatus(await shop.command(number, 'confirmation'), 202)
      expect(again.body.payment.number).toBe(payment)
      await provider.buyer(payment, 'pay')
      await shop.until(payment, ({ state }) => state === 'captured', 30)
      expectStatus(await shop.bring(supplier, other.sku, 1), 201)
      await shop.until(other.number, ({ state }) => state === 'met')
      expectStatus(await shop.command(other.number, 'delivery-request', { ship_to: ADDRESS }), 200)
      const confirmed = expectStatus(await shop.command(other.number, 'confirmation'), 200)
      expect(confirmed.body).toMatchObject({ state: 'confirmed', payment: null })
      await shop.until(other.number, ({ state }) => state === 'delivered', 30)
      expect(await house().db`SELECT number FROM payments WHERE pays_for = ${other.number}`).toEqual([
        { number: other.payment },
      ])
      await expectSoundHouse(house())
    } finally {
      await house().db`UPDATE storefronts SET takes_payment = true WHERE id = ${shop.storefront}`
    }
  })
})

describe('money goes back (B5)', () => {
  test('an operator gives parts back, never more than was taken; one takes its time, others fail: tried again, or settled otherwise', async () => {
    const { payment, number, amount } = await toBePaid()
    await provider.buyer(payment, 'pay')
    await shop.until(number, ({ state }) => state === 'delivered', 30)
    await shop.until(payment, ({ state }) => state === 'captured')
    expectStatus(await refund(payment, 500, 'a-scratch'), 200)
    expectStatus(await refund(payment, 500, 'a-scratch'), 200)
    await shop.until(payment, ({ state, refunded }) => state === 'captured' && refunded.amount === 500)
    await expectProblem(house(), await refund(payment, amount - 499), 422, 'invalid-request', ['/amount'])
    await provider.behave({ mode: 'slow_refund', times: 1 })
    expectStatus(await refund(payment, 600), 200)
    await waitFor(
      'the refund to be under way',
      () => eventsOf(payment),
      (types) => types.includes('payment.refund_underway'),
    )
    expect(await failedPayments()).toEqual([])
    // After a week somebody has to ask.
    await house().db`UPDATE events SET at = at - interval '7 days' WHERE number = ${payment}`
    expect(await failedPayments()).toMatchObject([{ payment, state: 'refunding', failure: null }])
    const { refunds } = await provider.booksOf(payment)
    const slow = refunds.find(({ status }) => status === 'pending')
    await provider.control(`/api/refunds/${slow?.id}/finish`, { status: 'succeeded' })
    await shop.until(payment, ({ state, refunded }) => state === 'captured' && refunded.amount === 1_100)
    for (const [decision, part] of [
      ['retry', 700],
      ['settle', amount - 1_800],
    ] as const) {
      await provider.behave({ mode: 'fail_refund', times: 1 })
      expectStatus(await refund(payment, part), 200)
      await shop.until(payment, ({ state }) => state === 'refund_failed')
      expect(await failedPayments()).toMatchObject([
        { payment, state: 'refund_failed', failure: 'expired_or_canceled_card' },
      ])
      expectStatus(await decide(payment, { decision, reason: 'As agreed.' }), 200)
      await shop.until(payment, ({ state }) => state === (decision === 'retry' ? 'captured' : 'refunded'))
      expect(await failedPayments()).toEqual([])
    }
    expect(await shop.look(payment)).toMatchObject({
      refunded: { amount },
      refunds: [
        { amount: { amount: 500 }, state: 'done' },
        { amount: { amount: 600 }, state: 'done' },
        { amount: { amount: 700 }, state: 'done' },
        { amount: { amount: amount - 1_800 }, state: 'settled' },
      ],
    })
    expect(await provider.ledger(payment)).toMatchObject({ taken: amount, given_back: 1_800 })

    // The buyer's bank sends one back later, and says so twice.
    for (const _ of ['once', 'twice'])
      await provider.control(`/api/refunds/${slow?.id}/finish`, { status: 'failed' })
    await shop.until(
      payment,
      ({ state, refunded }) => state === 'refund_failed' && refunded.amount === amount - 600,
    )
    expectStatus(await decide(payment, { decision: 'retry', reason: 'Another card.' }), 200)
    await shop.until(payment, ({ state }) => state === 'refunded')
    expect(await provider.ledger(payment)).toMatchObject({ taken: amount, given_back: 1_800 })
    expect((await eventsOf(payment)).filter((type) => type === 'payment.refund_failed')).toHaveLength(3)
    await expectSoundHouse(house())
  })
})

describe('bad luck with the provider (B5)', () => {
  test('timed out after success, as the page is opened and the money given back: each is done once', async () => {
    await carrier({ mode: 'fail' })
    await provider.behave({ mode: 'vanish', on: 'open', times: 1 })
    const asked = await toBePaid()
    await shop.until(asked.payment, ({ state }) => state === 'pending', 30)
    await provider.buyer(asked.payment, 'pay')
    await shop.until(asked.payment, ({ state }) => state === 'captured', 45)
    await provider.behave({ mode: 'vanish', on: 'refund', times: 1 })
    await comeBack(asked)
    await shop.until(asked.payment, ({ state }) => state === 'refunded', 45)
    expect(await provider.ledger(asked.payment)).toEqual({
      held: 0,
      taken: asked.amount,
      given_back: asked.amount,
      open_pages: 0,
    })
    expect(await done(asked.payment)).toEqual(['capture/1', 'refund/1/1', 'session/1'])
    // Of the page only the key tells; what was given back is looked for first.
    const { calls } = await provider.booksOf(asked.payment)
    const again = calls.filter(({ replayed }) => replayed).map(({ key }) => key)
    expect(again).toEqual([`${asked.payment}/session/1`])
  })

  test('errors that the provider keeps for their keys, and keys that it forgets: each thing is done once, also in crowns, which it counts by the hundredth', async () => {
    await provider.behave({ mode: 'crash_before', on: 'open', times: 1 })
    const { payment, amount } = await toBePaid({ currency: 'ISK' })
    const { id } = await provider.openPage(payment)
    const page = await fetch(`${house().paymentsUrl}/pay/${id}`)
    expect(await page.text()).toContain('<h1>ISK\u00a03,998</h1>')
    await provider.behave({ mode: 'crash_after', on: 'capture', times: 1 })
    await provider.buyer(payment, 'pay')
    await shop.until(payment, ({ state }) => state === 'captured', 30)
    // Parts, so that the provider would give one back a second time.
    const crash = { on: 'refund', times: 1 } as const
    let given = 0
    for (const [part, trouble] of [
      [100, { mode: 'crash_before', ...crash }],
      [200, { mode: 'crash_after', ...crash }],
      [300, { mode: 'crash_after', ...crash, keys: 'forgotten' }],
    ] as const) {
      await provider.behave(trouble)
      expectStatus(await refund(payment, part), 200)
      given += part
      await shop.until(payment, ({ state, refunded }) => state === 'captured' && refunded.amount === given)
    }
    expect(await provider.ledger(payment)).toEqual({
      held: 0,
      taken: amount * 100,
      given_back: 60_000,
      open_pages: 0,
    })
    const { refunds } = await provider.booksOf(payment)
    expect(refunds.map((made) => made.amount).sort()).toEqual([10_000, 20_000, 30_000])
    // What was done and answered with an error was looked for, and not asked for again.
    expect(await done(payment)).toEqual(['refund/1/1/again/1', 'session/1/again/1'])
    await expectSoundHouse(house())
  })

  test('a capture that is refused is shown to operators, and tried again', async () => {
    await provider.behave({ mode: 'refuse_capture', times: 1 })
    const { payment, amount, number } = await toBePaid()
    await provider.buyer(payment, 'pay')
    await shop.until(payment, ({ state }) => state === 'capture_failed', 30)
    expect(await failedPayments()).toMatchObject([{ payment, failure: 'card_declined' }])
    await shop.until(number, ({ state }) => state === 'delivered')
    expectStatus(await decide(payment, { decision: 'retry', reason: 'The bank was asked.' }), 200)
    await shop.until(payment, ({ state }) => state === 'captured')
    expect(await done(payment)).toEqual(['capture/2', 'session/1'])
    expect((await provider.ledger(payment)).taken).toBe(amount)
    expect(await failedPayments()).toEqual([])
  })

  test('a capture that is refused and paid in another way: nothing stays held, and the page cannot be paid', async () => {
    await provider.behave({ mode: 'refuse_capture', times: 1 })
    const { payment, amount } = await toBePaid()
    await provider.buyer(payment, 'pay')
    await shop.until(payment, ({ state }) => state === 'capture_failed', 30)
    expect(await provider.ledger(payment)).toMatchObject({ held: amount, taken: 0 })
    expectStatus(await decide(payment, { decision: 'settle', reason: 'Paid by transfer.' }), 200)
    await shop.until(payment, ({ state }) => state === 'settled')
    expect(await provider.ledger(payment)).toEqual({ held: 0, taken: 0, given_back: 0, open_pages: 0 })
    expect((await eventsOf(payment)).slice(-2)).toEqual(['payment.settle_asked', 'payment.settled'])
    expect(await failedPayments()).toEqual([])
  })

  test('money that the provider let go of is shown to operators, who settle it', async () => {
    const { payment, number, delivery } = await toBeDelivered()
    const { intents } = await provider.booksOf(payment)
    await provider.control(`/api/intents/${intents[0]?.id}/lapse`)
    await shop.until(payment, ({ state }) => state === 'lapsed')
    await house().db`UPDATE deliveries SET deliver_on = NULL WHERE number = ${delivery}`
    await house().temporal.workflow.getHandle(`delivery/${delivery}`).terminate('the day has come')
    await reconcileNow(house())
    await shop.until(number, ({ state }) => state === 'delivered', 60)
    expect(await failedPayments()).toMatchObject([{ payment, state: 'capture_failed' }])
    expectStatus(await decide(payment, { decision: 'settle', reason: 'Paid by transfer.' }), 200)
    const paid = await shop.until(payment, ({ state }) => state === 'settled')
    expect(paid.operator_actions).toEqual(['ask_refund'])

    // What goes back of it a person gives back: the provider never had it.
    expectStatus(await refund(payment, 500), 200)
    expect(await failedPayments()).toMatchObject([
      { payment, state: 'refund_failed', failure: 'paid_elsewhere' },
    ])
    expect((await shop.look(payment)).operator_actions).toEqual(['ask_refund', 'settle'])
    const again = await decide(payment, { decision: 'retry', reason: 'Perhaps now.' })
    await expectProblem(house(), again, 409, 'state-conflict')
    expectStatus(await decide(payment, { decision: 'settle', reason: 'Sent by transfer.' }), 200)
    const settled = await shop.until(payment, ({ state }) => state === 'settled')
    expect(settled).toMatchObject({ refunded: { amount: 500 }, refunds: [{ state: 'settled' }] })
    expect(await provider.ledger(payment)).toMatchObject({ held: 0, taken: 0, given_back: 0 })
    expect(await failedPayments()).toEqual([])
    await expectSoundHouse(house())
  })
})

test('every process of these stories goes on in another worker', async () => {
  await expectReplayable(house(), `WorkflowType = 'payment' OR WorkflowType = 'backOrder'`)
})
