import type { Context } from 'hono'
import type { Transaction } from '../store/database.ts'
import { storeAnswer } from '../store/idempotency-key.ts'
import { inStep } from '../store/step.ts'
import { answerOnce, type Request } from './idempotency.ts'
import type { ApiEnv, ApiKit } from './kit.ts'

/** A request whose whole effect is one transaction of ours, without any process: what came, and the status of the yes. */
export type BookRequest = Pick<Request, 'key' | 'body' | 'number'> & { status: 200 | 201 | 202 }

/** Answers such a request exactly once; `effect` does it and gives the answer, in the transaction that stores both. */
export async function answerFromBooks(
  c: Context<ApiEnv>,
  kit: ApiKit,
  { status, ...request }: BookRequest,
  effect: (tx: Transaction, command: string, number: string | null) => Promise<object>,
): Promise<Response> {
  return answerOnce(c, kit, {
    ...request,
    kept: {},
    work: async ({ command, number }) => {
      await inStep(kit.db, command, async (tx) => {
        await storeAnswer(tx, command, status, await effect(tx, command, number))
        return null
      })
    },
  })
}

/**
 * The same for what has a secret: it is in the first answer only. The stored answer, which a repeat gets, has null
 * in its place: no secret lies in the clear among the answers, and who lost it makes a new one.
 */
export async function answerWithSecret(
  c: Context<ApiEnv>,
  kit: ApiKit,
  request: BookRequest,
  effect: (tx: Transaction) => Promise<{ answer: object; secret: string }>,
): Promise<Response> {
  let shown: object | undefined
  const response = await answerFromBooks(c, kit, request, async (tx) => {
    const { answer, secret } = await effect(tx)
    shown = { ...answer, secret }
    return { ...answer, secret: null }
  })
  return shown && response.ok ? c.json(shown, request.status) : response
}
