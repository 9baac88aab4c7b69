import { activityInfo } from '@temporalio/activity'
import { lookAt } from '../clients/look.ts'
import type { Temporal } from '../clients/temporal.ts'
import type { Database, Transaction } from '../store/database.ts'
import { inStep, takeStep } from '../store/step.ts'
import { pendingWakes, type Wake, wakesDone } from '../store/wake.ts'
import { createAfterwards } from './afterwards.ts'
import { sideBySide } from './side-by-side.ts'

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
  /** Delivers what nobody did for so long, until the time given. Returns the workflows that could not be told. */
  drainOlderThan(seconds: number, until: number): Promise<string[]>
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
      const failed = await deliver(wakes)
      return { more: wakes.length === limit && failed.length === 0 }
    },
    async drainOlderThan(seconds, until) {
      const failed: string[] = []
      for (let after = 0; Date.now() < until; ) {
        const wakes = await pendingWakes(db, { olderThanSeconds: seconds, after }, BATCH)
        failed.push(...(await deliver(wakes, until)))
        const last = wakes.at(-1)
        if (!last || wakes.length < BATCH) break
        after = last.id
      }
      return failed
    },
  }
  return steps

  async function drainAll(key: string): Promise<void> {
    while ((await steps.drain(key)).more);
  }

  /** Tells each workflow once and strikes out what was told; the others' wakes stay for whoever drains next. Returns those. */
  async function deliver(wakes: Wake[], until?: number): Promise<string[]> {
    const byWorkflow = new Map<string, number[]>()
    for (const { workflow, id } of wakes) byWorkflow.set(workflow, [...(byWorkflow.get(workflow) ?? []), id])
    const { done, failed } = await sideBySide(
      [...byWorkflow.keys()],
      { atOnce: AT_ONCE, until },
      (workflow) => lookAt(temporal, workflow),
    )
    await wakesDone(
      db,
      done.flatMap((workflow) => byWorkflow.get(workflow) ?? []),
    )
    return failed
  }
}

/** The process that the activity in work belongs to. */
function ownWorkflow(): string | null {
  return activityInfo().workflowExecution?.workflowId ?? null
}

function isSeen(result: unknown): result is Seen {
  return typeof result === 'object' && result !== null && 'untold' in result && 'number' in result
}
