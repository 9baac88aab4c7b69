import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newNumber } from '../../src/domain/number.ts'
import { useHouse } from '../support/house.ts'
import { newLead, say } from '../support/lead.ts'
import { changesNothing, expectProblem, expectSoundHouse } from '../support/proof.ts'
import { type Answer, expectStatus, Shop } from '../support/shop.ts'

// What is wrong with leads, statuses and dealers: each with its exact refusal, and nothing of it stored (B9).
const house = useHouse({ partners: ['mail'] })
let shop: Shop
let dealer: Awaited<ReturnType<Shop['dealer']>>
let number: string
beforeAll(async () => {
  shop = await Shop.open(house())
  dealer = await shop.dealer()
  number = (await newLead(shop, dealer)).number
})
afterAll(() => expectSoundHouse(house()))

type Refused = { status: number; type: string; pointers?: string[] }
const invalid = (...pointers: string[]): Refused => ({ status: 422, type: 'invalid-request', pointers })

async function refused(request: () => Promise<Answer>, { status, type, pointers }: Refused): Promise<void> {
  await expectProblem(house(), await changesNothing(house(), request), status, type, pointers)
}

// oxlint-disable-next-line typescript/no-explicit-any -- tests put anything anywhere
type Loose = any
const someLead = (change: (body: Loose) => void): Loose => {
  const body = {
    dealer: dealer.id,
    prospect: {
      name: 'Ada Example',
      email: 'ada@example.test',
      phone: '+49 421 1',
      time_zone: 'Europe/Berlin',
    },
    vehicle: { make: 'Astra', year: 2026 },
  }
  change(body)
  return body
}

describe('POST /v1/leads', () => {
  const cases: [string, (body: Loose) => void, Refused][] = [
    ['a dealer that is not known', (b) => void (b.dealer = 'nobody'), invalid('/dealer')],
    ['a dealer id that is none', (b) => void (b.dealer = 'No Body'), invalid('/dealer')],
    ['neither a dealer nor a place', (b) => void delete b.dealer, invalid('/dealer')],
    [
      'a make that nobody sells, near a place',
      (b) => Object.assign(b, { dealer: undefined, near: { latitude: 1, longitude: 1 } }),
      invalid('/vehicle/make'),
    ],
    [
      'a place off the globe',
      (b) => void (b.near = { latitude: 91, longitude: 0 }),
      invalid('/near/latitude'),
    ],
    [
      'a postcode that is not known',
      (b) => void (b.near = { country: 'DE', postcode: '10115' }),
      invalid('/near/postcode'),
    ],
    [
      'a postcode without its country',
      (b) => void (b.near = { postcode: '10115' }),
      invalid('/near/country'),
    ],
    [
      'a place in two ways',
      (b) => void (b.near = { latitude: 1, longitude: 1, country: 'DE', postcode: '10115' }),
      invalid('/near/postcode'),
    ],
    ['no place at all', (b) => void (b.near = {}), invalid('/near/latitude', '/near/longitude')],
    ['a place as text', (b) => void (b.near = { latitude: '1', longitude: 0 }), invalid('/near/latitude')],
    ['no prospect', (b) => void delete b.prospect, invalid('/prospect')],
    ['no e-mail address', (b) => void delete b.prospect.email, invalid('/prospect/email')],
    [
      'two e-mail addresses',
      (b) => void (b.prospect.email = 'a@b.test,c@d.test'),
      invalid('/prospect/email'),
    ],
    [
      'a line feed in the name',
      (b) => void (b.prospect.name = 'Ada\nBcc: x@y.test'),
      invalid('/prospect/name'),
    ],
    [
      'a telephone number without a digit',
      (b) => void (b.prospect.phone = 'none'),
      invalid('/prospect/phone'),
    ],
    [
      'a time zone that there is not',
      (b) => void (b.prospect.time_zone = 'Mars'),
      invalid('/prospect/time_zone'),
    ],
    ['nothing about the vehicle', (b) => void (b.vehicle = {}), invalid('/vehicle')],
    ['a year with a fraction', (b) => void (b.vehicle.year = 2026.5), invalid('/vehicle/year')],
    ['a year long ago', (b) => void (b.vehicle.year = 1066), invalid('/vehicle/year')],
    ['an unknown member of the vehicle', (b) => void (b.vehicle.vin = 'X'), invalid('/vehicle/vin')],
    ['a price without a bound', (b) => void (b.price = { currency: 'EUR' }), invalid('/price')],
    ['a price upside down', (b) => void (b.price = { min: 2, max: 1, currency: 'EUR' }), invalid('/price')],
    [
      'a currency that is none',
      (b) => void (b.price = { max: 1, currency: 'XYZ' }),
      invalid('/price/currency'),
    ],
    ['comments without end', (b) => void (b.comments = 'x'.repeat(4_001)), invalid('/comments')],
    ['a control character in the comments', (b) => void (b.comments = 'a\u0000b'), invalid('/comments')],
    ['consent as text', (b) => void (b.another_dealer = 'yes'), invalid('/another_dealer')],
    ['an unknown member', (b) => void (b.surprise = 1), invalid('/surprise')],
  ]
  test.each(cases)('%s', (_, change, expected) =>
    refused(() => shop.call('POST', '/v1/leads', { body: someLead(change) }), expected),
  )

  test('without an idempotency key; with the key of a dealer', async () => {
    const body = someLead(() => {})
    await refused(() => shop.call('POST', '/v1/leads', { body, idempotencyKey: null }), {
      status: 400,
      type: 'idempotency-key-missing',
    })
    await refused(() => shop.call('POST', '/v1/leads', { body, key: dealer.key }), {
      status: 403,
      type: 'role-forbidden',
    })
  })
})

