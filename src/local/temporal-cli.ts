import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { waitForLock } from './file-lock.ts'
import { built, cacheFolder, onPath } from './places.ts'

// The last release that `go install` can build (its go.mod has no `replace`). It carries server 1.29.1.
const VERSION = 'v1.5.1'
const OLDEST_SERVER = [1, 29] as const

type Say = (line: string) => void

/**
 * The path of a Temporal CLI that runs: the one on the PATH, else the one kept from an earlier start, else a
 * download by the Temporal SDK, else one built with Go. What is fetched or built is kept outside the clone.
 */
export async function temporalCli(say: Say): Promise<string> {
  const folder = cacheFolder(`temporal-cli-${VERSION.slice(1)}`)
  const kept = join(folder, 'temporal')
  const present = [...onPath('temporal'), kept].find((path) => runs(path))
  if (present) return present

  mkdirSync(folder, { recursive: true })
  const lock = await waitForLock(join(folder, 'lock'), (waited) =>
    say(`another process is fetching the Temporal CLI; waiting for it, ${waited} s`),
  )
  try {
    if (runs(kept)) return kept
    const failures: string[] = []
    for (const obtain of [download, build]) {
      const failure = await obtain(folder, kept, say)
      if (!failure) return kept
      say(failure)
      failures.push(failure)
    }
    throw new Error(
      [
        'There is no Temporal CLI, and it could neither be downloaded nor built:',
        ...failures.map((failure) => `  - ${failure}`),
        'Install Go (https://go.dev/dl/) or the Temporal CLI (https://docs.temporal.io/cli), so that `go` or',
        '`temporal` is on the PATH, or set TEMPORAL_ADDRESS to a Temporal server of your own.',
      ].join('\n'),
    )
  } finally {
    lock.release()
  }
}

/** Whether this is a CLI whose server is new enough. */
function runs(path: string): boolean {
  if (!existsSync(path)) return false
  try {
    // A CLI built with Go calls itself 0.0.0-DEV: the version to go by is that of the server inside.
    const version = execFileSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 })
    const [, major, minor] = /Server (\d+)\.(\d+)/.exec(version) ?? []
    return Number(major) === OLDEST_SERVER[0] && Number(minor) >= OLDEST_SERVER[1]
  } catch {
    return false
  }
}

/** Gives the reason when it did not succeed. */
async function download(folder: string, target: string, say: Say): Promise<string | undefined> {
  const into = join(folder, 'download')
  rmSync(into, { recursive: true, force: true })
  mkdirSync(into)
  const since = performance.now()
  let bytes = 0
  let grewAt = since
  const result = await run(
    process.execPath,
    [built('local/download-temporal-cli.js'), into, VERSION],
    {},
    (stop) => {
      const now = sizeOf(into)
      if (now > bytes) grewAt = performance.now()
      bytes = now
      if (performance.now() - grewAt > 20_000) stop()
      say(`downloading the Temporal CLI ${VERSION}: ${Math.round(bytes / 1e6)} MB, ${seconds(since)} s`)
    },
  )
  const found = readdirSync(into).map((name) => join(into, name))
  const executable = found.find((path) => runs(path))
  if (executable) renameSync(executable, target)
  rmSync(into, { recursive: true, force: true })
  if (executable) return undefined
  return `The download failed: ${result.stopped ? 'nothing arrived for 20 s' : lastLine(result.output)}`
}

async function build(folder: string, target: string, say: Say): Promise<string | undefined> {
  const into = join(folder, 'build')
  rmSync(into, { recursive: true, force: true })
  const since = performance.now()
  const result = await run(
    'go',
    ['install', '-v', `github.com/temporalio/cli/cmd/temporal@${VERSION}`],
    { GOBIN: into },
    (_, output) => {
      const lines = output.split('\n')
      const fetched = lines.filter((line) => line.startsWith('go: downloading')).length
      const compiled = lines.filter((line) => /^\S+$/.test(line)).length
      say(
        `building the Temporal CLI ${VERSION} with Go (only once; 4 minutes on 2 cores): ${fetched} modules fetched, ${compiled} packages built, ${seconds(since)} s`,
      )
    },
  )
  const executable = join(into, 'temporal')
  const succeeded = result.code === 0 && runs(executable)
  if (succeeded) {
    chmodSync(executable, 0o755)
    renameSync(executable, target)
  }
  rmSync(into, { recursive: true, force: true })
  return succeeded ? undefined : `The build with Go failed: ${lastLine(result.output)}`
}

type Outcome = { code: number | null; output: string; stopped: boolean }

/** Runs a command to its end, looking at it every two seconds. */
function run(
  command: string,
  args: string[],
  environment: NodeJS.ProcessEnv,
  look: (stop: () => void, output: string) => void,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let stopped = false
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const stop = () => {
      stopped = true
      child.kill('SIGKILL')
    }
    const timer = setInterval(() => look(stop, output), 2000)
    child.on('error', (error) => {
      clearInterval(timer)
      resolve({ code: null, output: error.message, stopped })
    })
    child.on('close', (code) => {
      clearInterval(timer)
      resolve({ code, output, stopped })
    })
  })
}

function sizeOf(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 1000)
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) || 'no reason given'
}
