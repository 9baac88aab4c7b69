import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Records of one kind, held in memory and each kept as a JSON file of its own, so that a change costs one small
 * write however many there are. A file is written aside and renamed: a kill leaves the old record or the new one,
 * never half of one. It is synchronous so that a record is on disk before the answer that promises it.
 */
export class JsonFolder<Kept> {
  readonly #folder: string
  readonly #records = new Map<string, Kept>()

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
    for (const file of readdirSync(folder)) {
      // Anything else is a write that a kill interrupted before its rename.
      if (!file.endsWith('.json')) continue
      const id = decodeURIComponent(file.slice(0, -'.json'.length))
      this.#records.set(id, JSON.parse(readFileSync(join(folder, file), 'utf8')) as Kept)
    }
  }

  get(id: string): Kept | undefined {
    return this.#records.get(id)
  }

  values(): Kept[] {
    return [...this.#records.values()]
  }

  put(id: string, record: Kept): void {
    const file = this.#file(id)
    writeFileSync(`${file}.new`, JSON.stringify(record))
    renameSync(`${file}.new`, file)
    this.#records.set(id, record)
  }

  delete(id: string): void {
    rmSync(this.#file(id), { force: true })
    this.#records.delete(id)
  }

  #file(id: string): string {
    return join(this.#folder, `${encodeURIComponent(id)}.json`)
  }
}
