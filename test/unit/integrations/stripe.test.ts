import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stripeProvider, stripeWebhooks } from '../../../src/integrations/stripe.ts'
import { fromStripe } from '../../../src/integrations/stripe-amount.ts'
import { findStripeMock, inFrontOf, startStripeMock } from '../../support/stripe-mock.ts'

const API_KEY = 'sk_test_123'

/** Stripe's double, or why what we send cannot be checked: that must not pass unseen. */
const stripeMock = await findStripeMock().catch((error: Error) => {
  console.error(`
######################################################################################
#  NOT CHECKED: what we send to Stripe. stripe-mock is neither there nor can be built.
#  Install Go, so that it can be built once, or put stripe-mock on the PATH.
#  ${error.message.split('\n')[0]}
######################################################################################`)
  return undefined
})

const PAYMENT = 'PY-7K3M-9QXT-4HC'
const ASKED = {
  payment: PAYMENT,
  words: 'Back order BO-7K3M-9QXT-4HC',
  amount_minor: 5_997,
  currency: 'EUR',
  paid_url: 'https://holdfast.example/p/1/paid',
  unpaid_url: 'https://holdfast.example/p/1/unpaid',
}
const REFUND = { payment: PAYMENT, intent: 'pi_1', amount_minor: 500, currency: 'EUR' }
const refused = { status: 400, body: { error: { type: 'invalid_request_error', code: 'refused' } } }
const ok = (body: object) => ({ status: 200, body })
const held = ok({ id: 'pi_1', status: 'requires_capture' })
/** An error that Stripe keeps for the key, as a repeat gets it. */
const kept = {
  status: 500,
  body: { error: { type: 'api_error' } },
  headers: { 'idempotent-replayed': 'true' },
}

let running: Awaited<ReturnType<typeof startStripeMock>> | undefined
beforeAll(async () => {
  if (stripeMock) running = await startStripeMock(stripeMock)
})
afterAll(() => running?.stop())

/** An adapter whose requests are checked, with what it is told in place of Stripe's examples. */
async function checked(instead: Parameters<typeof inFrontOf>[1] = {}) {
  const { url, judged } = await inFrontOf(running?.port ?? 0, instead)
  return { provider: stripeProvider({ url, apiKey: API_KEY }), judged, url }
}

