import type { UpdateDefinition } from '@temporalio/common'
import type { Context } from 'hono'
import type { ProcessKind } from '../clients/look.ts'
import type { Command, Outcome } from '../domain/command.ts'
import { answerOnce, idempotencyKeyOf } from './idempotency.ts'
import type { ApiEnv, ApiKit } from './kit.ts'
import { send } from './send.ts'

/**
 * Sends a command to the process of a number, and answers it exactly once. `facts` makes what goes through Temporal
 * beside who asks, and may refuse; it gets the time at which the request first came, so that it judges a repeat as it
 * judged the first one, whose command may be under way. The `body` as it came is stored under the command's id, where
 * the step finds free text and addresses.
 */
export async function commandOnce<C extends Command>(
  c: Context<ApiEnv>,
  kit: ApiKit,
  command: {
    to: { kind: ProcessKind; number: string }
    update: UpdateDefinition<Outcome, [C]>
    facts: (askedAt: Date) => Omit<C, keyof Command>
    body: unknown
  },
): Promise<Response> {
  const { to, update, facts, body } = command
  const { actor } = c.var.caller
  return answerOnce(c, kit, {
    key: idempotencyKeyOf(c),
    body,
    number: to.number,
    work: async ({ command, created_at }) => {
      await send(kit, to, update, { ...facts(created_at), command, actor } as C)
    },
  })
}
