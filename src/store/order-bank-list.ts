import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { heldInWords } from '../domain/held-words.ts'
import { type Constraint, VEHICLE_TYPES, type VehicleState, type VehicleType } from '../domain/vehicle.ts'
import type { Database } from './database.ts'
import { readPriorities } from './order-priority.ts'
import { Instant } from './order-view.ts'
import { BankView, IN_BANK, slotColumns, slotJoins, slotOf } from './schedule-view.ts'

/** A vehicle in the order bank as operators see the queue. */
export const QueuedVehicle = z
  .object({
    number: z.string(),
    type: z.enum(VEHICLE_TYPES),
    priority: z.int(),
    dealer: z.string(),
    model_line: z.string(),
    buyer: z.string().nullable().meta({ description: 'The custom order or tag that it is for' }),
    state: z.enum(IN_BANK),
    slot: BankView.shape.slot,
    frozen: z.boolean(),
    held_by: z.string().nullable(),
    held_in_words: z.string().nullable(),
    banked_at: Instant,
  })
  .meta({ id: 'QueuedVehicle' })
export type QueuedVehicle = z.infer<typeof QueuedVehicle>

export type QueueFilter = {
  plant?: string | undefined
  period?: number | undefined
  dealer?: string | undefined
  model_line?: string | undefined
  type?: VehicleType | undefined
  state?: (typeof IN_BANK)[number] | undefined
}

type Row = {
  number: string
  type: VehicleType
  priority: number
  place: string
  dealer: string
  model_line: string
  line_name: string
  buyer: string | null
  state: (typeof IN_BANK)[number] & VehicleState
  slot: Parameters<typeof slotOf>[0] | null
  frozen: boolean | null
  held_by: Constraint | null
  commodity_name: string | null
  banked_at: string
}

/** Where a page begins: after the vehicle with this priority and place. */
export type InQueue = readonly [priority: number, place: number]

/**
 * The order bank in the order of service (REQUIREMENTS B6): a few heads of the index (line, type, place), merged, so that
 * a page costs the same wherever it stands.
 */
export async function listOrderBank(
  db: Database,
  filter: QueueFilter,
  after: InQueue | null,
  limit: number,
): Promise<{ key: InQueue; view: QueuedVehicle }[]> {
  const priorities = await readPriorities(db)
  const { plant, period, dealer, model_line, type, state } = filter
  const states = sql.join(
    IN_BANK.map((name) => sql`${name}`),
    sql`, `,
  )
  const conditions: SQL[] = [
    sql`v.state IN (${states})`,
    ...(plant === undefined ? [] : [sql`v.plant = ${plant}`]),
    ...(period === undefined ? [] : [sql`v.period = ${period}`]),
    ...(dealer === undefined ? [] : [sql`v.dealer = ${dealer}`]),
    ...(state === undefined ? [] : [sql`v.state = ${state}`]),
    ...(after ? [sql`(t.priority, v.place) > (${after[0]}::integer, ${after[1]}::bigint)`] : []),
  ]
  const types = Object.entries(priorities).filter(([name]) => type === undefined || name === type)
  const rows = await db.execute<Row>(sql`
    SELECT v.number, v.type, page.priority, v.place, v.dealer, v.model_line, l.name AS line_name, v.buyer, v.state, v.held_by,
           (SELECT c.name FROM commodities c WHERE 'commodity:' || c.code = v.held_by) AS commodity_name, v.banked_at, ${slotColumns}
      FROM (SELECT head.number, head.place, t.priority
              FROM (VALUES ${sql.join(
                types.map(([name, priority]) => sql`(${name}::text, ${priority}::integer)`),
                sql`, `,
              )}) AS t(type, priority)
             CROSS JOIN model_lines l
             CROSS JOIN LATERAL (SELECT v.number, v.place FROM vehicles v
                                  WHERE v.model_line = l.code AND v.type = t.type AND ${sql.join(conditions, sql` AND `)}
                                  ORDER BY v.place LIMIT ${limit}) AS head
             WHERE ${model_line === undefined ? sql`true` : sql`l.code = ${model_line}`}
             ORDER BY t.priority, head.place LIMIT ${limit}) AS page
      JOIN vehicles v USING (number) JOIN model_lines l ON l.code = v.model_line ${slotJoins}
     ORDER BY page.priority, v.place`)
  return rows.map((row) => ({ key: [row.priority, Number(row.place)], view: viewOf(row) }))
}

function viewOf(row: Row): QueuedVehicle {
  const { number, type, priority, dealer, model_line, buyer, state, held_by } = row
  return {
    number,
    type,
    priority,
    dealer,
    model_line,
    buyer,
    state,
    slot: row.slot && slotOf(row.slot),
    frozen: row.frozen === true || state === 'in_production',
    held_by,
    held_in_words: heldInWords(
      held_by,
      { line: row.line_name, commodity: row.commodity_name },
      row.slot !== null,
    ),
    banked_at: new Date(row.banked_at).toISOString(),
  }
}
