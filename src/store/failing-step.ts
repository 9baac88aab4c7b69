import { sql } from 'drizzle-orm'
import type { Database } from './database.ts'

/**
 * What is retried comes again within this time: the longest pause is ten minutes, between calls to a carrier. A step that
 * was not heard of for so long is over its trouble, or its process has ended.
 */
export const STILL_FAILING = sql.raw(`interval '15 minutes'`)

/** Puts a step that keeps failing on record, so that an operator sees it. `kind` must not quote data. */
export async function recordFailingStep(
  db: Database,
  step: { workflow: string; activity: string; kind: string },
): Promise<void> {
  await db.execute(sql`
    INSERT INTO failing_steps AS known (workflow, activity, kind)
    VALUES (${step.workflow}, ${step.activity}, ${step.kind})
        ON CONFLICT (workflow, activity) DO UPDATE
       SET kind = EXCLUDED.kind,
           since = CASE WHEN known.last_at < now() - ${STILL_FAILING} THEN now() ELSE known.since END,
           last_at = now()`)
}

/** Takes a step that is done off the record. */
export async function forgetFailingStep(
  db: Database,
  step: { workflow: string; activity: string },
): Promise<void> {
  await db.execute(sql`
    DELETE FROM failing_steps WHERE workflow = ${step.workflow} AND activity = ${step.activity}`)
}
