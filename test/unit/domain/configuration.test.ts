import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_ALTERNATIVES, MORE_CHANGES } from '../../../src/domain/alternative.ts'
import {
  type Check,
  checkConfiguration,
  differencesSince,
  fingerprint,
} from '../../../src/domain/configuration.ts'
import { MAX_CHANGES } from '../../../src/domain/mend.ts'
import {
  covers,
  type FeatureKind,
  isSingle,
  type ModelYear,
  RULE_KINDS,
  SINGLE_KINDS,
} from '../../../src/domain/model-year.ts'
import { feature, modelYear, rule } from '../../support/model-year.ts'

const DAY = '2027-03-01'

const FEATURES = [
  feature('trim', 'BASE', 0, { name: 'Base' }),
  feature('trim', 'SPORT', 200_000, { name: 'Sport' }),
  feature('trim', 'LUX', 450_000, { name: 'Lux' }),
  feature('engine', 'E15', 0, { name: '1.5 Turbo' }),
  feature('engine', 'E20', 150_000, { name: '2.0 Turbo' }),
  feature('transmission', 'MAN', 0, { name: 'manual' }),
  feature('transmission', 'AUTO', 190_000, { name: 'automatic' }),
  feature('exterior', 'WHITE', 0, { name: 'white' }),
  feature('interior', 'GREY', 0, { name: 'grey' }),
  feature('option', 'ROOF', 120_000, { name: 'panoramic roof' }),
  feature('option', 'RAILS', 30_000, { name: 'roof rails' }),
  feature('option', 'SEATS', 40_000, { name: 'heated seats' }),
]
const PLAIN = ['BASE', 'E15', 'MAN', 'WHITE', 'GREY']

/** Which features of a check are not possible, and why. */
function impossible(check: Check): Record<string, string[]> {
  return Object.fromEntries(
    check.kinds.flatMap(({ features }) =>
      features.filter(({ possible }) => !possible).map(({ code, why }) => [code, why]),
    ),
  )
}

