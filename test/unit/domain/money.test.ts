import { describe, expect, test } from 'vitest'
import { moneyInWords } from '../../../src/domain/money.ts'

describe('amounts in words have the decimals of ISO 4217 (B5)', () => {
  test.each([
    ['EUR', 1_999, '€19.99'],
    ['JPY', 1_999, 'JP¥1,999'],
    ['ISK', 1_999, 'ISK\u00a01,999'],
    ['UGX', 1_999, 'UGX\u00a01,999'],
    // Cash is counted without these decimals; prices are not.
    ['HUF', 199_900, 'HUF\u00a01,999.00'],
    ['MGA', 199_900, 'MGA\u00a01,999.00'],
    ['KWD', 1_999, 'KWD\u00a01.999'],
    ['CLF', 19_990, 'CLF\u00a01.9990'],
  ])('%s %i', (currency, minor, words) => {
    expect(moneyInWords(minor, currency)).toBe(words)
  })

  test('or with the code in place of the symbol', () => {
    expect(moneyInWords(1_999, 'EUR', 'code')).toBe('EUR\u00a019.99')
  })
})