describe('POST /v1/leads/adf', () => {
  const send = (body: string, options: { query?: string; type?: string; key?: string } = {}) =>
    shop.call('POST', `/v1/leads/adf${options.query ?? ''}`, {
      body,
      headers: { 'content-type': options.type ?? 'application/xml' },
      ...(options.key ? { key: options.key } : {}),
    })
  const adf = (inside: string) =>
    `<?xml version="1.0"?><?adf version="1.0"?><adf><prospect>${inside}</prospect></adf>`
  const CONTACT = '<contact><name part="full">Ada Example</name><email>ada@example.test</email></contact>'
  const CUSTOMER = `<customer>${CONTACT}</customer>`
  const customerAt = (address: string) =>
    `<customer>${CONTACT.replace('</contact>', `<address>${address}</address></contact>`)}</customer>`
  const vendor = () => `<vendor><id>${dealer.id}</id></vendor>`
  const VEHICLE = '<vehicle><make>Astra</make></vehicle>'

  const malformed: Refused = { status: 400, type: 'malformed-request' }
  const tooLarge: Refused = { status: 413, type: 'too-large' }
  const documents: [string, () => string, Refused][] = [
    ['no XML at all', () => '{}', malformed],
    ['half of a document', () => '<adf><prospect>', malformed],
    [
      'an external entity',
      () => `<!DOCTYPE adf [<!ENTITY x SYSTEM "file:///etc/hostname">]>${adf(`${CUSTOMER}&x;`).slice(21)}`,
      malformed,
    ],
    ['a document type elsewhere', () => '<!DOCTYPE adf SYSTEM "http://127.0.0.1:1/x.dtd"><adf/>', malformed],
    ['deeply nested elements', () => '<a>'.repeat(30_000), malformed],
    ['a million nested elements', () => '<a>'.repeat(1_000_000), tooLarge],
    ['more than a lead can have', () => adf(`<comments>${'x'.repeat(120_000)}</comments>`), tooLarge],
    ['another encoding', () => '<?xml version="1.0" encoding="ISO-8859-1"?><adf/>', malformed],
    ['another kind of document', () => '<html/>', invalid('/')],
    ['no prospect', () => '<adf/>', invalid('/adf/prospect')],
    [
      'two vehicles wanted',
      () => adf(CUSTOMER + VEHICLE + VEHICLE + vendor()),
      invalid('/adf/prospect/vehicle'),
    ],
    ['no vehicle', () => adf(CUSTOMER + vendor()), invalid('/adf/prospect/vehicle')],
    [
      'a year in words',
      () => adf(`${CUSTOMER}<vehicle><year>new</year></vehicle>${vendor()}`),
      invalid('/adf/prospect/vehicle/year'),
    ],
    ['no vendor', () => adf(CUSTOMER + VEHICLE), invalid('/adf/prospect/vendor/id')],
    [
      'no vendor, and a postcode that is not known',
      () => adf(customerAt('<country>DE</country><postalcode>10115</postalcode>') + VEHICLE),
      invalid('/adf/prospect/customer/contact/address/postalcode'),
    ],
    [
      'no vendor, and a postcode without its country',
      () => adf(customerAt('<postalcode>10115</postalcode>') + VEHICLE),
      invalid('/adf/prospect/customer/contact/address/country'),
    ],
    [
      'a vendor that is not known',
      () => adf(`${CUSTOMER}${VEHICLE}<vendor><id>nobody</id></vendor>`),
      invalid('/adf/prospect/vendor/id'),
    ],
    [
      'a prospect without name and address',
      () => adf(`<customer/>${VEHICLE}${vendor()}`),
      invalid('/adf/prospect/customer/contact/name', '/adf/prospect/customer/contact/email'),
    ],
  ]
  test.each(documents)('%s', (_, document, expected) => refused(() => send(document()), expected))

  test('another content type; an unknown parameter; JSON at its place', async () => {
    const document = adf(CUSTOMER + VEHICLE + vendor())
    const wrongType: Refused = { status: 415, type: 'unsupported-media-type' }
    await refused(() => send(document, { type: 'text/plain' }), wrongType)
    await refused(() => send(document, { type: 'application/json' }), wrongType)
    await refused(
      () =>
        shop.call('POST', '/v1/leads', { body: document, headers: { 'content-type': 'application/xml' } }),
      wrongType,
    )
    await refused(() => send(document, { query: '?another_dealer=maybe' }), invalid('/query/another_dealer'))
    await refused(() => send(document, { query: '?surprise=1' }), invalid('/query/surprise'))
    await refused(() => send(document, { key: dealer.key }), { status: 403, type: 'role-forbidden' })
  })

  test('a good one is a lead like any other', async () => {
    const document = adf(`<id>REF-${randomBytes(3).toString('hex')}</id>${VEHICLE}${CUSTOMER}${vendor()}`)
    const idempotencyKey = randomUUID()
    const post = (query: string) =>
      shop.call('POST', `/v1/leads/adf${query}`, {
        body: document,
        idempotencyKey,
        headers: { 'content-type': 'text/xml; charset=utf-8' },
      })
    const query = '?another_dealer=true&time_zone=Europe/Berlin'
    const { body } = expectStatus(await post(query), 201)
    const repeat = expectStatus(await post(query), 201)
    expect(repeat.body).toEqual(body)
    expect(body).toMatchObject({
      state: 'sent',
      dealer: dealer.id,
      another_dealer: true,
      reference: expect.stringMatching(/^REF-/),
      prospect: { name: 'Ada Example', email: 'ada@example.test', phone: null, time_zone: 'Europe/Berlin' },
      vehicle: { make: 'Astra' },
    })
    await expectProblem(house(), await post(''), 422, 'idempotency-key-reused')
  })

  test('without a vendor it goes to the nearest dealer to the postcode; with one the postcode does not matter', async () => {
    const make = `make-${randomBytes(3).toString('hex')}`
    await shop.dealer({ latitude: 10, longitude: 20, makes: [make] })
    const near = await shop.dealer({ latitude: -10, longitude: -20, makes: [make] })
    const { db } = house()
    await db`INSERT INTO postcodes (country, postcode, latitude, longitude) VALUES ('BR', '57000', -10, -20.1)`
    const vehicle = `<vehicle><make>${make}</make></vehicle>`
    const at = (postcode: string) => customerAt(`<postalcode>${postcode}</postalcode><country>BR</country>`)
    const sent = expectStatus(await send(adf(at('57-000') + vehicle)), 201)
    expect(sent.body.dealer).toBe(near.id)
    const chosen = expectStatus(await send(adf(at('99999') + vehicle + vendor())), 201)
    expect(chosen.body.dealer).toBe(dealer.id)
    const byJson = await shop.call('POST', '/v1/leads', {
      body: {
        near: { country: 'BR', postcode: '57 000' },
        prospect: { name: 'Ada Example', email: 'ada@example.test' },
        vehicle: { make },
      },
    })
    expect(expectStatus(byJson, 201).body.dealer).toBe(near.id)
  })
})