describe.skipIf(!stripeMock)("what the adapter sends passes Stripe's own OpenAPI document (B5)", () => {
  test('a page, its end, a capture and a refund', async () => {
    const { provider, judged, url } = await checked({ 'GET /v1/payment_intents/pi_1': held })
    await provider.openSession(ASKED, `${PAYMENT}/session/1`)
    await provider.look('cs_test_1')
    expect(await provider.close('cs_test_1')).toEqual({ state: 'gone' })
    expect(await provider.capture('pi_1', `${PAYMENT}/capture/1`)).toEqual({ state: 'taken' })
    expect(await provider.refund(REFUND, `${PAYMENT}/refund/1/1`)).toMatchObject({ state: 'done' })
    expect(await provider.lookAtRefund('re_1')).toMatchObject({ state: 'done' })

    expect(judged.map(({ call, key, status }) => [call, key, status])).toEqual([
      ['POST /v1/checkout/sessions', `${PAYMENT}/session/1`, 200],
      ['GET /v1/checkout/sessions/cs_test_1', null, 200],
      // The library's own key: a page that has ended stays so.
      ['POST /v1/checkout/sessions/cs_test_1/expire', expect.any(String), 200],
      ['GET /v1/payment_intents/pi_1', null, 200],
      ['POST /v1/payment_intents/pi_1/capture', `${PAYMENT}/capture/1`, 200],
      ['GET /v1/refunds', null, 200],
      ['POST /v1/refunds', `${PAYMENT}/refund/1/1`, 200],
      ['GET /v1/refunds/re_1', null, 200],
    ])
    expect(Object.fromEntries(new URLSearchParams(judged[0]?.body))).toEqual({
      mode: 'payment',
      'line_items[0][quantity]': '1',
      'line_items[0][price_data][currency]': 'eur',
      'line_items[0][price_data][unit_amount]': '5997',
      'line_items[0][price_data][product_data][name]': ASKED.words,
      'payment_intent_data[capture_method]': 'manual',
      'payment_intent_data[metadata][payment]': PAYMENT,
      'metadata[payment]': PAYMENT,
      success_url: ASKED.paid_url,
      cancel_url: ASKED.unpaid_url,
    })
    expect(judged[5]?.query).toBe('payment_intent=pi_1&limit=100')
    expect(Object.fromEntries(new URLSearchParams(judged[6]?.body))).toEqual({
      payment_intent: 'pi_1',
      amount: '500',
      'metadata[payment]': PAYMENT,
      'metadata[refund]': `${PAYMENT}/refund/1/1`,
    })

    // The check bites.
    const stripe = new Stripe(API_KEY, { host: '127.0.0.1', port: new URL(url).port, protocol: 'http' })
    await expect(stripe.refunds.create({ payment_intent: 'pi_1', nonsense: 1 } as never)).rejects.toThrow()
    expect(judged.at(-1)?.status).toBe(400)
  })

  test('letting go of what was paid just before, and is let go of by somebody else at the same moment', async () => {
    const { provider, judged } = await checked({
      'POST /v1/checkout/sessions/cs_1/expire': refused,
      'GET /v1/checkout/sessions/cs_1': ok({
        status: 'complete',
        payment_intent: { id: 'pi_1', status: 'requires_capture' },
      }),
      'POST /v1/payment_intents/pi_1/cancel': refused,
      'GET /v1/payment_intents/pi_1': [held, ok({ id: 'pi_1', status: 'canceled' })],
    })
    expect(await provider.release('cs_1', `${PAYMENT}/release`)).toEqual({ state: 'gone', was_held: true })
    expect(judged.map(({ call, key, status }) => [call, key, status])).toEqual([
      ['POST /v1/checkout/sessions/cs_1/expire', expect.any(String), 200],
      ['GET /v1/checkout/sessions/cs_1', null, 200],
      ['GET /v1/payment_intents/pi_1', null, 200],
      ['POST /v1/payment_intents/pi_1/cancel', `${PAYMENT}/release`, 200],
      ['GET /v1/payment_intents/pi_1', null, 200],
    ])
  })

  test('a refund that was made before is found on whichever page of the list, and not made again', async () => {
    const other = { id: 're_1', status: 'succeeded', metadata: { refund: `${PAYMENT}/refund/1/1` } }
    const made = { id: 're_2', status: 'succeeded', metadata: { refund: `${PAYMENT}/refund/2/1` } }
    const { provider, judged } = await checked({
      'GET /v1/refunds': [
        ok({ object: 'list', url: '/v1/refunds', has_more: true, data: [other] }),
        ok({ object: 'list', url: '/v1/refunds', has_more: false, data: [made] }),
      ],
    })
    const outcome = await provider.refund(REFUND, `${PAYMENT}/refund/2/1`)
    expect(outcome).toEqual({ state: 'done', reference: 're_2' })
    expect(judged.map(({ call, query, status }) => [call, query, status])).toEqual([
      ['GET /v1/refunds', 'payment_intent=pi_1&limit=100', 200],
      ['GET /v1/refunds', 'payment_intent=pi_1&limit=100&starting_after=re_1', 200],
    ])
  })

  /** Under which keys a call was made. */
  const keysOf = (judged: { call: string; key: string | null }[], asked: string) =>
    judged.filter(({ call }) => call === asked).map(({ key }) => key)

  test('what Stripe answers with a kept error is asked for under the next key, after another look', async () => {
    const [open, capture, cancel, refund] = [
      'POST /v1/checkout/sessions',
      'POST /v1/payment_intents/pi_1/capture',
      'POST /v1/payment_intents/pi_1/cancel',
      'POST /v1/refunds',
    ]
    const { provider, judged } = await checked({
      [open]: [kept, ok({ id: 'cs_2', url: 'https://pay.example/cs_2' })],
      'GET /v1/payment_intents/pi_1': held,
      [capture]: [kept, ok({ id: 'pi_1', status: 'succeeded' })],
      'POST /v1/checkout/sessions/cs_1/expire': refused,
      'GET /v1/checkout/sessions/cs_1': ok({ payment_intent: { id: 'pi_1', status: 'requires_capture' } }),
      [cancel]: [kept, kept, ok({ id: 'pi_1', status: 'canceled' })],
      'GET /v1/refunds': ok({ object: 'list', has_more: false, data: [] }),
      [refund]: [kept, ok({ id: 're_1', status: 'succeeded' })],
    })
    expect(await provider.openSession(ASKED, 's')).toMatchObject({ session: 'cs_2' })
    expect(await provider.capture('pi_1', 'c')).toEqual({ state: 'taken' })
    expect(await provider.release('cs_1', 'r')).toEqual({ state: 'gone', was_held: true })
    expect(await provider.refund(REFUND, 'f')).toEqual({ state: 'done', reference: 're_1' })

    expect(keysOf(judged, open)).toEqual(['s', 's/again/1'])
    expect(keysOf(judged, capture)).toEqual(['c', 'c/again/1'])
    expect(keysOf(judged, cancel)).toEqual(['r', 'r/again/1', 'r/again/2'])
    expect(keysOf(judged, refund)).toEqual(['f', 'f/again/1'])
    expect(keysOf(judged, 'GET /v1/payment_intents/pi_1')).toHaveLength(2 + 3)
    expect(keysOf(judged, 'GET /v1/refunds')).toHaveLength(2)
    // Whichever key it was made under, it is found by the first one.
    const carried = judged.filter(({ call }) => call === refund).map(({ body }) => new URLSearchParams(body))
    expect(carried.map((body) => body.get('metadata[refund]'))).toEqual(['f', 'f'])
  })

  test('an error that nobody has kept may pass: the same key is for the next try; and keys have an end', async () => {
    const list = ok({ object: 'list', has_more: false, data: [] })
    const fresh = { ...kept, headers: {} }
    const once = await checked({ 'GET /v1/refunds': list, 'POST /v1/refunds': fresh })
    await expect(once.provider.refund(REFUND, 'f')).rejects.toThrow('StripeAPIError 500')
    expect(keysOf(once.judged, 'POST /v1/refunds')).toEqual(['f'])

    const always = await checked({ 'GET /v1/refunds': list, 'POST /v1/refunds': kept })
    await expect(always.provider.refund(REFUND, 'f')).rejects.toThrow('an error that it keeps for every key')
    expect(new Set(keysOf(always.judged, 'POST /v1/refunds')).size).toBe(10)
  })

  test.each([
    { currency: 'ISK', minor: 1_999, stripe: '199900' },
    { currency: 'UGX', minor: 5, stripe: '500' },
    { currency: 'JPY', minor: 500, stripe: '500' },
    { currency: 'HUF', minor: 1_005, stripe: '1005' },
    { currency: 'KWD', minor: 5_120, stripe: '5120' },
    { currency: 'MGA', minor: 199_900, stripe: '1999' },
  ])('$minor minor units of $currency are $stripe of Stripe', async ({ currency, minor, stripe }) => {
    const { provider, judged } = await checked({
      'GET /v1/refunds': ok({ object: 'list', has_more: false, data: [] }),
    })
    await provider.openSession({ ...ASKED, amount_minor: minor, currency }, 's')
    await provider.refund({ ...REFUND, amount_minor: minor, currency }, 'f')
    const sent = judged.map(({ body }) => new URLSearchParams(body))
    expect(judged.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(sent[0]?.get('line_items[0][price_data][unit_amount]')).toBe(stripe)
    expect(sent[2]?.get('amount')).toBe(stripe)
    expect(fromStripe(Number(stripe), currency)).toBe(minor)
  })

  test.each([
    ['KWD', 5_124],
    ['MGA', 1_999],
  ])('%s %i cannot be taken, and is not asked for', async (currency, amount_minor) => {
    const { provider, judged } = await checked()
    await expect(provider.openSession({ ...ASKED, amount_minor, currency }, 's')).rejects.toThrow(
      'no multiple of',
    )
    expect(judged).toEqual([])
  })

  test.each([
    ['was taken before', [ok({ status: 'succeeded' })], { state: 'taken' }, 0],
    ['was let go', [ok({ status: 'canceled' })], { state: 'refused', failure: 'authorisation_lapsed' }, 0],
    ['is taken at the same moment', [held, ok({ status: 'succeeded' })], { state: 'taken' }, 1],
    ['is held still', [held], { state: 'refused', failure: 'refused' }, 1],
  ])('a capture of what %s', async (_, intents, outcome, times) => {
    const { provider, judged } = await checked({
      'POST /v1/payment_intents/pi_1/capture': refused,
      'GET /v1/payment_intents/pi_1': intents,
    })
    expect(await provider.capture('pi_1', 'key')).toEqual(outcome)
    expect(keysOf(judged, 'POST /v1/payment_intents/pi_1/capture')).toHaveLength(times)
  })

  test.each([
    ['that nobody paid on yet', { status: 'open', payment_intent: null }, { state: 'open', declined: null }],
    [
      'with a declined attempt',
      {
        status: 'open',
        payment_intent: { status: 'requires_payment_method', last_payment_error: { charge: 'ch_1' } },
      },
      { state: 'open', declined: 'ch_1' },
    ],
    ['that has ended', { status: 'expired', payment_intent: null }, { state: 'gone' }],
    [
      'that is paid',
      { status: 'complete', payment_intent: { id: 'pi_1', status: 'requires_capture' } },
      { state: 'held', intent: 'pi_1' },
    ],
    [
      'whose money was taken',
      { status: 'complete', payment_intent: { id: 'pi_1', status: 'succeeded' } },
      { state: 'taken', intent: 'pi_1' },
    ],
    [
      'whose money was let go',
      { status: 'complete', payment_intent: { id: 'pi_1', status: 'canceled' } },
      { state: 'gone' },
    ],
  ])('a page %s', async (_, session, outcome) => {
    const { provider } = await checked({ 'GET /v1/checkout/sessions/cs_1': ok(session) })
    expect(await provider.look('cs_1')).toEqual(outcome)
  })

  test('trouble names its kind and quotes nothing', async () => {
    const said = { error: { type: 'api_error', message: 'of Ada Example, 4242' } }
    const { provider } = await checked({
      'GET /v1/checkout/sessions/cs_1': { status: 500, body: said },
      'GET /v1/checkout/sessions/cs_2': { status: 429, body: said },
    })
    await expect(provider.look('cs_1')).rejects.toThrow(/^the payment provider: StripeAPIError 500$/)
    await expect(provider.look('cs_2')).rejects.toThrow(/^the payment provider: StripeRateLimitError 429$/)
  })
})

describe('webhooks are believed by their signature alone (B5)', () => {
  const secret = 'whsec_c2VjcmV0'
  const { webhooks } = new Stripe(API_KEY)
  const event = {
    id: 'evt_1',
    object: 'event',
    type: 'x',
    data: { object: { metadata: { payment: 'PY-1' } } },
  }
  const payload = JSON.stringify(event)
  const sign = (timestamp: number) => webhooks.generateTestHeaderString({ payload, secret, timestamp })
  const now = Math.floor(Date.now() / 1_000)

  test('the payment that it is about is read from it', () => {
    const read = { id: 'evt_1', payment: 'PY-1', failed_refund: null }
    expect(stripeWebhooks({ secret }).read(payload, sign(now))).toEqual(read)
  })

  test.each([
    ['failed', { reference: 're_1', failure: 'lost_or_stolen_card' }],
    ['succeeded', null],
    ['pending', null],
  ])('of a refund that is %s, whether it failed', (status, failed_refund) => {
    const metadata = { payment: 'PY-1', refund: 'PY-1/refund/1/1' }
    const refund = { object: 'refund', id: 're_1', status, failure_reason: 'lost_or_stolen_card', metadata }
    const body = JSON.stringify({ ...event, type: 'refund.updated', data: { object: refund } })
    const header = webhooks.generateTestHeaderString({ payload: body, secret, timestamp: now })
    const read = { id: 'evt_1', payment: 'PY-1', failed_refund }
    expect(stripeWebhooks({ secret }).read(body, header)).toEqual(read)
  })

  test.each([
    ['none', payload, ''],
    ['nonsense', payload, 't=1,v1=00'],
    ['one of another body', `${payload} `, sign(now)],
    ['one that is ten minutes old', payload, sign(now - 600)],
    [
      'one with another secret',
      payload,
      webhooks.generateTestHeaderString({ payload, secret: 'whsec_other' }),
    ],
  ])('not with %s', (_, body, signature) => {
    expect(stripeWebhooks({ secret }).read(body, signature)).toBeUndefined()
  })
})
