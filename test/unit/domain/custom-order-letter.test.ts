import { describe, expect, test } from 'vitest'
import { type Terms, termsAsked } from '../../../src/domain/custom-order.ts'
import { buyerLetter, refundInWords } from '../../../src/domain/custom-order-letter.ts'

const TERMS: Terms = {
  currency: 'EUR',
  deposit: 50_000,
  fee: 15_000,
  refund_banked: 'less_fee',
  refund_scheduled: 'deposit_kept',
}

describe('what a buyer reads about the money of a custom order (B4, B5, B10)', () => {
  const received = (takes_deposit: boolean) =>
    buyerLetter('custom_order.received', {}, null, {
      number: 'CO-1',
      storefront: 'Shop',
      dealer: 'Quay Motors',
      vehicle: 'Tarn Heron 2027',
      price: 3_000_000,
      currency: 'EUR',
      terms: TERMS,
      takes_deposit,
    }).paragraphs.join(' ')

  test('nobody is asked before the deposit is held', () => {
    expect(received(true)).toContain('Once it is held we ask Quay Motors and the manufacturer')
    expect(received(true)).not.toContain('are checking it')
    expect(received(false)).toContain('Quay Motors and the manufacturer are checking it.')
  })

  test('the house asks for no more than the price; a shop that takes the deposit itself for what the terms say', () => {
    expect(termsAsked({ terms: TERMS, takes_payment: true }, 40_000)?.deposit).toBe(40_000)
    expect(termsAsked({ terms: TERMS, takes_payment: true }, 60_000)?.deposit).toBe(50_000)
    expect(termsAsked({ terms: TERMS, takes_payment: false }, 40_000)).toBe(TERMS)
    expect(termsAsked({ terms: null, takes_payment: true }, 40_000)).toBeNull()
  })

  test.each([
    [{ charged: 0, refund: 0, given_back: 0 }, ['Nothing was charged.']],
    [{ charged: 50_000, refund: 35_000, given_back: 0 }, ['You are given back €350.00.']],
    [
      { charged: 50_000, refund: 0, given_back: 0 },
      ['By the terms of the order nothing of the deposit is given back.'],
    ],
    [
      { charged: 50_000, refund: 0, given_back: 20_000 },
      [
        'You were given back €200.00 before.',
        'By the terms of the order nothing more of the deposit is given back.',
      ],
    ],
    [
      { charged: 50_000, refund: 0, given_back: 50_000 },
      ['You were given back all that you paid, €500.00, before.'],
    ],
  ])('what goes back, and went back before: %j', (money, words) => {
    expect(refundInWords(money, 'EUR')).toEqual(words)
  })
})
