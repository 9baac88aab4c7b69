import type { Context, Hono } from 'hono'
import { refuse } from '../partner/app.ts'
import type { Calls } from './calls.ts'
import type { OrderBook } from './order-book.ts'
import { orderPage } from './order-page.tsx'
import {
  type Acknowledgement,
  acceptAll,
  type Call,
  type InventoryUpdate,
  openLines,
  type PurchaseOrder,
  type ShipmentNotice,
  sendAll,
} from './purchase-order.ts'
import { SupplierBehaviour, type Suppliers } from './suppliers.ts'
import { suppliersPage } from './suppliers-page.tsx'

type Fields = Record<string, unknown>

const DAY_MS = 24 * 60 * 60 * 1000

/** What people use: the pages, and what is pressed on them. Each press makes one request to Holdfast. */
export function addForms(app: Hono, suppliers: Suppliers, book: OrderBook, calls: Calls): void {
  app.get('/', (c) => c.html(suppliersPage(suppliers, book)))

  app.get('/orders/:supplier/:number', (c) => {
    const order = known(c, book)
    const supplier = suppliers.get(order.supplier) ?? refuse(404, 'There is no such supplier')
    const webhooks = order.webhook_ids.flatMap((id) => book.webhook(order.supplier, id) ?? [])
    return c.html(orderPage(supplier, order, webhooks))
  })

  app.post('/forms/:supplier/behaviour', async (c) => {
    const supplier = suppliers.get(c.req.param('supplier')) ?? refuse(404, 'There is no such supplier')
    const { mode, ...ticked } = await c.req.parseBody()
    const { acknowledge_after_ms, ship_after_ms } = suppliers.behaviour(supplier)
    const flags = Object.fromEntries(Object.keys(ticked).map((name) => [name, true]))
    suppliers.behave(
      supplier.id,
      SupplierBehaviour.parse({ mode, acknowledge_after_ms, ship_after_ms, ...flags }),
    )
    return c.redirect('/', 303)
  })

  const onPress = (
    path: string,
    kind: Call['kind'],
    write: (order: PurchaseOrder, fields: Fields) => { lines: unknown[] },
  ) =>
    app.post(`/forms/:supplier/:number/${path}`, async (c) => {
      const order = known(c, book)
      const body = write(order, await c.req.parseBody())
      if (body.lines.length > 0) await calls.attempt(order, calls.note(order, kind, body))
      return c.redirect(pageOf(order), 303)
    })

  onPress('accept-all', 'acknowledgement', (order) =>
    acceptAll(openLines(order), new Date(Date.now() + DAY_MS)),
  )
  onPress('acknowledge', 'acknowledgement', readAcknowledgement)
  onPress('notice', 'shipment-notice', readNotice)
  onPress('send-all', 'inventory-update', sendAll)
  onPress('stock', 'inventory-update', readStock)

  app.post('/forms/:supplier/:number/calls/:call/again', async (c) => {
    const order = known(c, book)
    const earlier =
      order.calls.find(({ id }) => id === c.req.param('call')) ?? refuse(404, 'There is no such call')
    const { new_key } = await c.req.parseBody()
    await calls.attempt(order, new_key ? calls.note(order, earlier.kind, earlier.body) : earlier)
    return c.redirect(pageOf(order), 303)
  })
}

/** Lines withdrawn since the page was shown are left out. */
function readAcknowledgement(order: PurchaseOrder, fields: Fields): Acknowledgement {
  const lines = openLines(order).map(({ line }) => {
    const [accepted, back_ordered, rejected] = ['accepted', 'back_ordered', 'rejected'].map((part) =>
      quantity(fields, part, line),
    )
    return {
      line,
      ...(accepted && { accepted: { quantity: accepted, expected_at: day(fields, 'accepted_on', line) } }),
      ...(back_ordered && {
        back_ordered: { quantity: back_ordered, expected_at: day(fields, 'back_ordered_on', line) },
      }),
      ...(rejected && { rejected: { quantity: rejected, reason: text(fields, `rejected_reason.${line}`) } }),
    }
  })
  return { lines: lines.filter((line) => 'accepted' in line || 'back_ordered' in line || 'rejected' in line) }
}

function readNotice(order: PurchaseOrder, fields: Fields): ShipmentNotice {
  const lines = order.lines
    .map(({ line }) => ({
      line,
      quantity: quantity(fields, 'quantity', line),
      expected_at: day(fields, 'on', line),
    }))
    .filter(({ quantity }) => quantity !== 0)
  return { reference: text(fields, 'reference'), lines }
}

function readStock(order: PurchaseOrder, fields: Fields): InventoryUpdate {
  const lines = order.lines.map(({ line, sku }) => {
    const rejected = quantity(fields, 'rejected', line)
    return {
      sku,
      purchase_order: order.number,
      received: quantity(fields, 'received', line),
      ...(rejected !== 0 && {
        rejected: { quantity: rejected, reason: text(fields, `rejected_reason.${line}`) },
      }),
    }
  })
  const named = lines.filter((line) => line.received !== 0 || 'rejected' in line)
  return { reference: text(fields, 'reference'), lines: named }
}

function quantity(fields: Fields, name: string, line: string | number): number {
  return Number(text(fields, `${name}.${line}`)) || 0
}

/** A day stands for its end, so that "today" is not in the past. */
function day(fields: Fields, name: string, line: string | number): string {
  return `${text(fields, `${name}.${line}`)}T23:59:59.000Z`
}

function text(fields: Fields, name: string): string {
  const value = fields[name]
  return typeof value === 'string' ? value.trim() : ''
}

function known(c: Context, book: OrderBook): PurchaseOrder {
  const order = book.get(c.req.param('supplier') ?? '', c.req.param('number') ?? '')
  return order ?? refuse(404, 'There is no such purchase order')
}

function pageOf({ supplier, number }: PurchaseOrder): string {
  return `/orders/${encodeURIComponent(supplier)}/${encodeURIComponent(number)}`
}
