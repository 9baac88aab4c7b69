import { spawnSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { built } from '../../src/local/places.ts'
import { useHouse } from '../support/house.ts'
import { expectProblem } from '../support/proof.ts'
import { type Answer, expectStatus, ifMatch, Shop, waitFor } from '../support/shop.ts'

const house = useHouse({ partners: ['mail'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})

const someSku = () => `SKU-${randomBytes(4).toString('hex')}`
const ITEM = { name: 'Roof box', price: { amount: 1999, currency: 'EUR' } }

/** What there is, to show that a refused request changed nothing. */
async function everything(): Promise<unknown> {
  const { db } = house()
  return db`SELECT (SELECT jsonb_agg(i ORDER BY sku) FROM items i) AS items, (SELECT jsonb_agg(l ORDER BY sku) FROM stock_levels l) AS levels,
                   (SELECT jsonb_agg(s ORDER BY id) FROM suppliers s) AS suppliers, (SELECT jsonb_agg(t ORDER BY supplier, sku) FROM supplier_items t) AS terms,
                   (SELECT jsonb_agg(f ORDER BY id) FROM storefronts f) AS storefronts, (SELECT jsonb_agg(w ORDER BY id) FROM webhook_endpoints w) AS endpoints,
                   (SELECT jsonb_agg(p ORDER BY kind) FROM periods p) AS periods, (SELECT count(*) FROM api_keys) AS keys, (SELECT count(*) FROM stock_movements) AS movements`
}

async function changesNothing(request: () => Promise<Answer>): Promise<Answer> {
  const before = await everything()
  const answer = await request()
  expect(await everything()).toEqual(before)
  return answer
}

describe('items (P8)', () => {
  test('created with a stock row, looked at, changed on the version that was read', async () => {
    const sku = someSku()
    const created = expectStatus(
      await shop.operate('PUT', `items/${sku}`, {
        ...ITEM,
        back_order_cap: 40,
        wait_period: 'PT20S',
        hold_period: 'PT1M',
      }),
      201,
    )
    expect(created.headers.get('etag')).toBe('"1"')
    expect(created.body).toMatchObject({
      sku,
      ...ITEM,
      back_orderable: true,
      back_order_cap: 40,
      wait_period: 'PT20S',
      hold_period: 'PT1M',
      version: 1,
      stock: { on_hand: 0, allocated: 0, free: 0, outbound: 0, outstanding: 0 },
    })
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 0, outstanding: 0 })

    const changed = expectStatus(
      await shop.operate(
        'PUT',
        `items/${sku}`,
        { ...ITEM, name: 'Roof box, black', back_orderable: false },
        ifMatch('"1"'),
      ),
      200,
    )
    expect(changed.headers.get('etag')).toBe('"2"')
    const read = expectStatus(await shop.operate('GET', `items/${sku}`), 200)
    expect(read.headers.get('etag')).toBe('"2"')
    expect(read.body).toEqual(changed.body)
    expect(read.body).toMatchObject({ name: 'Roof box, black', back_orderable: false, wait_period: null })
  })

  test('two people edit: the second one is told', async () => {
    const sku = someSku()
    expectStatus(await shop.operate('PUT', `items/${sku}`, ITEM), 201)
    expectStatus(await shop.operate('PUT', `items/${sku}`, { ...ITEM, name: 'First' }, ifMatch('"1"')), 200)
    const stale = await changesNothing(() =>
      shop.operate('PUT', `items/${sku}`, { ...ITEM, name: 'Second' }, ifMatch('"1"')),
    )
    await expectProblem(house(), stale, 412, 'version-stale')
    await expectProblem(
      house(),
      await changesNothing(() => shop.operate('PUT', `items/${sku}`, ITEM)),
      428,
      'version-missing',
    )
    await expectProblem(
      house(),
      await changesNothing(() => shop.operate('PUT', `items/${sku}`, ITEM, ifMatch('2'))),
      400,
      'malformed-request',
    )
    await expectProblem(
      house(),
      await changesNothing(() => shop.operate('PUT', `items/${someSku()}`, ITEM, ifMatch('"1"'))),
      412,
      'version-stale',
    )
    await expectProblem(house(), await shop.operate('GET', `items/${someSku()}`), 404, 'not-found')

    const both = await Promise.all(
      ['A', 'B'].map((name) => shop.operate('PUT', `items/${sku}`, { ...ITEM, name }, ifMatch('"2"'))),
    )
    expect(both.map((answer) => answer.status).sort()).toEqual([200, 412])
  })

  test.each([
    ['an unknown member', { ...ITEM, colour: 'red' }, '/colour', 'is not known here'],
    ['no name', { price: ITEM.price }, '/name', undefined],
    [
      'a price in no currency',
      { ...ITEM, price: { amount: 1, currency: 'EUX' } },
      '/price/currency',
      undefined,
    ],
    ['a price below zero', { ...ITEM, price: { amount: -1, currency: 'EUR' } }, '/price/amount', undefined],
    ['a broken price', { ...ITEM, price: { amount: 1.5, currency: 'EUR' } }, '/price/amount', undefined],
    ['a cap below zero', { ...ITEM, back_order_cap: -1 }, '/back_order_cap', undefined],
    ['a period in months', { ...ITEM, wait_period: 'P1M' }, '/wait_period', undefined],
    ['a period of nothing', { ...ITEM, hold_period: 'PT0S' }, '/hold_period', 'must be at least PT1S'],
    ['half a second', { ...ITEM, hold_period: 'PT0.5S' }, '/hold_period', undefined],
  ])('refuses %s', async (_, body, pointer, detail) => {
    const answer = await changesNothing(() => shop.operate('PUT', `items/${someSku()}`, body))
    const [error] = (await expectProblem(house(), answer, 422, 'invalid-request')).errors
    expect(error).toMatchObject({ pointer, ...(detail ? { detail } : {}) })
  })

  test("refuses periods outside of the house's limits, and codes that are none", async () => {
    const answer = await changesNothing(() =>
      shop.operate('PUT', `items/${someSku()}`, { ...ITEM, wait_period: 'P2D', hold_period: 'P3D' }),
    )
    expect((await expectProblem(house(), answer, 422, 'period-out-of-range')).errors).toEqual([
      { pointer: '/wait_period', detail: 'may be at most 1 hour' },
      { pointer: '/hold_period', detail: 'may be at most 1 hour' },
    ])
    await expectProblem(
      house(),
      await changesNothing(() => shop.operate('PUT', 'items/-dash', ITEM)),
      422,
      'invalid-request',
    )
    await expectProblem(
      house(),
      await changesNothing(() => shop.operate('PUT', `items/${someSku()}`, '{"name":')),
      400,
      'malformed-request',
    )
  })

  test('loaded in bulk, all or none, once', async () => {
    const known = someSku()
    expectStatus(await shop.operate('PUT', `items/${known}`, ITEM), 201)
    const fresh = Array.from({ length: 1_000 }, () => ({ sku: someSku(), ...ITEM }))

    const clash = await changesNothing(() =>
      shop.operate('POST', 'items/bulk', { items: [fresh[0], { sku: known, ...ITEM }, fresh[1]] }),
    )
    expect((await expectProblem(house(), clash, 409, 'already-exists')).errors).toEqual([
      { pointer: '/items/1/sku', detail: 'this item exists already' },
    ])
    const faulty = await changesNothing(() =>
      shop.operate('POST', 'items/bulk', {
        items: [fresh[0], fresh[0], { ...fresh[1], name: '' }, { ...fresh[2], wait_period: 'P1D' }],
      }),
    )
    expect(
      (await expectProblem(house(), faulty, 422, 'invalid-request')).errors.map(
        (error: { pointer: string }) => error.pointer,
      ),
    ).toEqual(['/items/2/name', '/items/1/sku'])
    const twice = await changesNothing(() =>
      shop.operate('POST', 'items/bulk', { items: [fresh[0], fresh[0]] }),
    )
    expect((await expectProblem(house(), twice, 422, 'invalid-request')).errors).toMatchObject([
      { pointer: '/items/1/sku' },
    ])
    const late = await changesNothing(() =>
      shop.operate('POST', 'items/bulk', { items: [fresh[0], { ...fresh[1], wait_period: 'P1D' }] }),
    )
    expect((await expectProblem(house(), late, 422, 'period-out-of-range')).errors).toMatchObject([
      { pointer: '/items/1/wait_period' },
    ])
    const many = await changesNothing(() =>
      shop.operate('POST', 'items/bulk', { items: [...fresh, { sku: someSku(), ...ITEM }] }),
    )
    await expectProblem(house(), many, 422, 'invalid-request')
    const keyless = await changesNothing(() =>
      shop.operate('POST', 'items/bulk', { items: fresh }, { idempotencyKey: null }),
    )
    await expectProblem(house(), keyless, 400, 'idempotency-key-missing')

    const idempotencyKey = randomUUID()
    const loaded = expectStatus(
      await shop.operate('POST', 'items/bulk', { items: fresh }, { idempotencyKey }),
      201,
    )
    expect(loaded.body).toEqual({ created: 1_000 })
    const again = await changesNothing(() =>
      shop.operate('POST', 'items/bulk', { items: fresh }, { idempotencyKey }),
    )
    expect([again.status, again.body]).toEqual([201, { created: 1_000 }])
    const other = await shop.operate('POST', 'items/bulk', { items: fresh.slice(1) }, { idempotencyKey })
    await expectProblem(house(), other, 422, 'idempotency-key-reused')
    expect(await shop.level(fresh[999]?.sku ?? '')).toMatchObject({ on_hand: 0 })

    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Answer = expectStatus(
        await shop.operate('GET', `items?limit=100${cursor && `&cursor=${cursor}`}`),
        200,
      )
      seen.push(...page.body.data.map((item: { sku: string }) => item.sku))
      cursor = page.body.next_cursor
    }
    const [all] = await house().db`SELECT count(*)::int AS count FROM items`
    expect(seen).toHaveLength(all?.count)
    expect(new Set(seen).size).toBe(seen.length)
    await expectProblem(house(), await shop.operate('GET', 'items?cursor=abc'), 422, 'invalid-request')
    await expectProblem(house(), await shop.operate('GET', 'items?limit=101'), 422, 'invalid-request')
    await expectProblem(house(), await shop.operate('GET', 'items?colour=red'), 422, 'invalid-request')
  })

  test('is for operators only', async () => {
    for (const [method, path, body] of [
      ['GET', 'items', undefined],
      ['PUT', `items/${someSku()}`, ITEM],
      ['GET', 'suppliers', undefined],
      ['GET', 'storefronts', undefined],
      ['GET', 'api-keys', undefined],
      ['POST', 'api-keys', { role: 'operator', name: 'me too' }],
      ['PUT', 'periods', {}],
      ['POST', 'stock-counts', {}],
    ] as const) {
      const answer = await changesNothing(() => shop.operate(method, path, body, { key: shop.storefrontKey }))
      await expectProblem(house(), answer, 403, 'role-forbidden')
      await expectProblem(
        house(),
        await shop.operate(method, path, body, { key: 'hf_operator_wrong' }),
        401,
        'api-key-invalid',
      )
    }
  })
})

