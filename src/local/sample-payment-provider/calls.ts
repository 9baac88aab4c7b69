import { join } from 'node:path'
import { JsonFolder } from '../partner/json-folder.ts'
import { Fault } from './provider.ts'

/** One call as the provider took it. */
export type Taken = { call: string; key: string | null; replayed: boolean; status: number }

type Kept = { call: string; params: string; status: number; body: unknown }

/**
 * Answers each idempotency key once, as Stripe does: a repeat gets the first answer, an error too; other parameters are
 * refused. While keys are forgotten it knows none and notes none.
 */
export class Calls {
  /** Every call since the start, in order. */
  readonly taken: Taken[] = []
  readonly #kept: JsonFolder<Kept>

  constructor(folder: string) {
    this.#kept = new JsonFolder(join(folder, 'keys'))
  }

  answer(
    { call, key, params }: { call: string; key: string | null; params: string },
    keys: 'kept' | 'forgotten',
    work: () => object,
  ): { status: number; body: unknown; replayed: boolean } {
    const noted = keys === 'kept' ? key : null
    const kept = noted ? this.#kept.get(noted) : undefined
    if (kept && (kept.call !== call || kept.params !== params)) {
      const fault = new Fault(400, 'idempotency_key_in_use', 'idempotency_error')
      return this.#note(call, key, false, 400, errorBody(fault))
    }
    if (kept) return this.#note(call, key, true, kept.status, kept.body)
    const { status, body } = perform(work)
    if (noted) this.#kept.put(noted, { call, params, status, body })
    return this.#note(call, key, false, status, body)
  }

  #note(call: string, key: string | null, replayed: boolean, status: number, body: unknown) {
    this.taken.push({ call, key, replayed, status })
    return { status, body, replayed }
  }
}

function perform(work: () => object): { status: number; body: unknown } {
  try {
    return { status: 200, body: work() }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { status: error.status, body: errorBody(error) }
  }
}

export function errorBody({ type, code, message }: Pick<Fault, 'type' | 'code' | 'message'>) {
  return { error: { type, code, message } }
}
