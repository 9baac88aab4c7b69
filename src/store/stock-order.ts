import { type SQL, sql } from 'drizzle-orm'
import { checkConfiguration, fingerprint } from '../domain/configuration.ts'
import { Refusal } from '../domain/refusal.ts'
import { may } from '../domain/states.ts'
import { VEHICLE_TRANSITIONS, type VehicleType } from '../domain/vehicle.ts'
import { saveSpecifications } from './configuration.ts'
import { checkView } from './configuration-view.ts'
import type { Database, Transaction } from './database.ts'
import { freeVehicle, takeBackOffer } from './match-offer.ts'
import type { StoredModelYear } from './model-year.ts'
import { exactTime } from './page.ts'
import { freezePointOf } from './schedule-view.ts'
import { bankVehicle, lockVehicle, updateVehicle, type VehicleRow } from './vehicle.ts'
import { readAvailability } from './vehicle-availability.ts'

export type StockType = Exclude<VehicleType, 'retail'>

/**
 * Puts a dealer's stock or fleet order into the bank (REQUIREMENTS B6), priced as of today. What is for stock can be had at
 * once, first of all by whoever waits for such a one (B8).
 *
 * @throws Refusal `configuration-invalid` with the conflicts and the nearest valid alternatives.
 */
export async function bankStockOrder(
  tx: Transaction,
  { modelYear, version, today }: StoredModelYear,
  given: { type: StockType; dealer: string; features: string[] },
  by: { actor: string; step: string },
): Promise<VehicleRow> {
  const check = checkView(modelYear.id, version, checkConfiguration(modelYear, given.features, today))
  if (!check.valid) {
    const { conflicts, alternatives, limit_reached } = check
    const detail = conflicts.map(({ words }) => words).join(' ')
    throw new Refusal('configuration-invalid', detail, { conflicts, alternatives, limit_reached })
  }
  const specification = fingerprint(modelYear.id, given.features)
  await saveSpecifications(tx, [
    { fingerprint: specification, model_year: modelYear.id, features: given.features },
  ])
  const row = await bankVehicle(
    tx,
    {
      type: given.type,
      dealer: given.dealer,
      specification,
      model_line: modelYear.model_line.code,
      price_minor: check.price.total,
      currency: check.price.currency,
    },
    by,
  )
  if (row.type === 'stock') await freeVehicle(tx, row, by.step)
  return row
}

/**
 * A dealer gives up a stock order that is not frozen yet; its slot goes to the next one.
 *
 * @throws Refusal when a buyer has it, when it is over, or when it is frozen, with the time since when.
 */
export async function cancelStockOrder(
  tx: Transaction,
  number: string,
  { actor, step, note }: { actor: string; step: string; note: string | null },
): Promise<void> {
  const locked = await lockVehicle(tx, number)
  if (!locked) throw new Refusal('not-found', `There is no stock order ${number}.`)
  const { row } = locked
  if (row.buyer !== null || row.type === 'retail')
    throw new Refusal('state-conflict', 'A buyer has it.', { state: row.state, allowed_actions: [] })
  if (!may(VEHICLE_TRANSITIONS, row.state, 'cancel'))
    throw new Refusal('state-conflict', `It is ${row.state}.`, { state: row.state, allowed_actions: [] })
  const freeze = await freezePointOf(tx, row)
  if (freeze?.has_passed) {
    const frozen_at = freeze.at.toISOString()
    throw new Refusal('freeze-point-passed', `Since ${frozen_at} it can no longer be cancelled.`, {
      state: row.state,
      frozen_at,
      allowed_actions: [],
    })
  }
  const request = (await readAvailability(tx, number))?.match_request ?? null
  if (request !== null) await takeBackOffer(tx, number, { request, step })
  const { plant, period } = row
  await updateVehicle(
    tx,
    row,
    { state: 'cancelled', slot: null, held_by: null, ended: true },
    { type: 'vehicle.cancelled', actor, step, details: { plant, period }, note },
  )
}

export type ListedStockOrder = { sort_at: string; number: string }

/** The numbers of stock and fleet orders, the newest first: of all dealers, or of one. */
export async function listStockOrders(
  db: Database,
  filter: {
    dealers: string[]
    state: string | undefined
    type: StockType | undefined
    model_line: string | undefined
  },
  before: readonly [banked_at: string, number: string] | null,
  limit: number,
): Promise<ListedStockOrder[]> {
  const { state, type, model_line } = filter
  const conditions: SQL[] = [
    type === undefined ? sql`v.type IN ('stock', 'fleet')` : sql`v.type = ${type}`,
    sql`v.buyer IS NULL`,
    ...filter.dealers.map((dealer) => sql`v.dealer = ${dealer}`),
    ...(state === undefined ? [] : [sql`v.state = ${state}`]),
    ...(model_line === undefined ? [] : [sql`v.model_line = ${model_line}`]),
    ...(before ? [sql`(v.banked_at, v.number) < (${before[0]}::timestamptz, ${before[1]})`] : []),
  ]
  const rows = await db.execute<ListedStockOrder>(sql`
    SELECT ${exactTime(sql`v.banked_at`)} AS sort_at, v.number FROM vehicles v
     WHERE ${sql.join(conditions, sql` AND `)} ORDER BY v.banked_at DESC, v.number DESC LIMIT ${limit}`)
  return [...rows]
}
