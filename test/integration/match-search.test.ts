import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fingerprint } from '../../src/domain/configuration.ts'
import { type Candidate, fits, type Wish } from '../../src/domain/match.ts'
import { newNumber } from '../../src/domain/number.ts'
import { distanceTo } from '../../src/store/dealer.ts'
import { searchMatches } from '../../src/store/match.ts'
import { freeVehicle, offerNewVehicles } from '../../src/store/match-offer.ts'
import { insertMatchRequest } from '../../src/store/match-request.ts'
import { saveCustomer } from '../../src/store/order.ts'
import * as schema from '../../src/store/schema.ts'
import { lockVehicle } from '../../src/store/vehicle.ts'
import { readAvailability } from '../../src/store/vehicle-availability.ts'
import { useHouse } from '../support/house.ts'
import { below, bruteForce, type Chance, chance, someFeatures, someWish } from '../support/match.ts'
import { expectProblem, expectSoundHouse } from '../support/proof.ts'
import { expectStatus, Shop } from '../support/shop.ts'
import {
  FEATURES,
  inPipeline,
  lotVehicle,
  newBuyer,
  newModel,
  onLot,
  PLAIN,
  search,
  tag,
} from '../support/vehicle.ts'

const house = useHouse({ partners: ['mail'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})
afterAll(() => expectSoundHouse(house()))

describe('what comes near to a wish (B8)', () => {
  test('best first, each with how it differs and what it costs more; a configuration to compare with', async () => {
    const place = { latitude: 53, longitude: 8.8 }
    const dealer = await shop.dealer(place)
    const model = await newModel(shop)
    const sport = ['SPORT', 'E20', 'AUT', 'BLUE', 'CLOTH']
    const [both, red, plain] = await onLot(shop, dealer, [
      lotVehicle(model, { features: [...sport, 'ROOF', 'HEAT'], price: 3_900_000 }),
      lotVehicle(model, { features: ['SPORT', 'E20', 'AUT', 'RED', 'CLOTH', 'ROOF'], price: 3_700_000 }),
      lotVehicle(model, { features: PLAIN }),
    ])
    const ordered = await inPipeline(shop, dealer, model, [...sport, 'ROOF'])
    // Priced by the model year when it was ordered; its dealer asks for less.
    const price = { price: { amount: 3_750_000, currency: 'EUR' } }
    expectStatus(
      await shop.call('POST', `/v1/stock-vehicles/${ordered}/price`, { key: dealer.key, body: price }),
      200,
    )
    const stored = expectStatus(
      await shop.call('POST', '/v1/configurations', {
        body: { model_year: model.years[0], features: [...sport, 'ROOF'] },
      }),
      201,
    ).body
    const body = {
      make: model.make,
      model: model.model,
      must_have: ['SPORT'],
      nice_to_have: [{ feature: 'ROOF', weight: 8 }, { feature: 'TOW' }],
      exterior: { ranking: ['BLUE', 'RED'], weight: 4 },
      near: { ...place },
      configuration: stored.id,
    }
    const { data } = expectStatus(await shop.call('POST', '/v1/match-search?limit=5', { body }), 200).body
    // The configuration's own: E20, AUT and CLOTH, with a weight of 1 each.
    const most = 100 * (8 + 5 + 4 + 3)
    expect(
      // oxlint-disable-next-line typescript/no-explicit-any -- an answer as it came
      data.map((match: any) => ({
        number: match.vehicle.number,
        points: match.points,
        difference: match.price_difference,
        words: match.differences.map(({ words }: { words: string }) => words),
      })),
    ).toEqual([
      {
        number: ordered,
        points: 1_500,
        difference: 3_750_000 - stored.price.total,
        words: ['Without the tow bar.'],
      },
      {
        number: both,
        points: 1_500,
        difference: 3_900_000 - stored.price.total,
        words: ['Without the tow bar.', 'With the heated seats in addition.'],
      },
      {
        number: red,
        points: 1_300,
        difference: 3_700_000 - stored.price.total,
        words: ['Without the tow bar.', 'The exterior colour ember red, choice 2 of 2.'],
      },
    ])
    expect(data[0]).toMatchObject({
      most_points: most,
      distance_m: 0,
      vehicle: {
        name: 'Tarn Heron 2027',
        whereabouts: 'pipeline',
        state: 'banked',
        asking_price: { amount: 3_750_000, currency: 'EUR' },
        dealer: { id: dealer.id, name: dealer.name, ...place },
      },
    })
    expect(JSON.stringify(data)).not.toMatch(/vin/i)
    // Without a configuration, beside the most that the buyer wants to pay.
    const cheap = { make: model.make, model: model.model, price: { max: 3_100_000, currency: 'EUR' } }
    const found = expectStatus(await shop.call('POST', '/v1/match-search', { body: cheap }), 200).body.data
    expect(found).toMatchObject([{ vehicle: { number: plain }, price_difference: -100_000, differences: [] }])
  })

  test('a feature that dealers’ vehicles have is ended in its model year, not removed', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const [car] = await onLot(shop, dealer, [lotVehicle(model, { features: [...PLAIN, 'ROOF'] })])
    const path = `/v1/operator/model-years/${model.years[0]}`
    const { body, headers } = await shop.call('GET', path, { key: shop.operatorKey })
    const { make, model: named, model_line, year, currency, base_price, rules } = body
    const put = (features: object[]) =>
      shop.call('PUT', path, {
        key: shop.operatorKey,
        body: { make, model: named, model_line, year, currency, base_price, rules, features },
        headers: { 'if-match': headers.get('etag') ?? '' },
      })
    const refused = await put(FEATURES.filter(({ code }) => code !== 'ROOF' && code !== 'TOW'))
    expect(await expectProblem(house(), refused, 409, 'still-in-use')).toMatchObject({ features: ['ROOF'] })
    const without = FEATURES.filter(({ code }) => code !== 'TOW')
    const ended = without.map((one) => (one.code === 'ROOF' ? { ...one, until: '2026-01-01' } : one))
    expectStatus(await put(ended), 200)
    expect(await search(shop, model, { must_have: ['ROOF'] })).toEqual([car])
  })

  test('of equals the cheapest, then the nearest, then by number; only what can be had', async () => {
    const place = { latitude: 53, longitude: 8.8 }
    const [here, there] = [await shop.dealer(place), await shop.dealer({ latitude: 53.5, longitude: 8.8 })]
    const model = await newModel(shop)
    const far = await onLot(shop, there, [lotVehicle(model), lotVehicle(model, { price: 2_999_999 })])
    const near = await onLot(shop, here, [lotVehicle(model), lotVehicle(model), lotVehicle(model)])
    const [dear, cheapest] = far
    expect(await search(shop, model)).toEqual([cheapest, ...[dear, ...near].sort()])
    expect(await search(shop, model, { near: place })).toEqual([cheapest, ...near.toSorted(), dear])
    expect(await search(shop, model, { near: { ...place, within_m: 1_000 } })).toEqual(near.toSorted())
    const taken = near[0]
    await tag(shop, taken)
    for (const [vehicle, path] of [
      [near[1], 'withdrawal'],
      [dear, 'sale'],
    ] as const) {
      const key = vehicle === dear ? there.key : here.key
      expectStatus(await shop.call('POST', `/v1/stock-vehicles/${vehicle}/${path}`, { key, body: {} }), 200)
    }
    expect(await search(shop, model)).toEqual([cheapest, near[2]])
    // A new price counts at once.
    expectStatus(
      await shop.call('POST', `/v1/stock-vehicles/${near[2]}/price`, {
        key: here.key,
        body: { price: { amount: 1_000_000, currency: 'EUR' } },
      }),
      200,
    )
    expect(await search(shop, model)).toEqual([near[2], cheapest])
  })
})

