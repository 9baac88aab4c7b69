import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startSuppliers } from '../../../src/local/sample-supplier/start.ts'
import { listener } from './listener.ts'
import { client, dataFolder } from './partner-bench.ts'

const ACME = {
  id: 'acme',
  name: 'Acme Lamps',
  api_key: 'hf_supplier_acme',
  webhook_secret: 'whsec_c2VjcmV0LW9mLWFjbWU=',
  mode: 'automatic' as 'automatic' | 'manual',
}
const LINE_1 = { line: 1, sku: 'LAMP', quantity: 5, unit_price: { amount: 1250, currency: 'EUR' } }
const LINE_2 = { line: 2, sku: 'BULB', quantity: 8, unit_price: { amount: 99, currency: 'EUR' } }
const CREATED = { number: 'PO-1', supplier: 'acme', lines: [LINE_1, LINE_2] }

async function suppliers({ folder = dataFolder(), mode = ACME.mode } = {}) {
  const holdfast = await listener()
  onTestFinished(holdfast.close)
  const keysFile = join(folder, 'keys.json')
  const running = await startSuppliers({
    HOST: '127.0.0.1',
    PORT: 0,
    DATA_DIR: folder,
    HOLDFAST_API_URL: holdfast.url,
    KEYS_FILE: keysFile,
  })
  const http = client(running)
  // Written only now: the file appears after the process has started.
  writeFileSync(keysFile, JSON.stringify({ suppliers: [{ ...ACME, mode }] }))
  const behave = (told: object) =>
    http.put('/api/suppliers/acme/behaviour', { acknowledge_after_ms: 0, ship_after_ms: 0, ...told })
  await behave({})
  return {
    ...http,
    running,
    holdfast,
    behave,
    orders: async () => (await http.get('/api/suppliers/acme/purchase-orders')).json,
    paths: () => holdfast.heard.map(({ path }) => path),
    notify: (id: string, type: string, data: unknown, secret = ACME.webhook_secret) => {
      const body = JSON.stringify({ type, timestamp: new Date().toISOString(), data })
      return http.post('/suppliers/acme/webhooks', body, {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': new Webhook(secret).sign(id, new Date(), body),
      })
    },
  }
}

test('an automatic supplier accepts what it is asked for and then sends it', async () => {
  const { notify, holdfast, paths, orders } = await suppliers()
  expect((await notify('msg_1', 'purchase_order.created', CREATED)).status).toBe(204)
  await vi.waitFor(() =>
    expect(paths()).toEqual(['/v1/purchase-orders/PO-1/acknowledgement', '/v1/inventory-updates']),
  )

  const [acknowledgement, update] = holdfast.heard
  expect(acknowledgement?.headers.authorization).toBe('Bearer hf_supplier_acme')
  expect(acknowledgement?.headers['idempotency-key']).toBeTruthy()
  const expected_at = expect.stringMatching(/Z$/)
  expect(acknowledgement?.json).toEqual({
    lines: [
      { line: 1, accepted: { quantity: 5, expected_at } },
      { line: 2, accepted: { quantity: 8, expected_at } },
    ],
  })
  expect(update?.json).toEqual({
    reference: 'DN-PO-1-1',
    lines: [
      { sku: 'LAMP', purchase_order: 'PO-1', received: 5 },
      { sku: 'BULB', purchase_order: 'PO-1', received: 8 },
    ],
  })
  expect(await orders()).toMatchObject([
    { number: 'PO-1', webhooks: [{ webhook_id: 'msg_1' }], calls: [{}, {}] },
  ])
})

test('verifies each webhook and takes it once; keeps those that it does not understand', async () => {
  const { notify, put, get, orders, holdfast, behave } = await suppliers()
  const created = () => notify('msg_1', 'purchase_order.created', CREATED)
  expect((await notify('msg_1', 'purchase_order.created', CREATED, 'whsec_b3RoZXI=')).status).toBe(401)
  await behave({ unavailable: true })
  expect((await created()).status).toBe(503)
  await behave({ gone: true })
  expect((await created()).status).toBe(410)
  await behave({ silent: true })
  expect((await created()).status).toBe(204)
  expect((await created()).status).toBe(204)
  expect((await notify('msg_2', 'purchase_order.created', { number: 'PO-2' })).status).toBe(400)
  expect((await notify('msg_3', 'price_list.wanted', { season: 'spring' })).status).toBe(204)

  expect(await orders()).toMatchObject([
    { number: 'PO-1', webhooks: [{ received_at: [{}, {}].map(() => expect.any(String)) }] },
  ])
  expect((await get('/api/suppliers/acme/webhooks')).json).toHaveLength(2)
  expect(holdfast.heard).toEqual([])

  const { api_key, webhook_secret, name } = ACME
  expect((await put('/api/suppliers/zeta', { name, api_key, webhook_secret, mode: 'manual' })).status).toBe(
    200,
  )
  expect((await get('/api/suppliers')).json.map(({ id }: { id: string }) => id)).toEqual(['acme', 'zeta'])
})

test('never acknowledges a withdrawn line: not when told so first, nor when it has to ask again', async () => {
  const { notify, holdfast, behave } = await suppliers()
  await behave({ ship_after_ms: 60_000 })
  await notify('msg_1', 'purchase_order.line_withdrawn', { number: 'PO-1', line: 2 })
  await notify('msg_2', 'purchase_order.created', CREATED)
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(1))

  holdfast.answerNext({ status: 503 })
  await notify('msg_3', 'purchase_order.created', { ...CREATED, number: 'PO-2' })
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(2))
  await notify('msg_4', 'purchase_order.line_withdrawn', { number: 'PO-2', line: 1 })
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(3))

  const named = holdfast.heard.map(({ json }) => json.lines.map(({ line }: { line: number }) => line))
  expect(named).toEqual([[1], [1, 2], [2]])
  // Other contents under the old key would rightly be refused.
  expect(new Set(holdfast.heard.map(({ headers }) => headers['idempotency-key'])).size).toBe(3)
})

