import { beforeAll, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { ADDRESS, expectStatus, Shop, waitFor } from '../support/shop.ts'

const house = useHouse({ partners: ['mail'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})

/** Sets one of the house's default periods, in seconds. */
async function housePeriod(kind: string, seconds: number): Promise<void> {
  await house().db`UPDATE periods SET default_seconds = ${seconds} WHERE kind = ${kind}`
}

/** How late a deadline was acted on, in seconds; negative would be early. */
async function lateness(number: string, type: string): Promise<number> {
  const [row] = await house().db<{ late: number }[]>`
    SELECT extract(epoch FROM e.at - d.deadline_at)::float8 AS late
      FROM events e,
           LATERAL (SELECT (details->>'deadline_at')::timestamptz AS deadline_at FROM events b
                     WHERE b.number = e.number AND b.sequence < e.sequence AND b.details->>'deadline_at' IS NOT NULL
                     ORDER BY b.sequence DESC LIMIT 1) AS d
     WHERE e.number = ${number} AND e.type = ${type}`
  if (!row) throw new Error(`no event ${type} of ${number}`)
  return row.late
}

describe.concurrent('the offer (A2, A3, A7)', () => {
  test('ends by itself: the short line counts as declined, what was held goes to the next in line, other lines go on', async () => {
    const short = await shop.item({ onHand: 2 })
    const plenty = await shop.item({ onHand: 5 })
    const order = expectStatus(
      await shop.order(
        [
          { sku: short, quantity: 4 },
          { sku: plenty, quantity: 1 },
        ],
        { more: { offer_period: 'PT5S' } },
      ),
      201,
    )
    expect(order.body).toMatchObject({ state: 'offered', deadline: { kind: 'offer' } })
    const next = await shop.backOrder(short, 2)
    expect(await shop.look(next.number)).toMatchObject({ state: 'waiting', allocated: 0 })

    const ended = await shop.until(order.body.number, (view) => view.state === 'decided')
    expect(ended.lines).toMatchObject([
      { sku: short, state: 'expired', back_order: null },
      { sku: plenty, state: 'met' },
    ])
    expect(ended.deliveries).toHaveLength(1)
    expect(await shop.look(next.number)).toMatchObject({ state: 'met', allocated: 2 })
    expect(await shop.level(short)).toEqual({ on_hand: 2, allocated: 2, outbound: 0, outstanding: 0 })
    expect(await shop.level(plenty)).toEqual({ on_hand: 4, allocated: 0, outbound: 1, outstanding: 0 })
    const late = await lateness(order.body.number, 'order.offer_expired')
    expect(late).toBeGreaterThanOrEqual(0)
    expect(late).toBeLessThan(5)
  })

  test('ends also for the largest order, whose items do not all fit into a search attribute (P4)', async () => {
    const skus = await Promise.all(
      Array.from({ length: 100 }, (_, index) => shop.item({ sku: `${'L'.repeat(58)}-${index + 100}` })),
    )
    const lines = skus.map((sku) => ({ sku, quantity: 1 }))
    const order = expectStatus(await shop.order(lines, { more: { offer_period: 'PT2S' } }), 201)
    expect(order.body.state).toBe('offered')
    const ended = await shop.until(order.body.number, (view) => view.state === 'decided')
    expect(ended.lines.map((line: { state: string }) => line.state)).toEqual(Array(100).fill('expired'))
  })

  test('between its end and the moment at which that is acted on it is over already, for every command', async () => {
    const sku = await shop.item({ onHand: 1 })
    const { number } = expectStatus(await shop.order([{ sku, quantity: 2 }]), 201).body
    // The process sleeps until the end that it knows of.
    await house().db`UPDATE orders SET deadline_at = now() WHERE number = ${number}`
    const before = [await shop.look(number), await shop.level(sku)]
    const later = new Date(Date.now() + 600_000).toISOString()
    for (const [command, body] of [
      ['answers', { answers: [{ line: 1, choice: 'wait_for_all' }] }],
      ['deadline', { deadline_at: later }],
    ] as const) {
      expect(await shop.call('POST', `/v1/orders/${number}/${command}`, { body })).toMatchObject({
        status: 409,
        body: {
          type: `${house().apiUrl}/problems/offer-ended`,
          detail: `The offer ended at ${before[0].deadline.at}.`,
        },
      })
      expect([await shop.look(number), await shop.level(sku)]).toEqual(before)
    }
    await house().temporal.workflow.getHandle(`order/${number}`).signal('look')
    const ended = await shop.until(number, (view) => view.state === 'decided')
    expect(ended.lines).toMatchObject([{ state: 'expired', back_order: null }])
  })

  test('stands for longer when asked for, within the longest period', async () => {
    const sku = await shop.item()
    const order = expectStatus(
      await shop.order([{ sku, quantity: 1 }], { more: { offer_period: 'PT1M' } }),
      201,
    )
    const path = `/v1/orders/${order.body.number}/deadline`
    const later = new Date(Date.now() + 600_000).toISOString()
    const changed = expectStatus(await shop.call('POST', path, { body: { deadline_at: later } }), 200)
    expect(changed.body.deadline).toEqual({ kind: 'offer', at: later })
    const tooLate = new Date(Date.now() + 3_700_000).toISOString()
    expect(await shop.call('POST', path, { body: { deadline_at: tooLate } })).toMatchObject({
      status: 422,
      body: { type: expect.stringMatching(/period-out-of-range$/) },
    })
    expect(await shop.call('POST', path, { body: { deadline_at: '2020-01-01T00:00:00Z' } })).toMatchObject({
      status: 422,
    })
    expect((await shop.look(order.body.number)).deadline).toEqual({ kind: 'offer', at: later })
  })
})

describe.concurrent('waiting, holding, confirming (A7)', () => {
  test('the wait that the customer set ends the back order, and its units go to the next', async () => {
    const sku = await shop.item({ onHand: 1 })
    const first = await shop.backOrder(sku, 3, { wait_period: 'PT2S' })
    const second = await shop.backOrder(sku, 1)
    expect(await shop.look(first.number)).toMatchObject({ allocated: 1, deadline: { kind: 'wait' } })
    expect(await shop.look(second.number)).toMatchObject({ state: 'waiting', ahead: 1, allocated: 0 })
    const ended = await shop.until(first.number, (view) => view.state === 'expired')
    expect(ended).toMatchObject({ allocated: 0, deadline: null, allowed_actions: [] })
    expect(await shop.look(second.number)).toMatchObject({ state: 'met', allocated: 1 })
    expect(await lateness(first.number, 'back_order.expired')).toBeGreaterThanOrEqual(0)
    expect(await lateness(first.number, 'back_order.expired')).toBeLessThan(5)
  })

  test('may be made longer and shorter while it runs, not beyond the longest', async () => {
    const sku = await shop.item()
    const { number } = await shop.backOrder(sku, 1, { wait_period: 'PT1M' })
    const later = new Date(Date.now() + 900_000).toISOString()
    const longer = expectStatus(await shop.command(number, 'deadline', { deadline_at: later }), 200)
    expect(longer.body.deadline).toEqual({ kind: 'wait', at: later })
    const beyond = new Date(Date.now() + 3_700_000).toISOString()
    expect(await shop.command(number, 'deadline', { deadline_at: beyond })).toMatchObject({
      status: 422,
      body: {
        type: expect.stringMatching(/period-out-of-range$/),
        detail: 'The wait period may be at most 1 hour.',
      },
    })
    expect((await shop.look(number)).deadline).toEqual({ kind: 'wait', at: later })
    const soon = new Date(Date.now() + 1_500).toISOString()
    expectStatus(await shop.command(number, 'deadline', { deadline_at: soon }), 200)
    await shop.until(number, (view) => view.state === 'expired')
    expect(await lateness(number, 'back_order.expired')).toBeGreaterThanOrEqual(0)
  })
})

describe.concurrent('lowering the quantity while waiting (A3)', () => {
  test('keeps the place, releases what is too much, and may meet the back order', async () => {
    const sku = await shop.item({ onHand: 2 })
    const first = await shop.backOrder(sku, 5)
    const second = await shop.backOrder(sku, 1)
    expect(await shop.command(first.number, 'quantity', { quantity: 5 })).toMatchObject({
      status: 422,
      body: { type: expect.stringMatching(/quantity-not-lower$/) },
    })
    const lowered = expectStatus(await shop.command(first.number, 'quantity', { quantity: 3 }), 200)
    expect(lowered.body).toMatchObject({
      state: 'waiting',
      ordered: 3,
      allocated: 2,
      shortfall: 3,
      outstanding: 1,
      ahead: 0,
    })
    expect(await shop.level(sku)).toEqual({ on_hand: 2, allocated: 2, outbound: 0, outstanding: 2 })

    const met = expectStatus(await shop.command(first.number, 'quantity', { quantity: 1 }), 200)
    expect(met.body).toMatchObject({ state: 'met', ordered: 1, allocated: 1, deadline: { kind: 'hold' } })
    expect(await shop.look(second.number)).toMatchObject({ state: 'met', allocated: 1 })
    expect(await shop.level(sku)).toEqual({ on_hand: 2, allocated: 2, outbound: 0, outstanding: 0 })
    expect(await shop.command(first.number, 'quantity', { quantity: 1 })).toMatchObject({ status: 409 })
  })
})

// One after the other: these lock a table, or change the house's periods, which every other test goes by.
describe('alone in the house (A7)', () => {
  test('an offer is shown as it was at one moment, with its lines, whatever changes meanwhile (P5)', async () => {
    const sku = await shop.item()
    const { number } = expectStatus(await shop.order([{ sku, quantity: 1 }]), 201).body
    const before = await shop.look(number)
    const shown = await house().db.begin(async (tx) => {
      await tx`LOCK TABLE order_lines IN ACCESS EXCLUSIVE MODE`
      const looking = shop.look(number)
      await waitFor(
        'the order to be read, and its lines to be asked for',
        () => house().db`SELECT 1 FROM pg_locks WHERE relation = 'order_lines'::regclass AND NOT granted`,
        (rows) => rows.length > 0,
      )
      await tx`UPDATE order_lines SET expected_at = now() WHERE order_number = ${number}`
      return { looking }
    })
    expect(await shown.looking).toEqual(before)
    expect((await shop.look(number)).lines[0].expected_at).not.toBeNull()
  })

  test('the predetermined wait applies when the customer sets none', async () => {
    await housePeriod('wait', 2)
    const sku = await shop.item()
    const { number } = await shop.backOrder(sku, 1)
    await housePeriod('wait', 60)
    await shop.until(number, (view) => view.state === 'expired')
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 0, outstanding: 0 })
  })

  test('being met stops the wait; the hold ends it, and so does the confirmation', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const first = await shop.backOrder(sku, 1, { wait_period: 'PT4S', hold_period: 'PT2S' })
    const second = await shop.backOrder(sku, 1, { hold_period: 'PT10M' })
    expectStatus(await shop.bring(supplier, sku, 1), 201)
    expect(await shop.look(first.number)).toMatchObject({ state: 'met', deadline: { kind: 'hold' } })
    await shop.until(first.number, (view) => view.state === 'expired')
    expect(await lateness(first.number, 'back_order.expired')).toBeGreaterThanOrEqual(0)

    expect(await shop.look(second.number)).toMatchObject({ state: 'met', deadline: { kind: 'hold' } })
    const third = await shop.backOrder(sku, 1)
    await housePeriod('confirm', 2)
    const requested = expectStatus(
      await shop.command(second.number, 'delivery-request', { ship_to: ADDRESS }),
      200,
    )
    await housePeriod('confirm', 60)
    expect(requested.body).toMatchObject({ state: 'delivery_requested', deadline: { kind: 'confirm' } })
    await shop.until(second.number, (view) => view.state === 'expired')
    expect(await shop.command(second.number, 'confirmation')).toMatchObject({
      status: 409,
      body: { type: expect.stringMatching(/state-conflict$/), state: 'expired', allowed_actions: [] },
    })
    expect(await shop.look(third.number)).toMatchObject({ state: 'met', allocated: 1 })
    expect(await shop.level(sku)).toEqual({ on_hand: 1, allocated: 1, outbound: 0, outstanding: 0 })
  })
})
