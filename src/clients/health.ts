import { isGrpcServiceError } from '@temporalio/client'
import type { Temporal } from './temporal.ts'

/** A poller that was not seen for so long is gone. A worker's poll lasts at most a minute. */
const SEEN_WITHIN_MS = 70_000
/** Longer than the tries of one call take: the last of them knows why there is no connection. */
const PATIENCE_MS = 3_000

/** True when a worker polls our task queue. Throws when Temporal does not serve us within three seconds. */
export async function hasWorker({ client, taskQueue }: Temporal): Promise<boolean> {
  const { pollers } = await client.withDeadline(Date.now() + PATIENCE_MS, () =>
    client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueue },
    }),
  )
  return (pollers ?? []).some(
    ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000 > Date.now() - SEEN_WITHIN_MS,
  )
}

/** What its refusals mean, by their code. */
const FAULTS = new Map<number, string>([
  [5, 'does not know the namespace'],
  [7, 'refuses our key or certificate, or the namespace to us'],
  [16, 'refuses our key or certificate, or the namespace to us'],
])

/** Why `hasWorker` threw: in words for everybody, and as the connection itself says it, with addresses, for the log. */
export function whyNot(error: unknown): { fault: string; reason: string } {
  if (!isGrpcServiceError(error)) return { fault: 'cannot be reached', reason: String(error) }
  const { code, details } = error
  return { fault: FAULTS.get(code) ?? 'cannot be reached', reason: `${code} ${details}` }
}
