import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NONE } from '../../src/domain/schedule.ts'
import { openStore } from '../../src/store/database.ts'
import { loadBank, loadPlan } from '../../src/store/schedule-load.ts'
import { Bank } from '../support/bank.ts'
import { plantSays } from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import { changesNothing, expectProblem, expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'
import { newVin, tag } from '../support/vehicle.ts'

const house = useHouse({ partners: ['mail'] })
let shop: Shop
let bank: Bank
/** When the first period begins. */
let begins: number
beforeAll(async () => {
  shop = await Shop.open(house())
  bank = new Bank(shop)
  begins = Date.now() + 3_600_000
  await bank.periods(8)
})

const view = async (number: string): Promise<Answer['body']> =>
  expectStatus(await shop.call('GET', `/v1/stock-orders/${number}`, { key: shop.operatorKey }), 200).body
const story = async (number: string): Promise<Answer['body'][]> =>
  expectStatus(await shop.call('GET', `/v1/vehicles/${number}/events`, { key: shop.operatorKey }), 200).body
    .data
const queue = async (query: string): Promise<Answer['body'][]> =>
  expectStatus(await bank.operate('GET', `order-bank?${query}`), 200).body.data

const problemOf = ({ body }: Answer) => String(body?.type).split('/').at(-1)

/** So many orders of a dealer, one after the other. */
async function ordersOf(dealer: { key: string }, modelYear: string, count: number): Promise<string[]> {
  const orders: string[] = []
  for (let turn = 0; turn < count; turn++) orders.push(await bank.ordered(dealer, modelYear))
  return orders
}

// Each with plants and a line of its own; what they wait for is runs over all of them.
describe.concurrent('who is built when (B6)', () => {
  afterAll(() => expectSoundHouse(house()))

  test('orders get slots in turn; one that is freed goes to the next, and the one it leaves to the next but one', async () => {
    const { line, modelYear } = await bank.line()
    const dealer = await shop.dealer()
    expectStatus(await bank.plant('a-turns', { lines: [line], slots: [2, 1, 1] }), 201)
    const orders = await ordersOf(dealer, modelYear, 5)
    const [first = '', , third = '', fourth = '', fifth = ''] = orders
    expect(await bank.settled(orders)).toEqual([
      'a-turns/1 -',
      'a-turns/1 -',
      'a-turns/2 capacity',
      'a-turns/3 capacity',
      '- capacity',
    ])
    expect((await view(fourth)).order_bank).toEqual({
      ahead: 3,
      ahead_is_exact: true,
      slot: {
        plant: 'a-turns',
        period: 3,
        starts_at: expect.any(String),
        ends_at: expect.any(String),
        freezes_at: expect.any(String),
      },
      frozen: false,
      held_by: 'capacity',
      explanation: expect.stringMatching(
        /^Expected to be built from \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d; 3 ahead of you; not earlier because all slots for the Heron are taken until then$/,
      ),
    })
    expect((await view(fifth)).order_bank.explanation).toBe(
      'Waits for a slot in production; 4 ahead of you; none yet because all slots for the Heron are taken',
    )
    const before = await queue(`model_line=${line}`)
    expect(before.map(({ number }) => number)).toEqual(orders)

    expectStatus(await bank.cancel(dealer, first), 200)
    expect(await bank.settled(orders)).toEqual([
      '- -',
      'a-turns/1 -',
      'a-turns/1 -',
      'a-turns/2 capacity',
      'a-turns/3 capacity',
    ])
    expect(await story(third)).toMatchObject([
      { type: 'vehicle.banked', to: 'banked' },
      {
        type: 'vehicle.scheduled',
        from: 'banked',
        to: 'scheduled',
        details: { from: null, to: { plant: 'a-turns', period: 2 }, held_by: 'capacity' },
      },
      {
        type: 'vehicle.rescheduled',
        from: 'scheduled',
        to: 'scheduled',
        details: {
          from: { plant: 'a-turns', period: 2 },
          to: { plant: 'a-turns', period: 1 },
          held_by: null,
        },
      },
    ])
    expect((await queue(`model_line=${line}`)).map(({ number }) => number)).toEqual(orders.slice(1))
    expect((await queue(`plant=a-turns&period=2`)).map(({ number }) => number)).toEqual([fourth])
    expect(await view(first)).toMatchObject({ state: 'cancelled', order_bank: null, allowed_actions: [] })
  })

  test('the lowest priority goes first, and pushes back whoever came before; priorities can be changed', async () => {
    const { line, modelYear } = await bank.line()
    const dealer = await shop.dealer()
    expectStatus(await bank.plant('a-priorities', { lines: [line], slots: [1, 1] }), 201)
    const stock = await bank.ordered(dealer, modelYear)
    expect(await bank.settled([stock])).toEqual(['a-priorities/1 -'])
    const fleet = await bank.ordered(dealer, modelYear, [], 'fleet')
    expect(await bank.settled([stock, fleet])).toEqual(['a-priorities/2 capacity', 'a-priorities/1 -'])
    expect((await view(stock)).order_bank.ahead).toBe(1)
    expect((await queue(`model_line=${line}`)).map(({ priority }) => priority)).toEqual([20, 30])

    const { headers, body } = expectStatus(await bank.operate('GET', 'order-priorities'), 200)
    expect(body).toEqual({ retail: 10, fleet: 20, stock: 30 })
    const set = (priorities: object, etag: string | null) =>
      bank.operate('PUT', 'order-priorities', priorities, { headers: { 'if-match': etag ?? '' } })
    const changed = expectStatus(await set({ retail: 10, fleet: 20, stock: 20 }, headers.get('etag')), 200)
    expect(await bank.settled([stock, fleet])).toEqual(['a-priorities/1 -', 'a-priorities/2 capacity'])
    await expectProblem(house(), await set(body, headers.get('etag')), 412, 'version-stale')
    expectStatus(await set(body, changed.headers.get('etag')), 200)
    expect(await bank.settled([stock, fleet])).toEqual(['a-priorities/2 capacity', 'a-priorities/1 -'])
  })

  test('a line is built where there is room, at the plant that is first by its id', async () => {
    const { line, modelYear } = await bank.line()
    const dealer = await shop.dealer()
    expectStatus(await bank.plant('b-choice', { lines: [line], slots: [1, 5] }), 201)
    expectStatus(await bank.plant('a-choice', { lines: [line], slots: [1, 1] }), 201)
    const orders = await ordersOf(dealer, modelYear, 4)
    expect(await bank.settled(orders)).toEqual([
      'a-choice/1 -',
      'b-choice/1 -',
      'a-choice/2 capacity',
      'b-choice/2 capacity',
    ])
    const lost = expectStatus(await bank.plant('a-choice', { lines: [], slots: [1, 1] }), 200).body
      .unscheduled
    expect(lost).toEqual([orders[0], orders[2]])
    expect(await bank.settled(orders)).toEqual([
      'b-choice/1 -',
      'b-choice/2 capacity',
      'b-choice/2 capacity',
      'b-choice/2 capacity',
    ])
    expectStatus(await bank.plant('b-choice', { lines: [], slots: [] }), 200)
    expect(await bank.settled(orders)).toEqual(orders.map(() => '- no_plant'))
    // Operators see the line, also while a plant builds it that has slots in frozen periods only (P4).
    const unbuildable = async () => {
      const { unbuildable_lines } = expectStatus(await bank.operate('GET', 'attention'), 200).body
      return unbuildable_lines.filter(({ model_line }: Answer['body']) => model_line === line)
    }
    const [since] = await house().db<{ at: Date }[]>`
      SELECT banked_at AS at FROM vehicles WHERE number = ${orders[0] ?? ''}`
    const entry = { model_line: line, vehicles: orders.length, since: since?.at.toISOString() }
    expect(await unbuildable()).toEqual([entry])
    const frozen = { lines: [line], slots: [9], freeze: 'P1D' }
    expectStatus(await bank.plant('b-choice', frozen), 200)
    expect(await bank.settled(orders)).toEqual(orders.map(() => '- capacity'))
    expect(await unbuildable()).toEqual([entry])
    expectStatus(await bank.plant('b-choice', { lines: [line], slots: [0, 1] }), 200)
    expect(await unbuildable()).toEqual([])
    expectStatus(await bank.plant('b-choice', { lines: [], slots: [] }), 200)
  })

  test('a vehicle of a line that is newer than the plan which a run has read is left to the next run', async () => {
    const store = openStore({ url: house().databaseUrl, poolSize: 1, name: 'test' })
    const dealer = await shop.dealer()
    const read = await store.db.transaction(async (tx) => {
      const plan = await loadPlan(tx)
      const { modelYear } = await bank.line()
      const order = await bank.ordered(dealer, modelYear)
      const { numbers, fixed } = await loadBank(tx, plan, async () => {})
      return fixed[numbers.indexOf(order)]
    })
    await store.close()
    expect(read).toBe(NONE)
  })

  test("dealers' allocations and commodities hold back whom they name, and nobody else", async () => {
    const { line, modelYear } = await bank.line()
    const [dealer, other] = [await shop.dealer(), await shop.dealer()]
    expectStatus(await bank.plant('a-limits', { lines: [line], slots: [9, 9, 9] }), 201)
    const allocation = { limits: [{ period: 1, vehicles: 1 }] }
    expectStatus(await bank.operate('PUT', `allocations/${dealer.id}/${line}`, allocation), 201)
    const commodity = {
      name: 'Panoramic glass',
      features: [{ model_year: modelYear, feature: 'ROOF' }],
      limits: [
        { period: 1, vehicles: 0 },
        { period: 2, vehicles: 1 },
      ],
    }
    const created = expectStatus(await bank.operate('PUT', 'commodities/glass', commodity), 201)
    const plain = await ordersOf(dealer, modelYear, 2)
    const roofs = [
      await bank.ordered(other, modelYear, ['ROOF']),
      await bank.ordered(other, modelYear, ['ROOF']),
    ]
    const others = [await bank.ordered(other, modelYear)]
    const orders = [...plain, ...roofs, ...others]
    expect(await bank.settled(orders)).toEqual([
      'a-limits/1 -',
      'a-limits/2 allocation',
      'a-limits/2 commodity:glass',
      'a-limits/3 commodity:glass',
      'a-limits/1 -',
    ])
    expect((await view(roofs[1] ?? '')).order_bank.explanation).toMatch(
      /; not earlier because Panoramic glass is short until then$/,
    )
    expect((await queue(`model_line=${line}&dealer=${dealer.id}`))[1]).toMatchObject({
      held_by: 'allocation',
      held_in_words: "the dealer's share of the Heron is used up until then",
    })

    const more = { ...commodity, limits: [{ period: 1, vehicles: 1 }] }
    expectStatus(
      await bank.operate('PUT', 'commodities/glass', more, {
        headers: { 'if-match': created.headers.get('etag') },
      }),
      200,
    )
    const none = { limits: [] }
    expectStatus(
      await bank.operate('PUT', `allocations/${dealer.id}/${line}`, none, { headers: { 'if-match': '"1"' } }),
      200,
    )
    expect(await bank.settled(orders)).toEqual([
      'a-limits/1 -',
      'a-limits/1 -',
      'a-limits/1 -',
      'a-limits/2 commodity:glass',
      'a-limits/1 -',
    ])
  })

  // The plant's id is one that Postgres could read as something else.
  test('fewer slots: the last ones in the order lose theirs, are named, and get others', async () => {
    const { line, modelYear } = await bank.line()
    const dealer = await shop.dealer()
    expectStatus(await bank.plant('null', { lines: [line], slots: [3, 1, 1] }), 201)
    const orders = await ordersOf(dealer, modelYear, 4)
    expect(await bank.settled(orders)).toEqual(['null/1 -', 'null/1 -', 'null/1 -', 'null/2 capacity'])
    const lowered = expectStatus(await bank.plant('null', { lines: [line], slots: [1, 1, 1] }), 200)
    expect(lowered.body).toMatchObject({
      unscheduled: [orders[1], orders[2]],
      capacities: [
        { period: 1, slots: 1, used: 1 },
        { period: 2, slots: 1, used: 1 },
        { period: 3, slots: 1, used: 0 },
      ],
    })
    expect(await bank.settled(orders)).toEqual([
      'null/1 -',
      'null/2 capacity',
      'null/3 capacity',
      '- capacity',
    ])
    const told = await story(orders[1] ?? '')
    expect(told.slice(2)).toMatchObject([
      {
        type: 'vehicle.unscheduled',
        actor: expect.stringMatching(/^operator:/),
        from: 'scheduled',
        to: 'banked',
        details: { from: { plant: 'null', period: 1 }, to: null, held_by: 'capacity' },
      },
      { type: 'vehicle.scheduled', actor: 'house', details: { to: { plant: 'null', period: 2 } } },
    ])
  })
})

describe('the freeze point (B6, B10)', () => {
  test('what is frozen keeps its slot and cannot be cancelled; nobody else gets a slot beside it', async () => {
    const { line, modelYear } = await bank.line()
    const dealer = await shop.dealer()
    const plant = (slots: number[], freeze: string) =>
      bank.plant('a-frozen', { lines: [line], slots, freeze })
    expectStatus(await plant([2, 2, 2], 'PT0S'), 201)
    const [first = '', second = '', third = ''] = await ordersOf(dealer, modelYear, 3)
    const orders = [first, second, third]
    expect(await bank.settled(orders)).toEqual(['a-frozen/1 -', 'a-frozen/1 -', 'a-frozen/2 capacity'])
    expectStatus(await bank.cancel(dealer, second), 200)
    expect(await bank.settled(orders)).toEqual(['a-frozen/1 -', '- -', 'a-frozen/1 -'])
    const { slot } = (await view(first)).order_bank
    expect(slot.freezes_at).toBe(slot.starts_at)

    // It comes by itself, a few seconds from now.
    const seconds = Math.floor((begins - Date.now()) / 1_000) - 4
    expectStatus(await plant([2, 2, 2], `PT${seconds}S`), 200)
    const frozen = await waitFor(
      'the period to be frozen',
      () => view(first),
      ({ order_bank }) => order_bank.frozen,
    )
    expect(frozen.order_bank).toMatchObject({
      ahead: null,
      held_by: null,
      explanation: expect.stringMatching(/^To be built from .*; this is fixed$/),
    })
    expect(frozen.allowed_actions).toEqual([])
    const refused = await changesNothing(house(), () => bank.cancel(dealer, first), { answersOnce: true })
    expect(await expectProblem(house(), refused, 409, 'freeze-point-passed')).toMatchObject({
      frozen_at: frozen.order_bank.slot.freezes_at,
      allowed_actions: [],
    })

    const fleet = await bank.ordered(dealer, modelYear, [], 'fleet')
    const last = await bank.ordered(dealer, modelYear)
    expect(await bank.settled([...orders, fleet, last])).toEqual([
      'a-frozen/1 -',
      '- -',
      'a-frozen/1 -',
      'a-frozen/2 -',
      'a-frozen/2 -',
    ])
    const fewer = await changesNothing(house(), () => plant([1, 2, 2], `PT${seconds}S`))
    expect((await expectProblem(house(), fewer, 409, 'slots-frozen')).vehicles).toEqual([third])
    await expectSoundHouse(house())
  })
})

describe('a vehicle that its plant did not build in its period (B6)', () => {
  test('is shown to operators, who take its slot; it gets another one at its place', async () => {
    const { line, modelYear } = await bank.line()
    const dealer = await shop.dealer()
    expectStatus(await bank.plant('a-late', { lines: [line], slots: [1, 1] }), 201)
    const [first = '', second = ''] = await ordersOf(dealer, modelYear, 2)
    const orders = [first, second]
    expect(await bank.settled(orders)).toEqual(['a-late/1 -', 'a-late/2 capacity'])
    const reason = 'The line stood still'
    const release = () => bank.operate('POST', `vehicles/${first}/slot-release`, { reason })
    const early = await changesNothing(house(), release, { answersOnce: true })
    await expectProblem(house(), early, 409, 'state-conflict')

    // As if its period had passed.
    const { db } = house()
    await db`INSERT INTO production_periods (ordinal, starts_at, ends_at) VALUES (0, now() - interval '2 days', now() - interval '1 day')`
    await db`UPDATE vehicles SET period = 0 WHERE number = ${first}`
    await db`INSERT INTO schedule_requests (of_plan) VALUES (true)`
    const third = await bank.ordered(dealer, modelYear)
    orders.push(third)
    expect(await bank.settled(orders)).toEqual(['a-late/0 -', 'a-late/1 -', 'a-late/2 capacity'])
    const late = async () => expectStatus(await bank.operate('GET', 'attention'), 200).body.late_vehicles
    expect(await late()).toEqual([
      {
        vehicle: first,
        state: 'scheduled',
        dealer: dealer.id,
        plant: 'a-late',
        period: 0,
        since: expect.any(String),
      },
    ])
    expect(problemOf(await bank.cancel(dealer, first))).toBe('freeze-point-passed')
    expectStatus(await release(), 200)
    expect(await bank.settled(orders)).toEqual(['a-late/1 -', 'a-late/2 capacity', '- capacity'])
    expect(await late()).toEqual([])
    expect((await story(first)).slice(2)).toMatchObject([
      {
        type: 'vehicle.unscheduled',
        note: reason,
        details: { from: { plant: 'a-late', period: 0 }, to: null },
      },
      { type: 'vehicle.scheduled', details: { to: { plant: 'a-late', period: 1 } } },
    ])
    await expectSoundHouse(house())
  })
})

describe('a vehicle of which nothing more is reported (B7, P4)', () => {
  const DAYS = { in_production: 21, built: 14, shipped: 60, at_dealer: 45 }

  test('is shown to operators, by how long each stage may take; at the dealer only where a buyer waits', async () => {
    const { line, modelYear } = await bank.line()
    const dealer = await shop.dealer()
    expectStatus(await bank.plant('a-silent', { lines: [line], slots: [1] }), 201)
    const vehicle = await bank.ordered(dealer, modelYear)
    await bank.settled([vehicle])
    const late = async () =>
      expectStatus(await bank.operate('GET', 'attention'), 200).body.late_vehicles.filter(
        (row: Answer['body']) => row.vehicle === vehicle,
      )
    const { db } = house()
    const quietFor = (minutes: number) =>
      db`UPDATE events SET at = now() - make_interval(mins => ${minutes}) WHERE number = ${vehicle}`
    /** Listed once nothing was reported for so many days, and not a minute before. */
    const isListed = async (state: keyof typeof DAYS) => {
      await quietFor(DAYS[state] * 1_440 - 1)
      expect(await late()).toEqual([])
      await quietFor(DAYS[state] * 1_440 + 1)
      const [row, ...others] = await late()
      expect(others).toEqual([])
      expect(row).toMatchObject({ state, dealer: dealer.id, plant: 'a-silent', period: 1 })
      expect(Date.now() - Date.parse(row.since)).toBeGreaterThan(DAYS[state] * 86_400_000)
    }
    expectStatus(await plantSays(shop, 'in_production', vehicle), 200)
    await isListed('in_production')
    // A price is no news of it; its VIN is.
    const price = { price: { amount: 2_900_000, currency: 'EUR' } }
    expectStatus(
      await shop.call('POST', `/v1/stock-vehicles/${vehicle}/price`, { key: dealer.key, body: price }),
      200,
    )
    expect(await late()).toHaveLength(1)
    expectStatus(await plantSays(shop, 'vin_assigned', vehicle, { vin: newVin() }), 200)
    expect(await late()).toEqual([])
    for (const stage of ['built', 'shipped'] as const) {
      expectStatus(await plantSays(shop, stage, vehicle), 200)
      await isListed(stage)
    }
    expectStatus(await plantSays(shop, 'at_dealer', vehicle), 200)
    await quietFor(100 * 1_440)
    expect(await late()).toEqual([])
    await tag(shop, vehicle)
    await isListed('at_dealer')
  })
})

describe('runs beside each other and beside everything else', () => {
  test('the next run does not wait until all whom the last one moved are woken', async () => {
    const { line, modelYear } = await bank.line()
    const dealer = await shop.dealer()
    expectStatus(await bank.plant('a-woken', { lines: [line], slots: [1, 1, 1] }), 201)
    const [first = '', second = ''] = await ordersOf(dealer, modelYear, 2)
    await bank.settled([first, second])
    const { db } = house()
    // What a run wakes is not struck out as long as this lock is held.
    await db`CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN OLD; END'`
    await db`CREATE TRIGGER held_up BEFORE DELETE ON wakes FOR EACH ROW WHEN (OLD.step LIKE 'schedule-production/%')
             EXECUTE FUNCTION wait_here()`
    try {
      await db.begin(async (tx) => {
        await tx`SELECT pg_advisory_xact_lock(4711)`
        // As a buyer's, it comes before the other one.
        await tag(shop, second)
        expect(await bank.settled([first, second])).toEqual(['a-woken/2 capacity', 'a-woken/1 -'])
        const third = await bank.ordered(dealer, modelYear)
        expect(await bank.settled([third])).toEqual(['a-woken/3 capacity'])
        expect(await db`SELECT workflow FROM wakes WHERE step LIKE 'schedule-production/%'`).not.toHaveLength(
          0,
        )
      })
    } finally {
      await db`DROP TRIGGER held_up ON wakes`
      await db`DROP FUNCTION wait_here`
    }
    await expectSoundHouse(house())
  })

  test('cancelled while a run is about to move it: it stays cancelled, and the others are planned around it', async () => {
    const { line, modelYear } = await bank.line()
    const dealer = await shop.dealer()
    expectStatus(await bank.plant('a-crossed', { lines: [line], slots: [1, 1, 1] }), 201)
    const [first = '', second = '', third = ''] = await ordersOf(dealer, modelYear, 3)
    await bank.settled([first, second, third])
    await house().db.begin(async (tx) => {
      await tx`SELECT 1 FROM vehicles WHERE number = ${second} FOR UPDATE`
      expectStatus(await bank.cancel(dealer, first), 200)
      await waitFor(
        'the run to wait for the vehicle',
        () =>
          house()
            .db`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR NO KEY UPDATE OF v%'`,
        (rows) => rows.length > 0,
      )
      await tx`UPDATE vehicles SET state = 'cancelled', plant = NULL, period = NULL, held_by = NULL, version = version + 1, ended_at = now()
                WHERE number = ${second}`
      await tx`UPDATE vehicle_availability SET state = 'cancelled' WHERE vehicle = ${second}`
      await tx`INSERT INTO events (number, sequence, type, actor, from_state, to_state, details)
               VALUES (${second}, 3, 'vehicle.cancelled', 'test', 'scheduled', 'cancelled', '{}')`
      await tx`INSERT INTO schedule_requests (of_plan) VALUES (false)`
    })
    expect(await bank.settled([first, second, third])).toEqual(['- -', '- -', 'a-crossed/1 -'])
    expect((await story(second)).map(({ type }) => type)).toEqual([
      'vehicle.banked',
      'vehicle.scheduled',
      'vehicle.cancelled',
    ])
    await expectSoundHouse(house())
  })

  test('a plan that changes while a run works on the old one is not overwritten', async () => {
    const { line, modelYear } = await bank.line()
    const dealer = await shop.dealer()
    expectStatus(await bank.plant('a-changed', { lines: [line], slots: [2, 2] }), 201)
    const orders = await ordersOf(dealer, modelYear, 4)
    expect(await bank.settled(orders)).toEqual([
      'a-changed/1 -',
      'a-changed/1 -',
      'a-changed/2 capacity',
      'a-changed/2 capacity',
    ])
    // The run has read the old plan when it comes to the lock that the change holds.
    await house().db.begin(async (tx) => {
      await tx`SELECT pg_advisory_xact_lock(6202, 2)`
      expectStatus(await bank.cancel(dealer, orders[0] ?? ''), 200)
      await waitFor(
        'the run to wait for the plan',
        () =>
          house()
            .db`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 6202 AND objid = 2 AND NOT granted`,
        (rows) => rows.length > 0,
      )
      await tx`UPDATE plant_capacities SET slots = 1 WHERE plant = 'a-changed' AND period = 2`
      await tx`UPDATE vehicles SET state = 'banked', plant = NULL, period = NULL, held_by = 'capacity', version = version + 1 WHERE number = ${orders[3] ?? ''}`
      await tx`INSERT INTO events (number, sequence, type, actor, from_state, to_state, details)
               VALUES (${orders[3] ?? ''}, 3, 'vehicle.unscheduled', 'test', 'scheduled', 'banked', '{}')`
      await tx`INSERT INTO schedule_requests (of_plan) VALUES (true)`
    })
    expect(await bank.settled(orders)).toEqual([
      '- -',
      'a-changed/1 -',
      'a-changed/1 -',
      'a-changed/2 capacity',
    ])
    await expectSoundHouse(house())
    await expectReplayable(house(), `WorkflowType = 'scheduleProduction'`)
  })
})