type Books = ReturnType<typeof drizzle<typeof schema>>
type Stocked = Candidate & { dealer: string; specification: string; model_year: string }

const CASES = 150
const MODELS = [0, 1, 2]
const YEARS = [2026, 2027]
/** A wish that is about nothing but make and model. */
const OPEN = {
  year: null,
  must_have: [],
  nice_to_have: [],
  exterior: null,
  interior: null,
  price: null,
  near: null,
  compared_with: null,
}
const namesOf = (model: number) => ({ make: 'chance', model: `chance-${model}` })

/** Vehicles by chance, in the books as if dealers had listed them. */
const stock: Stocked[] = []
let client: postgres.Sql
let db: Books
/** How many statements were sent by `db`. */
let sent = 0
beforeAll(async () => {
  client = postgres(house().databaseUrl, { max: 1, onnotice: () => {} })
  db = drizzle(client, { schema, logger: { logQuery: () => void sent++ } })
  const next = chance(7)
  const dealers = await Promise.all(
    Array.from({ length: 12 }, () => shop.dealer({ latitude: 47 + 8 * next(), longitude: 6 + 9 * next() })),
  )
  // Few kinds of vehicles and few prices: much is alike, so that what decides among equals matters.
  const kinds = Array.from({ length: 150 }, () => ({
    model: below(next, 3),
    year: YEARS[below(next, 2)] ?? 0,
    features: someFeatures(next, 6),
  }))
  for (let n = 0; n < 1_500; n++) {
    const { model, year, features } = kinds[below(next, kinds.length)] ?? { model: 0, year: 0, features: [] }
    const model_year = `chance-${model}-${year}`
    stock.push({
      number: `VH-${n.toString(36).toUpperCase().padStart(6, '0')}`,
      ...namesOf(model),
      year,
      features: new Set(features),
      price: 3_000_000 + 50_000 * below(next, 6),
      currency: 'EUR',
      distance_m: null,
      dealer: dealers[below(next, dealers.length)]?.id ?? '',
      specification: fingerprint(model_year, features),
      model_year,
    })
  }
  await store(client, stock)
})
afterAll(() => client.end())

