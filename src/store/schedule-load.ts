import { type SQL, sql } from 'drizzle-orm'
import { type Bank, NO_LIMIT, NONE, type Plan, TO_SCHEDULE } from '../domain/schedule.ts'
import { SCHEDULABLE, type VehicleState, type VehicleType } from '../domain/vehicle.ts'
import { literals, type Transaction } from './database.ts'
import { type Priorities, readPriorities } from './order-priority.ts'

/** The plan with what its indices stand for. Only periods in which a slot can still be given are in it. */
export type LoadedPlan = Plan & {
  plantIds: string[]
  ordinals: number[]
  lines: Map<string, number>
  rationOf: Map<string, number>
  commodityCodes: string[]
  priorities: Priorities
  /** When the next slots freeze: from then on the plan is another one. Null when none does. */
  valid_until: string | null
}

/** The bank, with what has to be known to write it. */
export type LoadedBank = Bank & {
  numbers: string[]
  versions: Int32Array
  priority: Int32Array
  place: Float64Array
  /** The slot that it has, or `NONE`. */
  before: Int32Array
  heldBefore: (string | null)[]
}

/** Reads the whole plan, as it is at the transaction's time. */
export async function loadPlan(tx: Transaction): Promise<LoadedPlan> {
  const [house] = await tx.execute<{
    plants: { id: string; model_lines: string[] }[] | null
    lines: string[] | null
    slots: { plant: string; period: number; slots: number; starts_in: number }[] | null
    commodities: string[] | null
    limits: { commodity: string; period: number; vehicles: number }[] | null
    valid_until: string | null
  }>(sql`
    SELECT (SELECT jsonb_agg(jsonb_build_object('id', id, 'model_lines', model_lines) ORDER BY id) FROM plants) AS plants,
           (SELECT jsonb_agg(code ORDER BY code) FROM model_lines) AS lines,
           (SELECT jsonb_agg(jsonb_build_object('plant', pl.id, 'period', p.ordinal, 'slots', COALESCE(c.slots, 0)) ORDER BY p.ordinal)
              FROM plants pl CROSS JOIN production_periods p
              LEFT JOIN plant_capacities c ON c.plant = pl.id AND c.period = p.ordinal
             WHERE NOT ${isFrozen}) AS slots,
           (SELECT jsonb_agg(code ORDER BY code) FROM commodities) AS commodities,
           (SELECT jsonb_agg(to_jsonb(l)) FROM commodity_limits l) AS limits,
           (SELECT min(${freezesAt})::text FROM plants pl CROSS JOIN production_periods p WHERE NOT ${isFrozen}) AS valid_until`)
  const plantIds = (house?.plants ?? []).map(({ id }) => id)
  const plantIndex = indexOf(plantIds)
  const ordinals = [...new Set((house?.slots ?? []).map(({ period }) => period))]
  const periodIndex = indexOf(ordinals)
  const lines = indexOf(house?.lines ?? [])
  const commodityCodes = house?.commodities ?? []
  const commodityIndex = indexOf(commodityCodes)
  const [periods, plants] = [ordinals.length, plantIds.length]

  const isOpen = new Uint8Array(periods * plants)
  const slots = new Int32Array(periods * plants)
  for (const { plant, period, slots: count } of house?.slots ?? []) {
    const slot = (periodIndex.get(period) ?? 0) * plants + (plantIndex.get(plant) ?? 0)
    isOpen[slot] = 1
    slots[slot] = count
  }
  const { rationOf, rations } = await loadRations(tx, periodIndex)
  const limits = new Int32Array(commodityCodes.length * periods).fill(NO_LIMIT)
  for (const { commodity, period, vehicles } of house?.limits ?? []) {
    const index = periodIndex.get(period)
    if (index !== undefined) limits[(commodityIndex.get(commodity) ?? 0) * periods + index] = vehicles
  }
  const plantsOfLine = [...lines.keys()].map((line) =>
    (house?.plants ?? []).flatMap(({ model_lines }, plant) => (model_lines.includes(line) ? [plant] : [])),
  )
  return {
    periods,
    plants,
    isOpen,
    slots,
    plantsOfLine,
    rations,
    limits,
    plantIds,
    ordinals,
    lines,
    rationOf,
    commodityCodes,
    priorities: await readPriorities(tx),
    valid_until: house?.valid_until ?? null,
  }
}