describe('suppliers (P8)', () => {
  const SUPPLIER = { name: 'Northwind', channel: 'mail', email: 'Orders@Northwind.example' }
  const someId = () => `sup-${randomBytes(4).toString('hex')}`

  test('created with a secret that is shown once, changed, rotated', async () => {
    const id = someId()
    const created = expectStatus(await shop.operate('PUT', `suppliers/${id}`, SUPPLIER), 201)
    expect(created.body).toMatchObject({
      id,
      name: 'Northwind',
      channel: 'mail',
      webhook_url: null,
      email: 'orders@northwind.example',
      periods: { gather: 'PT15M', acknowledge: 'P2D', remind: 'P1D', overdue: 'P1D', pass_over: 'P7D' },
      version: 1,
    })
    expect(created.body.webhook_secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/)
    const webhook = {
      name: 'Northwind',
      channel: 'webhook',
      webhook_url: 'https://northwind.example/hooks',
      periods: { gather: 'PT2S' },
    }
    const changed = expectStatus(await shop.operate('PUT', `suppliers/${id}`, webhook, ifMatch('"1"')), 200)
    expect(changed.body).toMatchObject({
      channel: 'webhook',
      email: null,
      periods: { gather: 'PT2S', remind: 'P1D' },
      version: 2,
    })
    expect(changed.body).not.toHaveProperty('webhook_secret')
    expect(JSON.stringify((await shop.operate('GET', `suppliers/${id}`)).body)).not.toContain('whsec_')
    await expectProblem(
      house(),
      await changesNothing(() => shop.operate('PUT', `suppliers/${id}`, webhook)),
      428,
      'version-missing',
    )

    const secretOf = async () =>
      (await house().db`SELECT webhook_secret FROM suppliers WHERE id = ${id}`)[0]?.webhook_secret
    expect(await secretOf()).toBe(created.body.webhook_secret)
    const idempotencyKey = randomUUID()
    const rotated = expectStatus(
      await shop.operate('POST', `suppliers/${id}/secret-rotation`, {}, { idempotencyKey }),
      200,
    )
    expect(await secretOf()).toBe(rotated.body.secret)
    expect(rotated.body.secret).not.toBe(created.body.webhook_secret)
    const again = await changesNothing(() =>
      shop.operate('POST', `suppliers/${id}/secret-rotation`, {}, { idempotencyKey }),
    )
    expect([again.status, again.body]).toEqual([200, { id, secret: null }])
    await expectProblem(
      house(),
      await shop.operate('POST', `suppliers/${someId()}/secret-rotation`, {}),
      404,
      'not-found',
    )
  })

  test.each([
    ['a channel that is none', { ...SUPPLIER, channel: 'fax' }, '/channel'],
    ['mail without an address', { name: 'N', channel: 'mail' }, '/email'],
    ['webhooks without a URL', { ...SUPPLIER, channel: 'webhook' }, '/webhook_url'],
    ['a URL that is not http', { ...SUPPLIER, webhook_url: 'ftp://northwind.example' }, '/webhook_url'],
    [
      'a URL with a password',
      { ...SUPPLIER, webhook_url: 'https://me:secret@northwind.example' },
      '/webhook_url',
    ],
    ['a gathering time of nothing', { ...SUPPLIER, periods: { gather: 'PT0S' } }, '/periods/gather'],
    ['an unknown period', { ...SUPPLIER, periods: { nap: 'PT1H' } }, '/periods/nap'],
  ])('refuses %s', async (_, body, pointer) => {
    const answer = await changesNothing(() => shop.operate('PUT', `suppliers/${someId()}`, body))
    expect((await expectProblem(house(), answer, 422, 'invalid-request')).errors).toMatchObject([{ pointer }])
  })

  test('what a supplier brings, and on what terms', async () => {
    const id = someId()
    const [one, two] = [await shop.item(), await shop.item()]
    expectStatus(await shop.operate('PUT', `suppliers/${id}`, SUPPLIER), 201)
    const terms = { lead_period: 'P3D', pack_size: 6, price: { amount: 900, currency: 'EUR' } }
    const saved = expectStatus(await shop.operate('PUT', `suppliers/${id}/items/${one}`, terms), 200)
    expect(saved.body).toEqual({ sku: one, rank: 1, ...terms, passed_over_until: null })
    expectStatus(await shop.operate('PUT', `suppliers/${id}/items/${one}`, { ...terms, rank: 2 }), 200)

    const unknown = await changesNothing(() =>
      shop.operate('PUT', `suppliers/${id}/items/${someSku()}`, terms),
    )
    expect((await expectProblem(house(), unknown, 422, 'unknown-item')).errors).toMatchObject([
      { pointer: '/param/sku' },
    ])
    const dollars = { ...terms, price: { amount: 900, currency: 'USD' } }
    const mixed = await changesNothing(() =>
      shop.operate('POST', `suppliers/${id}/items/bulk`, { items: [{ sku: two, ...dollars }] }),
    )
    expect((await expectProblem(house(), mixed, 422, 'invalid-request')).errors).toMatchObject([
      { pointer: '/items/0/price/currency' },
    ])
    const items = [
      { sku: two, ...terms },
      { sku: someSku(), ...terms },
    ]
    const strange = await changesNothing(() => shop.operate('POST', `suppliers/${id}/items/bulk`, { items }))
    expect((await expectProblem(house(), strange, 422, 'unknown-item')).errors).toMatchObject([
      { pointer: '/items/1/sku' },
    ])
    const packless = await changesNothing(() =>
      shop.operate('PUT', `suppliers/${id}/items/${two}`, { ...terms, pack_size: 0 }),
    )
    expect((await expectProblem(house(), packless, 422, 'invalid-request')).errors).toMatchObject([
      { pointer: '/pack_size' },
    ])
    await expectProblem(
      house(),
      await shop.operate('PUT', `suppliers/${someId()}/items/${one}`, terms),
      404,
      'not-found',
    )

    const loaded = await shop.operate('POST', `suppliers/${id}/items/bulk`, {
      items: [
        { sku: one, ...terms },
        { sku: two, ...terms },
      ],
    })
    expect([loaded.status, loaded.body]).toEqual([200, { saved: 2 }])
    const listed = expectStatus(await shop.operate('GET', `suppliers/${id}/items`), 200)
    expect(listed.body).toEqual({
      data: [one, two].sort().map((sku) => ({ sku, rank: 1, ...terms, passed_over_until: null })),
      next_cursor: null,
    })
    expectStatus(await shop.operate('DELETE', `suppliers/${id}/items/${two}`), 200)
    await expectProblem(
      house(),
      await shop.operate('DELETE', `suppliers/${id}/items/${two}`),
      404,
      'not-found',
    )
  })

  test('a supplier made through the API is asked, and not let go of while goods are to come (A4)', async () => {
    const id = someId()
    const sku = await shop.item()
    const terms = { lead_period: 'PT1H', pack_size: 6, price: { amount: 900, currency: 'EUR' } }
    expectStatus(
      await shop.operate('PUT', `suppliers/${id}`, { ...SUPPLIER, periods: { gather: 'PT1S' } }),
      201,
    )
    expectStatus(await shop.operate('PUT', `suppliers/${id}/items/${sku}`, terms), 200)
    await shop.backOrder(sku, 4)
    const [order] = await waitFor(
      'the purchase order',
      () => house().db`SELECT number FROM purchase_orders WHERE supplier = ${id}`,
      (rows) => rows.length > 0,
    )
    expect((await shop.look(order?.number)).lines).toMatchObject([{ sku, requested: 6 }])
    const kept = await changesNothing(() => shop.operate('DELETE', `suppliers/${id}/items/${sku}`))
    expect((await expectProblem(house(), kept, 409, 'still-in-use')).purchase_orders).toEqual([order?.number])
  })
})

