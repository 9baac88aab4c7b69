import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { REFUSALS, Refusal } from '../domain/refusal.ts'
import { type Transaction, transact } from '../store/database.ts'
import {
  type Claim,
  claimKey,
  claimNewKey,
  ERASED,
  endLease,
  type IdempotencyRow,
  readAnswer,
  storeAnswer,
} from '../store/idempotency-key.ts'
import type { ApiEnv, ApiKit } from './kit.ts'
import { type Problem, problemOf, sendProblem } from './problem.ts'

/** What an idempotency key may be, in whichever header it comes. */
export const KEY = /^[\x21-\x7e]{1,255}$/

/** The key that the caller gave this request. */
export function idempotencyKeyOf(c: Context): string {
  const key = c.req.header('idempotency-key')
  if (!key)
    throw new Refusal(
      'idempotency-key-missing',
      'Any unique text will do; send the same one when you repeat the request.',
    )
  if (!KEY.test(key)) {
    throw new Refusal(
      'malformed-request',
      'An Idempotency-Key is 1 to 255 visible ASCII characters without spaces.',
    )
  }
  return key
}

export type Request = {
  key: string
  body: unknown
  /**
   * The number of what it creates or is about, by which its body and answer are found when the person whom they name is
   * erased; null where they can name no customer or prospect.
   */
  number: string | null
  /**
   * What is kept of the body, for activities to read; all of it unless told otherwise. Work that is done here needs none of
   * it, and a request that never came to an end then holds nobody's name (REQUIREMENTS B2, P6).
   */
  kept?: object
  /** What is stored together with the key, when the request is seen for the first time. */
  first?: (tx: Transaction, row: IdempotencyRow) => Promise<void>
  /** Does the work, or completes it. The effect's own transaction stores the answer under `row.command`. */
  work: (row: IdempotencyRow) => Promise<void>
}

/** What a request came to: the status and body of its one answer; from 400 on the body is a problem. */
export type Outcome = { status: number; answer: unknown }

/**
 * Answers a creating or commanding request exactly once (DESIGN §6): the same key with the same request gets the first
 * answer, with another one 422, while it is in work 409. What was begun by a process that died is completed under the
 * same command, never done anew.
 */
export async function answerOnce(c: Context<ApiEnv>, kit: ApiKit, request: Request): Promise<Response> {
  const { status, answer } = await outcomeOnce(c, kit, request)
  if (status >= 400) return sendProblem(c, answer as Problem)
  return c.json(answer as object, status as ContentfulStatusCode)
}

/** The same for whoever shows the outcome in another way than as JSON. */
export async function outcomeOnce(c: Context<ApiEnv>, kit: ApiKit, request: Request): Promise<Outcome> {
  const claim = await claimFor(c, kit, request)
  switch (claim.kind) {
    case 'other-request':
      throw new Refusal('idempotency-key-reused', 'Use a new key for a new request.')
    case 'running':
      throw new Refusal('request-running', 'Send it again in a moment to learn the outcome.', {
        retry_after_seconds: claim.retry_after_seconds,
      })
    case 'erased':
      throw wasErased()
    case 'answered':
      return { status: claim.status, answer: claim.answer }
    case 'mine':
      return work(c, kit, request, claim.row)
  }
}

async function claimFor(c: Context<ApiEnv>, kit: ApiKit, request: Request): Promise<Claim> {
  const keyed = {
    caller: c.var.caller.scope,
    key: request.key,
    request_hash: hashOf(c, request.body),
    body: request.kept ?? request.body,
    number: request.number,
  }
  const { first } = request
  if (!first) {
    // With nothing to store beside it, a new key takes no transaction.
    const row = await claimNewKey(kit.db, keyed)
    if (row) return { kind: 'mine', row, first: true }
  }
  return transact(kit.db, async (tx) => {
    const claimed = await claimKey(tx, keyed)
    if (claimed.kind === 'mine' && claimed.first) await first?.(tx, claimed.row)
    return claimed
  })
}

async function work(
  c: Context<ApiEnv>,
  kit: ApiKit,
  request: Request,
  row: IdempotencyRow,
): Promise<Outcome> {
  try {
    await request.work(row)
  } catch (error) {
    if (error instanceof Refusal && REFUSALS[error.type].status < 500) {
      // The no is as final as a yes: a repeat must not get another answer.
      const problem = problemOf(c, error.type, error.message, error.members)
      await storeAnswer(kit.db, row.command, problem.status, problem)
      // An answer that came from elsewhere meanwhile stands.
      return (await answerTo(kit, row.command)) ?? { status: problem.status, answer: problem }
    }
    await endLease(kit.db, row.command).catch(() => {})
    throw error
  }
  const answer = await answerTo(kit, row.command)
  if (!answer) throw new Error('the work was done without an answer')
  return answer
}

async function answerTo(kit: ApiKit, command: string): Promise<Outcome | undefined> {
  const answer = await readAnswer(kit.db, command)
  if (answer?.status === ERASED) throw wasErased()
  return answer
}

function wasErased(): Refusal {
  return new Refusal('erased', 'It was carried out; its answer is erased with the person whom it named.')
}

/** What makes a request the same: method, path and body, whatever the order of the body's members. */
function hashOf(c: Context, body: unknown): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([c.req.method, c.req.path, sorted(body)]))
    .digest()
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  )
}