describe('a check (B1)', () => {
  test('a valid configuration has a price of its parts', () => {
    const check = checkConfiguration(modelYear(FEATURES, []), ['SEATS', 'LUX', ...PLAIN.slice(1)], DAY)
    expect(check).toMatchObject({ valid: true, conflicts: [], alternatives: [], limit_reached: false })
    expect(check.price).toEqual({
      currency: 'EUR',
      base: 3_000_000,
      features: [
        { code: 'LUX', kind: 'trim', name: 'Lux', price: 450_000 },
        { code: 'E15', kind: 'engine', name: '1.5 Turbo', price: 0 },
        { code: 'MAN', kind: 'transmission', name: 'manual', price: 0 },
        { code: 'WHITE', kind: 'exterior', name: 'white', price: 0 },
        { code: 'GREY', kind: 'interior', name: 'grey', price: 0 },
        { code: 'SEATS', kind: 'option', name: 'heated seats', price: 40_000 },
      ],
      total: 3_490_000,
    })
  })

  test('a rule that is broken is told in words, with the nearest ways out', () => {
    const roof = rule('ROOF', 'only_with', ['SPORT', 'LUX'], { from: '2027-01-01' })
    const needsAuto = rule('SPORT', 'requires', ['AUTO'])
    const check = checkConfiguration(modelYear(FEATURES, [roof, needsAuto]), [...PLAIN, 'ROOF'], DAY)
    expect(check.valid).toBe(false)
    expect(check.conflicts).toEqual([
      {
        kind: 'only_with',
        words: 'The panoramic roof can be ordered only with the trims Sport and Lux, from 1 January 2027.',
        features: ['ROOF', 'SPORT', 'LUX'],
      },
    ])
    expect(
      check.alternatives.map(({ changes, price_difference }) => [
        changes.map(({ words }) => words),
        price_difference,
      ]),
    ).toEqual([
      [['Leave out the panoramic roof.'], -120_000],
      [['Take the trim Lux instead of the trim Base.'], 450_000],
      [
        [
          'Take the trim Sport instead of the trim Base.',
          'Take the transmission automatic instead of the transmission manual.',
        ],
        390_000,
      ],
    ])
    expect(check.alternatives[1]).toMatchObject({
      features: ['LUX', 'E15', 'MAN', 'WHITE', 'GREY', 'ROOF'],
      changes: [{ remove: ['BASE'], add: 'LUX' }],
      total: 3_570_000,
    })
    expect(impossible(check)).toMatchObject({
      BASE: [roofInWords],
      ROOF: [roofInWords],
      SPORT: ['The trim Sport must be ordered together with the transmission automatic.'],
    })
  })
  const roofInWords =
    'The panoramic roof can be ordered only with the trims Sport and Lux, from 1 January 2027.'

  test('rules hold from their first day to their last', () => {
    const excluded = rule('ROOF', 'excludes', ['RAILS'], { from: '2027-03-01', until: '2027-03-31' })
    const given = modelYear(FEATURES, [excluded])
    const validOn = (day: string) => checkConfiguration(given, [...PLAIN, 'ROOF', 'RAILS'], day).valid
    expect(['2027-02-28', '2027-03-01', '2027-03-31', '2027-04-01'].map(validOn)).toEqual([
      true,
      false,
      false,
      true,
    ])
  })

  test('each other thing that can be wrong has a kind and words', () => {
    const features = [...FEATURES, feature('option', 'HOOK', 0, { name: 'tow bar', from: '2027-06-01' })]
    const conflicts = (chosen: string[], day = DAY) =>
      checkConfiguration(modelYear(features, [], { until: '2027-12-31' }), chosen, day).conflicts.map(
        ({ kind, words }) => `${kind}: ${words}`,
      )
    expect(conflicts([...PLAIN, 'SUNROOF'])).toEqual([
      'unknown_feature: There is no feature SUNROOF for the Tarn Heron 2027.',
    ])
    expect(conflicts([...PLAIN, 'HOOK'])).toEqual([
      'feature_not_sold: The tow bar can be ordered only from 1 June 2027.',
    ])
    expect(conflicts([...PLAIN, 'SPORT'])).toEqual([
      'more_than_one: Only one trim can be chosen, not the trims Base and Sport together.',
    ])
    expect(conflicts(PLAIN.slice(1))).toEqual(['missing: No trim is chosen.'])
    expect(conflicts(PLAIN, '2028-01-01')).toEqual([
      'model_year_not_sold: The Tarn Heron 2027 can be ordered only until 31 December 2027.',
    ])
  })

  test("a rule's own words are used as they are", () => {
    const own = rule('ROOF', 'excludes', ['RAILS'], { words: 'Glass bears no rails.', from: '2027-01-01' })
    const check = checkConfiguration(modelYear(FEATURES, [own]), [...PLAIN, 'ROOF', 'RAILS'], DAY)
    expect(check.conflicts).toEqual([
      { kind: 'excludes', words: 'Glass bears no rails.', features: ['ROOF', 'RAILS'] },
    ])
  })

  test('a page that fills in step by step is told what goes with what is chosen', () => {
    const rules = [
      rule('ROOF', 'only_with', ['SPORT', 'LUX']),
      rule('SPORT', 'requires', ['E20', 'SEATS']),
      rule('E15', 'excludes', ['AUTO']),
    ]
    const check = (chosen: string[]) => checkConfiguration(modelYear(FEATURES, rules), chosen, DAY)
    expect(check([]).conflicts.map(({ kind }) => kind)).toEqual(Array(5).fill('missing'))
    expect(impossible(check([]))).toEqual({})
    expect(check(['AUTO'])).toMatchObject({ valid: false, alternatives: [] })
    expect(impossible(check(['AUTO']))).toEqual({
      E15: ['The engine 1.5 Turbo cannot be combined with the transmission automatic.'],
    })
    // What the trim needs may still be chosen, so it is possible, and nothing is in conflict yet.
    expect(impossible(check(['ROOF', 'AUTO']))).toMatchObject({
      BASE: ['The panoramic roof can be ordered only with the trims Sport and Lux.'],
    })
    expect(check(['ROOF', 'AUTO']).conflicts.every(({ kind }) => kind === 'missing')).toBe(true)
  })

  test('a choice that no rule is against yet, and that cannot be completed, says so', () => {
    const rules = [
      rule('ROOF', 'only_with', ['E15']),
      rule('RAILS', 'only_with', ['MAN']),
      rule('E15', 'requires', ['AUTO']),
    ]
    const check = checkConfiguration(modelYear(FEATURES, rules), ['ROOF', 'RAILS'], DAY)
    const dead = check.conflicts.at(-1)
    expect(dead).toMatchObject({ kind: 'cannot_be_completed', features: ['ROOF', 'RAILS'] })
    expect(dead?.words).toMatch(/^What is chosen cannot be completed\. The .* transmission/)
    expect(check.alternatives.length).toBeGreaterThan(0)
  })

  test('a search that comes to its limit says so', () => {
    const many = (kind: FeatureKind) =>
      Array.from({ length: 40 }, (_, index) => feature(kind, `${kind}${index}`))
    const features = [...SINGLE_KINDS.flatMap(many), feature('option', 'A'), feature('option', 'B')]
    const check = checkConfiguration(modelYear(features, [rule('A', 'excludes', ['B'])]), ['A', 'B'], DAY)
    expect(check).toMatchObject({ valid: false, limit_reached: true })
  })
})

