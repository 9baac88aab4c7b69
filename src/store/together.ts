/**
 * What statements that were sent together come to; the connection keeps their order. If one fails, so do those behind it,
 * and which failure is heard first is luck: thrown is the first in the list, which is the cause of the others.
 */
export async function together<Results extends readonly unknown[]>(
  statements: {
    [Index in keyof Results]: Promise<Results[Index]>
  },
): Promise<Results> {
  const outcomes = await Promise.allSettled(statements)
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value) as unknown as Results
}
