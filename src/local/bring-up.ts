import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { endLeftovers, recordProcess } from './leftovers.ts'
import { lastLines, rotateLog } from './log-files.ts'
import { startNodeProcess } from './node-process.ts'
import { built } from './places.ts'
import { runningPostgres, startPostgres } from './postgres.ts'
import { report, reportPassing, step } from './progress.ts'
import { welcome } from './running.ts'
import {
  dataFile,
  type PortName,
  postgresFolder,
  type Settings,
  settlePorts,
  writeSettings,
} from './settings.ts'
import { keepUp, type Supervised, supervise } from './supervision.ts'
import { temporalCli } from './temporal-cli.ts'
import { startTemporalServer } from './temporal-server.ts'
import type { SampleKeys } from './try-this.ts'

export type StopInOrder = { name: string; stop: () => Promise<void> }

type Environment = Record<string, string>

/** Starts everything, each thing once what it needs is there, and puts on `stops` how to stop it. */
export async function bringUp(
  settings: Settings,
  empty: boolean,
  stops: StopInOrder[],
  stopping: AbortSignal,
): Promise<void> {
  const { ports } = settings
  const url = (port: PortName) => `http://127.0.0.1:${ports[port]}`
  const start = async (name: string, doing: string, action: () => Promise<string>) => {
    stopping.throwIfAborted()
    await step(name, doing, action)
  }
  const keep = (name: string, supervised: Supervised) => {
    stops.push({ name, stop: supervised.stop })
    return supervised.ready
  }

  await endLeftovers()
  await settle(settings)

  let databaseUrl = process.env.DATABASE_URL ?? ''
  await start('postgres', 'starting', async () => {
    if (databaseUrl) return 'is the one of DATABASE_URL'
    const server = await startPostgres({
      folder: postgresFolder(settings),
      port: ports.postgres,
      launched: (identity) => recordProcess('postgres', identity),
    })
    void keep('postgres', keepUp('postgres', server))
    await server.createDatabase('holdfast').catch(unlessItExists)
    databaseUrl = server.url('holdfast')
    return `${server.adopted ? 'was still running' : 'runs'} on port ${server.port}; its data is in ${server.folder}`
  })

  let temporal: Environment = {}
  let temporalUiUrl: string | undefined
  await start('temporal', 'starting', async () => {
    const { TEMPORAL_ADDRESS: address } = process.env
    if (address) return `is the one of TEMPORAL_ADDRESS, ${address}`
    const server = await startTemporalServer({
      executable: await temporalCli((line) => reportPassing('temporal', line)),
      port: ports.temporal,
      uiPort: ports.temporalUi,
      databaseFile: dataFile('temporal.db'),
      logFile: logFile('temporal'),
      launched: (identity) => recordProcess('temporal', identity),
    })
    void keep('temporal', keepUp('temporal', server))
    temporalUiUrl = server.uiUrl
    temporal = {
      TEMPORAL_ADDRESS: server.address,
      TEMPORAL_NAMESPACE: 'default',
      // What the user may have there is meant for another server.
      TEMPORAL_CONFIG_FILE: dataFile('temporal.toml'),
    }
    return `runs on port ${ports.temporal}`
  })

  const stripe: Environment = {
    STRIPE_API_KEY: settings.stripeApiKey,
    STRIPE_WEBHOOK_SECRET: settings.stripeWebhookSecret,
  }
  const service: Environment = {
    ...temporal,
    DATABASE_URL: databaseUrl,
    TASK_QUEUE: 'holdfast',
    HOST: '127.0.0.1',
    PORT: String(ports.api),
    PUBLIC_URL: url('api'),
    LINK_SECRET: settings.linkSecret,
    SMTP_URL: `smtp://127.0.0.1:${ports.smtp}`,
    CARRIER_URL: url('carrier'),
    CARRIER_SECRET: settings.carrierSecret,
    CARRIER_API_KEY: settings.carrierApiKey,
    PROCESSOR_URL: `${url('processor')}/inbox`,
    PROCESSOR_SECRET: settings.processorSecret,
    ...stripe,
    STRIPE_URL: url('payments'),
    ALLOW_PRIVATE_ADDRESSES: 'true',
    WORKFLOW_BUNDLE: built('workflow-bundle.js'),
  }
  const keysFile = dataFile('keys.json')
  await start('database', 'migrating', async () => {
    await runToEnd('migrate', 'migrate.js', service)
    return 'is up to date'
  })
  const database = process.env.DATABASE_URL
    ? new URL(databaseUrl).host + new URL(databaseUrl).pathname
    : 'embedded'
  if (!settings.seeded.includes(database)) {
    await start('database', empty ? 'making the first keys' : 'filling in sample data', async () => {
      const environment = {
        ...service,
        KEYS_FILE: keysFile,
        SUPPLIER_URL: url('supplier'),
        DEALER_URL: url('dealer'),
      }
      await runToEnd('seed', 'local/seed.js', environment, empty ? ['--empty'] : [])
      settings.seeded.push(database)
      writeSettings(settings)
      return `the keys are in ${keysFile}`
    })
  }

  const run = (name: string, script: string, message: string, environment: Environment) =>
    start(name, 'starting', async () => {
      rotateLog(logFile(name))
      const merged = { ...process.env, ...environment }
      await keep(name, supervise({ name, script, environment: merged, logFile: logFile(name) }, message))
      return 'runs'
    })
  await run('mail', 'local/mail-sink.js', 'listening', {
    PORT: String(ports.mail),
    SMTP_PORT: String(ports.smtp),
    DATA_DIR: dataFile('mail'),
  })
  await run('carrier', 'local/sample-carrier.js', 'listening', {
    PORT: String(ports.carrier),
    HOLDFAST_API_URL: url('api'),
    CARRIER_SECRET: settings.carrierSecret,
    CARRIER_API_KEY: settings.carrierApiKey,
    DATA_DIR: dataFile('carrier'),
  })
  await run('supplier', 'local/sample-supplier.js', 'listening', {
    PORT: String(ports.supplier),
    HOLDFAST_API_URL: url('api'),
    DATA_DIR: dataFile('supplier'),
    KEYS_FILE: keysFile,
  })
  await run('processor', 'local/sample-processor.js', 'listening', {
    PORT: String(ports.processor),
    HOLDFAST_API_URL: url('api'),
    PROCESSOR_SECRET: settings.processorSecret,
    DATA_DIR: dataFile('processor'),
  })
  await run('dealer', 'local/sample-dealer.js', 'listening', {
    PORT: String(ports.dealer),
    HOLDFAST_API_URL: url('api'),
    DATA_DIR: dataFile('dealer'),
    KEYS_FILE: keysFile,
  })
  await run('payments', 'local/sample-payment-provider.js', 'listening', {
    ...stripe,
    PORT: String(ports.payments),
    PAGE_URL: url('payments'),
    HOLDFAST_API_URL: url('api'),
    DATA_DIR: dataFile('payments'),
  })
  await run('worker', 'worker.js', 'polling', service)
  await run('api', 'server.js', 'listening', service)
  await start('api', 'waiting until it is ready', () => becomeReady(url('api'), stopping))

  console.log(
    welcome(
      {
        apiUrl: url('api'),
        docsUrl: `${url('api')}/docs`,
        mailUrl: url('mail'),
        supplierUrl: url('supplier'),
        processorUrl: url('processor'),
        dealerUrl: url('dealer'),
        paymentsUrl: url('payments'),
        ...(temporalUiUrl && { temporalUiUrl }),
      },
      readKeys(keysFile),
    ),
  )
}

