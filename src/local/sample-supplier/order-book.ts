import { join } from 'node:path'
import { JsonFolder } from '../partner/json-folder.ts'
import type { Received } from '../partner/signed.ts'
import type { PurchaseOrder } from './purchase-order.ts'

/** What the suppliers know: their purchase orders, and every webhook they were sent. */
export class OrderBook {
  readonly #orders: JsonFolder<PurchaseOrder>
  readonly #webhooks: JsonFolder<Received & { supplier: string }>

  constructor(folder: string) {
    this.#orders = new JsonFolder(join(folder, 'purchase-orders'))
    this.#webhooks = new JsonFolder(join(folder, 'webhooks'))
  }

  get(supplier: string, number: string): PurchaseOrder | undefined {
    return this.#orders.get(`${supplier}/${number}`)
  }

  newestFirst(supplier: string): PurchaseOrder[] {
    return this.#orders
      .values()
      .filter((order) => order.supplier === supplier)
      .sort((one, other) => other.received_at.localeCompare(one.received_at))
  }

  /** Messages may overtake each other, so any of them may be the first that is heard of an order. */
  change(supplier: string, number: string, edit: (order: PurchaseOrder) => PurchaseOrder): PurchaseOrder {
    const known = this.get(supplier, number) ?? {
      supplier,
      number,
      received_at: new Date().toISOString(),
      lines: [],
      withdrawn: [],
      webhook_ids: [],
      calls: [],
    }
    const changed = edit(known)
    this.#orders.put(`${supplier}/${number}`, changed)
    return changed
  }

  webhook(supplier: string, id: string): Received | undefined {
    return this.#webhooks.get(`${supplier}/${id}`)
  }

  webhooks(supplier: string): Received[] {
    return this.#webhooks.values().filter((received) => received.supplier === supplier)
  }

  keepWebhook(supplier: string, received: Received): void {
    this.#webhooks.put(`${supplier}/${received.webhook_id}`, { supplier, ...received })
  }
}
