import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type NodeProcess, startNodeProcess } from '../../src/local/node-process.ts'
import { ROOT } from '../../src/local/places.ts'
import { useHouse } from '../support/house.ts'
import { essentials } from '../support/house-servers.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { ADDRESS, Shop, waitFor } from '../support/shop.ts'
import {
  type Certificates,
  FRONT_NAME,
  makeCertificates,
  startTemporalFront,
  type TemporalFront,
} from '../support/temporal-front.ts'

// Temporal Cloud cannot be had here. What the service sees of it can: TLS, an API key or a certificate that is asked for
// with every call, and a namespace with a name of its own.
const NAMESPACE = 'shop.a1b2c'
const API_KEY = 'the-right-key'

let certificates: Certificates
let byKey: TemporalFront
let byCertificate: TemporalFront
const started: NodeProcess[] = []
afterAll(() => Promise.all([byKey?.close(), byCertificate?.close()]))
const house = useHouse({
  partners: ['mail'],
  wayToTemporal: async (address) => {
    certificates = makeCertificates(mkdtempSync(join(inject('runFolder'), 'certificates-')))
    byKey = await startTemporalFront({ to: address, certificates, asks: { apiKey: API_KEY } })
    byCertificate = await startTemporalFront({ to: address, certificates, asks: 'certificate' })
    await makeNamespace(address)
    return {
      TEMPORAL_ADDRESS: byKey.address,
      TEMPORAL_NAMESPACE: NAMESPACE,
      TEMPORAL_API_KEY: API_KEY,
      // What an authority that everybody trusts would not need: the API goes by Node's, the worker by the system's.
      NODE_EXTRA_CA_CERTS: certificates.authority,
      SSL_CERT_FILE: certificates.authority,
    }
  },
})
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})
afterAll(() => Promise.all(started.map((process) => process.kill())))

/** As compose.yaml does it; twice, since it is run at every start. */
async function makeNamespace(address: string): Promise<void> {
  const { PATH } = process.env
  const script = join(ROOT, 'deploy', 'temporal', 'create-namespace.sh')
  const env = {
    ...essentials(),
    PATH: `${dirname(inject('temporalExecutable'))}:${PATH}`,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: NAMESPACE,
  }
  await promisify(execFile)('sh', [script], { env })
  await promisify(execFile)('sh', [script], { env })
}

/** One more of ours, with other Temporal settings than the house. */
function start(name: string, script: 'server.js' | 'worker.js', temporal: Record<string, string>) {
  const others = Object.entries(house().settings).filter(([setting]) => !/^TEMPORAL_|CERT/.test(setting))
  const logFile = join(house().folder, `${name}.log`)
  const process = startNodeProcess({
    name,
    script,
    environment: { ...essentials(), ...Object.fromEntries(others), PORT: '0', ...temporal },
    logFile,
  })
  started.push(process)
  return { process, log: () => readFileSync(logFile, 'utf8') }
}

type Readiness = { status: string; checks: Record<'database' | 'temporal' | 'worker', string> }

async function readiness(process: NodeProcess): Promise<{ status: number; url: string; temporal: string }> {
  const { port } = await process.logged('listening')
  const url = `http://127.0.0.1:${String(port)}`
  const answer = await fetch(`${url}/readyz`)
  const { checks } = (await answer.json()) as Readiness
  return { status: answer.status, url, temporal: checks.temporal }
}

test('API and worker work by an API key, over TLS, in a namespace of its own (P3)', async () => {
  const ready = await waitFor(
    'the house to be ready',
    async () => (await fetch(new URL('/readyz', house().apiUrl))).json() as Promise<Readiness>,
    ({ status }) => status === 'ready',
  )
  expect(ready.checks).toEqual({ database: 'ok', temporal: 'ok', worker: 'ok' })

  const { number } = await shop.backOrder(await shop.item(), 1)
  await expectSoundHouse(house())
  const backOrder = await house().temporal.workflow.getHandle(`back-order/${number}`).describe()
  expect(backOrder.status.name).toBe('RUNNING')

  const methods = new Set(byKey.calls.map(({ method }) => method))
  expect(methods).toContain('ExecuteMultiOperation')
  expect(methods).toContain('PollWorkflowTaskQueue')
  expect(methods).toContain('CreateSchedule')
  expect(new Set(byKey.calls.map(({ authorization }) => authorization))).toEqual(
    new Set([`Bearer ${API_KEY}`]),
  )
  // By it Temporal Cloud finds the namespace where many share an address.
  const unnamed = byKey.calls.filter(({ namespace }) => namespace !== NAMESPACE)
  expect(new Set(unnamed.map(({ method }) => method))).toEqual(new Set(['GetSystemInfo']))
})

