import { randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { ADDRESS, type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'

// The carrier calls the first API; a test that stops it goes on by the second.
const house = useHouse({ partners: ['mail', 'carrier'], apis: 2 })
let shop: Shop
/** Brings goods that nobody asked for. */
let supplier: { key: string }
/** A parcel that the carrier is asked to give back and does not know: it takes a minute, which other tests use. */
let unknown: Confirmed
beforeAll(async () => {
  shop = await Shop.open(house())
  await house().db`UPDATE periods SET max_seconds = 432000 WHERE kind = 'hold'`
  supplier = await shop.supplier({ skus: [] })
  await behave({ mode: 'hold' })
  unknown = await confirmed()
  await inState(unknown.delivery, 'booked')
  await house().db`UPDATE deliveries SET tracking = 'SC0' WHERE number = ${unknown.delivery}`
  expectStatus(await shop.command(unknown.number, 'cancellation'), 202)
  // Being looked at meanwhile is no second answer.
  await house().temporal.workflow.getHandle(`delivery/${unknown.delivery}`).signal('look')
})
// Parcels wait for the test to say what becomes of them.
beforeEach(() => behave({ mode: 'hold' }))
afterAll(() => expectSoundHouse(house()))

const today = (days = 0) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

async function carrier(method: string, path: string, body?: object): Promise<Answer['body']> {
  const response = await fetch(new URL(path, house().carrierUrl), {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(`the carrier answered ${JSON.stringify(answer)}`)
  return answer
}
const behave = (orders: object) => carrier('PUT', '/api/behaviour', orders)
const report = (shipment: string, status: string, reason?: string) =>
  carrier('POST', `/api/shipments/${encodeURIComponent(shipment)}/report`, {
    status,
    ...(reason ? { reason } : {}),
  })

/** The shipments that the carrier knows of a delivery, oldest first. */
async function shipments(delivery: string): Promise<Answer['body'][]> {
  const all = (await carrier('GET', '/api/shipments')) as { reference: string; booked_at: string }[]
  return all.filter(({ reference }) => reference.split('/')[0] === delivery).toReversed()
}

type Met = { number: string; sku: string; email: string }
type Confirmed = Met & { delivery: string }

/** A back order whose goods are set aside. */
async function met(quantity = 2): Promise<Met> {
  const sku = await shop.item()
  const email = `${randomUUID()}@example.test`
  const order = expectStatus(await shop.order([{ sku, quantity }], { email }), 201)
  const answered = expectStatus(
    await shop.call('POST', `/v1/orders/${order.body.number}/answers`, {
      body: { answers: [{ line: 1, choice: 'wait_for_all' }] },
    }),
    200,
  )
  expectStatus(await shop.bring(supplier, sku, quantity), 201)
  return { number: answered.body.lines[0].back_order, sku, email }
}

/** The same on its way to the carrier; `delivery` is the delivery's number. */
async function confirmed(quantity = 2, more: object = {}): Promise<Confirmed> {
  const subject = await met(quantity)
  expectStatus(await shop.command(subject.number, 'delivery-request', { ship_to: ADDRESS, ...more }), 200)
  const { body } = expectStatus(await shop.command(subject.number, 'confirmation'), 200)
  return { ...subject, delivery: body.delivery }
}

const inState = (number: string, state: string) => shop.until(number, (view) => view.state === state, 30)

/** The movements of an item after its goods came in and were set aside, oldest first. */
async function movements(sku: string): Promise<string[]> {
  const rows = await house().db<{ kind: string; quantity: number }[]>`
    SELECT kind, quantity FROM stock_movements WHERE sku = ${sku} ORDER BY id OFFSET 2`
  return rows.map(({ kind, quantity }) => `${kind} ${quantity}`)
}

async function events(number: string): Promise<string[]> {
  const rows = await house().db<{ type: string }[]>`
    SELECT type FROM events WHERE number = ${number} ORDER BY sequence`
  return rows.map(({ type }) => type.replace(/^.*\./, ''))
}

const conflict = { status: 409, body: { type: expect.stringMatching(/\/state-conflict$/) } }

describe('requested, confirmed, delivered (A8)', () => {
  test('the confirmation says what, how many, where, at what price, until when; a yes moves the goods in one movement', async () => {
    const { number, sku, email } = await met(3)
    const requested = expectStatus(
      await shop.command(number, 'delivery-request', { ship_to: ADDRESS, deliver_on: today() }),
      200,
    )
    expect(requested.body).toMatchObject({
      state: 'delivery_requested',
      deadline: { kind: 'confirm' },
      deliver_on: today(),
      allowed_actions: ['change_deadline', 'confirm', 'decline', 'cancel'],
    })
    const mails = await shop.mails(email, /please confirm the delivery/)
    const asked = mails.find(({ subject }) => /please confirm/.test(subject))
    expect(asked?.text).toContain(`3 × Item ${sku}`)
    expect(asked?.text).toContain('€19.99')
    expect(asked?.text).toContain(` on ${today()}`)
    const until = new Date(requested.body.deadline.at).toLocaleString('en-GB', {
      timeZone: 'UTC',
      dateStyle: 'long',
      timeStyle: 'long',
    })
    expect(asked?.text).toContain(until)
    const [link = ''] = asked?.text.match(/https?:\/\/\S+/) ?? []
    const page = await (await fetch(link)).text()
    expect(page).toContain('12 Example Street')
    expect(await shop.level(sku)).toEqual({ on_hand: 3, allocated: 3, outbound: 0, outstanding: 0 })
    expect(await movements(sku)).toEqual([])

    const yes = expectStatus(
      await shop.command(number, 'confirmation', {}, { idempotencyKey: `yes-${number}` }),
      200,
    )
    expect(yes.body).toMatchObject({
      state: 'confirmed',
      deadline: null,
      delivery: expect.stringMatching(/^DL-/),
    })
    const again = expectStatus(
      await shop.command(number, 'confirmation', {}, { idempotencyKey: `yes-${number}` }),
      200,
    )
    expect(again.body).toEqual(yes.body)
    expect(await shop.command(number, 'confirmation')).toMatchObject(conflict)
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 3, outstanding: 0 })
    expect(await movements(sku)).toEqual(['confirm 3'])

    const { delivery } = yes.body
    const booked = await inState(delivery, 'booked')
    expect(booked).toMatchObject({
      attempt: 1,
      back_order: number,
      lines: [{ sku, quantity: 3 }],
      deliver_on: today(),
    })
    const [shipment] = await shipments(delivery)
    expect(shipment).toMatchObject({
      reference: delivery,
      tracking: booked.tracking,
      ship_to: ADDRESS,
      parcels: [{ sku, quantity: 3 }],
      collect_on: today(),
    })
    await report(delivery, 'collected')
    await inState(number, 'dispatched')
    const onItsWay = await shop.mails(email, /is on its way/)
    expect(onItsWay.at(-1)?.text).toContain(booked.tracking)
    await report(delivery, 'delivered')
    await inState(number, 'delivered')
    expect(await movements(sku)).toEqual(['confirm 3', 'deliver 3'])
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 0, outstanding: 0 })
    expect(await events(delivery)).toEqual(['planned', 'booking', 'booked', 'dispatched', 'delivered'])
    await shop.mails(email, /has arrived/)
  })

  test('nothing out of turn: no confirmation before the request, no second request; a no is a no', async () => {
    const sku = await shop.item()
    const { number } = await shop.backOrder(sku, 1)
    const next = await shop.backOrder(sku, 1)
    expectStatus(await shop.bring(supplier, sku, 1), 201)
    for (const command of ['confirmation', 'refusal']) {
      expect(await shop.command(number, command)).toMatchObject(conflict)
    }
    expectStatus(await shop.command(number, 'delivery-request', { ship_to: ADDRESS }), 200)
    expect(await shop.command(number, 'delivery-request', { ship_to: ADDRESS })).toMatchObject(conflict)
    const declined = expectStatus(await shop.command(number, 'refusal'), 200)
    expect(declined.body).toMatchObject({
      state: 'declined',
      allocated: 0,
      allowed_actions: [],
      deadline: null,
    })
    expect(await shop.look(next.number)).toMatchObject({ state: 'met', allocated: 1 })
    expect(await shop.command(number, 'confirmation')).toMatchObject(conflict)
  })

  test('a wanted day is kept: planned until then, not in the past, not beyond the longest hold', async () => {
    const { number, sku } = await met(1)
    const before = await shop.look(number)
    const refused: [unknown, string, string][] = [
      [{ ship_to: ADDRESS, deliver_on: today(-1) }, 'period-out-of-range', '/deliver_on'],
      [{ ship_to: ADDRESS, deliver_on: today(7) }, 'period-out-of-range', '/deliver_on'],
      [{ ship_to: ADDRESS, deliver_on: '2026-02-30' }, 'invalid-request', '/deliver_on'],
      [{ ship_to: ADDRESS, deliver_on: 'soon' }, 'invalid-request', '/deliver_on'],
      [{ deliver_on: today(1) }, 'invalid-request', '/ship_to'],
      [{ ship_to: { ...ADDRESS, country: 'Germany' } }, 'invalid-request', '/ship_to/country'],
      [{ ship_to: { ...ADDRESS, lines: [] } }, 'invalid-request', '/ship_to/lines'],
    ]
    for (const [body, type, pointer] of refused) {
      expect(
        await shop.command(number, 'delivery-request', body as object),
        JSON.stringify(body),
      ).toMatchObject({
        status: 422,
        body: { type: expect.stringMatching(new RegExp(`/${type}$`)), errors: [{ pointer }] },
      })
    }
    expect(await shop.look(number)).toEqual(before)

    expectStatus(
      await shop.command(number, 'delivery-request', { ship_to: ADDRESS, deliver_on: today(2) }),
      200,
    )
    const { body } = expectStatus(await shop.command(number, 'confirmation'), 200)
    const handle = house().temporal.workflow.getHandle(`delivery/${body.delivery}`)
    await waitFor(
      'the delivery to wait for its day',
      async () => (await handle.fetchHistory()).events?.some((event) => event.timerStartedEventAttributes),
      (isWaiting) => isWaiting === true,
    )
    expect(await shop.look(body.delivery)).toMatchObject({
      state: 'planned',
      deliver_on: today(2),
      tracking: null,
    })
    expect(await shipments(body.delivery)).toEqual([])
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 1, outstanding: 0 })

    // Its day comes.
    await house().db`UPDATE deliveries SET deliver_on = ${today()} WHERE number = ${body.delivery}`
    await handle.signal('look')
    await inState(body.delivery, 'booked')
    expect(await shipments(body.delivery)).toMatchObject([{ collect_on: today() }])
  })

  test('a wanted day that has passed is not asked of the carrier, but a repeat asks for what was asked before', async () => {
    // As when nobody was there to act on its day.
    const late = await confirmed(1, { deliver_on: today(2) })
    await house().db`UPDATE deliveries SET deliver_on = ${today(-1)} WHERE number = ${late.delivery}`
    await house().temporal.workflow.getHandle(`delivery/${late.delivery}`).signal('look')
    await inState(late.delivery, 'booked')
    const [booked] = await shipments(late.delivery)
    expect(booked).not.toHaveProperty('collect_on')

    // As when the carrier's answer was lost just before midnight.
    await behave({ mode: 'vanish', collect_after_ms: 600_000 })
    const lost = await confirmed(1, { deliver_on: today() })
    const [first] = await waitFor(
      'the carrier to have it',
      () => shipments(lost.delivery),
      (known) => known.length > 0,
    )
    await house().db`UPDATE deliveries SET deliver_on = ${today(-1)} WHERE number = ${lost.delivery}`
    await behave({ mode: 'hold' })
    expect(await inState(lost.delivery, 'booked')).toMatchObject({ tracking: first.tracking })
    expect(await shipments(lost.delivery)).toMatchObject([{ collect_on: today() }])
    expectStatus(await shop.command(lost.number, 'cancellation'), 202)
    await inState(lost.number, 'cancelled')
  })
})

