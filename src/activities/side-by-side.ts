/**
 * Does the same with each of these, so many at a time, and begins with none after `until`. One that fails stops no other;
 * those in neither list were not begun.
 */
export async function sideBySide<T>(
  things: readonly T[],
  { atOnce, until = Number.POSITIVE_INFINITY }: { atOnce: number; until?: number | undefined },
  work: (thing: T) => Promise<unknown>,
): Promise<{ done: T[]; failed: T[] }> {
  const done: T[] = []
  const failed: T[] = []
  const queue = things.values()
  async function takeTurns(): Promise<void> {
    while (Date.now() < until) {
      const next = queue.next()
      if (next.done) return
      await work(next.value).then(
        () => done.push(next.value),
        () => failed.push(next.value),
      )
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, things.length) }, takeTurns))
  return { done, failed }
}
