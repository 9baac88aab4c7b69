import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import postgres, { type Sql } from 'postgres'
import { atMost, median, report, round } from './support/report.ts'
import type { Ran } from './support/scheduler.ts'
import { bookDatabase, onStage } from './support/stage.ts'

/**
 * One run of the schedule over a bank in which nothing has a slot yet, to its commit, waking apart; beside it, in the same
 * rounds, one statement that is told what comes of it: the least that writing those assignments and events can cost.
 */

const BANKS = { '100 k': 100_000, '1 M': 1_000_000 }
const ROUNDS = 3
const PLANTS = 12
const PERIODS = 26
const LINES = 12
const DEALERS = 3_000
/** Of 40 commodities 10 bind: in each period a fifth fewer vehicles can use one than would. */
const COMMODITIES = 40
const BINDING = 10
const SPECIFICATIONS = 2_000
/** Of all vehicles, how many there are slots for. */
const SHARE = 0.9

type Books = { name: string; sql: Sql; scheduler: ChildProcess; vehicles: number }
type Measured = { run: Ran[]; reference: number[]; outcome: object }

export async function run(): Promise<void> {
  await onStage(async (stage) => {
    const server = await stage.postgres()
    const loadBefore = loadavg()[0] ?? 0
    const measured = new Map<string, Measured>()
    const banks: Books[] = []
    for (const [name, vehicles] of Object.entries(BANKS)) {
      const url = await bookDatabase(server, `bank_${vehicles}`)
      const sql = postgres(url, { max: 1, onnotice: () => {} })
      const scheduler = fork(fileURLToPath(new URL('./support/scheduler.js', import.meta.url)), {
        env: { PATH: process.env.PATH, DATABASE_URL: url },
      })
      stage.atEnd(async () => {
        scheduler.disconnect()
        await sql.end()
      })
      console.log(`${name}: ${vehicles} vehicles …`)
      const books = { name, sql, scheduler, vehicles }
      banks.push(books)
      await found(books)
      measured.set(name, { run: [], reference: [], outcome: await warmUp(books) })
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const books of banks) await oneRound(books, measured.get(books.name) as Measured, round)
      process.stdout.write('.')
    }
    tell(measured, [loadBefore, loadavg()[0] ?? 0])
  })
}

/** A run that is not counted: it warms everything up, and gives the reference what it is told. */
async function warmUp(books: Books): Promise<object> {
  await restore(books)
  const first = await schedule(books)
  if (first.run.outcome !== 'done') throw new Error(`the run came to ${first.run.outcome}`)
  await keepWhatCame(books)
  return outcomeOf(books)
}

async function oneRound(books: Books, { run, reference: beside }: Measured, round: number): Promise<void> {
  const inTurn = [
    async () => run.push(await schedule(books)),
    async () => beside.push(await reference(books)),
  ]
  for (const way of round % 2 === 0 ? inTurn : inTurn.toReversed()) {
    await restore(books)
    await way()
  }
}

function tell(measured: Map<string, Measured>, load: number[]): void {
  const of = (name: string) => measured.get(name) as Measured
  const msOf = (name: string) => median(of(name).run.map(({ ms }) => ms))
  const ratio = (name: string) =>
    median(of(name).run.map(({ ms }, index) => ms / (of(name).reference[index] ?? Number.NaN)))
  // Round by round, so that what else the machine does at the time is in both.
  const larger = median(of('1 M').run.map(({ ms }, index) => ms / (of('100 k').run[index]?.ms ?? Number.NaN)))
  const names = [...measured.keys()]
  const memory = Math.max(...names.flatMap((name) => of(name).run.map((ran) => ran.most_memory_mib)))
  report('schedule', {
    tables: {
      'One run over a bank without slots (median, ms)': names.map((name) => ({
        bank: name,
        run: round(msOf(name), 0),
        reference: round(median(of(name).reference), 0),
        'run ÷ reference': round(ratio(name)),
        statements: [...new Set(of(name).run.map(({ statements }) => statements))].join('/'),
        'most memory, MiB': round(Math.max(...of(name).run.map((ran) => ran.most_memory_mib)), 0),
        'longest stretch without a pause, ms': round(
          Math.max(...of(name).run.map((ran) => ran.longest_stretch_ms)),
          0,
        ),
      })),
      'What came of it': names.map((name) => ({ bank: name, ...measured.get(name)?.outcome })),
      'Load of the machine (1 min)': [{ before: load[0], after: load[1] }],
    },
    goals: [
      ...names.map((name) => atMost(`run ÷ reference at ${name}`, ratio(name), 3)),
      atMost('run at 1 M ÷ at 100 k', larger, 12),
      atMost('memory of the process, MiB', memory, 1_024),
    ],
    raw: Object.fromEntries(measured),
  })
}

