import type { UpdateDefinition } from '@temporalio/common'
import type { Target } from '../clients/command.ts'
import * as commands from '../clients/command.ts'
import type { Command, Outcome } from '../domain/command.ts'
import { REFUSALS, Refusal } from '../domain/refusal.ts'
import { wake } from '../store/wake.ts'
import type { ApiKit } from './kit.ts'

/**
 * Sends a command to its process and waits for the outcome, as `clients/command.ts` does. Where no outcome came, the step may be
 * done although its process never hears of it: Temporal has a command that is under way in its memory alone. So the process is to
 * look at its row, for which `reconcile` cares within a minute (REQUIREMENTS A9).
 *
 * @throws Refusal as `clients/command.ts` does.
 */
export async function send<Args extends [Command]>(
  kit: ApiKit,
  target: Target,
  update: UpdateDefinition<Outcome, Args>,
  ...args: Args
): Promise<void> {
  await toldOf(kit, target, args[0].command, () => commands.send(kit.temporal, target, update, ...args))
}

/** Starts the process of an order that was just stored and waits until it is placed. Throws as `send` does. */
export async function place(
  kit: ApiKit,
  order: { kind: 'order' | 'custom-order'; number: string },
  update: UpdateDefinition<Outcome>,
  command: string,
): Promise<void> {
  await toldOf(kit, order, command, () => commands.place(kit.temporal, order, update, command))
}

async function toldOf(
  kit: ApiKit,
  target: Target,
  command: string,
  work: () => Promise<Outcome>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    const isFinal = error instanceof Refusal && REFUSALS[error.type].status < 500
    // One that is made for a command alone has nothing else to look at: what its step left behind is done without it.
    if (!isFinal && 'kind' in target) await leaveWake(kit, `${target.kind}/${target.number}`, command)
    throw error
  }
}

async function leaveWake(kit: ApiKit, workflow: string, command: string): Promise<void> {
  try {
    await wake(kit.db, command, [workflow])
  } catch (error) {
    kit.log.warn({ kind: error instanceof Error ? error.name : 'unknown' }, 'could not leave a wake')
  }
}
