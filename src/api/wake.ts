import { lookAt } from '../clients/look.ts'
import { pendingWakes, wakesDone } from '../store/wake.ts'
import type { ApiKit } from './kit.ts'

/** How many processes a request wakes itself. */
const MOST_WOKEN = 20

/** Wakes the processes for which a transaction of ours left wakes. What is not woken here `reconcile` wakes within a minute. */
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
