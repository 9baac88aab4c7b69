import { lookAt } from '../clients/look.ts'
import type { Temporal } from '../clients/temporal.ts'
import type { Database, Transaction } from '../store/database.ts'
import { inStep } from '../store/step.ts'
import { pendingWakes, type Wake, wakesDone } from '../store/wake.ts'

/** How many wakes a step delivers before whoever asked for it hears of it, how many one call does, how many at a time. */
const FEW = 20
const BATCH = 200
const AT_ONCE = 20

/**
 * Steps on the books, and the waking that follows them. A transaction that changes somebody else's order leaves wakes;
 * once it is committed, those workflows are told to look at their rows. Waking is never part of the step's success:
 * what could not be delivered stays in the table for `reconcile`.
 */
export type Steps = {
  /** One step, exactly once (see `inStep`), and then its wakes: the first few at once, the rest on the side. */
  run<T>(key: string, work: (tx: Transaction) => Promise<T>): Promise<T>
  /** One step that may wake many: whoever asked for it drains them apart. */
  runQuietly<T>(key: string, work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Delivers what a step left behind, at most `limit` of it. `more`: there may be others; call it again. */
  drain(key: string, limit?: number): Promise<{ more: boolean }>
  /** Delivers what nobody did for so long. Returns how many could not be delivered. */
  drainOlderThan(seconds: number): Promise<number>
}

export function createSteps({ db, temporal }: { db: Database; temporal: Temporal }): Steps {
  const steps: Steps = {
    async run(key, work) {
      const result = await inStep(db, key, work)
      const { more } = await steps.drain(key, FEW).catch(() => ({ more: false }))
      if (more) void drainRest(key)
      return result
    },
    runQuietly: (key, work) => inStep(db, key, work),
    async drain(key, limit = BATCH) {
      const wakes = await pendingWakes(db, { step: key }, limit)
      const undelivered = await deliver(wakes)
      return { more: wakes.length === limit && undelivered === 0 }
    },
    async drainOlderThan(seconds) {
      for (;;) {
        const wakes = await pendingWakes(db, { olderThanSeconds: seconds }, BATCH)
        const undelivered = await deliver(wakes)
        if (undelivered > 0 || wakes.length < BATCH) return undelivered
      }
    },
  }
  return steps

  async function drainRest(key: string): Promise<void> {
    while (
      await steps.drain(key).then(
        ({ more }) => more,
        () => false,
      )
    );
  }

  /** Tells each workflow once and strikes out what was told. Returns how many wakes could not be delivered. */
  async function deliver(wakes: Wake[]): Promise<number> {
    const byWorkflow = new Map<string, number[]>()
    for (const { workflow, id } of wakes) byWorkflow.set(workflow, [...(byWorkflow.get(workflow) ?? []), id])
    const queue = [...byWorkflow]
    const done: number[] = []
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, queue.length) }, async () => {
        for (let next = queue.shift(); next; next = queue.shift()) {
          const [workflow, ids] = next
          try {
            await lookAt(temporal, workflow)
            done.push(...ids)
          } catch {
            // It stays in the table; whoever drains next tries it again.
          }
        }
      }),
    )
    await wakesDone(db, done)
    return wakes.length - done.length
  }
}
