import { lookAt } from '../clients/look.ts'
import { pendingWakes, wakesDone } from '../store/wake.ts'
import type { ApiKit } from './kit.ts'

/** Wakes the one process for which a transaction of ours left a wake. What cannot be woken here `reconcile` wakes within a minute. */
export async function wakeNow(kit: ApiKit, step: string): Promise<void> {
  try {
    for (const { id, workflow } of await pendingWakes(kit.db, { step }, 1)) {
      await lookAt(kit.temporal, workflow)
      await wakesDone(kit.db, [id])
    }
  } catch (error) {
    kit.log.warn({ kind: error instanceof Error ? error.name : 'unknown' }, 'could not wake a process')
  }
}
