import { randomBytes, randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readAdf } from '../../src/integrations/adf.ts'
import { useHouse } from '../support/house.ts'
import { dealersServer, newLead, say, storyUntil } from '../support/lead.ts'
import { type Document, differences } from '../support/openapi.ts'
import { expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { reconcile } from '../support/reconcile.ts'
import { type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'

const house = useHouse({ partners: ['mail'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})
afterAll(async () => {
  await expectSoundHouse(house())
  await expectReplayable(house(), `WorkflowType = 'lead'`)
})

const hex = () => randomBytes(4).toString('hex')
/** Seconds after which each clock of a dealer in a hurry has run out. */
const IMPATIENT = { acknowledgeSeconds: 2, remindSeconds: 2, escalateSeconds: 2 }
const refused = (answer: Answer) => [answer.status, String(answer.body?.type).split('/').at(-1)]
const attention = async () =>
  expectStatus(await shop.call('GET', '/v1/operator/attention', { key: shop.operatorKey }), 200).body
const count = async (table: 'leads' | 'lead_statuses' | 'events', number: string) => {
  const column = table === 'lead_statuses' ? 'lead' : 'number'
  const [row] = await house().db.unsafe<{ n: number }[]>(
    `SELECT count(*)::int AS n FROM ${table} WHERE ${column} = '${number}'`,
  )
  return row?.n
}

describe.concurrent('a lead, from the prospect to the sale (B9)', () => {
  test('stored, numbered, confirmed, sent as ADF by mail; worked on; sold', async () => {
    const dealer = await shop.dealer()
    const { number, email, lead } = await newLead(shop, dealer, {
      reference: 'WEB-1',
      comments: 'After six,\nplease',
      price: { max: 2_500_000, currency: 'EUR' },
      trade_in: { make: 'Brio', year: 2011 },
    })
    expect(number).toMatch(/^LE-.{4}-.{4}-.{3}$/)
    expect(lead).toMatchObject({
      storefront: shop.storefront,
      reference: 'WEB-1',
      state: 'sent',
      status: null,
      version: 2,
      deadline: { kind: 'acknowledge' },
      allowed_actions: ['give_status', 'agree', 'cancel'],
      operator_actions: ['agree', 'cancel', 'hand_over', 'close'],
      dealer: dealer.id,
      another_dealer: false,
      prospect: { name: 'Ada Example', email, phone: '+49 421 555 0100', time_zone: 'Europe/Berlin' },
      vehicle: { make: 'Astra', model: 'Corda' },
      price: { max: 2_500_000, currency: 'EUR' },
      comments: 'After six, please',
      dealers: [{ dealer: dealer.id }],
      statuses: [],
    })
    const [confirmation] = await shop.mails(email, /we have it$/)
    expect(confirmation?.subject).toBe(`Enquiry ${number}: we have it`)
    expect(confirmation?.text).toContain('Hello Ada Example')
    expect(confirmation?.text).toContain(dealer.name)
    const [sent] = await shop.mails(dealer.email, /Astra Corda/)
    expect(sent?.text).toContain(`From: Ada Example, ${email}, +49 421 555 0100`)
    const [mail] = (await (await fetch(`${house().mailUrl}/api/mails?to=${dealer.email}`)).json()) as {
      attachments: { filename: string; mime_type: string; text: string }[]
    }[]
    const [adf] = mail?.attachments ?? []
    expect([adf?.filename, adf?.mime_type]).toEqual([`${number}.xml`, 'application/xml'])
    expect(readAdf(new TextEncoder().encode(adf?.text))).toMatchObject({
      reference: number,
      dealer: dealer.id,
      prospect: { name: 'Ada Example', email },
      trade_in: { make: 'Brio', year: 2011 },
    })

    const takes_place_at = '2031-03-01T08:00:00.000Z'
    expectStatus(await say(shop, dealer, number, { status: 'received' }), 200)
    expectStatus(await say(shop, dealer, number, { status: 'contacted', note: 'Rang twice' }), 200)
    const made = expectStatus(await say(shop, dealer, number, { status: 'appointment', takes_place_at }), 200)
    expect(made.body).toMatchObject({ state: 'working', status: 'appointment', deadline: { kind: 'status' } })
    for (const status of ['test_drive', 'quoted']) {
      expectStatus(await say(shop, dealer, number, { status }), 200)
    }
    const sold = expectStatus(await say(shop, dealer, number, { status: 'sold' }), 200)
    expect(sold.body).toMatchObject({
      state: 'sold',
      status: 'sold',
      deadline: null,
      allowed_actions: [],
      version: 8,
    })
    expect(sold.body.statuses.map(({ status }: { status: string }) => status)).toEqual([
      'received',
      'contacted',
      'appointment',
      'test_drive',
      'quoted',
      'sold',
    ])
    expect(sold.body.statuses).toMatchObject([
      {},
      { dealer: dealer.id, note: 'Rang twice', is_late: false, at: expect.any(String) },
      { takes_place_at },
      {},
      {},
      {},
    ])
    const history = expectStatus(await shop.call('GET', `/v1/leads/${number}/events`), 200).body.data
    expect(history.map(({ type }: { type: string }) => type)).toEqual([
      'lead.received',
      'lead.sent',
      ...Array.from({ length: 6 }, () => 'lead.status_given'),
    ])
    expect(history[3]).toMatchObject({ actor: `dealer:${dealer.id}`, note: 'Rang twice', to: 'working' })

    // What is over stays over.
    const late = await say(shop, dealer, number, { status: 'contacted' })
    expect([...refused(late), late.body.allowed_actions]).toEqual([409, 'state-conflict', []])
    expect(refused(await shop.call('POST', `/v1/leads/${number}/agreement`, { body: {} }))).toEqual([
      409,
      'state-conflict',
    ])
    // The dealer's late word is kept.
    expect([await count('lead_statuses', number), await count('events', number)]).toEqual([7, 9])
    const over = await shop.look(number)
    expect(over).toMatchObject({ state: 'sold', status: 'sold', version: 9, deadline: null })
    expect(over.statuses[6]).toMatchObject({ status: 'contacted', is_late: true })
  })

  test('sent as JSON by mail, to a dealer who prefers that', async () => {
    const dealer = await shop.dealer({ format: 'json' })
    const { number, email } = await newLead(shop, dealer, { comments: 'After six' })
    await shop.mails(dealer.email, new RegExp(number))
    const url = `${house().mailUrl}/api/mails?to=${encodeURIComponent(dealer.email)}`
    const [mail] = (await (await fetch(url)).json()) as {
      attachments: { filename: string; mime_type: string; text: string }[]
    }[]
    expect(mail?.attachments).toMatchObject([{ filename: `${number}.json`, mime_type: 'application/json' }])
    expect(JSON.parse(mail?.attachments[0]?.text ?? '')).toMatchObject({
      type: 'lead.sent',
      data: {
        number,
        dealer: dealer.id,
        prospect: { name: 'Ada Example', email },
        comments: 'After six',
      },
    })
  })

  test('lost, with its reason; the storefront and the operator see why', async () => {
    const dealer = await shop.dealer()
    const { number } = await newLead(shop, dealer)
    const lost = { status: 'lost', reason: 'bought_elsewhere', note: 'At the neighbour’s' }
    expectStatus(await say(shop, dealer, number, lost), 200)
    expect(await shop.look(number)).toMatchObject({ state: 'lost', lost_reason: 'bought_elsewhere' })
    const told = expectStatus(
      await shop.call('GET', `/v1/operator/leads/${number}/notifications`, { key: shop.operatorKey }),
      200,
    ).body.data
    expect(told.map(({ event, channel }: { event: string; channel: string }) => [event, channel])).toEqual([
      ['lead.received', 'mail'],
      ['lead.sent', 'dealer'],
    ])
  })

  test('the same request twice is one lead; another one under its key is refused', async () => {
    const dealer = await shop.dealer()
    const key = randomUUID()
    const body = {
      dealer: dealer.id,
      prospect: { name: 'Ada Example', email: `twice-${hex()}@example.test` },
      vehicle: { make: 'Astra' },
    }
    const send = (changed: object = {}) =>
      shop.call('POST', '/v1/leads', { idempotencyKey: key, body: { ...body, ...changed } })
    const first = expectStatus(await send(), 201)
    expect((await send()).body).toEqual(first.body)
    expect(refused(await send({ comments: 'other' }))).toEqual([422, 'idempotency-key-reused'])
    const rows = await house().db`SELECT 1 FROM leads WHERE dealer = ${dealer.id}`
    expect(rows).toHaveLength(1)
  })
})

describe.concurrent('a dealer who is reached by signed webhook', () => {
  test('gets ADF, answers signed; the same message again is one answer', async () => {
    const server = await dealersServer()
    const dealer = await shop.dealer({ webhookUrl: server.url, format: 'adf' })
    server.signsWith(dealer.secret)
    const { number, email } = await newLead(shop, dealer)
    const [adf] = await waitFor(
      'the lead',
      async () => server.taken,
      (taken) => taken.length === 1,
    )
    expect(adf?.type).toBe('application/xml; charset=utf-8')
    expect(readAdf(new TextEncoder().encode(adf?.text))).toMatchObject({
      reference: number,
      prospect: { name: 'Ada Example', email },
      vehicle: { make: 'Astra', model: 'Corda' },
    })
    const message = (data: object, secret = dealer.secret, id = `msg-${hex()}`, at = new Date()) => {
      const body = JSON.stringify({ type: 'lead.status_given', timestamp: at.toISOString(), data })
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': new Webhook(secret).sign(id, at, body),
      }
      return shop.call('POST', `/v1/dealer-webhooks/${dealer.id}`, {
        key: null,
        idempotencyKey: null,
        body,
        headers,
      })
    }
    const word = { number, status: 'contacted' }
    const first = expectStatus(await message(word, dealer.secret, 'msg-once'), 200)
    expect(expectStatus(await message(word, dealer.secret, 'msg-once'), 200).body).toEqual(first.body)
    expect(refused(await message({ ...word, status: 'quoted' }, dealer.secret, 'msg-once'))).toEqual([
      422,
      'idempotency-key-reused',
    ])
    const other = await shop.dealer()
    expect(refused(await message(word, other.secret))).toEqual([401, 'invalid-signature'])
    const stale = new Date(Date.now() - 600_000)
    expect(refused(await message(word, dealer.secret, 'msg-old', stale))).toEqual([401, 'invalid-signature'])
    expect(refused(await message({ number, status: 'lost' }))).toEqual([422, 'invalid-request'])
    const { number: another } = await newLead(shop, other)
    expect(refused(await message({ number: another, status: 'sold' }))).toEqual([404, 'not-found'])
    expect(await shop.look(number)).toMatchObject({ state: 'working', statuses: [{ status: 'contacted' }] })
    expect(await shop.look(another)).toMatchObject({ state: 'sent', version: 2 })
    server.close()
  })

  test('gets JSON if it prefers that, and is asked for the status by schedule', async () => {
    const server = await dealersServer()
    const dealer = await shop.dealer({ webhookUrl: server.url, format: 'json', statusSeconds: 2 })
    server.signsWith(dealer.secret)
    const { number, email } = await newLead(shop, dealer)
    expectStatus(await say(shop, dealer, number, { status: 'contacted' }), 200)
    await storyUntil(shop, number, 'lead.status_requested')
    expect(await shop.look(number)).toMatchObject({ state: 'working', deadline: { kind: 'acknowledge' } })
    const taken = await waitFor(
      'both messages',
      async () => server.taken,
      (taken) => taken.length === 2,
    )
    expect(taken.map(({ type }) => type)).toEqual(['application/json', 'application/json'])
    const [sent, asked] = taken.map(({ text }) => JSON.parse(text))
    expect(sent).toMatchObject({
      type: 'lead.sent',
      data: { number, dealer: dealer.id, prospect: { email } },
    })
    expect(asked).toMatchObject({
      type: 'lead.status_requested',
      data: { number, status: 'contacted', event: { deadline_at: expect.any(String) } },
    })
    const document = (await (await fetch(`${house().apiUrl}/openapi.json`)).json()) as Document
    for (const message of [sent, asked]) {
      const { schema } = document.webhooks[message.type]?.post.requestBody.content['application/json'] ?? {}
      expect(differences(document, schema ?? {}, message)).toEqual([])
    }
    // An answer starts the same clock anew.
    expectStatus(await say(shop, dealer, number, { status: 'quoted' }), 200)
    expect(await shop.look(number)).toMatchObject({ deadline: { kind: 'status' } })
    expectStatus(await say(shop, dealer, number, { status: 'sold' }), 200)
    server.close()
  })
})

describe.concurrent('a dealer who stays silent', () => {
  const LADDER = ['received', 'sent', 'reminded', 'escalated']

  test('reminded, escalated, passed on to the next nearest who sells the make; the late answer changes nothing', async () => {
    const make = `make-${hex()}`
    const at = (longitude: number, makes: string[]) => ({ latitude: 10, longitude, makes })
    const silent = await shop.dealer({ ...at(20, [make]), ...IMPATIENT })
    const stranger = await shop.dealer(at(20.01, [`other-${hex()}`]))
    const far = await shop.dealer(at(21, [make]))
    const next = await shop.dealer(at(20.1, [make]))
    const { number, email } = await newLead(shop, silent, { another_dealer: true, vehicle: { make } })
    await shop.until(number, (view) => view.deadline.kind === 'remind')
    const escalated = await shop.until(number, (view) => view.state === 'escalated')
    expect(escalated.deadline.kind).toBe('escalate')
    expect((await attention()).silent_leads).toContainEqual({
      lead: number,
      dealer: silent.id,
      storefront: shop.storefront,
      since: expect.any(String),
    })
    await shop.mails('operators@example.test', new RegExp(number))
    const story = await storyUntil(shop, number, 'lead.sent')
    expect(story).toEqual([...LADDER, 'withdrawn', 'passed_on', 'sent'])
    const passed = await shop.look(number)
    expect(passed).toMatchObject({
      state: 'sent',
      dealer: next.id,
      deadline: { kind: 'acknowledge' },
      dealers: [{ dealer: silent.id }, { dealer: next.id }],
    })
    // Operators find it in the Temporal UI by the dealer who has it now.
    const process = house().temporal.workflow.getHandle(`lead/${number}`)
    await waitFor(
      'the new dealer to be shown',
      async () => (await process.describe()).searchAttributes.PartnerId,
      (shown) => shown?.[0] === next.id,
    )
    expect((await attention()).silent_leads.filter(({ lead }: { lead: string }) => lead === number)).toEqual(
      [],
    )

    const [withdrawn] = (await shop.mails(silent.email, /withdrawn/)).filter(({ subject }) =>
      /withdrawn/.test(subject),
    )
    expect(withdrawn?.text).not.toMatch(new RegExp(email))
    await shop.mails(next.email, new RegExp(`^Lead ${number}: `))
    const letters = await shop.mails(email, new RegExp(`now with ${next.name}$`))
    expect(letters).toHaveLength(2)

    // The first dealer sees no more of the prospect; its late word is kept and changes nothing.
    const path = `/v1/leads/${number}`
    const seen = expectStatus(await shop.call('GET', path, { key: silent.key }), 200).body
    expect(seen).toMatchObject({
      dealer: null,
      prospect: null,
      dealers: [{ dealer: silent.id }],
      statuses: [],
    })
    const late = expectStatus(await say(shop, silent, number, { status: 'sold', note: 'Ours!' }), 200)
    expect(late.body).toMatchObject({
      dealer: null,
      prospect: null,
      statuses: [{ status: 'sold', is_late: true }],
    })
    const { version, statuses, ...rest } = await shop.look(number)
    const { version: before, statuses: none, ...unchanged } = passed
    expect(rest).toEqual(unchanged)
    expect([none, statuses.length, version - before]).toEqual([[], 1, 1])
    expectStatus(await say(shop, next, number, { status: 'sold' }), 200)
    expect(await shop.look(number)).toMatchObject({ state: 'sold', dealer: next.id })
    // What the first dealer could not be sent before it is not sent now.
    const told = `/v1/operator/leads/${number}/notifications`
    const of = async () =>
      expectStatus(await shop.call('GET', told, { key: shop.operatorKey }), 200).body.data
    const isFirst = (one: { event: string; recipient: string }) =>
      one.event === 'lead.sent' && one.recipient === silent.id
    const { id } = (await of()).find(isFirst)
    const redelivery = `/v1/operator/notifications/${id}/redelivery`
    expectStatus(await shop.call('POST', redelivery, { key: shop.operatorKey, body: {} }), 202)
    const ended = await waitFor(
      'the notification to be given up',
      async () => (await of()).find(isFirst),
      ({ attempts }) => attempts.length === 2,
    )
    expect([ended.state, ended.attempts[1].outcome]).toEqual(['abandoned', 'passed on'])
    expect(JSON.stringify((await attention()).abandoned_notifications)).not.toContain(id)
    for (const { key } of [stranger, far]) expect((await shop.call('GET', path, { key })).status).toBe(404)
  })

  test('without consent the prospect is told; agreeing then sends it on at once', async () => {
    const make = `make-${hex()}`
    const silent = await shop.dealer({ makes: [make], ...IMPATIENT })
    const next = await shop.dealer({ makes: [make] })
    const { number, email } = await newLead(shop, silent, { vehicle: { make } })
    expect(await storyUntil(shop, number, 'lead.unanswered')).toEqual([...LADDER, 'unanswered'])
    expect(await shop.look(number)).toMatchObject({
      state: 'escalated',
      dealer: silent.id,
      deadline: { kind: 'close' },
    })
    const letters = await shop.mails(email, /no answer so far$/)
    expect(letters.find(({ subject }) => /no answer/.test(subject))?.text).toContain('Shall another dealer')
    const agreed = expectStatus(await shop.call('POST', `/v1/leads/${number}/agreement`, { body: {} }), 200)
    expect(agreed.body).toMatchObject({ state: 'sent', dealer: next.id, another_dealer: true })
    expect(await storyUntil(shop, number, 'lead.sent')).toEqual([
      ...LADDER,
      'unanswered',
      'agreed',
      'withdrawn',
      'passed_on',
      'sent',
    ])
    // Once more it changes nothing.
    const again = expectStatus(await shop.call('POST', `/v1/leads/${number}/agreement`, { body: {} }), 200)
    expect(again.body).toEqual(agreed.body)
    expectStatus(await say(shop, next, number, { status: 'lost', reason: 'unreachable' }), 200)
  })

  test('with nobody else to go to it stays, and counts as lost when nothing is heard for too long', async () => {
    const make = `make-${hex()}`
    const silent = await shop.dealer({ makes: [make], ...IMPATIENT, closeSeconds: 5 })
    const { number, email } = await newLead(shop, silent, { vehicle: { make }, another_dealer: true })
    await storyUntil(shop, number, 'lead.unanswered')
    const letter = (await shop.mails(email, /no answer so far$/)).find(({ subject }) =>
      /no answer/.test(subject),
    )
    expect(letter?.text).toContain('We found no other dealer near you')
    expect(await storyUntil(shop, number, 'lead.closed')).toEqual([...LADDER, 'unanswered', 'closed'])
    expect(await shop.look(number)).toMatchObject({
      state: 'lost',
      lost_reason: 'no_answer',
      deadline: null,
      allowed_actions: [],
    })
    const letters = await shop.mails(email, /is closed$/)
    expect(letters.map(({ subject }) => subject)).toHaveLength(3)
    expect(refused(await say(shop, silent, number, { status: 'contacted' }))).toEqual([409, 'state-conflict'])
    expect(await shop.look(number)).toMatchObject({
      state: 'lost',
      lost_reason: 'no_answer',
      statuses: [{ dealer: silent.id, status: 'contacted', is_late: true }],
    })
  })

  test('an operator who reached the prospect may pass the consent on; a dealer may not', async () => {
    const make = `make-${hex()}`
    const silent = await shop.dealer({ makes: [make], ...IMPATIENT })
    const next = await shop.dealer({ makes: [make] })
    const { number } = await newLead(shop, silent, { vehicle: { make } })
    const agree = (key: string) => shop.call('POST', `/v1/leads/${number}/agreement`, { key, body: {} })
    expect(refused(await agree(silent.key))).toEqual([403, 'role-forbidden'])
    // Before the dealer is given up it changes nothing else.
    const agreed = expectStatus(await agree(shop.operatorKey), 200)
    expect(agreed.body).toMatchObject({ state: 'sent', dealer: silent.id, another_dealer: true })
    await shop.until(number, (view) => view.dealer === next.id)
    const [event] = await house()
      .db`SELECT actor FROM events WHERE number = ${number} AND type = 'lead.agreed'`
    expect(event?.actor).toMatch(/^operator:/)
    expectStatus(await say(shop, next, number, { status: 'sold' }), 200)
  })

  test('an answer after the escalation takes it back to work', async () => {
    const silent = await shop.dealer({ ...IMPATIENT, escalateSeconds: 600 })
    const { number } = await newLead(shop, silent, { another_dealer: true })
    await shop.until(number, (view) => view.state === 'escalated')
    const answered = expectStatus(await say(shop, silent, number, { status: 'received' }), 200)
    expect(answered.body).toMatchObject({ state: 'working', dealer: silent.id, deadline: { kind: 'status' } })
    expectStatus(await say(shop, silent, number, { status: 'lost', reason: 'duplicate' }), 200)
  })

  test('at work, but silent on the status request, it is reminded all the same', async () => {
    const dealer = await shop.dealer({ statusSeconds: 1, acknowledgeSeconds: 2 })
    const { number } = await newLead(shop, dealer)
    expectStatus(await say(shop, dealer, number, { status: 'contacted' }), 200)
    expect(await storyUntil(shop, number, 'lead.reminded')).toEqual([
      'received',
      'sent',
      'status_given',
      'status_requested',
      'reminded',
    ])
    expect(await shop.look(number)).toMatchObject({ state: 'working', deadline: { kind: 'remind' } })
    expectStatus(await say(shop, dealer, number, { status: 'sold' }), 200)
  })
})

describe.concurrent('who may see and say what', () => {
  test("a lead is its storefront's, its dealers' and the operators'; to all others it is not there", async () => {
    const [dealer, stranger] = await Promise.all([shop.dealer(), shop.dealer()])
    const otherShop = await Shop.open(house())
    const { number } = await newLead(shop, dealer)
    const path = `/v1/leads/${number}`
    const statusOf = async (key: string | null) => (await shop.call('GET', path, { key })).status
    expect(await statusOf(shop.storefrontKey)).toBe(200)
    expect(await statusOf(dealer.key)).toBe(200)
    expect(await statusOf(shop.operatorKey)).toBe(200)
    expect(await statusOf(otherShop.storefrontKey)).toBe(404)
    expect(await statusOf(stranger.key)).toBe(404)
    expect(await statusOf((await shop.supplier({ skus: [] })).key)).toBe(403)
    expect(await statusOf(null)).toBe(401)
    expect(refused(await say(shop, stranger, number, { status: 'sold' }))).toEqual([404, 'not-found'])
    for (const key of [shop.storefrontKey, shop.operatorKey]) {
      expect(refused(await say(shop, { key }, number, { status: 'sold' }))).toEqual([403, 'role-forbidden'])
    }
    const mistyped = number.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
    expect(refused(await say(shop, dealer, mistyped, { status: 'sold' }))).toEqual([400, 'mistyped-number'])
    expect((await shop.call('GET', `${path}/events`, { key: dealer.key })).status).toBe(403)
    expect(await shop.look(number)).toMatchObject({ state: 'sent', version: 2, statuses: [] })
  })

  test('a dealer with the id of a storefront is not that storefront', async () => {
    const own = await shop.dealer()
    const { number } = await newLead(shop, own)
    const twin = await shop.dealer()
    const { db } = house()
    await db`UPDATE api_keys SET partner = ${shop.storefront} WHERE role = 'dealer' AND partner = ${twin.id}`
    expect((await shop.call('GET', `/v1/leads/${number}`, { key: twin.key })).status).toBe(404)
    expect(expectStatus(await shop.call('GET', '/v1/leads', { key: twin.key }), 200).body.data).toEqual([])
  })

  test('lists: the newest first, by cursor; a dealer finds those that it has', async () => {
    const [dealer, other] = await Promise.all([shop.dealer(), shop.dealer()])
    const numbers: string[] = []
    for (const chosen of [dealer, other, dealer, dealer]) {
      const { number } = await newLead(shop, chosen)
      if (chosen === dealer) numbers.unshift(number)
    }
    const list = async (query: string, key: string) =>
      expectStatus(await shop.call('GET', `/v1/leads?${query}`, { key }), 200).body
    const found = (page: { data: { number: string }[] }) => page.data.map(({ number }) => number)
    const first = await list('limit=2', dealer.key)
    expect(found(first)).toEqual(numbers.slice(0, 2))
    expect(found(await list(`limit=2&cursor=${first.next_cursor}`, dealer.key))).toEqual(numbers.slice(2))
    expect(found(await list(`dealer=${dealer.id}`, shop.storefrontKey))).toEqual(numbers)
    expect(found(await list(`dealer=${dealer.id}&state=sold`, shop.operatorKey))).toEqual([])
    expect(found(await list(`dealer=${other.id}`, dealer.key))).toEqual([])
    const { email } = (await newLead(shop, dealer)).lead.prospect
    expect(found(await list(`email=${email}&storefront=${shop.storefront}`, dealer.key))).toHaveLength(1)
    expect(found(await list(`email=${email}`, shop.storefrontKey))).toHaveLength(1)
    expect(found(await list(`email=${email}`, other.key))).toEqual([])
    expect(found(await list('storefront=another', dealer.key))).toEqual([])
    const [summary] = first.data
    expect(summary).toMatchObject({ dealer: dealer.id, state: 'sent', deadline: { kind: 'acknowledge' } })
    expect(JSON.stringify(first)).not.toContain('example.test')
  })
})

describe.concurrent('choosing by distance', () => {
  test('the nearest dealer who sells the make, however it is written', async () => {
    const code = `mak-${hex()}`
    const near = await shop.dealer({ latitude: -30, longitude: -60.001, makes: [`other-${hex()}`] })
    const right = await shop.dealer({ latitude: -30, longitude: -60.1, makes: [code] })
    await shop.dealer({ latitude: -30, longitude: -61, makes: [code] })
    const body = (make: string) => ({
      near: { latitude: -30, longitude: -60 },
      prospect: { name: 'Ada Example', email: `near-${hex()}@example.test` },
      vehicle: { make },
    })
    const send = (make: string) => shop.call('POST', '/v1/leads', { body: body(make) })
    const lead = expectStatus(await send(code.toUpperCase().replace('-', ' ')), 201)
    expect(lead.body.dealer).toBe(right.id)
    const nobody = await send('No Such Make')
    expect([...refused(nobody), nobody.body.errors]).toEqual([
      422,
      'invalid-request',
      [{ pointer: '/vehicle/make', detail: 'no dealer sells this make' }],
    ])
    expect(near.id).not.toBe(right.id)
  })
})

describe.concurrent('Cancel and Terminate in the Temporal UI (P4)', () => {
  test('Cancel closes the lead, as an operator does', async () => {
    const dealer = await shop.dealer()
    const { number, email } = await newLead(shop, dealer)
    const handle = house().temporal.workflow.getHandle(`lead/${number}`)
    await waitFor(
      'its process',
      () => handle.describe(),
      ({ status }) => status.name === 'RUNNING',
    )
    await handle.cancel()
    const closed = await shop.until(number, ({ state }) => state === 'lost')
    expect(closed).toMatchObject({ lost_reason: 'closed', deadline: null, operator_actions: [] })
    const [event] = await house()
      .db`SELECT actor, note FROM events WHERE number = ${number} AND type = 'lead.closed'`
    expect(event).toEqual({ actor: 'operator:temporal', note: null })
    await shop.mails(email, /is closed$/)
    await shop.mails(dealer.email, /is withdrawn$/)
    // The dealer has nothing more to do with this prospect.
    const asDealer = await shop.call('GET', `/v1/leads/${number}`, { key: dealer.key })
    expect(asDealer.body).toMatchObject({ state: 'lost', prospect: null, comments: null })
    await waitFor(
      'its end',
      () => handle.describe(),
      ({ status }) => status.name === 'COMPLETED',
    )
  })

  test('one that was terminated is started again', async () => {
    const dealer = await shop.dealer({ acknowledgeSeconds: 3 })
    const { number } = await newLead(shop, dealer)
    const handle = house().temporal.workflow.getHandle(`lead/${number}`)
    await storyUntil(shop, number, 'lead.reminded')
    await handle.terminate('a test')
    await waitFor(
      'reconcile to start it again',
      async () => {
        await reconcile(house())
        return handle.describe()
      },
      ({ status }) => status.name === 'RUNNING',
    )
    expectStatus(await say(shop, dealer, number, { status: 'sold' }), 200)
    await waitFor(
      'its end',
      () => handle.describe(),
      ({ status }) => status.name === 'COMPLETED',
    )
    const { searchAttributes } = await handle.describe()
    expect(searchAttributes).toMatchObject({ OrderNumber: [number], PartnerId: [dealer.id], Stage: ['sold'] })
  })
})