describe('beside a search through everything (B1)', () => {
  const smallCatalogues = fc.record({
    features: fc
      .tuple(
        ...SINGLE_KINDS.map((kind) => featuresOfKind(kind, 1, kind === 'trim' ? 3 : 2)),
        featuresOfKind('option', 0, 3),
      )
      .map((kinds) => kinds.flat()),
    rules: fc.array(
      fc.record({
        kind: fc.constantFrom(...RULE_KINDS),
        subject: fc.nat(),
        objects: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        inForce: fc.integer({ min: 0, max: 9 }).map((number) => number > 0),
      }),
      { maxLength: 9 },
    ),
    chosen: fc.array(fc.nat(), { maxLength: 8 }),
    withUnknown: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
  })

  function featuresOfKind(kind: FeatureKind, minLength: number, maxLength: number) {
    const prices = fc.record({
      price: fc.integer({ min: 0, max: 6 }),
      isSold: fc.integer({ min: 0, max: 11 }).map((number) => number > 0),
    })
    return fc
      .array(prices, { minLength, maxLength })
      .map((given) =>
        given.map(({ price, isSold }, index) =>
          feature(kind, `${kind}${index}`, price, isSold ? {} : { until: '2027-02-28' }),
        ),
      )
  }

  test('the same is valid, nearest and possible', () => {
    fc.assert(
      fc.property(smallCatalogues, ({ features, rules, chosen, withUnknown }) => {
        const pick = (number: number) => features[number % features.length]?.code ?? ''
        const given = modelYear(
          features,
          rules.flatMap(({ kind, subject, objects, inForce }) => {
            const others = [...new Set(objects.map(pick))].filter((code) => code !== pick(subject))
            if (others.length === 0) return []
            return [rule(pick(subject), kind, others, inForce ? {} : { from: '2027-03-02' })]
          }),
        )
        const selection = [...new Set(chosen.map(pick)), ...(withUnknown ? ['UNKNOWN'] : [])]
        const check = checkConfiguration(given, selection, DAY)
        const all = everyValid(given)
        // The one limit that such small ones come to: everything that is valid takes more changes than are tried.
        if (check.limit_reached) expect(check.alternatives).toEqual([])
        expect(check.valid).toBe(all.some((valid) => sameSet(valid, new Set(selection))))
        expect(check.alternatives.map(({ features }) => [...features].sort())).toEqual(
          nearestByForce(given, selection, all, check),
        )
        for (const { features } of check.kinds)
          for (const { code, possible, why } of features) {
            expect(possible).toBe(why.length === 0)
            const others = new Set(selection.filter((other) => slotOf(given, other) !== slotOf(given, code)))
            if (!all.some((valid) => isWithin(others, valid))) continue
            expect([code, possible]).toEqual([
              code,
              all.some((valid) => valid.has(code) && isWithin(others, valid)),
            ])
          }
      }),
      { numRuns: 1_000 },
    )
    // Most of the time goes into the search through everything.
  }, 30_000)

  function everyValid({ features, rules }: ModelYear): Set<string>[] {
    const sold = features.filter((feature) => covers(feature, DAY))
    let all: string[][] = [[]]
    for (const kind of SINGLE_KINDS) {
      const ofKind = sold.filter((feature) => feature.kind === kind)
      all = all.flatMap((codes) => ofKind.map(({ code }) => [...codes, code]))
    }
    for (const { code } of sold.filter(({ kind }) => kind === 'option'))
      all = all.flatMap((codes) => [codes, [...codes, code]])
    const inForce = rules.filter((rule) => covers(rule, DAY))
    return all
      .map((codes) => new Set(codes))
      .filter((codes) =>
        inForce.every(({ kind, subject, objects }) => {
          if (!codes.has(subject)) return true
          const there = objects.filter((code) => codes.has(code)).length
          return { requires: there === objects.length, excludes: there === 0, only_with: there > 0 }[kind]
        }),
      )
  }

  function nearestByForce(
    given: ModelYear,
    selection: string[],
    all: Set<string>[],
    check: Check,
  ): string[][] {
    const chosen = new Set(selection)
    const isUnfinished = check.conflicts.every(({ kind }) => kind === 'missing')
    if (isUnfinished) {
      // Then it can be completed, and nothing has to be taken back.
      expect(all.some((valid) => isWithin(chosen, valid))).toBe(true)
      return []
    }
    const priceOf = (codes: Set<string>) =>
      given.features.reduce((sum, { code, price }) => sum + (codes.has(code) ? price : 0), 0)
    const slots = new Set(
      [...given.features.map(({ code }) => code), ...selection].map((code) => slotOf(given, code)),
    )
    const inSlot = (codes: Set<string>, slot: string) =>
      [...codes]
        .filter((code) => slotOf(given, code) === slot)
        .sort()
        .join(' ')
    const candidates = all
      .map((valid) => ({
        codes: [...valid].sort(),
        difference: Math.abs(priceOf(valid) - priceOf(chosen)),
        changes: new Set(
          [...slots]
            .filter((slot) => inSlot(valid, slot) !== inSlot(chosen, slot))
            .map((slot) => `${slot}=${inSlot(valid, slot)}`),
        ),
      }))
      .filter(({ changes }) => changes.size <= MAX_CHANGES)
    const fewest = Math.min(...candidates.map(({ changes }) => changes.size))
    return candidates
      .filter(
        ({ changes }) =>
          changes.size <= fewest + MORE_CHANGES &&
          !candidates.some((other) => other.changes.size < changes.size && isWithin(other.changes, changes)),
      )
      .sort(
        (a, b) =>
          a.changes.size - b.changes.size ||
          a.difference - b.difference ||
          (a.codes.join(' ') < b.codes.join(' ') ? -1 : 1),
      )
      .slice(0, MAX_ALTERNATIVES)
      .map(({ codes }) => codes)
  }

  function slotOf({ features }: ModelYear, code: string): string {
    const kind = features.find((feature) => feature.code === code)?.kind
    return kind !== undefined && isSingle(kind) ? kind : code
  }

  function isWithin(some: Set<string>, all: Set<string>): boolean {
    return [...some].every((one) => all.has(one))
  }

  function sameSet(a: Set<string>, b: Set<string>): boolean {
    return a.size === b.size && isWithin(a, b)
  }
})

