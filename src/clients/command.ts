import {
  isGrpcServiceError,
  WithStartWorkflowOperation,
  WorkflowIdConflictPolicy,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client'
import { ApplicationFailure, type UpdateDefinition, type Workflow } from '@temporalio/common'
import type { Command, Outcome } from '../domain/command.ts'
import { isRefusalType, Refusal, type RefusalMembers } from '../domain/refusal.ts'
import { type ProcessKind, startOptions, workflowOf } from './look.ts'
import type { Temporal } from './temporal.ts'

/** How long a caller waits for the outcome before hearing that it is not known yet. */
const PATIENCE_MS = 10_000
const CROSSING_PAUSE_MS = 50

/** Where a command goes: a process by its kind and number, or one that is made for this command alone. */
export type Target =
  | { kind: ProcessKind; number: string }
  | { workflow: string; workflowId: string; args: unknown[]; summary: string }

/**
 * Sends a command to its process, starting that if it does not run, and waits for the outcome. The command's id is the
 * update's id and the step's key, so sending it again never does it twice.
 *
 * @throws Refusal with the reason why not; `outcome-unknown` when no outcome came in time (it may still be carried out);
 *   `unavailable` when Temporal cannot be reached.
 */
export async function send<Args extends [Command]>(
  temporal: Temporal,
  target: Target,
  update: UpdateDefinition<Outcome, Args>,
  ...args: Args
): Promise<Outcome> {
  return execute(temporal, target, update, args[0].command, args)
}

/** Starts the process of an order that was just stored and waits until it is placed. Throws as `send` does. */
export async function place(
  temporal: Temporal,
  order: { kind: 'order' | 'custom-order'; number: string },
  update: UpdateDefinition<Outcome>,
  command: string,
): Promise<Outcome> {
  return execute(temporal, order, update, command, [])
}

async function execute<Args extends unknown[]>(
  temporal: Temporal,
  target: Target,
  update: UpdateDefinition<Outcome, Args>,
  updateId: string,
  args: Args,
): Promise<Outcome> {
  const start =
    'kind' in target
      ? { type: workflowOf(target.kind), ...startOptions(temporal, target.kind, target.number) }
      : {
          type: target.workflow,
          workflowId: target.workflowId,
          taskQueue: temporal.taskQueue,
          args: target.args,
          staticSummary: target.summary,
          workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
        }
  const { type, ...options } = start
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const startWorkflowOperation = new WithStartWorkflowOperation(type, {
      ...options,
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    })
    // Its own promise rejects too when the call fails; the call's rejection is the one that is handled.
    startWorkflowOperation.workflowHandle().catch(() => {})
    try {
      return await temporal.client.withDeadline(deadline, () =>
        temporal.client.workflow.executeUpdateWithStart<Workflow, Outcome, Args>(update, {
          updateId,
          args,
          startWorkflowOperation,
        }),
      )
    } catch (error) {
      if (!isCrossing(error) || Date.now() > deadline - CROSSING_PAUSE_MS) throw asRefusal(error)
      await new Promise((resolve) => setTimeout(resolve, CROSSING_PAUSE_MS))
    }
  }
}

/** What a failed call means for whoever asked. */
function asRefusal(error: unknown): unknown {
  if (error instanceof WorkflowUpdateFailedError) {
    for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof ApplicationFailure && isRefusalType(cause.type)) {
        const [members] = cause.details ?? []
        return new Refusal(cause.type, cause.message, (members ?? {}) as RefusalMembers)
      }
    }
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isDeadline(error) || isCrossing(error)) {
    return new Refusal(
      'outcome-unknown',
      'Send the same request with the same Idempotency-Key again to learn the outcome.',
    )
  }
  if (isUnreachable(error))
    return new Refusal('unavailable', 'Orders cannot be worked on right now. Please try again shortly.')
  return error
}

const CANCELLED = 1
const DEADLINE_EXCEEDED = 4
const NOT_FOUND = 5
const PERMISSION_DENIED = 7
const RESOURCE_EXHAUSTED = 8
const FAILED_PRECONDITION = 9
const ABORTED = 10
const UNAVAILABLE = 14
const UNAUTHENTICATED = 16

/** What Temporal itself fails an update with: the process ended after taking it, or a worker's task passed it by. */
const DROPPED = new Set<unknown>(['AcceptedUpdateCompletedWorkflow', 'UnprocessedUpdate'])

/**
 * The command and another message or the end of the process crossed: Temporal dropped this attempt, whether or not its
 * step was done. Sent again under the same id it is done once, or its stored outcome is found.
 */
function isCrossing(error: unknown): boolean {
  if (error instanceof WorkflowUpdateFailedError) {
    return error.cause instanceof ApplicationFailure && DROPPED.has(error.cause.type)
  }
  const code = grpcCode(error)
  return code === NOT_FOUND || code === FAILED_PRECONDITION || code === ABORTED
}

function grpcCode(error: unknown): number | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return cause.code
  }
  return undefined
}

function isDeadline(error: unknown): boolean {
  const code = grpcCode(error)
  return code === DEADLINE_EXCEEDED || code === CANCELLED
}

const UNREACHABLE = new Set<unknown>([UNAVAILABLE, RESOURCE_EXHAUSTED, PERMISSION_DENIED, UNAUTHENTICATED])

/** Temporal is away, has more to do than it takes on, or does not let us in: `/readyz` says which. */
function isUnreachable(error: unknown): boolean {
  return UNREACHABLE.has(grpcCode(error))
}
