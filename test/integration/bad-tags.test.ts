import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newNumber } from '../../src/domain/number.ts'
import { processorSays } from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import { changesNothing, expectProblem, expectSoundHouse } from '../support/proof.ts'
import { type Answer, expectStatus, Shop } from '../support/shop.ts'
import {
  lotVehicle,
  type Model,
  newBuyer,
  newModel,
  newVin,
  onLot,
  tag,
  waitForMatch,
} from '../support/vehicle.ts'

// What is wrong with searches, tags, match requests and stock: each with its exact refusal, and nothing of it stored (B8, B11).
const house = useHouse({ partners: ['mail'] })
let shop: Shop
let stranger: Shop
let dealer: Awaited<ReturnType<Shop['dealer']>>
let model: Model
let car: string
let tagged: string
let number: string
let waiting: string
beforeAll(async () => {
  shop = await Shop.open(house())
  stranger = await Shop.open(house())
  dealer = await shop.dealer()
  model = await newModel(shop)
  const cars = await onLot(shop, dealer, [lotVehicle(model), lotVehicle(model)])
  ;[tagged, car] = cars as [string, string]
  number = (await tag(shop, tagged)).number
  waiting = (await waitForMatch(shop, model, { search: { must_have: ['TOW'] } })).number
})
afterAll(() => expectSoundHouse(house()))

// oxlint-disable-next-line typescript/no-explicit-any -- tests put anything anywhere
type Loose = any
type Refused = { status: number; type: string; pointers?: string[] }
const invalid = (...pointers: string[]): Refused => ({ status: 422, type: 'invalid-request', pointers })
const CONFLICT = { status: 409, type: 'state-conflict' }
const NOT_FOUND = { status: 404, type: 'not-found' }
const FORBIDDEN = { status: 403, type: 'role-forbidden' }

/** `kept`: the request came so far that its no is what a repeat gets. */
async function refused(request: () => Promise<Answer>, expected: Refused, kept = false): Promise<void> {
  const answer = await changesNothing(house(), request, { answersOnce: kept })
  await expectProblem(house(), answer, expected.status, expected.type, expected.pointers)
}

const wish = (change: (body: Loose) => void): Loose => {
  const body = { make: model.make, model: model.model }
  change(body)
  return body
}

describe('POST /v1/match-search', () => {
  const cases: [string, (body: Loose) => void, Refused][] = [
    ['no make', (b) => void delete b.make, invalid('/make')],
    ['no model', (b) => void delete b.model, invalid('/model')],
    ['a model of another make', (b) => void (b.make = 'brio'), invalid('/model')],
    ['a year in which there is none', (b) => void (b.year = 1999), invalid('/model')],
    ['an unknown must-have', (b) => void (b.must_have = ['AUT', 'WINGS']), invalid('/must_have/1')],
    ['a must-have twice', (b) => void (b.must_have = ['AUT', 'AUT']), invalid('/must_have/1')],
    [
      'an unknown nice-to-have',
      (b) => void (b.nice_to_have = [{ feature: 'WINGS' }]),
      invalid('/nice_to_have/0/feature'),
    ],
    [
      'a weight beyond ten',
      (b) => void (b.nice_to_have = [{ feature: 'ROOF', weight: 11 }]),
      invalid('/nice_to_have/0/weight'),
    ],
    [
      'a feature that is no exterior colour',
      (b) => void (b.exterior = { ranking: ['BLUE', 'CLOTH'] }),
      invalid('/exterior/ranking/1'),
    ],
    ['an empty ranking', (b) => void (b.interior = { ranking: [] }), invalid('/interior/ranking')],
    ['a price without a limit', (b) => void (b.price = { currency: 'EUR' }), invalid('/price')],
    [
      'a price range upside down',
      (b) => void (b.price = { min: 2, max: 1, currency: 'EUR' }),
      invalid('/price'),
    ],
    [
      'a place off the globe',
      (b) => void (b.near = { latitude: 91, longitude: 0 }),
      invalid('/near/latitude'),
    ],
    [
      'a circle without a size',
      (b) => void (b.near = { latitude: 9, longitude: 0, within_m: 0 }),
      invalid('/near/within_m'),
    ],
    [
      'a configuration that there is not',
      (b) => void (b.configuration = randomUUID()),
      invalid('/configuration'),
    ],
    ['something unknown', (b) => void (b.colour = 'blue'), invalid('/colour')],
  ]
  test.each(cases)('%s', async (_, change, expected) => {
    await refused(() => shop.call('POST', '/v1/match-search', { body: wish(change) }), expected)
  })

  test('somebody else’s configuration, or one of another model', async () => {
    const other = await newModel(shop)
    const stored = async (of: Shop, model_year: string | undefined) =>
      expectStatus(
        await of.call('POST', '/v1/configurations', {
          body: { model_year, features: ['PURE', 'E15', 'AUT', 'IVORY', 'CLOTH'] },
        }),
        201,
      ).body.id
    for (const id of [await stored(stranger, model.years[0]), await stored(shop, other.years[0])]) {
      const body = wish((b) => void (b.configuration = id))
      await refused(() => shop.call('POST', '/v1/match-search', { body }), invalid('/configuration'))
    }
  })

  test('a limit beyond a hundred; a key of another role', async () => {
    const body = wish(() => {})
    await refused(() => shop.call('POST', '/v1/match-search?limit=101', { body }), invalid('/query/limit'))
    await refused(() => shop.call('POST', '/v1/match-search', { body, key: dealer.key }), FORBIDDEN)
  })
})