describe('fingerprints (B1)', () => {
  test('are the same in any order, and others for anything else', () => {
    const codes = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 6 })
    fc.assert(
      fc.property(codes, codes, (one, other) => {
        expect(fingerprint('heron-2027', one.toReversed())).toBe(fingerprint('heron-2027', one))
        expect(fingerprint('heron-2027', one) === fingerprint('heron-2027', other)).toBe(
          one.length === other.length && one.every((code) => other.includes(code)),
        )
        expect(fingerprint('heron-2026', one)).not.toBe(fingerprint('heron-2027', one))
      }),
    )
    // Those that are stored are compared with those that are made later.
    expect(fingerprint('heron-2027', ['LUX', 'E15'])).toBe(
      'c93fe4d7010cd8dceca57b07b30195c32d7da258f7073573a5cc258e7d41bfe1',
    )
  })
})

test('what differs since a configuration was stored is told in words (B1)', () => {
  const chosen = [...PLAIN, 'ROOF', 'SEATS']
  const then = checkConfiguration(modelYear(FEATURES, []), chosen, DAY)
  expect(differencesSince(then.price, then)).toEqual([])
  const dearer = FEATURES.map((given) => (given.code === 'SEATS' ? { ...given, price: 45_000 } : given))
  const changed = modelYear(dearer, [rule('ROOF', 'only_with', ['LUX'])], { base_price: 3_100_000 })
  expect(differencesSince(then.price, checkConfiguration(changed, chosen, DAY))).toEqual([
    {
      kind: 'base_price',
      words: 'The vehicle without its features cost €30,000.00 then, and €31,000.00 now.',
      features: [],
    },
    {
      kind: 'feature_price',
      words: 'The heated seats cost €400.00 then, and €450.00 now.',
      features: ['SEATS'],
    },
    {
      kind: 'conflict',
      words: 'The panoramic roof can be ordered only with the trim Lux.',
      features: ['ROOF', 'LUX'],
    },
  ])
  const dollars = checkConfiguration(modelYear(FEATURES, [], { currency: 'USD' }), chosen, DAY)
  expect(differencesSince(then.price, dollars)).toMatchObject([{ kind: 'currency' }])
})
