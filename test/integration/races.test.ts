import { randomUUID } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Bank } from '../support/bank.ts'
import { useHouse } from '../support/house.ts'
import { expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { ADDRESS, type Answer, expectStatus, isNoSuchProcess, Shop } from '../support/shop.ts'

// Two of each throughout: whoever is first in the database wins, wherever it runs.
const house = useHouse({ partners: ['mail', 'carrier'], apis: 2, workers: 2 })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
  // It takes parcels, so that no call is repeated, and moves none.
  const held = await fetch(`${house().carrierUrl}/api/behaviour`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ mode: 'hold' }),
  })
  expect(held.ok).toBe(true)
})
afterEach(() => expectSoundHouse(house()))

describe('many at once (A1, A6)', () => {
  test('50 concurrent orders for 20 units promise exactly 20', async () => {
    const sku = await shop.item({ onHand: 20 })
    const orders = await Promise.all(
      Array.from({ length: 50 }, (_, index) => shop.order([{ sku, quantity: 1 }], { api: index % 2 })),
    )
    expect(orders.map((order) => order.status)).toEqual(Array(50).fill(201))
    const available = orders.map((order) => order.body.lines[0].available as number)
    expect(available.filter((units) => units === 1)).toHaveLength(20)
    expect(available.filter((units) => units === 0)).toHaveLength(30)
    // Those met in full went on to delivery at once; the others are offered and hold nothing.
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 20, outstanding: 0 })
  })

  test('concurrent orders of several items in any order neither deadlock nor promise a unit twice', async () => {
    const skus = await Promise.all(Array.from({ length: 4 }, () => shop.item({ onHand: 5 })))
    const orders = await Promise.all(
      Array.from({ length: 12 }, (_, index) => {
        const turned = [...skus.slice(index % 4), ...skus.slice(0, index % 4)]
        return shop.order(
          turned.map((sku) => ({ sku, quantity: 1 })),
          { api: index % 2 },
        )
      }),
    )
    expect(orders.map((order) => order.status)).toEqual(Array(12).fill(201))
    for (const sku of skus) {
      const promised = orders
        .flatMap((order) => order.body.lines)
        .filter((line) => line.sku === sku && line.available === 1)
      expect(promised).toHaveLength(5)
    }
  })

  test('a newcomer gets nothing while somebody waits, and whoever waited longest is served first', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku] })
    const waiters: { number: string }[] = []
    for (let index = 0; index < 5; index++) waiters.push(await shop.backOrder(sku, 2))
    const receipts = Array.from({ length: 3 }, (_, index) =>
      shop.call('POST', '/v1/inventory-updates', {
        key: supplier.key,
        api: index % 2,
        body: { reference: `race-${index}-${randomUUID()}`, lines: [{ sku, received: 2 }] },
      }),
    )
    const newcomers = Array.from({ length: 6 }, (_, index) =>
      shop.order([{ sku, quantity: 1 }], { api: index % 2 }),
    )
    for (const receipt of await Promise.all(receipts)) expectStatus(receipt, 201)
    const answered = await Promise.all(newcomers)
    expect(answered.map((order) => order.body.lines[0].available)).toEqual(Array(6).fill(0))
    const states = await Promise.all(waiters.map(async ({ number }) => (await shop.look(number)).state))
    expect(states).toEqual(['met', 'met', 'met', 'waiting', 'waiting'])
  })

  test('the same request sent twice at the same moment is one order', async () => {
    const sku = await shop.item({ onHand: 3 })
    const idempotencyKey = randomUUID()
    const lines = [{ sku, quantity: 1 }]
    const email = 'twice@example.test'
    const both = await Promise.all([
      shop.order(lines, { idempotencyKey, email }),
      shop.order(lines, { idempotencyKey, email, api: 1 }),
    ])
    const statuses = both.map((order) => order.status).sort()
    expect([
      [201, 201],
      [201, 409],
    ]).toContainEqual(statuses)
    const again = expectStatus(await shop.order(lines, { idempotencyKey, email }), 201)
    expect(again.body).toEqual(both.find((order) => order.status === 201)?.body)
    expect(await shop.level(sku)).toMatchObject({ on_hand: 2, outbound: 1 })
  })
})

