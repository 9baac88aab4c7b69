import { randomUUID } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { Refusal } from '../domain/refusal.ts'
import { type Transaction, transact } from '../store/database.ts'
import { askForRun, lockPlan } from '../store/schedule-request.ts'
import { answerFromBooks } from './answer.ts'
import { idempotencyKeyOf } from './idempotency.ts'
import type { ApiEnv, ApiKit } from './kit.ts'
import { notSaved } from './version.ts'
import { wakeNow } from './wake.ts'

/** What changes to the plan of production have in common (REQUIREMENTS B6, P8): each calls for a run of the schedule. */

export const Ordinal = z
  .int()
  .min(0)
  .max(1_000_000)
  .meta({ description: 'Of a production period', example: 12 })

const MOST_LIMITS = 1_000

/** Something that is counted by period, each period once. */
export function byPeriod<Members extends z.ZodRawShape>(members: Members) {
  return z
    .array(z.strictObject({ period: Ordinal, ...members }))
    .max(MOST_LIMITS)
    .superRefine((entries, check) => {
      const seen = new Set<number>()
      for (const [index, entry] of (entries as { period: number }[]).entries()) {
        if (seen.has(entry.period))
          check.addIssue({
            code: 'custom',
            path: [index, 'period'],
            message: 'this period is in the list already',
          })
        seen.add(entry.period)
      }
    })
}

export const Vehicles = z.int().min(0).max(1_000_000)
export const Limits = byPeriod({ vehicles: Vehicles })
export const LimitsView = z.array(z.object({ period: z.int(), vehicles: z.int() }))

/** A change of one thing, with what it comes to. The run is called for first, and woken before those whom the change moves. */
export async function changePlan<Saved>(
  kit: ApiKit,
  change: (tx: Transaction, step: string) => Promise<Saved>,
): Promise<Saved> {
  const step = randomUUID()
  const saved = await transact(kit.db, async (tx) => {
    await lockPlan(tx)
    await askForRun(tx, step, 'the plan changed')
    return change(tx, step)
  })
  await wakeNow(kit, step)
  return saved
}

/** The same for many at once, answered exactly once. */
export async function loadIntoPlan(
  c: Context<ApiEnv>,
  kit: ApiKit,
  body: unknown,
  change: (tx: Transaction, step: string) => Promise<object>,
): Promise<Response> {
  let asked: string | undefined
  const request = { key: idempotencyKeyOf(c), body, number: null, status: 200 } as const
  const response = await answerFromBooks(c, kit, request, async (tx, command) => {
    asked = command
    await lockPlan(tx)
    await askForRun(tx, command, 'the plan changed')
    return change(tx, command)
  })
  if (asked) await wakeNow(kit, asked)
  return response
}

/** Refuses a change that is not based on what is stored. */
export function refuseStale(before: { version: number } | undefined, version: number | null): void {
  if ((before?.version ?? null) !== version) throw notSaved(version)
}

/** Something in a request that names what is not there. */
export type Fault = { pointer: string; detail: string }

export function refuseFaults(errors: Fault[]): void {
  if (errors.length === 0) return
  throw new Refusal('invalid-request', 'Nothing was saved; see errors for what is wrong with it.', { errors })
}

/** Those of the entries that name a period which is not there. */
export function unknownPeriods(
  entries: readonly { period: number }[],
  known: ReadonlySet<number>,
  pointer: string,
): Fault[] {
  return entries.flatMap(({ period }, index) =>
    known.has(period)
      ? []
      : [{ pointer: `${pointer}/${index}/period`, detail: `there is no production period ${period}` }],
  )
}
