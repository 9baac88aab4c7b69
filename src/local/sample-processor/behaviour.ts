import { join } from 'node:path'
import { z } from 'zod'
import { Behaviour, Milliseconds } from '../partner/behaviour.ts'
import { JsonFolder } from '../partner/json-folder.ts'
import { Plan } from './vehicle.ts'

const ANSWERS = ['check', 'refuse', 'never'] as const
const Reasons = z.array(z.string().min(1).max(500)).min(1).max(20)

const Habits = z.strictObject({
  /** What a refusal says. */
  reasons: Reasons,
  answer_after_ms: Milliseconds,
  /** How often each message is sent. */
  repeat: z.int().min(1).max(20),
  /** Whether each repeat has a `webhook-id` of its own, as if it were another message. */
  fresh_ids: z.boolean(),
  /** Whether messages are signed with a secret that is not the agreed one. */
  forged: z.boolean(),
  /** The order that answers name instead of the one that was asked about; null for that one. */
  answer_about: z.string().min(1).max(200).nullable(),
  /** What the plant does by itself once an order is confirmed. */
  plan: Plan,
})

/** What can be asked of the processor; whatever is left out is as usual. */
export const ProcessorOrders = Habits.partial().extend({
  /**
   * For orders: `check` (accepts what adds up), `refuse`, `never` (takes them and never answers). For every message to
   * it: `unavailable` (503), `vanish` (does what is asked and never acknowledges).
   */
  mode: z.enum([...ANSWERS, 'unavailable', 'vanish']),
  /** For how many messages the mode lasts. */
  times: z.int().min(1).optional(),
})
export type ProcessorBehaviour = z.output<typeof Habits> & {
  mode: z.output<typeof ProcessorOrders>['mode']
  times?: number | undefined
}

/** The same for one order, before or after it has come; whatever is left out is as for all. */
export const OneOrder = Habits.partial().extend({ mode: z.enum(ANSWERS).optional() })
export type OneOrder = z.output<typeof OneOrder>

const USUAL: Omit<ProcessorBehaviour, 'answer_after_ms'> = {
  mode: 'check',
  reasons: ['It cannot be built as ordered'],
  repeat: 1,
  fresh_ids: false,
  forged: false,
  answer_about: null,
  // Nothing, so that one can watch an order wait for its slot.
  plan: [],
}

/** How the processor has been told to behave, in general and towards single orders. */
export class Manners {
  readonly general: Behaviour<ProcessorBehaviour>
  readonly #towards: JsonFolder<OneOrder>

  constructor(folder: string, answer_after_ms: number) {
    this.general = new Behaviour(join(folder, 'behaviour'), { ...USUAL, answer_after_ms })
    this.#towards = new JsonFolder(join(folder, 'behaviours'))
  }

  /** Replaces what was set before for this order. */
  behave(order: string, behaviour: OneOrder): void {
    this.#towards.put(order, behaviour)
  }

  towards(order: string): ProcessorBehaviour {
    return { ...this.general.current, ...this.#towards.get(order) }
  }

  /** Whether this order is to be met so; what is set for all counts it. */
  takes(order: string, mode: (typeof ANSWERS)[number]): boolean {
    const own = this.#towards.get(order)?.mode
    return own === undefined ? this.general.take(mode) : own === mode
  }
}
