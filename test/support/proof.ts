import type { HistoryAndWorkflowId, WorkflowHandle } from '@temporalio/client'
import { expect } from 'vitest'
import { checkInvariants } from '../../src/store/invariants.ts'
import type { House } from './house.ts'
import { reconcileNow } from './reconcile.ts'
import { failedReplays } from './replay.ts'
import { type Answer, BY_RECONCILE, waitFor } from './shop.ts'

/**
 * After a scenario, once every wake is delivered: the books hold, every open row has its running workflow, and no
 * workflow runs whose row is final (DESIGN §8).
 */
export async function expectSoundHouse(house: House): Promise<void> {
  await wakesDelivered(house)
  // On a busy machine a deadline may be acted on late; what is wrong for good stays wrong.
  await waitFor(
    'the books to hold',
    () => checkInvariants(house.books, { graceSeconds: 5 }),
    (violations) => violations.length === 0,
    30,
  )
  await waitFor(
    'every open row to have its workflow, and no other',
    () => mismatches(house),
    (found) => found.length === 0,
    BY_RECONCILE,
  )
}

/** What a killed worker did not come to is delivered by `reconcile`; where a test has paused that, by nobody. */
async function wakesDelivered(house: House): Promise<void> {
  await waitFor(
    'the wakes to be delivered',
    async () => {
      const wakes = await house.db`
        SELECT workflow, step, created_at, created_at < now() - interval '3 seconds' AS is_late FROM wakes`
      const isLate = wakes.some(({ is_late }) => is_late)
      if (isLate && house.hasWorker && !(await isPaused(house))) await reconcileNow(house)
      return wakes
    },
    (rows) => rows.length === 0,
    BY_RECONCILE,
  )
}

async function isPaused({ temporal }: House): Promise<boolean> {
  const { state } = await temporal.schedule.getHandle('reconcile/holdfast').describe()
  return state.paused
}

async function mismatches(house: House): Promise<string[]> {
  const open = await house.db<{ workflow: string }[]>`
    SELECT 'order/' || number AS workflow FROM orders WHERE ended_at IS NULL
    UNION ALL SELECT 'back-order/' || number FROM back_orders WHERE ended_at IS NULL
    UNION ALL SELECT 'delivery/' || number FROM deliveries WHERE ended_at IS NULL
    UNION ALL SELECT 'purchase-order/' || number FROM purchase_orders WHERE ended_at IS NULL
    UNION ALL SELECT 'lead/' || number FROM leads WHERE ended_at IS NULL
    UNION ALL SELECT 'custom-order/' || number FROM custom_orders WHERE ended_at IS NULL
    UNION ALL SELECT 'erasure/' || id FROM members
               WHERE erasing_since IS NOT NULL AND erased_at IS NULL AND merged_into IS NULL
    UNION ALL SELECT 'tag/' || number FROM tags WHERE ended_at IS NULL
    UNION ALL SELECT 'match-request/' || number FROM match_requests WHERE ended_at IS NULL
    UNION ALL SELECT 'payment/' || number FROM payments WHERE ended_at IS NULL`
  const rows = new Set(open.map((row) => row.workflow))
  const running = new Set<string>()
  const own =
    /^(order|back-order|delivery|purchase-order|lead|custom-order|erasure|payment|tag|match-request)\//
  for await (const { workflowId } of house.temporal.workflow.list({
    query: sinceNew(house, `ExecutionStatus = 'Running'`),
  })) {
    if (own.test(workflowId)) running.add(workflowId)
  }
  return [
    ...[...rows].filter((id) => !running.has(id)).map((id) => `${id} is open and has no workflow`),
    ...[...running].filter((id) => !rows.has(id)).map((id) => `${id} runs and has no open row`),
  ]
}

/** The query of processes, about those that started since the house is as new. */
export function sinceNew({ since }: House, query = ''): string {
  const recent = `StartTime >= '${since.toISOString()}'`
  return query ? `${recent} AND (${query})` : recent
}

/**
 * Every process, running or ended, could go on in another worker: its history replays with the code that made it. A
 * process that does not would stand still for ever once its worker is gone. `query` picks some of them. Of histories in
 * which the same happened in the same order one is replayed: what the code decided is in them.
 */
export async function expectReplayable(house: House, query = ''): Promise<void> {
  const histories = new Map<string, HistoryAndWorkflowId>()
  for await (const { workflowId, runId } of house.temporal.workflow.list({ query: sinceNew(house, query) })) {
    const history = await house.temporal.workflow.getHandle(workflowId, runId).fetchHistory()
    histories.set(shapeOf(history), { workflowId, history })
  }
  expect(await failedReplays([...histories.values()])).toEqual(new Map())
}

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>

/** What happened in a history, in its order, and what each step, timer, command and signal of it is called. */
function shapeOf({ events }: History): string {
  const happened = (events ?? []).map((event) => [
    event.eventType,
    event.workflowExecutionStartedEventAttributes?.workflowType?.name,
    event.activityTaskScheduledEventAttributes?.activityType?.name,
    event.timerStartedEventAttributes?.timerId,
    event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name,
    event.workflowExecutionSignaledEventAttributes?.signalName,
    event.markerRecordedEventAttributes?.markerName,
  ])
  return JSON.stringify(happened)
}