describe('every pair of mutations at the same moment ends in one consistent story', () => {
  type State = 'waiting' | 'met' | 'delivery_requested'
  type Act = (subject: Subject, api: number) => Promise<Answer>
  type Subject = { number: string; sku: string; supplier: { key: string } }

  const acts: Record<string, Act> = {
    cancel: ({ number }, api) => shop.command(number, 'cancellation', {}, { api }),
    lower: ({ number }, api) => shop.command(number, 'quantity', { quantity: 1 }, { api }),
    extend: ({ number }, api) =>
      shop.command(
        number,
        'deadline',
        { deadline_at: new Date(Date.now() + 600_000).toISOString() },
        { api },
      ),
    request: ({ number }, api) => shop.command(number, 'delivery-request', { ship_to: ADDRESS }, { api }),
    confirm: ({ number }, api) => shop.command(number, 'confirmation', {}, { api }),
    decline: ({ number }, api) => shop.command(number, 'refusal', {}, { api }),
    receive: ({ sku, supplier }) => shop.bring(supplier, sku, 2),
    newcomer: ({ sku }, api) => shop.order([{ sku, quantity: 1 }], { api }),
    // Nothing is on the shelf: what is not confirmed is taken back.
    count: ({ sku }, api) =>
      shop.call('POST', '/v1/operator/stock-counts', {
        key: shop.operatorKey,
        api,
        body: { counts: [{ sku, counted: 0 }], reason: 'Empty shelf' },
      }),
  }
  const names = Object.keys(acts)
  const pairs = names.flatMap((a, index) => names.slice(index).map((b) => [a, b] as const))

  /** What comes too early or too late. Two of these leave it as it is, so one back order is there for all such pairs. */
  const untimely: Record<State, string[]> = {
    waiting: ['request', 'confirm', 'decline'],
    met: ['lower', 'confirm', 'decline'],
    delivery_requested: ['lower', 'request'],
  }

  const exclusive = ['cancel', 'confirm', 'decline']
  /** What is confirmed can still be cancelled; of any other two that end the same state one comes too late. */
  const mostWins = (state: State, a: string, b: string) =>
    state === 'delivery_requested' && [a, b].sort().join() === 'cancel,confirm' ? 2 : 1

  /** So many lines of one order: a back order each, for two units in the given state, on an item of its own. */
  async function subjectsIn(state: State, count: number): Promise<Subject[]> {
    const skus = await Promise.all(Array.from({ length: count }, () => shop.item({ onHand: 1 })))
    const supplier = await shop.supplier({ skus, gatherSeconds: 600 })
    const order = expectStatus(await shop.order(skus.map((sku) => ({ sku, quantity: 2 }))), 201).body.number
    const answers = skus.map((_, index) => ({ line: index + 1, choice: 'wait_for_all' }))
    const answered = await shop.call('POST', `/v1/orders/${order}/answers`, { body: { answers } })
    const lines: { sku: string; back_order: string }[] = expectStatus(answered, 200).body.lines
    if (state !== 'waiting') {
      const received = skus.map((sku) => ({ sku, received: 1 }))
      const body = { reference: randomUUID(), lines: received }
      expectStatus(await shop.call('POST', '/v1/inventory-updates', { key: supplier.key, body }), 201)
    }
    if (state === 'delivery_requested')
      await Promise.all(
        lines.map(async ({ back_order }) =>
          expectStatus(await shop.command(back_order, 'delivery-request', { ship_to: ADDRESS }), 200),
        ),
      )
    return lines.map(({ sku, back_order }) => ({ number: back_order, sku, supplier }))
  }

  for (const state of ['waiting', 'met', 'delivery_requested'] as const) {
    test(`on a back order that is ${state}`, async () => {
      const isIdle = (pair: readonly string[]) => pair.every((act) => untimely[state].includes(act))
      const untouched = (await subjectsIn(state, 1))[0] as Subject
      for (const [a, b] of pairs.filter(isIdle)) {
        const answers = await Promise.all([acts[a]?.(untouched, 0), acts[b]?.(untouched, 1)])
        expect(
          answers.map((answer) => answer?.status),
          `${a} beside ${b}`,
        ).toEqual([409, 409])
      }

      const lost: string[] = []
      const others = pairs.filter((pair) => !isIdle(pair))
      for (let start = 0; start < others.length; start += 10) {
        const some = others.slice(start, start + 10)
        const subjects = await subjectsIn(state, some.length)
        await Promise.all(
          some.map(async ([a, b], index) => {
            const subject = subjects[index] as Subject
            const answers = await Promise.all([acts[a]?.(subject, 0), acts[b]?.(subject, 1)])
            for (const answer of answers) {
              // A yes, or a no with its reason; never an accident.
              if (![200, 201, 202, 409, 422].includes(answer?.status ?? 0)) {
                lost.push(`${a} beside ${b}: ${answer?.status} ${JSON.stringify(answer?.body)}`)
              }
            }
            const wins = answers.filter((answer) => answer && answer.status < 300).length
            if (exclusive.includes(a) && exclusive.includes(b) && wins > mostWins(state, a, b)) {
              lost.push(`${a} beside ${b}: both were carried out`)
            }
          }),
        )
      }
      expect(lost).toEqual([])
    })
  }

  test('on an offer: answered, cancelled or ended, and never two of them', async () => {
    type OnOffer = (number: string, api: number) => Promise<Answer | null>
    const ends: Record<string, OnOffer> = {
      'order.answered': (number, api) =>
        shop.call('POST', `/v1/orders/${number}/answers`, {
          api,
          body: { answers: [{ line: 1, choice: 'wait_for_all' }] },
        }),
      'order.cancelled': (number, api) =>
        shop.call('POST', `/v1/orders/${number}/cancellation`, { api, body: {} }),
      'order.offer_expired': async (number) => {
        await house().db`UPDATE orders SET deadline_at = now() WHERE number = ${number} AND state = 'offered'`
        const process = house().temporal.workflow.getHandle(`order/${number}`)
        await process.signal('look').catch((error) => {
          // The other one may have ended it already.
          if (!isNoSuchProcess(error)) throw error
        })
        return null
      },
    }
    const names = Object.keys(ends)
    const pairs = names.flatMap((a, index) => names.slice(index).map((b) => [a, b] as const))
    await Promise.all(
      Array.from({ length: 2 }, () => pairs)
        .flat()
        .map(async ([a, b]) => {
          const sku = await shop.item({ onHand: 1 })
          const { number } = expectStatus(await shop.order([{ sku, quantity: 2 }]), 201).body
          const answers = await Promise.all([ends[a]?.(number, 0), ends[b]?.(number, 1)])
          const ended = await shop.until(number, (view) => view.state !== 'offered')
          const history = await house().db<{ type: string }[]>`
            SELECT type FROM events WHERE number = ${number} AND type = ANY(${names})`
          const won = history.map(({ type }) => type)
          expect([won.length, [a, b].includes(won[0] ?? '')], `${a} beside ${b}: ${won.join()}`).toEqual([
            1,
            true,
          ])
          // Exactly the one that won was told so, the other why not.
          const told = answers.flatMap((answer) => answer?.status ?? [])
          const yes = won[0] === 'order.offer_expired' ? [] : [200]
          expect(told.sort(), `${a} beside ${b}`).toEqual([
            ...yes,
            ...Array(told.length - yes.length).fill(409),
          ])
          const isAnswered = won[0] === 'order.answered'
          expect(ended.state).toBe(won[0] === 'order.cancelled' ? 'cancelled' : 'decided')
          expect(await shop.level(sku)).toEqual({
            on_hand: 1,
            allocated: isAnswered ? 1 : 0,
            outbound: 0,
            outstanding: isAnswered ? 1 : 0,
          })
        }),
    )
  })

  test('no transaction ever met a deadlock', async () => {
    const [row] = await house().db<{ deadlocks: string }[]>`
      SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`
    expect(Number(row?.deadlocks)).toBe(0)
  })
})

