import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../../src/local/places.ts'

/** A figure that has to be reached, and whether it was. */
export type Goal = { what: string; limit: string; measured: string; reached: boolean }

export function median(values: number[]): number {
  return percentile(values, 50)
}

/** The value that this share (in percent) of all values does not exceed. */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.ceil((share / 100) * sorted.length) - 1)]
  if (value === undefined) throw new Error('nothing was measured')
  return value
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits))
}

/** At most so much: the goal's row for a table. */
export function atMost(what: string, measured: number, limit: number): Goal {
  return { what, limit: `≤ ${limit}`, measured: String(round(measured)), reached: measured <= limit }
}

export function atLeast(what: string, measured: number, limit: number): Goal {
  return { what, limit: `≥ ${limit}`, measured: String(round(measured)), reached: measured >= limit }
}

/** Prints the tables and keeps everything that was measured in `bench/results/<name>.json`. */
export function report(
  name: string,
  results: { tables: Record<string, object[]>; goals: Goal[]; raw?: unknown },
): void {
  for (const [title, rows] of Object.entries(results.tables)) {
    console.log(`\n${title}`)
    console.table(rows)
  }
  console.log('\nGoals')
  console.table(results.goals)
  const folder = join(ROOT, 'bench', 'results')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}.json`)
  writeFileSync(file, `${JSON.stringify({ name, ...surroundings(), ...results }, null, 2)}\n`)
  console.log(`Kept in ${file}`)
}

function surroundings() {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
  const [cpu] = cpus()
  return {
    at: new Date().toISOString(),
    commit,
    machine: `${cpus().length} × ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
  }
}
