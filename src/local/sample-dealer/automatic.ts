import { type Errand, Errands } from '../partner/errands.ts'
import { backoff, isFinal, succeeded } from '../partner/send.ts'
import type { Calls } from './calls.ts'
import type { Dealers } from './dealers.ts'
import { type DealerDocument, type Documents, said, type Which } from './documents.ts'
import type { Kind } from './kind.ts'
import { kindNamed } from './kinds.ts'

/** To think of an answer, or to send one that was thought of. */
type Work = Which & { call?: string }

const MOST_ATTEMPTS = 60

/** A dealer that answers by itself. */
export class Automatic {
  readonly #dealers: Dealers
  readonly #documents: Documents
  readonly #calls: Calls
  readonly #errands: Errands<Work>

  constructor(folder: string, dealers: Dealers, documents: Documents, calls: Calls) {
    this.#dealers = dealers
    this.#documents = documents
    this.#calls = calls
    this.#errands = new Errands(folder, (errand, stopping) => this.#perform(errand, stopping))
  }

  start(): void {
    this.#errands.start()
  }

  stop(): void {
    this.#errands.stop()
  }

  /** A message makes the dealer answer when it asks for that; the late one, when it takes the document away. */
  heardOf(document: DealerDocument, kind: Kind, message: string): void {
    const behaviour = this.#behaviour(document)
    if (!behaviour) return
    const rouses = behaviour.late ? kind.takesAway : kind.asks
    if (rouses.includes(message)) this.#planAnswer(document, behaviour.answer_after_ms)
  }

  async #perform({ attempts, work }: Errand<Work>, stopping: AbortSignal): Promise<number | undefined> {
    const document = this.#documents.get(work)
    if (!document) return
    if (work.call === undefined) return this.#answer(document)
    return this.#send(document, work.call, attempts, stopping)
  }

  #answer(document: DealerDocument): undefined {
    const behaviour = this.#behaviour(document)
    const kind = kindNamed(document.kind)
    if (!behaviour || !kind || (document.is_taken_away && !behaviour.late)) return
    const word = behaviour.refuse
      ? kind.refuse(document.memory)
      : kind.accept(said(document), document.memory)
    if (word) this.#planSending(document, this.#calls.note(document, word).id)
  }

  async #send(
    document: DealerDocument,
    id: string,
    attempts: number,
    stopping: AbortSignal,
  ): Promise<number | undefined> {
    const call = document.calls.find((noted) => noted.id === id)
    if (!call) return
    const answer = await this.#calls.attempt(document, call, stopping)
    if (!isFinal(answer)) return attempts + 1 < MOST_ATTEMPTS ? backoff(attempts, answer) : undefined
    const behaviour = this.#behaviour(document)
    if (!behaviour || !succeeded(answer)) return
    if (behaviour.twice && call.attempts === 0) return 0
    if (!behaviour.refuse && !behaviour.late) this.#planAnswer(document, behaviour.proceed_after_ms)
  }

  #planAnswer(document: DealerDocument, delay: number): void {
    const id = `answer/${document.dealer}/${document.kind}/${document.number}`
    if (!this.#errands.has(id)) this.#errands.add(id, Date.now() + delay, workOf(document))
  }

  #planSending(document: DealerDocument, call: string): undefined {
    this.#errands.add(`send/${call}`, Date.now(), { ...workOf(document), call })
  }

  /** Nothing where the dealer does not act by itself. */
  #behaviour(document: Which) {
    const dealer = this.#dealers.get(document.dealer)
    const behaviour = dealer && this.#dealers.behaviour(dealer)
    return behaviour?.mode === 'automatic' && !behaviour.silent ? behaviour : undefined
  }
}

function workOf({ dealer, kind, number }: Which): Work {
  return { dealer, kind, number }
}
