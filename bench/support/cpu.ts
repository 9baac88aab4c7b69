import { readdirSync, readFileSync } from 'node:fs'

/** Ticks a second in which Linux counts processor time. */
const TICKS = 100

/**
 * Processor time (ms) that a process has used, and those that it started. Unlike a clock it does not go on while others
 * have the processor, so it says on a busy machine, too, where the work is.
 */
export function cpuOf(pid: number): number {
  const own = stat(pid)
  if (!own) return 0
  let ticks = own.used + own.usedByEnded
  for (const name of readdirSync('/proc')) {
    const child = /^\d+$/.test(name) ? stat(Number(name)) : undefined
    if (child?.parent === pid) ticks += child.used
  }
  return (ticks / TICKS) * 1_000
}

function stat(pid: number): { parent: number; used: number; usedByEnded: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name before is in brackets and may hold anything.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const at = (number: number) => fields[number - 3] ?? 0
    return { parent: at(4), used: at(14) + at(15), usedByEnded: at(16) + at(17) }
  } catch {
    return undefined
  }
}

/** Resident memory in MiB. */
export function memoryOf(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1_024
}