describe('a delivery that fails (A8)', () => {
  test('refused by the carrier: an operator has it tried again, as another shipment', async () => {
    await behave({ mode: 'refuse', times: 1 })
    const { number, sku, email, delivery } = await confirmed()
    const failed = await inState(delivery, 'failed')
    expect(failed).toMatchObject({
      attempt: 1,
      tracking: null,
      failure: 'The carrier refused the shipment.',
      allowed_actions: [],
      operator_actions: ['retry', 'return_to_stock'],
    })
    expect((await shop.look(number)).state).toBe('delivery_failed')
    expect(await shop.command(number, 'cancellation')).toMatchObject({
      status: 409,
      body: { allowed_actions: [] },
    })
    await shop.mails(email, /could not be made/)
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 2, outstanding: 0 })

    const decide = (
      decision: string,
      key = shop.operatorKey,
      reason: string | undefined = 'Address checked',
    ) =>
      shop.call('POST', `/v1/operator/deliveries/${delivery}/decision`, { key, body: { decision, reason } })
    expect((await decide('retry', shop.storefrontKey)).status).toBe(403)
    expect((await decide('burn')).status).toBe(422)
    await behave({ mode: 'hold' })
    const retried = expectStatus(await decide('retry'), 200)
    expect(retried.body).toMatchObject({ state: 'planned', attempt: 2, failure: null })
    await inState(delivery, 'booked')
    expect(await shipments(delivery)).toMatchObject([{ reference: `${delivery}/2` }])
    expect(await decide('retry')).toMatchObject(conflict)
    const [decided] = await house().db<{ actor: string; note: string | null }[]>`
      SELECT actor, note FROM events WHERE number = ${delivery} AND type = 'delivery.retried'`
    expect(decided).toMatchObject({ actor: expect.stringMatching(/^operator:/), note: 'Address checked' })
    await report(`${delivery}/2`, 'collected')
    await report(`${delivery}/2`, 'delivered')
    await inState(number, 'delivered')
    expect(await movements(sku)).toEqual(['confirm 2', 'deliver 2'])
  })

  test('failed on its way: tried again it is a second shipment, and late words of the first one change nothing', async () => {
    const { number, sku, delivery } = await confirmed()
    await inState(delivery, 'booked')
    await report(delivery, 'collected')
    await inState(delivery, 'dispatched')
    await report(delivery, 'failed', 'Nobody was there')
    expect(await inState(delivery, 'failed')).toMatchObject({ failure: 'Nobody was there' })
    expectStatus(
      await shop.call('POST', `/v1/operator/deliveries/${delivery}/decision`, {
        key: shop.operatorKey,
        body: { decision: 'retry', reason: 'Once more' },
      }),
      200,
    )
    // What operators write is for operators.
    const notes = async (path: string, key: string) =>
      expectStatus(await shop.call('GET', `/v1/${path}/events`, { key }), 200).body.data.flatMap(
        ({ note }: { note: string | null }) => note ?? [],
      )
    for (const [path, told] of [
      [`deliveries/${delivery}`, ['Nobody was there']],
      [`back-orders/${number}`, []],
    ] as const) {
      expect(await notes(path, shop.operatorKey)).toEqual([...told, 'Once more'])
      expect(await notes(path, shop.storefrontKey)).toEqual(told)
    }
    const second = await inState(delivery, 'booked')
    const [first, other] = await shipments(delivery)
    expect([first.reference, other.reference]).toEqual([delivery, `${delivery}/2`])
    expect(second.tracking).toBe(other.tracking)
    await report(first.tracking, 'delivered')
    await waitFor(
      'the carrier to have told it',
      async () => (await shipments(delivery))[0].webhooks,
      (webhooks) =>
        webhooks.length === 3 && webhooks.every((sent: Answer['body']) => sent.answer.status === 200),
    )
    expect(await shop.look(delivery)).toEqual(second)
    await report(other.tracking, 'collected')
    await report(other.tracking, 'delivered')
    await inState(number, 'delivered')
    expect(await movements(sku)).toEqual(['confirm 2', 'deliver 2'])
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 0, outstanding: 0 })
  })

  test('taken back into stock: the units go to the next waiter', async () => {
    const { number, sku, delivery, email } = await confirmed()
    const next = await shop.backOrder(sku, 3)
    await inState(delivery, 'booked')
    await report(delivery, 'collected')
    await inState(delivery, 'dispatched')
    await report(delivery, 'failed')
    await inState(delivery, 'failed')
    const returned = expectStatus(
      await shop.call('POST', `/v1/operator/deliveries/${delivery}/decision`, {
        key: shop.operatorKey,
        body: { decision: 'return_to_stock', reason: 'Back on the shelf' },
      }),
      200,
    )
    expect(returned.body).toMatchObject({ state: 'returned', operator_actions: [] })
    expect(await shop.look(number)).toMatchObject({ state: 'returned', allocated: 0, allowed_actions: [] })
    expect(await shop.look(next.number)).toMatchObject({ state: 'waiting', allocated: 2, outstanding: 1 })
    expect(await movements(sku)).toEqual(['confirm 2', 'return 2', 'allocate 2'])
    expect(await shop.level(sku)).toEqual({ on_hand: 2, allocated: 2, outbound: 0, outstanding: 1 })
    await shop.mails(email, /the goods are back with us/)
  })
})

