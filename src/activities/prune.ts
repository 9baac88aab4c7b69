import type { Temporal } from '../clients/temporal.ts'
import type { Database } from '../store/database.ts'
import {
  deleteAttempts,
  deleteFailingSteps,
  deleteRequests,
  deleteSteps,
  type StepsWalked,
} from '../store/prune.ts'

/** Most rows that one statement deletes, and how many statements one activity makes: each stays short. */
const BATCH = 2_000
const BATCHES = 20

/** Forgets what the machinery does not need any more, in batches, each a transaction of its own. */
export function createPruneActivities({ db, temporal }: { db: Database; temporal: Temporal }) {
  return {
    /** Forgets requests that were answered long ago. `more`: call it again. */
    async pruneRequests(): Promise<{ more: boolean }> {
      return inBatches(() => deleteRequests(db, BATCH))
    },

    /** Forgets attempts of long ago. `more`: call it again. */
    async pruneAttempts(): Promise<{ more: boolean }> {
      return inBatches(() => deleteAttempts(db, BATCH))
    },

    /** Forgets steps that kept failing long ago. `more`: call it again. */
    async pruneFailingSteps(): Promise<{ more: boolean }> {
      return inBatches(() => deleteFailingSteps(db, BATCH))
    },

    /** Forgets the steps of processes that were over long ago; gives where to go on, null at the end. */
    async pruneSteps(after: StepsWalked | null): Promise<StepsWalked | null> {
      const running = await runningWithoutRow(temporal)
      let walked = after
      for (let batch = 0; batch < BATCHES; batch++) {
        walked = await deleteSteps(db, walked, running, BATCH)
        if (!walked) return null
      }
      return walked
    },
  }
}

async function inBatches(deleteSome: () => Promise<number>): Promise<{ more: boolean }> {
  for (let batch = 0; batch < BATCHES; batch++) {
    if ((await deleteSome()) < BATCH) return { more: false }
  }
  return { more: true }
}

/** Processes that are no row's and end when their one command is done: one that still runs is stuck, and will repeat it. */
async function runningWithoutRow(temporal: Temporal): Promise<string[]> {
  const query = `WorkflowType IN ('restock', 'stockCount') AND ExecutionStatus = 'Running'`
  const running: string[] = []
  for await (const { workflowId } of temporal.client.workflow.list({ query })) running.push(workflowId)
  return running
}
