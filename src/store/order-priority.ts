import { sql } from 'drizzle-orm'
import { PRIORITIES, VEHICLE_TYPES, type VehicleType } from '../domain/vehicle.ts'
import type { Database, Transaction } from './database.ts'
import { orderPriorities } from './schema.ts'

export type Priorities = Record<VehicleType, number>

/** Which type of vehicle is scheduled first: the lowest. A type that was never set has the usual one. */
export async function readPriorities(db: Database | Transaction): Promise<Priorities> {
  const rows = await db.select().from(orderPriorities)
  const stored = new Map(rows.map(({ type, priority }) => [type, priority]))
  return Object.fromEntries(
    VEHICLE_TYPES.map((type) => [type, stored.get(type) ?? PRIORITIES[type]]),
  ) as Priorities
}

/** Replaces them, also for the vehicles that are in the bank. */
export async function writePriorities(tx: Transaction, set: Priorities): Promise<void> {
  await tx
    .insert(orderPriorities)
    .values(VEHICLE_TYPES.map((type) => ({ type, priority: set[type] })))
    .onConflictDoUpdate({ target: orderPriorities.type, set: { priority: sql`excluded.priority` } })
}

/** The priority of the type of a vehicle `v`, in statements that order by it. */
export const priorityOf = sql`COALESCE((SELECT o.priority FROM order_priorities o WHERE o.type = v.type), ${sql.raw(
  `CASE v.type ${Object.entries(PRIORITIES)
    .map(([type, priority]) => `WHEN '${type}' THEN ${priority}`)
    .join(' ')} END`,
)})`
