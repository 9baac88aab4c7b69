import { randomUUID } from 'node:crypto'
import { startIfMissing } from '../clients/look.ts'
import type { Temporal } from '../clients/temporal.ts'
import type { Database } from '../store/database.ts'
import { untoldNumbers } from '../store/notification.ts'
import {
  idleItems,
  OPEN_KINDS,
  type OpenKind,
  type OpenRow,
  openRows,
  stillOpen,
  suppliersInNeed,
  suppliersInSurplus,
  unplacedOrders,
} from '../store/reconcile.ts'
import { allocateToWaiters, lockStock } from '../store/stock.ts'
import type { Telling } from './notification.ts'
import { sideBySide } from './side-by-side.ts'
import type { Steps } from './steps.ts'

/** Wakes older than this were left over by somebody who was killed or could not reach Temporal. Seconds. */
const OLD_WAKE = 30

/** How many open rows of a kind are looked at in one run; the next one goes on where this one stopped. */
const PAGE = 500

/** How far back Temporal is asked for processes that were ended from outside; the walk over all open rows finds older ones. */
const ENDED_WITHIN_MS = 3_600_000
/** How many of those are taken on in one run. */
const MOST_ENDED = 2_000

/**
 * After this a part begins nothing new, so that none of them holds up the next run, which comes every 30 seconds and goes
 * on from what is then left.
 */
const BUDGET_MS = 15_000

/** How many processes of a kind are started at a time, and of how many numbers people are told: that mostly waits. */
const AT_ONCE = 5
const TOLD_AT_ONCE = 10

/** What a part of reconcile could not do; `first` is an example's id. What it had no time for is not counted. */
export type Repair = { failed: number; first: string | null }

/** What the schedule does every 30 seconds, so that every open row has its workflow, whatever was killed when. */
export function createReconcileActivities({
  db,
  temporal,
  steps,
  telling,
  passLimit,
}: {
  db: Database
  temporal: Temporal
  steps: Steps
  telling: Telling
  passLimit: number
}) {
  // Where this worker's walk over the open rows of each kind stands, and which ended runs it has seen to: Temporal goes on
  // listing those. Losing either only makes it look again.
  const walked = new Map<OpenKind, OpenRow | undefined>()
  let seenTo = new Set<string>()

  return {
    /** Delivers wakes that nobody delivered. */
    async drainOldWakes(): Promise<Repair> {
      return repair(await steps.drainOlderThan(OLD_WAKE, budget()))
    },

    /**
     * Starts the workflow of every open row that has none. Orders that nobody placed, and those that Temporal knows to
     * have been ended from outside in the last hour are found at once; the walk over all open rows, a page at a time,
     * finds any other.
     */
    async reviveStories(): Promise<Repair> {
      const until = budget()
      const failed = await Promise.all([
        reviveUnplaced(until),
        reviveEnded(until),
        ...OPEN_KINDS.map((kind) => walk(kind, until)),
      ])
      return repair(failed.flat())
    },

    /** Hands out what a cut-off pass left free beside waiters. */
    async drainIdleStock(): Promise<Repair> {
      const until = budget()
      const { failed } = await sideBySide(await idleItems(db), { atOnce: AT_ONCE, until }, async (sku) => {
        for (let more = true; more && Date.now() < until; ) {
          const step = `reconcile/${randomUUID()}`
          more = await steps.run(step, async (tx) => {
            await lockStock(tx, [sku])
            return (await allocateToWaiters(tx, sku, step, passLimit)).more
          })
        }
      })
      return repair(failed)
    },

    /** Starts the purchasing of suppliers of whom something is lacking, or too much can be withdrawn. */
    async pokePurchasing(): Promise<Repair> {
      const suppliers = new Set([...(await suppliersInNeed(db)), ...(await suppliersInSurplus(db))])
      const { failed } = await start(
        [...suppliers].map((supplier) => `purchasing/${supplier}`),
        budget(),
      )
      return repair(failed)
    },

    /** Tells what was lost with the process that was to tell it. Whoever cannot be reached is no failure of this. */
    async tellUntold(): Promise<Repair> {
      const until = budget()
      const numbers = await untoldNumbers(db)
      const { failed } = await sideBySide(numbers, { atOnce: TOLD_AT_ONCE, until }, (number) =>
        telling.tell(number),
      )
      return repair(failed)
    },
  }

  function start(workflows: string[], until: number) {
    return sideBySide(workflows, { atOnce: AT_ONCE, until }, (workflow) => startIfMissing(temporal, workflow))
  }

  /** Returns the workflows that could not be started. */
  async function reviveUnplaced(until: number): Promise<string[]> {
    const numbers = await unplacedOrders(db, PAGE)
    const { failed } = await start(
      numbers.map((number) => `order/${number}`),
      until,
    )
    return failed
  }

  /** The same. */
  async function reviveEnded(until: number): Promise<string[]> {
    const since = new Date(Date.now() - ENDED_WITHIN_MS).toISOString()
    const query = `ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut', 'Canceled') AND CloseTime > '${since}'`
    const ended = new Map<string, string>()
    const fresh: string[] = []
    for await (const { workflowId, runId } of temporal.client.workflow.list({ query })) {
      ended.set(runId, workflowId)
      if (!seenTo.has(runId)) fresh.push(workflowId)
      if (fresh.length === MOST_ENDED || Date.now() > until) break
    }
    const open = await stillOpen(db, fresh)
    const { done, failed } = await start(open, until)
    const started = new Set(done)
    const left = new Set(open.filter((workflow) => !started.has(workflow)))
    seenTo = new Set([...ended].filter(([, workflow]) => !left.has(workflow)).map(([runId]) => runId))
    return failed
  }

  /** The same. */
  async function walk(kind: OpenKind, until: number): Promise<string[]> {
    const after = walked.get(kind)
    const rows = await openRows(db, kind, after, PAGE)
    const { done, failed } = await start(
      rows.map(({ number }) => `${kind}/${number}`),
      until,
    )
    const begun = done.length + failed.length
    walked.set(kind, begun === rows.length && begun < PAGE ? undefined : (rows[begun - 1] ?? after))
    return failed
  }
}

function budget(): number {
  return Date.now() + BUDGET_MS
}

function repair(failed: string[]): Repair {
  return { failed: failed.length, first: failed[0] ?? null }
}
