import { createHash } from 'node:crypto'
import type { ReceiptCommand, ReceiptOutcome } from '../domain/receipt.ts'
import { faultAt, Refusal } from '../domain/refusal.ts'
import type { Transaction } from '../store/database.ts'
import { readCommandBody, storeAnswer } from '../store/idempotency-key.ts'
import { unknownItems } from '../store/order.ts'
import { reviewPromises } from '../store/promise.ts'
import {
  lockPurchaseOrder,
  lockPurchaseOrders,
  openLinesFor,
  type PurchaseOrderLineRow,
  purchaseOrderLinesOf,
  readPurchaseOrder,
  updatePurchaseOrder,
  updatePurchaseOrderLine,
} from '../store/purchase-order.ts'
import { findReceipt, insertReceipt } from '../store/receipt.ts'
import { allocateToWaiters, lockStock, move } from '../store/stock.ts'
import { askForSupply, withdrawSurplus } from '../store/supply.ts'
import { wake } from '../store/wake.ts'
import type { Steps } from './steps.ts'

/** Stock comes in (REQUIREMENTS A5, A6): booked once, and at once the waiters'. */
export function createRestockActivities({ steps, passLimit }: { steps: Steps; passLimit: number }) {
  return {
    /**
     * Books a supplier's inventory update in one transaction. The same reference with the same content gets the stored
     * answer, with another one it is refused; a refused update leaves nothing. Raises on hand, closes what is received
     * on the purchase orders, and hands the units to the first waiters.
     */
    async bookReceipt({ command: step, actor, supplier }: ReceiptCommand): Promise<ReceiptOutcome> {
      return steps.runQuietly(step, async (tx) => {
        const update = (await readCommandBody(tx, step)) as InventoryUpdate
        const bodyHash = hashOf(update)
        const booked = await findReceipt(tx, supplier, update.reference)
        if (booked && !booked.body_hash.equals(bodyHash)) {
          throw new Refusal('reference-reused', 'This reference was booked with other lines.', {
            errors: [{ pointer: '/reference', detail: 'was booked with other lines' }],
          })
        }
        if (booked) {
          await storeAnswer(tx, step, 200, booked.answer)
          return { skus_to_drain: [] }
        }
        await refuseUnknownItems(tx, update)
        const skus = [...new Set(update.lines.map((line) => line.sku))].sort()
        await lockStock(tx, skus)
        const matched = []
        for (const [index, line] of update.lines.entries()) {
          matched.push({ ...line, index, open: await linesFor(tx, supplier, line, index) })
        }
        await lockPurchaseOrders(
          tx,
          matched.flatMap(({ open }) => open.map((line) => line.purchase_order)),
        )

        // The receipt's id is the command's: it is the one cause that its movements name.
        const receipt = { id: step, supplier, reference: update.reference, body_hash: bodyHash }
        const answers = []
        const touched = new Set<string>()
        for (const line of matched) answers.push(await bookLine(tx, line, step, touched))
        for (const number of [...touched].sort()) {
          const locked = await lockPurchaseOrder(tx, number)
          if (!locked) continue
          await updatePurchaseOrder(
            tx,
            locked.row,
            {},
            {
              type: 'purchase_order.received',
              actor,
              details: {
                receipt: step,
                lines: answers.filter((line) => line.purchase_orders.includes(number)),
              },
            },
          )
        }
        await wake(
          tx,
          step,
          [...touched].sort().map((number) => `purchase-order/${number}`),
        )
        const toDrain: string[] = []
        for (const sku of skus) {
          const pass = await allocateToWaiters(tx, sku, step, passLimit)
          if (pass.more) toDrain.push(sku)
          await followNeed(tx, sku, answers, step)
        }
        await reviewPromises(tx, skus, step)
        const answer = { reference: update.reference, receipt: step, lines: answers }
        await insertReceipt(
          tx,
          { ...receipt, answer },
          matched.map((line) => ({
            line: line.index + 1,
            sku: line.sku,
            purchase_order: line.open[0]?.purchase_order ?? null,
            purchase_order_line: line.open[0]?.line ?? null,
            received: line.received,
            rejected: line.rejected?.quantity ?? 0,
            reason: line.rejected?.reason ?? null,
          })),
        )
        await storeAnswer(tx, step, 201, answer)
        return { skus_to_drain: toDrain }
      })
    },

    /** One further pass for an item of which many units came at once. `more`: call it again, as another step. */
    async drainStock({ sku, step }: { sku: string; step: string }): Promise<{ more: boolean }> {
      return steps.runQuietly(step, async (tx) => {
        await lockStock(tx, [sku])
        const { more } = await allocateToWaiters(tx, sku, step, passLimit)
        return { more }
      })
    },
  }
}

