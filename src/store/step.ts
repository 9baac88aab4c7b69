import { eq, sql } from 'drizzle-orm'
import { type Database, post, type Transaction, transact } from './database.ts'
import { steps } from './schema.ts'

/**
 * Runs one step of a process exactly once. The key is claimed at the head of the transaction: of two runs of the same
 * step the second waits for the first and then gets its stored result. What `work` returns must be JSON.
 */
export async function inStep<T>(
  db: Database,
  key: string,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return transact(db, async (tx) => {
    const claimed = await tx.insert(steps).values({ key }).onConflictDoNothing().returning({ key: steps.key })
    if (claimed.length === 0) {
      const [done] = await tx.select({ result: steps.result }).from(steps).where(eq(steps.key, key))
      return done?.result as T
    }
    const result = await work(tx)
    // Through the same JSON as a repeat would get it, so that first run and repeat cannot differ.
    const stored = JSON.stringify(result ?? null)
    await post(
      tx,
      tx
        .update(steps)
        .set({ result: sql`${stored}::jsonb` })
        .where(eq(steps.key, key)),
    )
    return JSON.parse(stored) as T
  })
}