describe('a carrier who is away (A8)', () => {
  test('out of service: tried again until it answers, as one shipment; operators see the call that fails, until it does not (P4)', async () => {
    const calls = async (delivery: string) => {
      const answer = await shop.call('GET', '/v1/operator/attention', { key: shop.operatorKey })
      return expectStatus(answer, 200).body.failing_steps.filter(
        (row: Answer['body']) => row.process === `delivery/${delivery}`,
      )
    }
    await behave({ mode: 'unavailable' })
    const { number, delivery } = await confirmed()
    const [failing] = await waitFor(
      'operators to see it',
      () => calls(delivery),
      (rows) => rows.length > 0,
    )
    expect(failing).toMatchObject({ step: 'bookCarrier', failure: 'carrier answered 503' })
    await inState(delivery, 'booking')
    expect((await shop.look(number)).state).toBe('confirmed')
    await behave({ mode: 'hold' })
    await inState(delivery, 'booked')
    expect(await shipments(delivery)).toHaveLength(1)
    expect(await calls(delivery)).toEqual([])
  })

  test('cancelled meanwhile: 202, and the units go to the next once the carrier has answered', async () => {
    await behave({ mode: 'unavailable' })
    const { number, sku, delivery } = await confirmed()
    const next = await shop.backOrder(sku, 2)
    await inState(delivery, 'booking')
    const asked = expectStatus(await shop.command(number, 'cancellation'), 202)
    expect(asked.body).toMatchObject({ state: 'cancelling', allowed_actions: [] })
    expect(await shop.command(number, 'cancellation')).toMatchObject(conflict)
    await behave({ mode: 'hold' })
    await inState(number, 'cancelled')
    expect((await shipments(delivery)).map(({ status }) => status)).toEqual(['cancelled'])
    expect(await shop.look(next.number)).toMatchObject({ state: 'met', allocated: 2 })
    expect(await movements(sku)).toEqual(['confirm 2', 'recall 2', 'allocate 2'])
  })

  test('silent after taking the booking: its own reports carry the delivery on, and it is booked once', async () => {
    await behave({ mode: 'vanish', times: 1 })
    const { number, sku, delivery } = await confirmed()
    const [shipment] = await waitFor(
      'the carrier to have it',
      () => shipments(delivery),
      (known) => known.length > 0,
    )
    await behave({ mode: 'hold' })
    await report(delivery, 'collected')
    expect(await inState(delivery, 'dispatched')).toMatchObject({ tracking: shipment.tracking })
    await report(delivery, 'delivered')
    await inState(number, 'delivered')
    expect(await shipments(delivery)).toHaveLength(1)
    expect(await movements(sku)).toEqual(['confirm 2', 'deliver 2'])
  })
})

