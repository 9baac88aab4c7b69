import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startDealers } from '../../../src/local/sample-dealer/start.ts'
import { listener } from './listener.ts'
import { client, dataFolder } from './partner-bench.ts'

const ACME = {
  id: 'acme',
  name: 'Acme Cars',
  api_key: 'hf_dealer_acme',
  webhook_secret: 'whsec_c2VjcmV0LW9mLWFjbWU=',
  mode: 'automatic' as 'automatic' | 'manual',
}
/** One that reads mail: no dealer of this process. */
const READER = { id: 'reader', name: 'Reader', api_key: 'hf_dealer_reader' }
const LEAD = {
  number: 'LE-1',
  vehicle: { make: 'Brio', year: 2026 },
  prospect: { name: 'Ada', email: 'ada@example.test', phone: null },
}
const ADF = `<?xml version="1.0"?><?adf version="1.0"?><adf><prospect><id source="Holdfast">LE-2</id>
  <vehicle><year>2026</year><make>Brio &amp; Co</make></vehicle>
  <customer><contact><name part="full">Ada</name><email>ada@example.test</email></contact></customer></prospect></adf>`

async function dealers({ folder = dataFolder(), mode = ACME.mode } = {}) {
  const holdfast = await listener()
  onTestFinished(holdfast.close)
  const keysFile = join(folder, 'keys.json')
  const running = await startDealers({
    HOST: '127.0.0.1',
    PORT: 0,
    DATA_DIR: folder,
    HOLDFAST_API_URL: holdfast.url,
    KEYS_FILE: keysFile,
  })
  const http = client(running)
  // Written only now: the file appears after the process has started.
  writeFileSync(keysFile, JSON.stringify({ dealers: [{ ...ACME, mode }, READER] }))
  const behave = (told: object) =>
    http.put('/api/dealers/acme/behaviour', { answer_after_ms: 0, proceed_after_ms: 0, ...told })
  await behave({})
  const send = (id: string, body: string, type: string, secret = ACME.webhook_secret) =>
    http.post('/dealers/acme/webhooks', body, {
      'content-type': type,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, new Date(), body),
    })
  return {
    ...http,
    running,
    holdfast,
    behave,
    documents: async () => (await http.get('/api/dealers/acme/documents')).json,
    said: () => holdfast.heard.map(({ json }) => json.data?.status ?? json.status),
    notify: (id: string, type: string, data: unknown, secret?: string) =>
      send(
        id,
        JSON.stringify({ type, timestamp: new Date().toISOString(), data }),
        'application/json',
        secret,
      ),
    notifyXml: (id: string, text: string) => send(id, text, 'application/xml; charset=utf-8'),
  }
}

test('an automatic dealer plays a sale to its end, in signed messages', async () => {
  const { notify, holdfast, said } = await dealers()
  expect((await notify('msg_1', 'lead.sent', LEAD)).status).toBe(204)
  await vi.waitFor(() => expect(said()).toEqual(['received', 'contacted', 'quoted', 'sold']))
  for (const { path, headers, text, json } of holdfast.heard) {
    expect(path).toBe('/v1/dealer-webhooks/acme')
    expect(headers.authorization).toBeUndefined()
    const signed = headers as Record<string, string>
    expect(new Webhook(ACME.webhook_secret).verify(text, signed)).toEqual(json)
    expect(json).toMatchObject({ type: 'lead.status_given', data: { number: 'LE-1' } })
  }
  expect(new Set(holdfast.heard.map(({ headers }) => headers['webhook-id'])).size).toBe(4)
})

test('takes a lead as ADF, and answers by API key if it is told so', async () => {
  const { notifyXml, behave, holdfast, documents, said } = await dealers()
  await behave({ by: 'api-key', proceed_after_ms: 60_000 })
  expect((await notifyXml('msg_1', ADF)).status).toBe(204)
  await vi.waitFor(() => expect(said()).toEqual(['received']))
  expect(holdfast.heard[0]).toMatchObject({
    path: '/v1/leads/LE-2/statuses',
    headers: { authorization: 'Bearer hf_dealer_acme', 'idempotency-key': expect.any(String) },
    json: { status: 'received' },
  })
  expect(await documents()).toMatchObject([
    {
      kind: 'lead',
      number: 'LE-2',
      about: '2026 Brio & Co',
      facts: [
        ['Name', 'Ada'],
        ['E-mail', 'ada@example.test'],
      ],
    },
  ])
  expect((await notifyXml('msg_2', '<adf><prospect>')).status).toBe(400)
  expect((await notifyXml('msg_3', '<adf><prospect/></adf>')).status).toBe(400)
  expect(await documents()).toHaveLength(1)
})

