import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { accept, dealerSays, newRange, orderVehicle, plantSays } from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import { newLead, say } from '../support/lead.ts'
import { expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { ProviderSide } from '../support/provider.ts'
import { ADDRESS, expectStatus, Shop, waitFor } from '../support/shop.ts'
import { story } from '../support/vehicle.ts'

// After so few events a process continues as new, where it would otherwise take thousands.
const house = useHouse({
  partners: ['mail', 'payments'],
  temporalDynamicConfig: { 'limit.historyCount.suggestContinueAsNew': '20' },
})
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
  await house().db`UPDATE periods SET default_seconds = 1800`
})
afterEach(() => expectSoundHouse(house()))
afterAll(() => expectReplayable(house()))

/** The runs of a process, oldest first. */
async function runsOf(workflowId: string): Promise<{ runId: string; status: string }[]> {
  const runs = []
  for await (const { runId, status, startTime } of house().temporal.workflow.list({
    query: `WorkflowId = '${workflowId}'`,
  })) {
    runs.push({ runId, status: status.name, startTime })
  }
  return runs.sort((a, b) => a.startTime.getTime() - b.startTime.getTime())
}

async function eventsOf(number: string, types: string[]): Promise<number> {
  const { db } = house()
  const [row] = await db<{ events: number }[]>`
    SELECT count(*)::integer AS events FROM events WHERE number = ${number} AND type IN ${db(types)}`
  return row?.events ?? 0
}

/** The numbers of a process's own steps of this name, over all its runs, in order. */
async function stepsOf(workflow: string, name: string): Promise<number[]> {
  const [first] = await runsOf(workflow)
  const rows = await house().db<{ step: number }[]>`
    SELECT split_part(key, '/', 3)::integer AS step FROM steps WHERE key LIKE ${`${first?.runId}/${name}/%`} ORDER BY 1`
  return rows.map(({ step }) => step)
}

function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1_000).toISOString()
}