describe('POST /v1/tags', () => {
  const body = (more: object = {}) => ({ vehicle: car, customer: newBuyer(), ...more })
  const cases: [string, () => Loose, Refused, boolean][] = [
    ['no buyer', () => body({ customer: undefined }), invalid('/customer'), false],
    [
      'a buyer without an address',
      () => body({ customer: { name: 'Ada' } }),
      invalid('/customer/email'),
      false,
    ],
    ['a number that is none', () => body({ vehicle: 'my car' }), invalid('/vehicle'), true],
    [
      'a mistyped number',
      () => body({ vehicle: `${car.slice(0, -1)}${car.endsWith('0') ? '1' : '0'}` }),
      invalid('/vehicle'),
      true,
    ],
    ['a vehicle that there is not', () => body({ vehicle: newNumber('vehicle') }), invalid('/vehicle'), true],
    ['a tag in place of a vehicle', () => body({ vehicle: number }), invalid('/vehicle'), true],
    [
      'a search for another model',
      () => body({ search: { make: 'brio', model: 'x' } }),
      invalid('/search/model'),
      true,
    ],
    ['a taken vehicle', () => body({ vehicle: tagged }), { status: 409, type: 'vehicle-taken' }, true],
  ]
  test.each(cases)('%s', async (_, made, expected, kept) => {
    const given = made()
    await refused(() => shop.call('POST', '/v1/tags', { body: given }), expected, kept)
  })

  test('without a key for repeats; by a dealer', async () => {
    const given = body()
    await refused(() => shop.call('POST', '/v1/tags', { body: given, idempotencyKey: null }), {
      status: 400,
      type: 'idempotency-key-missing',
    })
    await refused(() => shop.call('POST', '/v1/tags', { body: given, key: dealer.key }), FORBIDDEN)
  })

  test('withdrawn and sold ones', async () => {
    const [withdrawn, sold] = await onLot(shop, dealer, [lotVehicle(model), lotVehicle(model)])
    for (const [vehicle, path] of [
      [withdrawn, 'withdrawal'],
      [sold, 'sale'],
    ]) {
      expectStatus(
        await shop.call('POST', `/v1/stock-vehicles/${vehicle}/${path}`, { key: dealer.key, body: {} }),
        200,
      )
      const given = body({ vehicle })
      await refused(
        () => shop.call('POST', '/v1/tags', { body: given }),
        { status: 409, type: 'vehicle-taken' },
        true,
      )
    }
  })
})

