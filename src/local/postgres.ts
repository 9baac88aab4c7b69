import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { lastLines } from './log-files.ts'
import {
  type Account,
  type Binaries,
  canEnter,
  reachableBinaries,
  serverAccount,
} from './postgres-binaries.ts'
import {
  childrenOf,
  endProcess,
  type Identity,
  identify,
  isRunning,
  sendSignal,
  waitForExit,
} from './process-identity.ts'

const USER = 'holdfast'

export type PostgresOptions = {
  /** Holds `data`, `password` and `postgres.log`; made when it is not there. */
  folder: string
  port: number
  /** For tests, whose data need not outlive the machine and are soon gone: commits do not wait for the disk, nothing is vacuumed. */
  fast?: boolean
  /** Told of each process at once, so that it can be put on record before anything goes wrong. */
  launched: (identity: Identity) => void
}

export type PostgresServer = {
  readonly port: number
  readonly folder: string
  readonly identity: Identity
  /** Whether it was found running, left behind by a process that was killed. */
  readonly adopted: boolean
  url: (database: string) => string
  /** Makes the database, as a copy of `template` when one is named. */
  createDatabase: (name: string, template?: string) => Promise<void>
  /** Waits for the running transactions to be broken off and for the disk. */
  stop: () => Promise<void>
  /** SIGKILL for all its processes, as a crash of the machine would. */
  kill: () => Promise<void>
  /** Starts it again, on the same folder and port. */
  start: () => Promise<void>
}

/** Starts Postgres on a folder of its own, or takes over the one that already runs there. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const account = serverAccount()
  prepareFolder(options.folder, account)
  const binaries = await reachableBinaries(options.folder, account)
  if (!existsSync(join(options.folder, 'data', 'PG_VERSION'))) initialise(options, binaries, account)

  const password = readFileSync(join(options.folder, 'password'), 'utf8').trim()
  const running = await bringUp(options, binaries, account, password)
  let { identity } = running

  const url = (database: string) => `postgres://${USER}:${password}@127.0.0.1:${running.port}/${database}`
  return {
    port: running.port,
    folder: options.folder,
    adopted: running.adopted,
    get identity() {
      return identity
    },
    url,
    createDatabase: (name, template) => createDatabase(url('postgres'), name, template),
    stop: () => endProcess(identity, 'SIGINT', 10_000),
    kill: async () => {
      // Those that serve a connection too: by themselves they would go on answering for a while.
      const all = [identity, ...childrenOf(identity.pid)]
      for (const one of all) sendSignal(one, 'SIGKILL')
      await Promise.all(all.map((one) => waitForExit(one, 5000)))
    },
    start: async () => {
      identity = (await bringUp({ ...options, port: running.port }, binaries, account, password)).identity
    },
  }
}

function prepareFolder(folder: string, account: Account): void {
  mkdirSync(folder, { recursive: true })
  if (account.uid === undefined) return
  chmodSync(folder, 0o711)
  if (canEnter(folder, account)) return
  throw new Error(
    `Postgres cannot run as root, and the account "postgres" cannot enter ${folder}. Use a folder that every account may enter.`,
  )
}

function initialise({ folder, fast }: PostgresOptions, binaries: Binaries, account: Account): void {
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 })
  // Under another name until it is complete: a start that was broken off leaves nothing that looks initialised.
  const unfinished = join(folder, 'data.unfinished')
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { mode: 0o700 })
  for (const path of [passwordFile, unfinished]) own(path, account)
  const initdb = spawnSync(
    binaries.initdb,
    [
      `--pgdata=${unfinished}`,
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--locale=C',
      '--encoding=UTF8',
      ...(fast ? ['--no-sync'] : []),
    ],
    { ...account, cwd: folder, encoding: 'utf8' },
  )
  if (initdb.status !== 0) {
    throw new Error(
      `Postgres could not be initialised in ${folder}:\n${initdb.error?.message ?? initdb.stderr}`,
    )
  }
  renameSync(unfinished, join(folder, 'data'))
}

function own(path: string, { uid, gid }: Account): void {
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
}

type Running = { identity: Identity; port: number; adopted: boolean }

async function bringUp(
  options: PostgresOptions,
  binaries: Binaries,
  account: Account,
  password: string,
): Promise<Running> {
  const leftover = runningPostgres(options.folder)
  if (leftover) {
    options.launched(leftover.identity)
    await waitUntilItAnswers(leftover.identity, leftover.port, password, options.folder)
    return { ...leftover, adopted: true }
  }
  const end = performance.now() + 15_000
  for (;;) {
    const identity = launch(options, binaries, account)
    options.launched(identity)
    try {
      await waitUntilItAnswers(identity, options.port, password, options.folder)
      return { identity, port: options.port, adopted: false }
    } catch (error) {
      // After a SIGKILL its children need a moment to notice; until then the shared memory is still theirs.
      const heldByOrphans = lastLines(logFile(options.folder), 5).includes('pre-existing shared memory')
      if (!heldByOrphans || performance.now() > end) throw error
      await sleep(200)
    }
  }
}

/**
 * Who runs on this folder, by the file that Postgres itself keeps. The file of a dead server stays where it is:
 * by it the next one sees whether orphans of the dead one still write.
 */
