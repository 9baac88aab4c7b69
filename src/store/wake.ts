import { sql } from 'drizzle-orm'
import { type Database, post, type Transaction } from './database.ts'

/** A workflow that must look at its row again, as it stands in `wakes`. */
export type Wake = { id: number; workflow: string }

/** Notes, in the transaction of the change where there is one, that these workflows have to look at their rows. */
export async function wake(tx: Database | Transaction, step: string, workflows: string[]): Promise<void> {
  if (workflows.length === 0) return
  await post(
    tx,
    tx.execute(sql`
    INSERT INTO wakes (workflow, step)
    SELECT value, ${step} FROM jsonb_array_elements_text(${JSON.stringify(workflows)}::jsonb)`),
  )
}

/**
 * The oldest wakes that a step left behind, or, without a step, those of anybody that are older than `olderThanSeconds`
 * and come after the given id.
 */
export async function pendingWakes(
  db: Database,
  which: { step: string } | { olderThanSeconds: number; after: number },
  limit: number,
): Promise<Wake[]> {
  const condition =
    'step' in which
      ? sql`step = ${which.step}`
      : sql`created_at < now() - make_interval(secs => ${which.olderThanSeconds}) AND id > ${which.after}`
  const rows = await db.execute<{ id: string; workflow: string }>(
    sql`SELECT id, workflow FROM wakes WHERE ${condition} ORDER BY id LIMIT ${limit}`,
  )
  return rows.map((row) => ({ id: Number(row.id), workflow: row.workflow }))
}

/** Strikes out wakes whose workflows were told. One that somebody else is striking out just now is left to them. */
export async function wakesDone(db: Database, ids: number[]): Promise<void> {
  if (ids.length === 0) return
  const told = sql`SELECT value::bigint FROM jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)`
  await db.execute(
    sql`DELETE FROM wakes WHERE id IN (SELECT id FROM wakes WHERE id IN (${told}) ORDER BY id FOR UPDATE SKIP LOCKED)`,
  )
}
