import { sql as statement } from 'drizzle-orm'
import postgres, { type Sql } from 'postgres'
import { fingerprint } from '../src/domain/configuration.ts'
import type { Candidate, Wish } from '../src/domain/match.ts'
import { type Database, openStore } from '../src/store/database.ts'
import { distanceTo } from '../src/store/dealer.ts'
import { matchesOf } from '../src/store/match-view.ts'
import { below, bruteForce, chance, codeOf, KINDS, someFeatures, someWish } from '../test/support/match.ts'
import { atMost, percentile, report, round } from './support/report.ts'
import { bookDatabase, onStage } from './support/stage.ts'

/**
 * Searching 1 M vehicles beside 10 k, in databases of their own with the same 20,000 configurations, models and dealers:
 * `matchesOf`, which is what POST /v1/match-search answers with, the best 20, the same searches in turns. Make and model
 * are given, all the rest by chance. Every answer is compared with what looking at each vehicle finds.
 */

const STOCKS = { '10 k': 10_000, '1 M': 1_000_000 }
/** Configurations of each model: a few are sold far more than the others. */
const MODELS = [8_000, 4_000, 2_000, 2_000, 1_000, 1_000, 1_000, 1_000]
const YEARS = [2026, 2027]
const DEALERS = 3_000
const SEARCHES = Number(process.env.SEARCHES ?? 200)
const WARMING = 20
const BEST = 20
const BASE_PRICE = 3_000_000
const SEED = 20_261_122

type Configuration = {
  fingerprint: string
  model: number
  model_year: string
  features: string[]
  price: number
}
type Stock = {
  name: string
  sql: Sql
  db: Database
  statements: () => number
  vehicles: Candidate[][]
  dealers: string[][]
}

export async function run(): Promise<void> {
  await onStage(async (stage) => {
    const server = await stage.postgres()
    const configurations = configurationsByChance()
    const stocks: Stock[] = []
    for (const [name, count] of Object.entries(STOCKS)) {
      const url = await bookDatabase(server, name.replace(' ', '_'))
      console.log(`${name}: ${count} vehicles …`)
      stocks.push(await stockOf({ name, url, count, configurations, atEnd: stage.atEnd }))
    }

    const next = chance(SEED)
    const times: Record<string, number[]> = {}
    const statements: Record<string, number[]> = {}
    const found: Record<string, number[]> = {}
    let different = 0
    for (let search = -WARMING; search < SEARCHES; search++) {
      // What is sold more is looked for more.
      const { model, price } = configurations[below(next, configurations.length)] as Configuration
      const wish = someWish(next, { ...namesOf(model), years: YEARS, price })
      for (const stock of next() < 0.5 ? stocks : stocks.toReversed()) {
        const before = stock.statements()
        const start = performance.now()
        const matches = await matchesOf(stock.db, wish, BEST)
        const ms = performance.now() - start
        if (search < 0) continue
        ;(times[stock.name] ??= []).push(ms)
        ;(statements[stock.name] ??= []).push(stock.statements() - before)
        ;(found[stock.name] ??= []).push(matches.length)
        const expected = bruteForce(wish, await candidates(stock, wish, model), BEST)
        const got = matches.map(({ vehicle, points, distance_m }) => ({
          number: vehicle.number,
          price: vehicle.asking_price.amount,
          distance_m,
          points,
        }))
        if (JSON.stringify(got) !== JSON.stringify(expected)) {
          different++
          console.error(JSON.stringify({ stock: stock.name, wish, got, expected }))
        }
      }
      if (search % 10 === 0) process.stdout.write('.')
    }

    const of = (name: string, share: number) => percentile(times[name] ?? [], share)
    report('match', {
      tables: {
        [`The best ${BEST} of ${configurations.length} configurations, ${SEARCHES} searches in turns (ms)`]:
          stocks.map(({ name }) => ({
            vehicles: name,
            p50: round(of(name, 50), 1),
            p95: round(of(name, 95), 1),
            most: round(of(name, 100), 1),
            'statements p50': percentile(statements[name] ?? [], 50),
            'statements most': percentile(statements[name] ?? [], 100),
            'found, mean': round((found[name] ?? []).reduce((sum, n) => sum + n, 0) / SEARCHES, 1),
          })),
      },
      goals: [
        atMost('answers that differ from looking at every vehicle', different, 0),
        atMost('p95 at 1 M ÷ at 10 k', of('1 M', 95) / of('10 k', 95), 2),
      ],
      raw: { times, statements },
    })
  })
}

