import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { endProcess, type Identity, isRunning, waitForExit } from './process-identity.ts'
import { report } from './progress.ts'
import { dataFile } from './settings.ts'

/** Which processes the stack has started: by pid and start time, so that no stranger is ever taken for one. */
const processes = new Map<string, Identity>()

export function recordProcess(name: string, { pid, startedAt }: Identity): void {
  processes.set(name, { pid, startedAt })
  const file = dataFile('pids.json')
  writeFileSync(`${file}.new`, `${JSON.stringify(Object.fromEntries(processes), null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/**
 * Ends what a stack that was killed has left running. Our own processes see for themselves that their parent is
 * gone and finish; Temporal does not. Postgres is left alone: it is taken over as it is.
 */
export async function endLeftovers(): Promise<void> {
  const file = dataFile('pids.json')
  if (!existsSync(file)) return
  const recorded = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Identity>
  const left = Object.entries(recorded).filter(
    ([name, identity]) => name !== 'postgres' && isRunning(identity),
  )
  await Promise.all(
    left.map(async ([name, identity]) => {
      report(name, `is left from a start that was killed (pid ${identity.pid}); ending it`)
      if (name !== 'temporal' && (await waitForExit(identity, 12_000))) return
      await endProcess(identity, 'SIGTERM', 10_000)
    }),
  )
}
