import { Webhook } from 'standardwebhooks'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startProcessor } from '../../../src/local/sample-processor/start.ts'
import { type Heard, listener } from './listener.ts'
import { client, dataFolder } from './partner-bench.ts'

const SECRET = 'whsec_c2VjcmV0LW9mLXRoZS1wcm9jZXNzb3I='
const HARBOUR = { id: 'harbour', name: 'Harbour Motors' }
const CONFIGURATION = {
  model_year: 'heron-2027',
  model_year_version: 3,
  features: [
    { code: 'SPORT', kind: 'trim', name: 'Sport', price: 290_000 },
    { code: 'RAILS', kind: 'option', name: 'roof rails', price: 32_000 },
  ],
  base_price: 3_290_000,
  total_price: 3_612_000,
  currency: 'EUR',
}
const ASKED = {
  number: 'CO-1',
  turn: 1,
  type: 'retail',
  dealer: HARBOUR,
  configuration: CONFIGURATION,
  vehicle: null,
  answer_by: '2999-01-01T00:00:00.000Z',
}
/** As it is shown when no answer is wanted (any more). */
const OVER = { ...ASKED, answer_by: null }
const CONFIRMED = { ...OVER, vehicle: 'VH-1' }
const VIN = /^[A-HJ-NPR-Z0-9]{13}[0-9]{4}$/
const STEPS = ['in_production', 'vin_assigned', 'built', 'shipped', 'at_dealer']

async function processor({ folder = dataFolder(), answerAfter = 0, patience = 5_000 } = {}) {
  const holdfast = await listener()
  onTestFinished(holdfast.close)
  const running = await startProcessor({
    HOST: '127.0.0.1',
    PORT: 0,
    DATA_DIR: folder,
    HOLDFAST_API_URL: holdfast.url,
    PROCESSOR_SECRET: SECRET,
    ANSWER_AFTER_MS: answerAfter,
  })
  const http = client(running, patience)
  let messages = 0
  const notify = async (
    type: string,
    data: object,
    { id = `msg_${(messages += 1)}`, secret = SECRET, timestamp = new Date().toISOString() } = {},
  ) => {
    const about = type.includes('.') ? type : `custom_order.${type}`
    const body = JSON.stringify({ type: about, timestamp, data })
    const { status } = await http.post('/inbox', body, {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, new Date(), body),
    })
    return status
  }
  return {
    ...http,
    running,
    holdfast,
    notify,
    behave: (told: object) => http.put('/api/behaviour', { mode: 'check', ...told }),
    types: () => holdfast.heard.map(({ json }) => json.type),
    ids: () => holdfast.heard.map(({ headers }) => headers['webhook-id']),
    order: async () => (await http.get('/api/orders')).json[0],
    vehicle: async () => (await http.get('/api/vehicles')).json[0],
  }
}

function verified({ headers, text }: Heard) {
  return new Webhook(SECRET).verify(text, headers as Record<string, string>)
}