test('by a certificate, set in a file (P3)', async () => {
  const file = join(house().folder, 'temporal.toml')
  const { authority, client } = certificates
  writeFileSync(
    file,
    `[profile.cloud]
     address = "${byCertificate.address}"
     namespace = "${NAMESPACE}"
     [profile.cloud.tls]
     server_ca_cert_path = "${authority}"
     server_name = "${FRONT_NAME}"
     client_cert_path = "${client.certificate}"
     client_key_path = "${client.key}"`,
  )
  const settings = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'cloud' }
  const worker = start('worker-by-certificate', 'worker.js', settings)
  const api = start('api-by-certificate', 'server.js', settings)
  await worker.process.logged('polling')
  expect(await readiness(api.process)).toMatchObject({ status: 200, temporal: 'ok' })
  const methods = byCertificate.calls.map(({ method }) => method)
  expect(methods).toContain('PollWorkflowTaskQueue')
  expect(methods).toContain('DescribeTaskQueue')
  expect(byCertificate.calls.filter(({ authorization }) => authorization !== undefined)).toEqual([])
})

function byAuthority(front: TemporalFront, certificate = certificates.authority): Record<string, string> {
  return {
    TEMPORAL_ADDRESS: front.address,
    TEMPORAL_NAMESPACE: NAMESPACE,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificate,
  }
}

/** Settings that do not work, what the API's `/readyz` and log say of them, and how the worker ends. */
const wrong = {
  'another key': {
    settings: () => ({ ...byAuthority(byKey), TEMPORAL_API_KEY: 'the-wrong-key' }),
    fault: 'refuses our key or certificate, or the namespace to us',
    reason: /"reason":"7 Request unauthorized\."/,
    worker: /^Temporal at localhost:\d+, with TLS, cannot be used: .*Request unauthorized/,
  },
  'another namespace': {
    settings: () => ({ ...byAuthority(byKey), TEMPORAL_API_KEY: API_KEY, TEMPORAL_NAMESPACE: 'shop.other' }),
    fault: 'does not know the namespace',
    reason: /"reason":"5 Namespace shop\.other is not found\."/,
    worker: /shop\.other/,
  },
  'another authority': {
    settings: () => ({ ...byAuthority(byKey, certificates.stranger), TEMPORAL_API_KEY: API_KEY }),
    fault: 'cannot be reached',
    reason: /"reason":"14 .*certificate/,
    worker: /^Temporal at localhost:\d+, with TLS, cannot be used: .*UnknownIssuer/,
  },
}

/** Asked again, since on a busy machine a question may end before its last try for a connection has. */
async function expectReason(api: { process: NodeProcess; log: () => string }, reason: RegExp): Promise<void> {
  await waitFor(
    'the reason in the log',
    async () => {
      await readiness(api.process)
      return api.log()
    },
    (log) => reason.test(log),
  )
}

const apis: Partial<Record<keyof typeof wrong, ReturnType<typeof start>>> = {}
function apiWith(name: keyof typeof wrong) {
  return (apis[name] ??= start(`api-with-${name}`, 'server.js', wrong[name].settings()))
}

test('with another key, namespace or authority the worker ends, and the API says why it is not ready (P3)', async () => {
  await Promise.all(
    (['another key', 'another namespace', 'another authority'] as const).map(async (name) => {
      const { settings, fault, reason, worker: end } = wrong[name]
      const worker = start(`worker-with-${name}`, 'worker.js', settings())
      const api = apiWith(name)
      expect(await readiness(api.process)).toMatchObject({ status: 503, temporal: fault })
      await expectReason(api, reason)
      expect(await worker.process.ended).toBe('ended with code 1')
      expect(worker.log()).toMatch(end)
    }),
  )
})

test('with no certificate the API says that it cannot reach Temporal (P3)', async () => {
  const api = start('api-without-certificate', 'server.js', byAuthority(byCertificate))
  expect(await readiness(api.process)).toMatchObject({ status: 503, temporal: 'cannot be reached' })
  await expectReason(api, /"reason":"14 .*certificate required/)
})

test('what was ordered while Temporal refused us is placed later, under the same key (P3)', async () => {
  const { url } = await readiness(apiWith('another key').process)
  const sku = await shop.item()
  const body = {
    customer: { name: 'Ada Example', email: 'refused@example.test' },
    ship_to: ADDRESS,
    lines: [{ sku, quantity: 1 }],
  }
  const order = (api: string) =>
    fetch(new URL('/v1/orders', api), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${shop.storefrontKey}`,
        'idempotency-key': 'refused-first',
      },
      body: JSON.stringify(body),
    })
  const first = await order(url)
  expect([first.status, await first.json()]).toMatchObject([
    503,
    { type: expect.stringMatching(/unavailable$/) },
  ])
  await waitFor(
    'the order to be placed',
    () => order(house().apiUrl),
    ({ status }) => status === 201,
  )
  expect(await house().db`SELECT 1 FROM order_lines WHERE sku = ${sku}`).toHaveLength(1)
  await expectSoundHouse(house())
})
