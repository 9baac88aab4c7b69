import { type Errand, Errands } from '../partner/errands.ts'
import { backoff, isFinal, succeeded } from '../partner/send.ts'
import type { Calls } from './calls.ts'
import type { OrderBook } from './order-book.ts'
import {
  type Acknowledgement,
  acceptAll,
  type Call,
  openLines,
  type PurchaseOrder,
  rejectAll,
  sendAll,
} from './purchase-order.ts'
import type { Suppliers } from './suppliers.ts'

interface Work {
  do: 'acknowledge' | 'ship' | 'send'
  supplier: string
  number: string
  /** What is sent; for `ship`, the acknowledgement that it follows. */
  call?: string
}

const MOST_ATTEMPTS = 60
const UNTIL_THE_ANSWER_MS = 200

/** A supplier that answers by itself: acknowledges what it is asked for, then sends it. */
export class Automatic {
  readonly #suppliers: Suppliers
  readonly #book: OrderBook
  readonly #calls: Calls
  readonly #errands: Errands<Work>

  constructor(folder: string, suppliers: Suppliers, book: OrderBook, calls: Calls) {
    this.#suppliers = suppliers
    this.#book = book
    this.#calls = calls
    this.#errands = new Errands(folder, (errand, stopping) => this.#perform(errand, stopping))
  }

  start(): void {
    this.#errands.start()
  }

  stop(): void {
    this.#errands.stop()
  }

  /** Any message about an order that has open lines makes the supplier answer; so does a reminder after a silence. */
  heardOf(order: PurchaseOrder): void {
    const behaviour = this.#behaviour(order)
    if (!behaviour || openLines(order).length === 0) return
    const id = `acknowledge/${order.supplier}/${order.number}`
    if (this.#errands.has(id)) return
    this.#plan(id, Date.now() + behaviour.acknowledge_after_ms, 'acknowledge', order)
  }

  async #perform({ attempts, work }: Errand<Work>, stopping: AbortSignal): Promise<number | undefined> {
    const order = this.#book.get(work.supplier, work.number)
    if (!order) return
    if (work.do === 'acknowledge') return this.#acknowledge(order)
    const call = order.calls.find(({ id }) => id === work.call)
    if (!call) return
    return work.do === 'ship' ? this.#ship(order, call) : this.#send(order, call, attempts, stopping)
  }

  #acknowledge(order: PurchaseOrder): number | undefined {
    const behaviour = this.#behaviour(order)
    if (!behaviour) return
    // Holdfast may be about to answer for these very lines.
    if (
      order.calls.some((call) => call.kind === 'acknowledgement' && this.#errands.has(sending(order, call)))
    ) {
      return UNTIL_THE_ANSWER_MS
    }
    const lines = openLines(order)
    if (lines.length === 0) return
    const body = behaviour.reject
      ? rejectAll(lines, 'No longer made')
      : acceptAll(lines, new Date(Date.now() + behaviour.ship_after_ms))
    this.#planSending(order, this.#calls.note(order, 'acknowledgement', body))
  }

  /** Its id follows from the acknowledgement's, so that the goods are never sent twice. */
  #ship(order: PurchaseOrder, acknowledgement: Call): number | undefined {
    if (!this.#behaviour(order)) return
    const body = sendAll(order)
    if (body.lines.length === 0) return
    const id = `after-${acknowledgement.id}`
    this.#planSending(order, this.#calls.note(order, 'inventory-update', body, { id }))
  }

  async #send(
    order: PurchaseOrder,
    call: Call,
    attempts: number,
    stopping: AbortSignal,
  ): Promise<number | undefined> {
    if (call.kind === 'acknowledgement' && namesWithdrawnLine(order, call)) {
      const detail = 'A line was withdrawn before Holdfast answered; the others are acknowledged anew.'
      this.#calls.answered(order, call, {
        status: 0,
        body: { title: 'Not sent', detail },
        at: new Date().toISOString(),
      })
      this.heardOf(order)
      return
    }
    const answer = await this.#calls.attempt(order, call, stopping)
    if (!isFinal(answer)) return attempts + 1 < MOST_ATTEMPTS ? backoff(attempts, answer) : undefined
    const behaviour = this.#behaviour(order)
    if (call.kind === 'acknowledgement' && succeeded(answer) && behaviour) {
      this.#plan(`ship/${call.id}`, Date.now() + behaviour.ship_after_ms, 'ship', order, call)
    }
  }

  #planSending(order: PurchaseOrder, call: Call): undefined {
    this.#plan(sending(order, call), Date.now(), 'send', order, call)
  }

  #plan(id: string, due: number, what: Work['do'], { supplier, number }: PurchaseOrder, call?: Call): void {
    this.#errands.add(id, due, { do: what, supplier, number, ...(call && { call: call.id }) })
  }

  /** Nothing where the supplier does not act by itself. */
  #behaviour(order: PurchaseOrder) {
    const supplier = this.#suppliers.get(order.supplier)
    const behaviour = supplier && this.#suppliers.behaviour(supplier)
    return behaviour?.mode === 'automatic' && !behaviour.silent ? behaviour : undefined
  }
}

function sending(order: PurchaseOrder, call: Call): string {
  return `send/${order.supplier}/${order.number}/${call.id}`
}

function namesWithdrawnLine(order: PurchaseOrder, call: Call): boolean {
  return (call.body as Acknowledgement).lines.some(({ line }) => order.withdrawn.includes(line))
}
