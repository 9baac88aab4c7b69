import { ApplicationFailure } from '@temporalio/common'
import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory } from '@temporalio/worker'
import type { Logger } from 'pino'
import { REFUSALS, Refusal } from '../domain/refusal.ts'
import { type Database, databaseFault } from '../store/database.ts'
import { forgetFailingStep, recordFailingStep } from '../store/failing-step.ts'

/**
 * From this attempt on a failure is more than a slip: operators see it under `attention`. A call to the carrier is tried so
 * often before its process pauses. The parts of `reconcile` are tried less often, and seen as its failed runs.
 */
const LASTING = 3

/**
 * What leaves an activity as a failure (REQUIREMENTS P6). A refusal keeps its words, which are ours, and is not retried.
 * Anything else becomes a failure with its kind only: a driver's or a mail server's message may carry personal data,
 * and failures are kept in Temporal. The whole error goes to the log, under the same redaction as everything there.
 */
export function failureInterceptor(db: Database, log: Logger): ActivityInterceptorsFactory {
  /** The steps that this worker put on record. */
  const recorded = new Set<string>()

  return ({ info }) => {
    const { activityType: activity, attempt } = info
    const workflow = info.workflowExecution?.workflowId ?? ''
    const step = `${workflow} ${activity}`

    async function record(kind: string): Promise<void> {
      await recordFailingStep(db, { workflow, activity, kind })
      recorded.add(step)
    }

    /**
     * A local activity mostly comes back to the worker that has its process, which then knows that it failed: so the
     * many that succeed at once cost nothing. Any other may have failed elsewhere.
     */
    async function forget(): Promise<void> {
      if (info.isLocal && attempt === 1 && !recorded.has(step)) return
      await forgetFailingStep(db, { workflow, activity })
      recorded.delete(step)
    }

    const inbound: ActivityInboundCallsInterceptor = {
      async execute(input, next) {
        try {
          const result = await next(input)
          await forget().catch(() => {})
          return result
        } catch (error) {
          if (error instanceof Refusal) {
            await forget().catch(() => {})
            throw ApplicationFailure.create({
              message: error.message,
              type: error.type,
              nonRetryable: REFUSALS[error.type].status < 500,
              details: [error.members],
            })
          }
          const kind = kindOf(error)
          log.warn({ activity, workflow, attempt, kind }, 'activity failed')
          // Without the database nobody can see it there, and `/readyz` says so.
          if (attempt >= LASTING) await record(kind).catch(() => {})
          throw ApplicationFailure.create({ message: kind, type: 'Unexpected' })
        }
      },
    }
    return { inbound }
  }
}

/** The kind of an error, in words that name nobody: SQLSTATE and constraint, a socket's code, or the class. */
function kindOf(error: unknown): string {
  const fault = databaseFault(error)
  if (fault) return fault.constraint ? `${fault.code} (${fault.constraint})` : fault.code
  return error instanceof Error ? error.name : 'unknown'
}
