import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser } from '../support/browser.ts'
import { useHouse } from '../support/house.ts'
import { letter, linkIn, newLead, say, storyUntil } from '../support/lead.ts'
import { expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { expectStatus, Shop } from '../support/shop.ts'

const house = useHouse({ partners: ['mail'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})
afterAll(async () => {
  await expectSoundHouse(house())
  await expectReplayable(house(), `WorkflowType = 'lead'`)
})

const IMPATIENT = { acknowledgeSeconds: 2, remindSeconds: 2, escalateSeconds: 2 }
const someMake = () => `make-${randomBytes(4).toString('hex')}`
const eventsOf = async (number: string) => {
  const rows = await house().db<{ type: string; actor: string; note: string | null }[]>`
    SELECT type, actor, note FROM events WHERE number = ${number} ORDER BY sequence`
  return rows.map(({ type, actor, note }) => [type.replace('lead.', ''), actor, note])
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
      link.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
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
    expect((await shop.look(number)).statuses).toHaveLength(2)
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
      link.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      link.replace('/l/', '/o/').replace('/1/', '/'),
    ]
    for (const url of wrong) expect([url, (await new Browser().open(url)).status]).toEqual([url, 404])
    const word = { key: randomUUID(), status: 'sold' }
    expect((await new Browser().post(`${wrong[0]}/status`, word)).status).toBe(404)
    expect(await shop.look(other)).toMatchObject({ state: 'sent', version: 2 })
  })
})
