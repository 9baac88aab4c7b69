import { and, asc, eq, sql } from 'drizzle-orm'
import { after } from '../domain/period.ts'
import type { PurchaseOrderProgress, PurchaseOrderState, SchedulePart } from '../domain/purchase-order.ts'
import { type Database, type Locked, post, type Transaction, transactionTime } from './database.ts'
import { isUntold, type NewEvent, recordEvent } from './event.ts'
import { purchaseOrderLines, purchaseOrders, scheduleLines } from './schema.ts'
import { readSupplier } from './supplier.ts'
import { ASKED_SUPPLIER, NEED } from './supply.ts'

export type PurchaseOrderRow = typeof purchaseOrders.$inferSelect
export type PurchaseOrderLineRow = typeof purchaseOrderLines.$inferSelect

/** What this supplier is to be asked for now. `need` is in units, before rounding up to packs. */
export type SupplierNeed = {
  sku: string
  need: number
  pack_size: number
  lead_seconds: number
  price_minor: number
  currency: string
}

/** The items for which this supplier may be the one to ask, or from whom too much may be to come; a first look, unlocked. */
export async function itemsToConsider(tx: Transaction, supplier: string): Promise<string[]> {
  const rows = await tx.execute<{ sku: string }>(sql`
    SELECT l.sku FROM stock_levels l JOIN supplier_items s ON s.sku = l.sku AND s.supplier = ${supplier}
     WHERE l.outstanding > 0
    UNION
    SELECT p.sku FROM purchase_order_lines p JOIN purchase_orders o ON o.number = p.purchase_order
     WHERE o.supplier = ${supplier} AND o.ended_at IS NULL AND NOT p.closed
     ORDER BY 1`)
  return rows.map((row) => row.sku)
}

/**
 * Per locked item: what is lacking and this supplier is the one to ask for (need > 0), or what is too much (need < 0)
 * beyond what other suppliers were asked to give up already.
 */
export async function needsFrom(tx: Transaction, supplier: string, skus: string[]): Promise<SupplierNeed[]> {
  const rows = await tx.execute<SupplierNeed>(sql`
    SELECT n.sku, CASE WHEN n.need > 0 THEN n.need ELSE n.need + n.asked_back END AS need,
           s.pack_size, s.lead_seconds, s.price_minor::float8 AS price_minor, s.currency
      FROM (SELECT l.sku, ${NEED} AS need, ${ASKED_SUPPLIER} AS asked,
                   COALESCE((SELECT sum(p.agreed - GREATEST(p.change_requested, p.received))
                               FROM purchase_order_lines p JOIN purchase_orders o ON o.number = p.purchase_order
                              WHERE p.sku = l.sku AND NOT p.closed AND p.change_requested < p.agreed
                                AND o.supplier <> ${supplier}), 0)::integer AS asked_back
              FROM stock_levels l
             WHERE l.sku IN (SELECT jsonb_array_elements_text(${JSON.stringify(skus)}::jsonb))) AS n
      JOIN supplier_items s ON s.sku = n.sku AND s.supplier = ${supplier}
     WHERE (n.need < 0 AND n.need + n.asked_back < 0) OR (n.need > 0 AND n.asked = ${supplier})
     ORDER BY n.sku`)
  return [...rows]
}

export async function insertPurchaseOrder(
  tx: Transaction,
  order: typeof purchaseOrders.$inferInsert,
  lines: (typeof purchaseOrderLines.$inferInsert)[],
): Promise<void> {
  await post(tx, tx.insert(purchaseOrders).values(order))
  await post(tx, tx.insert(purchaseOrderLines).values(lines))
}

export async function readPurchaseOrder(
  db: Database | Transaction,
  number: string,
): Promise<PurchaseOrderRow | undefined> {
  const [row] = await db.select().from(purchaseOrders).where(eq(purchaseOrders.number, number))
  return row
}

/** The purchase order, locked; the caller holds the stock rows of its items. */
export async function lockPurchaseOrder(
  tx: Transaction,
  number: string,
): Promise<Locked<PurchaseOrderRow> | undefined> {
  const [row] = await tx
    .select({ row: purchaseOrders, now: transactionTime })
    .from(purchaseOrders)
    .where(eq(purchaseOrders.number, number))
    .for('no key update')
  return row
}

/** Purchase orders locked in the order of their numbers, which is how everybody takes several; the caller holds the stock rows. */
export async function lockPurchaseOrders(tx: Transaction, numbers: string[]): Promise<void> {
  const given = sql`SELECT jsonb_array_elements_text(${JSON.stringify(numbers)}::jsonb)`
  await tx.execute(
    sql`SELECT number FROM purchase_orders WHERE number IN (${given}) ORDER BY number FOR NO KEY UPDATE`,
  )
}

export async function purchaseOrderLinesOf(
  db: Database | Transaction,
  number: string,
): Promise<PurchaseOrderLineRow[]> {
  return db
    .select()
    .from(purchaseOrderLines)
    .where(eq(purchaseOrderLines.purchase_order, number))
    .orderBy(asc(purchaseOrderLines.line))
}

/** A supplier's lines for an item on which something is still to come, oldest purchase order first. */
export async function openLinesFor(
  tx: Transaction,
  supplier: string,
  sku: string,
): Promise<PurchaseOrderLineRow[]> {
  const rows = await tx
    .select({ line: purchaseOrderLines })
    .from(purchaseOrderLines)
    .innerJoin(purchaseOrders, eq(purchaseOrders.number, purchaseOrderLines.purchase_order))
    .where(
      and(
        eq(purchaseOrders.supplier, supplier),
        eq(purchaseOrderLines.sku, sku),
        eq(purchaseOrderLines.closed, false),
      ),
    )
    .orderBy(asc(purchaseOrders.created_at), asc(purchaseOrders.number), asc(purchaseOrderLines.line))
  return rows.map((row) => row.line)
}