test(`${CASES} wishes by chance find what looking at every vehicle finds, and so do match requests`, {
  timeout: 180_000,
}, async () => {
  const next = chance(8)
  let found = 0
  for (let n = 0; n < CASES; n++) {
    const wish = someWish(next, { ...namesOf(below(next, 3)), years: YEARS, price: 3_120_000 })
    const candidates = await withDistances(wish, stock)
    const limit = 1 + below(next, 40)
    const expected = bruteForce(wish, candidates, limit)
    const got = (await searchMatches(db, wish, limit)).map(({ number, price, distance_m, points }) => ({
      number,
      price,
      distance_m,
      points,
    }))
    expect(got, JSON.stringify(wish)).toEqual(expected)
    found += got.length
    if (n % 3 === 0) await agreesOnRequests(next, wish, candidates)
  }
  expect(found).toBeGreaterThan(CASES * 3)
})

/** A match request with this wish is offered a vehicle that becomes free exactly if it fits. Nothing of it stays. */
async function agreesOnRequests(next: Chance, wish: Wish, candidates: Candidate[]): Promise<void> {
  for (let n = 0; n < 5; n++) {
    const vehicle = candidates[below(next, candidates.length)]
    if (!vehicle) continue
    let standing: string | undefined
    const undo = new Error('undone')
    const trial = db.transaction(async (tx) => {
      const valid_until = new Date(Date.now() + 60_000)
      const { storefront } = shop
      const number = newNumber('matchRequest')
      await insertMatchRequest(tx, {
        number,
        storefront,
        customer: newBuyer(),
        reference: null,
        wish,
        valid_until,
      })
      const locked = await lockVehicle(tx, vehicle.number)
      if (locked) await freeVehicle(tx, locked.row, 'trial')
      standing = (await readAvailability(tx, vehicle.number))?.state
      throw undo
    })
    await expect(trial).rejects.toThrow('undone')
    expect(standing, JSON.stringify({ wish, vehicle: vehicle.number })).toBe(
      fits(wish, vehicle) ? 'offered' : 'available',
    )
  }
}

/** As if the vehicles were new, they are offered to these wishes, the oldest first; nothing of it stays. Gives who got what. */
async function offered(
  vehicles: Candidate[],
  wishes: Wish[],
): Promise<{ offers: Record<string, string>; statements: number }> {
  const offers: Record<string, string> = {}
  let statements = 0
  const undo = new Error('undone')
  const trial = db.transaction(async (tx) => {
    const numbers = wishes.map(() => newNumber('matchRequest'))
    const given = wishes.map((wish, place) => ({ number: numbers[place], wish }))
    const customer = await saveCustomer(tx, shop.storefront, newBuyer())
    await tx.execute(sql`
      WITH given AS (
        INSERT INTO match_requests (number, storefront, customer, wish, make, model, state, version, valid_until, deadline_kind, deadline_at)
        SELECT g ->> 'number', ${shop.storefront}, ${customer}, g -> 'wish', g #>> '{wish,make}', g #>> '{wish,model}', 'waiting', 1,
               now() + interval '1 hour', 'validity', now() + interval '1 hour'
          FROM jsonb_array_elements(${JSON.stringify(given)}::jsonb) WITH ORDINALITY AS given(g, place) ORDER BY place
        RETURNING number)
      INSERT INTO events (number, sequence, type, actor, to_state, details)
      SELECT number, 1, 'match_request.received', 'test', 'waiting', '{}' FROM given`)
    const rows = []
    for (const { number } of vehicles) {
      const locked = await lockVehicle(tx, number)
      if (locked) rows.push(locked.row)
    }
    const before = sent
    await offerNewVehicles(tx, rows, 'trial')
    statements = sent - before
    const made = await tx.execute<{ vehicle: string; request: string }>(
      sql`SELECT vehicle, match_request AS request FROM match_offers WHERE match_request IN (
            SELECT jsonb_array_elements_text(${JSON.stringify(numbers)}::jsonb))`,
    )
    for (const { vehicle, request } of made) offers[vehicle] = String(numbers.indexOf(request))
    throw undo
  })
  await expect(trial).rejects.toThrow('undone')
  return { offers, statements }
}

