import { createHash, randomUUID } from 'node:crypto'
import postgres, { type Sql } from 'postgres'
import { createRestockActivities } from '../src/activities/restock.ts'
import type { Steps } from '../src/activities/steps.ts'
import { updateBackOrder } from '../src/store/back-order.ts'
import { type Database, openStore, transact } from '../src/store/database.ts'
import { recordEvent } from '../src/store/event.ts'
import { inStep } from '../src/store/step.ts'
import { allocateToWaiters, lockStock, move, PASS_LIMIT } from '../src/store/stock.ts'
import { wake } from '../src/store/wake.ts'
import { atLeast, atMost, median, report, round } from './support/report.ts'
import { bookDatabase, onStage } from './support/stage.ts'

/**
 * A receipt of 1,000 units for an item with 1 k, 100 k and 1 M waiters of one unit each, every queue in a database of its
 * own. Beside it, in the same rounds: one statement that updates 1,000 rows whose numbers it is given and inserts the same
 * rows, and (at 100 k) what a service would do that loads its queue and loops.
 */

const QUEUES = { '1 k': 1_000, '100 k': 100_000, '1 M': 1_000_000 }
const UNITS = PASS_LIMIT
const ROUNDS = 21
const LOOPS = 3
const RECEIPTS = 100
const SKU = 'BENCH-ITEM'

type Queue = { name: string; sql: Sql; db: Database; close: () => Promise<unknown>; statements: () => number }

export async function run(): Promise<void> {
  await onStage(async (stage) => {
    const server = await stage.postgres()
    const open = async (name: string, waiters: number): Promise<Queue> => {
      const url = await bookDatabase(server, name.replace(' ', '_'))
      const queue = openQueue(name, url)
      stage.atEnd(queue.close)
      console.log(`${name}: ${waiters} waiters …`)
      await found(queue.sql)
      await addWaiters(queue.sql, waiters)
      await queue.sql`VACUUM ANALYZE`
      return queue
    }
    const queues = new Map<string, Queue>()
    for (const [name, waiters] of Object.entries(QUEUES)) queues.set(name, await open(name, waiters))
    const drained = await open('drained', QUEUES['100 k'])
    await drained.sql`CHECKPOINT`

    const ways = { pass, receipt, reference, 'reference with notifications': referenceWithNotifications }
    const times: Record<string, number[]> = {}
    const statements: Record<string, Set<number>> = {}
    for (let round = -2; round < ROUNDS; round++) {
      for (const [name, queue] of queues) {
        for (const [way, once] of shuffled(Object.entries(ways))) {
          const measured = await once(queue)
          await addWaiters(queue.sql, UNITS)
          if (round < 0) continue
          ;(times[`${way}, ${name}`] ??= []).push(measured.ms)
          if (measured.statements) (statements[`${way}, ${name}`] ??= new Set()).add(measured.statements)
        }
      }
      process.stdout.write('.')
    }
    const hundredK = queues.get('100 k') as Queue
    for (let round = 0; round < LOOPS; round++) {
      ;(times['load and loop, 100 k'] ??= []).push((await loadAndLoop(hundredK)).ms)
      await addWaiters(hundredK.sql, UNITS)
      process.stdout.write('.')
    }
    const receipts: number[] = []
    for (let count = 0; count < RECEIPTS; count++) receipts.push((await receipt(drained)).ms)
    const [left] =
      await drained.sql`SELECT count(*)::integer AS waiting FROM back_orders WHERE state = 'waiting'`
    if (left?.waiting !== 0) throw new Error(`${left?.waiting} are still waiting after the last receipt`)

    const of = (way: string) => median(times[way] ?? [])
    // Round by round, so that what else the machine does at the time is in both.
    const ratio = (way: string, beside: string) =>
      median((times[way] ?? []).map((ms, round) => ms / (times[beside]?.[round] ?? Number.NaN)))
    const first = median(receipts.slice(0, 10))
    const last = median(receipts.slice(-10))
    report('restock', {
      tables: {
        [`One receipt of ${UNITS} units (median of ${ROUNDS} interleaved rounds, ms)`]: Object.keys(
          QUEUES,
        ).map((name) => ({
          waiters: name,
          'allocation pass': round(of(`pass, ${name}`), 1),
          'whole receipt': round(of(`receipt, ${name}`), 1),
          reference: round(of(`reference, ${name}`), 1),
          'with notifications': round(of(`reference with notifications, ${name}`), 1),
          'pass ÷ reference': round(ratio(`pass, ${name}`, `reference, ${name}`)),
          'receipt ÷ reference': round(ratio(`receipt, ${name}`, `reference, ${name}`)),
          'pass ÷ with notifications': round(ratio(`pass, ${name}`, `reference with notifications, ${name}`)),
          'statements a pass': [...(statements[`pass, ${name}`] ?? [])].join('/'),
          'statements a receipt': [...(statements[`receipt, ${name}`] ?? [])].join('/'),
        })),
        'Load and loop at 100 k waiters (ms)': [
          { 'load and loop': round(of('load and loop, 100 k'), 0), pass: round(of('pass, 100 k'), 1) },
        ],
        [`${RECEIPTS} receipts in a row drain a queue of 100 k (ms)`]: [
          { 'first ten': round(first, 1), 'last ten': round(last, 1), all: round(median(receipts), 1) },
        ],
      },
      goals: [
        ...Object.keys(QUEUES).map((name) =>
          atMost(`pass ÷ reference at ${name}`, ratio(`pass, ${name}`, `reference, ${name}`), 3),
        ),
        atMost('pass at 1 M ÷ at 1 k', ratio('pass, 1 M', 'pass, 1 k'), 1.5),
        atLeast('load and loop ÷ pass at 100 k', of('load and loop, 100 k') / of('pass, 100 k'), 30),
        atMost('100 receipts: last ten ÷ first ten', last / first, 1.5),
        atMost(
          'different statement counts of a pass',
          new Set(Object.keys(QUEUES).flatMap((name) => [...(statements[`pass, ${name}`] ?? [])])).size,
          1,
        ),
      ],
      raw: { times, receipts },
    })
  })
}

