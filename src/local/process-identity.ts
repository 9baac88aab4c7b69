import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A pid alone may by now belong to a stranger; a pid with its start time names one process for good. */
export type Identity = { pid: number; startedAt: string }

/** The running process with this pid, or undefined when there is none (a zombie counts as none). */
export function identify(pid: number): (Identity & { command: string }) | undefined {
  return process.platform === 'linux' ? readProc(pid) : askPs(pid)
}

/** The processes that this one has started. */
export function childrenOf(pid: number): Identity[] {
  const candidates =
    process.platform === 'linux'
      ? readdirSync('/proc').filter((name) => /^\d+$/.test(name) && readStat(Number(name))?.parent === pid)
      : spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
          .stdout.split('\n')
          .filter(Boolean)
  return candidates.flatMap((candidate) => identify(Number(candidate)) ?? [])
}

export function isRunning(identity: Identity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt
}

/** Waits until the process is gone; false when it still runs after `milliseconds`. */
export async function waitForExit(identity: Identity, milliseconds: number): Promise<boolean> {
  const end = performance.now() + milliseconds
  while (isRunning(identity)) {
    if (performance.now() > end) return false
    await sleep(20)
  }
  return true
}

/** Asks the process to end with `signal`, and ends it by SIGKILL when it has not done so in time. */
export async function endProcess(
  identity: Identity,
  signal: NodeJS.Signals,
  milliseconds: number,
): Promise<void> {
  sendSignal(identity, signal)
  if (await waitForExit(identity, milliseconds)) return
  sendSignal(identity, 'SIGKILL')
  await waitForExit(identity, 5000)
}

/** Sends the signal unless the process is gone or its pid belongs to another by now. */
export function sendSignal(identity: Identity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return
  try {
    process.kill(identity.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function readProc(pid: number): (Identity & { command: string }) | undefined {
  const stat = readStat(pid)
  if (!stat || stat.state === 'Z' || stat.state === 'X') return undefined
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return { pid, startedAt: stat.startedAt, command }
  } catch {
    return undefined
  }
}

function readStat(pid: number): { state: string; parent: number; startedAt: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets and may hold spaces: count from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', parent: Number(fields[1]), startedAt: fields[19] ?? '' }
  } catch {
    return undefined
  }
}

function askPs(pid: number): (Identity & { command: string }) | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=,args=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    }).trim()
    const parts = /^(\S+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)$/.exec(line)
    if (!parts?.[1] || parts[1].startsWith('Z')) return undefined
    return { pid, startedAt: parts[2] ?? '', command: parts[3] ?? '' }
  } catch {
    return undefined
  }
}
