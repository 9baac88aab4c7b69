import { randomUUID } from 'node:crypto'
import { WorkflowFailedError } from '@temporalio/client'
import type { House } from './house.ts'

/** Runs now what the schedule runs every 30 seconds. Gives what could not be made good, or null. */
export async function reconcile(house: House): Promise<string | null> {
  const run = house.temporal.workflow.execute('reconcile', {
    taskQueue: 'holdfast',
    workflowId: `reconcile/by-hand/${randomUUID()}`,
    args: [],
  })
  return run.then(
    () => null,
    (error: unknown) => {
      if (error instanceof WorkflowFailedError) return error.cause?.message ?? ''
      throw error
    },
  )
}

/**
 * What `reconcile` would do within a minute, done now: wakes and notices count as left behind, however young they are. For
 * when whoever was to deliver them was killed, once another worker is there; somebody who lives might be just doing it,
 * and a notice would then be sent twice. A condition that needs more than one run asks for one with each look.
 */
export async function reconcileNow(house: House): Promise<string | null> {
  await house.db`UPDATE wakes SET created_at = created_at - interval '1 minute' WHERE created_at > now() - interval '1 minute'`
  await house.db`UPDATE notifications SET created_at = created_at - interval '1 minute'
                  WHERE state = 'pending' AND created_at > now() - interval '1 minute'`
  return reconcile(house)
}
