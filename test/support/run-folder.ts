import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isFree } from '../../src/local/ports.ts'
import { endProcess, type Identity, identify, isRunning } from '../../src/local/process-identity.ts'

/**
 * Everything that one run of the tests leaves on the machine is below one temporary folder, and every server in
 * it that would outlive us is on record there. So a run that was killed is cleaned up after by the next one.
 */
const PREFIX = 'holdfast-test-'

export function makeRunFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), PREFIX))
  // Postgres may run under another account and has to get in.
  chmodSync(folder, 0o711)
  mkdirSync(join(folder, 'servers'))
  mkdirSync(join(folder, 'ports'))
  mkdirSync(join(folder, 'test-processes'))
  writeFileSync(join(folder, 'owner.json'), JSON.stringify(identify(process.pid)))
  return folder
}

/**
 * A free port that no other test file of this run is given. It is below the range from which the system serves
 * outgoing connections (from 32768 on): in there, a client that keeps dialling a server which is down for a moment
 * can be given that server's own port, meets itself there, and the server cannot come back.
 */
export async function reservePort(runFolder: string): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 17_000)
    const reservation = join(runFolder, 'ports', String(port))
    if (existsSync(reservation) || !(await isFree(port))) continue
    try {
      writeFileSync(reservation, '', { flag: 'wx' })
      return port
    } catch {
      // Another test file was faster.
    }
  }
}

/** Puts a server on record, to be ended with the run at the latest. */
export function recordServer(runFolder: string, server: Identity): void {
  writeFileSync(join(runFolder, 'servers', `${server.pid}.json`), JSON.stringify(server))
}

/** Puts this process on record, which runs a test file and may outlive a run that is killed. */
export function recordTestProcess(runFolder: string): void {
  writeFileSync(
    join(runFolder, 'test-processes', `${process.pid}.json`),
    JSON.stringify(identify(process.pid)),
  )
}

export async function removeRunFolder(folder: string): Promise<void> {
  await endAll(join(folder, 'servers'))
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

/** Removes what runs left behind whose process is no longer there. */
export async function removeAbandonedRuns(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const owner = join(tmpdir(), name, 'owner.json')
    if (!name.startsWith(PREFIX) || !existsSync(owner) || isRunning(readIdentity(owner))) continue
    // First those who might start another server.
    await endAll(join(tmpdir(), name, 'test-processes'))
    await removeRunFolder(join(tmpdir(), name))
  }
}

async function endAll(folder: string): Promise<void> {
  const identities = readdirSync(folder).map((name) => readIdentity(join(folder, name)))
  await Promise.all(identities.map((identity) => endProcess(identity, 'SIGKILL', 5000)))
}

function readIdentity(file: string): Identity {
  return JSON.parse(readFileSync(file, 'utf8')) as Identity
}
