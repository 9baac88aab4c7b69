import type { Command } from '../domain/command.ts'
import type { CustomOrderProgress } from '../domain/custom-order.ts'
import { Refusal } from '../domain/refusal.ts'
import { customOrderProgress, lockCustomOrder } from '../store/custom-order.ts'
import { customOrderView } from '../store/custom-order-view.ts'
import { forfeitCustomOrder } from '../store/forfeiture.ts'
import { readCommandBody, storeAnswer } from '../store/idempotency-key.ts'
import type { Steps } from './steps.ts'

export function createForfeitureActivities({ steps }: { steps: Steps }) {
  return {
    /** An operator ends an order whose buyer does not pay the balance (REQUIREMENTS B5, P4): one transaction. */
    async forfeitCustomOrder(asked: Command & { number: string }): Promise<CustomOrderProgress | null> {
      const { number, command: step, actor } = asked
      return steps.run(step, async (tx) => {
        const locked = await lockCustomOrder(tx, number)
        if (!locked) throw new Refusal('not-found', `There is no custom order ${number}.`)
        const { reason } = (await readCommandBody(tx, step)) as { reason: string }
        await forfeitCustomOrder(tx, locked.row, { actor, step, note: reason })
        await storeAnswer(tx, step, 200, await customOrderView(tx, number))
        return customOrderProgress(tx, number)
      })
    },
  }
}
