import type { Command } from '../domain/command.ts'
import type { ReceiptOutcome } from '../domain/receipt.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Transaction } from '../store/database.ts'
import { recordEvent } from '../store/event.ts'
import { readCommandBody, storeAnswer } from '../store/idempotency-key.ts'
import {
  allocateToWaiters,
  holdersOf,
  type Level,
  lockStock,
  move,
  nextItemSequence,
  takeBack,
} from '../store/stock.ts'
import { askForSupply, withdrawSurplus } from '../store/supply.ts'
import type { Steps } from './steps.ts'

/** An operator counted the shelf (DESIGN §3, stock counts): the books follow, and the queue follows the books. */
export function createStockCountActivities({ steps, passLimit }: { steps: Steps; passLimit: number }) {
  return {
    /**
     * Sets each item's on hand to what was counted, all or none. More units go to the waiters at once. Fewer than are
     * promised take units back from the youngest unconfirmed back orders, who wait again at their old place and are
     * told; where even that is not enough it is refused, naming who holds them.
     */
    async countStock({ command: step, actor }: Command): Promise<ReceiptOutcome> {
      return steps.runQuietly(step, async (tx) => {
        const { counts, reason } = (await readCommandBody(tx, step)) as StockCount
        const levels = await lockStock(
          tx,
          counts.map(({ sku }) => sku),
        )
        refuseUnknown(counts, levels)
        const toDrain: string[] = []
        for (const count of [...counts].sort((a, b) => (a.sku < b.sku ? -1 : 1))) {
          const level = levels.get(count.sku)
          if (!level) continue
          const index = counts.indexOf(count)
          const difference = count.counted - level.on_hand
          if (difference < 0) await countDown(tx, count, level, step, index)
          await move(tx, {
            sku: count.sku,
            kind: 'count_up',
            quantity: Math.max(difference, 0),
            cause: `count/${step}`,
            step,
          })
          await recordEvent(tx, {
            number: `item/${count.sku}`,
            sequence: await nextItemSequence(tx, count.sku),
            type: 'item.counted',
            actor,
            from: null,
            to: null,
            details: { before: level.on_hand, counted: count.counted },
            note: reason,
          })
          const pass = await allocateToWaiters(tx, count.sku, step, passLimit)
          if (pass.more) toDrain.push(count.sku)
          if (difference > 0) await withdrawSurplus(tx, count.sku, step)
        }
        await storeAnswer(tx, step, 200, {
          counts: counts.map(({ sku, counted }) => ({ sku, before: levels.get(sku)?.on_hand, counted })),
        })
        return { skus_to_drain: toDrain }
      })
    },
  }
}

/** The body of a stock count as the API checked it: units on the shelf, those promised included. */
type StockCount = { counts: { sku: string; counted: number }[]; reason: string }

function refuseUnknown(counts: StockCount['counts'], levels: Map<string, Level>): void {
  const errors = counts.flatMap(({ sku }, index) =>
    levels.has(sku) ? [] : [{ pointer: `/counts/${index}/sku`, detail: 'this item is not known' }],
  )
  if (errors.length > 0) throw new Refusal('unknown-item', 'Some of these items are not known.', { errors })
}

async function countDown(
  tx: Transaction,
  { sku, counted }: { sku: string; counted: number },
  level: Level,
  step: string,
  index: number,
): Promise<void> {
  const overPromised = level.allocated - counted
  if (overPromised > 0) {
    const taken = await takeBack(tx, sku, overPromised, step)
    if (taken < overPromised) {
      const holders = await holdersOf(tx, sku)
      const detail = `${level.allocated - taken} of ${sku} are held by orders whose offer still stands: ${holders.join(', ')}`
      throw new Refusal('stock-promised', `${detail}.`, {
        holders,
        errors: [{ pointer: `/counts/${index}/counted`, detail }],
      })
    }
  }
  await move(tx, { sku, kind: 'count_down', quantity: level.on_hand - counted, cause: `count/${step}`, step })
  if (overPromised > 0) await askForSupply(tx, sku, overPromised, step)
}