describe('storefronts, their endpoints and keys (P8, P5)', () => {
  const someId = () => `shop-${randomBytes(4).toString('hex')}`
  const STOREFRONT = { name: 'Alpine Gear', reply_to: 'Help@Alpine.example' }

  async function open(): Promise<{ id: string; key: string }> {
    const id = someId()
    expectStatus(await shop.operate('PUT', `storefronts/${id}`, STOREFRONT), 201)
    const made = await shop.operate('POST', 'api-keys', { role: 'storefront', partner: id, name: 'web shop' })
    return { id, key: expectStatus(made, 201).body.secret }
  }

  test('a storefront is created, changed, and refused when stale', async () => {
    const id = someId()
    const created = expectStatus(await shop.operate('PUT', `storefronts/${id}`, STOREFRONT), 201)
    expect(created.body).toMatchObject({
      id,
      name: 'Alpine Gear',
      mail_name: 'Alpine Gear',
      reply_to: 'help@alpine.example',
      version: 1,
    })
    const changed = await shop.operate(
      'PUT',
      `storefronts/${id}`,
      { ...STOREFRONT, mail_name: 'Alpine' },
      ifMatch('"1"'),
    )
    expect(expectStatus(changed, 200).body).toMatchObject({ mail_name: 'Alpine', version: 2 })
    await expectProblem(
      house(),
      await changesNothing(() => shop.operate('PUT', `storefronts/${id}`, STOREFRONT)),
      428,
      'version-missing',
    )
    await expectProblem(
      house(),
      await changesNothing(() => shop.operate('PUT', `storefronts/${id}`, STOREFRONT, ifMatch('"1"'))),
      412,
      'version-stale',
    )
    await expectProblem(
      house(),
      await changesNothing(() => shop.operate('PUT', 'storefronts/Not_an_id', STOREFRONT)),
      422,
      'invalid-request',
    )
    await expectProblem(
      house(),
      await changesNothing(() => shop.operate('PUT', `storefronts/${someId()}`, { name: 'x' })),
      422,
      'invalid-request',
    )
    const listed = expectStatus(await shop.operate('GET', 'storefronts?limit=1'), 200)
    expect(listed.body.data).toHaveLength(1)
    expect(listed.body.next_cursor).toEqual(expect.any(String))
  })

  test('a key is shown once, opens its own storefront only, and opens nothing once revoked', async () => {
    const id = someId()
    expectStatus(await shop.operate('PUT', `storefronts/${id}`, STOREFRONT), 201)
    const body = { role: 'storefront', partner: id, name: 'web shop' }
    const idempotencyKey = randomUUID()
    const made = expectStatus(await shop.operate('POST', 'api-keys', body, { idempotencyKey }), 201)
    const { secret, ...shown } = made.body
    expect(secret).toMatch(/^hf_storefront_[A-Za-z0-9_-]{32}$/)
    const again = await changesNothing(() => shop.operate('POST', 'api-keys', body, { idempotencyKey }))
    expect([again.status, again.body]).toEqual([201, { ...shown, secret: null }])
    const [stored] = await house()
      .db`SELECT count(*)::int AS count FROM idempotency_keys WHERE answer::text LIKE ${`%${secret}%`}`
    expect(stored?.count).toBe(0)
    expect(JSON.stringify((await shop.operate('GET', 'api-keys')).body)).not.toContain(secret)

    const { number } = expectStatus(await shop.order([{ sku: await shop.item(), quantity: 1 }]), 201).body
    await expectProblem(
      house(),
      await shop.call('GET', `/v1/orders/${number}`, { key: secret }),
      404,
      'not-found',
    )
    expectStatus(await shop.call('GET', '/v1/webhook-endpoints', { key: secret }), 200)
    const revoked = expectStatus(await shop.operate('DELETE', `api-keys/${shown.id}`), 200)
    expect(revoked.body.revoked_at).toEqual(expect.any(String))
    expect(expectStatus(await shop.operate('DELETE', `api-keys/${shown.id}`), 200).body).toEqual(revoked.body)
    await expectProblem(
      house(),
      await shop.call('GET', '/v1/webhook-endpoints', { key: secret }),
      401,
      'api-key-invalid',
    )
    await expectProblem(house(), await shop.operate('DELETE', `api-keys/${randomUUID()}`), 404, 'not-found')
  })

  test.each([
    ['a partner that is not there', { role: 'supplier', partner: 'nobody', name: 'x' }, '/partner'],
    ['no partner', { role: 'storefront', name: 'x' }, '/partner'],
    ['an operator with a partner', { role: 'operator', partner: 'nobody', name: 'x' }, '/partner'],
    ['a role that is none', { role: 'king', name: 'x' }, '/role'],
  ])('refuses a key for %s', async (_, body, pointer) => {
    const answer = await changesNothing(() => shop.operate('POST', 'api-keys', body))
    expect((await expectProblem(house(), answer, 422, 'invalid-request')).errors).toMatchObject([{ pointer }])
  })

  test('the last operator key stays', async () => {
    const keys = await house().db`SELECT id FROM api_keys WHERE role = 'operator' AND revoked_at IS NULL`
    expect(keys).toHaveLength(1)
    await expectProblem(
      house(),
      await changesNothing(() => shop.operate('DELETE', `api-keys/${keys[0]?.id}`)),
      409,
      'still-in-use',
    )
    const second = expectStatus(await shop.operate('POST', 'api-keys', { role: 'operator', name: 'Bo' }), 201)
    expectStatus(
      await shop.operate('DELETE', `api-keys/${second.body.id}`, undefined, { key: second.body.secret }),
      200,
    )
  })

  test("a house's first key is made on its database, and opens the API", async () => {
    const make = (...options: string[]) =>
      spawnSync(process.execPath, [built('make-key.js'), ...options], {
        env: { ...process.env, DATABASE_URL: house().databaseUrl },
        encoding: 'utf8',
      })
    const made = make('--role', 'operator', '--name', 'first operator')
    expect(made.status).toBe(0)
    expect(made.stdout).toMatch(/^hf_operator_\S+\n$/)
    expectStatus(await shop.operate('GET', 'suppliers', undefined, { key: made.stdout.trim() }), 200)

    const [before] = await house().db`SELECT count(*) FROM api_keys`
    for (const options of [
      ['--role', 'supplier', '--name', 'x'],
      ['--role', 'supplier', '--name', 'x', '--partner', someId()],
    ]) {
      const refused = make(...options)
      expect([refused.status, refused.stdout]).toEqual([1, ''])
    }
    expect((await house().db`SELECT count(*) FROM api_keys`)[0]).toEqual(before)
  })

  test('webhook endpoints: made, switched, removed, by the storefront or for it', async () => {
    const { id, key } = await open()
    const other = await open()
    const own = (method: string, path: string, body?: unknown) =>
      shop.call(method, `/v1/webhook-endpoints${path}`, { key, ...(body === undefined ? {} : { body }) })
    const made = expectStatus(await own('POST', '', { url: 'https://alpine.example/hooks' }), 201)
    expect(made.body).toMatchObject({
      url: 'https://alpine.example/hooks',
      enabled: true,
      disabled_because: null,
    })
    expect(made.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/)
    const { secret: _, ...shown } = made.body
    expect((await shop.operate('GET', `storefronts/${id}/webhook-endpoints`)).body).toEqual({ data: [shown] })
    expect((await shop.call('GET', '/v1/webhook-endpoints', { key: other.key })).body).toEqual({ data: [] })

    const path = `/${made.body.id}`
    const strange = () =>
      shop.call('PATCH', `/v1/webhook-endpoints${path}`, { key: other.key, body: { enabled: false } })
    await expectProblem(house(), await changesNothing(strange), 404, 'not-found')
    const off = expectStatus(
      await shop.operate('PATCH', `storefronts/${id}/webhook-endpoints${path}`, { enabled: false }),
      200,
    )
    expect(off.body).toMatchObject({ enabled: false, disabled_because: 'operator' })
    expect(expectStatus(await own('PATCH', path, { enabled: true }), 200).body).toEqual(shown)
    for (const url of ['ftp://x.example', 'https://me:secret@x.example', 'nowhere']) {
      const answer = await changesNothing(() => own('POST', '', { url }))
      expect((await expectProblem(house(), answer, 422, 'invalid-request')).errors).toMatchObject([
        { pointer: '/url' },
      ])
    }
    expectStatus(await own('DELETE', path), 200)
    await expectProblem(house(), await own('DELETE', path), 404, 'not-found')
    await expectProblem(
      house(),
      await shop.operate('GET', `storefronts/${someId()}/webhook-endpoints`),
      404,
      'not-found',
    )

    const eleven = await Promise.all(
      Array.from({ length: 11 }, (_, n) => own('POST', '', { url: `https://alpine.example/${n}` })),
    )
    expect(eleven.map((answer) => answer.status).sort()).toEqual([
      ...Array.from({ length: 10 }, () => 201),
      409,
    ])
  })
})

