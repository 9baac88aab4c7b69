import { Webhook } from 'standardwebhooks'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startCarrier } from '../../../src/local/sample-carrier/start.ts'
import { type Heard, listener } from './listener.ts'
import { client, dataFolder } from './partner-bench.ts'

const SECRET = 'whsec_c2VjcmV0LW9mLXRoZS1jYXJyaWVy'

async function carrier({
  folder = dataFolder(),
  collect = 20,
  deliver = 20,
  patience = 5_000,
  apiKey = undefined as string | undefined,
} = {}) {
  const holdfast = await listener()
  onTestFinished(holdfast.close)
  const running = await startCarrier({
    HOST: '127.0.0.1',
    PORT: 0,
    DATA_DIR: folder,
    HOLDFAST_API_URL: holdfast.url,
    CARRIER_SECRET: SECRET,
    CARRIER_API_KEY: apiKey,
    COLLECT_AFTER_MS: collect,
    DELIVER_AFTER_MS: deliver,
  })
  const http = client(running, patience)
  const book = (key: string, change: object = {}) =>
    http.post('/shipments', { ...BOOKING, ...change }, { 'idempotency-key': key })
  return { ...http, book, holdfast, running, told: () => holdfast.heard.map(({ json }) => json.data.status) }
}

const BOOKING = {
  reference: 'DLV-1',
  ship_to: { name: 'Ada', lines: ['1 Mill Lane'], city: 'Leeds', postcode: 'LS1', country: 'GB' },
  parcels: [{ sku: 'LAMP', quantity: 2 }],
}

function verified({ headers, text }: Heard) {
  return new Webhook(SECRET).verify(text, headers as Record<string, string>)
}

test('books once per key, then reports collection and delivery by signed webhooks', async () => {
  const { book, get, holdfast, told } = await carrier()
  const first = await book('k1')
  expect(first).toMatchObject({ status: 201, json: { status: 'booked', reference: 'DLV-1' } })
  expect((await book('k1')).json).toEqual(first.json)
  expect((await book('k1', { reference: 'DLV-2' })).status).toBe(422)

  await vi.waitFor(() => expect(told()).toEqual(['collected', 'delivered']))
  const { tracking } = first.json
  expect(holdfast.heard[0]?.path).toBe('/v1/carrier-webhooks')
  expect(holdfast.heard.map(verified)).toMatchObject([
    { type: 'shipment.updated', data: { tracking, reference: 'DLV-1', status: 'collected' } },
    { type: 'shipment.updated', data: { tracking, reference: 'DLV-1', status: 'delivered' } },
  ])
  const { json } = await get(`/shipments/${tracking}`)
  expect(json).toMatchObject({ status: 'delivered', history: [{ status: 'booked' }, {}, {}] })
  expect((await get('/api/shipments')).json).toHaveLength(1)
})

test('refuses another content under the same key, and be it only the wished day', async () => {
  const { book } = await carrier()
  const day = { collect_on: '2999-12-31' }
  const first = await book('k1', day)
  expect((await book('k1')).status).toBe(422)
  expect((await book('k1', { collect_on: '2999-12-30' })).status).toBe(422)
  expect((await book('k1', day)).json).toEqual(first.json)
})

test('serves only whoever shows the API key, if it has one', async () => {
  const { post, get } = await carrier({ apiKey: 'a-key' })
  const book = (headers: object) => post('/shipments', BOOKING, { 'idempotency-key': 'k1', ...headers })
  expect((await book({})).status).toBe(401)
  expect((await book({ authorization: 'Bearer another' })).status).toBe(401)
  expect((await get('/api/shipments')).json).toEqual([])
  expect((await book({ authorization: 'Bearer a-key' })).status).toBe(201)
})

test('repeats a webhook under its id until it is taken, and stops at a plain 4xx', async () => {
  const { book, holdfast, get } = await carrier({ deliver: 0 })
  holdfast.answerNext({ status: 503 }, { status: 409, headers: { 'retry-after': '0' } }, { status: 200 })
  await book('k1')
  await vi.waitFor(async () => {
    const [shipment] = (await get('/api/shipments')).json
    const statuses = shipment.webhooks.map((sent: { answer: { status: number } }) => sent.answer.status)
    expect(statuses).toEqual([200, 200])
  })
  const ids = holdfast.heard.map(({ headers }) => headers['webhook-id'])
  expect(ids).toHaveLength(4)
  expect(new Set(ids).size).toBe(2)

  holdfast.answerNext({ status: 404 }, { status: 404 })
  await book('k2')
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(6))
  await new Promise((resolve) => setTimeout(resolve, 150)) // the first repetition comes after 100 ms
  expect(holdfast.heard).toHaveLength(6)
})

