import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { changesNothing, expectProblem } from '../support/proof.ts'
import { type Answer, expectStatus, ifMatch, Shop } from '../support/shop.ts'

const house = useHouse({ partners: [], workers: 0 })
let shop: Shop
let otherShop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
  otherShop = await Shop.open(house())
})

type Options = Parameters<Shop['call']>[2]
const someId = () => `car-${randomBytes(4).toString('hex')}`
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

// oxlint-disable-next-line typescript/no-explicit-any -- tests put anything anywhere
type Loose = any

/** A model year as a house would load it: a roof that takes a better trim, and a trim that takes the automatic. */
function document(change: (body: Loose) => void = () => {}): Loose {
  const body = {
    make: { code: 'tarn', name: 'Tarn' },
    model: { code: someId(), name: 'Heron' },
    year: 2027,
    model_line: { code: 'heron', name: 'Heron' },
    currency: 'EUR',
    base_price: 3_000_000,
    features: [
      { code: 'BASE', kind: 'trim', name: 'Base' },
      { code: 'SPORT', kind: 'trim', name: 'Sport', price: 200_000 },
      { code: 'LUX', kind: 'trim', name: 'Lux', price: 450_000 },
      { code: 'E15', kind: 'engine', name: '1.5 Turbo' },
      { code: 'MAN', kind: 'transmission', name: 'manual' },
      { code: 'AUTO', kind: 'transmission', name: 'automatic', price: 190_000 },
      { code: 'WHITE', kind: 'exterior', name: 'white' },
      { code: 'GREY', kind: 'interior', name: 'grey' },
      { code: 'ROOF', kind: 'option', name: 'panoramic roof', price: 120_000 },
      { code: 'RAILS', kind: 'option', name: 'roof rails', price: 30_000 },
      { code: 'HOOK', kind: 'option', name: 'tow bar', price: 90_000, until: inDays(-1) },
    ],
    rules: [
      { kind: 'only_with', subject: 'ROOF', objects: ['SPORT', 'LUX'], from: '2026-01-01' },
      { kind: 'requires', subject: 'SPORT', objects: ['AUTO'] },
      { kind: 'excludes', subject: 'ROOF', objects: ['RAILS'], from: inDays(30) },
    ],
  }
  change(body)
  return body
}
const PLAIN = ['BASE', 'E15', 'MAN', 'WHITE', 'GREY']
const ROOF_IN_WORDS =
  'The panoramic roof can be ordered only with the trims Sport and Lux, from 1 January 2026.'

/** Loads a model year; gives its id and what changes it. */
async function loaded(change?: (body: Loose) => void): Promise<{ id: string; body: Loose }> {
  const id = someId()
  const body = document(change)
  expectStatus(await shop.operate('PUT', `model-years/${id}`, body), 201)
  return { id, body }
}

async function changeTo(id: string, body: unknown): Promise<Answer> {
  const { headers } = expectStatus(await shop.operate('GET', `model-years/${id}`), 200)
  return expectStatus(await shop.operate('PUT', `model-years/${id}`, body, ifMatch(headers.get('etag'))), 200)
}

const check = async (id: string, features: string[]): Promise<Answer['body']> =>
  expectStatus(await shop.call('GET', `/v1/model-years/${id}/check?features=${features.join(',')}`), 200).body
const store = (model_year: string, features: string[], options: Options = {}) =>
  shop.call('POST', '/v1/configurations', { body: { model_year, features }, ...options })

