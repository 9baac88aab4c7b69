import { randomUUID } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { ADDRESS, expectStatus, Shop, waitFor } from '../support/shop.ts'

// After so few events a process continues as new, where it would otherwise take thousands.
const house = useHouse({
  partners: ['mail'],
  temporalDynamicConfig: { 'limit.historyCount.suggestContinueAsNew': '40' },
})
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
  await house().db`UPDATE periods SET default_seconds = 1800`
})
afterEach(async () => {
  await expectSoundHouse(house())
  await expectReplayable(house())
})

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

function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1_000).toISOString()
}

describe('a process that lives long continues as new (DESIGN §1)', () => {
  test('a back order: every command is carried out once, and its deadline ends it', async () => {
    const sku = await shop.item({ onHand: 1 })
    const { number } = await shop.backOrder(sku, 2)
    const commands = Array.from({ length: 24 }, (_, index) => ({
      idempotencyKey: randomUUID(),
      body: { deadline_at: inSeconds(600 + index) },
    }))
    const send = ({ body, idempotencyKey }: (typeof commands)[number]) =>
      shop.command(number, 'deadline', body, { idempotencyKey })
    const answers = []
    // Three at a time, so that some cross the end of a run.
    for (let start = 0; start < commands.length; start += 3)
      answers.push(...(await Promise.all(commands.slice(start, start + 3).map(send))))
    expect(answers.map((answer) => answer.status)).toEqual(Array(24).fill(200))
    expect((await runsOf(`back-order/${number}`)).length).toBeGreaterThan(2)

    const again = await Promise.all(commands.map(send))
    expect(again.map((answer) => answer.body)).toEqual(answers.map((answer) => answer.body))
    expect(await eventsOf(number, ['back_order.deadline_changed'])).toBe(24)

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
    const days = 10
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
      (overdue) => overdue >= 6,
    )
    expect((await runsOf(`purchase-order/${row?.number}`)).length).toBeGreaterThan(runs.length)
    const keys = await house().db<{ step: number }[]>`
      SELECT split_part(key, '/', 3)::integer AS step FROM steps
       WHERE key LIKE ${`${runs[0]?.runId}/deadline/%`} ORDER BY 1`
    expect(keys.length).toBeGreaterThanOrEqual(6)
    expect(keys.map(({ step }) => step)).toEqual(keys.map((_, index) => index + 1))

    expectStatus(await shop.bring(supplier, sku, 1), 201)
    await shop.until(row?.number ?? '', (view) => view.state === 'closed')
    await shop.until(number, (view) => view.state === 'met')
  })

  test('a cancellation in Temporal is carried out wherever in a run it comes', async () => {
    const sku = await shop.item()
    await Promise.all(
      // So many wakes before it that it comes just before, just at and just after the end of a run.
      Array.from({ length: 10 }, async (_, wakes) => {
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
  test('more to one process than Temporal gives it at a time: each is carried out once, none is a failure of ours', async () => {
    const { number } = await shop.backOrder(await shop.item(), 1)
    const commands = Array.from({ length: 40 }, (_, index) =>
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
    expect(changed).toBeLessThanOrEqual(40)
    expectStatus(await shop.command(number, 'cancellation'), 200)
  })

  test('leave histories that another worker can go on from', async () => {
    await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
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
