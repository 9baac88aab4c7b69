import * as workflow from '@temporalio/workflow'
import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow'
import type { ReceiptOutcome } from '../domain/receipt.ts'
import { bookReceipt, countStock } from './messages.ts'
import { books, outside, refusalOf } from './story.ts'

/**
 * Stock comes in, `restock/<supplier>/<hash of reference>` (REQUIREMENTS A5, A6): the supplier's update is booked in one
 * transaction that also serves the first waiters; whoever is left is served in bounded passes; all of them are woken.
 */
export async function restock(supplier: string): Promise<void> {
  const draining = new Draining()
  setHandler(bookReceipt, (asked) =>
    draining.command(asked.command, () => books.bookReceipt({ ...asked, supplier })),
  )
  await draining.untilDone()
}

/** An operator's count, `stock-count/<command>`: the books follow the shelf, and the queue follows the books. */
export async function stockCount(): Promise<void> {
  const draining = new Draining()
  setHandler(countStock, (asked) => draining.command(asked.command, () => books.countStock(asked)))
  await draining.untilDone()
}

/** Takes commands that change stock, and hands out in further passes what one transaction could not. */
class Draining {
  private running = 0
  private commands = 0
  private readonly toDrain: { sku: string; step: string }[] = []
  private readonly toWake: string[] = []

  async command(step: string, transaction: () => Promise<ReceiptOutcome>): Promise<{ version: number }> {
    this.running += 1
    try {
      const { skus_to_drain } = await transaction()
      this.toWake.push(step)
      this.toDrain.push(...skus_to_drain.map((sku) => ({ sku, step })))
      return { version: 1 }
    } catch (error) {
      const refusal = refusalOf(error)
      // Nothing was booked; the run ends well, so that the reference may be used again.
      if (refusal instanceof ApplicationFailure) throw refusal
      throw error
    } finally {
      this.running -= 1
      this.commands += 1
    }
  }

  async untilDone(): Promise<void> {
    await condition(() => this.commands > 0)
    // Another command may come in while the last one's units are handed out.
    do {
      await condition(() => this.running === 0)
      await this.handOut()
      await condition(workflow.allHandlersFinished)
    } while (this.toWake.length > 0)
    workflow.setCurrentDetails('Booked, handed out, and the waiters told.')
  }

  private async handOut(): Promise<void> {
    const waking = this.toWake.splice(0).map((step) => wakeAll(step))
    for (const { sku, step } of this.toDrain.splice(0)) {
      let more = true
      for (let pass = 2; more; pass++) {
        const passStep = `${step}/${sku}/pass/${pass}`
        workflow.setCurrentDetails(`Hands out ${sku} to its waiters: pass ${pass}.`)
        more = (await outside.drainStock({ sku, step: passStep })).more
        waking.push(wakeAll(passStep))
      }
    }
    await Promise.all(waking)
  }
}

/**
 * The first few from here; where there are many, the rest from wherever a worker is free. The answer to the supplier goes
 * out with the first task that is not done here, so it does not wait for a long queue to be told.
 */
async function wakeAll(step: string): Promise<void> {
  if (!(await books.drainWakes({ step, limit: 20 })).more) return
  while ((await outside.drainWakes({ step, limit: 200 })).more);
}