test('verifies each webhook and takes it once; keeps those that it does not understand', async () => {
  const { notify, get, documents, holdfast, behave } = await dealers()
  const sent = () => notify('msg_1', 'lead.sent', LEAD)
  expect((await notify('msg_1', 'lead.sent', LEAD, 'whsec_b3RoZXI=')).status).toBe(401)
  await behave({ unavailable: true })
  expect((await sent()).status).toBe(503)
  await behave({ gone: true })
  expect((await sent()).status).toBe(410)
  await behave({ silent: true })
  expect((await sent()).status).toBe(204)
  expect((await sent()).status).toBe(204)
  expect((await notify('msg_2', 'lead.sent', { number: 'LE-2' })).status).toBe(400)
  expect((await notify('msg_3', 'lead.praised', LEAD)).status).toBe(204)
  expect((await notify('msg_4', 'price_list.wanted', {})).status).toBe(204)

  expect(await documents()).toMatchObject([{ number: 'LE-1', webhook_ids: ['msg_1'], calls: [] }])
  const received = (await get('/api/dealers/acme/webhooks')).json
  expect(received.map((one: { received_at: string[] }) => one.received_at.length)).toEqual([2, 1, 1])
  expect(holdfast.heard).toEqual([])
  expect((await get('/api/dealers')).json.map(({ id }: { id: string }) => id)).toEqual(['acme'])
})

test('refuses, says it twice, or says it only once it is too late', async () => {
  const { notify, behave, said, holdfast, documents } = await dealers()
  await behave({ refuse: true, twice: true })
  await notify('msg_1', 'lead.sent', LEAD)
  await vi.waitFor(() => expect(said()).toEqual(['lost', 'lost']))
  expect(new Set(holdfast.heard.map(({ headers }) => headers['webhook-id'])).size).toBe(1)

  await behave({ late: true })
  const other = { ...LEAD, number: 'LE-9' }
  await notify('msg_2', 'lead.sent', other)
  await notify('msg_3', 'lead.reminded', other)
  await notify('msg_4', 'lead.withdrawn', other)
  await vi.waitFor(() => expect(said()).toEqual(['lost', 'lost', 'received']))
  expect((await documents())[0]).toMatchObject({ number: 'LE-9', is_taken_away: true })
})

test('goes on after a restart, with the same message', async () => {
  const folder = dataFolder()
  const before = await dealers({ folder })
  await before.behave({ proceed_after_ms: 60_000 })
  before.holdfast.answerNext({ status: 503, headers: { 'retry-after': '0' } }, { status: 500 })
  await before.notify('msg_1', 'lead.sent', LEAD)
  await vi.waitFor(() => expect(before.holdfast.heard).toHaveLength(1))
  await before.running.stop()

  const after = await dealers({ folder })
  await vi.waitFor(() => expect(after.said()).toEqual(['received', 'contacted', 'quoted', 'sold']))
  const ids = [before, after].map(({ holdfast }) => holdfast.heard[0]?.headers['webhook-id'])
  expect(ids[0]).toBe(ids[1])
})

