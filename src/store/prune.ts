import { type SQL, sql } from 'drizzle-orm'
import type { Database } from './database.ts'

/**
 * How long the machinery is remembered, in days. What people look up (events, movements, notifications) is kept for good.
 * Documented in docs/operations.md.
 */
export const KEPT_DAYS = {
  /** Requests with what was answered: so long the same Idempotency-Key gets its first answer. They hold addresses. */
  requests: 7,
  /** Steps, once the process whose they are is over. */
  steps: 30,
  /** Attempts to tell somebody; that and when they were told stays in `notifications`. */
  attempts: 90,
  /** Steps that kept failing, since they last did. */
  failingSteps: 90,
}

const ago = (days: number): SQL => sql`now() - make_interval(days => ${days})`

/**
 * Deletes answered requests, the oldest first. One without an answer may still be in work, and its step reads the body.
 * Returns how many went.
 */
export async function deleteRequests(db: Database, limit: number): Promise<number> {
  const rows = await db.execute(sql`
    DELETE FROM idempotency_keys WHERE command IN (
      SELECT command FROM idempotency_keys
       WHERE created_at < ${ago(KEPT_DAYS.requests)} AND status IS NOT NULL
       ORDER BY created_at LIMIT ${limit})
    RETURNING 1`)
  return rows.length
}

/** Deletes attempts, the oldest first. Returns how many went. */
export async function deleteAttempts(db: Database, limit: number): Promise<number> {
  // Their ids are in the order of their times.
  const rows = await db.execute(sql`
    DELETE FROM attempts WHERE id IN (
      SELECT id FROM (SELECT id, at FROM attempts ORDER BY id LIMIT ${limit}) AS oldest
       WHERE at < ${ago(KEPT_DAYS.attempts)})
    RETURNING 1`)
  return rows.length
}

/** Deletes steps that kept failing, the oldest first. Returns how many went. */
export async function deleteFailingSteps(db: Database, limit: number): Promise<number> {
  const rows = await db.execute(sql`
    DELETE FROM failing_steps WHERE (workflow, activity) IN (
      SELECT workflow, activity FROM failing_steps
       WHERE last_at < ${ago(KEPT_DAYS.failingSteps)} ORDER BY last_at LIMIT ${limit})
    RETURNING 1`)
  return rows.length
}

/** Where a walk over the steps stands: after the step with this time and key. */
export type StepsWalked = { at: string; key: string }

/**
 * Looks at the next old steps by age and deletes those that nothing can repeat any more: those of processes that run,
 * or ended not long ago, stay. `running` names processes without a row of their own that run. Returns where to go on,
 * null at the end.
 */
export async function deleteSteps(
  db: Database,
  after: StepsWalked | null,
  running: string[],
  limit: number,
): Promise<StepsWalked | null> {
  const recent = (table: SQL, kind: string) => sql`
    SELECT 1 FROM ${table}
     WHERE number = substr(o.workflow, length(${`${kind}/`}) + 1) AND (ended_at IS NULL OR ended_at >= ${ago(KEPT_DAYS.steps)})`
  const rows = await db.execute<{ at: string; key: string; looked_at: number }>(sql`
    WITH old AS MATERIALIZED (
      SELECT key, at, workflow FROM steps
       WHERE at < ${ago(KEPT_DAYS.steps)}
         AND ${after ? sql`(at, key) > (${after.at}::timestamptz, ${after.key})` : sql`true`}
       ORDER BY at, key LIMIT ${limit}
    ),
    gone AS (
      DELETE FROM steps s USING old o
       WHERE s.key = o.key
         AND NOT EXISTS (${recent(sql`orders`, 'order')}) AND NOT EXISTS (${recent(sql`back_orders`, 'back-order')})
         AND NOT EXISTS (${recent(sql`deliveries`, 'delivery')})
         AND NOT EXISTS (${recent(sql`purchase_orders`, 'purchase-order')}) AND NOT EXISTS (${recent(sql`leads`, 'lead')})
         AND NOT EXISTS (${recent(sql`payments`, 'payment')}) AND NOT EXISTS (${recent(sql`custom_orders`, 'custom-order')})
         AND NOT EXISTS (${recent(sql`tags`, 'tag')}) AND NOT EXISTS (${recent(sql`match_requests`, 'match-request')})
         AND NOT EXISTS (SELECT 1 FROM jsonb_array_elements_text(${JSON.stringify(running)}::jsonb) AS r WHERE r = o.workflow)
    )
    SELECT at::text AS at, key, (SELECT count(*) FROM old)::integer AS looked_at FROM old ORDER BY old.at DESC, key DESC LIMIT 1`)
  const [last] = rows
  return last && last.looked_at === limit ? { at: last.at, key: last.key } : null
}
