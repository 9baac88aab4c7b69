import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@temporalio/client'
import { identify, sendSignal } from '../../src/local/process-identity.ts'
import { recordServer } from '../../test/support/run-folder.ts'
import type { Stage } from './stage.ts'

const VERSION = 'v1.29.1'
const ATTRIBUTES = { OrderNumber: 2, Stage: 2, PartnerId: 2, Sku: 7, Deadline: 6 }

/**
 * The Temporal server proper, as in production, with a Postgres of its own. Built with Go the first time (about three
 * minutes) and kept outside the clone. Gives its address.
 */
export async function temporalOnPostgres(stage: Stage): Promise<string> {
  const binaries = built()
  const postgres = await stage.postgres('temporal-postgres')
  for (const [database, schema] of [
    ['temporal', 'temporal'],
    ['temporal_visibility', 'visibility'],
  ] as const) {
    await postgres.createDatabase(database)
    const { username, password, port } = new URL(postgres.url(database))
    const tool = (...args: string[]) =>
      execFileSync(
        join(binaries, 'sql'),
        [
          '--plugin',
          'postgres12',
          '--ep',
          '127.0.0.1',
          '-p',
          port,
          '-u',
          username,
          '--pw',
          password,
          '--db',
          database,
          ...args,
        ],
        { stdio: 'ignore' },
      )
    tool('setup-schema', '-v', '0.0')
    tool('update-schema', '--schema-name', `postgresql/v12/${schema}`)
  }

  const folder = join(stage.folder, 'temporal')
  mkdirSync(join(folder, 'config'), { recursive: true })
  const port = await stage.port()
  writeFileSync(
    join(folder, 'config', 'development.yaml'),
    await config(stage, postgres.url('temporal'), port, folder),
  )
  writeFileSync(
    join(folder, 'config', 'dynamic.yaml'),
    'system.forceSearchAttributesCacheRefreshOnRead:\n  - value: true\n',
  )
  const log = openSync(join(stage.folder, 'temporal.log'), 'a', 0o600)
  const child = spawn(join(binaries, 'server'), ['--root', folder, '--allow-no-auth', 'start'], {
    detached: true,
    stdio: ['ignore', log, log],
  })
  child.unref()
  const identity = identify(child.pid ?? 0)
  if (!identity) throw new Error('the Temporal server did not start')
  recordServer(stage.folder, identity)
  stage.pids.set('temporal', identity.pid)
  stage.atEnd(async () => sendSignal(identity, 'SIGKILL'))
  const address = `127.0.0.1:${port}`
  await prepare(address)
  return address
}

function built(): string {
  const folder = join(homedir(), '.cache', 'holdfast', `temporal-server-${VERSION.slice(1)}`)
  for (const [name, path] of [
    ['server', 'server'],
    ['sql', 'tools/sql'],
  ] as const) {
    if (existsSync(join(folder, name))) continue
    console.log(`building the Temporal ${name} ${VERSION} with Go, only once …`)
    execFileSync('go', ['install', `go.temporal.io/server/cmd/${path}@${VERSION}`], {
      env: { ...process.env, GOBIN: folder },
      stdio: 'inherit',
    })
  }
  return folder
}

/** The namespace and our search attributes, once the server answers. */
async function prepare(address: string): Promise<void> {
  const end = performance.now() + 60_000
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 2_000 })
      await connection.workflowService.registerNamespace({
        namespace: 'default',
        workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
      })
      await until(() => connection.workflowService.describeNamespace({ namespace: 'default' }), end)
      await until(
        () =>
          connection.operatorService.addSearchAttributes({
            namespace: 'default',
            searchAttributes: ATTRIBUTES,
          }),
        end,
      )
      await connection.close()
      // The server's own caches of namespaces and attributes need a moment.
      await sleep(5_000)
      return
    } catch (error) {
      if (performance.now() > end) throw error
      await sleep(500)
    }
  }
}

async function until(work: () => Promise<unknown>, end: number): Promise<void> {
  for (;;) {
    try {
      await work()
      return
    } catch (error) {
      if (performance.now() > end) throw error
      await sleep(500)
    }
  }
}

async function config(stage: Stage, url: string, port: number, folder: string): Promise<string> {
  const { username, password, host } = new URL(url)
  const store = (database: string) => `
      sql: { pluginName: postgres12, databaseName: ${database}, connectAddr: "${host}", connectProtocol: tcp, user: "${username}",
             password: "${password}", maxConns: 20, maxIdleConns: 20, maxConnLifetime: 1h }`
  const service = async (grpc?: number) =>
    `{ rpc: { grpcPort: ${grpc ?? (await stage.port())}, membershipPort: ${await stage.port()}, bindOnLocalHost: true } }`
  return `
log: { stdout: true, level: warn }
persistence:
  defaultStore: books
  visibilityStore: visibility
  numHistoryShards: 4
  datastores:
    books:${store('temporal')}
    visibility:${store('temporal_visibility')}
global: { membership: { maxJoinDuration: 30s, broadcastAddress: "127.0.0.1" } }
services:
  frontend: ${await service(port)}
  matching: ${await service()}
  history: ${await service()}
  worker: ${await service()}
clusterMetadata:
  enableGlobalNamespace: false
  failoverVersionIncrement: 10
  masterClusterName: active
  currentClusterName: active
  clusterInformation:
    active: { enabled: true, initialFailoverVersion: 1, rpcName: frontend, rpcAddress: "127.0.0.1:${port}" }
dcRedirectionPolicy: { policy: noop }
dynamicConfigClient: { filepath: "${join(folder, 'config', 'dynamic.yaml')}", pollInterval: 60s }
`
}