describe('POST /v1/leads/{number}/statuses', () => {
  const cases: [string, object, Refused][] = [
    ['a status that there is not', { status: 'thinking' }, invalid('/status')],
    ['no status', {}, invalid('/status')],
    ['lost without a reason', { status: 'lost' }, invalid('/reason')],
    ['lost for a reason that is ours', { status: 'lost', reason: 'no_answer' }, invalid('/reason')],
    ['a reason without a loss', { status: 'sold', reason: 'other' }, invalid('/reason')],
    [
      'a time for what takes none',
      { status: 'quoted', takes_place_at: '2031-01-01T00:00:00Z' },
      invalid('/takes_place_at'),
    ],
    ['no time', { status: 'appointment', takes_place_at: 'soon' }, invalid('/takes_place_at')],
    ['a line feed in the note', { status: 'received', note: 'a\nb' }, invalid('/note')],
    ['an unknown member', { status: 'received', surprise: 1 }, invalid('/surprise')],
  ]
  test.each(cases)('%s', (_, body, expected) => refused(() => say(shop, dealer, number, body), expected))

  test('of a lead that there is not, and of what is no lead', async () => {
    const word = { status: 'received' }
    const notFound: Refused = { status: 404, type: 'not-found' }
    await refused(() => say(shop, dealer, newNumber('lead'), word), notFound)
    await refused(() => say(shop, dealer, newNumber('order'), word), notFound)
  })
})

