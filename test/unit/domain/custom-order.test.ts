import { describe, expect, test } from 'vitest'
import { type Refund, refundOf } from '../../../src/domain/custom-order.ts'

describe('what is given back of a deposit (B10, B11)', () => {
  const terms = (refund_banked: Refund, refund_scheduled: Refund) => ({
    currency: 'EUR',
    deposit: 50_000,
    fee: 15_000,
    refund_banked,
    refund_scheduled,
  })

  test.each([
    ['full', 50_000],
    ['less_fee', 35_000],
    ['deposit_kept', 0],
  ] as const)('by the rule %s, before the vehicle has a slot and after that', (rule, back) => {
    const other = rule === 'full' ? 'deposit_kept' : 'full'
    expect(refundOf(terms(rule, other), 50_000, 'banked')).toBe(back)
    for (const state of ['scheduled', 'at_dealer'] as const)
      expect(refundOf(terms(other, rule), 50_000, state)).toBe(back)
  })

  test('all of it as long as there is no vehicle; never less than nothing', () => {
    expect(refundOf(terms('deposit_kept', 'deposit_kept'), 50_000, null)).toBe(50_000)
    expect(refundOf(terms('less_fee', 'less_fee'), 10_000, 'banked')).toBe(0)
  })
})
