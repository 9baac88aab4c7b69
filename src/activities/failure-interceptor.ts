import { ApplicationFailure } from '@temporalio/common'
import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory } from '@temporalio/worker'
import type { Logger } from 'pino'
import { REFUSALS, Refusal } from '../domain/refusal.ts'
import { type Database, databaseFault } from '../store/database.ts'
import { recordFailingStep } from '../store/failing-step.ts'

/** From this attempt on a failure is more than a slip: operators see it under `attention`. */
const LASTING = 4

/**
 * What leaves an activity as a failure (REQUIREMENTS P6). A refusal keeps its words, which are ours, and is not retried.
 * Anything else becomes a failure with its kind only: a driver's or a mail server's message may carry personal data,
 * and failures are kept in Temporal. The whole error goes to the log, under the same redaction as everything there.
 */
export function failureInterceptor(db: Database, log: Logger): ActivityInterceptorsFactory {
  return ({ info }) => {
    const inbound: ActivityInboundCallsInterceptor = {
      async execute(input, next) {
        try {
          return await next(input)
        } catch (error) {
          if (error instanceof Refusal) {
            throw ApplicationFailure.create({
              message: error.message,
              type: error.type,
              nonRetryable: REFUSALS[error.type].status < 500,
              details: [error.members],
            })
          }
          const kind = kindOf(error)
          const { activityType: activity, attempt } = info
          const workflow = info.workflowExecution?.workflowId ?? ''
          log.warn({ activity, workflow, attempt, kind }, 'activity failed')
          if (attempt >= LASTING) {
            // Without the database nobody can see it there, and `/readyz` says so.
            await recordFailingStep(db, { workflow, activity, kind }).catch(() => {})
          }
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