/** Dealers' allocations of lines in the plan's periods, with the index of each. */
async function loadRations(
  tx: Transaction,
  periodIndex: Map<number, number>,
): Promise<{ rationOf: Map<string, number>; rations: Int32Array }> {
  const rows = await tx.execute<{ dealer: string; model_line: string; limits: [number, number][] }>(sql`
    SELECT dealer, model_line, jsonb_agg(jsonb_build_array(period, vehicles)) AS limits
      FROM allocation_limits GROUP BY dealer, model_line`)
  const periods = periodIndex.size
  const rations = new Int32Array(rows.length * periods).fill(NO_LIMIT)
  for (const [ration, { limits }] of rows.entries()) {
    for (const [period, vehicles] of limits) {
      const index = periodIndex.get(period)
      if (index !== undefined) rations[ration * periods + index] = vehicles
    }
  }
  return { rations, rationOf: indexOf(rows.map(({ dealer, model_line }) => rationKey(dealer, model_line))) }
}

/** When the slots of plant `pl` in period `p` freeze (REQUIREMENTS B10), and whether they have. */
export const freezesAt: SQL = sql`(p.starts_at - make_interval(secs => pl.freeze_seconds))`
export const isFrozen: SQL = sql`(${freezesAt} <= now())`

/** Rows that are fetched at a time: enough to be quick, few enough to be soon forgotten. */
const FETCHED = 10_000

type Fetched = {
  number: string
  version: number
  type: VehicleType
  place: string
  dealer: string
  model_line: string
  specification: string
  state: VehicleState
  plant: string | null
  period: number | null
  held_by: string | null
}

/**
 * Reads the bank's vehicles through a cursor into typed arrays: those that are to be scheduled, and those that keep their
 * slot in one of the plan's periods. It locks nothing. `breathe` is awaited now and then.
 */
export async function loadBank(
  tx: Transaction,
  plan: LoadedPlan,
  breathe: () => Promise<void>,
): Promise<LoadedBank> {
  const commoditiesOf = await usesOfSpecifications(tx, plan)
  const schedulable = literals(SCHEDULABLE)
  const [first = 0] = plan.ordinals
  await tx.execute(sql`
    DECLARE bank NO SCROLL CURSOR FOR
    SELECT v.number, v.version, v.type, v.place, v.dealer, v.model_line, v.specification, v.state, v.plant, v.period, v.held_by
      FROM vehicles v
     WHERE v.state IN (${schedulable})
        OR (v.period >= ${sql.raw(String(first))} AND v.state NOT IN (${schedulable}, 'cancelled'))`)
  const bank = growing()
  for (;;) {
    const rows = await tx.execute<Fetched>(sql`FETCH ${sql.raw(String(FETCHED))} FROM bank`)
    for (const row of rows) bank.add(row, plan, commoditiesOf)
    await breathe()
    if (rows.length < FETCHED) break
  }
  await tx.execute(sql`CLOSE bank`)
  return bank.done(commoditiesOf.lists)
}

type Uses = { of: Map<string, number>; lists: number[][] }

