import { eq, type SQL, sql } from 'drizzle-orm'
import type { Database, Transaction } from './database.ts'
import { priorityOf } from './order-priority.ts'
import { isFrozen } from './schedule-load.ts'
import { lockToMove, type Move, writeMoves } from './schedule-write.ts'
import { plantCapacities, plants } from './schema.ts'

export type Capacity = { period: number; slots: number }
/** A plant as operators set it: one document with its capacities. */
export type Plant = {
  id: string
  name: string
  model_lines: string[]
  freeze_seconds: number
  capacities: Capacity[]
}
/** With how many vehicles have a slot in each period. */
export type PlantRow = Omit<Plant, 'capacities'> & {
  capacities: (Capacity & { used: number })[]
  version: number
}

/**
 * Creates the plant, or puts it in the place of what is stored of it. Under the plan's lock. Returns whether its slots freeze
 * at another time than before.
 */
export async function savePlant(tx: Transaction, { capacities, ...plant }: Plant): Promise<boolean> {
  const { id, ...set } = plant
  const [before] = await tx
    .select({ freeze_seconds: plants.freeze_seconds })
    .from(plants)
    .where(eq(plants.id, id))
  await tx
    .insert(plants)
    .values(plant)
    .onConflictDoUpdate({ target: plants.id, set: { ...set, version: sql`${plants.version} + 1` } })
  await tx.delete(plantCapacities).where(eq(plantCapacities.plant, id))
  if (capacities.length > 0)
    await tx.insert(plantCapacities).values(capacities.map((capacity) => ({ plant: id, ...capacity })))
  return before !== undefined && before.freeze_seconds !== plant.freeze_seconds
}

export async function readPlant(db: Database | Transaction, id: string): Promise<PlantRow | undefined> {
  const [row] = await plantsWhere(db, sql`pl.id = ${id}`, 1)
  return row
}

/** The plants after this id, in the order of their ids, which is that in which they are taken. */
export async function listPlants(db: Database, after: string, limit: number): Promise<PlantRow[]> {
  return plantsWhere(db, sql`pl.id > ${after}`, limit)
}

async function plantsWhere(db: Database | Transaction, which: SQL, limit: number): Promise<PlantRow[]> {
  const rows = await db.execute<PlantRow>(sql`
    SELECT pl.id, pl.name, to_jsonb(pl.model_lines) AS model_lines, pl.freeze_seconds, pl.version,
           (SELECT COALESCE(jsonb_agg(jsonb_build_object('period', c.period, 'slots', c.slots, 'used',
                    (SELECT count(*) FROM vehicles v WHERE v.plant = c.plant AND v.period = c.period AND v.state <> 'cancelled'))
                    ORDER BY c.period), '[]')
              FROM plant_capacities c WHERE c.plant = pl.id) AS capacities
      FROM plants pl WHERE ${which} ORDER BY pl.id LIMIT ${limit}`)
  return [...rows]
}

/**
 * Takes the slots that plants do not have any more, or in which they do not build the line any more, from the last ones
 * in the order of service: they wait for the run that follows. Under the plan's lock, after the plants were changed.
 * Returns who lost a slot and, if frozen vehicles are among those without one, these: then nothing may be changed.
 */
export async function takeLostSlots(
  tx: Transaction,
  ids: string[],
  { actor, step }: { actor: string; step: string },
): Promise<{ unscheduled: string[]; frozen: string[] }> {
  for (;;) {
    const lost = await lostSlots(tx, ids)
    const frozen = lost.filter(({ is_fixed }) => is_fixed).map(({ number }) => number)
    if (frozen.length > 0) return { unscheduled: [], frozen }
    const moves: Move[] = lost.map(({ number, version, plant, period, is_built }) => ({
      number,
      version,
      from: { plant, period },
      to: null,
      held_by: is_built ? 'capacity' : 'no_plant',
    }))
    if ((await lockToMove(tx, moves, atOnce)).length > 0) continue
    await writeMoves(tx, moves, { actor, step, breathe: atOnce })
    return { unscheduled: moves.map(({ number }) => number), frozen: [] }
  }
}

async function atOnce(): Promise<void> {}

type Lost = {
  number: string
  version: number
  plant: string
  period: number
  is_fixed: boolean
  is_built: boolean
}

/** The vehicles whose slot is not there, in the order of service. What is over does not matter any more. */
async function lostSlots(tx: Transaction, ids: string[]): Promise<Lost[]> {
  const rows = await tx.execute<Lost>(sql`
    WITH holders AS (
      SELECT v.number, v.version, v.plant, v.period, v.place, ${priorityOf} AS priority, COALESCE(c.slots, 0) AS slots,
             v.state <> 'scheduled' OR ${isFrozen} AS is_fixed, v.state <> 'scheduled' OR v.model_line = ANY (pl.model_lines) AS is_built
        FROM vehicles v JOIN plants pl ON pl.id = v.plant JOIN production_periods p ON p.ordinal = v.period
        LEFT JOIN plant_capacities c ON c.plant = v.plant AND c.period = v.period
       WHERE v.state <> 'cancelled' AND p.ends_at > now() AND v.period >= (SELECT min(ordinal) FROM production_periods WHERE ends_at > now())
         AND v.plant IN (SELECT value FROM jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))
    ),
    turns AS (
      SELECT *, row_number() OVER (PARTITION BY plant, period ORDER BY is_fixed DESC, is_built DESC, priority, place) AS turn FROM holders
    )
    SELECT number, version, plant, period, is_fixed, is_built FROM turns
     WHERE turn > slots OR NOT is_built ORDER BY priority, place`)
  return [...rows]
}
