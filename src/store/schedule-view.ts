import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { heldInWords } from '../domain/held-words.ts'
import type { Constraint, VehicleState, VehicleType } from '../domain/vehicle.ts'
import type { Database, Transaction } from './database.ts'
import { readPriorities } from './order-priority.ts'
import { Instant } from './order-view.ts'
import { freezesAt, isFrozen } from './schedule-load.ts'

/** Positions are exact up to here; counting further would cost more than it tells anybody. */
const EXACT_POSITIONS = 1_000

/** The states of a vehicle in the order bank: from its acceptance until it is built. */
export const IN_BANK = ['banked', 'scheduled', 'in_production'] as const satisfies VehicleState[]

/** Where a vehicle stands in the order bank (REQUIREMENTS B6): everything that a buyer's page says of it. */
export const BankView = z
  .object({
    ahead: z.int().nullable().meta({
      description:
        'Vehicles before it that compete for the same plants and line; null when it does not compete any more',
    }),
    ahead_is_exact: z.boolean().meta({ description: `False when more than ${EXACT_POSITIONS} are ahead` }),
    slot: z
      .object({
        plant: z.string(),
        period: z.int(),
        starts_at: Instant,
        ends_at: Instant,
        freezes_at: Instant.meta({
          description: 'Until then it can be changed and cancelled, and may get another slot',
        }),
      })
      .nullable()
      .meta({ description: 'When it is expected to be built; null as long as there is no slot for it' }),
    frozen: z.boolean(),
    held_by: z.string().nullable().meta({
      description:
        'What keeps it from an earlier slot, or from any: `no_plant`, `capacity`, `allocation` or `commodity:<code>`; null when nothing does',
    }),
    explanation: z.string().meta({ description: 'Where it stands, in words' }),
  })
  .meta({ id: 'PlaceInOrderBank' })
export type BankView = z.infer<typeof BankView>

type Standing = {
  type: VehicleType
  model_line: string
  line_name: string
  place: string
  state: VehicleState
  held_by: Constraint | null
  commodity_name: string | null
  slot: { plant: string; period: number; starts_at: string; ends_at: string; freezes_at: string } | null
  frozen: boolean | null
}

/** Where a vehicle stands in the order bank; null once it is built or cancelled, or when there is none. */
export async function bankViewOf(db: Database | Transaction, number: string): Promise<BankView | null> {
  const [row] = await db.execute<Standing>(sql`
    SELECT v.type, v.model_line, l.name AS line_name, v.place, v.state, v.held_by,
           (SELECT c.name FROM commodities c WHERE 'commodity:' || c.code = v.held_by) AS commodity_name, ${slotColumns}
      FROM vehicles v JOIN model_lines l ON l.code = v.model_line ${slotJoins}
     WHERE v.number = ${number} AND v.state IN (${sql.join(
       IN_BANK.map((state) => sql`${state}`),
       sql`, `,
     )})`)
  if (!row) return null
  const isOver = row.frozen === true || row.state === 'in_production'
  const ahead = isOver ? null : await vehiclesAhead(db, row)
  return {
    ahead: ahead === null ? null : Math.min(ahead, EXACT_POSITIONS),
    ahead_is_exact: ahead === null || ahead <= EXACT_POSITIONS,
    slot: row.slot && slotOf(row.slot),
    frozen: isOver,
    held_by: isOver ? null : row.held_by,
    explanation: explain(row, ahead),
  }
}

/** Until when a vehicle with this slot can be changed and cancelled (REQUIREMENTS B10); null without a slot. */
export async function freezePointOf(
  db: Database | Transaction,
  { plant, period }: { plant: string | null; period: number | null },
): Promise<{ at: Date; has_passed: boolean } | null> {
  const [row] = await db.execute<{ at: string; has_passed: boolean }>(sql`
    SELECT ${freezesAt} AS at, ${isFrozen} AS has_passed
      FROM plants pl CROSS JOIN production_periods p WHERE pl.id = ${plant} AND p.ordinal = ${period}`)
  return row ? { at: new Date(row.at), has_passed: row.has_passed } : null
}

/** The slot of a vehicle `v` with its times, as two columns; with `slotJoins` in the statement. */
export const slotColumns: SQL = sql`
  CASE WHEN p.ordinal IS NOT NULL THEN jsonb_build_object('plant', v.plant, 'period', v.period, 'starts_at', p.starts_at,
                                                          'ends_at', p.ends_at, 'freezes_at', ${freezesAt}) END AS slot,
  ${isFrozen} AS frozen`
export const slotJoins: SQL = sql`
  LEFT JOIN plants pl ON pl.id = v.plant LEFT JOIN production_periods p ON p.ordinal = v.period`

export function slotOf(slot: NonNullable<Standing['slot']>): NonNullable<BankView['slot']> {
  const utc = (time: string) => new Date(time).toISOString()
  return {
    plant: slot.plant,
    period: slot.period,
    starts_at: utc(slot.starts_at),
    ends_at: utc(slot.ends_at),
    freezes_at: utc(slot.freezes_at),
  }
}

/** Vehicles of the same line before it that are not frozen, at most one more than are counted exactly. */
async function vehiclesAhead(
  db: Database | Transaction,
  { type, model_line, place }: Pick<Standing, 'type' | 'model_line' | 'place'>,
): Promise<number> {
  const priorities = await readPriorities(db)
  const before = Object.entries(priorities).flatMap(([other, priority]) => {
    if (priority > priorities[type]) return []
    const isBefore = priority < priorities[type] ? sql`true` : sql`v.place < ${place}`
    // Each of them is a walk along the index of a line's vehicles by type.
    return sql`(SELECT 1 FROM vehicles v ${slotJoins}
                 WHERE v.state IN ('banked', 'scheduled') AND v.model_line = ${model_line} AND v.type = ${other} AND ${isBefore}
                   AND ${isFrozen} IS NOT TRUE LIMIT ${EXACT_POSITIONS + 1})`
  })
  const [row] = await db.execute<{ ahead: number }>(sql`
    SELECT count(*)::integer AS ahead FROM (SELECT 1 FROM (${sql.join(before, sql` UNION ALL `)}) AS before
                                             LIMIT ${EXACT_POSITIONS + 1}) AS counted`)
  return row?.ahead ?? 0
}

function explain(row: Standing, ahead: number | null): string {
  if (row.state === 'in_production') return 'In production'
  // The last day is the one within which the period ends.
  const days = row.slot && `from ${day(row.slot.starts_at)} to ${day(row.slot.ends_at, -1)}`
  if (row.frozen) return `To be built ${days}; this is fixed`
  const before =
    (ahead ?? 0) > EXACT_POSITIONS ? `over ${EXACT_POSITIONS.toLocaleString('en')}` : String(ahead ?? 0)
  const names = { line: row.line_name, commodity: row.commodity_name }
  const held = heldInWords(row.held_by, names, row.slot !== null)
  return [
    days ? `Expected to be built ${days}` : 'Waits for a slot in production',
    `${before} ahead of you`,
    ...(held === null ? [] : [`${days ? 'not earlier' : 'none yet'} because ${held}`]),
  ].join('; ')
}

/** The day of a time in UTC, so many milliseconds later. */
function day(time: string, later = 0): string {
  return new Date(Date.parse(time) + later).toISOString().slice(0, 10)
}
