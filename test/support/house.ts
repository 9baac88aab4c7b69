import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import postgres, { type Sql } from 'postgres'
import { afterAll, afterEach, beforeAll, inject } from 'vitest'
import { lastLines } from '../../src/local/log-files.ts'
import { type NodeProcess, startNodeProcess } from '../../src/local/node-process.ts'
import { built } from '../../src/local/places.ts'
import type { PostgresServer } from '../../src/local/postgres.ts'
import { isRunning } from '../../src/local/process-identity.ts'
import { type Database, openStore } from '../../src/store/database.ts'
import {
  type CleanUp,
  endWorkflows,
  essentials,
  ownDatabase,
  sharedDatabase,
  startTemporal,
} from './house-servers.ts'
import { takeEverything } from './inbox.ts'
import { recordServer, recordTestProcess, reservePort } from './run-folder.ts'
import { SHORT_LIVED } from './short-lived.ts'

type Partner = 'mail' | 'carrier' | 'supplier' | 'processor' | 'dealer' | 'payments'
/** `inbox` takes whatever the processor is sent and never says anything. It is there unless the processor is. */
type Present = Partner | 'inbox'

/** Who is in a house. A house can be given more of them, and relieved of some, while it stands. */
type Household = {
  /** How many API processes; 1 unless told otherwise. */
  apis?: number
  /** How many worker processes; 1 unless told otherwise. */
  workers?: number
  /** Which stand-ins run; all but the dealers and the payment provider unless told otherwise. */
  partners?: readonly Partner[]
}

/** What is out of the ordinary from the first. */
export type Foundations = {
  /** A Postgres of its own with full durability, which can then be killed. Otherwise: a database on the shared one. */
  ownPostgres?: boolean
  /** Dynamic configuration of the Temporal server, by key. */
  temporalDynamicConfig?: Record<string, string>
  /** Leads APIs and workers to the Temporal server at this address by another way: gives their settings for it. */
  wayToTemporal?: (address: string) => Promise<{ TEMPORAL_NAMESPACE: string } & Record<string, string>>
}

export type HouseOptions = Household & Foundations

export type House = {
  /** Holds the logs and the partners' data while the house stands. */
  readonly folder: string
  /** The first API's; mails link to it and partners call it. */
  readonly apiUrl: string
  readonly apiUrls: readonly string[]
  readonly mailUrl: string
  readonly carrierUrl: string
  readonly supplierUrl: string
  /** The order processor's page and control routes; its inbox is below. */
  readonly processorUrl: string
  readonly dealerUrl: string
  readonly paymentsUrl: string
  /** Where the sample suppliers and dealers look for who they are; nothing is there until a test writes it. */
  readonly keysFile: string
  readonly linkSecret: string
  readonly carrierSecret: string
  /** Signs what the order processor and the house send each other. */
  readonly processorSecret: string
  readonly stripeWebhookSecret: string
  readonly databaseUrl: string
  readonly db: Sql
  /** The same books by one connection as the service has them, which keeps its plans. */
  readonly books: Database
  readonly temporalAddress: string
  readonly temporal: Client
  /** The environment of APIs and workers. */
  readonly settings: Readonly<Record<string, string>>
  /** Whether any worker runs, so that what is to be done in the background is done. */
  readonly hasWorker: boolean
  /** Starts the worker at this index again, or one more; gives its index. */
  startWorker: (index?: number) => Promise<number>
  /** SIGKILL. */
  killWorker: (index: number) => Promise<void>
  /** SIGTERM: finishes what it is doing. */
  stopWorker: (index: number) => Promise<void>
  /** Starts the API at this index again, on its old port, or one more; gives its index. */
  startApi: (index?: number) => Promise<number>
  killApi: (index: number) => Promise<void>
  stopApi: (index: number) => Promise<void>
  killTemporal: () => Promise<void>
  startTemporal: () => Promise<void>
  killPostgres: () => Promise<void>
  startPostgres: () => Promise<void>
  /** Everything that all processes have written, under the name of each. */
  logs: () => string
  /** Since when it stands as new. Temporal keeps what was there before, ended. */
  readonly since: Date
  stop: () => Promise<void>
}

/** A house that a test file has left and the next one may take over, if it wants an ordinary one. */
type Standing = {
  house: House
  /** Makes it like new, whatever was killed: no row, no running process, partners that know nothing, this household. */
  renew: (household: Household) => Promise<void>
}

