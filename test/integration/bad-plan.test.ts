import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { Bank } from '../support/bank.ts'
import { useHouse } from '../support/house.ts'
import { changesNothing, expectProblem } from '../support/proof.ts'
import { type Answer, expectStatus, Shop } from '../support/shop.ts'

// Without a worker: what is refused is refused before anything runs.
const house = useHouse({ partners: [], workers: 0 })
let shop: Shop
let bank: Bank
let line: string
let modelYear: string
let dealer: Awaited<ReturnType<Shop['dealer']>>
beforeAll(async () => {
  shop = await Shop.open(house())
  bank = new Bank(shop)
  await bank.periods(3)
  const made = await bank.line()
  line = made.line
  modelYear = made.modelYear
  dealer = await shop.dealer()
  await house().db`DELETE FROM wakes`
})

const day = (ordinal: number) => new Date(Date.UTC(2030, 0, ordinal)).toISOString()
const plant = (more: object = {}) => ({ name: 'North', model_lines: [line], capacities: [], ...more })
const etag = (value: string) => ({ headers: { 'if-match': value } })

/** Refused as one of these, with nothing changed. */
async function refused(
  request: () => Promise<Answer>,
  status: number,
  type: string,
  pointers?: string[],
  options: { answersOnce?: boolean } = {},
): Promise<Answer['body']> {
  return expectProblem(house(), await changesNothing(house(), request, options), status, type, pointers)
}