describe('a tag that is there', () => {
  test('others cannot see it, answer it or give it up', async () => {
    const other = await shop.dealer()
    const path = `/v1/tags/${number}`
    await refused(() => stranger.call('GET', path), NOT_FOUND)
    await refused(() => shop.call('GET', path, { key: other.key }), NOT_FOUND)
    await refused(() => stranger.call('POST', `${path}/cancellation`, { body: {} }), NOT_FOUND)
    const sold = { answer: 'sold' }
    await refused(() => shop.call('POST', `${path}/answers`, { key: other.key, body: sold }), NOT_FOUND)
    await refused(() => shop.call('POST', `${path}/answers`, { body: sold }), FORBIDDEN)
    await refused(() => shop.call('POST', `${path}/handover`, { body: {} }), FORBIDDEN)
    await refused(() => shop.call('POST', `${path}/cancellation`, { key: dealer.key, body: {} }), FORBIDDEN)
  })

  test.each<[string, object, Refused]>([
    ['no word', {}, invalid('/answer')],
    ['another word', { answer: 'perhaps' }, invalid('/answer')],
    ['something beside it', { answer: 'there', price: 1 }, invalid('/price')],
  ])('%s of the dealer', async (_, body, expected) => {
    await refused(() => shop.call('POST', `/v1/tags/${number}/answers`, { key: dealer.key, body }), expected)
  })

  test.each<[string, string, () => object, Refused]>([
    ['without its reference', 'tag.accepted', () => ({ number }), invalid('/data/reference')],
    ['without reasons', 'tag.refused', () => ({ number }), invalid('/data/reasons')],
    ['with no reason', 'tag.refused', () => ({ number, reasons: [] }), invalid('/data/reasons')],
    ['of a turn', 'tag.accepted', () => ({ number, turn: 1, reference: 'P' }), invalid('/data/turn')],
    ['about an order', 'tag.accepted', () => ({ number: tagged, reference: 'P' }), NOT_FOUND],
    ['as about an order', 'custom_order.accepted', () => ({ number, turn: 1, reference: 'P' }), NOT_FOUND],
    ['about nothing', 'tag.refused', () => ({ number: newNumber('tag'), reasons: ['No'] }), NOT_FOUND],
  ])('a word of the order processor %s', async (_, type, data, expected) => {
    await refused(() => processorSays(shop, type, data()), expected)
  })

  test('a word of the order processor that is forged', async () => {
    const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
    const forged = () => processorSays(shop, 'tag.accepted', { number, reference: 'P' }, { secret })
    await refused(forged, { status: 401, type: 'invalid-signature' })
  })

  test('a handover that says in no way whether the balance was settled', async () => {
    const body = { settled_at_dealer: 'yes' }
    await refused(
      () => shop.call('POST', `/v1/tags/${number}/handover`, { key: dealer.key, body }),
      invalid('/settled_at_dealer'),
    )
  })

  test('terms that take a fee beyond the deposit, or know no such rule', async () => {
    const path = '/v1/operator/order-terms/tag/EUR'
    const terms = { deposit: 100, fee: 0, refund_banked: 'full', refund_scheduled: 'full' }
    const put =
      (more: object, key = shop.operatorKey) =>
      () =>
        shop.call('PUT', path, { key, body: { ...terms, ...more } })
    await refused(put({ fee: 101 }), invalid('/fee'))
    await refused(put({ refund_scheduled: 'half' }), invalid('/refund_scheduled'))
    await refused(put({ deposit: -1 }), invalid('/deposit', '/fee'))
    await refused(put({}, dealer.key), FORBIDDEN)
  })

  test('is not handed over before the dealer confirmed it', async () => {
    await refused(
      () => shop.call('POST', `/v1/tags/${number}/handover`, { key: dealer.key, body: {} }),
      CONFLICT,
      true,
    )
  })
})

describe('match requests', () => {
  const body = (more: object = {}) => ({ customer: newBuyer(), search: wish(() => {}), ...more })
  test.each<[string, () => Loose, Refused, boolean]>([
    ['no search', () => body({ search: undefined }), invalid('/search'), false],
    [
      'an unknown must-have',
      () => body({ search: wish((b) => void (b.must_have = ['WINGS'])) }),
      invalid('/search/must_have/0'),
      true,
    ],
    ['no time at all', () => body({ valid_for: 'PT0S' }), invalid('/valid_for'), false],
    ['a time in months', () => body({ valid_for: 'P1M' }), invalid('/valid_for'), false],
  ])('%s', async (_, made, expected, kept) => {
    const given = made()
    await refused(() => shop.call('POST', '/v1/match-requests', { body: given }), expected, kept)
  })

  test('nothing is kept that could be taken or refused; others see nothing', async () => {
    const path = `/v1/match-requests/${waiting}`
    await refused(() => shop.call('POST', `${path}/acceptance`, { body: {} }), CONFLICT, true)
    await refused(() => shop.call('POST', `${path}/refusal`, { body: {} }), CONFLICT, true)
    await refused(() => stranger.call('GET', path), NOT_FOUND)
    await refused(() => stranger.call('POST', `${path}/cancellation`, { body: {} }), NOT_FOUND)
  })
})