test('a silent supplier answers the reminder once it speaks again; a rejecting one sends nothing', async () => {
  const { notify, holdfast, behave } = await suppliers()
  await behave({ silent: true })
  await notify('msg_1', 'purchase_order.created', CREATED)
  await behave({ reject: true })
  await notify('msg_2', 'purchase_order.reminded', { number: 'PO-1' })
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(1))
  expect(holdfast.heard[0]?.json.lines[0]).toEqual({
    line: 1,
    rejected: { quantity: 5, reason: 'No longer made' },
  })
})

test('goes on after a restart, with the same Idempotency-Key', async () => {
  const folder = dataFolder()
  const before = await suppliers({ folder })
  await before.behave({ ship_after_ms: 60_000 })
  before.holdfast.answerNext({ status: 503, headers: { 'retry-after': '0' } }, { status: 500 })
  await before.notify('msg_1', 'purchase_order.created', CREATED)
  await vi.waitFor(() => expect(before.holdfast.heard).toHaveLength(1))
  await before.running.stop()

  const after = await suppliers({ folder })
  await vi.waitFor(() => expect(after.holdfast.heard).toHaveLength(2))
  const keys = [before, after].map(({ holdfast }) => holdfast.heard[0]?.headers['idempotency-key'])
  expect(keys[0]).toBe(keys[1])
})

test('a manual supplier does what is pressed, and shows what Holdfast says to it', async () => {
  const { notify, holdfast, press, get } = await suppliers({ mode: 'manual' })
  await notify('msg_1', 'purchase_order.created', CREATED)
  expect((await get('/')).text).toContain('2 to acknowledge')
  const page = async () => (await get('/orders/acme/PO-1')).text
  expect(await page()).toContain('€12.50')

  await press('/forms/acme/PO-1/acknowledge', {
    'accepted.1': '3',
    'accepted_on.1': '2030-01-02',
    'back_ordered.1': '2',
    'back_ordered_on.1': '2030-02-02',
    'accepted.2': '0',
    'rejected.2': '8',
    'rejected_reason.2': 'No longer made',
  })
  expect(holdfast.heard.at(-1)?.json).toEqual({
    lines: [
      {
        line: 1,
        accepted: { quantity: 3, expected_at: '2030-01-02T23:59:59.000Z' },
        back_ordered: { quantity: 2, expected_at: '2030-02-02T23:59:59.000Z' },
      },
      { line: 2, rejected: { quantity: 8, reason: 'No longer made' } },
    ],
  })

  await press('/forms/acme/PO-1/notice', {
    reference: 'ASN-1',
    'quantity.1': '5',
    'on.1': '2030-01-03',
    'quantity.2': '0',
  })
  expect(holdfast.heard.at(-1)).toMatchObject({
    path: '/v1/purchase-orders/PO-1/shipment-notices',
    json: { reference: 'ASN-1', lines: [{ line: 1, quantity: 5, expected_at: '2030-01-03T23:59:59.000Z' }] },
  })

  holdfast.answerNext({ status: 422, body: { title: 'Too many units', detail: 'Line 1 asked for 5.' } })
  await press('/forms/acme/PO-1/stock', {
    reference: 'DN-1',
    'received.1': '4',
    'rejected.1': '1',
    'rejected_reason.1': 'Broken',
  })
  const update = holdfast.heard.at(-1)
  expect(update?.json).toEqual({
    reference: 'DN-1',
    lines: [
      { sku: 'LAMP', purchase_order: 'PO-1', received: 4, rejected: { quantity: 1, reason: 'Broken' } },
    ],
  })
  expect(await page()).toMatch(/422\s+Too many units/)
  expect(await page()).toContain('Line 1 asked for 5.')

  const again = /action="([^"]+\/again)"/.exec(await page())?.[1] ?? ''
  await press(again, {})
  await press(again, { new_key: 'yes' })
  const [same, anew] = holdfast.heard.slice(-2)
  expect([same?.json, anew?.json]).toEqual([update?.json, update?.json])
  expect(same?.headers['idempotency-key']).toBe(update?.headers['idempotency-key'])
  expect(anew?.headers['idempotency-key']).not.toBe(update?.headers['idempotency-key'])
})

test('sends exactly what a test says, and hands back the answer', async () => {
  const { notify, holdfast, post } = await suppliers({ mode: 'manual' })
  await notify('msg_1', 'purchase_order.created', CREATED)
  holdfast.answerNext({ status: 409, body: { title: 'Withdrawn' } }, { status: 200 })
  const order = '/api/suppliers/acme/purchase-orders/PO-1'
  const answer = await post(`${order}/acknowledge`, { lines: [{ line: 9 }] }, { 'idempotency-key': 'mine' })
  expect(answer.json).toEqual({
    id: expect.any(String),
    idempotency_key: 'mine',
    status: 409,
    body: { title: 'Withdrawn' },
  })
  expect(holdfast.heard[0]).toMatchObject({
    json: { lines: [{ line: 9 }] },
    headers: { 'idempotency-key': 'mine' },
  })
  expect((await post(`${order}/calls/${answer.json.id}/again`, { new_key: true })).json.status).toBe(200)

  await holdfast.close()
  expect((await post(`${order}/ship`, { reference: 'DN-1', lines: [] })).json).toMatchObject({ status: 0 })
  expect((await post('/api/suppliers/acme/purchase-orders/PO-9/ship', {})).status).toBe(404)
})