describe('loading model years (B1, P8)', () => {
  test('created, read in words, changed on the version that was read, with its history', async () => {
    const id = someId()
    const body = document()
    const created = expectStatus(await shop.operate('PUT', `model-years/${id}`, body), 201)
    expect(created.headers.get('etag')).toBe('"1"')
    expect(created.body).toMatchObject({
      id,
      name: 'Tarn Heron 2027',
      make: { code: 'tarn', name: 'Tarn' },
      model_line: { code: 'heron' },
      base_price: 3_000_000,
      sold_now: true,
      version: 1,
    })
    expect(created.body.features[1]).toEqual({
      code: 'SPORT',
      kind: 'trim',
      name: 'Sport',
      price: 200_000,
      from: null,
      until: null,
      sold_now: true,
    })
    expect(created.body.features.at(-1)).toMatchObject({ code: 'HOOK', sold_now: false })
    expect(created.body.rules[0]).toMatchObject({ in_words: ROOF_IN_WORDS, in_force_now: true })
    expect(created.body.rules[2]).toMatchObject({ in_force_now: false })

    const dearer = { ...body, base_price: 3_100_000, rules: body.rules.slice(1) }
    const changed = expectStatus(await shop.operate('PUT', `model-years/${id}`, dearer, ifMatch('"1"')), 200)
    expect(changed.headers.get('etag')).toBe('"2"')
    const same = expectStatus(await shop.operate('PUT', `model-years/${id}`, dearer, ifMatch('"2"')), 200)
    expect(same.headers.get('etag')).toBe('"2"')
    expect(same.body).toEqual(changed.body)
    expect(expectStatus(await shop.call('GET', `/v1/model-years/${id}`), 200).body).toEqual(changed.body)

    const stale = await changesNothing(house(), () =>
      shop.operate('PUT', `model-years/${id}`, body, ifMatch('"1"')),
    )
    await expectProblem(house(), stale, 412, 'version-stale')
    const blind = await changesNothing(house(), () => shop.operate('PUT', `model-years/${id}`, body))
    await expectProblem(house(), blind, 428, 'version-missing')

    const history = expectStatus(await shop.operate('GET', `model-years/${id}/events`), 200).body.data
    expect(history).toMatchObject([
      { sequence: 1, type: 'model_year.created', actor: expect.stringMatching(/^operator:/) },
      {
        sequence: 2,
        type: 'model_year.changed',
        details: {
          base_price: { before: 3_000_000, after: 3_100_000 },
          features_changed: [],
          rules_removed: 1,
        },
      },
    ])
  })

  test('in bulk: all or none, what is there is replaced, what is the same stays', async () => {
    const [first, second] = [
      { id: someId(), ...document() },
      { id: someId(), ...document() },
    ]
    const load = (model_years: unknown[], options?: Options) =>
      shop.operate('POST', 'model-years/bulk', { model_years }, options)
    const faulty = { ...second, rules: [{ kind: 'requires', subject: 'SPORT', objects: ['TURBO'] }] }
    const refused = await changesNothing(house(), () => load([first, faulty]))
    const problem = await expectProblem(house(), refused, 422, 'invalid-request', [
      '/model_years/1/rules/0/objects/0',
    ])
    expect(problem.errors[0].detail).toBe('there is no feature TURBO')

    const idempotencyKey = randomUUID()
    const created = expectStatus(await load([first, second], { idempotencyKey }), 200)
    expect(created.body).toEqual({ created: 2, changed: 0, unchanged: 0 })
    const again = await changesNothing(house(), () => load([first, second], { idempotencyKey }))
    expect([again.status, again.body]).toEqual([200, created.body])
    const renamed = { ...second, model: { ...second.model, name: 'Heron Estate' } }
    expect(expectStatus(await load([first, renamed]), 200).body).toEqual({
      created: 0,
      changed: 1,
      unchanged: 1,
    })
    expect((await shop.operate('GET', `model-years/${second.id}`)).body).toMatchObject({
      name: 'Tarn Heron Estate 2027',
      version: 2,
    })

    const twin = await changesNothing(house(), () => load([{ ...first, id: someId() }]), {
      answersOnce: true,
    })
    await expectProblem(house(), twin, 409, 'already-exists', ['/model_years/0/year'])
  })

  test.each<[string, (body: Loose) => void, string[]]>([
    ['an unknown member', (body) => void (body.doors = 5), ['/doors']],
    ['no make', (body) => void delete body.make, ['/make']],
    ['a make code that is none', (body) => void (body.make.code = 'Tarn!'), ['/make/code']],
    ['no currency of this world', (body) => void (body.currency = 'EUX'), ['/currency']],
    ['half a cent', (body) => void (body.base_price = 0.5), ['/base_price']],
    ['a feature below nothing', (body) => void (body.features[0].price = -1), ['/features/0/price']],
    ['a kind that is none', (body) => void (body.features[0].kind = 'wheels'), ['/features/0/kind']],
    ['a feature twice', (body) => body.features.push({ ...body.features[0] }), ['/features/11/code']],
    [
      'nothing to choose of a kind',
      (body) => void (body.features = body.features.filter((given: Loose) => given.kind !== 'engine')),
      ['/features'],
    ],
    ['a day that is none', (body) => void (body.rules[0].from = '2027-02-30'), ['/rules/0/from']],
    ['a day of another age', (body) => void (body.rules[0].from = '0000-01-01'), ['/rules/0/from']],
    [
      'an end before the beginning',
      (body) => Object.assign(body, { from: '2027-02-02', until: '2027-02-01' }),
      ['/until'],
    ],
    ['a rule about nothing', (body) => void (body.rules[0].objects = []), ['/rules/0/objects']],
    ['a rule of an unknown kind', (body) => void (body.rules[0].kind = 'likes'), ['/rules/0/kind']],
    ['an object twice', (body) => void (body.rules[0].objects = ['SPORT', 'SPORT']), ['/rules/0/objects/1']],
    [
      'rules about features that are not there',
      (body) => Object.assign(body.rules[0], { subject: 'SUNROOF', objects: ['SPORT', 'GLASS'] }),
      ['/rules/0/subject', '/rules/0/objects/1'],
    ],
    [
      'a feature that requires what it excludes',
      (body) =>
        body.rules.push(
          { kind: 'requires', subject: 'RAILS', objects: ['HOOK'] },
          { kind: 'excludes', subject: 'HOOK', objects: ['RAILS'] },
        ),
      ['/rules/4'],
    ],
    [
      'a feature that requires two trims',
      (body) => body.rules.push({ kind: 'requires', subject: 'RAILS', objects: ['BASE', 'LUX'] }),
      ['/rules/3'],
    ],
  ])('refuses %s', async (_, change, pointers) => {
    const answer = await changesNothing(house(), () =>
      shop.operate('PUT', `model-years/${someId()}`, document(change)),
    )
    await expectProblem(house(), answer, 422, 'invalid-request', pointers)
  })

  test('is for operators, and a year of a model is there once', async () => {
    const { id, body } = await loaded()
    for (const [method, path] of [
      ['PUT', `model-years/${id}`],
      ['POST', 'model-years/bulk'],
      ['GET', 'model-years'],
      ['GET', `model-years/${id}/events`],
    ] as const) {
      const answer = await changesNothing(house(), () =>
        shop.operate(method, path, method === 'GET' ? undefined : body, { key: shop.storefrontKey }),
      )
      await expectProblem(house(), answer, 403, 'role-forbidden')
    }
    const twin = await changesNothing(house(), () => shop.operate('PUT', `model-years/${someId()}`, body))
    await expectProblem(house(), twin, 409, 'already-exists', ['/year'])
    await expectProblem(house(), await shop.operate('GET', `model-years/${someId()}`), 404, 'not-found')
  })

  test('storefronts list what is sold now, operators everything', async () => {
    const [now, later, gone] = [
      await loaded(),
      await loaded((body) => void (body.from = inDays(2))),
      await loaded((body) => void (body.until = inDays(-2))),
    ]
    const listed = async (path: string, key: string) => {
      const ids: string[] = []
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: Answer = expectStatus(
          await shop.call('GET', `${path}?limit=2${cursor && `&cursor=${cursor}`}`, { key }),
          200,
        )
        ids.push(...page.body.data.map((row: { id: string }) => row.id))
        cursor = page.body.next_cursor
      }
      return [now, later, gone].map(({ id }) => ids.filter((other) => other === id).length)
    }
    expect(await listed('/v1/model-years', shop.storefrontKey)).toEqual([1, 0, 0])
    expect(await listed('/v1/operator/model-years', shop.operatorKey)).toEqual([1, 1, 1])
    expect((await check(later.id, PLAIN)).conflicts).toMatchObject([{ kind: 'model_year_not_sold' }])
  })
})