function logFile(name: string): string {
  return dataFile(`logs/${name}.log`)
}

/** Moves away from ports that strangers have taken. A Postgres that was left running keeps the one it has. */
async function settle(settings: Settings): Promise<void> {
  const needed: PortName[] = ['api', 'mail', 'smtp', 'carrier', 'supplier', 'processor', 'dealer', 'payments']
  if (!process.env.TEMPORAL_ADDRESS) needed.push('temporal', 'temporalUi')
  if (!process.env.DATABASE_URL && !runningPostgres(postgresFolder(settings))) needed.push('postgres')
  for (const name of await settlePorts(settings, needed)) {
    report(name, `its port is taken by another program; using ${settings.ports[name]} from now on`)
  }
}

function unlessItExists(error: { code?: string }): void {
  if (error.code !== '42P04') throw error
}

/** Runs one of our programs that ends by itself. */
async function runToEnd(
  name: string,
  script: string,
  environment: Environment,
  args: string[] = [],
): Promise<void> {
  const file = logFile(name)
  const merged = { ...process.env, ...environment }
  const ended = await startNodeProcess({ name, script, args, environment: merged, logFile: file }).ended
  if (ended !== 'ended with code 0')
    throw new Error(`${name} ${ended}. The end of ${file}:\n${lastLines(file, 20)}`)
}

async function becomeReady(apiUrl: string, stopping: AbortSignal): Promise<string> {
  const end = performance.now() + 60_000
  for (;;) {
    stopping.throwIfAborted()
    const answer = await fetch(`${apiUrl}/readyz`).catch((error: Error) => error)
    if (answer instanceof Response && answer.ok) return 'is ready'
    if (performance.now() > end) {
      const said = answer instanceof Response ? `${answer.status} ${await answer.text()}` : answer.message
      throw new Error(`The API does not become ready; ${apiUrl}/readyz says: ${said}`)
    }
    await sleep(200)
  }
}

type KeysFile = { storefront?: string; operator?: string; suppliers?: { api_key: string }[] }

function readKeys(file: string): SampleKeys {
  if (!existsSync(file)) return {}
  const { storefront, operator, suppliers } = JSON.parse(readFileSync(file, 'utf8')) as KeysFile
  return {
    ...(storefront && { storefrontKey: storefront }),
    ...(operator && { operatorKey: operator }),
    ...(suppliers?.[0] && { supplierKey: suppliers[0].api_key }),
  }
}