describe('a deadline against a command', () => {
  test('expiry beside confirming and beside extending: one of them wins, the other is told', async () => {
    for (const act of ['confirmation', 'deadline'] as const) {
      const sku = await shop.item()
      const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 600 })
      const subjects = await Promise.all(Array.from({ length: 4 }, () => shop.backOrder(sku, 1)))
      expectStatus(await shop.bring(supplier, sku, 4), 201)
      await Promise.all(
        subjects.map(async ({ number }) =>
          expectStatus(await shop.command(number, 'delivery-request', { ship_to: ADDRESS }), 200),
        ),
      )
      const at = new Date(Date.now() + 5_000)
      await Promise.all(
        subjects.map(async ({ number }, index) => {
          expectStatus(await shop.command(number, 'deadline', { deadline_at: at.toISOString() }), 200)
          const moment = at.getTime() - 60 + index * 25
          await new Promise((resolve) => setTimeout(resolve, Math.max(moment - Date.now(), 0)))
          const body = act === 'deadline' ? { deadline_at: new Date(Date.now() + 600_000).toISOString() } : {}
          const answer = await shop.command(number, act, body, { api: index % 2 })
          const ended = await shop.until(
            number,
            (view) => view.state !== 'delivery_requested' || act === 'deadline',
          )
          if (answer.status === 200) expect(ended.state).not.toBe('expired')
          else {
            expect(answer).toMatchObject({ status: 409 })
            expect((await shop.until(number, (view) => view.state === 'expired')).allocated).toBe(0)
          }
        }),
      )
    }
  })
})