test('a manual dealer does what is pressed, and shows what Holdfast says to it', async () => {
  const { notify, holdfast, press, get, said } = await dealers({ mode: 'manual' })
  await notify('msg_1', 'lead.sent', LEAD)
  expect((await get('/')).text).toContain('/documents/acme/lead/LE-1')
  await press('/forms/acme/lead/LE-1/say', { word: '1' })
  expect(said()).toEqual(['contacted'])
  holdfast.answerNext({ status: 409, body: { title: 'Not now', detail: 'The lead is sold.' } })
  await press('/forms/acme/lead/LE-1/say', { word: '4' })
  const page = (await get('/documents/acme/lead/LE-1')).text
  expect(page).toMatch(/409\s+Not now/)
  expect(page).toContain('The lead is sold.')

  const again = /action="([^"]+\/again)"/.exec(page)?.[1] ?? ''
  await press(again, {})
  await press(again, { new_key: 'yes' })
  const [first, same, anew] = holdfast.heard.slice(-3)
  expect([same?.json, anew?.json.data]).toEqual([first?.json, first?.json.data])
  expect(same?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
  expect(anew?.headers['webhook-id']).not.toBe(first?.headers['webhook-id'])

  await press('/forms/acme/stray', { kind: 'lead', number: 'LE-7' })
  expect(holdfast.heard.at(-1)?.json.data).toEqual({ number: 'LE-7', status: 'received' })
  expect((await get('/documents/acme/lead/LE-7')).text).toContain('was never sent this')
  expect((await press('/forms/acme/lead/LE-1/say', { word: '99' })).status).toBe(400)
})

const TAG = {
  number: 'TG-1',
  state: 'pending',
  vehicle: { name: 'Tarn Heron 2027', features: [{ code: 'ROOF', kind: 'option', name: 'panoramic roof' }] },
  vin: 'TRN00000000000001',
  price: { amount: 3_000_000, currency: 'EUR' },
  buyer: { name: 'Ada', email: 'ada@example.test', time_zone: 'UTC' },
}
const answered = ({ holdfast }: Awaited<ReturnType<typeof dealers>>) =>
  holdfast.heard.map(({ json }) => [json.type, json.data])

test('plays tags: answers once each, refuses, says it twice or too late, by message or by key', async () => {
  const dealer = await dealers()
  const { notify, behave, holdfast, documents } = dealer
  await notify('msg_1', 'tag.sent', TAG)
  const there = ['tag.answered', { number: 'TG-1', answer: 'there' }]
  await vi.waitFor(() => expect(answered(dealer)).toEqual([there]))
  // Asked again, it has said it.
  await notify('msg_2', 'tag.reminded', TAG)
  expect(await documents()).toMatchObject([
    {
      kind: 'tag',
      number: 'TG-1',
      about: 'Tarn Heron 2027',
      facts: [
        ['Features', 'panoramic roof'],
        ['Price', '30000 EUR'],
        ['VIN', 'TRN00000000000001'],
        ['Buyer', 'Ada, ada@example.test'],
      ],
    },
  ])

  await behave({ refuse: true, twice: true, by: 'api-key' })
  await notify('msg_3', 'tag.sent', { ...TAG, number: 'TG-2', vin: null })
  const heard = () => holdfast.heard.slice(1)
  await vi.waitFor(() => expect(heard()).toHaveLength(2))
  for (const { path, json } of heard())
    expect([path, json]).toEqual(['/v1/tags/TG-2/answers', { answer: 'sold', note: 'Sold this morning' }])
  expect(new Set(heard().map(({ headers }) => headers['idempotency-key'])).size).toBe(1)

  await behave({ silent: true })
  await notify('msg_4', 'tag.sent', { ...TAG, number: 'TG-3' })
  await behave({ late: true })
  await notify('msg_5', 'tag.withdrawn', { ...TAG, number: 'TG-4', buyer: null, vin: null })
  await vi.waitFor(() => expect(holdfast.heard.at(-1)?.json.data?.number).toBe('TG-4'))
  expect(holdfast.heard).toHaveLength(4)
  expect((await notify('msg_6', 'tag.sent', { number: 'TG-5' })).status).toBe(400)
})

test('a manual dealer answers a tag by its buttons', async () => {
  const dealer = await dealers({ mode: 'manual' })
  const { notify, press, get } = dealer
  await notify('msg_1', 'tag.sent', TAG)
  expect((await get('/documents/acme/tag/TG-1')).text).toContain('TRN00000000000001')
  await press('/forms/acme/tag/TG-1/say', { word: '0' })
  await press('/forms/acme/tag/TG-1/say', { word: '1' })
  expect(answered(dealer)).toEqual([
    ['tag.answered', { number: 'TG-1', answer: 'there' }],
    ['tag.answered', { number: 'TG-1', answer: 'sold' }],
  ])
})
