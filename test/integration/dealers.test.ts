import { spawnSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { built } from '../../src/local/places.ts'
import { useHouse } from '../support/house.ts'
import { changesNothing, expectProblem } from '../support/proof.ts'
import { type Answer, expectStatus, ifMatch, Shop } from '../support/shop.ts'

const house = useHouse({ partners: [] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})

const someId = () => `d-${randomBytes(4).toString('hex')}`
const DEALER = {
  name: 'Harbour Motors',
  latitude: 53.08,
  longitude: 8.8,
  channel: 'mail',
  email: 'leads@harbour.example',
  makes: ['astra', 'brio'],
}

describe('dealers (P8)', () => {
  test('created with a secret that is shown once, changed on the version that was read', async () => {
    const id = someId()
    const created = expectStatus(await shop.operate('PUT', `dealers/${id}`, DEALER), 201)
    const { webhook_secret, ...dealer } = created.body
    expect(webhook_secret).toMatch(/^whsec_/)
    expect(dealer).toEqual({
      id,
      ...DEALER,
      time_zone: 'UTC',
      lead_format: 'adf',
      webhook_url: null,
      periods: {
        acknowledge: 'P1D',
        remind: 'P1D',
        escalate: 'P1D',
        status: 'P7D',
        close: 'P30D',
        match: 'P2D',
      },
      version: 1,
      created_at: expect.any(String),
    })
    const read = expectStatus(await shop.operate('GET', `dealers/${id}`), 200)
    expect([read.body, read.headers.get('etag')]).toEqual([dealer, '"1"'])

    const moved = {
      ...DEALER,
      latitude: -10,
      time_zone: 'Australia/Darwin',
      channel: 'webhook',
      webhook_url: 'https://harbour.example/leads',
      lead_format: 'json',
      periods: { remind: 'PT4H' },
    }
    const changed = expectStatus(await shop.operate('PUT', `dealers/${id}`, moved, ifMatch('"1"')), 200)
    expect(changed.body).toEqual({
      ...dealer,
      ...moved,
      periods: { ...dealer.periods, remind: 'PT4H' },
      version: 2,
    })
    const again = () => shop.operate('PUT', `dealers/${id}`, moved)
    await expectProblem(house(), await changesNothing(house(), again), 428, 'version-missing')
    const stale = () => shop.operate('PUT', `dealers/${id}`, DEALER, ifMatch('"1"'))
    await expectProblem(house(), await changesNothing(house(), stale), 412, 'version-stale')
    await expectProblem(house(), await shop.operate('GET', `dealers/${someId()}`), 404, 'not-found')
    expect((await shop.call('GET', `/v1/operator/dealers/${id}`)).status).toBe(403)
  })

  test('another secret: the first answer has it, a repeat does not', async () => {
    const id = someId()
    const { webhook_secret } = expectStatus(await shop.operate('PUT', `dealers/${id}`, DEALER), 201).body
    const rotate = (idempotencyKey: string) =>
      shop.operate('POST', `dealers/${id}/secret-rotation`, {}, { idempotencyKey })
    const key = randomUUID()
    const first = expectStatus(await rotate(key), 200).body
    expect(first.secret).toMatch(/^whsec_/)
    expect(first.secret).not.toBe(webhook_secret)
    expect(expectStatus(await rotate(key), 200).body).toEqual({ id, secret: null })
  })

  test('many at once, all or none', async () => {
    const ids = [someId(), someId(), someId()]
    const bulk = (some: string[]) =>
      shop.operate('POST', 'dealers/bulk', { dealers: some.map((id) => ({ id, ...DEALER })) })
    expect(expectStatus(await bulk(ids.slice(0, 2)), 201).body).toEqual({ created: 2 })
    const known = await changesNothing(house(), () => bulk(ids.toReversed()), { answersOnce: true })
    await expectProblem(house(), known, 409, 'already-exists', ['/dealers/1/id', '/dealers/2/id'])
    const twice = await changesNothing(house(), () => bulk([ids[2] ?? '', ids[2] ?? '']))
    await expectProblem(house(), twice, 422, 'invalid-request', ['/dealers/1/id'])
    const listed: string[] = []
    for (let cursor = ''; ; ) {
      const page: Answer['body'] = expectStatus(
        await shop.operate('GET', `dealers?limit=2${cursor}`),
        200,
      ).body
      listed.push(...page.data.map(({ id }: { id: string }) => id))
      if (page.next_cursor === null) break
      cursor = `&cursor=${page.next_cursor}`
    }
    expect(listed).toEqual(listed.toSorted())
    expect(listed.filter((id) => ids.includes(id))).toEqual(ids.slice(0, 2).toSorted())
  })

  test('a key acts for one dealer; for one that is not there none is made', async () => {
    const id = someId()
    expectStatus(await shop.operate('PUT', `dealers/${id}`, DEALER), 201)
    const ask = (partner: string) =>
      shop.operate('POST', 'api-keys', { role: 'dealer', partner, name: 'Sales desk' })
    const { secret } = expectStatus(await ask(id), 201).body
    expect(secret).toMatch(/^hf_dealer_/)
    expect((await shop.call('GET', '/v1/leads', { key: secret })).status).toBe(200)
    for (const path of ['/v1/orders', '/v1/dealers?latitude=1&longitude=1', '/v1/operator/dealers']) {
      expect([path, (await shop.call('GET', path, { key: secret })).status]).toEqual([path, 403])
    }
    await expectProblem(house(), await ask('nobody'), 422, 'invalid-request', ['/partner'])
    const make = (partner: string) =>
      spawnSync(
        process.execPath,
        [built('make-key.js'), '--role', 'dealer', '--partner', partner, '--name', 'x'],
        { env: { ...process.env, DATABASE_URL: house().databaseUrl }, encoding: 'utf8' },
      )
    expect(make(id).stdout).toMatch(/^hf_dealer_/)
    expect(make('nobody').status).not.toBe(0)
  })
})

describe('postcodes (P8)', () => {
  const AT = { latitude: 53.08, longitude: 8.8 }
  // Each test has a country of its own.
  const put = (country: string, postcode: string, body: object = AT, options: object = {}) =>
    shop.operate('PUT', `postcodes/${country}/${encodeURIComponent(postcode)}`, body, options)
  const bulk = (body: unknown, options: object = {}) => shop.operate('POST', 'postcodes/bulk', body, options)

  test('one, in any way of writing; said again it is replaced', async () => {
    const key = { postcode: 'SW1A1AA' }
    const created = expectStatus(await put('GB', 'sw1a 1aa'), 200)
    expect(created.body).toEqual({ ...key, ...AT })
    const moved = { latitude: 51.501, longitude: -0.1416 }
    expect(expectStatus(await put('GB', 'SW1A-1AA', moved), 200).body).toEqual({ ...key, ...moved })
    expect(expectStatus(await shop.operate('GET', 'postcodes/GB/SW1A%201AA'), 200).body).toEqual({
      ...key,
      ...moved,
    })
    await expectProblem(house(), await shop.operate('GET', 'postcodes/GB/SW1A2AA'), 404, 'not-found')
    await expectProblem(house(), await shop.operate('GET', 'postcodes/IE/SW1A1AA'), 404, 'not-found')
  })

  test('thousands at once, all or none; those that are there are replaced', async () => {
    const postcodes = Array.from({ length: 10_000 }, (_, index) => ({
      postcode: String(10_000 + index),
      latitude: 48 + index / 10_000,
      longitude: 10,
    }))
    const idempotencyKey = randomUUID()
    const load = () => bulk({ country: 'AT', postcodes }, { idempotencyKey })
    expect(expectStatus(await load(), 200).body).toEqual({ saved: 10_000 })
    expect(expectStatus(await load(), 200).body).toEqual({ saved: 10_000 })
    const again = [
      { postcode: '10 000', ...AT },
      { postcode: '99999', ...AT },
    ]
    expect(expectStatus(await bulk({ country: 'AT', postcodes: again }), 200).body).toEqual({ saved: 2 })
    const rows = await house().db`SELECT count(*)::int AS n FROM postcodes WHERE country = 'AT'`
    expect(rows).toEqual([{ n: 10_001 }])
    const list = async (query: string) =>
      expectStatus(await shop.operate('GET', `postcodes?country=AT&${query}`), 200).body
    const first = await list('limit=2')
    expect(first.data).toEqual([
      { postcode: '10000', ...AT },
      { postcode: '10001', latitude: 48.0001, longitude: 10 },
    ])
    const next = await list(`limit=1&cursor=${first.next_cursor}`)
    expect(next.data.map(({ postcode }: Answer['body']) => postcode)).toEqual(['10002'])
  })

  test('what cannot be is refused with its place, and nothing is stored', async () => {
    const good = { postcode: '1010', ...AT }
    const refused = async (body: unknown, pointers: string[], options: object = {}) =>
      expectProblem(
        house(),
        await changesNothing(house(), () => bulk(body, options)),
        422,
        'invalid-request',
        pointers,
      )
    const postcodes = [
      good,
      { ...good, postcode: '10-10' },
      { ...good, postcode: '!' },
      { ...good, postcode: '1020', latitude: 91 },
      { postcode: '1030', latitude: 1 },
    ]
    await refused({ country: 'CH', postcodes }, [
      '/postcodes/2/postcode',
      '/postcodes/3/latitude',
      '/postcodes/4/longitude',
    ])
    await refused({ country: 'CH', postcodes: postcodes.slice(0, 2) }, ['/postcodes/1/postcode'])
    await refused({ country: 'XX', postcodes: [good] }, ['/country'])
    await refused({ country: 'CH', postcodes: [] }, ['/postcodes'])
    const many = Array.from({ length: 10_001 }, (_, index) => ({ ...good, postcode: String(index) }))
    await refused({ country: 'CH', postcodes: many }, ['/postcodes'])
    const one = async (path: [string, string], body: object, pointer: string) =>
      expectProblem(
        house(),
        await changesNothing(house(), () => put(...path, body)),
        422,
        'invalid-request',
        [pointer],
      )
    await one(['XX', '1010'], AT, '/param/country')
    await one(['CH', '1010 '.repeat(4)], AT, '/param/postcode')
    await one(['CH', '1010'], { latitude: 1 }, '/longitude')
    const dealers = await put('CH', '1010', AT, { key: shop.storefrontKey })
    await expectProblem(house(), dealers, 403, 'role-forbidden')
    const list = await shop.operate('GET', 'postcodes')
    await expectProblem(house(), list, 422, 'invalid-request', ['/query/country'])
  })
})

describe('the nearest dealers (B9)', () => {
  const at = async (latitude: number, longitude: number, makes: string[]) =>
    (await shop.dealer({ latitude, longitude, makes })).id
  const near = async (query: string) => expectStatus(await shop.call('GET', `/v1/dealers?${query}`), 200).body

  test('by distance on the globe, over the date line and at the poles, by make and by cursor', async () => {
    const make = `m-${randomBytes(3).toString('hex')}`
    const east = await at(0, 179.9, [make])
    const west = await at(0, -179.8, [make])
    const north = await at(1, 180, [make])
    const pole = await at(90, 0, [make])
    await at(0, 180, [`${make}-other`])
    await at(0, 180, [])
    const found = await near(`latitude=0&longitude=180&make=${make}`)
    expect(found.data.map(({ id }: { id: string }) => id)).toEqual([east, west, north, pole])
    const distances = found.data.map(({ distance_m }: { distance_m: number }) => distance_m)
    // A degree of a great circle is 111.195 km.
    expect(distances).toEqual([11_120, 22_239, 111_195, 10_007_558])
    expect(found.data[0]).toEqual({
      id: east,
      name: `Dealer ${east}`,
      latitude: 0,
      longitude: 179.9,
      makes: [make],
      distance_m: 11_120,
    })
    const page = await near(`latitude=0&longitude=180&make=${make}&limit=3`)
    const rest = await near(`latitude=0&longitude=180&make=${make}&limit=3&cursor=${page.next_cursor}`)
    expect([page.data.length, rest.data.map(({ id }: { id: string }) => id)]).toEqual([3, [pole]])
    // The same place by its postcode.
    const fiji = { country: 'FJ', postcodes: [{ postcode: 'X-1', latitude: 0, longitude: 180 }] }
    expectStatus(await shop.operate('POST', 'postcodes/bulk', fiji), 200)
    expect(await near(`country=FJ&postcode=x%201&make=${make}`)).toEqual(found)
    // The other side of the globe, where rounding could leave no distance at all.
    expect((await near(`latitude=-90&longitude=77&make=${make}`)).data.at(-1)).toMatchObject({ id: pole })
  })
})
