import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { newNumber } from '../domain/number.ts'
import { after } from '../domain/period.ts'
import { inPacks, wholePacks } from '../domain/purchase-order.ts'
import type { Database, Transaction } from '../store/database.ts'
import { transactionTime } from '../store/database.ts'
import { recordEvent } from '../store/event.ts'
import { reviewPromises } from '../store/promise.ts'
import {
  insertPurchaseOrder,
  itemsToConsider,
  lockPurchaseOrder,
  lockPurchaseOrders,
  needsFrom,
  openLinesFor,
  type PurchaseOrderLineRow,
  type SupplierNeed,
  updatePurchaseOrder,
  updatePurchaseOrderLine,
} from '../store/purchase-order.ts'
import { lockStock } from '../store/stock.ts'
import { readSupplier, type SupplierRow } from '../store/supplier.ts'
import { wake } from '../store/wake.ts'
import type { Steps } from './steps.ts'

/** Most lines of one purchase order; whatever is lacking beyond them goes into another. */
export const MOST_LINES = 100

/** What a supplier is asked for, all items at once (REQUIREMENTS A4, A5). */
export function createPurchasingActivities({ db, steps }: { db: Database; steps: Steps }) {
  return {
    /** How long demand for this supplier is gathered, in seconds; null for a supplier that is not known. */
    async gatherSeconds(supplier: string): Promise<number | null> {
      return (await readSupplier(db, supplier))?.gather_seconds ?? null
    },

    /**
     * Works out what is lacking and what is too much, under the locks of the items: one new purchase order with a line
     * per lacking item; what is too much is taken back from lines that are not acknowledged yet, and for acknowledged
     * ones the supplier is asked to change them. Done twice it finds nothing left to do, so each run is a step of its
     * own: a repeat has to see the need that arose since. `more`: the purchase order is full; call it again for the rest.
     */
    async settleNeed(supplier: string): Promise<{ purchase_order: string | null; more: boolean }> {
      const step = `settle-need/${randomUUID()}`
      return steps.run(step, async (tx) => {
        const house = await readSupplier(tx, supplier)
        if (!house) return { purchase_order: null, more: false }
        const skus = await itemsToConsider(tx, supplier)
        await lockStock(tx, skus)
        const needs = await needsFrom(tx, supplier, skus)
        const tooMuch = needs.filter(({ need }) => need < 0)
        const open: PurchaseOrderLineRow[] = []
        for (const { sku } of tooMuch) open.push(...(await openLinesFor(tx, supplier, sku)))
        await lockPurchaseOrders(
          tx,
          open.map((line) => line.purchase_order),
        )
        for (const surplus of tooMuch) await giveUpSurplus(tx, house, surplus, step)
        await reviewPromises(
          tx,
          tooMuch.map(({ sku }) => sku),
          step,
        )
        const lacking = needs.filter(({ need }) => need > 0)
        return {
          purchase_order: await order(tx, house, lacking.slice(0, MOST_LINES), step),
          more: lacking.length > MOST_LINES,
        }
      })
    },
  }
}

async function order(
  tx: Transaction,
  supplier: SupplierRow,
  needs: SupplierNeed[],
  step: string,
): Promise<string | null> {
  const [first] = needs
  if (!first) return null
  const [clock] = await tx.execute<{ now: string }>(sql`SELECT ${transactionTime} AS now`)
  const now = new Date(clock?.now ?? '')
  const number = newNumber('purchaseOrder')
  const deadline_at = after(now, supplier.acknowledge_seconds)
  const lines = needs.map((need, index) => {
    const quantity = inPacks(need.need, need.pack_size)
    return {
      purchase_order: number,
      line: index + 1,
      sku: need.sku,
      requested: quantity,
      agreed: quantity,
      price_minor: need.price_minor,
      expected_at: after(now, need.lead_seconds),
    }
  })
  await insertPurchaseOrder(
    tx,
    {
      number,
      supplier: supplier.id,
      state: 'sent',
      currency: first.currency,
      deadline_kind: 'acknowledge',
      deadline_at,
    },
    lines,
  )
  await recordEvent(tx, {
    number,
    sequence: 1,
    type: 'purchase_order.created',
    actor: 'house',
    from: null,
    to: 'sent',
    details: {
      lines: lines.map(({ line, sku, requested }) => ({ line, sku, quantity: requested })),
      deadline_at,
    },
    audience: { channel: 'supplier', recipient: supplier.id },
  })
  await wake(tx, step, [`purchase-order/${number}`])
  return number
}

/** The youngest lines give way first: the oldest are the likeliest to be on their way. */
async function giveUpSurplus(
  tx: Transaction,
  supplier: SupplierRow,
  surplus: SupplierNeed,
  step: string,
): Promise<void> {
  let tooMuch = -surplus.need
  for (const line of (await openLinesFor(tx, supplier.id, surplus.sku)).reverse()) {
    const units = Math.min(wholePacks(tooMuch, surplus.pack_size), line.agreed - line.received)
    if (units <= 0) continue
    const locked = await lockPurchaseOrder(tx, line.purchase_order)
    if (!locked) continue
    const wanted = line.agreed - units
    tooMuch -= units
    if (line.accepted === null) {
      const isWithdrawn = wanted === line.received
      await updatePurchaseOrderLine(tx, line, {
        agreed: wanted,
        ...(isWithdrawn ? { closed: true, closed_because: 'withdrawn' as const } : {}),
      })
      await updatePurchaseOrder(
        tx,
        locked.row,
        {},
        {
          type: isWithdrawn ? 'purchase_order.line_withdrawn' : 'purchase_order.change_requested',
          actor: 'house',
          details: { line: line.line, quantity: wanted },
        },
      )
      await wake(tx, step, [`purchase-order/${line.purchase_order}`])
    } else if (line.change_requested !== wanted) {
      await updatePurchaseOrderLine(tx, line, { change_requested: wanted })
      await updatePurchaseOrder(
        tx,
        locked.row,
        {},
        {
          type: 'purchase_order.change_requested',
          actor: 'house',
          details: { line: line.line, quantity: wanted },
        },
      )
      await wake(tx, step, [`purchase-order/${line.purchase_order}`])
    }
  }
}
