import * as workflow from '@temporalio/workflow'
import { ActivityFailure, ApplicationFailure, proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { SUMMARIES } from './summaries.ts'

const PARTS = ['drainOldWakes', 'reviveStories', 'drainIdleStock', 'pokePurchasing', 'tellUntold'] as const
type Part = (typeof PARTS)[number]

/** Tried twice only: what could not be done now is tried again by the next run. */
const parts = proxyActivities<Pick<Activities, Part>>({
  startToCloseTimeout: '40s',
  scheduleToCloseTimeout: '1m',
  retry: { maximumAttempts: 2 },
})

/**
 * Run by a schedule every 30 seconds: whatever was killed in between, wakes that nobody delivered are delivered, open
 * rows without a workflow get one, free units reach waiters, need or surplus that nobody heard of reaches purchasing,
 * notices that were never tried are. Side by side, so that none of it waits for another; what fails makes the run fail
 * at its end, so that operators find it.
 */
export async function reconcile(): Promise<void> {
  const faults = (await Promise.all(PARTS.map(faultOf))).filter((fault) => fault !== null)
  if (faults.length === 0) return
  const message = `Not everything could be made good. ${faults.join('; ')}.`
  workflow.log.warn(message)
  throw ApplicationFailure.nonRetryable(message, 'Incomplete')
}

/** Runs a part; what is wrong with it in words, or null. */
async function faultOf(part: Part): Promise<string | null> {
  const summary = SUMMARIES[part]
  try {
    const { failed, first } = await parts[part].executeWithOptions({ summary }, [])
    return failed === 0 ? null : `${part}: ${failed} failed, such as ${first}`
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error
    return `${part}: ${error.cause?.message ?? 'failed'}`
  }
}
