import { join } from 'node:path'
import { Errands } from './errands.ts'
import { JsonFolder } from './json-folder.ts'
import { type Answer, backoff, isFinal, post } from './send.ts'
import { signatureOf, strangeSecret } from './signed.ts'

/** What is told to Holdfast. The same id is the same message, however often it is sent. */
export interface Telling {
  webhook_id: string
  type: string
  data: object
  /** ISO 8601. */
  timestamp: string
}

/** One sending of a message, with what Holdfast last said to it. */
export interface Sent {
  webhook_id: string
  copy: number
  attempts: number
  answer?: Answer
}

interface Letter extends Sent {
  about: string
  body: string
  forged: boolean
}

interface Setup {
  folder: string
  url: string
  secret: string
}

/** Signed webhooks to Holdfast, kept on disk; each goes out until Holdfast has taken it or refused it for good. */
export class Outbox {
  readonly #setup: Setup
  readonly #letters: JsonFolder<Letter>
  readonly #idsAbout = new Map<string, Set<string>>()
  readonly #errands: Errands<{ letter: string }>

  constructor(setup: Setup) {
    this.#setup = setup
    this.#letters = new JsonFolder(join(setup.folder, 'letters'))
    for (const letter of this.#letters.values()) this.#index(letter)
    this.#errands = new Errands(join(setup.folder, 'outgoing'), ({ attempts, work }, stopping) =>
      this.#send(work.letter, attempts, stopping),
    )
  }

  start(): void {
    this.#errands.start()
  }

  stop(): void {
    this.#errands.stop()
  }

  /** Sends it as often as told under its one id, in the name of whatever it is about. */
  tell(
    about: string,
    { webhook_id, type, timestamp, data }: Telling,
    { repeat = 1, forged = false }: { repeat?: number; forged?: boolean } = {},
  ): void {
    const body = JSON.stringify({ type, timestamp, data })
    for (let copy = 1; copy <= repeat; copy++) {
      const letter = { webhook_id, copy, attempts: 0, about, body, forged }
      this.#letters.put(idOf(letter), letter)
      this.#index(letter)
      this.#errands.add(idOf(letter), Date.now(), { letter: idOf(letter) })
    }
  }

  /** What was sent about it at least once, in the order in which it was told. */
  sent(about: string): Sent[] {
    return [...(this.#idsAbout.get(about) ?? [])].flatMap((id) => {
      const letter = this.#letters.get(id)
      if (!letter?.answer) return []
      const { webhook_id, copy, attempts, answer } = letter
      return [{ webhook_id, copy, attempts, answer }]
    })
  }

  /** Whether something that was told about it is still to be taken or refused. */
  isBusyWith(about: string): boolean {
    return [...(this.#idsAbout.get(about) ?? [])].some((id) => this.#errands.has(id))
  }

  async #send(id: string, attempts: number, stopping: AbortSignal): Promise<number | undefined> {
    const letter = this.#letters.get(id)
    if (!letter) return
    const { webhook_id, body, forged } = letter
    const secret = forged ? strangeSecret() : this.#setup.secret
    const answer = await post(this.#setup.url, signatureOf(secret, webhook_id, body), body, stopping)
    if (stopping.aborted && answer.status === 0) return backoff(attempts)
    this.#letters.put(id, { ...letter, attempts: attempts + 1, answer })
    if (!isFinal(answer)) return backoff(attempts, answer)
  }

  #index(letter: Letter): void {
    const ids = this.#idsAbout.get(letter.about) ?? new Set()
    this.#idsAbout.set(letter.about, ids.add(idOf(letter)))
  }
}

function idOf({ webhook_id, copy }: Sent): string {
  return `${webhook_id}-${copy}`
}
