import { sql } from 'drizzle-orm'
import { EVENTS } from '../domain/event.ts'
import type { Transaction } from './database.ts'
import { notificationsFor } from './event.ts'

/** A slot: a plant, and the ordinal of a period. */
export type Slot = { plant: string; period: number }

/** A vehicle that gets another slot, loses its own, or is held by something else than it was. */
export type Move = {
  number: string
  /** The version that it was planned in. */
  version: number
  from: Slot | null
  to: Slot | null
  held_by: string | null
  /** It keeps its slot, which has other times than before: that is told as if it were another one. */
  has_new_times?: true
}

/** Most rows of one statement: a bank of a million takes many statements, each of a few seconds. */
const CHUNK = 20_000

/**
 * Locks the vehicles that are to be moved, for the rest of the transaction. Returns those that are not as they were planned
 * any more; from here on the others cannot become so.
 */
export async function lockToMove(
  tx: Transaction,
  moves: Move[],
  breathe: () => Promise<void>,
): Promise<string[]> {
  const changed: string[] = []
  for (const chunk of chunksOf(moves)) {
    const planned = sql`unnest(${arrayOf(chunk.map(({ number }) => number))}::text[],
                               ${arrayOf(chunk.map(({ version }) => version))}::integer[]) AS m(number, version)`
    const rows = await tx.execute<{ number: string }>(sql`
      WITH locked AS (
        SELECT v.number FROM vehicles v JOIN ${planned} USING (number) WHERE v.version = m.version FOR NO KEY UPDATE OF v
      )
      SELECT m.number FROM ${planned} WHERE NOT EXISTS (SELECT 1 FROM locked l WHERE l.number = m.number)`)
    for (const { number } of rows) changed.push(number)
    await breathe()
  }
  return changed
}

/** The events of moving that buyers are told of. */
const TOLD = (['vehicle.scheduled', 'vehicle.rescheduled', 'vehicle.unscheduled'] as const).filter(
  (type) => EVENTS[type].told !== null,
)

/**
 * Moves locked vehicles, each with the event that says from where to where and what holds it, with the notifications that
 * this calls for, and a wake for the process of whoever it is for. Where only what holds it is another, that is no event.
 */
export async function writeMoves(
  tx: Transaction,
  moves: Move[],
  { actor, step, breathe }: { actor: string; step: string; breathe: () => Promise<void> },
): Promise<void> {
  for (const chunk of chunksOf(moves)) {
    await tx.execute(sql`
      WITH changed AS (
        UPDATE vehicles v
           SET plant = m.plant, period = m.period, held_by = m.held_by, version = v.version + m.is_moved::integer,
               state = CASE WHEN m.plant IS NULL THEN 'banked' ELSE 'scheduled' END
          FROM unnest(${arrayOf(chunk.map(({ number }) => number))}::text[],
                      ${arrayOf(chunk.map(({ from }) => from?.plant ?? null))}::text[],
                      ${arrayOf(chunk.map(({ from }) => from?.period ?? null))}::integer[],
                      ${arrayOf(chunk.map(({ to }) => to?.plant ?? null))}::text[],
                      ${arrayOf(chunk.map(({ to }) => to?.period ?? null))}::integer[],
                      ${arrayOf(chunk.map(({ held_by }) => held_by))}::text[],
                      ${arrayOf(chunk.map(({ from, to, has_new_times }) => has_new_times ?? !isSame(from, to)))}::boolean[])
               AS m(number, old_plant, old_period, plant, period, held_by, is_moved)
         WHERE v.number = m.number
     RETURNING v.number, v.version, v.buyer, v.storefront, v.customer, v.state, v.plant, v.period, v.held_by,
               m.old_plant, m.old_period, m.is_moved
      ),
      told AS (
        INSERT INTO events (number, sequence, type, actor, from_state, to_state, details)
        SELECT number, version,
               CASE WHEN old_plant IS NULL THEN 'vehicle.scheduled'
                    WHEN plant IS NULL THEN 'vehicle.unscheduled' ELSE 'vehicle.rescheduled' END,
               ${actor}, CASE WHEN old_plant IS NULL THEN 'banked' ELSE 'scheduled' END, state,
               jsonb_strip_nulls(jsonb_build_object('buyer', buyer))
               || jsonb_build_object('from', CASE WHEN old_plant IS NOT NULL
                                                  THEN jsonb_build_object('plant', old_plant, 'period', old_period) END,
                                     'to', CASE WHEN plant IS NOT NULL
                                                THEN jsonb_build_object('plant', plant, 'period', period) END,
                                     'held_by', held_by)
          FROM changed WHERE is_moved
     RETURNING id, number, type
      ),
      ${notified}
      woken AS (
        INSERT INTO wakes (workflow, step)
        SELECT CASE left(buyer, 2) WHEN 'CO' THEN 'custom-order/' ELSE 'tag/' END || buyer, ${step}
          FROM changed WHERE is_moved AND buyer IS NOT NULL
      )
      SELECT 1`)
    await breathe()
  }
}

const notified =
  TOLD.length === 0
    ? sql``
    : sql`buyers_told AS (
        SELECT t.id, t.number, c.storefront, c.customer FROM told t JOIN changed c USING (number)
         WHERE c.customer IS NOT NULL AND t.type IN (${sql.join(
           TOLD.map((type) => sql`${type}`),
           sql`, `,
         )})
      ),
      notified AS (${notificationsFor(sql`buyers_told`)}),`

export function isSame(a: Slot | null, b: Slot | null): boolean {
  return a?.plant === b?.plant && a?.period === b?.period
}

function* chunksOf<T>(values: T[]): Generator<T[]> {
  for (let start = 0; start < values.length; start += CHUNK) yield values.slice(start, start + CHUNK)
}

/** An array as Postgres writes it. Texts are in quotes: an id may read `null`. */
function arrayOf(values: readonly (string | number | boolean | null)[]): string {
  return `{${values.map((value) => (typeof value === 'string' ? JSON.stringify(value) : (value ?? 'NULL'))).join(',')}}`
}
