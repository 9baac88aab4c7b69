import { z } from 'zod'
import { JsonFolder } from './json-folder.ts'

export const Milliseconds = z.int().min(0)

/** How a partner has been told to behave: a mode, and for how many of the requests it concerns (else for ever). */
interface Told {
  mode: string
  times?: number | undefined
}

export class Behaviour<Settings extends Told> {
  readonly #kept: JsonFolder<Settings>
  readonly #usual: Settings

  constructor(folder: string, usual: Settings) {
    this.#kept = new JsonFolder(folder)
    this.#usual = usual
  }

  get current(): Settings {
    return this.#kept.get('current') ?? this.#usual
  }

  /** Replaces what was set before; what is not named is as usual. */
  set(told: Partial<Settings>): Settings {
    this.#kept.put('current', { ...this.#usual, ...told })
    return this.current
  }

  /** Whether this request is to be met with that mode; counts it, and after the last one returns to the usual mode. */
  take(mode: Settings['mode']): boolean {
    const { current } = this
    if (current.mode !== mode) return false
    if (current.times === undefined) return true
    const left = current.times - 1
    this.#kept.put(
      'current',
      left > 0 ? { ...current, times: left } : { ...current, mode: this.#usual.mode, times: undefined },
    )
    return true
  }
}