describe('periods (A7, P8)', () => {
  const body = (wait: object) => {
    const usual = { default: 'PT15M', min: 'PT1S', max: 'PT1H' }
    return { offer: usual, wait, hold: usual, confirm: usual }
  }

  test('read and changed on what was read; in order, or refused', async () => {
    const read = expectStatus(await shop.operate('GET', 'periods'), 200)
    const usual = { default: 'PT15M', min: 'PT1S', max: 'PT1H' }
    expect(read.body).toEqual({ offer: usual, wait: usual, hold: usual, confirm: usual })
    const longer = body({ default: 'PT2M', min: 'PT1S', max: 'PT2H' })
    const etag = read.headers.get('etag')
    await expectProblem(
      house(),
      await changesNothing(() => shop.operate('PUT', 'periods', longer)),
      428,
      'version-missing',
    )
    const changed = expectStatus(await shop.operate('PUT', 'periods', longer, ifMatch(etag)), 200)
    expect(changed.body).toEqual(longer)
    await expectProblem(
      house(),
      await changesNothing(() => shop.operate('PUT', 'periods', longer, ifMatch(etag))),
      412,
      'version-stale',
    )
    const now = ifMatch(changed.headers.get('etag'))
    for (const [wait, pointer] of [
      [{ default: 'PT1S', min: 'PT2S', max: 'PT1H' }, '/wait/default'],
      [{ default: 'PT2H', min: 'PT2S', max: 'PT1H' }, '/wait/default'],
      [{ default: 'PT1M', min: 'PT0S', max: 'PT1H' }, '/wait/min'],
      [{ default: 'P1M', min: 'PT1S', max: 'P90D' }, '/wait/default'],
    ] as const) {
      const answer = await changesNothing(() => shop.operate('PUT', 'periods', body(wait), now))
      expect((await expectProblem(house(), answer, 422, 'invalid-request')).errors).toMatchObject([
        { pointer },
      ])
    }
    expectStatus(await shop.operate('PUT', 'periods', read.body, now), 200)
  })
})

