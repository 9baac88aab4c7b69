import { and, asc, eq } from 'drizzle-orm'
import type { Transaction } from './database.ts'
import { events } from './schema.ts'
import type { VehicleRow } from './vehicle.ts'

/** When the production of a vehicle began; null while it has not. */
export async function productionStartOf(tx: Transaction, { number }: VehicleRow): Promise<Date | null> {
  const [row] = await tx
    .select({ at: events.at })
    .from(events)
    .where(and(eq(events.number, number), eq(events.type, 'vehicle.in_production')))
    .orderBy(asc(events.sequence))
    .limit(1)
  return row?.at ?? null
}