describe('a carrier who is silent for long (P4)', () => {
  const HOURS = { booking: 1, cancelling: 1, booked: 3 * 24, dispatched: 14 * 24 }

  test('is shown to operators, by how long each state may take', async () => {
    const silent = async (delivery: string) => {
      const { body } = expectStatus(
        await shop.call('GET', '/v1/operator/attention', { key: shop.operatorKey }),
        200,
      )
      return body.silent_deliveries.filter((row: Answer['body']) => row.delivery === delivery)
    }
    /** Listed once nothing has happened for so many hours, and not a minute before. */
    const isListed = async (delivery: string, state: keyof typeof HOURS) => {
      await inState(delivery, state)
      const { db } = house()
      const quietFor = (minutes: number) =>
        db`UPDATE events SET at = now() - make_interval(mins => ${minutes}) WHERE number = ${delivery}`
      await quietFor(HOURS[state] * 60 - 1)
      expect(await silent(delivery)).toEqual([])
      await quietFor(HOURS[state] * 60 + 1)
      const { order } = await shop.look(delivery)
      expect(await silent(delivery)).toEqual([{ delivery, order, state, since: expect.any(String) }])
    }
    await behave({ mode: 'unavailable' })
    const { number, delivery } = await confirmed(1)
    await isListed(delivery, 'booking')
    expectStatus(await shop.command(number, 'cancellation'), 202)
    await isListed(delivery, 'cancelling')
    await behave({ mode: 'hold' })
    await inState(number, 'cancelled')
    expect(await silent(delivery)).toEqual([])

    const other = await confirmed(1)
    await isListed(other.delivery, 'booked')
    await report(other.delivery, 'collected')
    await isListed(other.delivery, 'dispatched')
    await report(other.delivery, 'delivered')
    await inState(other.number, 'delivered')
    expect(await silent(other.delivery)).toEqual([])
  })
})