const namesOf = (model: number) => ({ make: `make-${model % 3}`, model: `model-${model}` })

function configurationsByChance(): Configuration[] {
  const next = chance(SEED)
  const made = new Map<string, Configuration>()
  for (const [model, count] of MODELS.entries()) {
    for (let ofModel = 0; ofModel < count; ) {
      const model_year = `my-${model}-${YEARS[below(next, YEARS.length)]}`
      const features = someFeatures(next)
      const key = fingerprint(model_year, features)
      if (made.has(key)) continue
      const price = BASE_PRICE + features.length * 50_000 + below(next, 20) * 10_000
      made.set(key, { fingerprint: key, model, model_year, features, price })
      ofModel++
    }
  }
  return [...made.values()]
}

async function stockOf(given: {
  name: string
  url: string
  count: number
  configurations: Configuration[]
  atEnd: (undo: () => Promise<unknown>) => void
}): Promise<Stock> {
  const { name, url, count, configurations } = given
  let sent = 0
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  const store = openStore({ url, poolSize: 1, name: 'bench' })
  given.atEnd(() => Promise.all([sql.end(), store.close()]))
  const execute = store.db.execute.bind(store.db)
  Object.assign(store.db, {
    execute: (query: never) => {
      sent++
      return execute(query)
    },
  })
  await catalogue(sql, configurations)
  await vehicles(sql, count)
  await sql`VACUUM ANALYZE`
  return { name, sql, db: store.db, statements: () => sent, ...(await allOf(sql, configurations)) }
}

/** Makes, models, their features, every configuration, and the dealers. */
async function catalogue(sql: Sql, configurations: Configuration[]): Promise<void> {
  await sql`INSERT INTO makes SELECT 'make-' || n, 'Make ' || n FROM generate_series(0, 2) AS n`
  for (const model of MODELS.keys()) {
    const { make, model: code } = namesOf(model)
    await sql`INSERT INTO models VALUES (${make}, ${code}, ${code})`
    await sql`INSERT INTO model_lines VALUES (${code}, ${code})`
    for (const year of YEARS) {
      const id = `my-${model}-${year}`
      await sql`
        INSERT INTO model_years (id, make, model, year, model_line, currency, base_price_minor)
        VALUES (${id}, ${make}, ${code}, ${year}, ${code}, 'EUR', ${BASE_PRICE})`
      const features = Object.entries(KINDS).flatMap(([kind, n]) =>
        Array.from({ length: n }, (_, at) => ({ kind, code: codeOf(kind as keyof typeof KINDS, at) })),
      )
      await sql`
        INSERT INTO features (model_year, code, place, kind, name, price_minor)
        SELECT ${id}, f ->> 'code', n, f ->> 'kind', lower(f ->> 'code'), 50000
          FROM jsonb_array_elements(${sql.json(features)}) WITH ORDINALITY AS f(f, n)`
    }
  }
  await sql`
    INSERT INTO specifications (fingerprint, model_year, features, stocked)
    SELECT c ->> 'fingerprint', c ->> 'model_year', ARRAY(SELECT jsonb_array_elements_text(c -> 'features')), true
      FROM jsonb_array_elements(${sql.json(configurations)}) AS c`
  await sql`CREATE TABLE bench_configurations AS
    SELECT n - 1 AS n, c ->> 'fingerprint' AS specification, 'model-' || (c ->> 'model') AS model_line, (c ->> 'price')::bigint AS price
      FROM jsonb_array_elements(${sql.json(configurations)}) WITH ORDINALITY AS c(c, n)`
  await sql`CREATE UNIQUE INDEX ON bench_configurations (n)`
  await sql`SELECT setseed(0.5)`
  await sql`
    INSERT INTO dealers (id, name, latitude, longitude, channel, lead_format, webhook_secret, makes, acknowledge_seconds,
                         remind_seconds, escalate_seconds, status_seconds, close_seconds)
    SELECT 'dealer-' || n, 'Dealer ' || n, 47 + 8 * random(), 6 + 9 * random(), 'mail', 'json', '', '{}', 1, 1, 1, 1, 1
      FROM generate_series(1, ${DEALERS}::integer) AS n`
}

