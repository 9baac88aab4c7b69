import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser } from '../support/browser.ts'
import { newRange, orderVehicle, processorSays } from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import { newLead, sampleDealer, storyUntil } from '../support/lead.ts'
import { expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { type Answer, expectStatus, Shop, waitFor } from '../support/shop.ts'
import { judgeTag, lotVehicle, newModel, onLot, tag } from '../support/vehicle.ts'

const house = useHouse({ partners: ['mail', 'dealer'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})
afterAll(async () => {
  await expectSoundHouse(house())
  await expectReplayable(house(), `WorkflowType = 'lead'`)
})

const IMPATIENT = { acknowledgeSeconds: 2, remindSeconds: 2, escalateSeconds: 2 }
const refused = (answer: Answer) => [answer.status, String(answer.body?.type).split('/').at(-1)]
const statuses = (lead: Answer['body']) =>
  lead.statuses.map(({ status, is_late }: { status: string; is_late: boolean }) => [status, is_late])

describe.concurrent('dealers in a process of their own (B9)', () => {
  test.each([
    ['adf', 'webhook', 'application/xml; charset=utf-8'],
    ['json', 'api-key', 'application/json'],
  ] as const)('one that prefers %s answers by itself, by %s, until it has sold', async (format, by, type) => {
    const dealer = await sampleDealer(shop, { mode: 'automatic', format, behaviour: { by } })
    const { number, email } = await newLead(shop, dealer)
    const sold = await shop.until(number, ({ state }) => state === 'sold')
    expect(statuses(sold)).toEqual([
      ['received', false],
      ['contacted', false],
      ['quoted', false],
      ['sold', false],
    ])
    expect(await dealer.webhooks()).toMatchObject([{ type: 'lead.sent', content_type: type }])
    // It understood what it was sent.
    expect(await dealer.documents()).toMatchObject([
      {
        number,
        about: expect.stringContaining('Astra Corda'),
        facts: expect.arrayContaining([
          ['Name', 'Ada Example'],
          ['E-mail', email],
        ]),
        calls: [{ by }, { by }, { by }, { by }],
      },
    ])
  })

  test('one that says everything twice has said it once', async () => {
    const dealer = await sampleDealer(shop, { mode: 'automatic', behaviour: { twice: true } })
    const { number } = await newLead(shop, dealer)
    await shop.until(number, ({ state }) => state === 'sold')
    const [document] = await waitFor(
      'the last word to be said twice',
      () => dealer.documents(),
      ([document]) => document.calls.at(-1).attempts === 2,
    )
    expect(document.calls.map(({ attempts, answer }: Answer['body']) => [attempts, answer.status])).toEqual(
      Array.from({ length: 4 }, () => [2, 200]),
    )
    expect((await shop.look(number)).statuses).toHaveLength(4)
  })

  test('one that refuses loses the lead, with the reason', async () => {
    const dealer = await sampleDealer(shop, { mode: 'automatic', behaviour: { refuse: true } })
    const { number } = await newLead(shop, dealer)
    const lost = await shop.until(number, ({ state }) => state === 'lost')
    expect(lost).toMatchObject({ lost_reason: 'not_available', statuses: [{ status: 'lost' }] })
  })

  test('one that never answers loses the lead to the next; one that answers late changes nothing', async () => {
    const make = `make-${randomBytes(4).toString('hex')}`
    const late = await sampleDealer(shop, {
      mode: 'automatic',
      makes: [make],
      format: 'json',
      behaviour: { late: true },
      ...IMPATIENT,
    })
    const mute = await sampleDealer(shop, {
      mode: 'automatic',
      makes: [make],
      format: 'json',
      longitude: 8.9,
      behaviour: { silent: true },
      ...IMPATIENT,
    })
    const last = await sampleDealer(shop, { mode: 'manual', makes: [make], longitude: 9.2 })
    const { number } = await newLead(shop, late, { another_dealer: true, vehicle: { make } })
    const passed = await shop.until(number, ({ dealer }) => dealer === last.id, 40)
    const word = await shop.until(number, (lead) => lead.statuses.length === 1)
    expect(statuses(word)).toEqual([['received', true]])
    expect(word).toMatchObject({ state: 'sent', status: null, deadline: passed.deadline })
    const types = async (dealer: { webhooks: typeof late.webhooks }) =>
      (
        await waitFor('its messages', dealer.webhooks, (taken) => taken.at(-1)?.type === 'lead.withdrawn')
      ).map(({ type }) => type)
    for (const dealer of [late, mute])
      expect(await types(dealer)).toEqual(['lead.sent', 'lead.reminded', 'lead.withdrawn'])
    expect(await mute.documents()).toMatchObject([{ is_taken_away: true, calls: [] }])
    expect((await last.say(number, { status: 'sold' })).status).toBe(200)
  })

  test("one that is closed gets it once it has opened; another dealer's lead is not there for it", async () => {
    const closed = await sampleDealer(shop, { mode: 'manual', behaviour: { unavailable: true } })
    const other = await sampleDealer(shop, { mode: 'manual' })
    const { number } = await newLead(shop, closed)
    const told = async () =>
      (await shop.call('GET', `/v1/operator/leads/${number}/notifications`, { key: shop.operatorKey })).body
        .data
    const { attempts } = await waitFor(
      'the first attempt',
      async () => (await told()).find(({ event }: Answer['body']) => event === 'lead.sent'),
      (notification) => notification?.attempts.length === 1,
    )
    expect(attempts[0].outcome).toBe('http 503')
    expect(await closed.documents()).toEqual([])

    for (const by of ['webhook', 'api-key'] as const)
      expect(refused(await other.say(number, { status: 'sold' }, by))).toEqual([404, 'not-found'])
    expect(await shop.look(number)).toMatchObject({ state: 'sent', version: 2, statuses: [] })

    await closed.behave({})
    const { id } = (await told()).find(({ event }: Answer['body']) => event === 'lead.sent')
    const redelivery = `/v1/operator/notifications/${id}/redelivery`
    expect((await shop.call('POST', redelivery, { key: shop.operatorKey, body: {} })).status).toBe(202)
    await waitFor('the lead', closed.documents, (documents) => documents.length === 1)
    const first = await closed.say(number, { status: 'contacted' })
    expect(first.status).toBe(200)
    expect(await closed.again(number, first.id)).toMatchObject({ status: 200, body: first.body })
    expect((await closed.say(number, { status: 'sold' }, 'api-key')).status).toBe(200)
    expect(await storyUntil(shop, number, 'lead.status_given')).toEqual([
      'received',
      'sent',
      'status_given',
      'status_given',
    ])
  })

  test('a person plays the waiting dealer on its page', async () => {
    const dealer = await sampleDealer(shop, { mode: 'manual', format: 'json' })
    const { number, email } = await newLead(shop, dealer, { comments: 'After six' })
    await waitFor('the lead', dealer.documents, (documents) => documents.length === 1)
    const page = `${house().dealerUrl}/documents/${dealer.id}/lead/${number}`
    const browser = await new Browser().open(page)
    expect(browser.text).toContain(`E-mail${email}`)
    expect(browser.text).toContain('After six')
    await browser.send('/say', { word: '1' })
    expect(browser.url).toBe(page)
    expect(await shop.look(number)).toMatchObject({ state: 'working', status: 'contacted' })
    await browser.send('/say', { word: '3' })
    expect(await shop.look(number)).toMatchObject({ state: 'sold' })
    await browser.send('/say', { word: '1' })
    expect(browser.text).toContain('409')
    expect((await shop.look(number)).statuses).toMatchObject([
      { status: 'contacted', is_late: false },
      { status: 'sold', is_late: false },
      { status: 'contacted', is_late: true },
    ])
  })
})

describe('custom orders at the same dealers (B4)', () => {
  test('one accepts by itself, one refuses with reasons, each as often as it is asked', async () => {
    await house().db`
      INSERT INTO order_terms (kind, currency, deposit_minor, fee_minor, refund_banked, refund_scheduled)
      VALUES ('custom_order', 'EUR', 50000, 15000, 'full', 'less_fee')`
    const range = await newRange(shop)
    const makes = [range.make]
    const unwilling = await sampleDealer(shop, { mode: 'automatic', makes, behaviour: { refuse: true } })
    const willing = await sampleDealer(shop, { mode: 'automatic', makes, behaviour: { by: 'api-key' } })
    const { number, email } = await orderVehicle(shop, range, unwilling)
    const refused = await shop.until(number, ({ state }) => state === 'refused')
    expect(refused.refusal).toMatchObject({ by: 'dealer', reasons: 'We take no more of these this year' })

    const chosen = await shop.call('POST', `/v1/custom-orders/${number}/dealer`, {
      body: { dealer: willing.id },
    })
    expect(chosen.status).toBe(200)
    const accepted = await shop.until(number, ({ dealer_accepted }) => dealer_accepted)
    expect(accepted).toMatchObject({ dealer: willing.id, turn: 2 })
    const said = await processorSays(shop, 'custom_order.accepted', { number, turn: 2, reference: 'P-1' })
    expect(said.status).toBe(200)
    const [document] = await waitFor(
      'the confirmation',
      willing.documents,
      ([document]) => document?.webhook_ids.length === 2,
    )
    expect(document).toMatchObject({
      kind: 'custom_order',
      number,
      facts: expect.arrayContaining([['Buyer', `Ada Example, ${email}`]]),
      calls: [{ by: 'api-key', body: { verdict: 'accepted', turn: 2 } }],
    })
    expect((await willing.webhooks()).map(({ type }) => type)).toEqual([
      'custom_order.submitted',
      'custom_order.confirmed',
    ])
  })
})

describe('tags at the same dealers (B8)', () => {
  test('one says that it is there, one that it is sold, one only when asked on its page', async () => {
    const model = await newModel(shop)
    const tagAt = async (dealer: { key: string }) =>
      (await tag(shop, (await onLot(shop, dealer, [lotVehicle(model)]))[0])).number
    const willing = await sampleDealer(shop, { mode: 'automatic', behaviour: { twice: true } })
    const unwilling = await sampleDealer(shop, {
      mode: 'automatic',
      behaviour: { refuse: true, by: 'api-key' },
    })
    const played = await sampleDealer(shop, { mode: 'manual' })
    const [there, sold, waiting] = [await tagAt(willing), await tagAt(unwilling), await tagAt(played)]
    await shop.until(there, (view) => view.dealer_accepted)
    await shop.until(sold, ({ state }) => state === 'sold')
    const [document] = await waitFor(
      'its word to be said twice',
      willing.documents,
      ([document]) => document?.calls[0]?.attempts === 2,
    )
    expect(document).toMatchObject({ kind: 'tag', number: there, calls: [{ answer: { status: 200 } }] })
    expect(await shop.look(there)).toMatchObject({ state: 'pending', version: 4 })

    await waitFor('the tag', played.documents, (documents) => documents.length === 1)
    const url = `${house().dealerUrl}/documents/${played.id}/tag/${waiting}`
    const browser = await new Browser().open(url)
    expect(browser.text).toContain('Tarn Heron 2027')
    await browser.send('/say', { word: '0' })
    expect(await shop.look(waiting)).toMatchObject({ dealer_accepted: true })
    // The order processor agrees: each dealer is told, and has nothing more to say.
    expectStatus(await judgeTag(shop, waiting, 'accepted', { reference: 'P-1' }), 200)
    await shop.until(waiting, ({ state }) => state === 'confirmed')
    // Another dealer's tag is not there for it.
    for (const by of ['webhook', 'api-key'] as const)
      expect(refused(await willing.say(waiting, { answer: 'sold' }, by, 'tag'))).toEqual([404, 'not-found'])
    for (const number of [there, waiting])
      expectStatus(await shop.call('POST', `/v1/tags/${number}/cancellation`, { body: {} }), 200)
    await waitFor('it to be taken back', played.documents, ([document]) => document.is_taken_away)
  })
})