export async function updatePurchaseOrderLine(
  tx: Transaction,
  line: PurchaseOrderLineRow,
  set: Partial<Omit<PurchaseOrderLineRow, 'purchase_order' | 'line' | 'sku' | 'requested'>>,
): Promise<void> {
  await post(
    tx,
    tx
      .update(purchaseOrderLines)
      .set(set)
      .where(
        and(
          eq(purchaseOrderLines.purchase_order, line.purchase_order),
          eq(purchaseOrderLines.line, line.line),
        ),
      ),
  )
  Object.assign(line, set)
}

/** When the units of a line come, in parts; replaces what was known before. */
export async function replaceSchedule(
  tx: Transaction,
  line: PurchaseOrderLineRow,
  parts: SchedulePart[],
): Promise<void> {
  await post(
    tx,
    tx
      .delete(scheduleLines)
      .where(and(eq(scheduleLines.purchase_order, line.purchase_order), eq(scheduleLines.line, line.line))),
  )
  const { purchase_order, line: number } = line
  if (parts.length > 0)
    await post(
      tx,
      tx.insert(scheduleLines).values(
        parts.map(({ quantity, expected_at, kind }) => ({
          purchase_order,
          line: number,
          quantity,
          expected_at,
          kind,
        })),
      ),
    )
}

export async function scheduleOf(db: Database | Transaction, number: string) {
  return db
    .select()
    .from(scheduleLines)
    .where(eq(scheduleLines.purchase_order, number))
    .orderBy(asc(scheduleLines.line), asc(scheduleLines.expected_at), asc(scheduleLines.id))
}

/**
 * Moves the locked purchase order on, with its event. Its state follows from its lines: acknowledged once every open
 * line is, and then it waits for its goods; closed once nothing is to come on any. `by_dates`: the lines' dates have
 * changed, and with them when it is overdue. The version rises with every change.
 */
export async function updatePurchaseOrder(
  tx: Transaction,
  row: PurchaseOrderRow,
  set: { deadline?: PurchaseOrderDeadline | 'by_dates' },
  event: Pick<NewEvent, 'type' | 'actor' | 'details'> & { note?: string | null },
): Promise<PurchaseOrderRow> {
  const open = (await purchaseOrderLinesOf(tx, row.number)).filter((line) => !line.closed)
  const state = stateOf(open)
  let deadline: PurchaseOrderDeadline | null | undefined
  if (state === 'closed') deadline = null
  else if (set.deadline && set.deadline !== 'by_dates') deadline = set.deadline
  else if (state === 'acknowledged' && (set.deadline === 'by_dates' || row.state === 'sent'))
    deadline = await overdueAfter(tx, row.supplier, open)
  const [changed] = await tx
    .update(purchaseOrders)
    .set({
      state,
      version: sql`${purchaseOrders.version} + 1`,
      ...(deadline === undefined
        ? {}
        : { deadline_kind: deadline?.kind ?? null, deadline_at: deadline?.at ?? null }),
      ...(state === 'closed' && !row.ended_at ? { ended_at: sql`now()` } : {}),
    })
    .where(eq(purchaseOrders.number, row.number))
    .returning()
  if (!changed) throw new Error('the purchase order is gone')
  await recordEvent(tx, {
    number: row.number,
    sequence: changed.version,
    from: row.state,
    to: state,
    audience: { channel: 'supplier', recipient: row.supplier },
    ...event,
  })
  return changed
}

type PurchaseOrderDeadline = { kind: NonNullable<PurchaseOrderRow['deadline_kind']>; at: Date }

function stateOf(open: PurchaseOrderLineRow[]): PurchaseOrderState {
  if (open.length === 0) return 'closed'
  return open.some((line) => line.accepted === null) ? 'sent' : 'acknowledged'
}

async function overdueAfter(
  tx: Transaction,
  supplier: string,
  open: PurchaseOrderLineRow[],
): Promise<PurchaseOrderDeadline> {
  const last = new Date(Math.max(...open.map((line) => line.expected_at.getTime())))
  return { kind: 'overdue', at: after(last, (await readSupplier(tx, supplier))?.overdue_seconds ?? 0) }
}

/** What the purchase order's workflow sees of it; null when there is no such purchase order. */
export async function purchaseOrderProgress(
  db: Database | Transaction,
  number: string,
): Promise<PurchaseOrderProgress | null> {
  const rows = await db
    .select({ row: purchaseOrders, untold: isUntold('purchase_orders'), sku: purchaseOrderLines.sku })
    .from(purchaseOrders)
    .innerJoin(purchaseOrderLines, eq(purchaseOrderLines.purchase_order, purchaseOrders.number))
    .where(eq(purchaseOrders.number, number))
    .orderBy(asc(purchaseOrderLines.line))
  const [first] = rows
  if (!first) return null
  const { state, version, supplier, deadline_kind, deadline_at } = first.row
  return {
    number,
    state,
    version,
    untold: first.untold,
    supplier,
    skus: rows.map((row) => row.sku),
    deadline_kind,
    deadline_at: deadline_at?.toISOString() ?? null,
  }
}
