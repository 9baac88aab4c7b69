import { randomUUID } from 'node:crypto'
import { type Errand, Errands } from '../partner/errands.ts'
import type { Manners } from './behaviour.ts'
import type { OrderBook } from './order-book.ts'
import type { Telling } from './telling.ts'
import type { Plan, Step, Vehicle } from './vehicle.ts'

interface Work {
  number: string
  plan: Plan
  /** Names the next step, so that one told twice is the same message. */
  cause: string
}

const UNTIL_THE_ANSWER_MS = 50

/** Builds vehicles, as planned or step by step by hand, and tells Holdfast of each step. */
export class Plant {
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

  /** Takes a confirmed order, once. */
  take(number: string, order: string): void {
    if (this.#book.vehicle(number)) return
    const confirmed_at = new Date().toISOString()
    this.#book.keepVehicle({ number, order, confirmed_at, vin: null, told: [] })
    if (!this.#book.order(order)?.cancelled_at) this.build(number, this.#manners.towards(order).plan)
  }

  /** From now on by itself, each step once the one before is answered, in place of what was planned before. */
  build(number: string, plan: Plan): void {
    this.drop(number)
    const [next] = plan
    if (next) this.#errands.add(number, Date.now() + next.after_ms, { number, plan, cause: randomUUID() })
  }

  /** By hand, in any order and as often as wanted; nothing more then happens by itself. False: there is no such VIN. */
  step(vehicle: Vehicle, step: Step): boolean {
    this.drop(vehicle.number)
    return this.#step(vehicle, step, randomUUID())
  }

  drop(number: string): void {
    this.#errands.cancel((work) => work.number === number)
  }

  async #perform({ work }: Errand<Work>): Promise<number | undefined> {
    const vehicle = this.#book.vehicle(work.number)
    const [next, ...rest] = work.plan
    if (!vehicle || !next) return
    // Else a step could overtake the one before it; out of order is for a plan to say.
    if (this.#telling.isBusyWith(vehicle.order)) return UNTIL_THE_ANSWER_MS
    if (!this.#step(vehicle, next, work.cause))
      console.warn('A step was left out: no other vehicle has a VIN', next)
    if (rest.length > 0) this.build(work.number, rest)
  }

  #step(vehicle: Vehicle, { step, vin: which }: Step, cause: string): boolean {
    const at = new Date().toISOString()
    const vin = step === 'vin_assigned' ? this.#book.vinOf(vehicle, which) : undefined
    if (step === 'vin_assigned' && vin === undefined) return false
    const data = { vehicle: vehicle.number, ...(vin && { vin }), at }
    const webhook_id = this.#telling.tell(vehicle.order, cause, `vehicle.${step}`, at, data)
    this.#note(vehicle.number, { step, ...(vin && { vin }), at, webhook_id })
    return true
  }

  #note(number: string, told: Vehicle['told'][number]): void {
    const vehicle = this.#book.vehicle(number)
    if (!vehicle) return
    const others = vehicle.told.filter(({ webhook_id }) => webhook_id !== told.webhook_id)
    this.#book.keepVehicle({ ...vehicle, told: [...others, told] })
  }
}
