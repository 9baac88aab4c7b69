import { lookAt } from '../clients/look.ts'
import { pendingWakes, wakesDone } from '../store/wake.ts'
import type { ApiKit } from './kit.ts'

/** How many processes a request wakes at once; whoever is beyond them is woken by `reconcile`. */
const MOST_WOKEN = 5

/** Wakes the few processes for which a transaction of ours left a wake. What cannot be woken here `reconcile` wakes within a minute. */
export async function wakeNow(kit: ApiKit, step: string): Promise<void> {
  try {
    for (const { id, workflow } of await pendingWakes(kit.db, { step }, MOST_WOKEN)) {
      await lookAt(kit.temporal, workflow)
      await wakesDone(kit.db, [id])
    }
  } catch (error) {
    kit.log.warn({ kind: error instanceof Error ? error.name : 'unknown' }, 'could not wake a process')
  }
}
