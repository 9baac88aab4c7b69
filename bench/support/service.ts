import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import postgres, { type Sql } from 'postgres'
import { type NodeProcess, startNodeProcess } from '../../src/local/node-process.ts'
import { built } from '../../src/local/places.ts'
import { type Answer, Caller } from './caller.ts'
import { PromptCarrier } from './outside.ts'
import { bookDatabase, type Stage } from './stage.ts'

/** The service as it runs in production, with its partners, for a benchmark to drive over HTTP. */
export type Service = {
  readonly sql: Sql
  readonly temporal: Client
  readonly worker: NodeProcess
  /** Calls as one of the roles, each POST with an idempotency key of its own. */
  post: (role: Role | { key: string }, path: string, body: object) => Promise<Answer>
  get: (role: Role, path: string) => Promise<Answer>
}

export type Role = 'storefront' | 'supplier' | 'operator'

export const SUPPLIER = 'bench-supplier'
const STOREFRONT = 'bench-shop'

export async function startService(
  stage: Stage,
  temporalAddress: string,
  options: {
    /** Called with the carrier's reference of each delivery once its last report was answered; without it nothing is reported. */
    delivered?: (reference: string) => void
    worker?: Record<string, string>
  } = {},
): Promise<Service> {
  const server = await stage.postgres()
  const databaseUrl = await bookDatabase(server, 'holdfast')
  const sql = postgres(databaseUrl, { max: 4, onnotice: () => {} })
  stage.atEnd(() => sql.end({ timeout: 1 }))
  const [api, mail, carrier] = [await stage.port(), await stage.port(), await stage.port()]
  const apiUrl = `http://127.0.0.1:${api}`
  const carrierSecret = `whsec_${randomBytes(24).toString('base64')}`
  await startProcess(stage, 'mail', bench('support/mail.js'), 'listening', { SMTP_PORT: String(mail) })
  const { delivered } = options
  await new PromptCarrier({ apiUrl, secret: carrierSecret, ...(delivered ? { delivered } : {}) }).listen(
    carrier,
  )
  const environment = {
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: 'default',
    PUBLIC_URL: apiUrl,
    LINK_SECRET: randomBytes(24).toString('hex'),
    SMTP_URL: `smtp://127.0.0.1:${mail}`,
    CARRIER_URL: `http://127.0.0.1:${carrier}`,
    CARRIER_SECRET: carrierSecret,
    // Nothing that is measured orders a vehicle.
    PROCESSOR_URL: 'http://127.0.0.1:9/inbox',
    PROCESSOR_SECRET: carrierSecret,
    ALLOW_PRIVATE_ADDRESSES: 'true',
    WORKFLOW_BUNDLE: built('workflow-bundle.js'),
    LOG_LEVEL: 'warn',
  }
  // The last lines that are waited for are of the level `info`.
  const said = { ...environment, LOG_LEVEL: 'info' }
  const worker = await startProcess(stage, 'worker', 'worker.js', 'polling', { ...said, ...options.worker })
  await startProcess(stage, 'api', 'server.js', 'listening', { ...said, PORT: String(api) })
  const connection = await Connection.connect({ address: temporalAddress })
  stage.atEnd(() => connection.close())
  const keys = await found(sql)
  const caller = new Caller(apiUrl)
  const headers = (role: Role | { key: string }) => ({
    authorization: `Bearer ${typeof role === 'string' ? keys[role] : role.key}`,
  })
  return {
    sql,
    temporal: new Client({ connection }),
    worker,
    post: async (role, path, body) => {
      const text = JSON.stringify(body)
      const keyed = { ...headers(role), 'idempotency-key': randomUUID() }
      for (;;) {
        const answer = await caller.post(path, text, keyed)
        // "The outcome is not known yet": the same request is sent again, as callers are told to.
        if (answer.status !== 503) return answer
        console.log(`503 at ${path.replace(/[A-Z]{2}-[\w-]+/, '…')}: asked again`)
      }
    },
    get: (role, path) => caller.call('GET', path, undefined, headers(role)),
  }
}

/** A process of the service (below `dist`) or of the benchmarks; stopped at the end. */
export async function startProcess(
  stage: Stage,
  name: string,
  script: string,
  ready: string,
  environment: Record<string, string>,
): Promise<NodeProcess> {
  mkdirSync(join(stage.folder, 'logs'), { recursive: true })
  const { PATH, HOME, TMPDIR } = process.env
  const started = startNodeProcess({
    name,
    script,
    environment: { PATH, HOME, TMPDIR, ...environment },
    logFile: join(stage.folder, 'logs', `${name}.log`),
  })
  stage.atEnd(() => started.stop())
  stage.pids.set(name, started.identity.pid)
  await started.logged(ready)
  return started
}

/** Where a built file of the benchmarks lies, as seen from `dist`. */
export function bench(path: string): string {
  return join('..', 'dist-bench', 'bench', path)
}

async function found(sql: Sql): Promise<Record<Role, string>> {
  await sql`INSERT INTO storefronts (id, name, mail_name, reply_to) VALUES (${STOREFRONT}, 'Bench', 'Bench', 'bench@example.test')`
  await sql`INSERT INTO suppliers (id, name, channel, email, webhook_secret, gather_seconds, acknowledge_seconds, remind_seconds, overdue_seconds, pass_over_seconds)
            VALUES (${SUPPLIER}, 'Supplier', 'mail', 'supplier@example.test', 'whsec_', 1, 86400, 86400, 86400, 86400)`
  const keys: Partial<Record<Role, string>> = {}
  for (const [role, partner] of Object.entries({
    storefront: STOREFRONT,
    supplier: SUPPLIER,
    operator: null,
  })) {
    const key = `hf_${role}_${randomBytes(24).toString('base64url')}`
    const hash = createHash('sha256').update(key).digest()
    await sql`INSERT INTO api_keys (role, partner, name, hash) VALUES (${role}, ${partner}, 'bench', ${hash})`
    keys[role as Role] = key
  }
  return keys as Record<Role, string>
}

/** An item with so many units on the shelf, which the bench's supplier delivers. */
export async function addItem(sql: Sql, sku: string, onHand: number): Promise<void> {
  await sql`INSERT INTO items (sku, name, price_minor, currency, back_orderable) VALUES (${sku}, ${`Item ${sku}`}, 1999, 'EUR', true)`
  await sql`INSERT INTO stock_levels (sku, on_hand) VALUES (${sku}, ${onHand})`
  if (onHand > 0) {
    await sql`INSERT INTO stock_movements (sku, kind, quantity, cause, step) VALUES (${sku}, 'count_up', ${onHand}, 'count/opening', ${`opening/${sku}`})`
  }
  await sql`INSERT INTO supplier_items (supplier, sku, rank, lead_seconds, pack_size, price_minor, currency) VALUES (${SUPPLIER}, ${sku}, 1, 86400, 1, 999, 'EUR')`
}

export function newOrder(sku: string, quantity: number): object {
  return {
    customer: { name: 'Ada Example', email: `ada-${randomBytes(6).toString('hex')}@example.test` },
    ship_to: {
      name: 'Ada Example',
      lines: ['12 Example Street'],
      city: 'Exampleton',
      postcode: '12345',
      country: 'DE',
    },
    lines: [{ sku, quantity }],
  }
}
