import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { readBody, refuse } from '../partner/app.ts'
import { Member } from '../partner/roster.ts'
import type { Calls } from './calls.ts'
import type { OrderBook } from './order-book.ts'
import type { Call, PurchaseOrder } from './purchase-order.ts'
import { SupplierBehaviour, type Suppliers } from './suppliers.ts'

const Definition = Member.partial({ id: true })
/** Sent as it is, right or wrong: what Holdfast makes of it is the test. */
const Explicit = z.record(z.string(), z.unknown())
const Again = z.strictObject({ new_key: z.boolean().default(false) })

const KINDS: Record<string, Call['kind']> = {
  acknowledge: 'acknowledgement',
  notice: 'shipment-notice',
  ship: 'inventory-update',
}

/** What tests use: who the suppliers are, how they behave, what they hold, and single requests to Holdfast. */
export function addControl(app: Hono, suppliers: Suppliers, book: OrderBook, calls: Calls): void {
  app.get('/api/suppliers', (c) => c.json(suppliers.all().map((supplier) => shown(suppliers, supplier))))

  app.put('/api/suppliers/:id', async (c) => {
    const id = c.req.param('id')
    const definition = await readBody(c, Definition)
    if (definition.id !== undefined && definition.id !== id)
      refuse(422, 'The id differs from the one in the address')
    suppliers.define({ ...definition, id })
    return c.json(shown(suppliers, known(suppliers, id)))
  })

  app.put('/api/suppliers/:id/behaviour', async (c) => {
    const { id } = known(suppliers, c.req.param('id'))
    suppliers.behave(id, await readBody(c, SupplierBehaviour))
    return c.json(shown(suppliers, known(suppliers, id)))
  })

  app.get('/api/suppliers/:id/webhooks', (c) => c.json(book.webhooks(known(suppliers, c.req.param('id')).id)))

  app.get('/api/suppliers/:id/purchase-orders', (c) => {
    const { id } = known(suppliers, c.req.param('id'))
    return c.json(
      book.newestFirst(id).map(({ webhook_ids, ...order }) => ({
        ...order,
        webhooks: webhook_ids.map((webhookId) => book.webhook(id, webhookId)),
      })),
    )
  })

  // An Idempotency-Key on this request is handed on; else the call gets one of its own.
  app.post('/api/suppliers/:id/purchase-orders/:number/:what{acknowledge|notice|ship}', async (c) => {
    const order = knownOrder(c, suppliers, book)
    const kind = KINDS[c.req.param('what')] ?? refuse(404, 'There is no such call')
    const body = await readBody(c, Explicit)
    const call = calls.note(order, kind, body, { key: c.req.header('idempotency-key') })
    return c.json(await told(calls, order, call))
  })

  app.post('/api/suppliers/:id/purchase-orders/:number/calls/:call/again', async (c) => {
    const order = knownOrder(c, suppliers, book)
    const { new_key } = await readBody(c, Again)
    const earlier =
      order.calls.find(({ id }) => id === c.req.param('call')) ?? refuse(404, 'There is no such call')
    const call = new_key ? calls.note(order, earlier.kind, earlier.body) : earlier
    return c.json(await told(calls, order, call))
  })
}

async function told(calls: Calls, order: PurchaseOrder, call: Call) {
  const { status, body } = await calls.attempt(order, call)
  return { id: call.id, idempotency_key: call.idempotency_key, status, body }
}

function shown(suppliers: Suppliers, supplier: Member) {
  return { id: supplier.id, name: supplier.name, behaviour: suppliers.behaviour(supplier) }
}

function known(suppliers: Suppliers, id: string): Member {
  return suppliers.get(id) ?? refuse(404, 'There is no such supplier')
}

function knownOrder(c: Context, suppliers: Suppliers, book: OrderBook): PurchaseOrder {
  const { id } = known(suppliers, c.req.param('id') ?? '')
  return book.get(id, c.req.param('number') ?? '') ?? refuse(404, 'This supplier has no such purchase order')
}