/** Unless the file asks for others. */
const USUAL_PARTNERS: readonly Partner[] = ['mail', 'carrier', 'supplier', 'processor']

/** A whole service, with real everything, on ports and folders of its own. */
async function startHouse(options: HouseOptions): Promise<Standing> {
  const runFolder = inject('runFolder')
  recordTestProcess(runFolder)
  const folder = mkdtempSync(join(runFolder, 'house-'))
  const cleanUp: CleanUp = [
    async () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  ]
  const stop = async () => {
    const failures: unknown[] = []
    for (const step of cleanUp.splice(0).toReversed()) await step().catch((error) => failures.push(error))
    if (failures.length > 0) throw new AggregateError(failures, 'The house could not be taken down cleanly')
  }
  try {
    return await build(options, runFolder, folder, cleanUp, stop)
  } catch (error) {
    console.error(endOfLogs(folder))
    await stop()
    throw error
  }
}

/** The one that the files before this one used, in this process. */
let standing: Standing | undefined

/**
 * A house for a whole test file: there before its tests, shows the logs of a failed one. To start one takes more than many a
 * file does in it, so an ordinary one in which no test failed is made like new for the next file that wants an ordinary
 * one.
 */
export function useHouse(options: HouseOptions = {}): () => House {
  const { ownPostgres, temporalDynamicConfig, wayToTemporal } = options
  const isOrdinary = !ownPostgres && !temporalDynamicConfig && !wayToTemporal
  let current: Standing | undefined
  /** As far as is known: a house that could not be made like new is given to nobody. */
  let isSound = false
  beforeAll(async () => {
    if (isOrdinary && standing) {
      current = standing
      standing = undefined
      await current.renew(options)
    } else current = await startHouse(options)
    isSound = true
  })
  afterEach(({ task }) => {
    if (task.result?.state !== 'fail' || !current) return
    isSound = false
    console.error(endOfLogs(current.house.folder))
  })
  afterAll(async () => {
    if (isOrdinary && isSound) standing = current
    else await current?.house.stop()
  })
  return () => {
    if (!current) throw new Error('The house stands only while tests and hooks run')
    return current.house
  }
}