describe("the carrier's word (A8)", () => {
  test('is believed with its signature only; replayed, repeated and out of order it does no harm', async () => {
    const { number, sku, delivery } = await confirmed()
    const { tracking, version } = await inState(delivery, 'booked')
    const at = new Date().toISOString()
    const words = (status: string, reference = delivery) => ({
      type: 'shipment.updated',
      timestamp: at,
      data: { tracking, reference, status, at },
    })
    const post = async (
      body: unknown,
      more: { secret?: string; signedAt?: Date; id?: string; unsigned?: boolean; signedBody?: unknown } = {},
    ) => {
      const id = more.id ?? `msg_${randomUUID()}`
      const signedAt = more.signedAt ?? new Date()
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const signed = more.signedBody === undefined ? text : JSON.stringify(more.signedBody)
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(signedAt.getTime() / 1_000)),
        'webhook-signature': new Webhook(more.secret ?? house().carrierSecret).sign(id, signedAt, signed),
      }
      return shop.call('POST', '/v1/carrier-webhooks', { body: text, headers: more.unsigned ? {} : headers })
    }
    const forged = { status: 401, body: { type: expect.stringMatching(/\/invalid-signature$/) } }
    const other = `whsec_${Buffer.from('a secret of somebody else').toString('base64')}`
    expect(await post(words('delivered'), { secret: other })).toMatchObject(forged)
    expect(await post(words('delivered'), { unsigned: true })).toMatchObject(forged)
    expect(await post(words('delivered'), { signedBody: words('collected') })).toMatchObject(forged)
    const minutes = (count: number) => new Date(Date.now() + count * 60_000)
    expect(await post(words('delivered'), { signedAt: minutes(-6) })).toMatchObject(forged)
    expect(await post(words('delivered'), { signedAt: minutes(6) })).toMatchObject(forged)
    expect((await post('{"type":')).status).toBe(400)
    expect((await post(words('eaten'))).status).toBe(422)
    expect((await post(words('delivered', 'DL-0000-0000-000'))).status).toBe(404)
    expect((await shop.look(delivery)).version).toBe(version)

    const id = `msg_${randomUUID()}`
    expectStatus(await post(words('delivered'), { id }), 200)
    expectStatus(await post(words('delivered'), { id }), 200)
    expect(await post(words('collected'), { id })).toMatchObject({
      status: 422,
      body: { type: expect.stringMatching(/\/idempotency-key-reused$/) },
    })
    await behave({ mode: 'hold', repeat: 3 })
    await report(delivery, 'delivered')
    await report(delivery, 'collected')
    await report(delivery, 'failed', 'too late')
    await waitFor(
      'every webhook to be answered',
      async () => (await shipments(delivery))[0].webhooks,
      (webhooks) =>
        webhooks.length === 9 && webhooks.every((sent: Answer['body']) => sent.answer.status === 200),
    )
    expect(await events(delivery)).toEqual(['planned', 'booking', 'booked', 'dispatched', 'delivered'])
    await inState(number, 'delivered')
    expect((await events(number)).slice(-2)).toEqual(['dispatched', 'delivered'])
    expect(await movements(sku)).toEqual(['confirm 2', 'deliver 2'])
    expect(await shop.look(delivery)).toMatchObject({ state: 'delivered', failure: null })
  })
})

