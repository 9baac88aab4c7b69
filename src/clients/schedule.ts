import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client'
import type { Temporal } from './temporal.ts'

/** Sees to it that `reconcile` runs every 30 seconds, one run at a time. Every worker asks for it when it starts. */
export async function ensureReconcileSchedule(temporal: Temporal): Promise<void> {
  try {
    await temporal.client.schedule.create({
      scheduleId: `reconcile/${temporal.taskQueue}`,
      spec: { intervals: [{ every: '30s' }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' },
      action: { type: 'startWorkflow', workflowType: 'reconcile', taskQueue: temporal.taskQueue, args: [] },
    })
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
  }
}
