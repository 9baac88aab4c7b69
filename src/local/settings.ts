import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './places.ts'
import { nextFreePort } from './ports.ts'
import { canEnter, serverAccount } from './postgres-binaries.ts'

const DEFAULT_PORTS = {
  api: 8080,
  temporal: 7233,
  temporalUi: 8233,
  postgres: 5433,
  mail: 8025,
  smtp: 2525,
  carrier: 8090,
  supplier: 8091,
  processor: 8092,
  dealer: 8094,
  payments: 8093,
}

export type PortName = keyof typeof DEFAULT_PORTS

export type Settings = {
  ports: Record<PortName, number>
  linkSecret: string
  carrierSecret: string
  carrierApiKey: string
  processorSecret: string
  stripeApiKey: string
  stripeWebhookSecret: string
  postgresFolder?: string
  /** The databases that have their first data. */
  seeded: string[]
}

/** Everything that `npm start` keeps, in the clone that it was started in. */
const DATA = join(ROOT, '.holdfast')

export function dataFile(name: string): string {
  return join(DATA, name)
}

export function prepareDataFolder(): void {
  mkdirSync(join(DATA, 'logs'), { recursive: true })
  // As root, Postgres runs under another account and has to get through; everything else in there is ours only.
  chmodSync(DATA, 0o711)
}

/** What was settled at an earlier start, completed by what is new. For the holder of the lock only. */
export function readSettings(): Settings {
  const file = dataFile('settings.json')
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Settings>) : {}
  const settings = {
    linkSecret: randomBytes(24).toString('hex'),
    carrierSecret: `whsec_${randomBytes(24).toString('base64')}`,
    carrierApiKey: randomBytes(24).toString('hex'),
    processorSecret: `whsec_${randomBytes(24).toString('base64')}`,
    stripeApiKey: `sk_test_${randomBytes(24).toString('hex')}`,
    stripeWebhookSecret: `whsec_${randomBytes(24).toString('hex')}`,
    seeded: [],
    ...kept,
    ports: { ...DEFAULT_PORTS, ...kept.ports },
  }
  writeSettings(settings)
  return settings
}

export function writeSettings(settings: Settings): void {
  const file = dataFile('settings.json')
  writeFileSync(`${file}.new`, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** Replaces those ports that a stranger has taken since; gives the names of the replaced. */
export async function settlePorts(settings: Settings, needed: readonly PortName[]): Promise<PortName[]> {
  const moved: PortName[] = []
  for (const name of needed) {
    const others = new Set(
      Object.entries(settings.ports).flatMap(([other, port]) => (other === name ? [] : [port])),
    )
    const port = await nextFreePort(settings.ports[name], others)
    if (port === settings.ports[name]) continue
    settings.ports[name] = port
    moved.push(name)
  }
  if (moved.length > 0) writeSettings(settings)
  return moved
}

/** Where the embedded Postgres lives: in the clone, unless its account cannot go there, as below root's home. */
export function postgresFolder(settings: Settings): string {
  if (!settings.postgresFolder) {
    const clone = createHash('sha256').update(ROOT).digest('hex').slice(0, 12)
    settings.postgresFolder = canEnter(DATA, serverAccount())
      ? dataFile('postgres')
      : `/var/lib/holdfast-${clone}`
    writeSettings(settings)
  }
  return settings.postgresFolder
}
