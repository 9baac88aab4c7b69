import { randomUUID } from 'node:crypto'
import { lookAt, startIfMissing } from '../clients/look.ts'
import type { Temporal } from '../clients/temporal.ts'
import type { Database } from '../store/database.ts'
import { stalledNotifications, untoldNumbers } from '../store/notification.ts'
import { idleItems, OPEN_KINDS, openNumbers, stillOpen, suppliersInNeed } from '../store/reconcile.ts'
import { allocateToWaiters, lockStock } from '../store/stock.ts'
import type { Telling } from './notification.ts'
import type { Steps } from './steps.ts'

/** How many open rows are looked at in one run; the next one goes on where this one stopped. */
const PAGE = 500

/** What the schedule does every 30 seconds, so that every open row has its workflow, whatever was killed when. */
export function createReconcileActivities({
  db,
  temporal,
  steps,
  telling,
}: {
  db: Database
  temporal: Temporal
  steps: Steps
  telling: Telling
}) {
  // Where this worker's walk over the open rows of each kind stands. Losing it only starts the walk anew.
  const walked = new Map(OPEN_KINDS.map((kind) => [kind, '']))

  return {
    /**
     * Starts the workflow of every open row that has none. Those that Temporal knows to have been ended from outside in
     * the last hour come first; the walk over all open rows, a page at a time, finds any other.
     */
    async reviveStories(): Promise<void> {
      const ended: string[] = []
      const since = new Date(Date.now() - 3_600_000).toISOString()
      const query = `ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut', 'Canceled') AND CloseTime > '${since}'`
      for await (const { workflowId } of temporal.client.workflow.list({ query })) ended.push(workflowId)
      for (const workflow of await stillOpen(db, ended)) await startIfMissing(temporal, workflow)
      for (const kind of OPEN_KINDS) {
        const numbers = await openNumbers(db, kind, walked.get(kind) ?? '', PAGE)
        for (const number of numbers) await startIfMissing(temporal, `${kind}/${number}`)
        walked.set(kind, numbers.length === PAGE ? (numbers.at(-1) ?? '') : '')
      }
    },

    /** Hands out what a cut-off pass left free beside waiters. */
    async drainIdleStock(): Promise<void> {
      for (const sku of await idleItems(db)) {
        for (let more = true; more; ) {
          const step = `reconcile/${randomUUID()}`
          more = await steps.run(step, async (tx) => {
            await lockStock(tx, [sku])
            return (await allocateToWaiters(tx, sku, step)).more
          })
        }
      }
    },

    /** Pokes the purchasing of suppliers of whom something is lacking. */
    async pokePurchasing(): Promise<void> {
      for (const supplier of await suppliersInNeed(db))
        await startIfMissing(temporal, `purchasing/${supplier}`)
    },

    /** Tells what was lost with the process that was to tell it, and goes on with retries that have stopped. */
    async retryNotifications(): Promise<void> {
      for (const number of await untoldNumbers(db)) await telling.tell(number)
      for (const id of await stalledNotifications(db)) await lookAt(temporal, `notification/${id}`)
    },
  }
}
