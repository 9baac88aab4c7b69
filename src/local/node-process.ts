import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { lastLines } from './log-files.ts'
import { built } from './places.ts'
import { endProcess, type Identity, identify, sendSignal } from './process-identity.ts'

export type NodeProcessOptions = {
  name: string
  /** Below `dist`. */
  script: string
  args?: string[]
  /** Flags for Node itself. */
  nodeFlags?: string[]
  environment: NodeJS.ProcessEnv
  logFile: string
}

export type NodeProcess = {
  readonly name: string
  readonly identity: Identity
  /** How it ended, once it has. */
  readonly ended: Promise<string>
  /** Waits for its log line with this `msg`, and gives that line; an error when it ends before. */
  logged: (message: string, milliseconds?: number) => Promise<Record<string, unknown>>
  /** SIGTERM, and after ten seconds SIGKILL. */
  stop: () => Promise<void>
  /** SIGKILL, as a crash would. */
  kill: () => Promise<void>
}

/**
 * Starts one of our own processes. It writes its log itself, straight to the file, so that it can still write
 * when we are gone.
 */
export function startNodeProcess({
  name,
  script,
  args = [],
  nodeFlags = [],
  environment,
  logFile,
}: NodeProcessOptions): NodeProcess {
  const offset = existsSync(logFile) ? statSync(logFile).size : 0
  const log = openSync(logFile, 'a', 0o600)
  const guard = pathToFileURL(built('local/exit-with-parent.js')).href
  const flags = [...nodeFlags, '--enable-source-maps', '--import', guard]
  const child = spawn(process.execPath, [...flags, built(script), ...args], {
    env: environment,
    // Its own process group: Ctrl-C in a terminal reaches only the parent, which then stops them in order.
    detached: true,
    stdio: ['pipe', log, log],
  })
  closeSync(log)
  const ended = endOf(child)
  let running = true
  void ended.then(() => (running = false))
  const identity = identify(child.pid ?? 0) ?? { pid: child.pid ?? 0, startedAt: 'never' }

  return {
    name,
    identity,
    ended,
    logged: async (message, milliseconds = 60_000) => {
      const end = performance.now() + milliseconds
      for (;;) {
        const line = findLine(logFile, offset, message)
        if (line) return line
        if (!running || performance.now() > end) {
          const outcome = running ? `did not say "${message}" within ${milliseconds / 1000} s` : await ended
          throw new Error(`${name} ${outcome}. The end of ${logFile}:\n${lastLines(logFile, 20, offset)}`)
        }
        await sleep(20)
      }
    },
    stop: async () => {
      await endProcess(identity, 'SIGTERM', 10_000)
      await ended
    },
    kill: async () => {
      sendSignal(identity, 'SIGKILL')
      await ended
    },
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`))
    child.once('exit', (code, signal) =>
      resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`),
    )
  })
}

function findLine(file: string, offset: number, message: string): Record<string, unknown> | undefined {
  const added = readFileSync(file).subarray(offset).toString()
  for (const line of added.split('\n')) {
    if (!line.includes(`"${message}"`)) continue
    try {
      const parsed = JSON.parse(line) as Record<string, unknown>
      if (parsed.msg === message) return parsed
    } catch {
      // Half a line: it is read again in a moment.
    }
  }
  return undefined
}
