import { type SQL, sql } from 'drizzle-orm'
import type { Transaction } from './database.ts'
import { lockToMove, type Move, type Slot, writeMoves } from './schedule-write.ts'

type Scheduled = Slot & Pick<Move, 'number' | 'version' | 'held_by'>

/**
 * These slots have other times now, and with them another day from which a vehicle is built, or until which it can be changed
 * (REQUIREMENTS B7, B10): the buyers whose vehicles have them are told the new ones, though nobody is moved. Under the plan's
 * lock, after the change.
 */
export async function tellNewTimes(
  tx: Transaction,
  of: { periods: number[] } | { plants: string[] },
  { actor, step }: { actor: string; step: string },
): Promise<void> {
  const which =
    'periods' in of
      ? sql`period IN (SELECT value::integer FROM jsonb_array_elements_text(${JSON.stringify(of.periods)}::jsonb))`
      : sql`plant IN (SELECT value FROM jsonb_array_elements_text(${JSON.stringify(of.plants)}::jsonb))`
  for (;;) {
    const moves = (await scheduledIn(tx, which)).map(({ number, version, held_by, plant, period }): Move => {
      const slot = { plant, period }
      return { number, version, from: slot, to: slot, held_by, has_new_times: true }
    })
    if ((await lockToMove(tx, moves, atOnce)).length > 0) continue
    return writeMoves(tx, moves, { actor, step, breathe: atOnce })
  }
}

async function atOnce(): Promise<void> {}

/** The vehicles with a buyer that have such a slot and are not being built yet. */
async function scheduledIn(tx: Transaction, which: SQL): Promise<Scheduled[]> {
  const rows = await tx.execute<Scheduled>(sql`
    SELECT number, version, plant, period, held_by FROM vehicles
     WHERE state = 'scheduled' AND buyer IS NOT NULL AND period IS NOT NULL AND ${which}`)
  return [...rows]
}
