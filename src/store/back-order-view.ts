import { z } from 'zod'
import { BACK_ORDER_ACTIONS, BACK_ORDER_TRANSITIONS, type BackOrderState } from '../domain/back-order.ts'
import { allowed } from '../domain/states.ts'
import { type BackOrderRow, EXACT_POSITIONS, readBackOrder, waitersAhead } from './back-order.ts'
import type { Database, Transaction } from './database.ts'
import { Deadline, Instant, Money } from './order-view.ts'
import { readPayment } from './payment.ts'
import { PaymentDue, paymentDue } from './payment-view.ts'

export const BackOrderView = z
  .object({
    number: z.string(),
    order: z.string(),
    line: z.int(),
    sku: z.string(),
    state: z.enum(Object.keys(BACK_ORDER_TRANSITIONS) as [BackOrderState, ...BackOrderState[]]),
    version: z.int(),
    ordered: z.int(),
    shortfall: z
      .int()
      .meta({ description: 'What could not be promised when it was accepted; kept as it was then' }),
    allocated: z.int().meta({ description: 'Units set aside for it' }),
    outstanding: z.int().meta({ description: 'Units it still lacks' }),
    ahead: z.int().nullable().meta({
      description: 'Waiting back orders before it in the queue of its item; null when it does not wait',
    }),
    ahead_is_exact: z.boolean().meta({ description: `False when more than ${EXACT_POSITIONS} are ahead` }),
    explanation: z.string().meta({ description: 'Where it stands, in words' }),
    promised_at: Instant.nullable().meta({
      description: 'When its units are expected, as the customer was told',
    }),
    deadline: Deadline.nullable(),
    deliver_on: z.iso.date().nullable(),
    delivery: z.string().nullable(),
    payment: PaymentDue.nullable().meta({
      description: 'What its confirmation asked to be paid, where the house takes the payment',
    }),
    unit_price: Money,
    allowed_actions: z.array(z.enum(BACK_ORDER_ACTIONS)),
    created_at: Instant,
  })
  .meta({ id: 'BackOrder' })
export type BackOrderView = z.infer<typeof BackOrderView>

/** A back order as the API shows it. */
export async function backOrderView(
  db: Database | Transaction,
  number: string,
): Promise<BackOrderView | undefined> {
  const row = await readBackOrder(db, number)
  return row && viewOf(db, row)
}

/** A back order's row as the API shows it. */
export async function viewOf(db: Database | Transaction, row: BackOrderRow): Promise<BackOrderView> {
  const ahead = row.state === 'waiting' ? await waitersAhead(db, row.sku, row.place) : null
  const payment = row.payment === null ? undefined : await readPayment(db, row.payment)
  const due = payment ? paymentDue(payment) : null
  return {
    number: row.number,
    order: row.order_number,
    line: row.line,
    sku: row.sku,
    state: row.state,
    version: row.version,
    ordered: row.ordered,
    shortfall: row.shortfall,
    allocated: row.allocated,
    outstanding: row.state === 'waiting' ? row.ordered - row.allocated : 0,
    ahead: ahead === null ? null : Math.min(ahead, EXACT_POSITIONS),
    ahead_is_exact: ahead === null || ahead <= EXACT_POSITIONS,
    explanation: explain(row, ahead, due),
    promised_at: row.promised_at?.toISOString() ?? null,
    deadline:
      row.deadline_kind && row.deadline_at
        ? { kind: row.deadline_kind, at: row.deadline_at.toISOString() }
        : null,
    deliver_on: row.deliver_on,
    delivery: row.delivery,
    payment: due,
    unit_price: { amount: row.price_minor, currency: row.currency },
    allowed_actions: allowed(BACK_ORDER_TRANSITIONS, row.state, BACK_ORDER_ACTIONS),
    created_at: row.created_at.toISOString(),
  }
}

/** Where a back order stands, in a sentence for the customer (REQUIREMENTS A6). */
function explain(row: BackOrderRow, ahead: number | null, due: PaymentDue | null): string {
  switch (row.state) {
    case 'waiting': {
      const lacking = row.ordered - row.allocated
      const before =
        (ahead ?? 0) > EXACT_POSITIONS ? `over ${EXACT_POSITIONS.toLocaleString('en')}` : String(ahead ?? 0)
      return `${row.allocated} of ${row.ordered} set aside, ${lacking} outstanding, ${before} ahead of you`
    }
    case 'met':
      return `All ${row.ordered} set aside; waiting for the delivery request`
    case 'delivery_requested':
      return `All ${row.ordered} set aside; waiting for the ${due?.pay_url ? 'payment' : 'confirmation'}`
    case 'confirmed':
      return `Confirmed; being handed to the carrier`
    case 'cancelling':
      return `Being cancelled; the carrier is asked to give the parcel back`
    case 'dispatched':
      return `On its way`
    case 'delivery_failed':
      return `The delivery failed; we are deciding how to go on`
    case 'delivered':
      return `Delivered`
    case 'declined':
      return `Declined at the confirmation; the goods went to the next in line`
    case 'cancelled':
      return `Cancelled`
    case 'expired':
      return `A deadline passed; the goods, if any, went to the next in line`
    case 'returned':
      return `The delivery failed and the goods are back in stock`
  }
}
