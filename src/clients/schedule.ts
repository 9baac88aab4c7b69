import { ScheduleAlreadyRunning, type ScheduleOptions, ScheduleOverlapPolicy } from '@temporalio/client'
import type { Temporal } from './temporal.ts'

/**
 * Sees to it that `reconcile`, `scheduleProduction` and `prune` run as this version wants it, one run of each at a time. Every worker asks for it
 * when it starts. Whether one is paused stays as it is.
 */
export async function ensureSchedules(temporal: Temporal): Promise<void> {
  await ensure(temporal, 'reconcile', {
    spec: { intervals: [{ every: '30s' }] },
    catchupWindow: '1m',
    // While a run is open there is no other: one that stands still must not stop all recovery.
    workflowExecutionTimeout: '5m',
  })
  // Runs are called for by whatever changes; this makes good what nobody called for.
  await ensure(temporal, 'scheduleProduction', {
    spec: { intervals: [{ every: '10m' }] },
    catchupWindow: '1m',
    workflowExecutionTimeout: '1h',
  })
  // Missed because nothing ran at night, it is made up for.
  await ensure(temporal, 'prune', {
    spec: { calendars: [{ hour: 3 }] },
    catchupWindow: '1d',
    workflowExecutionTimeout: '20h',
  })
}

type Wanted = {
  spec: ScheduleOptions['spec']
  catchupWindow: '1m' | '1d'
  workflowExecutionTimeout: '5m' | '1h' | '20h'
}

async function ensure(
  { client, taskQueue }: Temporal,
  workflowType: 'reconcile' | 'scheduleProduction' | 'prune',
  { spec, catchupWindow, workflowExecutionTimeout }: Wanted,
): Promise<void> {
  const scheduleId = `${workflowType}/${taskQueue}`
  const schedule = {
    spec,
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow },
    action: { type: 'startWorkflow', workflowType, taskQueue, args: [], workflowExecutionTimeout },
  } satisfies Omit<ScheduleOptions, 'scheduleId'>
  try {
    await client.schedule.create({ scheduleId, ...schedule })
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
    await client.schedule.getHandle(scheduleId).update(({ state }) => ({ ...schedule, state }))
  }
}