async function build(
  options: HouseOptions,
  runFolder: string,
  folder: string,
  cleanUp: CleanUp,
  stop: () => Promise<void>,
): Promise<Standing> {
  mkdirSync(join(folder, 'data'))
  const logFile = (name: string) => join(folder, `${name}.log`)

  const [database, temporalServer] = await Promise.all([
    options.ownPostgres ? ownDatabase(runFolder, folder, cleanUp) : sharedDatabase(cleanUp),
    startTemporal(options, runFolder, folder, cleanUp),
  ])
  const db = postgres(database.url, { max: 5, onnotice: () => undefined })
  // Bounded: on a connection that a killed server left behind it would otherwise wait for ever.
  cleanUp.push(() => db.end({ timeout: 1 }))
  const store = openStore({ url: database.url, poolSize: 1, name: 'test' })
  cleanUp.push(store.close)
  const connection = Connection.lazy({ address: temporalServer.address })
  cleanUp.push(() => connection.close())

  const linkSecret = randomBytes(24).toString('hex')
  const carrierSecret = `whsec_${randomBytes(24).toString('base64')}`
  const processorSecret = `whsec_${randomBytes(24).toString('base64')}`
  const carrierApiKey = randomBytes(24).toString('hex')
  const stripe = {
    STRIPE_API_KEY: `sk_test_${randomBytes(24).toString('hex')}`,
    STRIPE_WEBHOOK_SECRET: `whsec_${randomBytes(24).toString('hex')}`,
  }
  const keysFile = join(folder, 'data', 'keys.json')
  const ports = {
    api: await reservePort(runFolder),
    mail: await reservePort(runFolder),
    smtp: await reservePort(runFolder),
    carrier: await reservePort(runFolder),
    supplier: await reservePort(runFolder),
    processor: await reservePort(runFolder),
    dealer: await reservePort(runFolder),
    payments: await reservePort(runFolder),
  }
  const apiUrls: string[] = [urlOf(ports.api)]

  const processes: NodeProcess[] = []
  cleanUp.push(() => Promise.all(processes.map((process) => process.stop())))
  const start = async (name: string, script: string, ready: string, environment: Record<string, string>) => {
    const process = startNodeProcess({
      name,
      script,
      nodeFlags: SHORT_LIVED,
      environment: { ...essentials(), ...environment },
      logFile: logFile(name),
    })
    processes.push(process)
    recordServer(runFolder, process.identity)
    await process.logged(ready)
    return process
  }

  const partners: Record<Present, () => Promise<Pick<NodeProcess, 'kill'>>> = {
    mail: () =>
      start('mail-sink', 'local/mail-sink.js', 'listening', {
        PORT: String(ports.mail),
        SMTP_PORT: String(ports.smtp),
        DATA_DIR: join(folder, 'data', 'mail'),
      }),
    carrier: () =>
      start('carrier', 'local/sample-carrier.js', 'listening', {
        PORT: String(ports.carrier),
        DATA_DIR: join(folder, 'data', 'carrier'),
        HOLDFAST_API_URL: urlOf(ports.api),
        CARRIER_SECRET: carrierSecret,
        CARRIER_API_KEY: carrierApiKey,
      }),
    supplier: () =>
      start('supplier', 'local/sample-supplier.js', 'listening', {
        PORT: String(ports.supplier),
        DATA_DIR: join(folder, 'data', 'supplier'),
        HOLDFAST_API_URL: urlOf(ports.api),
        KEYS_FILE: keysFile,
      }),
    processor: () =>
      start('processor', 'local/sample-processor.js', 'listening', {
        PORT: String(ports.processor),
        DATA_DIR: join(folder, 'data', 'processor'),
        HOLDFAST_API_URL: urlOf(ports.api),
        PROCESSOR_SECRET: processorSecret,
      }),
    inbox: () => takeEverything(ports.processor),
    dealer: () =>
      start('dealer', 'local/sample-dealer.js', 'listening', {
        PORT: String(ports.dealer),
        DATA_DIR: join(folder, 'data', 'dealer'),
        HOLDFAST_API_URL: urlOf(ports.api),
        KEYS_FILE: keysFile,
      }),
    payments: () =>
      start('payments', 'local/sample-payment-provider.js', 'listening', {
        ...stripe,
        PORT: String(ports.payments),
        PAGE_URL: urlOf(ports.payments),
        DATA_DIR: join(folder, 'data', 'payments'),
        HOLDFAST_API_URL: urlOf(ports.api),
      }),
  }
  const service = {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporalServer.address,
    TEMPORAL_NAMESPACE: 'default',
    ...(await options.wayToTemporal?.(temporalServer.address)),
    TASK_QUEUE: 'holdfast',
    PUBLIC_URL: urlOf(ports.api),
    LINK_SECRET: linkSecret,
    SMTP_URL: `smtp://127.0.0.1:${ports.smtp}`,
    OPERATORS_EMAIL: 'operators@example.test',
    CARRIER_URL: urlOf(ports.carrier),
    CARRIER_SECRET: carrierSecret,
    CARRIER_API_KEY: carrierApiKey,
    PROCESSOR_URL: `${urlOf(ports.processor)}/inbox`,
    PROCESSOR_SECRET: processorSecret,
    ...stripe,
    STRIPE_URL: urlOf(ports.payments),
    ALLOW_PRIVATE_ADDRESSES: 'true',
    WORKFLOW_BUNDLE: built('workflow-bundle.js'),
    // So that a queue of more than one pass is soon made.
    PASS_LIMIT: '225',
  }
  const workers: (NodeProcess | undefined)[] = []
  const startWorker = async (index = workers.length) => {
    workers[index] = await start(`worker-${index}`, 'worker.js', 'polling', {
      ...service,
      // So that a dozen calls can hang at once, and others go on.
      DATABASE_POOL_SIZE: '24',
    })
    return index
  }
  const apis: (NodeProcess | undefined)[] = []
  const startApi = async (index = apis.length) => {
    const url = (apiUrls[index] ??= urlOf(await reservePort(runFolder)))
    apis[index] = await start(`api-${index}`, 'server.js', 'listening', {
      ...service,
      // Every connection plans every statement anew, and none of them lives long.
      DATABASE_POOL_SIZE: '8',
      PORT: new URL(url).port,
    })
    return index
  }
  const take = (from: (NodeProcess | undefined)[], index: number): NodeProcess => {
    const found = from[index]
    if (!found) throw new Error(`No process with index ${index} is running`)
    from[index] = undefined
    return found
  }

  const present = new Map<Present, Pick<NodeProcess, 'kill'>>()
  const settle = async ({
    partners: wanted = USUAL_PARTNERS,
    apis: ofApi = 1,
    workers: ofWorker = 1,
  }: Household) => {
    // The partners first: some processes call them as they start.
    const all: readonly Present[] = wanted.includes('processor') ? wanted : [...wanted, 'inbox']
    const missing = all.filter((partner) => !present.has(partner))
    await Promise.all(missing.map(async (partner) => present.set(partner, await partners[partner]())))
    await Promise.all([toNumber(apis, ofApi, startApi), toNumber(workers, ofWorker, startWorker)])
  }
  await settle(options)

  const temporal = new Client({ connection, namespace: service.TEMPORAL_NAMESPACE })
  let since = new Date()
  const renew = async (household: Household) => {
    for (const [partner, process] of present) {
      if (partner === 'mail') continue
      await process.kill()
      present.delete(partner)
      rmSync(join(folder, 'data', partner), { recursive: true, force: true })
    }
    rmSync(keysFile, { force: true })
    if (!isRunning(temporalServer.identity)) await temporalServer.start()
    await endWorkflows(temporal)
    await database.renew()
    // Nearly every file wants a mail sink, and it can forget.
    if (present.has('mail')) await emptied(urlOf(ports.mail))
    for (const name of logNames(folder)) truncateSync(join(folder, name))
    since = new Date()
    await settle(household)
    const running = processes.filter(({ identity }) => isRunning(identity)).map(({ name }) => `${name}.log`)
    for (const name of logNames(folder))
      if (name !== 'temporal.log' && !running.includes(name)) rmSync(join(folder, name))
  }

  const house: House = {
    folder,
    get since() {
      return since
    },
    apiUrl: urlOf(ports.api),
    apiUrls,
    mailUrl: urlOf(ports.mail),
    carrierUrl: urlOf(ports.carrier),
    supplierUrl: urlOf(ports.supplier),
    processorUrl: urlOf(ports.processor),
    dealerUrl: urlOf(ports.dealer),
    paymentsUrl: urlOf(ports.payments),
    stripeWebhookSecret: stripe.STRIPE_WEBHOOK_SECRET,
    keysFile,
    linkSecret,
    carrierSecret,
    processorSecret,
    databaseUrl: database.url,
    db,
    books: store.db,
    temporalAddress: temporalServer.address,
    settings: service,
    temporal,
    get hasWorker() {
      return workers.some((worker) => worker !== undefined)
    },
    startWorker,
    killWorker: (index) => take(workers, index).kill(),
    stopWorker: (index) => take(workers, index).stop(),
    startApi,
    killApi: (index) => take(apis, index).kill(),
    stopApi: (index) => take(apis, index).stop(),
    killTemporal: temporalServer.kill,
    startTemporal: temporalServer.start,
    killPostgres: async () => ownServer(database.server).kill(),
    startPostgres: async () => ownServer(database.server).start(),
    logs: () =>
      logNames(folder)
        .map((name) => `== ${name}\n${readFileSync(join(folder, name), 'utf8')}`)
        .join('\n'),
    stop,
  }
  return { house, renew }
}

