import * as workflow from '@temporalio/workflow'
import { condition, proxyActivities, setHandler, sleep } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { look } from './messages.ts'
import { outside } from './story.ts'
import { SUMMARIES } from './summaries.ts'

/** A million vehicles take about a minute; one that stands still is noticed by its missing heartbeat long before the end. */
const { scheduleBank } = proxyActivities<Pick<Activities, 'scheduleBank'>>({
  startToCloseTimeout: '15m',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
})

/** How long changes gather before a run (ms), so that many at once cost one. */
const GATHER = 1_000

/**
 * The schedule of production, for all plants at once (REQUIREMENTS B6). Woken as `schedule-production/all-plants` when a
 * slot is freed, a vehicle enters the bank or the plan changes, it lets changes gather and then runs until nothing was left
 * out; and a Temporal Schedule starts it from time to time, so that whatever nobody called for is made good. Of two at a
 * time one waits for the other. The next run does not wait until all whom the last one moved are woken.
 */
export async function scheduleProduction(
  of = 'all-plants',
  toWake: string[] = [],
  isAsked = true,
): Promise<void> {
  setHandler(look, () => {
    isAsked = true
  })
  const isFull = () => workflow.workflowInfo().continueAsNewSuggested
  let isWaking = false
  const wakeBeside = async () => {
    isWaking = true
    for (let [step] = toWake; step !== undefined && !isFull(); [step] = toWake)
      if (!(await outside.drainWakes({ step, limit: 200 })).more) toWake.shift()
    isWaking = false
  }
  // A large bank is given as much rest as it took work.
  let pause = GATHER
  for (;;) {
    // Only a cancellation ends it early, and that ends the whole process.
    if (!isWaking) wakeBeside().catch(() => {})
    await condition(() => isAsked || !isWaking)
    if (!isAsked || isFull()) break
    workflow.setCurrentDetails('Lets changes gather.')
    await sleep(pause, { summary: 'lets changes gather' })
    isAsked = false
    const run = await scheduleBank.executeWithOptions({ summary: SUMMARIES.scheduleBank }, [])
    pause = Math.max(GATHER, run.seconds * 1_000)
    if (run.outcome !== 'done') isAsked = true
    if (run.outcome === 'busy') continue
    workflow.setCurrentDetails(`Of ${run.vehicles} vehicles ${run.moved} got another slot.`)
    toWake.push(run.wakes_of)
  }
  await condition(() => !isWaking && workflow.allHandlersFinished())
  if (isAsked || toWake.length > 0) await workflow.continueAsNew(of, toWake, isAsked)
}