describe('checking a choice of features (B1)', () => {
  test('a valid one has its price; an impossible one says why and what is nearest', async () => {
    const { id } = await loaded()
    expect(await check(id, PLAIN)).toMatchObject({
      model_year: id,
      model_year_version: 1,
      valid: true,
      price: { currency: 'EUR', base: 3_000_000, total: 3_000_000 },
      conflicts: [],
      alternatives: [],
      limit_reached: false,
    })
    const impossible = await changesNothing(house(), () => check(id, [...PLAIN, 'ROOF']))
    expect(impossible).toMatchObject({
      valid: false,
      price: { total: 3_120_000 },
      conflicts: [{ kind: 'only_with', words: ROOF_IN_WORDS, features: ['ROOF', 'SPORT', 'LUX'] }],
    })
    expect(
      impossible.alternatives.map(({ changes, price_difference }: Loose) => [
        changes.map(({ words }: Loose) => words).join(' '),
        price_difference,
      ]),
    ).toEqual([
      ['Leave out the panoramic roof.', -120_000],
      ['Take the trim Lux instead of the trim Base.', 450_000],
      [
        'Take the trim Sport instead of the trim Base. Take the transmission automatic instead of the transmission manual.',
        390_000,
      ],
    ])
    for (const { features } of impossible.alternatives)
      expect(await check(id, features)).toMatchObject({ valid: true })
  })

  test('a page needs no rules of its own: what is possible is told for every kind', async () => {
    const { id } = await loaded()
    const begun = await check(id, [])
    expect(begun.conflicts.map(({ kind }: Loose) => kind)).toEqual(Array(5).fill('missing'))
    const [trims] = (await check(id, ['ROOF', 'MAN'])).kinds
    expect(trims).toMatchObject({
      kind: 'trim',
      chosen: [],
      features: [
        { code: 'BASE', possible: false, why: [ROOF_IN_WORDS] },
        {
          code: 'SPORT',
          possible: false,
          why: ['The trim Sport must be ordered together with the transmission automatic.'],
        },
        { code: 'LUX', possible: true, why: [] },
      ],
    })
    const options = begun.kinds.at(-1)
    expect(options.features.at(-1)).toMatchObject({ code: 'HOOK', possible: false })
  })

  test('unknown options, and questions that are none', async () => {
    const { id } = await loaded()
    const unknown = await check(id, [...PLAIN, 'SUNROOF'])
    expect(unknown).toMatchObject({
      valid: false,
      conflicts: [
        {
          kind: 'unknown_feature',
          words: 'There is no feature SUNROOF for the Tarn Heron 2027.',
          features: ['SUNROOF'],
        },
      ],
      alternatives: [{ features: PLAIN, changes: [{ remove: ['SUNROOF'], add: null }] }],
    })
    const ask = (path: string, key?: string) => shop.call('GET', path, key ? { key } : {})
    const faulty = async (query: string, pointers: string[]) =>
      expectProblem(
        house(),
        await ask(`/v1/model-years/${id}/check?${query}`),
        422,
        'invalid-request',
        pointers,
      )
    await faulty('features=BASE,BASE', ['/query/features/1'])
    await faulty('features=BASE,,LUX', ['/query/features/1'])
    await faulty('features=%27%20OR%201', ['/query/features/0'])
    await faulty(`features=${Array.from({ length: 101 }, (_, index) => `F${index}`).join(',')}`, [
      '/query/features',
    ])
    await faulty('feature=BASE', ['/query/feature'])
    await expectProblem(house(), await ask(`/v1/model-years/${someId()}/check`), 404, 'not-found')
    const supplier = await shop.supplier({ skus: [] })
    await expectProblem(
      house(),
      await ask(`/v1/model-years/${id}/check`, supplier.key),
      403,
      'role-forbidden',
    )
  })
})

