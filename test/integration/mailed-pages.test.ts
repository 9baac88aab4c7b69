import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser } from '../support/browser.ts'
import {
  accept,
  configure,
  dealerSays,
  newRange,
  newVin,
  orderVehicle,
  plantSays,
  processorSays,
  type Range,
  RICH,
} from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import { letter, linkIn, newLead, say, storyUntil } from '../support/lead.ts'
import { expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { expectStatus, Shop, waitFor } from '../support/shop.ts'
import { answerTag, inPipeline, judgeTag, lotVehicle, newModel, onLot, tag } from '../support/vehicle.ts'

const house = useHouse({ partners: ['mail'] })
let shop: Shop
let range: Range
beforeAll(async () => {
  shop = await Shop.open(house())
  range = await newRange(shop)
})
afterAll(async () => {
  await expectSoundHouse(house())
  await expectReplayable(house(), `WorkflowType IN ('lead', 'customOrder', 'tagOrder')`)
})

const IMPATIENT = { acknowledgeSeconds: 2, remindSeconds: 2, escalateSeconds: 2 }
const someMake = () => `make-${randomBytes(4).toString('hex')}`
const turned = (link: string) => link.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
const eventsOf = async (number: string) => {
  const rows = await house().db<{ type: string; actor: string; note: string | null }[]>`
    SELECT type, actor, note FROM events WHERE number = ${number} ORDER BY sequence`
  return rows.map(({ type, actor, note }) => [type.replace(/^(lead|custom_order|tag)\./, ''), actor, note])
}
/** The prospect's page, by the link in the first mail. */
const prospect = async (email: string, subject = /we have it$/) =>
  new Browser().open(await linkIn(shop, email, subject, 'e'))
const dealerPage = async (dealer: { email: string }, number: string) =>
  new Browser().open(await linkIn(shop, dealer.email, new RegExp(number), 'l'))

describe.concurrent("the prospect's page of their enquiry (B9)", () => {
  test('says what was asked for, who has it, and what happened; a GET changes nothing', async () => {
    const dealer = await shop.dealer()
    const { number, email } = await newLead(shop, dealer, {
      comments: '<b>After six</b>',
      price: { max: 2_500_000, currency: 'EUR' },
      trade_in: { make: 'Brio', year: 2011 },
    })
    const page = await prospect(email)
    expect([page.status, page.headers.get('referrer-policy')]).toEqual([200, 'no-referrer'])
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    for (const there of [
      number,
      'Astra Corda',
      `Your enquiry is with ${dealer.name}, who will get in touch with you.`,
      '<b>After six</b>',
      '2011 Brio',
      'up to EUR',
      'We received your enquiry.',
      `It went to ${dealer.name}.`,
      'Europe/Berlin',
    ])
      expect(page.text).toContain(there)
    expect(page.html).not.toMatch(/<script|<b>After/)

    const takes_place_at = '2031-03-01T08:00:00Z'
    expectStatus(await say(shop, dealer, number, { status: 'received', note: 'A secret' }), 200)
    expectStatus(await say(shop, dealer, number, { status: 'appointment', takes_place_at }), 200)
    await page.open(page.url)
    expect(page.text).toContain(`You have an appointment with ${dealer.name}.`)
    // In the prospect's time zone.
    expect(page.text).toContain('It is on Sat 1 Mar 2031, 09:00')
    // What a dealer writes is for the house.
    expect(page.html).not.toContain('A secret')

    expectStatus(await say(shop, dealer, number, { status: 'lost', reason: 'unreachable' }), 200)
    const ended = await eventsOf(number)
    await page.open(page.url)
    expect(page.text).toContain(`${dealer.name} could not reach you.`)
    expect(page.forms).toEqual([])
    expect(await eventsOf(number)).toEqual(ended)
  })

  test('agreeing to another dealer: pressed twice it is once; the silent dealer then loses it to the next', async () => {
    const make = someMake()
    const silent = await shop.dealer({ makes: [make], ...IMPATIENT })
    const next = await shop.dealer({ makes: [make] })
    const { number, email } = await newLead(shop, silent, { vehicle: { make } })
    await storyUntil(shop, number, 'lead.unanswered')
    const page = await prospect(email, /no answer so far$/)
    expect(page.text).toContain(`${silent.name} did not answer so far.`)
    const twin = page.clone()
    await Promise.all([page.send('/agreement'), twin.send('/agreement')])
    for (const { status, text, url } of [page, twin]) {
      expect([status, new URL(url).search]).toEqual([200, '?done=agreement'])
      expect(text).toContain('Thank you. Another dealer gets your enquiry')
      expect(text).toContain(`Your enquiry is with ${next.name}`)
      expect(text).toContain('as you agreed')
    }
    expect(page.forms.map((action) => action.split('/').at(-1))).toEqual(['cancellation'])
    expect((await eventsOf(number)).slice(-4)).toEqual([
      ['agreed', 'customer', null],
      ['withdrawn', 'house', null],
      ['passed_on', 'house', null],
      ['sent', 'house', null],
    ])
    expectStatus(await say(shop, next, number, { status: 'sold' }), 200)
    await page.open(page.url)
    expect(page.text).toContain(`You bought from ${next.name}.`)
  })

  test('withdrawing the wish: the lead ends, the dealer is told and sees the prospect no more', async () => {
    const dealer = await shop.dealer()
    const { number, email } = await newLead(shop, dealer, { comments: 'Blue one' })
    const sales = await dealerPage(dealer, number)
    for (const there of [email, 'Blue one']) expect(sales.text).toContain(there)
    const page = await prospect(email)
    await page.send('/cancellation', { reason: 'Found another' })
    expect([page.status, new URL(page.url).search]).toEqual([200, '?done=cancellation'])
    expect(page.text).toContain('Your enquiry is withdrawn. The dealer was told.')
    expect(page.text).toContain('You withdrew it.')
    expect(page.forms).toEqual([])
    expect(await shop.look(number)).toMatchObject({
      state: 'lost',
      lost_reason: 'cancelled',
      deadline: null,
      allowed_actions: [],
      operator_actions: [],
    })
    expect((await eventsOf(number)).slice(-2)).toEqual([
      ['withdrawn', 'house', null],
      ['cancelled', 'customer', 'Found another'],
    ])
    const told = await letter(shop, dealer.email, /is withdrawn$/)
    expect(told).toContain('The prospect has withdrawn the wish. There is nothing more to do.')
    expect(told).not.toContain(email)
    await shop.mails(email, /is withdrawn$/)

    await sales.open(sales.url)
    expect(sales.text).toContain('This lead has ended.')
    expect(sales.text).not.toContain('with another dealer')
    expect(sales.html).not.toMatch(new RegExp(`${email}|Blue one`))
    const seen = expectStatus(await shop.call('GET', `/v1/leads/${number}`, { key: dealer.key }), 200).body
    expect(seen).toMatchObject({ dealer: dealer.id, state: 'lost', prospect: null, comments: null })
    expect((await say(shop, dealer, number, { status: 'sold' })).status).toBe(409)
  })

  test('a form that was shown before something changed does nothing, says what changed, and can be sent anew', async () => {
    const dealer = await shop.dealer()
    const { number, email } = await newLead(shop, dealer)
    const page = await prospect(email)
    expectStatus(await say(shop, dealer, number, { status: 'quoted' }), 200)
    const before = [await eventsOf(number), await shop.look(number)]
    await page.send('/cancellation', { reason: 'Too slow' })
    expect([await eventsOf(number), await shop.look(number)]).toEqual(before)
    expect(page.status).toBe(409)
    expect(page.text).toContain('Nothing was done, because something changed since you opened this page.')
    expect(page.text).toContain(`decide anew. ${dealer.name} named you a price.`)
    expect(await shop.look(number)).toMatchObject({ state: 'working', another_dealer: false })
    await page.send('/agreement')
    expect(page.status).toBe(200)
    expect(await shop.look(number)).toMatchObject({ state: 'working', another_dealer: true, version: 4 })
    // A reload of the address under which a form was sent leads back.
    const back = await new Browser().open(`${page.url.split('?')[0]}/agreement`)
    expect([back.status, back.url]).toEqual([200, page.url.split('?')[0]])
  })

  test('what cannot be: too many words, a form without its key, one from elsewhere', async () => {
    const dealer = await shop.dealer()
    const { number, email } = await newLead(shop, dealer)
    const page = await prospect(email)
    const { action, fields } = page.form('/cancellation')
    const before = await eventsOf(number)
    await page.post(action, { ...fields, reason: 'x'.repeat(1_001) })
    expect([page.status, page.text]).toEqual([422, expect.stringContaining('At most 1,000 characters')])
    const without = async (left: string) => {
      const others = Object.entries(fields).filter(([name]) => name !== left)
      return (await new Browser().post(action, Object.fromEntries(others))).status
    }
    expect([await without('key'), await without('version')]).toEqual([400, 400])
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect((await new Browser().post(action, fields, foreign)).status).toBe(403)
    expect((await new Browser().post(action.replace('/cancellation', '/sale'), fields)).status).toBe(404)
    expect(await eventsOf(number)).toEqual(before)
  })

  test('a link opens its own enquiry only, and is no dealer’s', async () => {
    const dealer = await shop.dealer()
    const { number, email } = await newLead(shop, dealer)
    const { number: other } = await newLead(shop, dealer)
    const link = await linkIn(shop, email, /we have it$/, 'e')
    const proof = link.split('/').at(-1)
    const sales = await linkIn(shop, dealer.email, new RegExp(number), 'l')
    const wrong = [
      link.replace(number, other),
      turned(link),
      link.replace('/e/', '/o/'),
      `${house().apiUrl}/l/${number}/0/${proof}`,
      `${house().apiUrl}/l/${number}/1/${proof}`,
      sales.replace('/l/', '/e/').replace('/1/', '/'),
    ]
    for (const url of wrong) {
      const page = await new Browser().open(url)
      expect([url, page.status]).toEqual([url, 404])
      expect(page.html).not.toContain(email)
    }
    const fields = { key: randomUUID(), version: '2' }
    expect((await new Browser().post(`${wrong[0]}/cancellation`, fields)).status).toBe(404)
    expect(await shop.look(other)).toMatchObject({ state: 'sent', version: 2 })

    // Thirty days after the end it opens nothing any more.
    expectStatus(await say(shop, dealer, number, { status: 'sold' }), 200)
    const { db } = house()
    await db`UPDATE leads SET ended_at = now() - interval '29 days' WHERE number = ${number}`
    expect((await new Browser().open(link)).status).toBe(200)
    await db`UPDATE leads SET ended_at = now() - interval '30 days' WHERE number = ${number}`
    expect((await new Browser().open(link)).text).toContain('opens the page of an enquiry until 30 days')
    expect((await new Browser().open(sales)).text).toContain('opens the page of a lead until 30 days')
  })
})

describe.concurrent("a dealer's page of a lead (B9)", () => {
  test('shows the lead, takes a status once, says what is missing', async () => {
    const dealer = await shop.dealer()
    const { number, email } = await newLead(shop, dealer, { comments: '<b>bold</b>' })
    const page = await dealerPage(dealer, number)
    expect([page.status, page.headers.get('referrer-policy')]).toEqual([200, 'no-referrer'])
    for (const there of [number, email, 'Astra Corda', '<b>bold</b>']) expect(page.text).toContain(there)
    expect(page.html).not.toContain('<b>bold')
    expect(await eventsOf(number)).toHaveLength(2)

    const twin = page.clone()
    await page.send('/status', { status: 'lost' })
    expect([page.status, page.text]).toEqual([422, expect.stringContaining('Please say why')])
    // Only an appointment or a test drive has a time, and the time is one.
    for (const [status, takes_place_at, time_zone, fault] of [
      ['quoted', '2031-03-01T10:00', 'UTC', 'Only for an appointment or a test drive.'],
      ['appointment', 'on Saturday', 'UTC', 'Please enter a day and a time.'],
      ['appointment', '2031-03-01T10:00', 'Nowhere', 'Please enter a day and a time.'],
    ] as const) {
      await page.send('/status', { status, takes_place_at, time_zone })
      expect([page.status, page.text]).toEqual([422, expect.stringContaining(fault)])
    }
    const word = { status: 'contacted', note: 'Rang' }
    await Promise.all([twin.clone().send('/status', word), twin.send('/status', word)])
    expect([twin.status, twin.text]).toEqual([200, expect.stringContaining('Thank you, noted.')])
    expect(await shop.look(number)).toMatchObject({
      state: 'working',
      statuses: [{ status: 'contacted', note: 'Rang', dealer: dealer.id }],
    })
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect((await twin.clone().send('/status', { status: 'sold' }, foreign)).status).toBe(403)
    const open = await new Browser().open(twin.url)
    const same = twin.clone()
    await twin.send('/status', { status: 'lost', reason: 'too_expensive' })
    expect(twin.text).toContain('This lead has ended.')
    await open.send('/status', word)
    expect([open.status, open.text]).toEqual([409, expect.stringContaining('this lead has ended')])
    await same.send('/status', word)
    expect([same.status, same.text]).toEqual([409, expect.stringContaining('this form was sent before')])
    // What came after the end is kept.
    const { statuses } = await shop.look(number)
    expect(statuses.map((said: { is_late: boolean }) => said.is_late)).toEqual([false, false, true])
  })

  test('a link opens its own lead and turn only', async () => {
    const dealer = await shop.dealer()
    const { number } = await newLead(shop, dealer)
    const { number: other } = await newLead(shop, dealer)
    const link = await linkIn(shop, dealer.email, new RegExp(number), 'l')
    const wrong = [
      link.replace(number, other),
      link.replace('/1/', '/2/'),
      link.replace('/1/', '/99999999/'),
      turned(link),
      link.replace('/l/', '/o/').replace('/1/', '/'),
    ]
    for (const url of wrong) expect([url, (await new Browser().open(url)).status]).toEqual([url, 404])
    const word = { key: randomUUID(), status: 'sold' }
    expect((await new Browser().post(`${wrong[0]}/status`, word)).status).toBe(404)
    expect(await shop.look(other)).toMatchObject({ state: 'sent', version: 2 })
  })
})

describe.concurrent("a dealer's page of a custom order (B4)", () => {
  const dealerOfRange = () => shop.dealer({ makes: [range.make], timeZone: 'Asia/Tokyo' })
  const orderLink = (
    dealer: { email: string },
    number: string,
    subject = new RegExp(`^Order ${number}: Tarn`),
  ) => linkIn(shop, dealer.email, subject, 'c')
  const orderPage = async (dealer: { email: string }, number: string) =>
    new Browser().open(await orderLink(dealer, number))
  const chosen = (number: string, dealer: { id: string }) =>
    shop.call('POST', `/v1/custom-orders/${number}/dealer`, { body: { dealer: dealer.id } })
  const processorAccepts = (number: string, turn = 1) =>
    processorSays(shop, 'custom_order.accepted', { number, turn, reference: `P-${number}` })

  test('shows what is to be built for whom, takes the yes once, and the handover once the vehicle is there', async () => {
    const dealer = await dealerOfRange()
    const { number, email } = await orderVehicle(shop, range, dealer, { features: RICH })
    const page = await orderPage(dealer, number)
    expect([page.status, page.headers.get('referrer-policy')]).toEqual([200, 'no-referrer'])
    const shown = [number, 'Tarn Heron 2027', 'panoramic roof', '€38,200.00', 'Ada Example', email, '+49 421']
    for (const there of shown) expect(page.text).toContain(there)
    // In the dealer's time zone, and so is the mail.
    expect(page.text).toMatch(/Answer by \S+ \d+ \S+ \d{4}, \d\d:\d\d\sGMT\+9/)
    expect(await letter(shop, dealer.email, new RegExp(number))).toMatch(/until .* GMT\+9\./)
    expect(page.html).not.toContain('<script')
    const asked = await eventsOf(number)

    await page.send('/answer')
    expect([page.status, page.text]).toEqual([422, expect.stringContaining('Please choose one.')])
    await page.send('/answer', { verdict: 'refused' })
    expect([page.status, page.text]).toEqual([422, expect.stringContaining('Please say why you refuse it')])
    expect(await eventsOf(number)).toEqual(asked)
    const twin = page.clone()
    await Promise.all([page, twin].map((tab) => tab.send('/answer', { verdict: 'accepted', reason: '' })))
    for (const { status, url, text } of [page, twin]) {
      expect([status, new URL(url).search]).toEqual([200, '?done=answer'])
      expect(text).toContain('Thank you, noted.')
      expect(text).toContain("You accepted it; the manufacturer's answer is still to come")
    }
    expect((await eventsOf(number)).slice(asked.length)).toEqual([
      ['dealer_accepted', `dealer:${dealer.id}`, null],
    ])

    expectStatus(await processorAccepts(number), 200)
    const { vehicle } = await shop.look(number)
    await page.open(page.url)
    expect(page.text).toContain('In the order bank, waits for a slot in production')
    expect(page.forms).toEqual([])
    const vin = newVin()
    expectStatus(await plantSays(shop, 'vin_assigned', vehicle.number, { vin }), 200)
    expectStatus(await plantSays(shop, 'at_dealer', vehicle.number), 200)
    await page.open(page.url)
    for (const there of ['At your place', vin]) expect(page.text).toContain(there)
    const second = page.clone()
    await Promise.all([page, second].map((tab) => tab.send('/handover')))
    for (const { status, text } of [page, second])
      expect([status, text]).toEqual([200, expect.stringContaining('It is completed.')])
    expect((await eventsOf(number)).slice(-1)).toEqual([['completed', `dealer:${dealer.id}`, null]])
    expect(page.forms).toEqual([])
    await shop.mails(email, /handed over$/)

    // No link is in the logs.
    const logs = house().logs()
    expect(logs).toContain('"route":"/c/:number/:turn/:proof')
    expect(logs).not.toContain((await orderLink(dealer, number)).split('/').at(-1))
  })

  test('refuses with a reason; then its page has nothing of the buyer, and another dealer has the order', async () => {
    const first = await dealerOfRange()
    const { number, email } = await orderVehicle(shop, range, first)
    const page = await orderPage(first, number)
    const early = page.clone()
    await page.send('/answer', { verdict: 'refused', reason: 'We close for good' })
    expect(page.status).toBe(200)
    expect(page.text).toContain('It was not accepted. The buyer may choose another dealer.')
    expect(page.text).toContain('You refused it: We close for good')
    expect(await shop.look(number)).toMatchObject({
      state: 'refused',
      refusal: { by: 'dealer', reasons: 'We close for good' },
    })
    // The same form once more is the same answer; with other words it is none.
    const { action, fields } = early.form('/answer')
    await early.post(action, { ...fields, verdict: 'refused', reason: 'We close for good' })
    expect([early.status, new URL(early.url).search]).toEqual([200, '?done=answer'])
    const other = await new Browser().post(action, { ...fields, verdict: 'accepted' })
    expect([other.status, other.text]).toEqual([409, expect.stringContaining('this form was sent before')])

    const second = await dealerOfRange()
    expectStatus(await chosen(number, second), 200)
    const changed = await configure(shop, range, RICH)
    expect(await accept(shop, second, number)).toMatchObject({ dealer: second.id, turn: 2 })
    const body = { configuration: changed }
    expectStatus(await shop.call('POST', `/v1/custom-orders/${number}/configuration`, { body }), 200)
    await page.open(page.url)
    expect(page.text).toContain('It is with another dealer now. There is nothing more to do.')
    expect(page.forms).toEqual([])
    // Neither the buyer, nor what they chose with the other dealer, nor who that is.
    for (const hidden of [email, 'Ada Example', 'panoramic roof', '€', second.id, second.name])
      expect(page.html).not.toContain(hidden)
    const before = await eventsOf(number)
    const { version } = await shop.look(number)
    for (const [form, filled] of [
      ['answer', { verdict: 'accepted' }],
      ['answer', { verdict: 'refused', reason: 'Out of spite' }],
      ['handover', {}],
    ] as const) {
      const sent = { key: randomUUID(), version: String(version), ...filled }
      const late = await new Browser().post(`${page.url.split('?')[0]}/${form}`, sent)
      expect([late.status, late.text]).toEqual([409, expect.stringContaining('Nothing was done')])
    }
    expect(await eventsOf(number)).toEqual(before)
    const told = await letter(shop, second.email, /has changed$/)
    expect(told).toMatch(/See the order: http\S+\/c\/CO-\S+\/2\//)
  })

  test('the same dealer asked anew has another link; the first one only says so', async () => {
    const dealer = await dealerOfRange()
    const { number, email } = await orderVehicle(shop, range, dealer)
    const page = await orderPage(dealer, number)
    const no = { number, turn: 1, reasons: ['Too early'] }
    expectStatus(await processorSays(shop, 'custom_order.refused', no), 200)
    const told = await letter(shop, dealer.email, /is withdrawn$/)
    expect(told).toContain('The manufacturer did not accept it.')
    expect(told).not.toContain('/c/')
    expectStatus(await chosen(number, dealer), 200)
    await page.open(page.url)
    expect(page.text).toContain('You were asked about it anew since: please use the link in our newer mail.')
    expect(page.html).not.toContain(email)
    expect(page.forms).toEqual([])
    const links = await waitFor(
      'the mail of the second turn',
      async () => {
        const mails = await shop.mails(dealer.email, new RegExp(`^Order ${number}: Tarn`))
        return mails.flatMap(({ text }) => /http\S+\/c\/\S+\/2\/\S+/.exec(text)?.[0] ?? [])
      },
      (links) => links.length === 1,
    )
    const anew = await new Browser().open(links[0] ?? '')
    expect(anew.text).toContain(email)
    await anew.send('/answer', { verdict: 'accepted' })
    expect(await shop.look(number)).toMatchObject({ turn: 2, dealer_accepted: true })
  })

  test('a form that was shown before something changed does nothing and says what changed', async () => {
    const dealer = await dealerOfRange()
    const { number } = await orderVehicle(shop, range, dealer)
    const page = await orderPage(dealer, number)
    expectStatus(await processorAccepts(number), 200)
    const before = [await eventsOf(number), await shop.look(number)]
    await page.send('/answer', { verdict: 'refused', reason: 'No' })
    expect(page.status).toBe(409)
    expect(page.text).toContain('decide anew. The manufacturer accepted it.')
    expect([await eventsOf(number), await shop.look(number)]).toEqual(before)
    await page.send('/answer', { verdict: 'accepted' })
    expect(page.text).toContain('In the order bank')
    // Cancelled by the buyer: nothing of them is left on the page.
    const { buyer } = await shop.look(number)
    expectStatus(await shop.call('POST', `/v1/custom-orders/${number}/cancellation`, { body: {} }), 200)
    await page.open(page.url)
    expect(page.text).toContain('It is cancelled. There is nothing more to do.')
    expect(page.html).not.toContain(buyer.email)
  })

  test('a link opens its own order and turn only, for its own dealer, until thirty days after the end', async () => {
    const dealer = await dealerOfRange()
    const stranger = await dealerOfRange()
    const { number, email } = await orderVehicle(shop, range, dealer)
    const { number: other } = await orderVehicle(shop, range, stranger)
    const link = await orderLink(dealer, number)
    const proof = link.split('/').at(-1)
    const wrong = [
      link.replace(number, other),
      link.replace('/1/', '/2/'),
      link.replace('/1/', '/0/'),
      turned(link),
      link.replace('/c/', '/l/'),
      link.replace('/c/', '/t/'),
      link.replace('/c/', '/o/').replace('/1/', '/'),
      link.replace(/\/1\/.*/, `/1/${proof}x`),
    ]
    for (const url of wrong) {
      const page = await new Browser().open(url)
      expect([url, page.status]).toEqual([url, 404])
      expect(page.html).not.toContain(email)
    }
    const fields = { key: randomUUID(), version: '3', verdict: 'accepted' }
    for (const url of wrong.slice(0, 4))
      expect((await new Browser().post(`${url}/answer`, fields)).status).toBe(404)
    expect((await new Browser().post(`${link}/sale`, fields)).status).toBe(404)
    const without = async (left: string) => {
      const others = Object.entries(fields).filter(([name]) => name !== left)
      return (await new Browser().post(`${link}/answer`, Object.fromEntries(others))).status
    }
    expect([await without('key'), await without('version')]).toEqual([400, 400])
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect((await new Browser().post(`${link}/answer`, fields, foreign)).status).toBe(403)
    for (const one of [number, other])
      expect(await shop.look(one)).toMatchObject({ state: 'submitted', version: 3, dealer_accepted: false })
    // A reload of the address under which a form was sent leads back.
    expect((await new Browser().open(`${link}/answer`)).url).toBe(link)

    expectStatus(await shop.call('POST', `/v1/custom-orders/${number}/cancellation`, { body: {} }), 200)
    const { db } = house()
    await db`UPDATE custom_orders SET ended_at = now() - interval '29 days' WHERE number = ${number}`
    expect((await new Browser().open(link)).status).toBe(200)
    await db`UPDATE custom_orders SET ended_at = now() - interval '30 days' WHERE number = ${number}`
    expect((await new Browser().open(link)).text).toContain('opens the page of an order until 30 days')
    // By the API as on the page: a dealer whose order is cancelled sees nothing of the buyer.
    const seen = await shop.call('GET', `/v1/custom-orders/${number}`, { key: dealer.key })
    expect(seen.body).toMatchObject({ state: 'cancelled', buyer: null, dealer_actions: [] })
    expect((await dealerSays(shop, dealer, number, { verdict: 'accepted' })).status).toBe(409)
  })
})

describe.concurrent("a dealer's page of a tag (B8)", () => {
  const tagLink = (dealer: { email: string }, number: string) =>
    linkIn(shop, dealer.email, new RegExp(`^Tag ${number}: Tarn`), 't')
  /** A vehicle on the lot of a dealer of its own, tagged, and the page behind the dealer's mail. */
  async function tagged() {
    const dealer = await shop.dealer({ timeZone: 'Asia/Tokyo' })
    const [vehicle] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
    const { number, email } = await tag(shop, vehicle)
    const link = await tagLink(dealer, number)
    return { dealer, vehicle, number, email, link, page: await new Browser().open(link) }
  }

  const accepted = async (number: string) =>
    expectStatus(await judgeTag(shop, number, 'accepted', { reference: 'P-1' }), 200)

  test('shows the vehicle and what is asked; says that it is there, once, and hands it over', async () => {
    const { dealer, vehicle, number, email, page, link } = await tagged()
    expect([page.status, page.headers.get('referrer-policy')]).toEqual([200, 'no-referrer'])
    const { vin } = await shop.look(number)
    for (const there of [number, vehicle, vin, 'Tarn Heron 2027', '€30,000.00', 'Ada Example', email])
      expect(page.text).toContain(there)
    // In the dealer's time zone, and so is the mail.
    expect(page.text).toMatch(/Answer by \S+ \d+ \S+ \d{4}, \d\d:\d\d\sGMT\+9/)
    expect(await letter(shop, dealer.email, new RegExp(number))).toMatch(/until .* GMT\+9 whether/)
    expect(page.forms.map((action) => action.split('/').at(-1))).toEqual(['answer'])
    const before = await eventsOf(number)
    await page.send('/answer')
    expect([page.status, page.text]).toEqual([422, expect.stringContaining('Please choose one.')])
    await page.send('/answer', { answer: 'there', note: 'x'.repeat(1_001) })
    expect([page.status, page.text]).toEqual([422, expect.stringContaining('At most 1,000 characters')])
    // It cannot be handed over before it is there.
    const early = { key: randomUUID(), version: '3' }
    expect((await new Browser().post(`${link}/handover`, early)).status).toBe(409)
    expect(await eventsOf(number)).toEqual(before)

    const twin = page.clone()
    await Promise.all([page, twin].map((tab) => tab.send('/answer', { answer: 'there', note: 'Row 4' })))
    for (const { status, url } of [page, twin])
      expect([status, new URL(url).search]).toEqual([200, '?done=answer'])
    expect((await eventsOf(number)).slice(before.length)).toEqual([
      ['dealer_accepted', `dealer:${dealer.id}`, 'Row 4'],
    ])
    expect(page.text).toContain('You said that it is there. – Row 4')
    expect(page.forms.map((action) => action.split('/').at(-1))).toEqual(['answer'])
    await accepted(number)
    await shop.mails(email, /is there$/)
    await page.open(page.url)
    const second = page.clone()
    await Promise.all([page, second].map((tab) => tab.send('/handover')))
    for (const { status, text } of [page, second])
      expect([status, text]).toEqual([200, expect.stringContaining('The buyer has the vehicle.')])
    expect(page.forms).toEqual([])
    expect((await eventsOf(number)).at(-1)).toEqual(['delivered', `dealer:${dealer.id}`, null])
    expect(house().logs()).not.toContain(link.split('/').at(-1))
  })

  test('says that it is sold, also after its word; then nothing of the buyer is left', async () => {
    const { number, email, link, page } = await tagged()
    const stale = await new Browser().open(link)
    await page.send('/answer', { answer: 'there' })
    await accepted(number)
    await page.open(page.url)
    await stale.send('/answer', { answer: 'sold' })
    expect(stale.status).toBe(409)
    expect(stale.text).toContain('decide anew. You said that it is there.')
    expect(await shop.look(number)).toMatchObject({ state: 'confirmed' })
    await stale.send('/answer', { answer: 'sold', note: 'This morning' })
    expect([stale.status, stale.text]).toEqual([
      200,
      expect.stringContaining('You said that the vehicle is sold.'),
    ])
    expect(await shop.look(number)).toMatchObject({ state: 'sold' })
    expect(stale.html).not.toContain(email)
    expect(stale.forms).toEqual([])
    await page.send('/handover')
    expect([page.status, page.html.includes(email)]).toEqual([409, false])
    await shop.mails(email, /is sold$/)
  })

  test('given up by the buyer, answered by operators, not with the dealer yet', async () => {
    const given = await tagged()
    const body = { reason: 'Their voice' }
    expectStatus(await shop.call('POST', `/v1/tags/${given.number}/cancellation`, { body }), 200)
    await given.page.send('/answer', { answer: 'there' })
    expect(given.page.status).toBe(409)
    expect(given.page.text).toContain('decide anew. The buyer gave it up.')
    for (const hidden of [given.email, body.reason]) expect(given.page.html).not.toContain(hidden)
    expect(await letter(shop, given.dealer.email, /is withdrawn$/)).not.toContain('/t/')

    const dealer = await shop.dealer()
    const vehicle = await inPipeline(shop, dealer, await newModel(shop))
    const { number } = await tag(shop, vehicle)
    const page = await new Browser().open(await tagLink(dealer, number))
    expect(page.text).toContain('Not with you yet')
    expectStatus(await answerTag(shop, { key: shop.operatorKey }, number, 'there'), 200)
    await accepted(number)
    await page.open(page.url)
    expect(page.text).toContain('Our staff noted in your place: You said that it is there.')
    expect(page.forms.map((action) => action.split('/').at(-1))).toEqual(['answer'])
    expectStatus(
      await shop.call('POST', `/v1/vehicles/${vehicle}/arrival`, { key: dealer.key, body: {} }),
      200,
    )
    await page.open(page.url)
    await page.send('/handover')
    expect(await shop.look(number)).toMatchObject({ state: 'delivered' })
  })

  test('a link opens its own tag only, until thirty days after the end', async () => {
    const [mine, theirs] = [await tagged(), await tagged()]
    const wrong = [
      mine.link.replace(mine.number, theirs.number),
      mine.link.replace('/1/', '/2/'),
      turned(mine.link),
      mine.link.replace('/t/', '/c/'),
    ]
    const fields = { key: randomUUID(), version: '3', answer: 'sold' }
    for (const url of wrong) {
      expect([url, (await new Browser().open(url)).status]).toEqual([url, 404])
      expect((await new Browser().post(`${url}/answer`, fields)).status).toBe(404)
    }
    expect(await shop.look(theirs.number)).toMatchObject({ state: 'pending', version: 3 })
    await mine.page.send('/answer', { answer: 'sold' })
    const { db } = house()
    await db`UPDATE tags SET ended_at = now() - interval '29 days' WHERE number = ${mine.number}`
    expect((await new Browser().open(mine.link)).status).toBe(200)
    await db`UPDATE tags SET ended_at = now() - interval '30 days' WHERE number = ${mine.number}`
    expect((await new Browser().open(mine.link)).text).toContain('opens the page of a tag until 30 days')
  })
})
