import type { z } from 'zod'
import type { ProviderOrders } from '../../src/local/sample-payment-provider/behaviour.ts'
import type { Taken } from '../../src/local/sample-payment-provider/calls.ts'
import type { Intent, Refund, Session } from '../../src/local/sample-payment-provider/objects.ts'
import type { House } from './house.ts'
import { waitFor } from './shop.ts'

type Books = { sessions: Session[]; intents: Intent[]; refunds: Refund[]; calls: Taken[] }

/** The payment provider's side, as tests look at it and play the buyer. */
export class ProviderSide {
  readonly #house: House

  constructor(house: House) {
    this.#house = house
  }

  /** All that the provider knows of one payment; its calls are those under the payment's keys. */
  async booksOf(payment: string): Promise<Books> {
    const books = (await (await fetch(`${this.#house.paymentsUrl}/api/books`)).json()) as Books
    const own = <T extends { metadata: { payment: string } }>(rows: T[]) =>
      rows.filter(({ metadata }) => metadata.payment === payment)
    return {
      sessions: own(books.sessions),
      intents: own(books.intents),
      refunds: own(books.refunds),
      calls: books.calls.filter(({ key }) => key?.startsWith(`${payment}/`)),
    }
  }

  /** What the provider holds, took and gave back, in minor units. */
  async ledger(
    payment: string,
  ): Promise<{ held: number; taken: number; given_back: number; open_pages: number }> {
    const { sessions, intents, refunds } = await this.booksOf(payment)
    const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0)
    return {
      held: sum(intents.flatMap(({ status, amount }) => (status === 'requires_capture' ? [amount] : []))),
      taken: sum(intents.map(({ amount_received }) => amount_received)),
      given_back: sum(refunds.flatMap(({ status, amount }) => (status === 'succeeded' ? [amount] : []))),
      open_pages: sessions.filter(({ status }) => status === 'open').length,
    }
  }

  async behave(orders: z.input<typeof ProviderOrders>): Promise<void> {
    await this.#call('PUT', '/api/behaviour', orders)
  }

  /** The buyer pays on the open page, or their bank declines. */
  async buyer(payment: string, does: 'pay' | 'decline'): Promise<void> {
    await this.#call('POST', `/api/sessions/${(await this.openPage(payment)).id}/${does}`)
  }

  async openPage(payment: string): Promise<Session> {
    const { sessions } = await waitFor(
      `an open page for ${payment}`,
      () => this.booksOf(payment),
      ({ sessions }) => sessions.some(({ status }) => status === 'open'),
    )
    return sessions.find(({ status }) => status === 'open') as Session
  }

  async control(path: string, body: object = {}): Promise<void> {
    await this.#call('POST', path, body)
  }

  async #call(method: string, path: string, body: object = {}): Promise<void> {
    const response = await fetch(this.#house.paymentsUrl + path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`the provider said ${response.status}: ${await response.text()}`)
  }
}
