import { and, eq, isNull, sql } from 'drizzle-orm'
import { REFUSALS } from '../domain/refusal.ts'
import { type Database, post, type Transaction } from './database.ts'
import { idempotencyKeys } from './schema.ts'

/** How long a request is taken to be worked on before the same key may take it up again. Seconds. */
export const LEASE_SECONDS = 15
/** When a request that is in work is worth asking for again: nearly all are done by then. Seconds. */
const SOON = 1
/** The status of a request whose body and answer were erased together with the person whom they named. */
export const ERASED = REFUSALS.erased.status

export type IdempotencyRow = typeof idempotencyKeys.$inferSelect

/** How a request with an idempotency key stands: to be done now, answered before, in work, or another one's key. */
export type Claim =
  | { kind: 'mine'; row: IdempotencyRow; first: boolean }
  | { kind: 'answered'; status: number; answer: unknown }
  | { kind: 'running'; retry_after_seconds: number }
  | { kind: 'erased' }
  | { kind: 'other-request' }

type KeyedRequest = {
  caller: string
  key: string
  request_hash: Buffer
  body: unknown
  number: string | null
}

const LEASE = sql`now() + make_interval(secs => ${LEASE_SECONDS})`

/** Claims a key that was never seen, which nearly every one is: one statement, also by itself. */
export async function claimNewKey(
  db: Database | Transaction,
  request: KeyedRequest,
): Promise<IdempotencyRow | undefined> {
  const [inserted] = await db
    .insert(idempotencyKeys)
    .values({ ...request, command: sql`gen_random_uuid()`, lease_until: LEASE })
    .onConflictDoNothing()
    .returning()
  return inserted
}

/**
 * Claims a key for a request, in the caller's transaction. A key whose lease has run out is taken up again with the
 * same command id and number, so that what was begun is completed rather than done twice.
 */
export async function claimKey(tx: Transaction, request: KeyedRequest): Promise<Claim> {
  const inserted = await claimNewKey(tx, request)
  if (inserted) return { kind: 'mine', row: inserted, first: true }

  const [row] = await tx
    .select({
      row: idempotencyKeys,
      lease_left: sql<number>`ceil(extract(epoch FROM ${idempotencyKeys.lease_until} - now()))::integer`,
    })
    .from(idempotencyKeys)
    .where(and(eq(idempotencyKeys.caller, request.caller), eq(idempotencyKeys.key, request.key)))
    .for('update')
  if (!row) throw new Error('the idempotency key was removed meanwhile')
  if (!row.row.request_hash.equals(request.request_hash)) return { kind: 'other-request' }
  if (row.row.status === ERASED) return { kind: 'erased' }
  if (row.row.status !== null) return { kind: 'answered', status: row.row.status, answer: row.row.answer }
  if (row.lease_left > 0) return { kind: 'running', retry_after_seconds: Math.min(row.lease_left, SOON) }
  await tx
    .update(idempotencyKeys)
    .set({ lease_until: LEASE })
    .where(eq(idempotencyKeys.command, row.row.command))
  return { kind: 'mine', row: row.row, first: false }
}

/**
 * Stores the answer to a command in the transaction that does its effect: from then on it is the only answer. What was
 * refused is read by nobody any more, so its words are not kept.
 */
export async function storeAnswer(
  tx: Database | Transaction,
  command: string,
  status: number,
  answer: unknown,
): Promise<void> {
  await post(
    tx,
    tx
      .update(idempotencyKeys)
      .set({ status, answer: answer ?? {}, ...(status >= 400 ? { body: {} } : {}) })
      .where(and(eq(idempotencyKeys.command, command), isNull(idempotencyKeys.status))),
  )
}

/** The answer of a command, once there is one. */
export async function readAnswer(
  db: Database,
  command: string,
): Promise<{ status: number; answer: unknown } | undefined> {
  const [row] = await db
    .select({ status: idempotencyKeys.status, answer: idempotencyKeys.answer })
    .from(idempotencyKeys)
    .where(eq(idempotencyKeys.command, command))
  return row && row.status !== null ? { status: row.status, answer: row.answer } : undefined
}

/** The body of the request that a command came with: where activities find free text and addresses. */
export async function readCommandBody(tx: Transaction, command: string): Promise<unknown> {
  const [row] = await tx
    .select({ body: idempotencyKeys.body })
    .from(idempotencyKeys)
    .where(eq(idempotencyKeys.command, command))
  return row?.body
}

/** Ends the lease of a request whose outcome is not known, so that the same key may be tried at once. */
export async function endLease(db: Database, command: string): Promise<void> {
  await db
    .update(idempotencyKeys)
    .set({ lease_until: sql`now()` })
    .where(and(eq(idempotencyKeys.command, command), isNull(idempotencyKeys.status)))
}