function openQueue(name: string, url: string): Queue {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  const store = openStore({ url, poolSize: 2, name: 'holdfast bench' })
  let count = 0
  const { options } = (store.db as unknown as { $client: { options: { debug: unknown } } }).$client
  options.debug = () => {
    count += 1
  }
  return {
    name,
    sql,
    db: store.db,
    close: () => Promise.all([sql.end(), store.close()]),
    statements: () => count,
  }
}

async function found(sql: Sql): Promise<void> {
  await sql`INSERT INTO storefronts (id, name, mail_name, reply_to) VALUES ('bench', 'Bench', 'Bench', 'bench@example.test')`
  await sql`INSERT INTO items (sku, name, price_minor, currency, back_orderable) VALUES (${SKU}, 'An item', 1999, 'EUR', true)`
  await sql`INSERT INTO stock_levels (sku) VALUES (${SKU})`
  await sql`INSERT INTO suppliers (id, name, channel, email, webhook_secret, gather_seconds, acknowledge_seconds, remind_seconds, overdue_seconds, pass_over_seconds)
            VALUES ('supplier', 'Supplier', 'mail', 's@example.test', 'whsec_', 60, 600, 600, 600, 600)`
  await sql`INSERT INTO supplier_items (supplier, sku, rank, lead_seconds, pack_size, price_minor, currency)
            VALUES ('supplier', ${SKU}, 1, 86400, 1, 999, 'EUR')`
}

/** At the end of the queue, each with the event of its acceptance. Their numbers are in no order, as in the service. */
async function addWaiters(sql: Sql, count: number): Promise<void> {
  await sql.begin(async (tx) => {
    const [level] = await tx`
      UPDATE stock_levels SET last_place = last_place + ${count}, outstanding = outstanding + ${count}
       WHERE sku = ${SKU} RETURNING last_place`
    await tx`
      INSERT INTO back_orders (number, order_number, line, sku, storefront, customer, ordered, shortfall, state, place,
                               deadline_kind, deadline_at, deadline_from, hold_seconds, price_minor, currency)
      SELECT 'BO-' || substr(md5('b' || n), 1, 13), 'OR-' || substr(md5('o' || n), 1, 13), 1, ${SKU}, 'bench', gen_random_uuid(), 1, 1,
             'waiting', n, 'wait', now() + interval '30 days', now(), 86400, 1999, 'EUR'
        FROM generate_series(${Number(level?.last_place) - count + 1}::bigint, ${Number(level?.last_place)}::bigint) AS n`
    await tx`
      INSERT INTO events (number, sequence, type, actor, to_state, details)
      SELECT number, 1, 'back_order.accepted', 'customer', 'waiting', '{}' FROM back_orders
       WHERE sku = ${SKU} AND place > ${Number(level?.last_place) - count}`
  })
}

type Measured = { ms: number; statements?: number }

async function measure(queue: Queue, work: () => Promise<unknown>): Promise<Measured> {
  const before = queue.statements()
  const start = performance.now()
  await work()
  return { ms: performance.now() - start, statements: queue.statements() - before }
}

/** Free units, as they are there when a pass begins. */
async function bringUnits({ db }: Queue): Promise<void> {
  const step = randomUUID()
  await transact(db, (tx) =>
    move(tx, { sku: SKU, kind: 'receive', quantity: UNITS, cause: `receipt/${step}`, step }),
  )
}

/** The pass as the service makes it: the lock in a statement of its own, the allocation, the commit. */
async function pass(queue: Queue): Promise<Measured> {
  await bringUnits(queue)
  const step = randomUUID()
  let served = 0
  const measured = await measure(queue, () =>
    transact(queue.db, async (tx) => {
      await lockStock(tx, [SKU])
      served = (await allocateToWaiters(tx, SKU, step)).served
    }),
  )
  if (served !== UNITS) throw new Error(`the pass served ${served}`)
  return measured
}

