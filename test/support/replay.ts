import type { HistoryAndWorkflowId } from '@temporalio/client'
import {
  DefaultLogger,
  makeTelemetryFilterString,
  type ReplayWorkerOptions,
  Runtime,
  Worker,
} from '@temporalio/worker'
import { built } from '../../src/local/places.ts'

type Bundle = NonNullable<ReplayWorkerOptions['workflowBundle']>

let isQuiet = false

/** Replays histories with the built workflow code, or with another; gives the errors by workflow id. */
export async function failedReplays(
  histories: HistoryAndWorkflowId[],
  workflowBundle: Bundle = { codePath: built('workflow-bundle.js') },
): Promise<Map<string, Error>> {
  if (!isQuiet) {
    // What does not replay is in the result; what the runtime says of it is noise.
    const filter = makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' })
    Runtime.install({
      logger: new DefaultLogger('ERROR', () => {}),
      telemetryOptions: { logging: { filter, forward: {} } },
    })
    isQuiet = true
  }
  const failed = new Map<string, Error>()
  let replayed = 0
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories)) {
    replayed += 1
    if (error) failed.set(workflowId, error)
  }
  if (replayed < histories.length) throw new Error(`only ${replayed} of ${histories.length} were replayed`)
  return failed
}