test('refuses, is unavailable, or vanishes with the booking made, for as often as told', async () => {
  const { book, put, get } = await carrier({ patience: 150 })
  const mode = (mode: string) => put('/api/behaviour', { mode, times: 1 })
  await mode('refuse')
  expect(await book('k1')).toMatchObject({ status: 422, json: { reason: expect.any(String) } })
  await mode('unavailable')
  expect((await book('k1')).status).toBe(503)
  await mode('vanish')
  await expect(book('k1')).rejects.toThrow(/timeout/)
  const { status, json } = await book('k1')
  expect(status).toBe(201)
  expect((await get('/api/shipments')).json).toMatchObject([{ tracking: json.tracking, key: 'k1' }])
  expect((await get('/api/behaviour')).json.mode).toBe('normal')
})

test('on hold reports only what it is told to, in any order and several times over', async () => {
  const { book, put, post, press, told, holdfast } = await carrier({ collect: 0 })
  await put('/api/behaviour', { mode: 'hold', repeat: 2 })
  const { tracking } = (await book('k1')).json
  expect((await post('/api/shipments/DLV-1/report', { status: 'failed', reason: 'Nobody in' })).status).toBe(
    200,
  )
  await vi.waitFor(() => expect(told()).toEqual(['failed', 'failed']))
  expect(new Set(holdfast.heard.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  expect(holdfast.heard[0]?.json.data.reason).toBe('Nobody in')

  expect((await press(`/forms/report/${tracking}`, { status: 'delivered', reason: '' })).status).toBe(303)
  await vi.waitFor(() => expect(told()).toHaveLength(4))
  expect((await post('/api/shipments/unknown/report', { status: 'failed' })).status).toBe(404)
})

test('fails a delivery when told to, and calls a parcel back only before its collection', async () => {
  const { book, put, get, remove, told } = await carrier({ deliver: 0 })
  await put('/api/behaviour', { mode: 'fail', collect_after_ms: 0, deliver_after_ms: 0 })
  const { tracking } = (await book('k1')).json
  await vi.waitFor(() => expect(told()).toEqual(['collected', 'failed']))
  expect(await remove(`/shipments/${tracking}`)).toMatchObject({
    status: 409,
    json: { reason: expect.any(String) },
  })

  await put('/api/behaviour', { mode: 'normal' })
  const later = (await book('k2', { collect_on: '2999-12-31' })).json.tracking
  expect(await remove(`/shipments/${later}`)).toMatchObject({ status: 200, json: { status: 'cancelled' } })
  expect((await remove(`/shipments/${later}`)).status).toBe(200)
  expect((await get(`/shipments/${later}`)).json.status).toBe('cancelled')
  expect((await get('/shipments/unknown')).status).toBe(404)
})

test('goes on after a restart with what was due', async () => {
  const folder = dataFolder()
  const before = await carrier({ folder, collect: 100 })
  const booked = (await before.book('k1')).json
  await before.running.stop()
  expect(before.told()).toEqual([])

  const after = await carrier({ folder, collect: 100 })
  expect((await after.book('k1')).json).toEqual(booked)
  await vi.waitFor(() => expect(after.told()).toEqual(['collected', 'delivered']))
})

test('says what is wrong with a booking, and takes forms only from its own page', async () => {
  const { post, book, get } = await carrier()
  expect((await post('/shipments', BOOKING)).json.reason).toContain('Idempotency-Key')
  const bad = await book('k1', { parcels: [{ sku: 'LAMP', quantity: 0 }] })
  expect(bad).toMatchObject({ status: 400, json: { reason: expect.stringContaining('parcels[0].quantity') } })
  const foreign = { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://elsewhere.example' }
  expect((await post('/forms/behaviour', 'mode=refuse', foreign)).status).toBe(403)
  expect((await get('/')).text).toContain('Sample carrier')
  expect((await get('/healthz')).json).toEqual({ status: 'ok' })
})
