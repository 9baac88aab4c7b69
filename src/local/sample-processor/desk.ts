import { randomUUID } from 'node:crypto'
import { type Errand, Errands } from '../partner/errands.ts'
import type { Manners } from './behaviour.ts'
import { checked, type Order, type Verdict, verdictOn } from './order.ts'
import type { OrderBook } from './order-book.ts'
import type { Telling } from './telling.ts'

interface Work {
  number: string
  turn: number
  verdict: Verdict
  /** Names the answer, so that one given twice is the same message. */
  cause: string
}

/** Where orders are answered, by itself or by a person. */
export class Desk {
  readonly #book: OrderBook
  readonly #manners: Manners
  readonly #telling: Telling
  readonly #errands: Errands<Work>

  constructor(folder: string, book: OrderBook, manners: Manners, telling: Telling) {
    this.#book = book
    this.#manners = manners
    this.#telling = telling
    this.#errands = new Errands(folder, (errand) => this.#perform(errand))
  }

  start(): void {
    this.#errands.start()
  }

  stop(): void {
    this.#errands.stop()
  }

  /** An order, or a reminder of it: what was answered already is told once more. */
  asked(order: Order, turn: number): void {
    const { number, configuration } = order
    const id = `${number}/${turn}`
    const isWanted = order.answer_by !== null && turn === order.turn
    if (!isWanted || this.#errands.has(id)) return
    if (this.#manners.takes(number, 'never')) return
    const { reasons, answer_after_ms } = this.#manners.towards(number)
    const verdict =
      verdictOn(order, turn) ?? (this.#manners.takes(number, 'refuse') ? { reasons } : checked(configuration))
    this.#errands.add(id, Date.now() + answer_after_ms, { number, turn, verdict, cause: randomUUID() })
  }

  /** By hand: at once, in place of what would have been answered to this turn by itself. */
  answer({ number }: Order, turn: number, verdict: Verdict): void {
    this.#errands.cancel((work) => work.number === number && work.turn === turn)
    this.#answer({ number, turn, verdict, cause: randomUUID() })
  }

  /** Nothing more is answered by itself. */
  drop(number: string): void {
    this.#errands.cancel((work) => work.number === number)
  }

  async #perform({ work }: Errand<Work>): Promise<undefined> {
    this.#answer(work)
  }

  #answer({ number, turn, verdict, cause }: Work): void {
    const at = new Date().toISOString()
    const isTag = number.startsWith('TG-')
    const type = `${isTag ? 'tag' : 'custom_order'}.${'reference' in verdict ? 'accepted' : 'refused'}`
    const named = this.#manners.towards(number).answer_about ?? number
    const data = { number: named, ...(isTag ? {} : { turn }), ...verdict }
    const webhook_id = this.#telling.tell(number, cause, type, at, data)
    const order = this.#book.order(number)
    if (!order) return
    const others = order.answers.filter((given) => given.webhook_id !== webhook_id)
    this.#book.keepOrder({ ...order, answers: [...others, { turn, verdict, at, webhook_id }] })
  }
}
