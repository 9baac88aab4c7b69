import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import * as workflow from '@temporalio/workflow'
import {
  condition,
  defineSignal,
  defineUpdate,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
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

  constructor() {
    setHandler(look, () => {
      this.looks += 1
    })
    setHandler(act, async () => {
      await here.nothing()
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
    await here.nothing()
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

export async function order(number: string): Promise<void> {
  const listener = new Listener()
  let isPlaced = false
  setHandler(placed, async () => {
    await condition(() => isPlaced)
    return { version: 1 }
  })
  await here.nothing()
  isPlaced = true
  show(number, 'offered', true)
  await listener.commands(1)
  show(number, 'decided')
  await condition(workflow.allHandlersFinished)
}

export async function backOrder(number: string): Promise<void> {
  const listener = new Listener()
  await here.nothing()
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

export async function purchasing(number: string): Promise<void> {
  setHandler(look, () => {})
  workflow.upsertSearchAttributes([{ key: ATTRIBUTES.partnerId, value: number }])
  await here.nothing()
  workflow.setCurrentDetails('Gathers demand.')
  await sleep(1_000, { summary: 'gathers demand' })
  await here.nothing()
  workflow.setCurrentDetails('Ordered.')
}

export async function purchaseOrder(number: string): Promise<void> {
  const listener = new Listener()
  await here.nothing()
  show(number, 'sent', true)
  await listener.commands(1)
  await here.nothing()
  show(number, 'acknowledged')
  await listener.seen(2, true)
  await here.nothing()
  show(number, 'closed')
  await condition(workflow.allHandlersFinished)
}

export async function restock(): Promise<void> {
  const listener = new Listener()
  await listener.booked()
  await here.nothing()
  workflow.setCurrentDetails('Booked, handed out, and the waiters told.')
}

export async function delivery(number: string): Promise<void> {
  const listener = new Listener()
  await here.nothing()
  await here.nothing()
  await there.nothing()
  await here.nothing()
  show(number, 'booked', true)
  await listener.commands(1)
  show(number, 'dispatched')
  await listener.commands(2)
  show(number, 'delivered')
  await condition(workflow.allHandlersFinished)
}
