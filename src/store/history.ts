import { and, asc, eq, gt } from 'drizzle-orm'
import { z } from 'zod'
import type { Database } from './database.ts'
import { Instant } from './order-view.ts'
import { events } from './schema.ts'

/** One thing that happened, as histories show it. */
export const EventView = z
  .object({
    sequence: z.int().meta({
      description:
        'Counts the changes of this order, back order, delivery, purchase order, lead or model year',
    }),
    type: z.string(),
    actor: z.string().meta({
      description:
        '`customer`, `house`, `carrier`, `storefront:<id>`, `supplier:<id>`, `dealer:<id>` or `operator:<key id>`',
    }),
    from: z.string().nullable().meta({ description: 'The state before' }),
    to: z.string().nullable().meta({ description: 'The state after' }),
    details: z.record(z.string(), z.unknown()).meta({ description: 'Why, in figures' }),
    note: z.string().nullable().meta({
      description: 'What somebody wrote with it. What operators wrote is shown to operators only',
    }),
    at: Instant,
  })
  .meta({ id: 'HistoryEvent' })
export type EventView = z.infer<typeof EventView>

/**
 * What happened to an order, back order, delivery, purchase order or model year after this sequence, in order (REQUIREMENTS P4).
 * Operators write notes for each other: `reader` says whether one of them reads it.
 */
export async function historyOf(
  db: Database,
  number: string,
  after: number,
  limit: number,
  reader: 'operator' | 'partner',
): Promise<EventView[]> {
  const rows = await db
    .select()
    .from(events)
    .where(and(eq(events.number, number), gt(events.sequence, after)))
    .orderBy(asc(events.sequence))
    .limit(limit)
  return rows.map((row) => ({
    sequence: row.sequence,
    type: row.type,
    actor: row.actor,
    from: row.from_state,
    to: row.to_state,
    details: row.details,
    note: reader === 'partner' && row.actor.startsWith('operator:') ? null : row.note,
    at: row.at.toISOString(),
  }))
}
