import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser } from '../support/browser.ts'
import { accept, configure, newRange, newVin, plantSays, processorSays } from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import { linkIn } from '../support/lead.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { everythingInTemporal, textOf } from '../support/search.ts'
import { type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'
import { lotVehicle, newModel, onLot } from '../support/vehicle.ts'

/**
 * REQUIREMENTS P6: what people wrote or what names them is in Postgres and in what they are sent, and nowhere else. Words
 * that occur once in the world are planted wherever a person can write something; a whole story is played with every kind
 * of failure that is known to quote what it failed on; then they are looked for.
 */
const house = useHouse({ partners: ['mail', 'carrier'] })
let shop: Shop
let storefrontsServer: Server

const planted: Record<string, string> = {}
/** A word that occurs once in the world. */
function canary(where: string): string {
  return (planted[where] ??= `canary${randomBytes(6).toString('hex')}`)
}

/** Answers that were a no: whoever reads them may be somebody else than who wrote the words. */
const problems: Answer[] = []
const EMAIL = () => `${canary('e-mail')}@example.test`
const PERSON = () => ({
  name: canary('addressee'),
  lines: [canary('street'), canary('second line')],
  city: canary('city'),
  postcode: canary('postcode'),
  region: canary('region'),
  country: 'DE',
})

async function partner(base: string, method: string, path: string, body: object): Promise<void> {
  const response = await fetch(new URL(path, base), {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(200)
}
const mailSink = (behaviour: object) => partner(house().mailUrl, 'PUT', '/api/behaviour', behaviour)
const carrier = (method: string, path: string, body: object) =>
  partner(house().carrierUrl, method, path, body)

/** Sends a request while the database is in a state that makes it fail; the state ends after a while. */
async function whileBroken<T>(
  broken: string,
  mended: string,
  request: () => Promise<T>,
  seconds = 1.5,
): Promise<T> {
  const { db } = house()
  await db.unsafe(broken)
  const answer = request()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
  await db.unsafe(mended)
  return answer
}

let sku: string
let order: string
let number: string
let firstNotice: Date

beforeAll(async () => {
  shop = await Shop.open(house())
  // The storefront's own server fails, and says whom it failed on.
  storefrontsServer = createServer((request, response) => {
    request
      .resume()
      .on('end', () => response.writeHead(500).end(`no such person: ${canary("webhook's answer")}`))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => storefrontsServer.once('listening', resolve))
  const { port } = storefrontsServer.address() as AddressInfo
  await house().db`INSERT INTO webhook_endpoints (storefront, url, secret)
    VALUES (${shop.storefront}, ${`http://127.0.0.1:${port}/${canary('webhook address')}`}, ${`whsec_${randomBytes(24).toString('base64')}`})`
})
afterAll(() => void storefrontsServer.close())

describe('a story with every failure that quotes what it failed on', () => {
  test('ordering: refusals of the API, of the database, and of the mail server', async () => {
    sku = await shop.item({ onHand: 1 })
    await mailSink({
      mode: 'refuse',
      times: 1,
      reply: `550 5.1.1 <{recipient}> ${canary("mail server's words")} is unknown here`,
    })
    const body = {
      reference: canary('reference'),
      customer: { name: canary('customer'), email: EMAIL(), time_zone: 'Europe/Berlin' },
      ship_to: PERSON(),
      lines: [{ sku, quantity: 3 }],
    }
    const send = (changed: object = {}) =>
      shop.call('POST', '/v1/orders', {
        body: { ...body, ...changed },
        idempotencyKey: canary('idempotency key'),
      })
    problems.push(await send({ [canary('unknown member')]: 1 }))
    problems.push(await send({ customer: { ...body.customer, email: canary('no e-mail') } }))
    problems.push(await shop.call('GET', `/v1/orders/${canary('path')}?email=${EMAIL()}`))
    problems.push(await shop.call('GET', `/v1/orders?email=${EMAIL()}`))
    problems.push(
      await whileBroken(
        'ALTER TABLE customers RENAME TO customers_away',
        'ALTER TABLE customers_away RENAME TO customers',
        send,
      ),
      await whileBroken(
        `ALTER TABLE addresses ADD CONSTRAINT nobody CHECK (city <> '${canary('city')}')`,
        'ALTER TABLE addresses DROP CONSTRAINT nobody',
        send,
      ),
    )
    expect(problems.map(({ status }) => status)).toEqual([422, 422, 404, 200, 500, 500])
    const placed = expectStatus(await send(), 201)
    order = placed.body.number
    expect(placed.body).toMatchObject({ state: 'offered', reference: canary('reference') })
    problems.push(await send({ reference: 'another' }))
    firstNotice = new Date()
  })

  test('a mail that is refused gets a process of its own, and nothing of the order waits for it (DESIGN §5)', async () => {
    const [notice] = await waitFor(
      'the refused mail to be on record',
      () => house().db<{ id: string; state: string; attempts: number; last_failure: string }[]>`
        SELECT id, state, attempts, last_failure FROM notifications WHERE number = ${order} AND channel = 'mail' AND attempts > 0`,
      (rows) => rows.length === 1,
    )
    expect(notice).toMatchObject({ state: 'retrying', attempts: 1, last_failure: '550' })
    const handle = house().temporal.workflow.getHandle(`notification/${notice?.id}`)
    await waitFor(
      'its process',
      () => handle.describe(),
      ({ status }) => status.name === 'RUNNING',
    )
    expect(await house().db`SELECT outcome FROM attempts WHERE notification = ${notice?.id ?? ''}`).toEqual([
      { outcome: '550' },
    ])

    // From here on the mail server takes calls and never answers.
    await mailSink({ mode: 'hang' })
    const start = performance.now()
    const answered = expectStatus(
      await shop.call('POST', `/v1/orders/${order}/answers`, {
        body: { answers: [{ line: 1, choice: 'wait_for_all' }] },
      }),
      200,
    )
    number = answered.body.lines[0].back_order
    const lowered = expectStatus(await shop.command(number, 'quantity', { quantity: 2 }), 200)
    expect(lowered.body).toMatchObject({ state: 'waiting', ordered: 2 })
    const later = new Date(Date.now() + 1_800_000).toISOString()
    expectStatus(await shop.command(number, 'deadline', { deadline_at: later }), 200)
    expect(performance.now() - start).toBeLessThan(8_000)
    await mailSink({ mode: 'accept' })
  })

  test('suppliers, stock and counts: references and reasons', async () => {
    const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 1 })
    const second = await shop.item()
    const words = await shop.supplier({ skus: [second], gatherSeconds: 1 })
    await shop.backOrder(second, 3)
    const [purchase] = await waitFor(
      'the purchase order',
      () => house().db<{ number: string }[]>`SELECT number FROM purchase_orders WHERE supplier = ${words.id}`,
      (rows) => rows.length > 0,
    )
    const base = `/v1/purchase-orders/${purchase?.number}`
    const ask = (path: string, body: object, key = words.key) => shop.call('POST', path, { key, body })
    const expected_at = new Date(Date.now() + 86_400_000).toISOString()
    const split = {
      line: 1,
      accepted: { quantity: 2, expected_at },
      rejected: { quantity: 1, reason: canary("supplier's reason") },
    }
    expectStatus(await ask(`${base}/acknowledgement`, { lines: [split] }), 200)
    const notice = { reference: canary('shipment notice'), lines: [{ line: 1, quantity: 1, expected_at }] }
    expectStatus(await ask(`${base}/shipment-notices`, notice), 200)
    const withdrawal = `/v1/operator/purchase-orders/${purchase?.number}/lines/1/withdrawal`
    expectStatus(await ask(withdrawal, { reason: canary("operator's reason") }, shop.operatorKey), 200)

    const reference = canary('delivery note')
    const rejected = { rejected: { quantity: 1, reason: canary('reason for rejecting') } }
    expectStatus(await shop.bring(supplier, sku, 1, rejected, reference), 201)
    problems.push(await shop.bring(supplier, sku, 2, rejected, reference))
    expect(problems.at(-1)).toMatchObject({
      status: 409,
      body: { type: expect.stringMatching(/reference-reused$/) },
    })
    const count = {
      counts: [{ sku: await shop.item({ onHand: 2 }), counted: 5 }],
      reason: canary('reason for counting'),
    }
    expectStatus(await ask('/v1/operator/stock-counts', count, shop.operatorKey), 200)
    await shop.until(number, (view) => view.state === 'met')
  })

  test('the delivery request meets a database in trouble, in each of its ways, and is carried out', async () => {
    const request = () =>
      shop.command(number, 'delivery-request', { ship_to: { ...PERSON(), city: canary('second city') } })
    const { db } = house()
    // Gone, refusing the very row, and locked for longer than anybody waits.
    await db.unsafe(`ALTER TABLE addresses ADD CONSTRAINT nobody CHECK (city <> '${canary('second city')}')`)
    const answer = request()
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await db.unsafe(
      'ALTER TABLE addresses DROP CONSTRAINT nobody; ALTER TABLE addresses RENAME TO addresses_away',
    )
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await db.unsafe('ALTER TABLE addresses_away RENAME TO addresses')
    expect(expectStatus(await answer, 200).body).toMatchObject({ state: 'delivery_requested' })
    const failures = /"kind":"23514 \(nobody\)"[^]*"kind":"42P01"/
    expect(house().logs()).toMatch(failures)
  })

  test('delivery: the carrier refuses, fails with words, and delivers in the end; cancelling with a reason is too late', async () => {
    await carrier('PUT', '/api/behaviour', { mode: 'hold' })
    // The booking cannot read where the parcel is to go, until its activity is given up for a while.
    const confirmed = await whileBroken(
      'ALTER TABLE addresses RENAME TO addresses_away',
      'ALTER TABLE addresses_away RENAME TO addresses',
      async () => expectStatus(await shop.command(number, 'confirmation'), 200),
      5,
    )
    const { delivery } = confirmed.body
    await shop.until(delivery, (view) => view.state === 'booked')
    await carrier('POST', `/api/shipments/${delivery}/report`, {
      status: 'failed',
      reason: canary("carrier's reason"),
    })
    await shop.until(delivery, (view) => view.state === 'failed')
    const decide = (decision: string) =>
      shop.call('POST', `/v1/operator/deliveries/${delivery}/decision`, {
        key: shop.operatorKey,
        body: { decision, reason: canary('reason for deciding') },
      })
    await carrier('PUT', '/api/behaviour', { mode: 'refuse', times: 1 })
    expectStatus(await decide('retry'), 200)
    await shop.until(delivery, (view) => view.state === 'failed' && view.attempt === 2)
    await carrier('PUT', '/api/behaviour', { mode: 'hold' })
    expectStatus(await decide('retry'), 200)
    await shop.until(delivery, (view) => view.state === 'booked')
    await carrier('POST', `/api/shipments/${encodeURIComponent(`${delivery}/3`)}/report`, {
      status: 'collected',
    })
    await shop.until(number, (view) => view.state === 'dispatched')
    problems.push(await shop.command(number, 'cancellation', { reason: canary('reason for cancelling') }))
    expect(problems.at(-1)?.status).toBe(409)
    await carrier('POST', `/api/shipments/${encodeURIComponent(`${delivery}/3`)}/report`, {
      status: 'delivered',
    })
    await shop.until(number, (view) => view.state === 'delivered')
    const mails = await shop.mails(EMAIL(), /has arrived/)
    // The link opens the page; it is as good as a key.
    const link = /http\S+\/o\/\S+/.exec(mails.at(-1)?.text ?? '')?.[0] ?? ''
    const page = await fetch(link)
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining(order)])
    planted['link in the mail'] = link.split('/').at(-1) ?? ''
  })

  test('a lead: what the prospect wrote, what its dealers say, a mail server and a database in trouble', async () => {
    const make = `make-${randomBytes(4).toString('hex')}`
    const impatient = { makes: [make], acknowledgeSeconds: 1, remindSeconds: 1, escalateSeconds: 1 }
    const [first, second] = [await shop.dealer(impatient), await shop.dealer({ makes: [make] })]
    const prospect = {
      name: canary('prospect'),
      email: `${canary("prospect's e-mail")}@example.test`,
      phone: `${canary('telephone')} 1`,
    }
    const lead = {
      reference: canary("lead's reference"),
      dealer: first.id,
      prospect,
      vehicle: { make, model: canary('model'), trim: canary('trim'), options: [canary('option')] },
      trade_in: { model: canary('vehicle given in payment') },
      comments: canary('comments'),
      another_dealer: true,
    }
    const send = (body: object) => shop.call('POST', '/v1/leads', { body })
    problems.push(await send({ ...lead, prospect: { ...prospect, time_zone: 'Mars' } }))
    problems.push(
      await shop.call('POST', '/v1/leads/adf', {
        body: `<adf><prospect><customer><contact><name>${prospect.name}</name></contact></prospect></adf>`,
        headers: { 'content-type': 'application/xml' },
      }),
    )
    expect(problems.slice(-2).map(({ status }) => status)).toEqual([422, 400])
    const { number: sent } = expectStatus(await send(lead), 201).body
    await shop.until(sent, (view) => view.dealer === second.id)
    const say = (key: string, body: object) => shop.call('POST', `/v1/leads/${sent}/statuses`, { key, body })
    expectStatus(await say(first.key, { status: 'contacted', note: canary("late dealer's note") }), 200)
    const lost = { status: 'lost', reason: 'unreachable', note: canary("dealer's note") }
    const answer = await whileBroken(
      'ALTER TABLE lead_statuses RENAME TO lead_statuses_away',
      'ALTER TABLE lead_statuses_away RENAME TO lead_statuses',
      () => say(second.key, lost),
    )
    expectStatus(answer, 200)
    problems.push(await say(second.key, lost))
    expect(problems.at(-1)?.status).toBe(409)
    // The dealer's link is as good as a key, too.
    const [mail] = await shop.mails(second.email, new RegExp(sent))
    const link = /http\S+\/l\/\S+/.exec(mail?.text ?? '')?.[0] ?? ''
    expect([(await fetch(link)).status, mail?.text]).toEqual([200, expect.stringContaining(prospect.name)])
    planted["link in the dealer's mail"] = link.split('/').at(-1) ?? ''

    // What operators and prospects decide, with their reasons.
    const { number: other } = expectStatus(
      await send({ ...lead, near: { latitude: 1, longitude: 1 }, another_dealer: false }),
      201,
    ).body
    const postcode = `PC${randomBytes(5).toString('hex').toUpperCase()}`
    planted["prospect's postcode"] = postcode
    problems.push(await send({ ...lead, near: { country: 'DE', postcode } }))
    const handOver = (more: object) =>
      shop.operate('POST', `leads/${other}/hand-over`, {
        dealer: second.id,
        reason: canary("operator's reason for another dealer"),
        ...more,
      })
    problems.push(await handOver({}))
    expectStatus(await handOver({ agreement: canary('how the prospect agreed') }), 200)
    problems.push(await handOver({}))
    expect(problems.slice(-3).map(({ status }) => status)).toEqual([422, 409, 409])
    const page = await new Browser().open(await linkIn(shop, prospect.email, new RegExp(other), 'e'))
    planted["link in the prospect's mail"] = page.url.split('/').at(-1) ?? ''
    await page.send('/cancellation', { reason: canary("prospect's reason") })
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('You withdrew it.')])
    const { number: third } = expectStatus(await send(lead), 201).body
    const closing = { reason: canary("operator's reason for closing") }
    expectStatus(await shop.operate('POST', `leads/${third}/closing`, closing), 200)
  })

  test('a custom order: its buyer, what dealer and processor say of it, and the VIN', async () => {
    const range = await newRange(shop)
    const dealer = await shop.dealer({ makes: [range.make] })
    const body = {
      reference: canary("custom order's reference"),
      configuration: await configure(shop, range),
      dealer: dealer.id,
      buyer: {
        name: canary('buyer'),
        email: `${canary("buyer's e-mail")}@example.test`,
        phone: `${canary("buyer's telephone")} 1`,
      },
    }
    const send = (more: object = {}) => shop.call('POST', '/v1/custom-orders', { body: { ...body, ...more } })
    problems.push(await send({ dealer: 'nobody' }))
    const { number: ordered } = expectStatus(await send(), 201).body
    const reasons = [canary("processor's reason"), canary("processor's other reason")]
    const refused = await whileBroken(
      'ALTER TABLE customers RENAME TO customers_away',
      'ALTER TABLE customers_away RENAME TO customers',
      () => processorSays(shop, 'custom_order.refused', { number: ordered, turn: 1, reasons }),
    )
    expectStatus(refused, 200)
    expectStatus(
      await shop.call('POST', `/v1/custom-orders/${ordered}/dealer`, { body: { dealer: dealer.id } }),
      200,
    )
    const { vehicle } = await accept(shop, dealer, ordered)
    // No word of letters and digits that is one: it is looked for as it is.
    const vin = newVin()
    planted.VIN = vin
    expectStatus(await plantSays(shop, 'vin_assigned', vehicle.number, { vin }), 200)
    problems.push(await plantSays(shop, 'vin_assigned', vehicle.number, { vin: newVin() }))
    problems.push(await plantSays(shop, 'vin_assigned', 'VH-0000-0000-000', { vin }))
    expect(problems.slice(-3).map(({ status }) => status)).toEqual([422, 409, 400])
    const reason = canary('reason for cancelling the custom order')
    const cancellation = { body: { reason } }
    expectStatus(await shop.call('POST', `/v1/custom-orders/${ordered}/cancellation`, cancellation), 200)
  })

  test('a tag and a match request: their buyers, what they and the dealer write, the VIN', async () => {
    const dealer = await shop.dealer()
    const model = await newModel(shop)
    const vin = newVin()
    planted['VIN on a lot'] = vin
    const [vehicle] = await onLot(shop, dealer, [{ ...lotVehicle(model), vin }])
    const buyer = (who: string) => ({
      name: canary(who),
      email: `${canary(`${who}: e-mail`)}@example.test`,
      time_zone: 'Europe/Berlin',
    })
    const idempotencyKey = canary("tag's idempotency key")
    const body = { vehicle, customer: buyer("tag's buyer"), reference: canary("tag's reference") }
    const send = () => shop.call('POST', '/v1/tags', { body, idempotencyKey })
    problems.push(
      await whileBroken(
        'ALTER TABLE customers RENAME TO customers_away',
        'ALTER TABLE customers_away RENAME TO customers',
        send,
      ),
    )
    const { number: tag } = expectStatus(await send(), 201).body
    const late = { vehicle, customer: buyer('who came too late'), reference: canary('too late') }
    problems.push(await shop.call('POST', '/v1/tags', { body: late }))
    expect(problems.slice(-2).map(({ status }) => status)).toEqual([500, 409])
    const note = canary("dealer's note on the tag")
    const word = { key: dealer.key, body: { answer: 'there', note } }
    expectStatus(await shop.call('POST', `/v1/tags/${tag}/answers`, word), 200)
    const search = { make: model.make, model: model.model }
    const waiting = {
      customer: buyer("match request's buyer"),
      reference: canary("match request's reference"),
      search,
    }
    const { number: request } = expectStatus(
      await shop.call('POST', '/v1/match-requests', { body: waiting }),
      201,
    ).body
    for (const [path, where] of [
      [`tags/${tag}`, 'reason for giving the tag up'],
      [`match-requests/${request}`, 'reason for waiting no longer'],
    ] as const) {
      const reason = { body: { reason: canary(where) } }
      expectStatus(await shop.call('POST', `/v1/${path}/cancellation`, reason), 200)
    }
  })

  test('the refused mail is tried again a minute later, and then it arrives', async () => {
    const [notice] = await waitFor(
      'the second attempt',
      () => house().db<{ id: string; state: string }[]>`
        SELECT id, state FROM notifications WHERE number = ${order} AND channel = 'mail' AND attempts = 2`,
      (rows) => rows[0]?.state === 'sent',
      80,
    )
    const attempts = await house().db<{ outcome: string; at: Date }[]>`
      SELECT outcome, at FROM attempts WHERE notification = ${notice?.id ?? ''} ORDER BY id`
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['550', 'accepted'])
    expect((attempts[1]?.at.getTime() ?? 0) - firstNotice.getTime()).toBeGreaterThan(50_000)
    await shop.mails(EMAIL(), /some items are not in stock/)
    await expectSoundHouse(house())
  })
})

