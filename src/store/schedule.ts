import { sql } from 'drizzle-orm'
import {
  constraintOf,
  NONE,
  orderOfService,
  type Schedule,
  schedule,
  TO_SCHEDULE,
} from '../domain/schedule.ts'
import type { VehicleState } from '../domain/vehicle.ts'
import type { Transaction } from './database.ts'
import { type LoadedBank, type LoadedPlan, loadBank, loadPlan, slotIn } from './schedule-load.ts'
import { isOnlyRun, lockPlan, openRequests, planChangedSince, requestsDone } from './schedule-request.ts'
import { isSame, lockToMove, type Move, type Slot, writeMoves } from './schedule-write.ts'

/** What a run came to: `busy` when another one is at it, `again` when something changed meanwhile that it could not take in. */
export type Run =
  | { outcome: 'busy' }
  | { outcome: 'done' | 'again'; vehicles: number; moved: number; held_otherwise: number }

/** A run is a transaction of its own kind: it reads for long, holds no locks while it computes, and then writes much. */
const PATIENCE = sql.raw(`
  SELECT set_config('statement_timeout', '120s', true), set_config('idle_in_transaction_session_timeout', '60s', true)`)

/**
 * Schedules the whole bank (REQUIREMENTS B6): reads plan and vehicles, works out who gets which slot, and writes only what
 * differs. Vehicles that changed while it read and computed are left as they are, and the others planned around them; what
 * changed has called for another run. `breathe` is awaited between stretches of work.
 */
export async function runSchedule(tx: Transaction, step: string, breathe: () => Promise<void>): Promise<Run> {
  await tx.execute(PATIENCE)
  if (!(await isOnlyRun(tx))) return { outcome: 'busy' }
  const seen = await openRequests(tx)
  const plan = await loadPlan(tx)
  const bank = await loadBank(tx, plan, breathe)
  const order = orderOfService(bank.priority, bank.place)
  await breathe()

  let isOlder = false
  let moves = movesOf(plan, bank, await worked(schedule(plan, bank, order), breathe))
  await lockPlan(tx)
  if ((await planChangedSince(tx, seen)) || (await hasFrozen(tx, plan)))
    return { outcome: 'again', vehicles: bank.count, moved: 0, held_otherwise: 0 }
  for (let unlocked = moves; unlocked.length > 0; ) {
    const changed = await lockToMove(tx, unlocked, breathe)
    if (changed.length === 0) break
    isOlder = true
    await leaveAlone(tx, plan, bank, changed)
    const locked = new Set(moves.map(({ number }) => number))
    moves = movesOf(plan, bank, await worked(schedule(plan, bank, order), breathe))
    unlocked = moves.filter(({ number }) => !locked.has(number))
  }
  await writeMoves(tx, moves, { actor: 'house', step, breathe })
  await requestsDone(tx, seen)
  const moved = moves.filter(({ from, to }) => !isSame(from, to)).length
  return {
    outcome: isOlder ? 'again' : 'done',
    vehicles: bank.count,
    moved,
    held_otherwise: moves.length - moved,
  }
}

async function worked(work: Generator<void, Schedule>, breathe: () => Promise<void>): Promise<Schedule> {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
    await breathe()
  }
}

/** True when slots froze since the plan was read. */
async function hasFrozen(tx: Transaction, { valid_until }: LoadedPlan): Promise<boolean> {
  if (valid_until === null) return false
  const [row] = await tx.execute<{ over: boolean }>(
    sql`SELECT clock_timestamp() >= ${valid_until}::timestamptz AS over`,
  )
  return row?.over === true
}

/** Vehicles that changed keep what they have now: whatever that is, this run does not know enough of them to move them. */
async function leaveAlone(
  tx: Transaction,
  plan: LoadedPlan,
  bank: LoadedBank,
  changed: string[],
): Promise<void> {
  const rows = await tx.execute<{
    number: string
    state: VehicleState
    plant: string | null
    period: number | null
  }>(sql`
    SELECT number, state, plant, period FROM vehicles
     WHERE number IN (SELECT value FROM jsonb_array_elements_text(${JSON.stringify(changed)}::jsonb))`)
  const now = new Map(rows.map((row) => [row.number, row]))
  const asked = new Set(changed)
  for (const [vehicle, number] of bank.numbers.entries()) {
    if (!asked.has(number)) continue
    const row = now.get(number)
    bank.fixed[vehicle] = row && row.state !== 'cancelled' ? slotIn(plan, row.plant, row.period) : NONE
  }
}

function movesOf(plan: LoadedPlan, bank: LoadedBank, found: Schedule): Move[] {
  const moves: Move[] = []
  for (let vehicle = 0; vehicle < bank.count; vehicle++) {
    if (bank.fixed[vehicle] !== TO_SCHEDULE) continue
    const held_by = constraintOf(found.heldBy[vehicle] ?? 0, plan.commodityCodes)
    if (found.slot[vehicle] === bank.before[vehicle] && held_by === bank.heldBefore[vehicle]) continue
    moves.push({
      number: bank.numbers[vehicle] ?? '',
      version: bank.versions[vehicle] ?? 0,
      from: slotOf(plan, bank.before[vehicle] ?? NONE),
      to: slotOf(plan, found.slot[vehicle] ?? NONE),
      held_by,
    })
  }
  return moves
}

function slotOf({ plants, plantIds, ordinals }: LoadedPlan, slot: number): Slot | null {
  if (slot === NONE) return null
  return { plant: plantIds[slot % plants] ?? '', period: ordinals[Math.floor(slot / plants)] ?? 0 }
}
