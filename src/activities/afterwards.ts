/**
 * What follows a step and nobody waits for: waking others, telling people. It is done in this process right after, a few
 * things at a time. What is lost with the process, `reconcile` makes good.
 */
export type Afterwards = {
  /** Does it soon. What is asked for under the key of something in work is done after that, and once. */
  run(key: string, work: () => Promise<unknown>): void
  /** Once nothing is left to do. */
  finished(): Promise<void>
}

export function createAfterwards(options: { atOnce: number }): Afterwards {
  const waiting = new Map<string, () => Promise<unknown>>()
  const inWork = new Map<string, Promise<void>>()

  function begin(): void {
    for (const [key, work] of waiting) {
      if (inWork.size >= options.atOnce) return
      if (inWork.has(key)) continue
      waiting.delete(key)
      inWork.set(key, doOne(key, work))
    }
  }

  async function doOne(key: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch {
      // What was to be done is in the books, where `reconcile` finds it.
    }
    inWork.delete(key)
    begin()
  }

  return {
    run(key, work) {
      waiting.set(key, work)
      begin()
    },
    async finished() {
      while (inWork.size > 0) await Promise.race(inWork.values())
    },
  }
}