describe('dealers’ stock', () => {
  const cases: [string, (v: Loose) => void, Refused][] = [
    ['a model year that there is not', (v) => void (v.model_year = 'nothing-1900'), invalid('/model_year')],
    ['a feature that there is not', (v) => void v.features.push('WINGS'), invalid('/features/5')],
    ['no engine', (v) => void v.features.splice(1, 1), invalid('/features')],
    ['two colours', (v) => void v.features.push('RED'), invalid('/features')],
    ['another currency', (v) => void (v.price.currency = 'USD'), invalid('/price/currency')],
    ['another dealer', (v) => void (v.dealer = 'somebody-else'), invalid('/dealer')],
    ['a malformed VIN', (v) => void (v.vin = 'IOQ00000000000000'), invalid('/vin')],
    ['a VIN that is too short', (v) => void (v.vin = 'TRN123'), invalid('/vin')],
  ]
  test.each(cases)('%s', async (_, change, expected) => {
    const vehicle: Loose = structuredClone(lotVehicle(model))
    change(vehicle)
    const kept = !expected.pointers?.includes('/vin')
    await refused(
      () => shop.call('POST', '/v1/stock-vehicles', { key: dealer.key, body: vehicle }),
      expected,
      kept,
    )
  })

  test('a VIN that another vehicle has: nothing of the whole load is stored', async () => {
    const known = lotVehicle(model)
    await onLot(shop, dealer, [known])
    const vehicles = [lotVehicle(model), { ...lotVehicle(model), vin: known.vin.toLowerCase() }]
    await refused(
      () => shop.call('POST', '/v1/stock-vehicles/bulk', { key: dealer.key, body: { vehicles } }),
      { status: 409, type: 'already-exists', pointers: ['/vehicles/1/vin'] },
      true,
    )
    const vin = newVin()
    const twice = [
      { ...lotVehicle(model), vin },
      { ...lotVehicle(model), vin },
    ]
    await refused(
      () => shop.call('POST', '/v1/stock-vehicles/bulk', { key: dealer.key, body: { vehicles: twice } }),
      invalid('/vehicles/1/vin'),
    )
  })

  test('an operator says whose it is', async () => {
    const vehicle = lotVehicle(model)
    await refused(
      () => shop.call('POST', '/v1/stock-vehicles', { key: shop.operatorKey, body: vehicle }),
      invalid('/dealer'),
      true,
    )
    const body = { ...vehicle, dealer: dealer.id }
    expectStatus(await shop.call('POST', '/v1/stock-vehicles', { key: shop.operatorKey, body }), 201)
  })

  test('of a tagged one neither price nor place is changed; others’ are not seen', async () => {
    const price = { price: { amount: 1, currency: 'EUR' } }
    for (const [path, body] of [
      ['price', price],
      ['withdrawal', {}],
      ['sale', {}],
      ['listing', {}],
    ] as const)
      await refused(
        () => shop.call('POST', `/v1/stock-vehicles/${tagged}/${path}`, { key: dealer.key, body }),
        CONFLICT,
        true,
      )
    const other = await shop.dealer()
    await refused(() => shop.call('GET', `/v1/stock-vehicles/${car}`, { key: other.key }), NOT_FOUND)
    await refused(
      () => shop.call('POST', `/v1/stock-vehicles/${car}/price`, { key: other.key, body: price }),
      NOT_FOUND,
    )
    await refused(() => shop.call('GET', `/v1/stock-vehicles/${car}`), FORBIDDEN)
    await refused(
      () =>
        shop.call('POST', `/v1/stock-vehicles/${car}/price`, {
          key: dealer.key,
          body: { price: { amount: 1, currency: 'USD' } },
        }),
      invalid('/price/currency'),
      true,
    )
    const listed = expectStatus(
      await shop.call('GET', `/v1/stock-vehicles?availability=tagged`, { key: dealer.key }),
      200,
    ).body.data
    expect(listed).toMatchObject([
      { number: tagged, availability: { state: 'tagged', tag: number }, allowed_actions: [] },
    ])
    const none = await shop.call('GET', `/v1/stock-vehicles?dealer=${other.id}`, { key: dealer.key })
    expect(expectStatus(none, 200).body.data).toEqual([])
  })
})