describe('cancelling between confirmation and dispatch (A8)', () => {
  test('planned for a later day: at once, and the units go to the queue', async () => {
    const { number, sku, delivery, email } = await confirmed(2, { deliver_on: today(2) })
    const next = await shop.backOrder(sku, 2)
    const cancelled = expectStatus(await shop.command(number, 'cancellation'), 200)
    expect(cancelled.body).toMatchObject({ state: 'cancelled', allocated: 0, allowed_actions: [] })
    expect(await shop.look(delivery)).toMatchObject({ state: 'cancelled', allowed_actions: [] })
    expect(await shop.look(next.number)).toMatchObject({ state: 'met', allocated: 2 })
    expect(await movements(sku)).toEqual(['confirm 2', 'recall 2', 'allocate 2'])
    expect(await shop.level(sku)).toEqual({ on_hand: 2, allocated: 2, outbound: 0, outstanding: 0 })
    await shop.mails(email, /^Back order \S+ is cancelled/)
    expect(await shipments(delivery)).toEqual([])
  })

  test('booked: 202 until the carrier has given the parcel back; by the back order or by the delivery', async () => {
    for (const way of ['back order', 'delivery'] as const) {
      const { number, sku, delivery } = await confirmed()
      await inState(delivery, 'booked')
      const { body } = expectStatus(
        way === 'back order'
          ? await shop.command(number, 'cancellation', { reason: 'Changed my mind' })
          : await shop.call('POST', `/v1/deliveries/${delivery}/cancellation`, { body: {} }),
        202,
      )
      expect(body.state).toBe('cancelling')
      await inState(number, 'cancelled')
      await inState(delivery, 'cancelled')
      expect((await shipments(delivery)).map(({ status }) => status)).toEqual(['cancelled'])
      expect(await movements(sku)).toEqual(['confirm 2', 'recall 2'])
      // Nobody waits: they are free for the next customer.
      expect(await shop.level(sku)).toEqual({ on_hand: 2, allocated: 0, outbound: 0, outstanding: 0 })
    }
  })

  test('the carrier has collected it already: it goes on to the customer', async () => {
    const { number, sku, delivery } = await confirmed()
    await inState(delivery, 'booked')
    // The carrier's word of it cannot reach us.
    await house().stopApi(0)
    await report(delivery, 'collected')
    const { body } = expectStatus(await shop.command(number, 'cancellation', {}, { api: 1 }), 202)
    expect(body.state).toBe('cancelling')
    await waitFor(
      'the back order to go on',
      () => house().db<{ state: string }[]>`SELECT state FROM back_orders WHERE number = ${number}`,
      ([row]) => row?.state === 'dispatched',
    )
    await house().startApi(0)
    await waitFor(
      'the late word to arrive',
      async () => (await shipments(delivery))[0].webhooks,
      ([sent]) => sent?.answer.status === 200,
    )
    expect(await events(delivery)).toEqual(['planned', 'booking', 'booked', 'cancelling', 'dispatched'])
    await report(delivery, 'delivered')
    await inState(number, 'delivered')
    expect(await movements(sku)).toEqual(['confirm 2', 'deliver 2'])
  })

  test('the carrier reports the collection while it is asked to give the parcel back', async () => {
    const { number, sku, delivery } = await confirmed()
    await inState(delivery, 'booked')
    await behave({ mode: 'unavailable' })
    expectStatus(await shop.command(number, 'cancellation'), 202)
    await report(delivery, 'collected')
    await inState(number, 'dispatched')
    await behave({ mode: 'hold' })
    await report(delivery, 'delivered')
    await inState(number, 'delivered')
    expect(await movements(sku)).toEqual(['confirm 2', 'deliver 2'])
  })

  test('the carrier does not know the shipment: believed once it says so again a minute later', async () => {
    const { sku, delivery } = unknown
    await shop.until(delivery, (view) => view.state === 'cancelled', 90)
    const [row] = await house().db<{ seconds: number }[]>`
      SELECT extract(epoch FROM max(at) - min(at))::float8 AS seconds FROM events
       WHERE number = ${delivery} AND type IN ('delivery.cancelling', 'delivery.cancelled')`
    expect(row?.seconds).toBeGreaterThan(55)
    expect(await movements(sku)).toEqual(['confirm 2', 'recall 2'])
  })
})
