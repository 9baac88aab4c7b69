import { randomUUID } from 'node:crypto'
import type { Database } from '../store/database.ts'
import { groundsOf, promisesDue, revisePromises } from '../store/promise.ts'
import { lockStock } from '../store/stock.ts'
import type { Steps } from './steps.ts'

/** Most promises that one walk finds, and that one transaction writes: the latter bounds how long the item stays locked. */
const AT_ONCE = 50_000
const BATCH = 1_000
/** After this, milliseconds, no other walk is begun in the same call. */
const BUDGET = 20_000

export function createPromiseActivities({ db, steps }: { db: Database; steps: Steps }) {
  return {
    /**
     * Tells the waiters of an item what is expected now, or that no supplier is left for it (A5), until a walk over its
     * queue finds nobody who was told otherwise. Done twice it finds nothing left to do, so each batch is a step of its
     * own. `more`: it took long; call it again.
     */
    async reviewPromises(sku: string): Promise<{ more: boolean }> {
      for (const start = Date.now(); Date.now() - start < BUDGET; ) {
        const { grounds, due } = await promisesDue(db, sku, AT_ONCE)
        if (due.length === 0) return { more: false }
        for (let from = 0; from < due.length; from += BATCH) {
          const step = `promises/${randomUUID()}`
          const stands = await steps.run(step, async (tx) => {
            await lockStock(tx, [sku])
            // A supplier said something since: nobody is told what is no longer so.
            if ((await groundsOf(tx, sku)) !== grounds) return false
            await revisePromises(tx, due.slice(from, from + BATCH), step)
            return true
          })
          if (!stands) break
        }
      }
      return { more: true }
    },
  }
}