/** The whole activity that books a supplier's update against its purchase order and hands the units out. */
async function receipt(queue: Queue): Promise<Measured> {
  const command = randomUUID()
  const number = `PO-${command.slice(0, 13)}`
  const body = { reference: command, lines: [{ sku: SKU, received: UNITS }] }
  await queue.sql`
    INSERT INTO purchase_orders (number, supplier, state, currency) VALUES (${number}, 'supplier', 'acknowledged', 'EUR')`
  await queue.sql`
    INSERT INTO purchase_order_lines (purchase_order, line, sku, requested, agreed, accepted, price_minor, expected_at)
    VALUES (${number}, 1, ${SKU}, ${UNITS}, ${UNITS}, ${UNITS}, 999, now())`
  await queue.sql`
    INSERT INTO idempotency_keys (caller, key, command, request_hash, body, lease_until)
    VALUES ('key:bench', ${command}, ${command}, ${createHash('sha256').update(command).digest()}, ${queue.sql.json(body)}, now())`
  const quiet = { runQuietly: (key, work) => inStep(queue.db, key, work) } as Steps
  const activities = createRestockActivities({ steps: quiet, passLimit: PASS_LIMIT })
  return measure(queue, () =>
    activities.bookReceipt({ command, actor: 'supplier:supplier', supplier: 'supplier' }),
  )
}

const reference = (queue: Queue) => knownRows(queue, false)
const referenceWithNotifications = (queue: Queue) => knownRows(queue, true)

/** One statement that is told which rows: the least that writing them can cost. */
async function knownRows({ sql }: Queue, withNotifications: boolean): Promise<Measured> {
  const known = await sql<{ number: string }[]>`
    SELECT number FROM back_orders WHERE sku = ${SKU} AND state = 'waiting' ORDER BY place LIMIT ${UNITS}`
  const numbers = known.map((row) => row.number)
  const step = randomUUID()
  const start = performance.now()
  const [row] = await sql`
    WITH served AS (
      UPDATE back_orders b
         SET allocated = 1, version = 2, state = 'met', deadline_kind = 'hold', deadline_from = now(),
             deadline_at = now() + interval '1 day', wait_left_seconds = 86400
        FROM unnest(${numbers}::text[]) AS known(number)
       WHERE b.number = known.number
   RETURNING b.number, b.customer
    ),
    moved AS (
      INSERT INTO stock_movements (sku, kind, quantity, cause, step)
      SELECT ${SKU}, 'allocate', 1, number, ${step} FROM served
    ),
    told AS (
      INSERT INTO events (number, sequence, type, actor, from_state, to_state, details)
      SELECT number, 2, 'back_order.met', 'house', 'waiting', 'met',
             jsonb_build_object('quantity', 1, 'allocated', 1, 'ordered', 1, 'deadline_at', now()) FROM served
   RETURNING id, number
    ),
    ${
      withNotifications
        ? sql`notified AS (
      INSERT INTO notifications (event, number, channel, recipient)
      SELECT t.id, t.number, 'mail', s.customer::text FROM told t JOIN served s USING (number)
    ),`
        : sql``
    }
    woken AS (INSERT INTO wakes (workflow, step) SELECT 'back-order/' || number, ${step} FROM served)
    SELECT count(*)::integer AS served FROM served`
  const ms = performance.now() - start
  if (row?.served !== UNITS) throw new Error(`the reference updated ${row?.served}`)
  await sql`UPDATE stock_levels SET on_hand = on_hand + ${UNITS}, allocated = allocated + ${UNITS}, outstanding = outstanding - ${UNITS} WHERE sku = ${SKU}`
  return { ms }
}

/** What loads the queue and writes back order by back order, with the service's own functions for a single one. */
async function loadAndLoop(queue: Queue): Promise<Measured> {
  await bringUnits(queue)
  const step = randomUUID()
  const measured = await measure(queue, () =>
    transact(queue.db, async (tx) => {
      const level = (await lockStock(tx, [SKU])).get(SKU)
      const waiters = await tx.query.backOrders.findMany({
        where: (row, { and, eq }) => and(eq(row.sku, SKU), eq(row.state, 'waiting')),
        orderBy: (row, { asc }) => asc(row.place),
      })
      let free = level?.free ?? 0
      for (const waiter of waiters) {
        if (free === 0) break
        const quantity = Math.min(free, waiter.ordered - waiter.allocated)
        free -= quantity
        const met = await updateBackOrder(tx, waiter.number, {
          state: 'met',
          allocated: waiter.allocated + quantity,
          deadline: {
            kind: 'hold',
            at: new Date(Date.now() + waiter.hold_seconds * 1_000),
            from: new Date(),
          },
        })
        await move(tx, { sku: SKU, kind: 'allocate', quantity, cause: waiter.number, step })
        await recordEvent(tx, {
          number: waiter.number,
          sequence: met.version,
          type: 'back_order.met',
          actor: 'house',
          from: 'waiting',
          to: 'met',
          details: { quantity },
          audience: { storefront: waiter.storefront, customer: waiter.customer },
        })
        await wake(tx, step, [`back-order/${waiter.number}`])
      }
    }),
  )
  await queue.sql`UPDATE stock_levels SET outstanding = outstanding - ${UNITS} WHERE sku = ${SKU}`
  return measured
}

function shuffled<T>(values: T[]): T[] {
  return values
    .map((value) => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value)
}