describe('stock counts (A6, P8)', () => {
  test('all or none; what an offer holds is not taken away', async () => {
    const [held, other] = [await shop.item({ onHand: 2 }), await shop.item({ onHand: 7 })]
    const { number } = expectStatus(await shop.order([{ sku: held, quantity: 3 }]), 201).body
    const reason = 'found fewer'
    const promised = await changesNothing(() =>
      shop.operate('POST', 'stock-counts', {
        counts: [
          { sku: other, counted: 6 },
          { sku: held, counted: 1 },
        ],
        reason,
      }),
    )
    expect(await expectProblem(house(), promised, 409, 'stock-promised')).toMatchObject({ holders: [number] })
    const unknown = await changesNothing(() =>
      shop.operate('POST', 'stock-counts', {
        counts: [
          { sku: other, counted: 6 },
          { sku: 'NOT-THERE', counted: 1 },
        ],
        reason,
      }),
    )
    expect((await expectProblem(house(), unknown, 422, 'unknown-item')).errors).toMatchObject([
      { pointer: '/counts/1/sku' },
    ])
    for (const [counts, pointer] of [
      [
        [
          { sku: other, counted: 1 },
          { sku: other, counted: 2 },
        ],
        '/counts/1/sku',
      ],
      [[{ sku: other, counted: -1 }], '/counts/0/counted'],
      [[], '/counts'],
    ] as const) {
      const answer = await changesNothing(() => shop.operate('POST', 'stock-counts', { counts, reason }))
      expect((await expectProblem(house(), answer, 422, 'invalid-request')).errors).toMatchObject([
        { pointer },
      ])
    }
    const mute = await changesNothing(() =>
      shop.operate('POST', 'stock-counts', { counts: [{ sku: other, counted: 1 }] }),
    )
    expect((await expectProblem(house(), mute, 422, 'invalid-request')).errors).toMatchObject([
      { pointer: '/reason' },
    ])
  })
})