async function schedule({ scheduler }: Books): Promise<Ran> {
  const answer = once(scheduler, 'message')
  scheduler.send('run')
  const [ran] = (await answer) as [Ran]
  return ran
}

/** Plants of three lines each, so that a line is built at one to three of them, and everything that they are short of. */
async function found({ sql, vehicles }: Books): Promise<void> {
  const slots = Math.ceil((vehicles * SHARE) / PERIODS / PLANTS)
  const perPeriod = vehicles / PERIODS
  await sql`INSERT INTO makes (code, name) VALUES ('bench', 'Bench')`
  await sql`INSERT INTO models (make, code, name) VALUES ('bench', 'bench', 'Bench')`
  await sql`INSERT INTO model_lines (code, name) SELECT 'line-' || n, 'Line ' || n FROM generate_series(1, ${LINES}) AS n`
  await sql`INSERT INTO model_years (id, make, model, year, model_line, currency, base_price_minor)
            SELECT 'year-' || n, 'bench', 'bench', 2000 + n, 'line-' || n, 'EUR', 1 FROM generate_series(1, ${LINES}) AS n`
  await sql`INSERT INTO dealers (id, name, latitude, longitude, channel, lead_format, webhook_secret, makes, acknowledge_seconds,
                                 remind_seconds, escalate_seconds, status_seconds, close_seconds)
            SELECT 'dealer-' || n, 'Dealer', 0, 0, 'mail', 'adf', '', '{}', 1, 1, 1, 1, 1 FROM generate_series(1, ${DEALERS}) AS n`
  await sql`INSERT INTO storefronts (id, name, mail_name, reply_to) VALUES ('bench', 'Bench', 'Bench', 'bench@example.test')`
  await sql`INSERT INTO members (id) VALUES ('00000000-0000-4000-8000-000000000000')`
  await sql`INSERT INTO customers (id, member, storefront, name, email, time_zone)
            SELECT id, id, 'bench', 'Ada', 'ada@example.test', 'UTC' FROM members`
  // Plant n builds line n, and every second one the two lines before it as well.
  await sql`INSERT INTO plants (id, name, model_lines, freeze_seconds)
            SELECT 'plant-' || lpad(n::text, 2, '0'), 'Plant', CASE WHEN n % 2 = 0
                     THEN ARRAY['line-' || n, 'line-' || (n + 9) % 12 + 1, 'line-' || (n + 10) % 12 + 1] ELSE ARRAY['line-' || n] END, 0
              FROM generate_series(1, ${PLANTS}) AS n`
  await sql`INSERT INTO production_periods (ordinal, starts_at, ends_at)
            SELECT n, now() + n * interval '7 days', now() + (n + 1) * interval '7 days' FROM generate_series(1, ${PERIODS}) AS n`
  await sql`INSERT INTO plant_capacities (plant, period, slots) SELECT id, ordinal, ${slots} FROM plants, production_periods`
  // Every dealer is rationed in two lines.
  await sql`INSERT INTO allocations (dealer, model_line)
            SELECT 'dealer-' || n, 'line-' || (n + extra) % ${LINES} + 1 FROM generate_series(1, ${DEALERS}) AS n, generate_series(0, 1) AS extra`
  await sql`INSERT INTO allocation_limits (dealer, model_line, period, vehicles)
            SELECT dealer, model_line, ordinal, ${Math.max(1, Math.round(vehicles / 100_000))} FROM allocations, production_periods`
  // Commodity n is a feature of a sixteenth of the specifications of every line.
  await sql`INSERT INTO commodities (code, name) SELECT 'part-' || n, 'Part' FROM generate_series(1, ${COMMODITIES}) AS n`
  await sql`INSERT INTO commodity_features (commodity, model_year, feature)
            SELECT 'part-' || n, y.id, 'F' || n FROM generate_series(1, ${COMMODITIES}) AS n, model_years y`
  await sql`INSERT INTO commodity_limits (commodity, period, vehicles)
            SELECT 'part-' || n, ordinal, (CASE WHEN n <= ${BINDING} THEN ${perPeriod / 16} * 0.8 ELSE ${perPeriod} END)::integer
              FROM generate_series(1, ${COMMODITIES}) AS n, production_periods`
  await sql`INSERT INTO specifications (fingerprint, model_year, features)
            SELECT md5(n::text), 'year-' || n % ${LINES} + 1,
                   ARRAY(SELECT 'F' || part FROM generate_series(1, ${COMMODITIES}) AS part
                          WHERE hashtext(n || '/' || part) % 16 = 0 ORDER BY part)
              FROM generate_series(1, ${SPECIFICATIONS}) AS n`
  await sql`
    CREATE TABLE vehicles_before AS
    SELECT 'VH-' || upper(substr(md5(n::text), 1, 4) || '-' || substr(md5(n::text), 5, 4) || '-' || substr(md5(n::text), 9, 3)) || n AS number,
           CASE n % 10 WHEN 0 THEN 'fleet' WHEN 1 THEN 'stock' WHEN 2 THEN 'stock' WHEN 3 THEN 'stock' ELSE 'retail' END AS type,
           'dealer-' || abs(hashtext('d' || n)) % ${DEALERS} + 1 AS dealer, s.fingerprint AS specification,
           replace(s.model_year, 'year', 'line') AS model_line, n::bigint AS place
      FROM generate_series(1, ${vehicles}) AS n JOIN specifications s ON s.fingerprint = md5((abs(hashtext('s' || n)) % ${SPECIFICATIONS} + 1)::text)
     ORDER BY n`
}