/** Long enough for what is due at once to have been sent. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 150))

test('accepts an order that adds up, with a reference of its own, by a signed message', async () => {
  const { notify, holdfast, order } = await processor()
  expect(await notify('submitted', ASKED)).toBe(204)
  await vi.waitFor(async () => expect((await order()).sent).toMatchObject([{ answer: { status: 200 } }]))
  expect(holdfast.heard.map(({ path }) => path)).toEqual(['/v1/processor-webhooks'])
  expect(holdfast.heard.map(verified)).toEqual([
    {
      type: 'custom_order.accepted',
      timestamp: expect.stringMatching(/Z$/),
      data: { number: 'CO-1', turn: 1, reference: expect.stringMatching(/^SP-\d{10}$/) },
    },
  ])
  expect(await order()).toMatchObject({
    dealer: HARBOUR,
    configuration: CONFIGURATION,
    answers: [{ turn: 1 }],
  })
})

test('refuses an order whose total is not the sum of its parts, or that names a part twice', async () => {
  const { notify, holdfast } = await processor()
  const [sport, rails] = CONFIGURATION.features
  const configuration = { ...CONFIGURATION, features: [sport, rails, rails] }
  await notify('submitted', { ...ASKED, configuration })
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(1))
  expect(holdfast.heard[0]?.json).toMatchObject({
    type: 'custom_order.refused',
    data: {
      number: 'CO-1',
      turn: 1,
      reasons: [
        'The total is 3612000, and its parts add up to 3644000 (EUR, minor units)',
        'RAILS is named twice',
      ],
    },
  })
})

test('takes each message once, and only with the right signature', async () => {
  const { notify, holdfast, get, post, order } = await processor()
  expect(await notify('submitted', ASKED, { secret: 'whsec_b3RoZXI=' })).toBe(401)
  expect((await post('/inbox', { type: 'custom_order.submitted', data: ASKED })).status).toBe(401)
  expect(await notify('submitted', { ...ASKED, turn: 0 })).toBe(400)
  expect((await get('/api/orders')).json).toEqual([])

  expect(await notify('submitted', ASKED, { id: 'msg_a' })).toBe(204)
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(1))
  const before = await order()
  expect(await notify('submitted', { ...ASKED, turn: 2 }, { id: 'msg_a' })).toBe(204)
  expect(await notify('priced', { number: 'CO-1' })).toBe(204)
  await aMoment()
  expect(await order()).toEqual(before)
  expect(holdfast.heard).toHaveLength(1)
  expect((await get('/api/webhooks')).json).toMatchObject([
    { webhook_id: 'msg_a', received_at: [expect.any(String), expect.any(String)] },
    { type: 'custom_order.priced', received_at: [expect.any(String)] },
  ])
})

test('refuses in given words, for as many orders as told; a reminder gets the same answer again', async () => {
  const { notify, behave, holdfast, ids } = await processor()
  await behave({ mode: 'refuse', times: 1, reasons: ['No such colour', 'No such roof'] })
  await notify('submitted', ASKED)
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(1))
  await notify('reminded', ASKED)
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(2))
  for (const { json } of holdfast.heard)
    expect(json).toMatchObject({
      type: 'custom_order.refused',
      data: { number: 'CO-1', turn: 1, reasons: ['No such colour', 'No such roof'] },
    })
  expect(new Set(ids()).size).toBe(2)

  await notify('submitted', { ...ASKED, turn: 2, dealer: { id: 'heath', name: 'Heath Garage' } })
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(3))
  expect(holdfast.heard[2]?.json).toMatchObject({ type: 'custom_order.accepted', data: { turn: 2 } })
})

test('answers the latest turn only, late or never, and nothing that was withdrawn or cancelled', async () => {
  const { notify, behave, holdfast, order, types } = await processor()
  await behave({ mode: 'never' })
  await notify('submitted', ASKED)
  await notify('submitted', { ...ASKED, turn: 2 })
  await behave({ answer_after_ms: 200 })
  await notify('submitted', { ...ASKED, configuration: { ...CONFIGURATION, total_price: 1 } })
  await notify('reminded', { ...ASKED, turn: 2 })
  await notify('reminded', { ...ASKED, turn: 2 })
  expect(holdfast.heard).toEqual([])
  await vi.waitFor(() => expect(types()).toEqual(['custom_order.accepted']))
  expect(holdfast.heard[0]?.json.data.turn).toBe(2)
  expect(await order()).toMatchObject({ turn: 2, configuration: { total_price: 3_612_000 } })

  // The dealer refuses: the answer would be one to a turn that is over. Its word may come after the next turn.
  await notify('submitted', { ...ASKED, turn: 3 })
  await notify('withdrawn', { ...OVER, turn: 3 })
  await notify('reminded', { ...ASKED, turn: 3 }, { timestamp: '2020-01-01T00:00:00Z' })
  await notify('submitted', { ...ASKED, turn: 4 })
  await notify('withdrawn', { ...ASKED, turn: 4 })
  await vi.waitFor(() => expect(holdfast.heard.map(({ json }) => json.data.turn)).toEqual([2, 4]))

  await notify('submitted', { ...ASKED, turn: 5 })
  await notify('cancelled', { ...OVER, turn: 5 })
  await notify('submitted', { ...OVER, number: 'CO-2' })
  await new Promise((resolve) => setTimeout(resolve, 350)) // the answer would have come after 200 ms
  expect(holdfast.heard).toHaveLength(2)
})

test('a reminder neither hastens nor delays an answer, nor changes it', async () => {
  const { notify, behave, order, types } = await processor()
  await behave({ mode: 'refuse', times: 1, answer_after_ms: 200 })
  const asked = Date.now()
  await notify('submitted', ASKED)
  await new Promise((resolve) => setTimeout(resolve, 100))
  await behave({ answer_after_ms: 60_000 })
  await notify('reminded', ASKED)
  await vi.waitFor(() => expect(types()).toEqual(['custom_order.refused']))
  expect(Date.parse((await order()).answers[0].at) - asked).toBeGreaterThanOrEqual(200)
})

test('answers twice, as one message or as two, forged, or about an unknown order', async () => {
  const { notify, behave, holdfast, ids, order } = await processor()
  await behave({ repeat: 2 })
  await notify('submitted', ASKED)
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(2))
  expect(new Set(ids()).size).toBe(1)

  await behave({ repeat: 2, fresh_ids: true })
  await notify('reminded', ASKED)
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(4))
  expect(new Set(ids()).size).toBe(3)
  expect(holdfast.heard.map(verified)).toHaveLength(4)

  await behave({ forged: true })
  holdfast.answerNext({ status: 401 })
  await notify('reminded', ASKED)
  await vi.waitFor(async () => expect((await order()).sent.at(-1).answer.status).toBe(401))
  const last = holdfast.heard[4]
  expect(() => last && verified(last)).toThrow(/signature/i)

  await behave({ answer_about: 'CO-9' })
  await notify('reminded', ASKED)
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(6))
  expect(holdfast.heard[5]?.json.data).toMatchObject({ number: 'CO-9', turn: 1 })
  const references = new Set(holdfast.heard.map(({ json }) => json.data.reference))
  expect(references.size).toBe(1)
})

test('behaves otherwise towards one order, also before it has come', async () => {
  const { notify, put, post, behave, holdfast } = await processor()
  await behave({ mode: 'never' })
  expect(
    (await put('/api/orders/CO-1/behaviour', { mode: 'refuse', reasons: ['Not this one'] })).status,
  ).toBe(200)
  expect((await put('/api/orders/CO-1/behaviour', { mode: 'vanish' })).status).toBe(400)
  await notify('submitted', { ...ASKED, number: 'CO-2' })
  await notify('submitted', ASKED)
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(1))
  expect(holdfast.heard[0]?.json.data).toEqual({ number: 'CO-1', turn: 1, reasons: ['Not this one'] })

  // By hand whatever and whenever: twice, otherwise than before, for an earlier turn.
  await post('/api/orders/CO-1/answer', { verdict: 'accept' })
  await post('/api/orders/CO-1/answer', { verdict: 'refuse', reasons: ['After all'], turn: 7 })
  expect((await post('/api/orders/CO-3/answer', { verdict: 'accept' })).status).toBe(404)
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(3))
  expect(holdfast.heard.slice(1).map(({ json }) => json.data)).toEqual(
    expect.arrayContaining([
      { number: 'CO-1', turn: 1, reference: expect.any(String) },
      { number: 'CO-1', turn: 7, reasons: ['After all'] },
    ]),
  )
})

test('is out of service, or loses its acknowledgement, for as often as told', async () => {
  const { notify, behave, holdfast, get } = await processor({ patience: 150 })
  await behave({ mode: 'unavailable', times: 1 })
  expect(await notify('submitted', ASKED, { id: 'msg_a' })).toBe(503)
  await behave({ mode: 'vanish', times: 1 })
  await expect(notify('submitted', ASKED, { id: 'msg_a' })).rejects.toThrow(/timeout/)
  expect(await notify('submitted', ASKED, { id: 'msg_a' })).toBe(204)
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(1))
  await aMoment()
  expect(holdfast.heard).toHaveLength(1)
  expect((await get('/api/behaviour')).json.mode).toBe('check')
})

test('builds a confirmed order as planned, with a VIN as ISO 3779 wants it', async () => {
  const { notify, behave, holdfast, types, vehicle } = await processor()
  await behave({ plan: STEPS.map((step) => ({ step, after_ms: 10 })) })
  await notify('confirmed', CONFIRMED)
  await vi.waitFor(() => expect(types()).toEqual(STEPS.map((step) => `vehicle.${step}`)))
  const { vin } = await vehicle()
  await notify('confirmed', CONFIRMED)
  await aMoment()
  expect(await vehicle()).toMatchObject({ vin, told: STEPS.map((step) => ({ step })) })
  expect(vin).toMatch(VIN)
  const at = expect.stringMatching(/Z$/)
  expect(holdfast.heard.map(verified)).toMatchObject(
    STEPS.map((step) => ({
      data: step === 'vin_assigned' ? { vehicle: 'VH-1', vin, at } : { vehicle: 'VH-1', at },
    })),
  )
  expect(holdfast.heard.filter(({ json }) => 'vin' in json.data)).toHaveLength(1)
})

test('tells steps out of order, twice, with a malformed VIN and with the one of another vehicle', async () => {
  const { notify, post, put, press, behave, holdfast, types, get, ids } = await processor()
  await notify('confirmed', CONFIRMED)
  await notify('confirmed', { ...CONFIRMED, number: 'CO-2', vehicle: 'VH-2' })
  const step = (vehicle: string, told: object) => post(`/api/vehicles/${vehicle}/steps`, told)
  const taken = { step: 'vin_assigned', vin: 'taken' }
  expect((await step('VH-2', taken)).status).toBe(409)
  expect(holdfast.heard).toEqual([]) // nothing by itself either

  const own = (await step('VH-1', { step: 'vin_assigned' })).json.vin
  expect((await step('VH-1', taken)).status).toBe(409)
  expect((await step('VH-2', taken)).json).toMatchObject({ vin: null, told: [{ vin: own }] })
  const { json: second } = await step('VH-2', { step: 'vin_assigned', vin: 'malformed' })
  expect(second.vin).toMatch(VIN)
  expect(second.vin).not.toBe(own)
  expect(second.told[1].vin).toMatch(/^[A-Z0-9]{12}O[A-Z0-9]{4}$/)
  expect((await step('VH-2', { step: 'vin_assigned' })).json.told[2].vin).toBe(second.vin)
  expect((await step('VH-3', { step: 'built' })).status).toBe(404)
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(4))

  await put('/api/vehicles/VH-1/plan', [
    { step: 'at_dealer' },
    { step: 'built', after_ms: 30 },
    { step: 'built', after_ms: 30 },
    { step: 'shipped', after_ms: 300 },
  ])
  const told = ['vehicle.at_dealer', 'vehicle.built', 'vehicle.built']
  await vi.waitFor(() => expect(types().slice(4)).toEqual(told))
  expect(new Set(ids()).size).toBe(7)

  await behave({ repeat: 2 })
  expect((await press('/forms/vehicles/VH-1/step', { step: 'in_production', vin: 'own' })).status).toBe(303)
  await vi.waitFor(() => expect(types().slice(7)).toEqual(['vehicle.in_production', 'vehicle.in_production']))
  expect(new Set(ids()).size).toBe(8)
  await new Promise((resolve) => setTimeout(resolve, 450)) // it would have been shipped after 300 ms
  expect(types()).toHaveLength(9)
  expect((await get('/api/vehicles')).json).toHaveLength(2)
})

test('stops building what is cancelled, and keeps the latest configuration', async () => {
  const { notify, behave, post, order, types } = await processor()
  await behave({ plan: [{ step: 'in_production' }, { step: 'built', after_ms: 200 }] })
  await notify('confirmed', CONFIRMED)
  await vi.waitFor(() => expect(types()).toEqual(['vehicle.in_production']))
  const changed = { ...CONFIGURATION, base_price: 1, total_price: 322_001 }
  const reconfigured = (configuration: object, timestamp?: string) =>
    notify('reconfigured', { ...CONFIRMED, configuration }, { ...(timestamp && { timestamp }) })
  await reconfigured(changed)
  await reconfigured(CONFIGURATION, '2020-01-01T00:00:00Z')
  expect(await order()).toMatchObject({ configuration: changed, vehicle: 'VH-1', cancelled_at: null })

  await notify('cancelled', { ...CONFIRMED, configuration: changed })
  await new Promise((resolve) => setTimeout(resolve, 350)) // it would have been built after 200 ms
  expect(types()).toEqual(['vehicle.in_production'])
  expect(await order()).toMatchObject({ cancelled_at: expect.any(String) })
  // A plant that has not heard of it yet.
  await post('/api/vehicles/VH-1/steps', { step: 'built' })
  await vi.waitFor(() => expect(types()).toEqual(['vehicle.in_production', 'vehicle.built']))

  // A confirmation that was overtaken by the cancellation begins nothing.
  await notify('cancelled', { ...CONFIRMED, number: 'CO-2', vehicle: 'VH-2' })
  await notify('confirmed', { ...CONFIRMED, number: 'CO-2', vehicle: 'VH-2' })
  await aMoment()
  expect(types()).toHaveLength(2)
})

test('goes on after a restart with its answers, its messages and its plans', async () => {
  const folder = dataFolder()
  const before = await processor({ folder, answerAfter: 100 })
  before.holdfast.answerNext({ status: 503, headers: { 'retry-after': '1' } })
  await before.behave({ plan: [{ step: 'in_production' }, { step: 'built', after_ms: 100 }] })
  await before.notify('confirmed', { ...CONFIRMED, number: 'CO-2', vehicle: 'VH-2' })
  await vi.waitFor(() => expect(before.holdfast.heard).toHaveLength(1))
  await before.notify('submitted', ASKED, { id: 'msg_a' })
  await before.running.stop()
  expect(before.types()).toEqual(['vehicle.in_production'])

  const after = await processor({ folder, answerAfter: 100 })
  expect(await after.notify('submitted', ASKED, { id: 'msg_a' })).toBe(204)
  await vi.waitFor(() => expect(after.holdfast.heard).toHaveLength(3), 3_000)
  expect(after.types().toSorted()).toEqual([
    'custom_order.accepted',
    'vehicle.built',
    'vehicle.in_production',
  ])
  expect(after.ids()).toContain(before.ids()[0])
})

test('answers tags in the same way, without turns, and tells them apart from orders', async () => {
  const { notify, behave, holdfast, order } = await processor()
  const { features, model_year, currency } = CONFIGURATION
  const plain = features.map(({ code, kind, name }) => ({ code, kind, name }))
  const asked = {
    number: 'TG-1',
    type: 'retail',
    dealer: HARBOUR,
    configuration: { model_year, features: plain, total_price: 3_100_000, currency },
    vehicle: 'VH-1',
    answer_by: ASKED.answer_by,
  }
  expect(await notify('tag.submitted', asked)).toBe(204)
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(1))
  const { reference } = (await order()).answers[0].verdict
  expect(holdfast.heard[0]?.json).toMatchObject({ type: 'tag.accepted' })
  expect(holdfast.heard[0]?.json.data).toEqual({ number: 'TG-1', reference })

  await behave({ mode: 'refuse', reasons: ['Not for sale'] })
  await notify('tag.submitted', { ...asked, number: 'TG-2' })
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(2))
  expect(holdfast.heard[1]?.json.data).toEqual({ number: 'TG-2', reasons: ['Not for sale'] })
  for (const over of ['tag.confirmed', 'tag.withdrawn', 'tag.cancelled'])
    expect(await notify(over, { ...asked, answer_by: null })).toBe(204)
  expect(await order()).toMatchObject({ number: 'TG-2', cancelled_at: null })
  // What is not a tag's document is none of an order's, either.
  expect(await notify('tag.submitted', { ...asked, vehicle: null })).toBe(400)
  expect(await notify('submitted', asked)).toBe(400)
  expect(holdfast.heard).toHaveLength(2)
})

test('a person answers, builds and sets the behaviour on its page', async () => {
  const { notify, press, post, get, behave, holdfast, types } = await processor()
  await behave({ mode: 'never' })
  await notify('submitted', ASKED)
  const shown = (await get('/')).text
  for (const words of ['CO-1', 'Harbour Motors', '€36,120.00', 'Accept', 'Refuse'])
    expect(shown).toContain(words)
  expect(shown).not.toContain('<script')

  expect(
    (await press('/forms/orders/CO-1/answer', { verdict: 'refuse', reason: 'No <b>paint</b>' })).status,
  ).toBe(303)
  await vi.waitFor(() => expect(holdfast.heard[0]?.json.data.reasons).toEqual(['No <b>paint</b>']))
  expect((await get('/')).text).toContain('refused: No &lt;b&gt;paint&lt;/b&gt;')
  await press('/forms/orders/CO-1/answer', { verdict: 'accept', reason: '' })
  await vi.waitFor(() => expect(types().at(-1)).toBe('custom_order.accepted'))

  await notify('confirmed', CONFIRMED)
  expect((await press('/forms/vehicles/VH-1/build', { pause: '0' })).status).toBe(303)
  await vi.waitFor(() => expect(holdfast.heard).toHaveLength(7))
  expect((await get('/')).text).toContain((await get('/api/vehicles')).json[0].vin)

  const habits = {
    mode: 'refuse',
    reasons: 'One\r\n\r\n Two ',
    answer_after: '1.5',
    answer_about: '',
    repeat: '3',
    fresh_ids: 'on',
    builds: 'on',
    pause: '2',
  }
  expect((await press('/forms/behaviour', habits)).status).toBe(303)
  expect((await get('/api/behaviour')).json).toEqual({
    mode: 'refuse',
    reasons: ['One', 'Two'],
    answer_after_ms: 1_500,
    answer_about: null,
    repeat: 3,
    fresh_ids: true,
    forged: false,
    plan: STEPS.map((step) => ({ step, vin: 'own', after_ms: 2_000 })),
  })
  const { forged: _, ...towards } = { ...habits, forged: 'on', mode: 'never' }
  expect((await press('/forms/orders/CO-1/behaviour', towards)).status).toBe(303)
  expect((await press('/forms/orders/CO-1/behaviour', { ...habits, mode: 'unavailable' })).status).toBe(400)
  const foreign = { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://elsewhere.example' }
  expect((await post('/forms/behaviour', 'mode=refuse', foreign)).status).toBe(403)
  expect((await get('/healthz')).json).toEqual({ status: 'ok' })
})
