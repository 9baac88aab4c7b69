import { sql } from 'drizzle-orm'
import { DEADLINE_KINDS, HOUSE_PERIODS, type Periods } from '../domain/period.ts'
import type { Database, Transaction } from './database.ts'
import { periods } from './schema.ts'

/** The house's four periods. Those that were never set are those of a new house. */
export async function readPeriods(db: Database | Transaction): Promise<Periods> {
  const rows = await db.select().from(periods)
  const stored = new Map(rows.map(({ kind, ...period }) => [kind, period]))
  return Object.fromEntries(
    DEADLINE_KINDS.map((kind) => [kind, stored.get(kind) ?? HOUSE_PERIODS[kind]]),
  ) as Periods
}

/** From here to the end of the transaction nobody else changes the periods; reading them goes on. */
export async function lockPeriods(tx: Transaction): Promise<void> {
  await tx.execute(sql`LOCK TABLE ${periods} IN SHARE ROW EXCLUSIVE MODE`)
}

/** Replaces the house's periods; what already runs keeps its deadline. */
export async function writePeriods(tx: Transaction, set: Periods): Promise<void> {
  await tx
    .insert(periods)
    .values(DEADLINE_KINDS.map((kind) => ({ kind, ...set[kind] })))
    .onConflictDoUpdate({
      target: periods.kind,
      set: {
        default_seconds: sql`excluded.default_seconds`,
        min_seconds: sql`excluded.min_seconds`,
        max_seconds: sql`excluded.max_seconds`,
      },
    })
}