describe('a process that lives long continues as new (DESIGN §1)', () => {
  test('a back order: every command is carried out once, and its deadline ends it', async () => {
    const sku = await shop.item({ onHand: 1 })
    const { number } = await shop.backOrder(sku, 2)
    const commands = Array.from({ length: 12 }, (_, index) => ({
      idempotencyKey: randomUUID(),
      body: { deadline_at: inSeconds(600 + index) },
    }))
    const send = ({ body, idempotencyKey }: (typeof commands)[number]) =>
      shop.command(number, 'deadline', body, { idempotencyKey })
    const answers = []
    // Three at a time, so that some cross the end of a run.
    for (let start = 0; start < commands.length; start += 3)
      answers.push(...(await Promise.all(commands.slice(start, start + 3).map(send))))
    expect(answers.map((answer) => answer.status)).toEqual(Array(12).fill(200))
    expect((await runsOf(`back-order/${number}`)).length).toBeGreaterThan(2)

    const again = await Promise.all(commands.map(send))
    expect(again.map((answer) => answer.body)).toEqual(answers.map((answer) => answer.body))
    expect(await eventsOf(number, ['back_order.deadline_changed'])).toBe(12)

    expectStatus(await shop.command(number, 'deadline', { deadline_at: inSeconds(2) }), 200)
    await shop.until(number, (view) => view.state === 'expired')
    expect(await eventsOf(number, ['back_order.expired'])).toBe(1)
    expect(await shop.level(sku)).toEqual({ on_hand: 1, allocated: 0, outbound: 0, outstanding: 0 })
    const runs = await waitFor(
      'the last run to end',
      () => runsOf(`back-order/${number}`),
      (runs) => runs.at(-1)?.status === 'COMPLETED',
    )
    expect(new Set(runs.slice(0, -1).map(({ status }) => status))).toEqual(new Set(['CONTINUED_AS_NEW']))
  })

  test('a purchase order: its steps are numbered on, and the customer hears each date once', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const { number } = await shop.backOrder(sku, 1)
    const [row] = await waitFor(
      'the purchase order',
      () =>
        house().db<{ number: string }[]>`SELECT number FROM purchase_orders WHERE supplier = ${supplier.id}`,
      (rows) => rows.length > 0,
    )
    const path = `/v1/purchase-orders/${row?.number}/acknowledgement`
    const days = 5
    for (let day = 1; day <= days; day++) {
      // Each a day later than what the customer knows; the first than what the offer said.
      const expected_at = inSeconds((day + 1) * 86_400)
      const lines = [{ line: 1, accepted: { quantity: 1, expected_at } }]
      expectStatus(await shop.call('POST', path, { key: supplier.key, body: { lines } }), 200)
      await shop.until(number, (view) => view.promised_at === expected_at)
    }
    const runs = await runsOf(`purchase-order/${row?.number}`)
    expect(runs.length).toBeGreaterThan(1)
    expect(await eventsOf(number, ['back_order.delayed'])).toBe(days)

    // Overdue, again and again. A number used twice would be a step that was not taken.
    await house().db`UPDATE suppliers SET overdue_seconds = 1 WHERE id = ${supplier.id}`
    const lines = [{ line: 1, accepted: { quantity: 1, expected_at: inSeconds(0) } }]
    expectStatus(await shop.call('POST', path, { key: supplier.key, body: { lines } }), 200)
    await waitFor(
      'it to be overdue for long',
      () => eventsOf(row?.number ?? '', ['purchase_order.overdue']),
      (overdue) => overdue >= 3,
    )
    expect((await runsOf(`purchase-order/${row?.number}`)).length).toBeGreaterThan(runs.length)
    const steps = await stepsOf(`purchase-order/${row?.number}`, 'deadline')
    expect(steps.length).toBeGreaterThanOrEqual(3)
    expect(steps).toEqual(steps.map((_, index) => index + 1))

    expectStatus(await shop.bring(supplier, sku, 1), 201)
    await shop.until(row?.number ?? '', (view) => view.state === 'closed')
    await shop.until(number, (view) => view.state === 'met')
  })

  test('a lead: the dealer is asked for the status once after each word, and the silence after the last is seen (B9)', async () => {
    const dealer = await shop.dealer({ statusSeconds: 1, acknowledgeSeconds: 300, remindSeconds: 300 })
    const { number } = await newLead(shop, dealer)
    const rounds = 3
    const statuses = ['received', ...Array.from({ length: rounds - 1 }, () => 'contacted')]
    for (const [round, status] of statuses.entries()) {
      expectStatus(await say(shop, dealer, number, { status, note: `Word ${round}` }), 200)
      await waitFor(
        'the dealer to be asked',
        () => eventsOf(number, ['lead.status_requested']),
        (asked) => asked > round,
      )
    }
    const workflow = `lead/${number}`
    const runs = await runsOf(workflow)
    expect(runs.length).toBeGreaterThan(1)
    const asked = Array.from({ length: rounds }, () => ['status_given', 'status_requested']).flat()
    expect(await story(shop, number)).toEqual(['received', 'sent', ...asked])
    const kept = await house().db<
      { note: string }[]
    >`SELECT note FROM lead_statuses WHERE lead = ${number} ORDER BY id`
    expect(kept.map(({ note }) => note)).toEqual(statuses.map((_, round) => `Word ${round}`))
    expect(await stepsOf(workflow, 'deadline')).toEqual(
      Array.from({ length: rounds }, (_, index) => index + 1),
    )
    // The clock that runs on belongs to the last run: nobody answered it.
    await house().db`UPDATE leads SET deadline_at = now() WHERE number = ${number}`
    await house().temporal.workflow.getHandle(workflow).signal('look')
    await waitFor(
      'the dealer to be reminded',
      () => eventsOf(number, ['lead.reminded']),
      (reminded) => reminded > 0,
    )
    expectStatus(await say(shop, dealer, number, { status: 'sold' }), 200)
    await shop.until(number, ({ state }) => state === 'sold')
    expect(await eventsOf(number, ['lead.status_requested'])).toBe(rounds)
  })

  test('a paid custom order: deposit and balance are each held, taken and asked for once (B5)', async () => {
    const provider = new ProviderSide(house())
    const shop = await Shop.open(house())
    const range = await newRange(shop)
    const dealer = await shop.dealer({ makes: [range.make] })
    await house().db`UPDATE storefronts SET takes_payment = true WHERE id = ${shop.storefront}`
    const terms = { deposit: 50_000, fee: 0, refund_banked: 'full', refund_scheduled: 'full' }
    expectStatus(await shop.operate('PUT', 'order-terms/custom_order/EUR', terms), 200)
    const { number, order } = await orderVehicle(shop, range, dealer)
    const deposit: string = order.deposit.number
    await provider.buyer(deposit, 'pay')
    await shop.until(number, ({ state }) => state === 'submitted')
    const workflow = `custom-order/${number}`
    /** The dealer says it again and again, and the process looks at it, until it has gone on in another run. */
    const crossARun = async () => {
      const { length } = await runsOf(workflow)
      for (let times = 0; (await runsOf(workflow)).length === length && times < 20; times++) {
        expectStatus(await dealerSays(shop, dealer, number, { verdict: 'accepted' }), 200)
        await house().temporal.workflow.getHandle(workflow).signal('look')
      }
      expect((await runsOf(workflow)).length).toBeGreaterThan(length)
    }
    await crossARun()
    expect(await shop.look(deposit)).toMatchObject({ state: 'authorised' })
    expect(await provider.ledger(deposit)).toMatchObject({ held: 50_000, taken: 0 })
    const { vehicle } = await accept(shop, dealer, number)
    await shop.until(deposit, ({ state }) => state === 'captured')
    expectStatus(await plantSays(shop, 'at_dealer', vehicle.number), 200)
    const { balance } = await shop.until(number, (view) => view.balance?.state === 'pending')
    await crossARun()
    await provider.buyer(balance.number, 'pay')
    await shop.until(balance.number, ({ state }) => state === 'captured')
    const handedOver = await shop.call('POST', `/v1/custom-orders/${number}/handover`, {
      key: dealer.key,
      body: {},
    })
    expect(expectStatus(handedOver, 200).body).toMatchObject({ state: 'completed' })

    expect(await story(shop, number)).toEqual(
      [
        'received deposit_requested deposit_held told_dealer told_processor dealer_accepted processor_accepted confirmed',
        'told_dealer told_processor balance_requested completed',
      ]
        .join(' ')
        .split(' '),
    )
    const payments = await house()
      .db`SELECT number, purpose, state FROM payments WHERE pays_for = ${number} ORDER BY purpose`
    expect(payments).toEqual([
      { number: balance.number, purpose: 'balance', state: 'captured' },
      { number: deposit, purpose: 'deposit', state: 'captured' },
    ])
    expect(await provider.ledger(deposit)).toEqual({ held: 0, taken: 50_000, given_back: 0, open_pages: 0 })
    expect(await provider.ledger(balance.number)).toMatchObject({ held: 0, taken: 2_950_000, given_back: 0 })
    expect(await stepsOf(workflow, 'follow-money')).toHaveLength(2)
  })

  test('a cancellation in Temporal is carried out wherever in a run it comes', async () => {
    const sku = await shop.item()
    await Promise.all(
      // So many wakes before it that it comes just before, just at and just after the end of a run.
      Array.from({ length: 6 }, async (_, wakes) => {
        const { number } = await shop.backOrder(sku, 1)
        const workflow = house().temporal.workflow.getHandle(`back-order/${number}`)
        const taskDone = async (count: number) =>
          waitFor(
            `${count} tasks of ${number}`,
            async () => (await workflow.fetchHistory()).events ?? [],
            (events) => {
              const done = events.filter((event) => event.workflowTaskCompletedEventAttributes).length
              return (
                done >= count ||
                Boolean(events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId)
              )
            },
          )
        await taskDone(1)
        for (let wake = 1; wake <= wakes; wake++) {
          await workflow.signal('look')
          await taskDone(wake + 1)
        }
        await workflow.cancel()
        await shop.until(number, (view) => view.state === 'cancelled')
      }),
    )
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 0, outstanding: 0 })
  })
})

