import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type Identity, identify, isRunning } from './process-identity.ts'

export type Lock = { release: () => void }

/** Takes the lock, or gives undefined when a process that still runs holds it. The lock of a dead one is taken over. */
export function takeLock(file: string): Lock | undefined {
  const { pid, startedAt } = identify(process.pid) ?? { pid: process.pid, startedAt: '' }
  // Written aside and then linked, so that nobody ever sees a lock without its holder.
  const mine = `${file}.${pid}`
  writeFileSync(mine, JSON.stringify({ pid, startedAt }))
  try {
    for (;;) {
      try {
        linkSync(mine, file)
        return { release: () => rmSync(file, { force: true }) }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      if (lockHolder(file)) return undefined
      rmSync(file, { force: true })
    }
  } finally {
    rmSync(mine)
  }
}

/** Waits until it has the lock, and tells every two seconds for how long it has (s). */
export async function waitForLock(file: string, tell?: (seconds: number) => void): Promise<Lock> {
  const since = performance.now()
  for (;;) {
    const lock = takeLock(file)
    if (lock) return lock
    tell?.(Math.round((performance.now() - since) / 1000))
    await new Promise((resolve) => setTimeout(resolve, 2000))
  }
}

/** The running process that holds the lock. */
export function lockHolder(file: string): Identity | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8')) as Identity
    return isRunning(holder) ? holder : undefined
  } catch {
    return undefined
  }
}