describe('storing a configuration (B1)', () => {
  test('kept as it was, with a fingerprint that does not mind the order', async () => {
    const { id } = await loaded()
    const idempotencyKey = randomUUID()
    const stored = expectStatus(await store(id, PLAIN, { idempotencyKey }), 201).body
    expect(stored).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      model_year: id,
      model_year_version: 1,
      features: PLAIN,
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      price: { currency: 'EUR', base: 3_000_000, total: 3_000_000 },
      checked_at: expect.any(String),
    })
    const again = await changesNothing(house(), () => store(id, PLAIN, { idempotencyKey }))
    expect([again.status, again.body]).toEqual([201, stored])
    const turned = expectStatus(await store(id, PLAIN.toReversed()), 201).body
    expect(turned.fingerprint).toBe(stored.fingerprint)
    expect(turned.id).not.toBe(stored.id)

    const path = `/v1/configurations/${stored.id}`
    expect(expectStatus(await shop.call('GET', path), 200).body).toEqual(stored)
    expect(expectStatus(await shop.call('GET', path, { key: shop.operatorKey }), 200).body).toEqual(stored)
    for (const other of [path, `${path}/check`])
      await expectProblem(
        house(),
        await shop.call('GET', other, { key: otherShop.storefrontKey }),
        404,
        'not-found',
      )
    await expectProblem(
      house(),
      await shop.call('GET', `/v1/configurations/${randomUUID()}`),
      404,
      'not-found',
    )
    const change = await changesNothing(house(), () => shop.call('PUT', path, { body: { features: [] } }))
    await expectProblem(house(), change, 405, 'method-not-allowed')
  })

  test('an impossible, unfinished or unknown one is refused with what is wrong and what is nearest', async () => {
    const { id } = await loaded()
    const kept = { answersOnce: true }
    const refused = async (features: string[]) =>
      expectProblem(
        house(),
        await changesNothing(house(), () => store(id, features), kept),
        422,
        'configuration-invalid',
      )
    const impossible = await refused([...PLAIN, 'ROOF'])
    expect(impossible).toMatchObject({
      detail: ROOF_IN_WORDS,
      conflicts: [{ kind: 'only_with', features: ['ROOF', 'SPORT', 'LUX'] }],
      limit_reached: false,
    })
    expect(impossible.alternatives).toHaveLength(3)
    expect((await refused([...PLAIN, 'SUNROOF'])).conflicts).toMatchObject([{ kind: 'unknown_feature' }])
    expect((await refused(PLAIN.slice(1))).conflicts).toMatchObject([{ kind: 'missing' }])
    expect((await refused([...PLAIN, 'LUX'])).conflicts).toMatchObject([{ kind: 'more_than_one' }])
    expect((await refused([...PLAIN, 'HOOK'])).conflicts).toMatchObject([{ kind: 'feature_not_sold' }])

    const unknown = await changesNothing(house(), () => store(someId(), PLAIN), kept)
    await expectProblem(house(), unknown, 422, 'invalid-request', ['/model_year'])
    const twice = await changesNothing(house(), () => store(id, ['BASE', 'BASE']))
    await expectProblem(house(), twice, 422, 'invalid-request', ['/features/1'])
    const keyless = await changesNothing(house(), () => store(id, PLAIN, { idempotencyKey: null }))
    await expectProblem(house(), keyless, 400, 'idempotency-key-missing')
    const operator = await changesNothing(house(), () => store(id, PLAIN, { key: shop.operatorKey }))
    await expectProblem(house(), operator, 403, 'role-forbidden')
  })

  test('checked anew after rules and prices changed, it says what differs and stays as it was', async () => {
    const { id, body } = await loaded()
    const chosen = ['LUX', 'E15', 'MAN', 'WHITE', 'GREY', 'ROOF', 'RAILS']
    const stored = expectStatus(await store(id, chosen), 201).body
    const anew = async () =>
      expectStatus(await shop.call('GET', `/v1/configurations/${stored.id}/check`), 200).body
    expect(await anew()).toMatchObject({ stale: false, differences: [], check: { valid: true } })

    body.base_price = 3_050_000
    body.features[8].price = 125_000
    body.rules[2].from = null
    await changeTo(id, body)
    expect(await anew()).toMatchObject({
      stale: true,
      configuration: stored,
      differences: [
        {
          kind: 'base_price',
          words: 'The vehicle without its features cost €30,000.00 then, and €30,500.00 now.',
        },
        {
          kind: 'feature_price',
          words: 'The panoramic roof cost €1,200.00 then, and €1,250.00 now.',
          features: ['ROOF'],
        },
        { kind: 'conflict', words: 'The panoramic roof cannot be combined with the roof rails.' },
      ],
      check: { valid: false, model_year_version: 2, price: { total: 3_655_000 } },
    })
    expect((await anew()).check.alternatives.length).toBeGreaterThan(0)
    await expectProblem(
      house(),
      await changesNothing(house(), () => store(id, chosen), { answersOnce: true }),
      422,
      'configuration-invalid',
    )

    const without = { ...body, features: body.features.filter(({ code }: Loose) => code !== 'RAILS') }
    await changeTo(id, { ...without, rules: body.rules.slice(0, 2) })
    expect((await anew()).differences).toMatchObject([
      { kind: 'base_price' },
      { kind: 'feature_price' },
      { kind: 'conflict', words: 'There is no feature RAILS for the Tarn Heron 2027.' },
    ])
    expect((await shop.call('GET', `/v1/configurations/${stored.id}`)).body).toEqual(stored)
  })
})