/** The statement that gives for every table of the books a sum of the hashes of its rows. */
async function statementOf(house: House): Promise<string> {
  const tables = await house.db<{ name: string }[]>`
    SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`
  // In one row: a union of so many takes half as long again.
  const sums = tables.map(
    ({ name }) => `(SELECT sum(hashtextextended(t::text, 0)) FROM ${name} t) AS ${name}`,
  )
  return `SELECT ${sums.join(', ')}`
}

/** What is known of the books of a house since it was as new. */
type Known = {
  since: Date
  statement: string
  /** What they were after the last refusal, when nobody was about to change them. */
  left?: string
}
const known = new WeakMap<House, Known>()

async function knownOf(house: House): Promise<Known> {
  const { since } = house
  const found = known.get(house)
  if (found?.since === since) return found
  const made = { since, statement: await statementOf(house) }
  known.set(house, made)
  return made
}

type Books = Record<string, string | null>

/** Every table of the books with the hash of its rows: what has to be the same if nothing was changed. */
export async function fingerprint(house: House): Promise<Books> {
  const { statement } = await knownOf(house)
  const [row] = await house.db.unsafe<Books[]>(statement, [], { prepare: true })
  return { ...row }
}

/** Once nobody is being told of anything any more, no parcel is about to be booked, no provider about to be asked and the schedule is not behind. */
async function quietFingerprint(house: House): Promise<Books> {
  let last = ''
  return waitFor(
    'the house to be quiet',
    async () => {
      const [row] = await house.db<{ busy: number }[]>`
        SELECT (SELECT count(*) FROM wakes)::int + (SELECT count(*) FROM notifications WHERE state = 'pending')::int
             + (SELECT count(*) FROM deliveries WHERE state IN ('planned', 'booking') AND deliver_on IS NULL)::int
             + (SELECT count(*) FROM payments
                 WHERE state IN ('requested', 'capturing', 'voiding', 'settling') AND ${house.hasWorker})::int
             + (SELECT count(*) FROM schedule_requests WHERE ${house.hasWorker})::int AS busy`
      return { busy: (row?.busy ?? 0) + (await promisesUnderway(house)), now: await fingerprint(house) }
    },
    ({ busy, now }) => {
      const before = last
      last = JSON.stringify(now)
      return busy === 0 && last === before
    },
  ).then(({ now }) => now)
}

/** What those write is in no table before, and a busy machine may start them late. */
async function promisesUnderway({ hasWorker, temporal }: House): Promise<number> {
  if (!hasWorker) return 0
  const { count } = await temporal.workflow.count("ExecutionStatus = 'Running' AND WorkflowType = 'promises'")
  return count
}

/**
 * Sends a request and shows that it changed no row of any table. `answersOnce`: the request came so far that its no is
 * kept under its Idempotency-Key, and nothing but that (a finished process that was asked may have looked at its row).
 */
export async function changesNothing<T>(
  house: House,
  request: () => Promise<T>,
  { answersOnce = false }: { answersOnce?: boolean } = {},
): Promise<T> {
  // A process that only looked notes that as a step, whenever it comes to it; a request's own step comes with its key.
  const but = (books: Books, ...names: string[]) =>
    Object.fromEntries(Object.entries(books).filter(([name]) => name !== 'steps' && !names.includes(name)))
  const known = await knownOf(house)
  const found = await fingerprint(house)
  // One refusal after the other: the house is as quiet as it was.
  const isAsLeft = JSON.stringify(but(found)) === known.left
  const before = isAsLeft ? found : await quietFingerprint(house)
  const answer = await request()
  const after = await fingerprint(house)
  const kept = answersOnce ? ['idempotency_keys'] : []
  expect(but(after, ...kept)).toEqual(but(before, ...kept))
  expect(after.idempotency_keys === before.idempotency_keys).toBe(!answersOnce)
  known.left = JSON.stringify(but(after))
  return answer
}

const resolved = new Set<string>()

/** A refusal as every one has to be: problem details of this type, which leads to a page, with the request's id. */
export async function expectProblem(
  house: House,
  answer: Answer,
  status: number,
  type: string,
  pointers?: string[],
): Promise<Answer['body']> {
  expect([answer.status, answer.body?.type, answer.body?.detail]).toEqual([
    status,
    `${house.apiUrl}/problems/${type}`,
    expect.stringMatching(/\w/),
  ])
  const { body, headers } = answer
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(body).toMatchObject({
    status,
    title: expect.stringMatching(/\w/),
    request_id: headers.get('x-request-id'),
  })
  if (pointers) {
    const found = (body.errors ?? []).map((error: { pointer: string }) => error.pointer)
    expect([...new Set(found)]).toEqual(pointers)
  }
  for (const error of body.errors ?? []) expect(error.detail).toMatch(/\w/)
  if (status === 401) expect(headers.get('www-authenticate')).toMatch(/^Bearer/)
  if (status === 503) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  if (!resolved.has(type)) {
    const page = await fetch(body.type)
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining(body.title)])
    resolved.add(type)
  }
  return body
}
