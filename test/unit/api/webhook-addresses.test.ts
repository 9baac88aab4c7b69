import { afterAll, expect, test, vi } from 'vitest'

vi.mock(import('../../../src/store/api-key.ts'), async (load) => ({
  ...(await load()),
  findKey: async (_, secret) => ({ id: 'K1', role: secret.split('_')[1], partner: 'shop' }) as never,
}))

// Other files share the modules of this process: they keep theirs, and we have ours with what stands in above.
vi.resetModules()
const { bareApi } = await import('./in-process.ts')
afterAll(() => vi.resetModules())

const PRIVATE = [
  'http://127.0.0.1/hook',
  'http://2130706433/hook',
  'https://[::1]/hook',
  'http://[::ffff:127.0.0.1]/hook',
  'http://169.254.169.254/latest',
  'https://10.0.0.1:8443/hook',
  'http://0.0.0.0/hook',
  'http://localhost:8090/hook',
]
const PUBLIC = ['https://partner.example/hook', 'https://93.184.216.34/hook']

const supplier = (webhook_url: string) => ({ name: 'Swift', channel: 'webhook', webhook_url })
const REGISTRATIONS: [string, string, (url: string) => object, string][] = [
  ['POST', '/v1/webhook-endpoints', (url) => ({ url }), '/url'],
  ['PUT', '/v1/operator/suppliers/swift', supplier, '/webhook_url'],
]

for (const [method, path, body, pointer] of REGISTRATIONS) {
  test(`${method} ${path} refuses an address that says itself that it is private (P5)`, async () => {
    const register = async (url: string, allowPrivateAddresses: boolean) => {
      const role = path.startsWith('/v1/operator') ? 'operator' : 'storefront'
      const headers = {
        'content-type': 'application/json',
        'idempotency-key': 'one',
        authorization: `Bearer hf_${role}_key`,
      }
      const environment = { incoming: { socket: { remoteAddress: '10.0.0.1' } } }
      const init = { method, headers, body: JSON.stringify(body(url)) }
      const answer = await bareApi({ allowPrivateAddresses }).request(path, init, environment)
      return { status: answer.status, body: await answer.json() }
    }
    for (const url of PRIVATE)
      expect([url, await register(url, false)]).toMatchObject([
        url,
        { status: 422, body: { type: expect.stringMatching(/invalid-request$/), errors: [{ pointer }] } },
      ])
    // Taken: it goes on to the books, and there are none here.
    for (const url of PUBLIC) expect([url, (await register(url, false)).status]).toEqual([url, 500])
    for (const url of PRIVATE) expect([url, (await register(url, true)).status]).toEqual([url, 500])
  })
}
