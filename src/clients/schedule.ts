import {
  ScheduleAlreadyRunning,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
  type ScheduleSpec,
} from '@temporalio/client'
import type { Temporal } from './temporal.ts'

/** Sees to it that `reconcile` and `prune` run, one run of each at a time. Every worker asks for it when it starts. */
export async function ensureSchedules(temporal: Temporal): Promise<void> {
  await ensure(temporal, 'reconcile', { intervals: [{ every: '30s' }] }, '1m')
  // Missed because nothing ran at night, it is made up for.
  await ensure(temporal, 'prune', { calendars: [{ hour: 3 }] }, '1d')
}

async function ensure(
  temporal: Temporal,
  workflowType: 'reconcile' | 'prune',
  spec: ScheduleSpec,
  catchupWindow: NonNullable<ScheduleOptions['policies']>['catchupWindow'],
): Promise<void> {
  try {
    await temporal.client.schedule.create({
      scheduleId: `${workflowType}/${temporal.taskQueue}`,
      spec,
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow },
      action: { type: 'startWorkflow', workflowType, taskQueue: temporal.taskQueue, args: [] },
    })
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
  }
}
