import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Database, Transaction } from './database.ts'
import { allocationLimits, allocations } from './schema.ts'

/** A dealer's share of a model line as operators set it; in a period without a limit it is not rationed. */
export type Allocation = {
  dealer: string
  model_line: string
  limits: { period: number; vehicles: number }[]
}
export type AllocationRow = Allocation & { version: number }

/** Creates the allocation, or puts it in the place of what is stored of it. Under the plan's lock. */
export async function saveAllocation(
  tx: Transaction,
  { dealer, model_line, limits }: Allocation,
): Promise<void> {
  await tx
    .insert(allocations)
    .values({ dealer, model_line })
    .onConflictDoUpdate({
      target: [allocations.dealer, allocations.model_line],
      set: { version: sql`${allocations.version} + 1` },
    })
  await tx
    .delete(allocationLimits)
    .where(and(eq(allocationLimits.dealer, dealer), eq(allocationLimits.model_line, model_line)))
  if (limits.length > 0)
    await tx.insert(allocationLimits).values(limits.map((limit) => ({ dealer, model_line, ...limit })))
}

export async function readAllocation(
  db: Database | Transaction,
  dealer: string,
  model_line: string,
): Promise<AllocationRow | undefined> {
  const [row] = await allocationsWhere(db, sql`a.dealer = ${dealer} AND a.model_line = ${model_line}`, 1)
  return row
}

/** Those after this dealer and line; of all dealers, or of one. */
export async function listAllocations(
  db: Database,
  after: readonly [dealer: string, model_line: string],
  limit: number,
  dealer: string | undefined,
): Promise<AllocationRow[]> {
  const ofDealer = dealer === undefined ? sql`true` : sql`a.dealer = ${dealer}`
  return allocationsWhere(
    db,
    sql`(a.dealer, a.model_line) > (${after[0]}, ${after[1]}) AND ${ofDealer}`,
    limit,
  )
}

async function allocationsWhere(
  db: Database | Transaction,
  which: SQL,
  limit: number,
): Promise<AllocationRow[]> {
  const rows = await db.execute<AllocationRow>(sql`
    SELECT a.dealer, a.model_line, a.version,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('period', l.period, 'vehicles', l.vehicles) ORDER BY l.period), '[]')
              FROM allocation_limits l WHERE l.dealer = a.dealer AND l.model_line = a.model_line) AS limits
      FROM allocations a WHERE ${which} ORDER BY a.dealer, a.model_line LIMIT ${limit}`)
  return [...rows]
}