describe('commands that come at the same moment', () => {
  // That is ten.
  test('more to one process than Temporal gives it at a time: each is carried out once, none is a failure of ours', async () => {
    const { number } = await shop.backOrder(await shop.item(), 1)
    const commands = Array.from({ length: 15 }, (_, index) =>
      shop.command(
        number,
        'deadline',
        { deadline_at: inSeconds(600 + index) },
        { idempotencyKey: randomUUID() },
      ),
    )
    const statuses = (await Promise.all(commands)).map(({ status }) => status)
    // Too many at once may be told to come again, with the same key; that it went wrong nobody is told.
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([])
    const done = statuses.filter((status) => status === 200).length
    expect(done).toBeGreaterThan(0)
    const changed = await eventsOf(number, ['back_order.deadline_changed'])
    expect(changed).toBeGreaterThanOrEqual(done)
    expect(changed).toBeLessThanOrEqual(15)
    expectStatus(await shop.command(number, 'cancellation'), 200)
  })

  test('leave histories that another worker can go on from', async () => {
    await Promise.all(
      Array.from({ length: 4 }, async (_, index) => {
        const sku = await shop.item({ onHand: 1 })
        const supplier = await shop.supplier({ skus: [sku] })
        const { number } = await shop.backOrder(sku, 3)
        const answers = await Promise.all([
          shop.command(number, 'quantity', { quantity: 2 }),
          shop.command(number, 'deadline', { deadline_at: inSeconds(600 + index) }),
          shop.bring(supplier, sku, 1),
          shop.command(number, 'delivery-request', { ship_to: ADDRESS }),
          shop.command(number, index % 2 ? 'confirmation' : 'cancellation'),
        ])
        for (const { status } of answers) expect([200, 201, 409]).toContain(status)
      }),
    )
  })
})
