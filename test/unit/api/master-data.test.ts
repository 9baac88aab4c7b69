import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Length, Price, WebhookUrl } from '../../../src/api/master-data.ts'
import { PeriodsBody } from '../../../src/api/routes/periods.ts'
import { isoDuration } from '../../../src/domain/duration.ts'

describe('lengths of time (A7, P8)', () => {
  test('come back as they went in, in the form of days, hours, minutes and seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_650 * 86_400 }), (seconds) => {
        expect(Length(1).parse(isoDuration(seconds))).toBe(seconds)
      }),
    )
    expect([0, 60, 3_600, 90_061, 2_592_000].map(isoDuration)).toEqual([
      'PT0S',
      'PT1M',
      'PT1H',
      'P1DT1H1M1S',
      'P30D',
    ])
    expect(Length(1).parse('P2W')).toBe(14 * 86_400)
  })

  test.each([
    '',
    '30',
    'P',
    'P1M',
    'P1Y',
    'P1Y2D',
    'PT0S',
    '-P1D',
    'PT0.5S',
    'P3651D',
    'P99999999999D',
    'P1DT-24H',
  ])('refuses %j', (text) => {
    expect(Length(1).safeParse(text).success).toBe(false)
  })
})

describe('periods (A7)', () => {
  const usual = { default: 'P1D', min: 'PT1H', max: 'P7D' }
  const faults = (wait: object) =>
    PeriodsBody.safeParse({ offer: usual, wait, hold: usual, confirm: usual }).error?.issues.map((issue) =>
      issue.path.join('/'),
    )

  test('lie in order: minimum, default, maximum', () => {
    expect(faults(usual)).toBeUndefined()
    expect(faults({ default: 'P1D', min: 'P1D', max: 'P1D' })).toBeUndefined()
    expect(faults({ ...usual, min: 'P2D' })).toEqual(['wait/default'])
    expect(faults({ ...usual, max: 'PT2H' })).toEqual(['wait/default'])
    expect(faults({ ...usual, min: 'PT0S' })).toEqual(['wait/min'])
    expect(faults({ ...usual, extra: 1 })).toEqual(['wait'])
    expect(faults({ default: 'P1D', min: 'PT1H' })).toEqual(['wait/max'])
  })
})

test('prices are whole minor units of a currency that there is (P8)', () => {
  expect(Price.safeParse({ amount: 0, currency: 'JPY' }).success).toBe(true)
  for (const price of [
    { amount: 1.5, currency: 'EUR' },
    { amount: -1, currency: 'EUR' },
    { amount: 1, currency: 'eur' },
    { amount: 1, currency: 'XYZ' },
  ]) {
    expect(Price.safeParse(price).success).toBe(false)
  }
})

test('webhooks go to http and https only, without a password in the URL (P5)', () => {
  for (const url of ['http://127.0.0.1:8090/hook', 'https://partner.example/a?b=c'])
    expect(WebhookUrl.safeParse(url).success).toBe(true)
  for (const url of [
    '',
    'partner.example',
    'ftp://partner.example',
    'javascript:alert(1)',
    'https://me@partner.example',
    `https://a.example/${'x'.repeat(2_000)}`,
  ]) {
    expect(WebhookUrl.safeParse(url).success).toBe(false)
  }
})
