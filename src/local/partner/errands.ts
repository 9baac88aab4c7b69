import { JsonFolder } from './json-folder.ts'
import { backoff } from './send.ts'

/** Something to do at a time; it is done with only when it says so, whatever is killed in between. */
export interface Errand<Work> {
  id: string
  due_at: string
  attempts: number
  work: Work
}

/** Does the work; answers with the milliseconds after which to try again, or nothing when it is done. */
type Perform<Work> = (errand: Errand<Work>, stopping: AbortSignal) => Promise<number | undefined>

/** Node fires a longer timer at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * What a partner still has to do, kept on disk with its due time, so that it goes on after a restart. Work may be
 * performed twice (a kill between doing and noting): its messages carry fixed ids for that.
 */
export class Errands<Work> {
  readonly #kept: JsonFolder<Errand<Work>>
  readonly #perform: Perform<Work>
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #stopping = new AbortController()

  constructor(folder: string, perform: Perform<Work>) {
    this.#kept = new JsonFolder(folder)
    this.#perform = perform
  }

  /** Takes up what was left by the process before this one. */
  start(): void {
    for (const errand of this.#kept.values()) this.#wait(errand)
  }

  stop(): void {
    this.#stopping.abort()
    for (const timer of this.#timers.values()) clearTimeout(timer)
  }

  add(id: string, due: number, work: Work): void {
    const errand = { id, due_at: new Date(due).toISOString(), attempts: 0, work }
    this.#kept.put(id, errand)
    this.#wait(errand)
  }

  has(id: string): boolean {
    return this.#kept.get(id) !== undefined
  }

  cancel(concerned: (work: Work) => boolean): void {
    for (const { id, work } of this.#kept.values()) {
      if (concerned(work)) this.#forget(id)
    }
  }

  #wait(errand: Errand<Work>): void {
    if (this.#stopping.signal.aborted) return
    clearTimeout(this.#timers.get(errand.id))
    const left = Math.max(0, Date.parse(errand.due_at) - Date.now())
    const timer = setTimeout(
      () => {
        if (left > LONGEST_TIMER_MS) this.#wait(errand)
        else void this.#run(errand)
      },
      Math.min(left, LONGEST_TIMER_MS),
    )
    this.#timers.set(errand.id, timer)
  }

  async #run(errand: Errand<Work>): Promise<void> {
    const again = await this.#perform(errand, this.#stopping.signal).catch((error: unknown) => {
      console.error('An errand failed and is tried again:', errand.work, error)
      return backoff(errand.attempts)
    })
    if (this.#kept.get(errand.id) !== errand) return // cancelled or replaced while it ran
    if (again === undefined) return this.#forget(errand.id)
    if (this.#stopping.signal.aborted) return // still on disk for the next process
    const next = {
      ...errand,
      attempts: errand.attempts + 1,
      due_at: new Date(Date.now() + again).toISOString(),
    }
    this.#kept.put(errand.id, next)
    this.#wait(next)
  }

  #forget(id: string): void {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
    this.#kept.delete(id)
  }
}