describe('a plan that is wrong is refused by its pointers, and nothing is changed (B6, P8)', () => {
  test('plants', async () => {
    const put = (body: object, options = {}) => bank.operate('PUT', 'plants/north', body, options)
    const faulty = [
      [plant({ capacities: [{ period: 1, slots: -1 }] }), ['/capacities/0/slots']],
      [plant({ capacities: [{ period: 9, slots: 1 }] }), ['/capacities/0/period']],
      [
        plant({
          capacities: [
            { period: 1, slots: 1 },
            { period: 1, slots: 2 },
          ],
        }),
        ['/capacities/1/period'],
      ],
      [plant({ model_lines: [line, 'nowhere'] }), ['/model_lines/1']],
      [plant({ model_lines: [line, line] }), ['/model_lines/1']],
      [plant({ freeze: 'P1M' }), ['/freeze']],
      [plant({ freeze: '-PT1S' }), ['/freeze']],
      [plant({ colour: 'red' }), ['/colour']],
    ] as const
    for (const [body, pointers] of faulty)
      await refused(() => put(body), 422, 'invalid-request', [...pointers])
    await refused(() => bank.operate('PUT', 'plants/North', plant()), 422, 'invalid-request')
    await refused(() => put(plant(), etag('"1"')), 412, 'version-stale')

    const created = expectStatus(
      await put(plant({ freeze: 'P7D', capacities: [{ period: 2, slots: 4 }] })),
      201,
    )
    expect(created.body).toEqual({
      id: 'north',
      name: 'North',
      model_lines: [line],
      freeze: 'P7D',
      capacities: [{ period: 2, slots: 4, used: 0 }],
      unscheduled: [],
      version: 1,
    })
    await refused(() => put(plant()), 428, 'version-missing')
    const { unscheduled: _, ...read } = created.body
    expect((await bank.operate('GET', 'plants/north')).body).toEqual(read)
    expect((await bank.operate('GET', 'plants')).body).toEqual({ data: [read], next_cursor: null })
    await expectProblem(house(), await bank.operate('GET', 'plants/south'), 404, 'not-found')

    const many = {
      plants: [
        { id: 'south', ...plant() },
        { id: 'west', ...plant({ model_lines: ['x'] }) },
      ],
    }
    await refused(
      () => bank.operate('POST', 'plants/bulk', many),
      422,
      'invalid-request',
      ['/plants/1/model_lines/0'],
      { answersOnce: true },
    )
    const twice = { plants: [many.plants[0], many.plants[0]] }
    await refused(() => bank.operate('POST', 'plants/bulk', twice), 422, 'invalid-request', ['/plants/1/id'])
    const idempotencyKey = randomUUID()
    const load = () =>
      bank.operate(
        'POST',
        'plants/bulk',
        { plants: [{ id: 'north', ...plant() }, many.plants[0]] },
        { idempotencyKey },
      )
    expect(expectStatus(await load(), 200).body).toEqual({ created: 1, changed: 1, unscheduled: [] })
    expect(expectStatus(await load(), 200).body).toEqual({ created: 1, changed: 1, unscheduled: [] })
    expect((await bank.operate('GET', 'plants/north')).body.version).toBe(2)
  })

  test('production periods', async () => {
    const put = (ordinal: number | string, body: object, options = {}) =>
      bank.operate('PUT', `production-periods/${ordinal}`, body, options)
    await refused(() => put(20, { starts_at: day(2), ends_at: day(2) }), 422, 'invalid-request', ['/ends_at'])
    await refused(() => put(20, { starts_at: day(2) }), 422, 'invalid-request', ['/ends_at'])
    await refused(() => put('x', { starts_at: day(1), ends_at: day(2) }), 422, 'invalid-request')
    const created = expectStatus(await put(20, { starts_at: day(10), ends_at: day(20) }), 201)
    expect(created.body).toEqual({ ordinal: 20, starts_at: day(10), ends_at: day(20), version: 1 })
    await refused(() => put(21, { starts_at: day(19), ends_at: day(25) }), 422, 'invalid-request', [
      '/starts_at',
    ])
    await refused(() => put(19, { starts_at: day(5), ends_at: day(11) }), 422, 'invalid-request', [
      '/ends_at',
    ])
    await refused(() => put(20, { starts_at: day(1), ends_at: day(2) }), 428, 'version-missing')
    await refused(() => put(20, { starts_at: day(1), ends_at: day(2) }, etag('"7"')), 412, 'version-stale')
    const overlapping = {
      production_periods: [
        { ordinal: 30, starts_at: day(40), ends_at: day(50) },
        { ordinal: 31, starts_at: day(49), ends_at: day(60) },
      ],
    }
    const twice = {
      production_periods: [0, 1].map(() => ({ ordinal: 31, starts_at: day(60), ends_at: day(61) })),
    }
    await refused(
      () => bank.operate('POST', 'production-periods/bulk', twice),
      422,
      'invalid-request',
      ['/production_periods/1/ordinal'],
      { answersOnce: true },
    )
    await refused(
      () => bank.operate('POST', 'production-periods/bulk', overlapping),
      422,
      'invalid-request',
      ['/production_periods/1/starts_at'],
      { answersOnce: true },
    )
    const changed = await put(20, { starts_at: day(11), ends_at: day(20) }, etag('"1"'))
    expect(expectStatus(changed, 200).headers.get('etag')).toBe('"2"')
    const listed = expectStatus(await bank.operate('GET', 'production-periods?limit=3'), 200).body
    expect(listed.data.map(({ ordinal }: { ordinal: number }) => ordinal)).toEqual([1, 2, 3])
    const rest = await bank.operate('GET', `production-periods?limit=3&cursor=${listed.next_cursor}`)
    expect(expectStatus(rest, 200).body).toEqual({ data: [changed.body], next_cursor: null })
  })

  test('commodities', async () => {
    const commodity = (more: object = {}) => ({
      name: 'Glass',
      features: [{ model_year: modelYear, feature: 'ROOF' }],
      limits: [],
      ...more,
    })
    const put = (body: object, options = {}) => bank.operate('PUT', 'commodities/glass', body, options)
    const faulty = [
      [commodity({ features: [{ model_year: 'nothing', feature: 'ROOF' }] }), ['/features/0/model_year']],
      [commodity({ features: [{ model_year: modelYear, feature: 'WINGS' }] }), ['/features/0/feature']],
      [commodity({ features: [...commodity().features, ...commodity().features] }), ['/features/1']],
      [commodity({ limits: [{ period: 1, vehicles: 1.5 }] }), ['/limits/0/vehicles']],
      [commodity({ limits: [{ period: 8, vehicles: 1 }] }), ['/limits/0/period']],
    ] as const
    for (const [body, pointers] of faulty)
      await refused(() => put(body), 422, 'invalid-request', [...pointers])
    const created = expectStatus(await put(commodity({ limits: [{ period: 1, vehicles: 1 }] })), 201)
    await refused(() => put(commodity(), etag('"2"')), 412, 'version-stale')
    expect((await bank.operate('GET', 'commodities/glass')).body).toEqual(created.body)
    expect((await bank.operate('GET', 'commodities')).body.data).toEqual([created.body])
    await expectProblem(house(), await bank.operate('GET', 'commodities/steel'), 404, 'not-found')
    const bulk = { commodities: [{ code: 'steel', ...commodity({ limits: [{ period: 8, vehicles: 1 }] }) }] }
    await refused(
      () => bank.operate('POST', 'commodities/bulk', bulk),
      422,
      'invalid-request',
      ['/commodities/0/limits/0/period'],
      { answersOnce: true },
    )
  })

  test('allocations and priorities', async () => {
    const limits = (period: number) => ({ limits: [{ period, vehicles: 2 }] })
    const put = (path: string, body: object, options = {}) =>
      bank.operate('PUT', `allocations/${path}`, body, options)
    await refused(() => put(`nobody/${line}`, limits(1)), 422, 'invalid-request', ['/param/dealer'])
    await refused(() => put(`${dealer.id}/nothing`, limits(1)), 422, 'invalid-request', ['/param/model_line'])
    await refused(() => put(`${dealer.id}/${line}`, limits(7)), 422, 'invalid-request', ['/limits/0/period'])
    const created = expectStatus(await put(`${dealer.id}/${line}`, limits(1)), 201)
    expect(created.body).toEqual({ dealer: dealer.id, model_line: line, ...limits(1), version: 1 })
    await refused(() => put(`${dealer.id}/${line}`, limits(1)), 428, 'version-missing')
    expect((await bank.operate('GET', `allocations/${dealer.id}/${line}`)).body).toEqual(created.body)
    expect((await bank.operate('GET', `allocations?dealer=${dealer.id}`)).body.data).toEqual([created.body])
    const one = { dealer: dealer.id, model_line: line, ...limits(1) }
    await refused(
      () => bank.operate('POST', 'allocations/bulk', { allocations: [one, one] }),
      422,
      'invalid-request',
      ['/allocations/1/model_line'],
      { answersOnce: true },
    )
    const priorities = { retail: 1, fleet: 2, stock: 3 }
    await refused(() => bank.operate('PUT', 'order-priorities', priorities), 428, 'version-missing')
    await refused(
      () => bank.operate('PUT', 'order-priorities', { ...priorities, stock: 0 }, etag('"x"')),
      422,
      'invalid-request',
      ['/stock'],
    )
  })

  test('nobody but operators', async () => {
    for (const path of [
      'plants',
      'production-periods',
      'commodities',
      'allocations',
      'order-priorities',
      'order-bank',
    ])
      for (const key of [shop.storefrontKey, dealer.key])
        await expectProblem(
          house(),
          await shop.call('GET', `/v1/operator/${path}`, { key }),
          403,
          'role-forbidden',
        )
  })
})

