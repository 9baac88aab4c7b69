import { activityInfo } from '@temporalio/activity'
import { lookAt } from '../clients/look.ts'
import type { Temporal } from '../clients/temporal.ts'
import type { Database, Transaction } from '../store/database.ts'
import { inStep, takeStep } from '../store/step.ts'
import { pendingWakes, type Wake, wakesDone } from '../store/wake.ts'
import { createAfterwards } from './afterwards.ts'

/** How many wakes one call delivers, and how many of them at a time. */
const BATCH = 200
const AT_ONCE = 20

/** What a process gets to see of its row, with whether somebody is to be told of it. */
type Seen = { number: string; untold: boolean }

/**
 * Steps on the books, and what follows them. A transaction that changes somebody else's order leaves wakes; once it is
 * committed, those workflows are told to look at their rows. What people are to be told is sent to them. Neither is part
 * of the step's success, and whoever asked for the step gets its result before: an answer never waits for a mail.
 */
export type Steps = {
  /** One step, exactly once (see `inStep`); then its wakes, and telling what is to be told of the row that it gives. */
  run<T>(key: string, work: (tx: Transaction) => Promise<T>): Promise<T>
  /** A row as its process sees it; whoever is to be told of it is told. */
  seen<T extends Seen | null>(row: T): T
  /** One step that may wake many: whoever asked for it drains them apart. */
  runQuietly<T>(key: string, work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Delivers what a step left behind, at most `limit` of it. `more`: there may be others; call it again. */
  drain(key: string, limit?: number): Promise<{ more: boolean }>
  /** Delivers what nobody did for so long. Returns how many could not be delivered. */
  drainOlderThan(seconds: number): Promise<number>
  /** Once nothing is left to be done in this process. */
  finished(): Promise<void>
}

export function createSteps(kit: {
  db: Database
  temporal: Temporal
  /** Tells what is to be told of a number's story. */
  tell: (number: string) => Promise<void>
}): Steps {
  const { db, temporal } = kit
  const waking = createAfterwards({ atOnce: 4 })
  // Apart, so that a mail server that does not answer holds up nobody's waking.
  const telling = createAfterwards({ atOnce: 10 })
  const steps: Steps = {
    async run(key, work) {
      const { result, mayWake } = await takeStep(db, key, work, ownWorkflow())
      if (mayWake) waking.run(key, () => drainAll(key))
      if (isSeen(result)) steps.seen(result)
      return result
    },
    seen(row) {
      if (row?.untold) telling.run(row.number, () => kit.tell(row.number))
      return row
    },
    async finished() {
      await Promise.all([waking.finished(), telling.finished()])
    },
    runQuietly: (key, work) => inStep(db, key, work, ownWorkflow()),
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

  async function drainAll(key: string): Promise<void> {
    while ((await steps.drain(key)).more);
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

/** The process that the activity in work belongs to. */
function ownWorkflow(): string | null {
  return activityInfo().workflowExecution?.workflowId ?? null
}

function isSeen(result: unknown): result is Seen {
  return typeof result === 'object' && result !== null && 'untold' in result && 'number' in result
}
