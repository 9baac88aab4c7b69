import { lookAt } from '../clients/look.ts'
import type { Temporal } from '../clients/temporal.ts'
import type { Database } from '../store/database.ts'
import { pendingWakes, type Wake, wakesDone } from '../store/wake.ts'

/** How many wakes one call delivers, and how many of them at a time. */
const BATCH = 200
const AT_ONCE = 20

/** Wakes older than this were left over by somebody who was killed or could not reach Temporal. Seconds. */
const OLD = 30

/** Delivering wakes: telling workflows to look at their rows after a transaction of somebody else changed them. */
export function createWakeActivities({ db, temporal }: { db: Database; temporal: Temporal }) {
  return {
    /** Delivers what one step left behind. `more`: there may be others; call it again. Never fails: `reconcile` is behind it. */
    async drainWakes(step: string): Promise<{ more: boolean }> {
      const wakes = await pendingWakes(db, { step }, BATCH)
      const undelivered = await deliver(wakes)
      return { more: wakes.length === BATCH && undelivered === 0 }
    },

    /** Delivers what nobody delivered within 30 seconds; fails if some could still not be, so that it is seen. */
    async drainOldWakes(): Promise<void> {
      for (;;) {
        const wakes = await pendingWakes(db, { olderThanSeconds: OLD }, BATCH)
        const undelivered = await deliver(wakes)
        if (undelivered > 0) throw new Error(`${undelivered} wakes could not be delivered`)
        if (wakes.length < BATCH) return
      }
    },
  }

  /** Tells each workflow once; strikes out what was told. Returns how many could not be told. */
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
