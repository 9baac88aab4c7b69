import { randomUUID } from 'node:crypto'
import { refuse } from '../partner/app.ts'
import { type Answer, post } from '../partner/send.ts'
import { signatureOf } from '../partner/signed.ts'
import type { Dealers } from './dealers.ts'
import type { Call, Documents, Which } from './documents.ts'
import type { Word } from './kind.ts'
import { kindNamed } from './kinds.ts'

/** The dealers' answers to Holdfast: noted before they are sent, so that one can be sent again as it was. */
export class Calls {
  readonly #holdfast: string
  readonly #dealers: Dealers
  readonly #documents: Documents

  constructor(holdfast: string, dealers: Dealers, documents: Documents) {
    this.#holdfast = holdfast
    this.#dealers = dealers
    this.#documents = documents
  }

  /** Notes an answer. Without saying how it goes to Holdfast, it goes as the dealer's answers do. */
  note(which: Which, body: Word, { id = randomUUID(), by }: { id?: string; by?: Call['by'] } = {}): Call {
    const dealer = this.#dealers.get(which.dealer)
    const usual = dealer ? this.#dealers.behaviour(dealer).by : 'webhook'
    const call = { id, by: by ?? usual, body, made_at: new Date().toISOString(), attempts: 0 }
    this.#documents.change(which, (document) => ({ ...document, calls: [...document.calls, call] }))
    return call
  }

  /** One attempt; Holdfast's answer is kept with the call. */
  async attempt(which: Which, call: Call, stopping?: AbortSignal): Promise<Answer> {
    const answer = await this.#post(which, call, stopping)
    this.#documents.change(which, (document) => ({
      ...document,
      calls: document.calls.map((noted) =>
        noted.id === call.id ? { ...noted, attempts: noted.attempts + 1, answer } : noted,
      ),
    }))
    return answer
  }

  async #post({ dealer, kind, number }: Which, call: Call, stopping?: AbortSignal): Promise<Answer> {
    const { byKey, asMessage } = kindNamed(kind) ?? refuse(404, 'There is no such kind')
    const { api_key = '', webhook_secret = '' } = this.#dealers.get(dealer) ?? {}
    if (call.by === 'api-key') {
      const headers = { authorization: `Bearer ${api_key}`, 'idempotency-key': call.id }
      const url = this.#at(byKey(encodeURIComponent(number)))
      return post(url, headers, JSON.stringify(call.body), stopping)
    }
    const { type, data } = asMessage(call.body)
    const text = JSON.stringify({ type, timestamp: call.made_at, data: { number, ...data } })
    const url = this.#at(`/v1/dealer-webhooks/${encodeURIComponent(dealer)}`)
    return post(url, signatureOf(webhook_secret, call.id, text), text, stopping)
  }

  #at(path: string): string {
    return new URL(path, this.#holdfast).href
  }
}
