import type { Steps } from './steps.ts'

/** Waking as an activity of its own, for steps that woke more than fit beside them. */
export function createWakeActivities({ steps }: { steps: Steps }) {
  return {
    /** Delivers what one step left behind, at most `limit` of it. `more`: call it again. */
    async drainWakes({ step, limit }: { step: string; limit: number }): Promise<{ more: boolean }> {
      return steps.drain(step, limit)
    },
  }
}