/** The body of an inventory update as the API checked it. */
type UpdateLine = {
  sku: string
  purchase_order?: string | undefined
  received: number
  rejected?: { quantity: number; reason: string } | undefined
}
type InventoryUpdate = { reference: string; lines: UpdateLine[] }

function hashOf(update: InventoryUpdate): Buffer {
  const canonical = update.lines.map(({ sku, purchase_order, received, rejected }) => [
    sku,
    purchase_order ?? null,
    received,
    rejected ? [rejected.quantity, rejected.reason] : null,
  ])
  return createHash('sha256').update(JSON.stringify(canonical)).digest()
}

async function refuseUnknownItems(tx: Transaction, update: InventoryUpdate): Promise<void> {
  const unknown = await unknownItems(
    tx,
    update.lines.map((line) => line.sku),
  )
  if (unknown.size === 0) return
  throw new Refusal('unknown-item', `Not known: ${[...unknown].join(', ')}.`, {
    errors: update.lines.flatMap(({ sku }, index) =>
      unknown.has(sku) ? [{ pointer: `/lines/${index}/sku`, detail: 'this item is not known' }] : [],
    ),
  })
}

/**
 * The purchase order lines that a delivered line may fill: those of the order it names, or else the supplier's open ones
 * for the item, oldest first; none for goods that nobody ordered.
 */
async function linesFor(
  tx: Transaction,
  supplier: string,
  line: UpdateLine,
  index: number,
): Promise<PurchaseOrderLineRow[]> {
  if (!line.purchase_order) return openLinesFor(tx, supplier, line.sku)
  const order = await readPurchaseOrder(tx, line.purchase_order)
  if (order?.supplier !== supplier)
    throw new Refusal('not-found', `There is no purchase order ${line.purchase_order}.`)
  const lines = (await purchaseOrderLinesOf(tx, order.number)).filter(({ sku }) => sku === line.sku)
  if (lines.length > 0) return lines
  throw faultAt(`/lines/${index}/sku`, `${line.purchase_order} does not ask for ${line.sku}`)
}

/** Suppliers hear what the delivery means for what is wanted: rejected units are asked for anew, surplus is given up. */
async function followNeed(
  tx: Transaction,
  sku: string,
  booked: Awaited<ReturnType<typeof bookLine>>[],
  step: string,
): Promise<void> {
  const lines = booked.filter((line) => line.sku === sku)
  const rejected = lines.reduce((sum, line) => sum + line.rejected, 0)
  if (rejected > 0) await askForSupply(tx, sku, rejected, step)
  if (lines.some((line) => line.over_delivered + line.unordered > 0)) await withdrawSurplus(tx, sku, step)
}

/** Books one delivered line: fills what is to come on its purchase order lines; what is over is booked all the same. */
async function bookLine(
  tx: Transaction,
  delivered: UpdateLine & { index: number; open: PurchaseOrderLineRow[] },
  step: string,
  touched: Set<string>,
) {
  const rejected = delivered.rejected?.quantity ?? 0
  let left = delivered.received
  let refused = rejected
  for (const line of delivered.open) {
    const toCome = line.closed ? 0 : Math.max(line.agreed - line.received, 0)
    const taken = Math.min(left, toCome)
    // Units that were refused at the door will not come again on this order: they are asked for anew.
    const struck = Math.min(refused, toCome - taken)
    if (taken + struck === 0) continue
    left -= taken
    refused -= struck
    const isFilled = taken + struck === toCome
    await updatePurchaseOrderLine(tx, line, {
      received: line.received + taken,
      agreed: line.agreed - struck,
      ...(isFilled ? { closed: true, closed_because: 'received' as const } : {}),
    })
    touched.add(line.purchase_order)
  }
  const last = delivered.open.at(-1)
  if (left > 0 && last) {
    await updatePurchaseOrderLine(tx, last, { received: last.received + left })
    touched.add(last.purchase_order)
  }
  const cause = `receipt/${step}/${delivered.index + 1}`
  await move(tx, { sku: delivered.sku, kind: 'receive', quantity: delivered.received, cause, step })
  return {
    sku: delivered.sku,
    received: delivered.received,
    rejected,
    over_delivered: last ? left : 0,
    unordered: last ? 0 : left,
    purchase_orders: [...new Set(delivered.open.map((line) => line.purchase_order))].filter((number) =>
      touched.has(number),
    ),
  }
}
