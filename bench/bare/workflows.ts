import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import * as workflow from '@temporalio/workflow'
import {
  type ActivityInterfaceFor,
  condition,
  defineSignal,
  defineUpdate,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
} from '@temporalio/workflow'
import type { Nothing } from './activities.ts'

/** Activities by way of the server, as a plain Temporal program has them, or in the worker that has the workflow. */
export type Where = 'server' | 'worker'
const activities: Record<Where, ActivityInterfaceFor<Nothing>> = {
  server: proxyActivities<Nothing>({ startToCloseTimeout: '15s' }),
  worker: proxyLocalActivities<Nothing>({ startToCloseTimeout: '15s' }),
}

export const placed = defineUpdate<{ version: number }>('placed')

/** One empty activity between the start and the answer. */
export async function place(_number: string, where: Where): Promise<void> {
  let isPlaced = false
  setHandler(placed, async () => {
    await condition(() => isPlaced)
    return { version: 1 }
  })
  await activities[where].nothing()
  isPlaced = true
  await condition(workflow.allHandlersFinished)
}

/**
 * The life of a back order without the books: the workflows of the service with the same messages, timers, search
 * attributes and activities, of which each is empty. Where the service wakes another workflow, the driver does.
 */
export const look = defineSignal('look')
export const act = defineUpdate<{ version: number }, [{ command: string; actor: string }]>('act')

const ATTRIBUTES = {
  orderNumber: defineSearchAttributeKey('OrderNumber', SearchAttributeType.KEYWORD),
  stage: defineSearchAttributeKey('Stage', SearchAttributeType.KEYWORD),
  partnerId: defineSearchAttributeKey('PartnerId', SearchAttributeType.KEYWORD),
  sku: defineSearchAttributeKey('Sku', SearchAttributeType.KEYWORD_LIST),
  deadline: defineSearchAttributeKey('Deadline', SearchAttributeType.DATETIME),
}
const HOUR = 3_600_000

/** Counts the messages that came; a command runs its activity first, a look has the row read. */
class Listener {
  private came = 0
  private looks = 0
  readonly nothing: () => Promise<void>

  constructor(where: Where) {
    this.nothing = () => activities[where].nothing()
    setHandler(look, () => {
      this.looks += 1
    })
    setHandler(act, async () => {
      await this.nothing()
      this.came += 1
      return { version: this.came }
    })
  }

  /** Waits for so many commands in all, beside a timer that never comes. */
  async commands(count: number): Promise<void> {
    await condition(() => this.came >= count, HOUR, { summary: 'until the deadline' })
  }

  /** Waits for the first command, without a deadline. */
  async booked(): Promise<void> {
    await condition(() => this.came >= 1)
  }

  /** Waits for so many looks in all, and reads. */
  async seen(count: number, hasDeadline: boolean): Promise<void> {
    if (hasDeadline) await condition(() => this.looks >= count, HOUR, { summary: 'until the deadline' })
    else await condition(() => this.looks >= count)
    await this.nothing()
  }
}

function show(number: string, stage: string, isFirst = false): void {
  workflow.setCurrentDetails(`${stage}: waits until its deadline, and then something happens.`)
  workflow.upsertSearchAttributes([
    { key: ATTRIBUTES.stage, value: stage },
    { key: ATTRIBUTES.deadline, value: new Date(Date.now() + HOUR) },
    ...(isFirst
      ? [
          { key: ATTRIBUTES.orderNumber, value: number },
          { key: ATTRIBUTES.partnerId, value: 'bench' },
          { key: ATTRIBUTES.sku, value: [number] },
        ]
      : []),
  ])
}

export async function order(number: string, where: Where): Promise<void> {
  const listener = new Listener(where)
  let isPlaced = false
  setHandler(placed, async () => {
    await condition(() => isPlaced)
    return { version: 1 }
  })
  await listener.nothing()
  isPlaced = true
  show(number, 'offered', true)
  await listener.commands(1)
  show(number, 'decided')
  await condition(workflow.allHandlersFinished)
}

export async function backOrder(number: string, where: Where): Promise<void> {
  const listener = new Listener(where)
  await listener.nothing()
  show(number, 'waiting', true)
  await listener.seen(2, true)
  show(number, 'met')
  await listener.commands(1)
  show(number, 'delivery_requested')
  await listener.commands(2)
  show(number, 'confirmed')
  await listener.seen(3, false)
  show(number, 'dispatched')
  await listener.seen(4, false)
  show(number, 'delivered')
  await condition(workflow.allHandlersFinished)
}

export async function purchasing(number: string, where: Where): Promise<void> {
  setHandler(look, () => {})
  workflow.upsertSearchAttributes([{ key: ATTRIBUTES.partnerId, value: number }])
  await activities[where].nothing()
  workflow.setCurrentDetails('Gathers demand.')
  await sleep(1_000, { summary: 'gathers demand' })
  await activities[where].nothing()
  workflow.setCurrentDetails('Ordered.')
}

export async function purchaseOrder(number: string, where: Where): Promise<void> {
  const listener = new Listener(where)
  await listener.nothing()
  show(number, 'sent', true)
  await listener.commands(1)
  show(number, 'acknowledged')
  await listener.seen(2, true)
  show(number, 'closed')
  await condition(workflow.allHandlersFinished)
}

export async function promises(number: string): Promise<void> {
  setHandler(look, () => {})
  workflow.upsertSearchAttributes([{ key: ATTRIBUTES.sku, value: [number] }])
  workflow.setCurrentDetails('Works out what its waiters may expect, and tells them.')
  await activities.server.nothing()
}

export async function restock(_number: string, where: Where): Promise<void> {
  const listener = new Listener(where)
  await listener.booked()
  await listener.nothing()
  workflow.setCurrentDetails('Booked, handed out, and the waiters told.')
}

export async function delivery(number: string, where: Where): Promise<void> {
  const listener = new Listener(where)
  await listener.nothing()
  await listener.nothing()
  await activities.server.nothing()
  await listener.nothing()
  show(number, 'booked', true)
  await listener.commands(1)
  show(number, 'dispatched')
  await listener.commands(2)
  show(number, 'delivered')
  await condition(workflow.allHandlersFinished)
}