test('many orders of vehicles, cancellations and runs of the schedule at once: everybody has the slot of their turn (B6)', async () => {
  const bank = new Bank(shop)
  await bank.periods(4)
  const { line, modelYear } = await bank.line()
  const dealer = await shop.dealer()
  expectStatus(await bank.plant('a-crowd', { lines: [line], slots: [5, 5, 5, 5] }), 201)
  const early: string[] = []
  for (let turn = 0; turn < 10; turn++) early.push(await bank.ordered(dealer, modelYear))
  await bank.settled(early)
  const starts = Array.from({ length: 6 }, (_, count) =>
    house().temporal.workflow.start('scheduleProduction', {
      workflowId: `at-once-${count}`,
      taskQueue: 'holdfast',
    }),
  )
  const [orders] = await Promise.all([
    Promise.all(Array.from({ length: 20 }, () => bank.ordered(dealer, modelYear))),
    Promise.all(early.slice(0, 6).map((number) => bank.cancel(dealer, number))),
    Promise.all(starts),
  ])
  for (const start of await Promise.all(starts)) await start.result()
  await bank.settled(orders)
  const rows = await house().db<{ slot: string | null }[]>`
    SELECT period AS slot FROM vehicles WHERE model_line = ${line} AND state <> 'cancelled' ORDER BY place`
  expect(rows.map(({ slot }) => slot)).toEqual([
    ...[1, 2, 3, 4].flatMap((period) => Array<number>(5).fill(period)),
    ...Array<null>(4).fill(null),
  ])
})

test('however commands and wakes came together, a back order is worked out anew from its history (A9)', async () => {
  await expectReplayable(house(), `WorkflowType = 'backOrder'`)
})