describe('PUT /v1/operator/dealers/{id}, and finding the nearest', () => {
  const some = (change: (body: Loose) => void): Loose => {
    const body = {
      name: 'Harbour Motors',
      latitude: 53,
      longitude: 8.8,
      channel: 'mail',
      email: 'leads@harbour.example',
      makes: ['astra'],
    }
    change(body)
    return body
  }
  const cases: [string, (body: Loose) => void, Refused][] = [
    ['a latitude off the globe', (b) => void (b.latitude = -90.1), invalid('/latitude')],
    ['no longitude', (b) => void delete b.longitude, invalid('/longitude')],
    ['mail without an address', (b) => void delete b.email, invalid('/email')],
    ['webhook without an address', (b) => void (b.channel = 'webhook'), invalid('/webhook_url')],
    ['another protocol', (b) => void (b.webhook_url = 'ftp://x.example/'), invalid('/webhook_url')],
    ['another format', (b) => void (b.lead_format = 'star'), invalid('/lead_format')],
    ['a make in words', (b) => void (b.makes = ['Mercedes Benz']), invalid('/makes/0')],
    ['a make twice', (b) => void (b.makes = ['astra', 'astra']), invalid('/makes')],
    ['a period of nothing', (b) => void (b.periods = { remind: 'PT0S' }), invalid('/periods/remind')],
    ['a period in months', (b) => void (b.periods = { close: 'P1M' }), invalid('/periods/close')],
    ['a period that there is not', (b) => void (b.periods = { gather: 'PT1S' }), invalid('/periods/gather')],
    ['an unknown member', (b) => void (b.surprise = 1), invalid('/surprise')],
  ]
  test.each(cases)('%s', (_, change, expected) =>
    refused(
      () => shop.call('PUT', '/v1/operator/dealers/harbour', { key: shop.operatorKey, body: some(change) }),
      expected,
    ),
  )

  test.each([
    ['latitude=1', invalid('/query/longitude')],
    ['latitude=x&longitude=1', invalid('/query/latitude')],
    ['latitude=1&longitude=181', invalid('/query/longitude')],
    ['make=astra', invalid('/query/latitude', '/query/longitude')],
    ['country=DE', invalid('/query/postcode')],
    ['postcode=10115', invalid('/query/country')],
    ['country=XX&postcode=10115', invalid('/query/country')],
    ['country=DE&postcode=10115', invalid('/query/postcode')],
    ['country=DE&postcode=!', invalid('/query/postcode')],
    ['country=DE&postcode=10115&latitude=1&longitude=1', invalid('/query/postcode')],
    ['latitude=1&longitude=1&make=No%20Code', invalid('/query/make')],
    ['latitude=1&longitude=1&cursor=nonsense', invalid('/query/cursor')],
  ])('?%s', (query, expected) => refused(() => shop.call('GET', `/v1/dealers?${query}`), expected))
})
