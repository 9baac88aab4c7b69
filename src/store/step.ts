import { eq, sql } from 'drizzle-orm'
import { type Database, type Transaction, transact } from './database.ts'
import { steps } from './schema.ts'

/**
 * Runs one step of a process exactly once. The key is claimed at the head of the transaction: of two runs of the same
 * step the second waits for the first and then gets its stored result. What `work` returns must be JSON. `workflow` is
 * the process whose step it is, as long as which runs the step is remembered.
 */
export async function inStep<T>(
  db: Database,
  key: string,
  work: (tx: Transaction) => Promise<T>,
  workflow: string | null = null,
): Promise<T> {
  return (await takeStep(db, key, work, workflow)).result
}

/** The same, with whether the step may have left wakes to be delivered. */
export async function takeStep<T>(
  db: Database,
  key: string,
  work: (tx: Transaction) => Promise<T>,
  workflow: string | null = null,
): Promise<{ result: T; mayWake: boolean }> {
  return transact(db, async (tx) => {
    const claimed = await tx
      .insert(steps)
      .values({ key, workflow })
      .onConflictDoNothing()
      .returning({ key: steps.key })
    if (claimed.length === 0) {
      const [done] = await tx.select({ result: steps.result }).from(steps).where(eq(steps.key, key))
      return { result: done?.result as T, mayWake: true }
    }
    const result = await work(tx)
    // Through the same JSON as a repeat would get it, so that first run and repeat cannot differ.
    const stored = JSON.stringify(result ?? null)
    const [left] = await tx.execute<{ wakes: boolean }>(sql`
      UPDATE steps SET result = ${stored}::jsonb WHERE key = ${key}
   RETURNING EXISTS (SELECT 1 FROM wakes WHERE step = ${key}) AS wakes`)
    return { result: JSON.parse(stored) as T, mayWake: left?.wakes === true }
  })
}
