import { describe, expect, test } from 'vitest'
import { EVENTS, type EventType, isAbout, isTold } from '../../../src/domain/event.ts'
import {
  compareMatches,
  fits,
  mostPoints,
  pointsOf,
  priceDifference,
  type Wish,
} from '../../../src/domain/match.ts'
import { matchDifferences } from '../../../src/domain/match-words.ts'
import { type TagFacts, tagDealerLetter, tagLetter } from '../../../src/domain/tag-letter.ts'
import { feature } from '../../support/model-year.ts'

const WISH: Wish = {
  make: 'tarn',
  model: 'heron',
  year: null,
  must_have: [],
  nice_to_have: [],
  exterior: null,
  interior: null,
  price: null,
  near: null,
  compared_with: null,
}
const wish = (more: Partial<Wish>): Wish => ({ ...WISH, ...more })
const vehicle = (more: object = {}) => ({
  number: 'VH-1',
  make: 'tarn',
  model: 'heron',
  year: 2027,
  features: new Set(['SPORT', 'BLUE', 'ROOF']),
  price: 3_000_000,
  currency: 'EUR',
  distance_m: null,
  ...more,
})

describe('points (B8)', () => {
  test('a weight counts in full for what is there, a colour by its rank', () => {
    const nice_to_have = [
      { feature: 'ROOF', weight: 7 },
      { feature: 'TOW', weight: 3 },
    ]
    const ranked = wish({ nice_to_have, exterior: { ranking: ['IVORY', 'BLUE', 'RED'], weight: 5 } })
    expect(mostPoints(ranked)).toBe(1_500)
    const points = (...codes: string[]) => pointsOf(ranked, new Set(codes))
    expect(points('ROOF', 'TOW', 'IVORY')).toBe(1_500)
    expect(points('ROOF', 'IVORY')).toBe(1_200)
    expect([points('BLUE'), points('RED'), points('SLATE')]).toEqual([333, 167, 0])
    expect(points()).toBe(0)
    expect([mostPoints(WISH), pointsOf(WISH, new Set(['ROOF']))]).toEqual([0, 0])
  })

  test.each<[string, Partial<Wish>, object, boolean]>([
    ['nothing else is asked for', {}, {}, true],
    ['another make', {}, { make: 'brio' }, false],
    ['another model', {}, { model: 'plover' }, false],
    ['its year', { year: 2027 }, {}, true],
    ['another year', { year: 2026 }, {}, false],
    ['every must-have', { must_have: ['SPORT', 'ROOF'] }, {}, true],
    ['a must-have is lacking', { must_have: ['SPORT', 'TOW'] }, {}, false],
    ['the dearest that it may be', { price: { max: 3_000_000, currency: 'EUR' } }, {}, true],
    ['dearer', { price: { max: 2_999_999, currency: 'EUR' } }, {}, false],
    ['the cheapest that it may be', { price: { min: 3_000_000, currency: 'EUR' } }, {}, true],
    ['cheaper', { price: { min: 3_000_001, currency: 'EUR' } }, {}, false],
    ['another currency', { price: { min: 1, currency: 'USD' } }, {}, false],
    ['near enough', { near: { latitude: 0, longitude: 0, within_m: 9 } }, { distance_m: 9 }, true],
    ['too far', { near: { latitude: 0, longitude: 0, within_m: 9 } }, { distance_m: 10 }, false],
    ['however far', { near: { latitude: 0, longitude: 0, within_m: null } }, { distance_m: 10 }, true],
  ])('%s', (_, more, of, expected) => {
    expect(fits(wish(more), vehicle(of))).toBe(expected)
  })

  test('the most points, then the lowest price, then the nearest, then by number', () => {
    const ranked = (points: number, price: number, distance_m: number | null, number: string) => ({
      points,
      price,
      distance_m,
      number,
    })
    const inOrder = [
      ranked(9, 5, 8, 'B'),
      ranked(8, 1, 1, 'A'),
      ranked(8, 2, 1, 'Z'),
      ranked(8, 2, 3, 'A'),
      ranked(8, 2, 3, 'B'),
    ]
    expect(inOrder.toReversed().sort(compareMatches)).toEqual(inOrder)
    expect(compareMatches(ranked(1, 1, null, 'A'), ranked(1, 1, null, 'B'))).toBeLessThan(0)
  })

  test('the price difference is to the configuration, else to the most that is to be paid', () => {
    const price = { max: 2_900_000, currency: 'EUR' }
    const compared_with = { features: [], total: 3_100_000, currency: 'EUR' }
    expect(priceDifference(wish({ price, compared_with }), 3_000_000, 'EUR')).toBe(-100_000)
    expect(priceDifference(wish({ price }), 3_000_000, 'EUR')).toBe(100_000)
    expect(priceDifference(wish({ price }), 3_000_000, 'USD')).toBeNull()
    expect(priceDifference(wish({ price: { min: 1, currency: 'EUR' } }), 3_000_000, 'EUR')).toBeNull()
  })
})

