import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@temporalio/client'
import { lastLines } from './log-files.ts'
import { isFree } from './ports.ts'
import {
  endProcess,
  type Identity,
  identify,
  isRunning,
  sendSignal,
  waitForExit,
} from './process-identity.ts'

const SEARCH_ATTRIBUTES = {
  OrderNumber: 'Keyword',
  Stage: 'Keyword',
  PartnerId: 'Keyword',
  Sku: 'KeywordList',
  Deadline: 'Datetime',
}

export type TemporalOptions = {
  /** Path of the Temporal CLI. */
  executable: string
  port: number
  /** Without it there is no web page. */
  uiPort?: number
  /** Where workflows are kept; without it they are lost when the server ends. */
  databaseFile?: string
  logFile: string
  /** Dynamic configuration of the server in place of its own values, by key. */
  dynamicConfig?: Record<string, string>
  /** Told of each process at once, so that it can be put on record before anything goes wrong. */
  launched: (identity: Identity) => void
}

export type TemporalServer = {
  readonly address: string
  readonly uiUrl: string | undefined
  readonly identity: Identity
  stop: () => Promise<void>
  /** SIGKILL, as a crash would. */
  kill: () => Promise<void>
  /** Starts it again, on the same port and file. */
  start: () => Promise<void>
}

/** Starts a Temporal development server and waits until it knows its namespace and our search attributes. */
export async function startTemporalServer(options: TemporalOptions): Promise<TemporalServer> {
  let identity = await bringUp(options)
  return {
    address: addressOf(options),
    uiUrl: options.uiPort === undefined ? undefined : `http://127.0.0.1:${options.uiPort}`,
    get identity() {
      return identity
    },
    stop: () => endProcess(identity, 'SIGTERM', 10_000),
    kill: async () => {
      sendSignal(identity, 'SIGKILL')
      await waitForExit(identity, 5000)
      // Its threads end one by one, and the last one gives the port back.
      const end = performance.now() + 5000
      while (!(await isFree(options.port)) && performance.now() < end) await sleep(20)
    },
    start: async () => {
      identity = await bringUp(options)
    },
  }
}

/** Whether a server answers there with its namespace and our search attributes. */
async function temporalAnswers(address: string, namespace = 'default'): Promise<boolean> {
  let connection: Connection | undefined
  try {
    connection = await Connection.connect({ address, connectTimeout: 2000 })
    await connection.workflowService.describeNamespace({ namespace })
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace })
    return Object.keys(SEARCH_ATTRIBUTES).every((name) => name in (customAttributes ?? {}))
  } catch {
    return false
  } finally {
    await connection?.close()
  }
}

async function bringUp(options: TemporalOptions): Promise<Identity> {
  return bringUpOnce(options).catch((error: Error) => {
    // It takes further ports for itself, and panics where another program was quicker with one of them.
    if (!error.message.includes('panic:')) throw error
    return bringUpOnce(options)
  })
}

async function bringUpOnce(options: TemporalOptions): Promise<Identity> {
  const offset = existsSync(options.logFile) ? statSync(options.logFile).size : 0
  const identity = launch(options)
  options.launched(identity)
  const end = performance.now() + 60_000
  // Dialling before the port is open would cost the connection's first back-off, a whole second.
  while ((await isFree(options.port)) || !(await temporalAnswers(addressOf(options)))) {
    if (!isRunning(identity) || performance.now() > end) {
      const said = lastLines(options.logFile, 100, offset).split('\n')
      const panic = said.find((line) => line.startsWith('panic:'))
      throw new Error(
        `The Temporal server does not answer on port ${options.port}. The end of ${options.logFile}:\n${panic ?? said.slice(-10).join('\n')}`,
      )
    }
    await sleep(50)
  }
  return identity
}

function launch(options: TemporalOptions): Identity {
  const { executable, port, uiPort, databaseFile, logFile } = options
  const dynamicConfig = {
    // Otherwise an attribute is unknown for up to a minute after the server's first start.
    'system.forceSearchAttributesCacheRefreshOnRead': 'true',
    ...options.dynamicConfig,
  }
  const storage = databaseFile
    ? [
        '--db-filename',
        databaseFile,
        '--sqlite-pragma',
        'journal_mode=WAL',
        '--sqlite-pragma',
        'synchronous=NORMAL',
      ]
    : []
  const log = openSync(logFile, 'a', 0o600)
  // Its own process group, so that Ctrl-C in a terminal does not stop it before those who need it.
  const child = spawn(
    executable,
    [
      'server',
      'start-dev',
      '--ip',
      '127.0.0.1',
      '--port',
      String(port),
      ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]),
      ...storage,
      ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => [
        '--search-attribute',
        `${name}=${type}`,
      ]),
      ...Object.entries(dynamicConfig).flatMap(([key, value]) => [
        '--dynamic-config-value',
        `${key}=${value}`,
      ]),
      '--log-level',
      'warn',
    ],
    { detached: true, stdio: ['ignore', log, log] },
  )
  closeSync(log)
  child.on('error', () => undefined)
  child.unref()
  const identity = child.pid === undefined ? undefined : identify(child.pid)
  return identity ?? { pid: child.pid ?? 0, startedAt: 'never' }
}

function addressOf({ port }: TemporalOptions): string {
  return `127.0.0.1:${port}`
}
