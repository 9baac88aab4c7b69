import { WorkflowIdConflictPolicy } from '@temporalio/client'
import { look } from '../workflows/messages.ts'
import type { Temporal } from './temporal.ts'

/** The kinds of processes by the first part of their id, with what their summary calls them. */
const KINDS = {
  order: { workflow: 'order', name: 'Order' },
  'back-order': { workflow: 'backOrder', name: 'Back order' },
  'purchase-order': { workflow: 'purchaseOrder', name: 'Purchase order' },
  delivery: { workflow: 'delivery', name: 'Delivery' },
  'custom-order': { workflow: 'customOrder', name: 'Custom order' },
  lead: { workflow: 'lead', name: 'Lead' },
  erasure: { workflow: 'erasure', name: 'Erasure of' },
  payment: { workflow: 'payment', name: 'Payment' },
  tag: { workflow: 'tagOrder', name: 'Tag' },
  'match-request': { workflow: 'matchRequest', name: 'Match request' },
  purchasing: { workflow: 'purchasing', name: 'Purchasing from' },
  promises: { workflow: 'promises', name: 'What is promised of' },
  'schedule-production': { workflow: 'scheduleProduction', name: 'Schedule of' },
  notification: { workflow: 'notification', name: 'Notification' },
} as const
export type ProcessKind = keyof typeof KINDS

/**
 * How a process is started, whoever does it: `<kind>/<number>`, the number as its only argument. A finished process may
 * be started again: it reads its row, finds it final and ends. The row, not Temporal, says what may happen.
 */
export function startOptions(temporal: Temporal, kind: ProcessKind, number: string) {
  return {
    workflowId: `${kind}/${number}`,
    taskQueue: temporal.taskQueue,
    args: [number],
    staticSummary: `${KINDS[kind].name} ${number}`,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
  }
}

/** The name under which the workflow of a kind is registered. */
export function workflowOf(kind: ProcessKind): string {
  return KINDS[kind].workflow
}

/** Makes a process look at its row again, and starts it if it does not run. The only way of waking and of starting. */
export async function lookAt(temporal: Temporal, workflowId: string): Promise<void> {
  const { kind, number } = parse(workflowId)
  await temporal.client.workflow.signalWithStart(workflowOf(kind), {
    ...startOptions(temporal, kind, number),
    signal: look,
  })
}

/** Starts a process unless it runs; one that runs notices nothing. */
export async function startIfMissing(temporal: Temporal, workflowId: string): Promise<void> {
  const { kind, number } = parse(workflowId)
  await temporal.client.workflow.start(workflowOf(kind), {
    ...startOptions(temporal, kind, number),
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
  })
}

function parse(workflowId: string): { kind: ProcessKind; number: string } {
  const slash = workflowId.indexOf('/')
  const kind = workflowId.slice(0, slash)
  if (!(kind in KINDS)) throw new RangeError(`${workflowId} is no process of ours`)
  return { kind: kind as ProcessKind, number: workflowId.slice(slash + 1) }
}
