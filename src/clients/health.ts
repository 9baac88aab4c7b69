import type { Temporal } from './temporal.ts'

/** A poller that was not seen for so long is gone. A worker's poll lasts at most a minute. */
const SEEN_WITHIN_MS = 70_000

/** True when a worker polls our task queue. Throws when Temporal cannot be reached within two seconds. */
export async function hasWorker({ client, taskQueue }: Temporal): Promise<boolean> {
  const { pollers } = await client.withDeadline(Date.now() + 2_000, () =>
    client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueue },
    }),
  )
  return (pollers ?? []).some(
    ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000 > Date.now() - SEEN_WITHIN_MS,
  )
}
