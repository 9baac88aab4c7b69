import { join } from 'node:path'
import { JsonFolder } from '../partner/json-folder.ts'
import { type Answer, succeeded } from '../partner/send.ts'
import type { Received } from '../partner/signed.ts'
import type { Read, Word } from './kind.ts'

/** A webhook as it came to a dealer. `body` is text where it is XML. */
export type Taken = Received & { dealer: string; content_type: string }

/** One answer to Holdfast; it may be sent several times. Its id is its idempotency key or `webhook-id` as well. */
export type Call = {
  id: string
  by: 'webhook' | 'api-key'
  body: Word
  made_at: string
  attempts: number
  answer?: Answer
}

export type DealerDocument = {
  dealer: string
  kind: string
  number: string
  /** When the first message about it came; absent when the dealer only spoke of what it was never sent. */
  received_at?: string
  about: string
  facts: NonNullable<Read['facts']>
  /** What its kind remembers for its answers. */
  memory: NonNullable<Read['memory']>
  is_taken_away: boolean
  webhook_ids: string[]
  calls: Call[]
}

/** Which document: of whom, of what kind, with which number. */
export type Which = Pick<DealerDocument, 'dealer' | 'kind' | 'number'>

/** What the dealers know: their documents, and every webhook that they were sent. */
export class Documents {
  readonly #documents: JsonFolder<DealerDocument>
  readonly #webhooks: JsonFolder<Taken>

  constructor(folder: string) {
    this.#documents = new JsonFolder(join(folder, 'documents'))
    this.#webhooks = new JsonFolder(join(folder, 'webhooks'))
  }

  get(which: Which): DealerDocument | undefined {
    return this.#documents.get(idOf(which))
  }

  newestFirst(dealer: string): DealerDocument[] {
    return this.#documents
      .values()
      .filter((document) => document.dealer === dealer)
      .sort((one, other) => (other.received_at ?? '').localeCompare(one.received_at ?? ''))
  }

  /** Messages may overtake each other, so any of them may be the first that is heard of a document. */
  change(which: Which, edit: (document: DealerDocument) => DealerDocument): DealerDocument {
    const { dealer, kind, number } = which
    const known = this.get(which) ?? {
      dealer,
      kind,
      number,
      about: '',
      facts: [],
      memory: {},
      is_taken_away: false,
      webhook_ids: [],
      calls: [],
    }
    const changed = edit(known)
    this.#documents.put(idOf(which), changed)
    return changed
  }

  webhook(dealer: string, id: string): Taken | undefined {
    return this.#webhooks.get(`${dealer}/${id}`)
  }

  webhooks(dealer: string): Taken[] {
    return this.#webhooks
      .values()
      .filter((received) => received.dealer === dealer)
      .sort((one, other) => (one.received_at[0] ?? '').localeCompare(other.received_at[0] ?? ''))
  }

  keepWebhook(received: Taken): void {
    this.#webhooks.put(`${received.dealer}/${received.webhook_id}`, received)
  }
}

/** What Holdfast took of it, in order. */
export function said({ calls }: DealerDocument): Word[] {
  return calls.filter(({ answer }) => succeeded(answer)).map(({ body }) => body)
}

function idOf({ dealer, kind, number }: Which): string {
  return `${dealer}/${kind}/${number}`
}
