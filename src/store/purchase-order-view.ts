import { z } from 'zod'
import { PURCHASE_ORDER_TRANSITIONS, type PurchaseOrderState } from '../domain/purchase-order.ts'
import type { Database, Transaction } from './database.ts'
import { Instant, Money } from './order-view.ts'
import { purchaseOrderLinesOf, readPurchaseOrder, scheduleOf } from './purchase-order.ts'

export const PurchaseOrderView = z
  .object({
    number: z.string(),
    supplier: z.string(),
    state: z.enum(Object.keys(PURCHASE_ORDER_TRANSITIONS) as [PurchaseOrderState, ...PurchaseOrderState[]]),
    version: z.int(),
    deadline: z
      .object({ kind: z.enum(['acknowledge', 'remind', 'overdue']), at: Instant })
      .nullable()
      .meta({ description: 'What it waits for, and until when' }),
    lines: z.array(
      z.object({
        line: z.int(),
        sku: z.string(),
        requested: z.int().meta({ description: 'What was asked for at first' }),
        quantity: z.int().meta({ description: 'What stands now: less what was rejected or withdrawn' }),
        acknowledged: z.int().nullable(),
        received: z.int(),
        to_come: z.int(),
        closed: z.enum(['received', 'rejected', 'withdrawn', 'lapsed']).nullable(),
        expected_at: Instant,
        schedule: z.array(
          z.object({
            quantity: z.int(),
            expected_at: Instant,
            kind: z.enum(['accepted', 'back_ordered', 'shipped']),
          }),
        ),
        unit_price: Money,
      }),
    ),
    created_at: Instant,
  })
  .meta({ id: 'PurchaseOrder' })
export type PurchaseOrderView = z.infer<typeof PurchaseOrderView>

/** A purchase order as the API shows it and as the supplier is sent it. */
export async function purchaseOrderView(
  db: Database | Transaction,
  number: string,
): Promise<PurchaseOrderView | undefined> {
  const [row, lines, schedule] = await Promise.all([
    readPurchaseOrder(db, number),
    purchaseOrderLinesOf(db, number),
    scheduleOf(db, number),
  ])
  if (!row) return undefined
  return {
    number: row.number,
    supplier: row.supplier,
    state: row.state,
    version: row.version,
    deadline:
      row.deadline_kind && row.deadline_at
        ? { kind: row.deadline_kind, at: row.deadline_at.toISOString() }
        : null,
    lines: lines.map((line) => ({
      line: line.line,
      sku: line.sku,
      requested: line.requested,
      quantity: line.agreed,
      acknowledged: line.accepted,
      received: line.received,
      to_come: line.closed ? 0 : Math.max(line.agreed - line.received, 0),
      closed: line.closed_because,
      expected_at: line.expected_at.toISOString(),
      schedule: schedule
        .filter((part) => part.line === line.line)
        .map(({ quantity, expected_at, kind }) => ({
          quantity,
          expected_at: expected_at.toISOString(),
          kind,
        })),
      unit_price: { amount: line.price_minor, currency: row.currency },
    })),
    created_at: row.created_at.toISOString(),
  }
}
