import { randomUUID } from 'node:crypto'
import { type Answer, post } from '../partner/send.ts'
import type { OrderBook } from './order-book.ts'
import type { Call, PurchaseOrder } from './purchase-order.ts'
import type { Suppliers } from './suppliers.ts'

/** Requests of the suppliers to Holdfast: noted before they are sent, so that one can be sent again as it was. */
export class Calls {
  readonly #holdfast: string
  readonly #suppliers: Suppliers
  readonly #book: OrderBook

  constructor(holdfast: string, suppliers: Suppliers, book: OrderBook) {
    this.#holdfast = holdfast
    this.#suppliers = suppliers
    this.#book = book
  }

  /** Notes a request. Known by its id already: the one that was noted then. */
  note(
    order: PurchaseOrder,
    kind: Call['kind'],
    body: unknown,
    { id = randomUUID(), key = randomUUID() }: { id?: string | undefined; key?: string | undefined } = {},
  ): Call {
    const noted = this.#book.get(order.supplier, order.number)?.calls.find((call) => call.id === id)
    if (noted) return noted
    const call = { id, kind, idempotency_key: key, body, made_at: new Date().toISOString(), attempts: 0 }
    this.#book.change(order.supplier, order.number, (order) => ({ ...order, calls: [...order.calls, call] }))
    return call
  }

  /** One attempt; its answer is kept with the request. */
  async attempt(order: PurchaseOrder, call: Call, stopping?: AbortSignal): Promise<Answer> {
    const supplier = this.#suppliers.get(order.supplier)
    const headers = {
      authorization: `Bearer ${supplier?.api_key ?? ''}`,
      'idempotency-key': call.idempotency_key,
    }
    const url = new URL(path(call.kind, order.number), this.#holdfast).href
    const answer = await post(url, headers, JSON.stringify(call.body), stopping)
    this.answered(order, call, answer)
    return answer
  }

  answered(order: PurchaseOrder, { id }: Call, answer: Answer): void {
    this.#book.change(order.supplier, order.number, (order) => ({
      ...order,
      calls: order.calls.map((call) =>
        call.id === id ? { ...call, attempts: call.attempts + 1, answer } : call,
      ),
    }))
  }
}

function path(kind: Call['kind'], number: string): string {
  const order = `/v1/purchase-orders/${encodeURIComponent(number)}`
  if (kind === 'acknowledgement') return `${order}/acknowledgement`
  return kind === 'shipment-notice' ? `${order}/shipment-notices` : '/v1/inventory-updates'
}