/** Nine of ten can be had. Prices are in steps, so that many are alike; some configurations are far more common than others. */
async function vehicles(sql: Sql, count: number): Promise<void> {
  await sql`
    INSERT INTO vehicles (number, type, dealer, specification, model_line, price_minor, currency, state)
    SELECT 'VH-' || upper(substr(h, 1, 4) || '-' || substr(h, 5, 4) || '-' || substr(h, 9, 3)), 'stock',
           'dealer-' || (1 + floor(random() * ${DEALERS})), c.specification, c.model_line,
           c.price - 10000 * floor(random() * 8), 'EUR', 'at_dealer'
      FROM (SELECT md5(n::text) AS h, floor(${MODELS.reduce((sum, n) => sum + n, 0)}::integer * power(random(), 1.5))::integer AS k
              FROM generate_series(1, ${count}::integer) AS n) AS drawn
      JOIN bench_configurations c ON c.n = (drawn.k * 7919) % ${MODELS.reduce((sum, n) => sum + n, 0)}::integer
    ON CONFLICT DO NOTHING`
  await sql`
    INSERT INTO vehicle_availability (vehicle, state, dealer, specification, price_minor, currency)
    SELECT number, CASE WHEN random() < 0.9 THEN 'available' ELSE 'withdrawn' END, dealer, specification, price_minor, currency
      FROM vehicles`
}

/** Every vehicle that can be had, by its model. */
async function allOf(
  sql: Sql,
  configurations: Configuration[],
): Promise<Pick<Stock, 'vehicles' | 'dealers'>> {
  const known = new Map(
    configurations.map(({ fingerprint, model, model_year, features }) => [
      fingerprint,
      { model, year: Number(model_year.slice(-4)), features: new Set(features) },
    ]),
  )
  const vehicles: Candidate[][] = MODELS.map(() => [])
  const dealers: string[][] = MODELS.map(() => [])
  const rows = sql<{ vehicle: string; specification: string; price: string; dealer: string }[]>`
    SELECT vehicle, specification, price_minor AS price, dealer FROM vehicle_availability WHERE state = 'available'`
  await rows.cursor(10_000, (batch) => {
    for (const { vehicle: number, specification, price, dealer } of batch) {
      const of = known.get(specification)
      if (!of) throw new Error('a vehicle of no configuration')
      const { model, year, features } = of
      vehicles[model]?.push({
        number,
        ...namesOf(model),
        year,
        features,
        price: Number(price),
        currency: 'EUR',
        distance_m: null,
      })
      dealers[model]?.push(dealer)
    }
  })
  return { vehicles, dealers }
}

/** The vehicles of the model that is looked for, each with its distance from the place of the wish. */
async function candidates(stock: Stock, wish: Wish, model: number): Promise<Candidate[]> {
  const all = stock.vehicles[model] ?? []
  const { near } = wish
  if (!near) return all
  const rows = await stock.db.execute<{ id: string; distance_m: number }>(
    statement`SELECT id, ${distanceTo(near, statement`dealers`)} AS distance_m FROM dealers`,
  )
  const distances = new Map(rows.map(({ id, distance_m }) => [id, distance_m]))
  return all.map((vehicle, index) => ({
    ...vehicle,
    distance_m: distances.get(stock.dealers[model]?.[index] ?? '') ?? null,
  }))
}