function ownServer(server: PostgresServer | undefined): PostgresServer {
  if (!server) throw new Error('The Postgres is shared: only a house with `ownPostgres` may kill its own')
  return server
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`
}

/** A mail sink without mails, that takes whatever comes. */
async function emptied(mailUrl: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const done = await Promise.all([
    fetch(`${mailUrl}/api/mails`, { method: 'DELETE' }),
    fetch(`${mailUrl}/api/behaviour`, { method: 'PUT', headers, body: JSON.stringify({ mode: 'accept' }) }),
  ])
  if (!done.every(({ ok }) => ok)) throw new Error('The mail sink did not forget')
}

/** Starts and ends processes until those with the first indices run and no other. */
async function toNumber(
  running: (NodeProcess | undefined)[],
  wanted: number,
  start: (index: number) => Promise<unknown>,
): Promise<void> {
  for (const surplus of running.splice(wanted)) await surplus?.kill()
  for (let index = 0; index < wanted; index++) if (!running[index]) await start(index)
}

function logNames(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.log'))
}

function endOfLogs(folder: string): string {
  return logNames(folder)
    .map((name) => {
      const file = join(folder, name)
      return `== the end of ${name}\n${lastLines(file, 15)}\n${errorsIn(file)}`
    })
    .join('\n')
}

/** What a process logged as an error, wherever in its log. */
function errorsIn(file: string): string {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => /^\{"level":[56]0,/.test(line)).join('\n')
}