test('vehicles that come together go, in turn, each to the oldest that it fits, as if they came one by one', async () => {
  const next = chance(11)
  let made = 0
  // The last time more than are looked up at once.
  for (const [vehicles, requests] of [
    [30, 40],
    [60, 20],
    [130, 150],
  ] as const) {
    const model = namesOf(below(next, 3))
    const candidates = stock.filter((vehicle) => vehicle.model === model.model)
    const cars = Array.from({ length: vehicles }, () => candidates[below(next, candidates.length)]).filter(
      (car, index, all) => car !== undefined && all.indexOf(car) === index,
    ) as Stocked[]
    const wishes = Array.from({ length: requests }, () => {
      const wish = someWish(next, { ...model, years: YEARS, price: 3_120_000 })
      return { ...wish, must_have: wish.must_have.slice(0, below(next, 2)) }
    })
    const near = await Promise.all(wishes.map((wish) => withDistances(wish, cars)))
    const expected: Record<string, string> = {}
    const taken = new Set<number>()
    for (const [index, car] of cars.entries()) {
      const first = wishes.findIndex(
        (wish, place) => !taken.has(place) && fits(wish, near[place]?.[index] ?? car),
      )
      if (first === -1) continue
      taken.add(first)
      expected[car.number] = String(first)
    }
    const { offers } = await offered(cars, wishes)
    expect(offers).toEqual(expected)
    made += Object.keys(offers).length
  }
  expect(made).toBeGreaterThan(60)
})

test('of 10,000 who wait for prices of their own each vehicle finds its own, by as many statements as of ten', async () => {
  const model = namesOf(0)
  const cars = stock.filter((vehicle) => vehicle.model === model.model).slice(0, 80)
  const dearest = Math.max(...cars.map(({ price }) => price))
  const wish = { ...model, ...OPEN }
  /** All but the last one pay less than the vehicles cost. */
  const wishes = (count: number): Wish[] =>
    Array.from({ length: count }, (_, n) => {
      const max = n === count - 1 ? dearest : 2_000_000 + n
      return { ...wish, price: { currency: 'EUR', max } }
    })
  const few = await offered(cars, wishes(10))
  const many = await offered(cars, wishes(10_000))
  expect(few.offers).toEqual({ [cars[0]?.number ?? '']: '9' })
  expect(many.offers).toEqual({ [cars[0]?.number ?? '']: '9999' })
  expect(many.statements).toBe(few.statements)
  // What looks is two of them; the others make the one offer.
  expect((await offered(cars, wishes(10).slice(0, 9))).statements).toBe(2)
})

async function store(client: postgres.Sql, stock: Stocked[]): Promise<void> {
  await client`INSERT INTO makes VALUES ('chance', 'Chance')`
  for (const model of MODELS) {
    const code = namesOf(model).model
    await client`INSERT INTO models VALUES ('chance', ${code}, ${code})`
    await client`INSERT INTO model_lines VALUES (${code}, ${code})`
    for (const year of YEARS)
      await client`INSERT INTO model_years (id, make, model, year, model_line, currency, base_price_minor)
                   VALUES (${`${code}-${year}`}, 'chance', ${code}, ${year}, ${code}, 'EUR', 3000000)`
  }
  const rows = stock.map(({ features, ...vehicle }) => ({ ...vehicle, features: [...features] }))
  await client`
    WITH given AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS g(number text, model text, features jsonb, price bigint, dealer text, specification text, model_year text)
    ),
    kinds AS (
      INSERT INTO specifications
      SELECT DISTINCT specification, model_year, ARRAY(SELECT jsonb_array_elements_text(features)), true FROM given
    ),
    placed AS (
      INSERT INTO vehicles (number, type, dealer, specification, model_line, price_minor, currency, state)
      SELECT number, 'stock', dealer, specification, model, price, 'EUR', 'at_dealer' FROM given
    ),
    told AS (
      INSERT INTO events (number, sequence, type, actor, to_state, details)
      SELECT number, 1, 'vehicle.listed', 'house', 'at_dealer', '{}' FROM given
    )
    INSERT INTO vehicle_availability (vehicle, state, dealer, specification, price_minor, currency)
    SELECT number, 'available', dealer, specification, price, 'EUR' FROM given`
}

async function withDistances(
  { near }: Wish,
  stock: (Candidate & { dealer: string })[],
): Promise<Candidate[]> {
  if (!near) return stock
  const rows = await db.execute<{ id: string; distance_m: number }>(
    sql`SELECT id, ${distanceTo(near, sql`dealers`)} AS distance_m FROM dealers`,
  )
  const distances = new Map(rows.map(({ id, distance_m }) => [id, distance_m]))
  return stock.map((vehicle) => ({ ...vehicle, distance_m: distances.get(vehicle.dealer) ?? null }))
}
