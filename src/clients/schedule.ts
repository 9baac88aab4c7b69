import { ScheduleAlreadyRunning, type ScheduleOptions, ScheduleOverlapPolicy } from '@temporalio/client'
import type { Temporal } from './temporal.ts'

/**
 * Sees to it that `reconcile` runs every 30 seconds, one run at a time, as this version wants it. Every worker asks for it
 * when it starts. Whether it is paused stays as it is.
 */
export async function ensureReconcileSchedule({ client, taskQueue }: Temporal): Promise<void> {
  const scheduleId = `reconcile/${taskQueue}`
  const schedule = {
    spec: { intervals: [{ every: '30s' }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' },
    action: {
      type: 'startWorkflow',
      workflowType: 'reconcile',
      taskQueue,
      args: [],
      // While a run is open there is no other: one that stands still must not stop all recovery.
      workflowExecutionTimeout: '5m',
    },
  } satisfies Omit<ScheduleOptions, 'scheduleId'>
  try {
    await client.schedule.create({ scheduleId, ...schedule })
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
    await client.schedule.getHandle(scheduleId).update(({ state }) => ({ ...schedule, state }))
  }
}
