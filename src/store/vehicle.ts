import { eq, sql } from 'drizzle-orm'
import type { EventType } from '../domain/event.ts'
import { newNumber } from '../domain/number.ts'
import { type Constraint, SCHEDULABLE, type VehicleState } from '../domain/vehicle.ts'
import { type Database, type Locked, post, type Transaction, transactionTime } from './database.ts'
import { recordEvent } from './event.ts'
import { askForRun } from './schedule-request.ts'
import { vehicles } from './schema.ts'
import { copyToAvailability, insertAvailability } from './vehicle-availability.ts'

export type VehicleRow = typeof vehicles.$inferSelect
type VehicleEvent = {
  type: Extract<EventType, `vehicle.${string}`>
  actor: string
  /** The step that it is part of: it wakes the scheduler where that has something to do now. */
  step: string
  details?: Record<string, unknown>
  note?: string | null
}

/** Puts a vehicle into the order bank: its place is drawn now, and it waits for a slot. A dealer's stock can be had at once. */
export async function bankVehicle(
  tx: Transaction,
  given: Omit<
    typeof vehicles.$inferInsert,
    'number' | 'state' | 'version' | 'place' | 'plant' | 'period' | 'vin' | 'banked_at' | 'ended_at'
  >,
  { actor, step }: Pick<VehicleEvent, 'actor' | 'step'>,
): Promise<VehicleRow> {
  const [row] = await tx
    .insert(vehicles)
    .values({ ...given, number: newNumber('vehicle'), state: 'banked' })
    .returning()
  if (!row) throw new Error('the vehicle was not stored')
  await recordVehicleEvent(tx, null, row, { type: 'vehicle.banked', actor, step })
  await askForRun(tx, step, 'the bank changed')
  if (row.type === 'stock') await insertAvailability(tx, [row])
  return row
}

/**
 * Puts vehicles on dealers' lots, where they can be had at once. One whose VIN is that of another vehicle is left out.
 * Returns those that were stored.
 */
export async function listVehicles(
  tx: Transaction,
  given: (Pick<
    VehicleRow,
    'number' | 'dealer' | 'specification' | 'model_line' | 'price_minor' | 'currency'
  > & {
    vin: string
  })[],
  actor: string,
): Promise<VehicleRow[]> {
  const rows = await tx
    .insert(vehicles)
    .values(
      given.map((vehicle) => ({
        ...vehicle,
        type: 'stock' as const,
        state: 'at_dealer' as const,
      })),
    )
    .onConflictDoNothing({ target: vehicles.vin })
    .returning()
  await post(
    tx,
    tx.execute(sql`
    INSERT INTO events (number, sequence, type, actor, to_state, details)
    SELECT n, 1, 'vehicle.listed', ${actor}, 'at_dealer', '{}'
      FROM jsonb_array_elements_text(${JSON.stringify(rows.map(({ number }) => number))}::jsonb) AS n`),
  )
  await insertAvailability(tx, rows)
  return rows
}

export async function readVehicle(
  db: Database | Transaction,
  number: string,
): Promise<VehicleRow | undefined> {
  const [row] = await db.select().from(vehicles).where(eq(vehicles.number, number))
  return row
}

/** The vehicle, locked; after the custom order or tag that it is for. */
export async function lockVehicle(tx: Transaction, number: string): Promise<Locked<VehicleRow> | undefined> {
  const [row] = await tx
    .select({ row: vehicles, now: transactionTime })
    .from(vehicles)
    .where(eq(vehicles.number, number))
    .for('no key update')
  return row
}

/**
 * Changes the locked vehicle, with its event; its buyer, if it has one then, is told. The version rises with every change.
 * What searches for dealers' stock look for goes with it.
 */
export async function updateVehicle(
  tx: Transaction,
  row: VehicleRow,
  set: {
    type?: VehicleRow['type']
    specification?: string
    model_line?: string
    price_minor?: number
    state?: VehicleState
    slot?: { plant: string; period: number } | null
    held_by?: Constraint | null
    /** Another model line queues anew: a place is drawn. */
    queues_anew?: true
    buyer?: { number: string; storefront: string; customer: string } | null
    vin?: string | null
    ended?: true
  },
  event: VehicleEvent,
): Promise<VehicleRow> {
  const { slot, buyer, queues_anew, ended, ...members } = set
  const [changed] = await tx
    .update(vehicles)
    .set({
      ...members,
      version: sql`${vehicles.version} + 1`,
      ...(slot === undefined ? {} : { plant: slot?.plant ?? null, period: slot?.period ?? null }),
      ...(buyer === undefined
        ? {}
        : {
            buyer: buyer?.number ?? null,
            storefront: buyer?.storefront ?? null,
            customer: buyer?.customer ?? null,
          }),
      ...(queues_anew ? { place: sql`nextval(pg_get_serial_sequence('vehicles', 'place'))` } : {}),
      ...(ended ? { ended_at: sql`now()` } : {}),
    })
    .where(eq(vehicles.number, row.number))
    .returning()
  if (!changed) throw new Error('the vehicle is gone')
  await recordVehicleEvent(tx, row, changed, event)
  if (concernsOthers(row, changed)) await askForRun(tx, event.step, 'the bank changed')
  const isOther = changed.specification !== row.specification || changed.price_minor !== row.price_minor
  if (isOther || changed.state === 'cancelled') await copyToAvailability(tx, changed)
  return changed
}

/** True when what it needs, its turn or its slot is another one now: others may get what it had. */
function concernsOthers(before: VehicleRow, after: VehicleRow): boolean {
  if (!isSchedulable(before)) return false
  if (!isSchedulable(after)) return before.plant !== after.plant || before.period !== after.period
  const members = ['type', 'dealer', 'specification', 'model_line', 'place', 'plant', 'period'] as const
  return members.some((member) => before[member] !== after[member])
}

function isSchedulable({ state }: VehicleRow): boolean {
  return (SCHEDULABLE as readonly VehicleState[]).includes(state)
}

async function recordVehicleEvent(
  tx: Transaction,
  before: VehicleRow | null,
  row: VehicleRow,
  { type, actor, details, note = null }: VehicleEvent,
): Promise<void> {
  const { storefront, customer } = row
  await recordEvent(tx, {
    number: row.number,
    sequence: row.version,
    type,
    actor,
    from: before?.state ?? null,
    to: row.state,
    details: { ...details, ...(row.buyer === null ? {} : { buyer: row.buyer }) },
    note,
    ...(storefront !== null && customer !== null ? { audience: { storefront, customer } } : {}),
  })
}
