import type { Outbox } from '../partner/outbox.ts'
import type { Manners } from './behaviour.ts'

/** Tells Holdfast something about an order, in the manner that is set for it: repeated, or forged. */
export class Telling {
  readonly #outbox: Outbox
  readonly #manners: Manners

  constructor(outbox: Outbox, manners: Manners) {
    this.#outbox = outbox
    this.#manners = manners
  }

  isBusyWith(order: string): boolean {
    return this.#outbox.isBusyWith(order)
  }

  /** `cause` makes the `webhook-id`: what is told again because of the same cause is the same message. */
  tell(order: string, cause: string, type: string, timestamp: string, data: object): string {
    const { repeat, fresh_ids, forged } = this.#manners.towards(order)
    const webhook_id = `msg_${cause}`
    const message = { webhook_id, type, timestamp, data }
    if (!fresh_ids) this.#outbox.tell(order, message, { repeat, forged })
    else {
      for (let copy = 1; copy <= repeat; copy++)
        this.#outbox.tell(order, { ...message, webhook_id: `${webhook_id}-${copy}` }, { forged })
    }
    return webhook_id
  }
}
