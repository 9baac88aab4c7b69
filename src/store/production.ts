import { and, asc, eq, inArray } from 'drizzle-orm'
import { PROGRESS } from '../domain/vehicle.ts'
import type { Transaction } from './database.ts'
import { events } from './schema.ts'
import type { VehicleRow } from './vehicle.ts'

/**
 * When the production of a vehicle began, as far as we were told: its first stage may not have been reported. Null while it
 * has not begun.
 */
export async function productionStartOf(tx: Transaction, { number }: VehicleRow): Promise<Date | null> {
  const stages = PROGRESS.map((stage) => `vehicle.${stage}`)
  const [row] = await tx
    .select({ at: events.at })
    .from(events)
    .where(and(eq(events.number, number), inArray(events.type, stages)))
    .orderBy(asc(events.sequence))
    .limit(1)
  return row?.at ?? null
}
