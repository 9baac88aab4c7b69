import { sql } from 'drizzle-orm'
import type { Transaction } from './database.ts'
import { scheduleRequests } from './schema.ts'
import { wake } from './wake.ts'

/** The one process that schedules the whole bank when something calls for it. */
const SCHEDULER = 'schedule-production/all-plants'

/** Advisory locks, by class and number; nobody else uses this class. */
const LOCKS = { class: 6_202, run: 1, plan: 2 }

/** Calls for a run of the schedule (REQUIREMENTS B6: at once): what a run has to know of has changed. */
export async function askForRun(
  tx: Transaction,
  step: string,
  what: 'the bank changed' | 'the plan changed',
): Promise<void> {
  await tx.insert(scheduleRequests).values({ of_plan: what === 'the plan changed' })
  await wake(tx, step, [SCHEDULER])
}

/**
 * From here to the end of the transaction the plan (plants, periods, limits, priorities) is changed by nobody else, and no
 * run writes. So what a run writes fits the plan as it is then, and what is read after this sees what runs have written.
 */
export async function lockPlan(tx: Transaction): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${LOCKS.class}, ${LOCKS.plan})`)
}

/** True when this transaction is now the one run; false when there is another. */
export async function isOnlyRun(tx: Transaction): Promise<boolean> {
  const [row] = await tx.execute<{ mine: boolean }>(
    sql`SELECT pg_try_advisory_xact_lock(${LOCKS.class}, ${LOCKS.run}) AS mine`,
  )
  return row?.mine === true
}

/** What calls for a run now. */
export async function openRequests(tx: Transaction): Promise<number[]> {
  const rows = await tx.select({ id: scheduleRequests.id }).from(scheduleRequests)
  return rows.map(({ id }) => id)
}

/** True when the plan was changed by a request that is not among these. Under the plan's lock. */
export async function planChangedSince(tx: Transaction, seen: number[]): Promise<boolean> {
  const [row] = await tx.execute<{ changed: boolean }>(sql`
    SELECT EXISTS (SELECT 1 FROM schedule_requests WHERE of_plan AND id NOT IN (${idsIn(seen)})) AS changed`)
  return row?.changed === true
}

/** The run that has seen these has answered them. */
export async function requestsDone(tx: Transaction, seen: number[]): Promise<void> {
  await tx.execute(sql`DELETE FROM schedule_requests WHERE id IN (${idsIn(seen)})`)
}

function idsIn(ids: number[]) {
  return sql`SELECT value::bigint FROM jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)`
}
