import { describe, expect, test } from 'vitest'
import { checkConfiguration } from '../../../src/domain/configuration.ts'
import { ruleInWords, theFeatures } from '../../../src/domain/feature-words.ts'
import {
  changesBetween,
  type Feature,
  faultsOf,
  type ModelYear,
  type Rule,
  SINGLE_KINDS,
} from '../../../src/domain/model-year.ts'
import { LOTS } from '../../../src/local/sample-lots.ts'
import { MODEL_YEARS } from '../../../src/local/sample-vehicles.ts'
import { modelYear as aModelYear, feature, rule } from '../../support/model-year.ts'

const FEATURES = [
  ...SINGLE_KINDS.flatMap((kind) => [feature(kind, `${kind}-1`), feature(kind, `${kind}-2`)]),
  ...['A', 'B', 'C'].map((code) => feature('option', code)),
]

const modelYear = (more: Partial<ModelYear> = {}) => aModelYear(FEATURES, [], { base_price: 100, ...more })

describe('what is wrong with a document (B1, P8)', () => {
  const faults = (more: Partial<ModelYear>) =>
    faultsOf(modelYear(more)).map(({ path, message }) => `${path.join('/')}: ${message}`)

  test('names what is unknown, missing or the wrong way round', () => {
    expect(faults({})).toEqual([])
    expect(
      faults({
        from: '2027-02-01',
        until: '2027-01-31',
        features: FEATURES.filter(({ kind }) => kind !== 'engine'),
        rules: [
          rule('A', 'requires', ['A', 'engine-1']),
          rule('D', 'excludes', ['B'], { from: '2027-01-02', until: '2027-01-01' }),
        ],
      }),
    ).toEqual([
      'until: is before the first day',
      'rules/1/until: is before the first day',
      'features: there is none of the kind engine, and every configuration has one',
      'rules/0/objects/0: is the subject itself',
      'rules/0/objects/1: there is no feature engine-1',
      'rules/1/subject: there is no feature D',
    ])
  })

  test.each<[string, Rule[], string]>([
    [
      'what it requires and excludes',
      [rule('A', 'requires', ['B']), rule('A', 'excludes', ['B'])],
      'rules/1: A can never be chosen: it brings A and B, and A excludes B',
    ],
    [
      'what it requires in turn, and what excludes it',
      [rule('A', 'requires', ['B']), rule('B', 'requires', ['C']), rule('C', 'excludes', ['A'])],
      'rules/2: A can never be chosen: it brings C and A, and C excludes A',
    ],
    [
      'two of one kind',
      [rule('A', 'requires', ['trim-1', 'B']), rule('B', 'requires', ['trim-2'])],
      'rules/0: A can never be chosen: it brings trim-1 and trim-2, of which only one can be chosen',
    ],
    [
      'another one of its own kind',
      [rule('trim-1', 'requires', ['trim-2'])],
      'rules/0: trim-1 can never be chosen: it brings trim-2 and trim-1, of which only one can be chosen',
    ],
    [
      'only with what it rules out',
      [rule('A', 'only_with', ['trim-1']), rule('A', 'requires', ['trim-2'])],
      'rules/0: A can never be chosen: it brings A, which can be chosen only with trim-1, and none of these goes with the rest',
    ],
  ])('names a feature that could never be chosen: %s', (_, rules, expected) => {
    expect(faults({ rules })[0]).toBe(expected)
  })

  test('circles that make sense, and rules that are never in force together, are none', () => {
    expect(faults({ rules: [rule('A', 'requires', ['B']), rule('B', 'requires', ['A'])] })).toEqual([])
    expect(
      faults({
        rules: [
          rule('A', 'requires', ['B'], { until: '2027-05-31' }),
          rule('A', 'excludes', ['B'], { from: '2027-06-01' }),
        ],
      }),
    ).toEqual([])
    expect(
      faults({
        rules: [
          rule('A', 'requires', ['B'], { from: '2027-01-01', until: '2027-06-01' }),
          rule('A', 'excludes', ['B'], { from: '2027-06-01' }),
        ],
      }),
    ).toHaveLength(1)
  })
})

test('what a change changed is told in codes and figures; no change is none (P8)', () => {
  expect(changesBetween(modelYear(), modelYear())).toBeUndefined()
  const [first, ...others] = FEATURES
  expect(
    changesBetween(
      modelYear({ rules: [rule('A', 'requires', ['B']), rule('B', 'requires', ['C'])] }),
      modelYear({
        base_price: 90,
        features: [...others.slice(0, -1), feature('option', 'D'), { ...others.at(-1), price: 5 } as Feature],
        rules: [rule('B', 'requires', ['C']), rule('D', 'excludes', ['B'])],
      }),
    ),
  ).toEqual({
    base_price: { before: 100, after: 90 },
    features_added: ['D'],
    features_removed: [first?.code],
    features_changed: ['C'],
    rules_added: 1,
    rules_removed: 1,
  })
})

describe('words (B1)', () => {
  const named = new Map(FEATURES.map((given) => [given.code, given]))
  const words = (given: Rule) => ruleInWords(given, named)

  test('group what is of one kind, and say from when until when', () => {
    expect(words(rule('A', 'requires', ['engine-1', 'B']))).toBe(
      'The A must be ordered together with the engine engine-1 and the B.',
    )
    expect(
      words(rule('trim-1', 'excludes', ['exterior-1', 'exterior-2', 'B'], { until: '2027-12-31' })),
    ).toBe(
      'The trim trim-1 cannot be combined with the exterior colours exterior-1 and exterior-2 or the B, until 31 December 2027.',
    )
    expect(
      words(rule('B', 'only_with', ['trim-1', 'trim-2'], { from: '2027-01-01', until: '2027-12-31' })),
    ).toBe(
      'The B can be ordered only with the trims trim-1 and trim-2, from 1 January 2027 until 31 December 2027.',
    )
    expect(theFeatures(['A', 'B', 'C'].flatMap((code) => named.get(code) ?? []))).toBe(
      'the A, the B and the C',
    )
  })
})

test('the sample vehicles can be loaded, and each of their features can be chosen (B1)', () => {
  for (const given of MODEL_YEARS) {
    expect([given.id, faultsOf(given)]).toEqual([given.id, []])
    for (const day of ['2026-11-21', '2027-07-01']) {
      const check = checkConfiguration(given, [], day)
      const impossible = check.kinds.flatMap(({ features }) => features.filter(({ possible }) => !possible))
      expect([given.id, day, impossible, check.limit_reached]).toEqual([given.id, day, [], false])
    }
  }
})

test('what stands on the sample lots is what can be ordered in the sample model years', () => {
  for (const [, id, , features] of LOTS) {
    const found = MODEL_YEARS.find((known) => known.id === id)
    const check = found && checkConfiguration(found, features.split(' '), '2027-02-01')
    expect([id, check?.conflicts]).toEqual([id, []])
  }
})