/** The bank as it was before any run, in fresh tables; who is retail has a buyer whose process is to be woken. */
async function restore({ sql }: Books): Promise<void> {
  await sql`TRUNCATE vehicles, events, notifications, wakes, steps, schedule_requests CASCADE`
  await sql`
    INSERT INTO vehicles (number, type, dealer, specification, model_line, price_minor, currency, state, place, buyer, storefront, customer)
    SELECT number, type, dealer, specification, model_line, 1, 'EUR', 'banked', place, b.buyer,
           CASE WHEN b.buyer IS NOT NULL THEN 'bench' END, CASE WHEN b.buyer IS NOT NULL THEN '00000000-0000-4000-8000-000000000000'::uuid END
      FROM vehicles_before, LATERAL (SELECT CASE WHEN type = 'retail' THEN 'CO-' || place END AS buyer) b ORDER BY place`
  await sql`INSERT INTO events (number, sequence, type, actor, to_state, details)
            SELECT number, 1, 'vehicle.banked', 'house', 'banked', '{}' FROM vehicles_before ORDER BY place`
  await sql`INSERT INTO schedule_requests (of_plan) VALUES (false)`
  await sql`VACUUM ANALYZE vehicles, events`
  await sql`CHECKPOINT`
}

type Known = {
  number: string
  plant: string | null
  period: number | null
  held_by: string | null
  state: string
  version: number
  type: string | null
  details: string | null
}
const known = new Map<Books['name'], { [Member in keyof Known]: (Known[Member] | null)[] }>()

/** What the run wrote, as it will be told to the reference: rows and events, in the order in which they were written. */
async function keepWhatCame({ sql, name }: Books): Promise<void> {
  const rows = await sql<Known[]>`
    SELECT v.number, v.plant, v.period, v.held_by, v.state, v.version, e.type, e.details::text AS details
      FROM vehicles v LEFT JOIN events e ON e.number = v.number AND e.sequence = 2
     WHERE v.version = 2 OR v.held_by IS NOT NULL ORDER BY e.id, v.place`
  const column = <Member extends keyof Known>(member: Member) => rows.map((row) => row[member])
  known.set(name, {
    number: column('number'),
    plant: column('plant'),
    period: column('period'),
    held_by: column('held_by'),
    state: column('state'),
    version: column('version'),
    type: column('type'),
    details: column('details'),
  })
}

async function reference({ sql, name }: Books): Promise<number> {
  const told = known.get(name)
  if (!told) throw new Error('nothing is known yet')
  const start = performance.now()
  await sql`
    WITH changed AS (
      UPDATE vehicles v
         SET plant = m.plant, period = m.period, held_by = m.held_by, state = m.state, version = m.version
        FROM unnest(${told.number}::text[], ${told.plant}::text[], ${told.period}::integer[], ${told.held_by}::text[],
                    ${told.state}::text[], ${told.version}::integer[], ${told.type}::text[], ${told.details}::text[])
             AS m(number, plant, period, held_by, state, version, type, details)
       WHERE v.number = m.number
   RETURNING v.number, v.version, v.state, m.type, m.details
    )
    INSERT INTO events (number, sequence, type, actor, from_state, to_state, details)
    SELECT number, version, type, 'house', 'banked', state, details::jsonb FROM changed WHERE type IS NOT NULL`
  return performance.now() - start
}

async function outcomeOf({ sql }: Books): Promise<object> {
  const [row] = await sql`
    SELECT count(*) FILTER (WHERE plant IS NOT NULL)::integer AS scheduled, count(*) FILTER (WHERE plant IS NULL)::integer AS without_slot,
           count(*) FILTER (WHERE held_by = 'capacity')::integer AS held_by_capacity,
           count(*) FILTER (WHERE held_by = 'allocation')::integer AS held_by_allocation,
           count(*) FILTER (WHERE held_by LIKE 'commodity:%')::integer AS held_by_commodities,
           count(DISTINCT held_by) FILTER (WHERE held_by LIKE 'commodity:%')::integer AS commodities_that_hold,
           (SELECT count(*)::integer FROM wakes) AS wakes, (SELECT count(*)::integer FROM notifications) AS notifications
      FROM vehicles`
  return row ?? {}
}
