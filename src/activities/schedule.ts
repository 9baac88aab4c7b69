import { randomUUID } from 'node:crypto'
import { setImmediate as othersTurn } from 'node:timers/promises'
import { heartbeat } from '@temporalio/activity'
import { type Run, runSchedule } from '../store/schedule.ts'
import type { Steps } from './steps.ts'

/** Who is built when (REQUIREMENTS B6). */
export function createScheduleActivities({ steps }: { steps: Steps }) {
  return {
    /**
     * One run over the whole bank, in one transaction: killed at any moment, it never happened. Done twice it finds nothing
     * left to do, so each run is a step of its own. Whom it wakes is to be woken by `wakes_of`.
     */
    async scheduleBank(): Promise<Run & { wakes_of: string; seconds: number }> {
      const start = Date.now()
      const wakes_of = `schedule-production/${randomUUID()}`
      const run = await steps.runQuietly(wakes_of, (tx) =>
        runSchedule(tx, wakes_of, async () => {
          // A run that stands still is noticed, and one that computes lets this worker do other things.
          heartbeat()
          await othersTurn()
        }),
      )
      return { ...run, wakes_of, seconds: (Date.now() - start) / 1_000 }
    },
  }
}
