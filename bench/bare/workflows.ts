import * as workflow from '@temporalio/workflow'
import {
  condition,
  defineUpdate,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
} from '@temporalio/workflow'
import type { Nothing } from './activities.ts'

const here = proxyLocalActivities<Nothing>({ startToCloseTimeout: '15s' })
const there = proxyActivities<Nothing>({ startToCloseTimeout: '15s' })

export const placed = defineUpdate<{ version: number }>('placed')

/** One empty activity between the start and the answer, in the worker that has the workflow or by way of the server. */
export async function place(_number: string, where: 'local' | 'remote'): Promise<void> {
  let isPlaced = false
  setHandler(placed, async () => {
    await condition(() => isPlaced)
    return { version: 1 }
  })
  await (where === 'local' ? here : there).nothing()
  isPlaced = true
  await condition(workflow.allHandlersFinished)
}
