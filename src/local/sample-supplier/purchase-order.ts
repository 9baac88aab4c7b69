import { z } from 'zod'
import { type Answer, succeeded } from '../partner/send.ts'

const OrderNumber = z.string().regex(/^[\x21-\x7e]{1,40}$/, 'Not a purchase order number')
const LineId = z.union([z.int(), z.string().min(1)])

const Line = z.object({
  line: LineId,
  sku: z.string().min(1),
  /** What is asked for now: none once the line is withdrawn. */
  quantity: z.int().min(0),
  unit_price: z.object({ amount: z.int(), currency: z.string().length(3) }),
  expected_at: z.iso.datetime({ offset: true }).nullish(),
  /** Why nothing more is to come on it. */
  closed: z.string().nullish(),
})
export type Line = z.output<typeof Line>

/** Each message shows the lines as they stand now. */
const Changed = z.object({ number: OrderNumber, lines: z.array(Line).optional() })

/** The messages from Holdfast that this supplier understands; any other is kept unread. */
export const Messages = {
  'purchase_order.created': z.object({ number: OrderNumber, lines: z.array(Line).min(1) }),
  'purchase_order.reminded': Changed,
  'purchase_order.line_withdrawn': Changed.extend({ line: LineId }),
  'purchase_order.change_requested': Changed,
}

const Promised = z.object({ quantity: z.int().min(0), expected_at: z.string() })
const Rejected = z.object({ quantity: z.int().min(0), reason: z.string() })

const Acknowledgement = z.object({
  lines: z.array(
    z.object({
      line: LineId,
      accepted: Promised.optional(),
      back_ordered: Promised.optional(),
      rejected: Rejected.optional(),
    }),
  ),
})
export type Acknowledgement = z.output<typeof Acknowledgement>

export interface ShipmentNotice {
  reference: string
  lines: { line: Line['line']; quantity: number; expected_at: string }[]
}

const InventoryUpdate = z.object({
  reference: z.string(),
  lines: z.array(
    z.object({
      sku: z.string(),
      purchase_order: z.string().optional(),
      received: z.int().min(0),
      rejected: Rejected.optional(),
    }),
  ),
})
export type InventoryUpdate = z.output<typeof InventoryUpdate>

/** One request to Holdfast; it may be sent several times. */
export interface Call {
  id: string
  kind: 'acknowledgement' | 'shipment-notice' | 'inventory-update'
  idempotency_key: string
  /** Anything at all, where a test wrote it. */
  body: unknown
  made_at: string
  attempts: number
  answer?: Answer
}

export interface PurchaseOrder {
  supplier: string
  number: string
  received_at: string
  /** Empty while only a later message about the order has arrived. */
  lines: Line[]
  withdrawn: Line['line'][]
  webhook_ids: string[]
  calls: Call[]
}

/** What Holdfast has been told about each line, and has taken. */
function acknowledgedLines(order: PurchaseOrder): Acknowledgement['lines'] {
  return taken(order, 'acknowledgement').flatMap((body) => Acknowledgement.safeParse(body).data?.lines ?? [])
}

/** Lines that Holdfast still waits to hear about. */
export function openLines(order: PurchaseOrder): Line[] {
  const told = new Set(acknowledgedLines(order).map(({ line }) => line))
  return order.lines.filter(
    ({ line, closed }) => !closed && !order.withdrawn.includes(line) && !told.has(line),
  )
}

/** Units of a line that were promised and have not been sent. */
export function unsent(order: PurchaseOrder, { line, sku }: Line): number {
  if (order.withdrawn.includes(line)) return 0
  const promised = acknowledgedLines(order)
    .filter((told) => told.line === line)
    .reduce(
      (sum, { accepted, back_ordered }) => sum + (accepted?.quantity ?? 0) + (back_ordered?.quantity ?? 0),
      0,
    )
  const sent = taken(order, 'inventory-update')
    .flatMap((body) => InventoryUpdate.safeParse(body).data?.lines ?? [])
    .filter((update) => update.sku === sku)
    .reduce((sum, { received, rejected }) => sum + received + (rejected?.quantity ?? 0), 0)
  return Math.max(0, promised - sent)
}

export function acceptAll(lines: Line[], expected: Date): Acknowledgement {
  const expected_at = expected.toISOString()
  return { lines: lines.map(({ line, quantity }) => ({ line, accepted: { quantity, expected_at } })) }
}

export function rejectAll(lines: Line[], reason: string): Acknowledgement {
  return { lines: lines.map(({ line, quantity }) => ({ line, rejected: { quantity, reason } })) }
}

/** Everything promised and not sent, in good order. */
export function sendAll(order: PurchaseOrder): InventoryUpdate {
  const lines = order.lines
    .map((line) => ({ sku: line.sku, purchase_order: order.number, received: unsent(order, line) }))
    .filter(({ received }) => received > 0)
  return { reference: nextReference(order, 'inventory-update'), lines }
}

/** The number on the next delivery note or shipment notice: the supplier's own, so counted here. */
export function nextReference(order: PurchaseOrder, kind: 'shipment-notice' | 'inventory-update'): string {
  const used = new Set(order.calls.map(({ body }) => Referenced.safeParse(body).data?.reference))
  const prefix = kind === 'inventory-update' ? 'DN' : 'ASN'
  for (let count = 1; ; count++) {
    const reference = `${prefix}-${order.number}-${count}`
    if (!used.has(reference)) return reference
  }
}

const Referenced = z.object({ reference: z.string() })

function taken(order: PurchaseOrder, kind: Call['kind']): unknown[] {
  return order.calls.filter((call) => call.kind === kind && succeeded(call.answer)).map(({ body }) => body)
}
