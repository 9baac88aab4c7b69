import { Webhook } from 'standardwebhooks'
import { afterAll, expect, test, vi } from 'vitest'

const GOOD = 'Bearer hf_storefront_good'
const SECRET = 'whsec_c2VjcmV0'

// One storefront with one key, and one supplier.
vi.mock(import('../../../src/store/api-key.ts'), async (load) => ({
  ...(await load()),
  findKey: async (_, secret) =>
    secret === 'hf_storefront_good'
      ? ({ id: 'K1', role: 'storefront', partner: 'shop' } as never)
      : undefined,
}))
vi.mock(import('../../../src/store/supplier.ts'), async (load) => ({
  ...(await load()),
  readSupplier: async (_, id) => (id === 'swift' ? ({ webhook_secret: SECRET } as never) : undefined),
}))

// Other files share the modules of this process: they keep theirs, and we have ours with what stands in above.
vi.resetModules()
const { bareApi } = await import('./in-process.ts')
afterAll(() => vi.resetModules())

/** Calls the API as somebody at this address does. */
function caller(ratePerSecond: number) {
  const api = bareApi({ ratePerSecond })
  return async (path: string, init: RequestInit = {}, remoteAddress = '10.0.0.1') =>
    api.request(path, init, { incoming: { socket: { remoteAddress } } })
}

const withKey = (authorization: string) => ({ headers: { authorization } })
const signed = (secret: string) => {
  const body = '{}'
  const at = new Date()
  return {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign('msg_1', at, body),
    },
  }
}

test('more requests than are allowed are told to wait (P5)', async () => {
  const ask = caller(3)
  const answers = await Promise.all(Array.from({ length: 4 }, () => ask('/v1/orders')))
  expect(answers.map((answer) => answer.status)).toEqual([401, 401, 401, 429])
  expect(answers[3]?.headers.get('retry-after')).toBe('1')
  expect(await answers[3]?.json()).toMatchObject({
    type: 'https://holdfast.example/problems/too-many-requests',
  })
  expect((await ask('/v1/orders', {}, '10.0.0.2')).status).toBe(401)
})

test('inventing keys or webhooks gains nothing (P5)', async () => {
  const ask = caller(3)
  const statuses: number[] = []
  for (let index = 0; index < 4; index++)
    statuses.push((await ask('/v1/orders', withKey(`Bearer hf_operator_${index}`))).status)
  for (let index = 0; index < 2; index++)
    statuses.push((await ask(`/v1/supplier-webhooks/invented-${index}`, signed(SECRET))).status)
  expect(statuses).toEqual([401, 401, 401, 429, 429, 429])
})

test('who has shown a right key or signature is not kept out by strangers behind the same proxy (P5)', async () => {
  const ask = caller(4)
  // Known, and the message is at fault: of an unknown supplier not even the signature would be right.
  const webhook = '/v1/supplier-webhooks/swift'
  expect((await ask(webhook, signed(SECRET))).status).toBe(422)
  expect((await ask('/v1/back-orders?state=nonsense', withKey(GOOD))).status).toBe(422)
  for (let index = 0; index < 6; index++) await ask('/v1/orders')
  expect((await ask('/v1/orders')).status).toBe(429)
  expect((await ask(webhook, signed(SECRET))).status).toBe(422)
  expect((await ask('/v1/back-orders?state=nonsense', withKey(GOOD))).status).toBe(422)
  // Each has an allowance of its own, which ends too.
  for (let index = 0; index < 4; index++) await ask('/v1/back-orders?state=nonsense', withKey(GOOD))
  expect((await ask('/v1/back-orders?state=nonsense', withKey(GOOD))).status).toBe(429)
})

test("customers' pages are counted by address, whatever is sent along (P5)", async () => {
  const ask = caller(2)
  const answers = []
  for (let index = 0; index < 3; index++) answers.push(await ask('/o/nonsense/x', withKey(`Bearer ${index}`)))
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 429])
  expect(await answers[2]?.text()).toContain('Please wait a moment')
})