describe('nowhere else than in the books and in what people are sent', () => {
  /** Those of the planted words that are in a text, by where they were planted. */
  function foundIn(text: string): string[] {
    const lower = text.toLowerCase()
    return Object.entries(planted)
      .filter(([, word]) =>
        [word, Buffer.from(word).toString('base64').slice(0, -4)].some((way) =>
          lower.includes(way.toLowerCase()),
        ),
      )
      .map(([where]) => where)
  }

  test('the words are in the books, so looking for them means something', async () => {
    const tables = await house().db<{ name: string }[]>`
      SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`
    const texts = await Promise.all(
      tables.map(({ name }) => house().db.unsafe(`SELECT t::text FROM ${name} t`)),
    )
    const neverStored = [
      'unknown member',
      'no e-mail',
      'path',
      "mail server's words",
      "webhook's answer",
      // Of a command that was refused.
      'reason for cancelling',
      'link in the mail',
      "link in the dealer's mail",
      "link in the prospect's mail",
      "prospect's postcode",
      'who came too late',
      'who came too late: e-mail',
      'too late',
    ]
    expect(foundIn(textOf(texts)).sort()).toEqual(
      Object.keys(planted)
        .filter((where) => !neverStored.includes(where))
        .sort(),
    )
    expect(Object.keys(planted).length).toBeGreaterThan(25)
  })

  test('no history, memo, summary, search attribute or failure in Temporal has any of them', async () => {
    const texts = await everythingInTemporal(house())
    const kinds = new Set(Object.keys(texts).map((id) => id.split('/')[0]))
    for (const kind of [
      'order',
      'back-order',
      'delivery',
      'purchase-order',
      'purchasing',
      'restock',
      'notification',
      'stock-count',
      'lead',
      'custom-order',
      'tag',
      'match-request',
    ])
      expect(kinds).toContain(kind)
    for (const [id, text] of Object.entries(texts))
      expect({ id, found: foundIn(text) }).toEqual({ id, found: [] })
    // What is meant to be there is found in the same way: an item, a number, a summary, a failure's kind, a refusal.
    const all = Object.values(texts).join('\n')
    for (const there of [
      sku,
      order,
      `Order ${order}`,
      '42P01',
      'The back order is dispatched.',
      'checks the stock and sets aside what there is',
    ])
      expect(all).toContain(there)
  })

  test('no log of the API, of the worker or of Temporal has any of them', () => {
    const logs = house()
      .logs()
      .split(/^== /m)
      .filter((log) => /^(api|worker|temporal)/.test(log))
    const names = logs.map((log) => log.split('\n')[0])
    expect(names.sort()).toEqual(['api-0.log', 'temporal.log', 'worker-0.log'])
    for (const log of logs)
      expect({ log: log.slice(0, 20), found: foundIn(log) }).toMatchObject({ found: [] })
    expect(logs.join('\n')).toContain('"kind":"42P01"')
    expect(logs.join('\n')).toContain('/v1/orders/:number/answers')
  })

  test('no refusal says more than its sender said in the same request', () => {
    expect(problems.length).toBeGreaterThan(7)
    for (const { body } of problems) {
      const own = ['unknown member', 'path']
      expect(foundIn(JSON.stringify(body)).filter((where) => !own.includes(where))).toEqual([])
    }
  })
})
