import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stripeProvider, stripeWebhooks } from '../../../src/integrations/stripe.ts'
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
const refused = { status: 400, body: { error: { type: 'invalid_request_error', code: 'refused' } } }
const ok = (body: object) => ({ status: 200, body })

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
    const { provider, judged, url } = await checked()
    const asked = {
      payment: PAYMENT,
      words: 'Back order BO-7K3M-9QXT-4HC',
      amount_minor: 5_997,
      currency: 'EUR',
      paid_url: 'https://holdfast.example/p/1/paid',
      unpaid_url: 'https://holdfast.example/p/1/unpaid',
    }
    await provider.openSession(asked, `${PAYMENT}/session/1`)
    await provider.look('cs_test_1')
    expect(await provider.close('cs_test_1')).toEqual({ state: 'gone' })
    expect(await provider.capture('pi_1', `${PAYMENT}/capture/1`)).toEqual({ state: 'taken' })
    const refund = { payment: PAYMENT, intent: 'pi_1', amount_minor: 500 }
    expect(await provider.refund(refund, `${PAYMENT}/refund/1/1`)).toMatchObject({ state: 'done' })
    expect(await provider.lookAtRefund('re_1')).toMatchObject({ state: 'done' })

    expect(judged.map(({ call, key, status }) => [call, key, status])).toEqual([
      ['POST /v1/checkout/sessions', `${PAYMENT}/session/1`, 200],
      ['GET /v1/checkout/sessions/cs_test_1', null, 200],
      // The library's own key: a page that has ended stays so.
      ['POST /v1/checkout/sessions/cs_test_1/expire', expect.any(String), 200],
      ['POST /v1/payment_intents/pi_1/capture', `${PAYMENT}/capture/1`, 200],
      ['POST /v1/refunds', `${PAYMENT}/refund/1/1`, 200],
      ['GET /v1/refunds/re_1', null, 200],
    ])
    expect(Object.fromEntries(new URLSearchParams(judged[0]?.body))).toEqual({
      mode: 'payment',
      'line_items[0][quantity]': '1',
      'line_items[0][price_data][currency]': 'eur',
      'line_items[0][price_data][unit_amount]': '5997',
      'line_items[0][price_data][product_data][name]': asked.words,
      'payment_intent_data[capture_method]': 'manual',
      'payment_intent_data[metadata][payment]': PAYMENT,
      'metadata[payment]': PAYMENT,
      success_url: asked.paid_url,
      cancel_url: asked.unpaid_url,
    })

    // The check bites.
    const stripe = new Stripe(API_KEY, { host: '127.0.0.1', port: new URL(url).port, protocol: 'http' })
    await expect(stripe.refunds.create({ payment_intent: 'pi_1', nonsense: 1 } as never)).rejects.toThrow()
    expect(judged.at(-1)?.status).toBe(400)
  })

  test('letting go of what was paid just before, asked for a second time', async () => {
    const { provider, judged } = await checked({
      'POST /v1/checkout/sessions/cs_1/expire': refused,
      'GET /v1/checkout/sessions/cs_1': ok({
        status: 'complete',
        payment_intent: { id: 'pi_1', status: 'requires_capture' },
      }),
      'POST /v1/payment_intents/pi_1/cancel': refused,
      'GET /v1/payment_intents/pi_1': ok({ id: 'pi_1', status: 'canceled' }),
    })
    expect(await provider.release('cs_1', `${PAYMENT}/release`)).toEqual({ state: 'gone', was_held: true })
    expect(judged.map(({ call, key, status }) => [call, key, status])).toEqual([
      ['POST /v1/checkout/sessions/cs_1/expire', expect.any(String), 200],
      ['GET /v1/checkout/sessions/cs_1', null, 200],
      ['POST /v1/payment_intents/pi_1/cancel', `${PAYMENT}/release`, 200],
      ['GET /v1/payment_intents/pi_1', null, 200],
    ])
  })

  test.each([
    ['was taken before', { status: 'succeeded' }, { state: 'taken' }],
    ['was let go', { status: 'canceled' }, { state: 'refused', failure: 'authorisation_lapsed' }],
    ['is held still', { status: 'requires_capture' }, { state: 'refused', failure: 'refused' }],
  ])('a capture that is refused when it %s', async (_, intent, outcome) => {
    const { provider } = await checked({
      'POST /v1/payment_intents/pi_1/capture': refused,
      'GET /v1/payment_intents/pi_1': ok(intent),
    })
    expect(await provider.capture('pi_1', 'key')).toEqual(outcome)
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
    expect(stripeWebhooks({ secret }).read(payload, sign(now))).toEqual({ id: 'evt_1', payment: 'PY-1' })
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