describe('stock orders that are wrong enter no bank (B6)', () => {
  const post = (body: object, key = dealer.key) => shop.call('POST', '/v1/stock-orders', { key, body })
  const PLAIN = ['BASE', 'E15', 'MAN', 'WHITE', 'GREY']

  test('what cannot be built, for whom it cannot be', async () => {
    const once = { answersOnce: true }
    const impossible = await refused(
      () => post({ model_year: modelYear, features: [...PLAIN, 'ROOF', 'HOOK'] }),
      422,
      'configuration-invalid',
      undefined,
      once,
    )
    expect(impossible.conflicts).toMatchObject([{ kind: 'excludes', features: ['ROOF', 'HOOK'] }])
    expect(impossible.alternatives.length).toBeGreaterThan(0)
    const unknown = () => post({ model_year: 'nothing', features: PLAIN })
    await refused(unknown, 422, 'invalid-request', ['/model_year'], once)
    await refused(
      () => post({ model_year: modelYear, features: PLAIN, type: 'retail' }),
      422,
      'invalid-request',
      ['/type'],
    )
    const mine = { model_year: modelYear, features: PLAIN }
    await refused(() => post({ ...mine, dealer: 'somebody-else' }), 422, 'invalid-request', ['/dealer'])
    await refused(() => post(mine, shop.operatorKey), 422, 'invalid-request', ['/dealer'])
    const nobody = () => post({ ...mine, dealer: 'nobody' }, shop.operatorKey)
    await refused(nobody, 422, 'invalid-request', ['/dealer'], once)
    await refused(() => post(mine, shop.storefrontKey), 403, 'role-forbidden')
  })

  test('listed and cancelled by its dealer only; cancelled once', async () => {
    const other = await shop.dealer()
    const idempotencyKey = randomUUID()
    const order = () =>
      shop.call('POST', '/v1/stock-orders', {
        key: dealer.key,
        body: { model_year: modelYear, features: PLAIN },
        idempotencyKey,
      })
    const ordered = expectStatus(await order(), 201).body
    expect(ordered).toMatchObject({
      type: 'stock',
      dealer: dealer.id,
      model_year: modelYear,
      model_line: line,
      features: PLAIN.toSorted(),
      price: { amount: 3_000_000, currency: 'EUR' },
      state: 'banked',
      allowed_actions: ['cancel'],
      order_bank: { ahead: 0, slot: null, frozen: false },
    })
    expect(expectStatus(await order(), 201).body).toEqual(ordered)
    const own = expectStatus(await shop.call('GET', '/v1/stock-orders', { key: dealer.key }), 200).body
    expect(own).toEqual({ data: [ordered], next_cursor: null })
    const theirs = await shop.call('GET', `/v1/stock-orders?dealer=${dealer.id}`, { key: other.key })
    expect(theirs.body.data).toEqual([])
    const path = `/v1/stock-orders/${ordered.number}`
    await expectProblem(house(), await shop.call('GET', path, { key: other.key }), 404, 'not-found')
    await refused(() => bank.cancel(other, ordered.number), 404, 'not-found')
    const wrong = `${ordered.number.slice(0, -1)}${ordered.number.endsWith('0') ? '1' : '0'}`
    await refused(() => bank.cancel(dealer, wrong), 400, 'mistyped-number')

    const cancelled = expectStatus(await bank.cancel(dealer, ordered.number), 200).body
    expect(cancelled).toMatchObject({ state: 'cancelled', order_bank: null, allowed_actions: [] })
    await refused(() => bank.cancel(dealer, ordered.number), 409, 'state-conflict', undefined, {
      answersOnce: true,
    })
    const byState = await shop.call('GET', '/v1/stock-orders?state=banked', { key: dealer.key })
    expect(byState.body.data).toEqual([])
  })

  test('what a buyer has is not cancelled by the dealer', async () => {
    const { number } = expectStatus(await post({ model_year: modelYear, features: PLAIN }), 201).body
    await house().db`
      WITH someone AS (INSERT INTO members (id) VALUES (gen_random_uuid()) RETURNING id)
      INSERT INTO customers (member, storefront, name, email, time_zone)
      SELECT id, ${shop.storefront}, 'Ada', 'ada@example.test', 'UTC' FROM someone`
    await house().db`
      UPDATE vehicles SET type = 'retail', buyer = 'TG-1', storefront = ${shop.storefront},
                          customer = (SELECT id FROM customers WHERE storefront = ${shop.storefront} LIMIT 1) WHERE number = ${number}`
    const view = expectStatus(
      await shop.call('GET', `/v1/stock-orders/${number}`, { key: dealer.key }),
      200,
    ).body
    expect(view).toMatchObject({ type: 'retail', allowed_actions: [] })
    expect(JSON.stringify(view)).not.toContain('TG-1')
    await refused(() => bank.cancel(dealer, number), 409, 'state-conflict', undefined, { answersOnce: true })
  })
})
