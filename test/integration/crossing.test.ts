import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { expectProblem, expectSoundHouse } from '../support/proof.ts'
import { ADDRESS, type Answer, expectStatus, insist, Shop, waitFor } from '../support/shop.ts'

// No worker until a test starts one; Temporal keeps its workflows on disk, so that it can be killed.
const house = useHouse({ partners: ['mail'], workers: 0 })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})

/** How long a request took, in milliseconds, and what it came to. */
async function timed(request: () => Promise<Answer>): Promise<{ took: number; answer: Answer }> {
  const start = performance.now()
  const answer = await request()
  return { took: performance.now() - start, answer }
}

/** A caller waits no longer than this to hear that the outcome is not known. */
const PATIENCE = 11_500

describe('nobody is there to do it: the outcome is not known, and the same key learns it later (DESIGN §6)', () => {
  type Sent = { request: () => Promise<Answer>; took: number; answer: Answer }
  let sku: string
  let item: string
  let numbers: { ready: string; waiting: string; offered: string; hasty: string }
  let placing: Sent
  let early: Sent
  let commands: Record<'confirmed' | 'cancelled' | 'answered' | 'received', Sent>
  let hasty: { first: Answer; again: Answer; request: () => Promise<Answer> }
  let meanwhile: Answer
  let before: { order: string | undefined; level: object }

  const inTime = async (request: () => Promise<Answer>): Promise<Sent> => ({
    request,
    ...(await timed(request)),
  })
  const ordersOf = (email: string) => house().db<{ number: string }[]>`
    SELECT number FROM orders WHERE customer IN (SELECT id FROM customers WHERE email = ${email})`

  beforeAll(async () => {
    const worker = await house().startWorker()
    sku = await shop.item({ onHand: 5 })
    item = await shop.item()
    const supplier = await shop.supplier({ skus: [item], gatherSeconds: 3_000 })
    const ready = await shop.backOrder(item, 2)
    expectStatus(await shop.bring(supplier, item, 2), 201)
    expectStatus(await shop.command(ready.number, 'delivery-request', { ship_to: ADDRESS }), 200)
    const waiting = await shop.backOrder(item, 3, { wait_period: 'PT1H' })
    const offered = expectStatus(await shop.order([{ sku: item, quantity: 1 }]), 201)
    const scarce = expectStatus(await shop.order([{ sku: await shop.item(), quantity: 1 }]), 201)
    numbers = {
      ready: ready.number,
      waiting: waiting.number,
      offered: offered.body.number,
      hasty: scarce.body.number,
    }
    await expectSoundHouse(house())
    await house().stopWorker(worker)

    const send = (path: string, body: object, key = shop.storefrontKey) => {
      const idempotencyKey = randomUUID()
      return () => shop.call('POST', path, { body, key, idempotencyKey })
    }
    const ordering = (email: string, sku: string) => {
      const idempotencyKey = randomUUID()
      return () =>
        shop.order([{ sku, quantity: 7 }], { idempotencyKey, email, more: { offer_period: 'PT1H' } })
    }
    const decline = { answers: [{ line: 1, choice: 'decline' }] }
    // Over before it is known what came of it.
    const wait_until = new Date(Date.now() + 8_000).toISOString()
    const accept = { answers: [{ line: 1, choice: 'wait_for_all', wait_until }] }
    const update = { reference: 'crossing', lines: [{ sku: item, received: 4 }] }
    const order = ordering('crossing@example.test', sku)
    const other = await shop.item({ onHand: 1 })
    const all = Promise.all([
      inTime(order),
      inTime(ordering('early@example.test', other)),
      inTime(send(`/v1/back-orders/${numbers.ready}/confirmation`, {})),
      inTime(send(`/v1/back-orders/${numbers.waiting}/cancellation`, {})),
      inTime(send(`/v1/orders/${numbers.offered}/answers`, decline)),
      inTime(send('/v1/inventory-updates', update, supplier.key)),
      inTime(send(`/v1/orders/${numbers.hasty}/answers`, accept)),
    ])
    const stored = await waitFor(
      'the orders to be stored',
      async () => [...(await ordersOf('crossing@example.test')), ...(await ordersOf('early@example.test'))],
      (rows) => rows.length === 2,
    )
    meanwhile = await order()
    let confirmed: Sent, cancelled: Sent, answered: Sent, received: Sent, accepted: Sent
    ;[placing, early, confirmed, cancelled, answered, received, accepted] = await all
    const again = insist(accepted.request)
    commands = { confirmed, cancelled, answered, received }
    before = { order: stored[0]?.number, level: await shop.level(sku) }
    await house().temporal.workflow.getHandle(`order/${stored[1]?.number}`).cancel()
    await house().startWorker(worker)
    hasty = { first: accepted.answer, again: await again, request: accepted.request }
  })

  test('who asks hears so in time, who asks again meanwhile hears that it is in work', async () => {
    for (const { answer, took } of [placing, early, ...Object.values(commands)]) {
      await expectProblem(house(), answer, 503, 'outcome-unknown')
      expect(took).toBeLessThan(PATIENCE)
    }
    await expectProblem(house(), meanwhile, 409, 'request-running')
    expect(Number(meanwhile.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(before.level).toEqual({ on_hand: 5, allocated: 0, outbound: 0, outstanding: 0 })
  })

  test('an order is placed once, under the number that it had from the beginning', async () => {
    const placed = expectStatus(await placing.request(), 201)
    expect(placed.body).toMatchObject({ number: before.order, state: 'offered' })
    const again = expectStatus(await placing.request(), 201)
    expect(again.body).toEqual(placed.body)
    expect(await ordersOf('crossing@example.test')).toHaveLength(1)
  })

  test('an order whose cancellation was asked for in the Temporal UI meanwhile is placed, then cancelled (P4)', async () => {
    const placed = expectStatus(await early.request(), 201)
    await shop.until(placed.body.number, (view) => view.state === 'cancelled')
    const told = await shop.mails('early@example.test', /is cancelled/)
    expect(told.map(({ subject }) => subject.replace(placed.body.number, '…'))).toEqual([
      'Order …: some items are not in stock',
      'Order … is cancelled',
    ])
  })

  test('what was in time as it was asked for is not refused to a repeat while it is under way', async () => {
    await expectProblem(house(), hasty.first, 503, 'outcome-unknown')
    expect(expectStatus(hasty.again, 200).body).toMatchObject({ state: 'decided' })
    expect((await hasty.request()).body).toEqual(hasty.again.body)
    const [line] = hasty.again.body.lines
    await shop.until(line.back_order, (view) => view.state === 'expired')
  })

  test('commands are carried out once', async () => {
    const answersNow = () => Promise.all(Object.values(commands).map(({ request }) => request()))
    const done = await answersNow()
    expect(done.map(({ status }) => status)).toEqual([200, 200, 200, 201])
    expect((await answersNow()).map(({ body }) => body)).toEqual(done.map(({ body }) => body))
    const events = await house().db<{ type: string; times: number }[]>`
      SELECT type, count(*)::int AS times FROM events
       WHERE (number, type) IN ((${numbers.ready}, 'back_order.confirmed'), (${numbers.waiting}, 'back_order.cancelled'),
                                (${numbers.offered}, 'order.answered'))
       GROUP BY type ORDER BY type`
    expect(events).toEqual([
      { type: 'back_order.cancelled', times: 1 },
      { type: 'back_order.confirmed', times: 1 },
      { type: 'order.answered', times: 1 },
    ])
    expect(await house().db`SELECT 1 FROM receipts WHERE reference = 'crossing'`).toHaveLength(1)
    expect(await shop.level(item)).toEqual({ on_hand: 4, allocated: 0, outbound: 2, outstanding: 0 })
    expect(await shop.level(sku)).toEqual({ on_hand: 5, allocated: 5, outbound: 0, outstanding: 0 })
    await expectSoundHouse(house())
  })
})

describe('Temporal is away', () => {
  test('requests that need it are refused at once as unavailable, reading goes on, the same key succeeds later', async () => {
    const sku = await shop.item({ onHand: 1 })
    const { number } = await shop.backOrder(sku, 3, { wait_period: 'PT1H' })
    await expectSoundHouse(house())
    await house().killTemporal()
    const keys = { order: randomUUID(), cancel: randomUUID() }
    const order = () =>
      shop.order([{ sku, quantity: 1 }], { idempotencyKey: keys.order, email: 'away@example.test' })
    const cancel = () => shop.command(number, 'cancellation', {}, { idempotencyKey: keys.cancel })
    for (const request of [order, cancel]) {
      const { took, answer } = await timed(request)
      await expectProblem(house(), answer, 503, 'unavailable')
      expect(took).toBeLessThan(5_000)
    }
    // A process that never reached it says the same.
    const late = await house().startApi()
    const body = { reason: 'late' }
    const { took, answer } = await timed(() =>
      shop.command(number, 'cancellation', body, { api: late, idempotencyKey: randomUUID() }),
    )
    await expectProblem(house(), answer, 503, 'unavailable')
    expect(took).toBeLessThan(PATIENCE)
    expect(await shop.look(number)).toMatchObject({ state: 'waiting', allocated: 1 })
    const ready = await fetch(new URL('/readyz', house().apiUrl))
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      { checks: { database: 'ok', temporal: 'cannot be reached' } },
    ])

    await house().startTemporal()
    const placed = await waitFor('the order to be placed', order, ({ status }) => status === 201, 45)
    const cancelled = await waitFor('the cancellation', cancel, ({ status }) => status === 200, 45)
    expect(cancelled.body).toMatchObject({ number, state: 'cancelled' })
    expect(await house().db`SELECT 1 FROM orders WHERE number = ${placed.body.number}`).toHaveLength(1)
    expect(
      await house()
        .db`SELECT 1 FROM customers JOIN orders ON orders.customer = customers.id WHERE email = 'away@example.test'`,
    ).toHaveLength(1)
    await expectSoundHouse(house())
  })

  test('killed between the end of a step and its process hearing of it: the process is told to look (A9)', async () => {
    const { number } = await shop.backOrder(await shop.item(), 3, { wait_period: 'PT1H' })
    const idempotencyKey = randomUUID()
    const cancel = () => shop.command(number, 'cancellation', {}, { idempotencyKey })
    const first = await house().db.begin(async (tx) => {
      await tx`LOCK TABLE events IN EXCLUSIVE MODE`
      const answer = cancel()
      await waitFor(
        'the step to be in the middle',
        () => house().db`
          SELECT 1 FROM pg_stat_activity
           WHERE datname = current_database() AND application_name = 'holdfast worker' AND wait_event_type = 'Lock'`,
        (rows) => rows.length > 0,
      )
      await house().killTemporal()
      return { answer }
    })
    await expectProblem(house(), await first.answer, 503, 'unavailable')
    await shop.until(number, ({ state }) => state === 'cancelled')
    await house().startTemporal()
    expect(expectStatus(await cancel(), 200).body).toMatchObject({ number, state: 'cancelled' })
    await expectSoundHouse(house())
  })
})