test('differences in words: what is lacking or otherwise, colours by rank, what is there in addition', () => {
  const features = [
    feature('trim', 'PURE', 0, { name: 'Pure' }),
    feature('trim', 'SPORT', 0, { name: 'Sport' }),
    feature('exterior', 'BLUE', 0, { name: 'fjord blue' }),
    feature('interior', 'HIDE', 0, { name: 'black leather' }),
    feature('option', 'ROOF', 0, { name: 'panoramic roof' }),
    feature('option', 'HEAT', 0, { name: 'heated seats' }),
  ]
  const known = new Map(features.map((each) => [each.code, each]))
  const of = (more: Partial<Wish>) =>
    matchDifferences(wish(more), new Set(['PURE', 'BLUE', 'HIDE', 'HEAT']), known)
  expect(of({})).toEqual([])
  expect(
    of({
      nice_to_have: ['SPORT', 'HEAT', 'ROOF', 'OLD-1'].map((code) => ({ feature: code, weight: 1 })),
      exterior: { ranking: ['RED', 'BLUE'], weight: 1 },
      interior: { ranking: ['CLOTH'], weight: 1 },
    }),
  ).toEqual([
    { kind: 'instead', words: 'The trim Pure instead of Sport.', features: ['PURE', 'SPORT'] },
    { kind: 'lacking', words: 'Without the panoramic roof.', features: ['ROOF'] },
    { kind: 'lacking', words: 'Without OLD-1.', features: ['OLD-1'] },
    { kind: 'colour', words: 'The exterior colour fjord blue, choice 2 of 2.', features: ['BLUE'] },
    {
      kind: 'colour',
      words: 'The interior colour black leather, which is none of the colours that were ranked.',
      features: ['HIDE'],
    },
  ])
  const beside = of({
    exterior: { ranking: ['BLUE'], weight: 1 },
    compared_with: { features: ['PURE', 'BLUE', 'HIDE'], total: 0, currency: 'EUR' },
  })
  expect(beside).toEqual([
    { kind: 'additional', words: 'With the heated seats in addition.', features: ['HEAT'] },
  ])
})

test('each event of a tag or match request that somebody is told of has words', () => {
  const facts: TagFacts = {
    number: 'TG-1',
    storefront: 'Shop',
    time_zone: 'Europe/Berlin',
    vehicle: {
      name: 'Tarn Heron 2027',
      features: ['Sport'],
      price: '€30,000.00',
      dealer: 'Quay Motors',
      whereabouts: 'lot',
    },
    terms: {
      currency: 'EUR',
      deposit: 50_000,
      fee: 15_000,
      refund_banked: 'full',
      refund_scheduled: 'less_fee',
    },
    takes_deposit: true,
    next_matches: [],
  }
  const details = { deadline_at: '2026-01-02T00:00:00.000Z', because: 'given_up' } as const
  const types = Object.keys(EVENTS) as EventType[]
  const letters = types.flatMap((type) => {
    if (isTold('buyer', type) && (isAbout('tag', type) || isAbout('match_request', type)))
      return [tagLetter(type, details, null, facts)]
    if (isTold('dealer', type) && isAbout('tag', type))
      return [tagDealerLetter(type, details, { number: 'TG-1', vehicle: 'Tarn Heron 2027', vin: null })]
    return []
  })
  expect(letters).toHaveLength(5 + 6 + 4)
  for (const { subject, paragraphs } of letters) {
    expect(subject).toContain('TG-1')
    expect(paragraphs.join(' ')).not.toMatch(/undefined|null/)
  }
})
