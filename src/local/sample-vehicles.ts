import type { Feature, FeatureKind, ModelYear, Rule, RuleKind } from '../domain/model-year.ts'

/** The vehicles of a first `npm start`: a make that does not exist, with two model lines. Prices in cents of a euro. */

const ALWAYS = { from: null, until: null }

function feature(
  kind: FeatureKind,
  code: string,
  name: string,
  price = 0,
  more: Partial<Feature> = {},
): Feature {
  return { code, kind, name, price, ...ALWAYS, ...more }
}

function rule(subject: string, kind: RuleKind, objects: string[], more: Partial<Rule> = {}): Rule {
  return { kind, subject, objects, words: null, ...ALWAYS, ...more }
}

const MAKE = { code: 'tarn', name: 'Tarn' }
const HERON = {
  make: MAKE,
  model: { code: 'heron', name: 'Heron' },
  model_line: { code: 'heron', name: 'Heron' },
}
const PLOVER = {
  make: MAKE,
  model: { code: 'plover', name: 'Plover' },
  model_line: { code: 'plover', name: 'Plover' },
}

const COLOURS = [
  feature('exterior', 'IVORY', 'ivory white'),
  feature('exterior', 'SLATE', 'slate grey', 65_000),
  feature('exterior', 'BLUE', 'fjord blue', 85_000),
  feature('exterior', 'RED', 'ember red', 85_000),
]

const HERON_FEATURES = [
  feature('trim', 'PURE', 'Pure'),
  feature('trim', 'SPORT', 'Sport', 290_000),
  feature('trim', 'LUX', 'Lux', 520_000),
  feature('engine', 'E15', '1.5 Turbo'),
  feature('engine', 'E20', '2.0 Turbo', 310_000),
  feature('engine', 'PHEV', '2.0 plug-in hybrid', 780_000),
  feature('transmission', 'MAN6', 'six-speed manual'),
  feature('transmission', 'AUT8', 'eight-speed automatic', 210_000),
  ...COLOURS,
  feature('interior', 'CLOTH-C', 'charcoal cloth'),
  feature('interior', 'CLOTH-S', 'sand cloth'),
  feature('interior', 'LEATHER-B', 'black leather', 240_000),
  feature('interior', 'LEATHER-C', 'cognac leather', 290_000),
  feature('option', 'ROOF-PANO', 'panoramic roof', 135_000),
  feature('option', 'RAILS', 'roof rails', 32_000),
  feature('option', 'SEATS-H', 'heated front seats', 41_000),
  feature('option', 'WINTER', 'winter pack', 58_000),
  feature('option', 'TOW', 'swivelling tow bar', 98_000),
  feature('option', 'WHEELS-20', '20-inch alloy wheels', 175_000),
  feature('option', 'SUSP-C', 'comfort suspension', 120_000),
  feature('option', 'CAMERA', 'reversing camera', 45_000),
  feature('option', 'PARK', 'parking assistant', 69_000),
  feature('option', 'HUD', 'head-up display', 99_000),
  feature('option', 'SOUND', 'concert sound system', 115_000),
  feature('option', 'SPARE', 'full-size spare wheel', 19_000),
]

const HERON_RULES = [
  rule('ROOF-PANO', 'only_with', ['SPORT', 'LUX'], { from: '2027-01-01' }),
  rule('ROOF-PANO', 'excludes', ['RAILS']),
  rule('SPORT', 'excludes', ['E15']),
  rule('LUX', 'excludes', ['MAN6']),
  rule('PHEV', 'requires', ['AUT8']),
  rule('PHEV', 'excludes', ['TOW'], { until: '2027-06-30' }),
  rule('SPARE', 'excludes', ['PHEV'], {
    words: 'The battery of the plug-in hybrid takes the place of the full-size spare wheel.',
  }),
  rule('LEATHER-B', 'only_with', ['SPORT', 'LUX']),
  rule('LEATHER-C', 'only_with', ['LUX']),
  rule('RED', 'excludes', ['LEATHER-C']),
  rule('WINTER', 'requires', ['SEATS-H']),
  rule('WHEELS-20', 'only_with', ['SPORT', 'LUX']),
  rule('WHEELS-20', 'excludes', ['SUSP-C']),
  rule('PARK', 'requires', ['CAMERA']),
  rule('HUD', 'only_with', ['E20', 'PHEV', 'LUX']),
]

const NEW_IN_2027 = ['PHEV', 'HUD', 'RED']

export const MODEL_YEARS: ModelYear[] = [
  {
    id: 'heron-2026',
    ...HERON,
    year: 2026,
    currency: 'EUR',
    base_price: 3_290_000,
    from: null,
    until: '2027-03-31',
    features: HERON_FEATURES.filter(({ code }) => !NEW_IN_2027.includes(code)),
    rules: HERON_RULES.filter(
      ({ subject, objects }) => ![subject, ...objects].some((code) => NEW_IN_2027.includes(code)),
    ),
  },
  {
    id: 'heron-2027',
    ...HERON,
    year: 2027,
    currency: 'EUR',
    base_price: 3_390_000,
    ...ALWAYS,
    features: HERON_FEATURES,
    rules: HERON_RULES,
  },
  {
    id: 'plover-2027',
    ...PLOVER,
    year: 2027,
    currency: 'EUR',
    base_price: 2_190_000,
    ...ALWAYS,
    features: [
      feature('trim', 'CITY', 'City'),
      feature('trim', 'TRAIL', 'Trail', 240_000),
      feature('engine', 'E10', '1.0 Turbo'),
      feature('engine', 'BEV', 'electric, 52 kWh', 690_000),
      feature('transmission', 'MAN5', 'five-speed manual'),
      feature('transmission', 'AUT1', 'single-speed automatic'),
      ...COLOURS,
      feature('interior', 'CLOTH-C', 'charcoal cloth'),
      feature('interior', 'CLOTH-S', 'sand cloth'),
      feature('option', 'RAILS', 'roof rails', 28_000),
      feature('option', 'SEATS-H', 'heated front seats', 36_000),
      feature('option', 'PUMP', 'heat pump', 89_000),
      feature('option', 'CABLE', 'second charging cable', 24_000),
    ],
    rules: [
      rule('BEV', 'requires', ['AUT1']),
      rule('AUT1', 'only_with', ['BEV']),
      rule('PUMP', 'only_with', ['BEV']),
      rule('CABLE', 'only_with', ['BEV']),
      rule('TRAIL', 'requires', ['RAILS']),
    ],
  },
]