export function runningPostgres(folder: string): { identity: Identity; port: number } | undefined {
  const file = join(folder, 'data', 'postmaster.pid')
  if (!existsSync(file)) return undefined
  const lines = readFileSync(file, 'utf8').split('\n')
  const found = identify(Number(lines[0]))
  // The data folder is among the arguments, so a stranger who was given the same pid is not taken for it.
  if (found?.command.includes(join(folder, 'data'))) return { identity: found, port: Number(lines[3]) }
  // Its pid has gone to a stranger, for whom Postgres would wait for ever.
  if (found) rmSync(file)
  return undefined
}

function launch({ folder, port, fast }: PostgresOptions, binaries: Binaries, account: Account): Identity {
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 300,
    timezone: 'UTC',
    // The details of an error quote the values of the row, and no personal data may reach a log (P6).
    log_error_verbosity: 'terse',
    ...(fast && { fsync: 'off', full_page_writes: 'off', autovacuum: 'off' }),
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const log = openSync(logFile(folder), 'a', 0o600)
  // Its own process group, so that Ctrl-C in a terminal does not stop it before those who write to it.
  const child = spawn(binaries.postgres, ['-D', join(folder, 'data'), '-p', String(port), ...flags], {
    ...account,
    cwd: folder,
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  child.on('error', () => undefined)
  child.unref()
  const identity = child.pid === undefined ? undefined : identify(child.pid)
  return identity ?? { pid: child.pid ?? 0, startedAt: 'never' }
}

async function waitUntilItAnswers(
  identity: Identity,
  port: number,
  password: string,
  folder: string,
): Promise<void> {
  const end = performance.now() + 60_000
  for (;;) {
    if (await answers(port, password)) return
    if (!isRunning(identity) || performance.now() > end) {
      throw new Error(
        `Postgres does not answer on port ${port} for the data in ${folder}. The end of ${logFile(folder)}:\n${lastLines(logFile(folder), 10)}`,
      )
    }
    await sleep(50)
  }
}

async function answers(port: number, password: string): Promise<boolean> {
  const sql = postgres({
    host: '127.0.0.1',
    port,
    user: USER,
    password,
    database: 'postgres',
    max: 1,
    connect_timeout: 5,
  })
  try {
    await sql`select 1`
    return true
  } catch {
    return false
  } finally {
    await sql.end({ timeout: 0 })
  }
}

async function createDatabase(adminUrl: string, name: string, template?: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1 })
  try {
    await sql`create database ${sql(name)} ${template ? sql`template ${sql(template)}` : sql``}`
  } finally {
    await sql.end()
  }
}

function logFile(folder: string): string {
  return join(folder, 'postgres.log')
}
