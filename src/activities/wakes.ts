import type { Steps } from './steps.ts'

/** Wakes older than this were left over by somebody who was killed or could not reach Temporal. Seconds. */
const OLD = 30

/** Waking as activities of its own: for steps that woke more than fit beside them, and for what was left over. */
export function createWakeActivities({ steps }: { steps: Steps }) {
  return {
    /** Delivers what one step left behind, at most `limit` of it. `more`: call it again. */
    async drainWakes({ step, limit }: { step: string; limit: number }): Promise<{ more: boolean }> {
      return steps.drain(step, limit)
    },

    /** Delivers what nobody delivered within 30 seconds; fails if some could still not be, so that it is seen. */
    async drainOldWakes(): Promise<void> {
      const undelivered = await steps.drainOlderThan(OLD)
      if (undelivered > 0) throw new Error(`${undelivered} wakes could not be delivered`)
    },
  }
}
