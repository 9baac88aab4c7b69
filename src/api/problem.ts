import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { REFUSALS, Refusal, type RefusalMembers, type RefusalType } from '../domain/refusal.ts'
import { databaseFault } from '../store/database.ts'
import type { ApiEnv } from './kit.ts'

/** Problem details (RFC 9457), the one shape of every answer that is a no. */
export const Problem = z
  .looseObject({
    type: z.url().meta({ description: 'A page that explains this kind of problem' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional().meta({ description: 'What is the case here' }),
    request_id: z.string(),
    errors: z
      .array(z.object({ pointer: z.string(), detail: z.string() }))
      .optional()
      .meta({ description: 'The faulty members of the request, by JSON pointer' }),
    allowed_actions: z.array(z.string()).optional().meta({ description: 'What is possible instead' }),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof Problem>

/** The problem that a refusal is told as. */
export function problemOf(
  c: Context<ApiEnv>,
  type: RefusalType,
  detail: string,
  members: RefusalMembers = {},
): Problem {
  const { status, title } = REFUSALS[type]
  return {
    type: new URL(`/problems/${type}`, c.var.publicUrl).href,
    title,
    status,
    detail,
    ...members,
    request_id: c.var.requestId,
  }
}

/** Answers with a problem; one that was stored for an earlier request gets the id of this one. */
export function sendProblem(c: Context<ApiEnv>, problem: Problem): Response {
  c.header('content-type', 'application/problem+json')
  if (problem.status === 503) c.header('retry-after', '2')
  if (typeof problem.retry_after_seconds === 'number')
    c.header('retry-after', String(problem.retry_after_seconds))
  if (problem.status === 401) c.header('www-authenticate', 'Bearer')
  return c.body(
    JSON.stringify({ ...problem, request_id: c.var.requestId }),
    problem.status as ContentfulStatusCode,
  )
}

/** Turns whatever was thrown into a problem. What was not meant for the caller stays in the log, as a kind without words. */
export function handleError(error: Error, c: Context<ApiEnv>): Response {
  if (error instanceof Refusal) return sendProblem(c, problemOf(c, error.type, error.message, error.members))
  if (error instanceof HTTPException) {
    const types: Partial<Record<number, RefusalType>> = {
      400: 'malformed-request',
      403: 'role-forbidden',
      404: 'not-found',
      413: 'too-large',
    }
    const type = types[error.status] ?? 'internal-error'
    return sendProblem(c, problemOf(c, type, error.message || REFUSALS[type].title))
  }
  const fault = databaseFault(error)
  c.var.log.error(
    { request_id: c.var.requestId, route: c.req.routePath, kind: fault ?? kindsOf(error) },
    'request failed',
  )
  if (fault && isTrouble(fault.code)) {
    return sendProblem(
      c,
      problemOf(c, 'unavailable', 'The books cannot be reached right now. Please try again shortly.'),
    )
  }
  return sendProblem(
    c,
    problemOf(c, 'internal-error', 'Please try again; if it stays, tell us the request_id.'),
  )
}

/** Codes of a database that is away, starting, stopping or overloaded: the request may be sent again. */
function isTrouble(code: string): boolean {
  return /^(ECONN|ETIMEDOUT|EPIPE|CONNECT|CONNECTION|57P0|08|53|55P03|40P01|57014)/.test(code)
}

/** What an error is and what caused it, by their classes and types alone: messages may carry data. */
function kindsOf(error: unknown): string {
  const kinds: string[] = []
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { type } = cause as { type?: unknown }
    kinds.push(typeof type === 'string' ? `${cause.name} ${type}` : cause.name)
  }
  return kinds.join(' < ')
}