/** Which commodities the specifications use; those that are not named use none, which is list 0. */
async function usesOfSpecifications(tx: Transaction, plan: LoadedPlan): Promise<Uses> {
  const rows = await tx.execute<{ fingerprint: string; codes: string }>(sql`
    SELECT s.fingerprint, string_agg(DISTINCT f.commodity, ' ' ORDER BY f.commodity) AS codes
      FROM specifications s JOIN commodity_features f ON f.model_year = s.model_year AND f.feature = ANY (s.features)
     GROUP BY s.fingerprint`)
  const index = indexOf(plan.commodityCodes)
  const lists: number[][] = [[]]
  const known = new Map<string, number>()
  const of = new Map<string, number>()
  for (const { fingerprint, codes } of rows) {
    let list = known.get(codes)
    if (list === undefined) {
      list = lists.push(codes.split(' ').flatMap((code) => index.get(code) ?? [])) - 1
      known.set(codes, list)
    }
    of.set(fingerprint, list)
  }
  return { of, lists }
}

function growing() {
  const numbers: string[] = []
  const heldBefore: (string | null)[] = []
  let size = 2 * FETCHED
  let versions = new Int32Array(size)
  let priority = new Int32Array(size)
  let place = new Float64Array(size)
  let line = new Uint16Array(size)
  let ration = new Int32Array(size)
  let uses = new Uint32Array(size)
  let fixed = new Int32Array(size)
  let before = new Int32Array(size)
  return { add, done }

  function add(row: Fetched, plan: LoadedPlan, { of }: Uses): void {
    const slot = slotIn(plan, row.plant, row.period)
    const isFixed = !(SCHEDULABLE as readonly string[]).includes(row.state)
    // What it has is frozen, or was in a period that is over.
    const keeps = row.plant !== null && (slot === NONE || plan.isOpen[slot] === 0)
    const vehicle = numbers.push(row.number) - 1
    if (vehicle === size) grow()
    heldBefore.push(row.held_by)
    versions[vehicle] = row.version
    priority[vehicle] = plan.priorities[row.type]
    place[vehicle] = Number(row.place)
    line[vehicle] = plan.lines.get(row.model_line) ?? 0
    ration[vehicle] = plan.rationOf.get(rationKey(row.dealer, row.model_line)) ?? NONE
    uses[vehicle] = of.get(row.specification) ?? 0
    before[vehicle] = slot
    // A line that is newer than the plan is for the run that its vehicle has called for.
    fixed[vehicle] = isFixed || keeps || !plan.lines.has(row.model_line) ? slot : TO_SCHEDULE
  }

  function grow(): void {
    size *= 2
    versions = larger(versions, new Int32Array(size))
    priority = larger(priority, new Int32Array(size))
    place = larger(place, new Float64Array(size))
    line = larger(line, new Uint16Array(size))
    ration = larger(ration, new Int32Array(size))
    uses = larger(uses, new Uint32Array(size))
    fixed = larger(fixed, new Int32Array(size))
    before = larger(before, new Int32Array(size))
  }

  function done(commodities: number[][]): LoadedBank {
    const count = numbers.length
    return {
      count,
      numbers,
      heldBefore,
      commodities,
      versions: versions.subarray(0, count),
      priority: priority.subarray(0, count),
      place: place.subarray(0, count),
      line: line.subarray(0, count),
      ration: ration.subarray(0, count),
      uses: uses.subarray(0, count),
      fixed: fixed.subarray(0, count),
      before: before.subarray(0, count),
    }
  }
}

function larger<Values extends { set: (values: Values) => void }>(values: Values, room: Values): Values {
  room.set(values)
  return room
}

/** A slot's index; `NONE` without a slot, and for one in a period that is not in the plan. */
export function slotIn(plan: LoadedPlan, plant: string | null, period: number | null): number {
  if (plant === null || period === null) return NONE
  const [periodIndex, plantIndex] = [plan.ordinals.indexOf(period), plan.plantIds.indexOf(plant)]
  return periodIndex < 0 || plantIndex < 0 ? NONE : periodIndex * plan.plants + plantIndex
}

function rationKey(dealer: string, line: string): string {
  return `${dealer} ${line}`
}

function indexOf<Key>(keys: readonly Key[]): Map<Key, number> {
  return new Map(keys.map((key, index) => [key, index]))
}
