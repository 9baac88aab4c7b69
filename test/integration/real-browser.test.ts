import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectUsable, PHONE, useChromium } from '../support/chromium.ts'
import { newRange, orderVehicle, processorSays, type Range, RICH } from '../support/custom-order.ts'
import { useHouse } from '../support/house.ts'
import { linkIn, newLead, say } from '../support/lead.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { expectStatus, Shop, waitFor } from '../support/shop.ts'
import { judgeTag, lotVehicle, newModel, onLot, tag } from '../support/vehicle.ts'

/**
 * Every page as people have it: in Chromium, by clicks and typing, on a telephone or at a desk. What pages answer to bad
 * input, twice and from elsewhere is in `order-page`, `mailed-pages` and `bad-payments`, which need no browser.
 */
const house = useHouse({ partners: ['mail', 'carrier', 'payments'] })
const visit = useChromium()
let shop: Shop
/** A shop whose payments the house takes. */
let payingShop: Shop
let range: Range
/** Brings goods that nobody asked for. */
let supplier: { key: string }
beforeAll(async () => {
  shop = await Shop.open(house())
  payingShop = await Shop.open(house())
  await house().db`UPDATE storefronts SET takes_payment = true WHERE id = ${payingShop.storefront}`
  range = await newRange(shop)
  supplier = await shop.supplier({ skus: [] })
})
afterAll(() => expectSoundHouse(house()))

const PAY_LINK = /https?:\/\/\S+\/p\/PY-\S+/

/** An order of five pans of which two are there, and the link in the mail about it. */
async function orderedShort(shop: Shop) {
  const sku = await shop.item({ onHand: 2 })
  await house().db`UPDATE items SET name = 'Cast-iron pan, 28 cm' WHERE sku = ${sku}`
  const email = `page-${randomBytes(4).toString('hex')}@example.test`
  const more = { customer: { name: 'Ada Example', email, time_zone: 'Europe/Berlin' } }
  const order = expectStatus(await shop.order([{ sku, quantity: 5 }], { email, more }), 201).body
  const link = await linkIn(shop, email, /not in stock/, 'o')
  const bring = (units: number) => shop.bring(supplier, sku, units)
  return { number: order.number as string, email, link, bring }
}

describe.concurrent("the customer's page of an order (A2, A3, A7, A8)", () => {
  test('on a telephone: from the offer to the delivery', async () => {
    const { number, link, bring } = await orderedShort(shop)
    const ada = await visit(link, PHONE)
    expect(await ada.reads()).toContain('2 here and held for you, 3 missing.')
    await expectUsable(ada)

    // Without a choice the browser itself says what is missing, and nothing is sent.
    await ada.page.getByRole('button', { name: 'Send my choice' }).click()
    expect(await ada.page.locator('input:invalid').count()).toBe(3)
    expect(await shop.look(number)).toMatchObject({ state: 'offered' })

    await ada.choose('Wait until all 5 are here')
    await ada.page.getByLabel('If back-ordered: how long to wait').selectOption({ label: '30 minutes' })
    await ada.press('Send my choice')
    expect(await ada.focused()).toBe('Thank you, we have your answer. Here is how it goes on.')
    expect(await ada.reads()).toContain('2 of 5 set aside, 3 outstanding, 0 ahead of you.')
    await expectUsable(ada)
    const backOrder = (await shop.look(number)).lines[0].back_order as string
    const { deadline } = await shop.look(backOrder)

    await ada.unfold('Wait longer or shorter')
    await ada.page.getByLabel('New deadline').selectOption({ index: 1 })
    const later = await ada.page.getByLabel('New deadline').inputValue()
    expect(Date.parse(later)).toBeGreaterThan(Date.parse(deadline.at))
    await ada.press('Set the new deadline')
    expect(await ada.focused()).toBe('The new deadline is set.')
    expect((await shop.look(backOrder)).deadline).toEqual({ kind: 'wait', at: later })

    await ada.unfold('Take fewer')
    await ada.type('New quantity', '4')
    await ada.press('Lower the quantity')
    expect(await shop.look(backOrder)).toMatchObject({ ordered: 4, state: 'waiting' })

    expectStatus(await bring(2), 201)
    await ada.follow('Show the latest')
    await ada.page.getByRole('link', { name: /^Request the delivery of 4 ×/ }).click()
    await ada.type('Street and house number', '7 Harbour Street')
    await ada.type('Postcode', ' ')
    await ada.press('Request delivery')
    expect(ada.status).toBe(422)
    // The notice on top leads to the field, which still has what was typed beside it.
    await ada.page.getByRole('link', { name: 'Please enter the postcode.' }).click()
    expect(await ada.page.getByLabel('Street and house number').inputValue()).toBe('7 Harbour Street')
    await expectUsable(ada)
    await ada.type('Postcode', '28195')
    await ada.press('Request delivery')
    expect(await ada.reads()).toContain('€79.96 together')
    await expectUsable(ada)
    await ada.press('Confirm the delivery')
    expect(await ada.focused()).toBe('Thank you for confirming. We are preparing the delivery.')
    await shop.until(backOrder, ({ state }) => state === 'delivered')
    await ada.follow('Show the latest')
    expect(await ada.reads()).toContain('The carrier tells us that you have it.')
    await expectUsable(ada)
  })

  test('at a desk: two tabs, of which one is no longer up to date', async () => {
    const { number, link } = await orderedShort(shop)
    const ada = await visit(link)
    const tab = await ada.anotherTab()
    await ada.choose('Ship the 2 now and back-order the other 3')
    await ada.press('Send my choice')
    await tab.unfold('Cancel the whole order')
    await tab.press('Cancel the whole order')
    expect(tab.status).toBe(409)
    expect(await tab.focused()).toContain(
      'Nothing was done, because something changed since you opened this page. Please look again and decide anew.',
    )
    expect(await tab.focused()).toContain(
      'Answered: ship what is there of Cast-iron pan, 28 cm and back-order the rest.',
    )
    await expectUsable(tab)
    expect(await shop.look(number)).toMatchObject({ state: 'decided', back_orders: [{ state: 'waiting' }] })
  })

  test('a link that was not copied completely says so', async () => {
    const { link } = await orderedShort(shop)
    const ada = await visit(link.slice(0, -1), PHONE)
    expect(ada.status).toBe(404)
    expect(await ada.page.getByRole('heading').innerText()).toBe('This link is not valid, or no longer')
    await expectUsable(ada)
  })
})

describe.concurrent("the provider's page and back (B5)", () => {
  test('confirm and pay: declined, left, paid with a step-up', async () => {
    const { number, email, link, bring } = await orderedShort(payingShop)
    const ada = await visit(link, PHONE)
    await ada.choose('Wait until all 5 are here')
    await ada.press('Send my choice')
    expectStatus(await bring(3), 201)
    await ada.follow('Show the latest')
    await ada.press('Request delivery')
    await ada.press('Confirm and pay')
    expect(await ada.page.getByRole('heading', { name: 'Please pay', exact: true }).count()).toBe(1)
    expect(await ada.focused()).toBe('Thank you. Please pay now: we prepare the delivery once it is paid.')
    await expectUsable(ada)
    const backOrder = (await payingShop.look(number)).lines[0].back_order as string
    const { payment } = await payingShop.look(backOrder)
    await payingShop.until(payment.number, ({ state }) => state === 'pending')

    await ada.follow('Pay €99.95')
    expect(new URL(ada.page.url()).origin).toBe(house().paymentsUrl)
    expect(await ada.page.getByRole('heading').innerText()).toBe('€99.95')
    expect(await ada.reads()).toContain(`Back order ${backOrder}`)
    // No field for a card, not even here.
    expect(await ada.page.locator('input:not([type=hidden])').count()).toBe(0)
    await ada.press('My bank declines')
    expect(await ada.reads()).toContain('Declined: card declined. You can try again.')
    await waitFor(
      'the decline',
      () => house().db`SELECT 1 FROM events WHERE number = ${payment.number} AND type = 'payment.declined'`,
      (rows) => rows.length > 0,
    )
    await ada.press('Go back without paying')
    expect(await ada.focused()).toBe('Nothing was paid. You can do so below, as long as we wait for it.')
    await ada.follow('Pay €99.95')
    await ada.press('Pay, and my bank asks whether it is me')
    await ada.press('Yes, it is me')
    expect(ada.page.url()).toBe(`${link}?done=paid`)
    expect(await ada.focused()).toContain('Thank you for paying.')
    await payingShop.until(payment.number, ({ state }) => state === 'captured')
    await payingShop.until(backOrder, ({ state }) => state === 'delivered')
    await ada.go(link)
    for (const words of [
      'The delivery was confirmed.',
      'An attempt to pay was declined.',
      '€99.95 were paid, and are held until your goods leave us.',
      'We took the €99.95 that you paid.',
    ])
      expect(await ada.reads()).toContain(words)
    const mails = await payingShop.mails(email, /received$/)
    const paid = mails.find(({ subject }) => subject.endsWith('received'))
    expect(paid?.text).toContain(`Thank you. We have received €99.95 for ${backOrder}.`)
    await ada.go(PAY_LINK.exec(paid?.text ?? '')?.[0] ?? '')
    expect(ada.page.url()).toBe(payment.pay_url)
    expect(await ada.reads()).toContain('Thank you. It is paid.')
    await expectUsable(ada)
    await ada.follow('See your order')
    expect(ada.page.url()).toBe(link)
  })
})

describe.concurrent('leads (B9)', () => {
  test("the dealer's page on a telephone: received, an appointment, lost with the reason", async () => {
    const dealer = await shop.dealer()
    const { number, email } = await newLead(shop, dealer, { comments: 'After six, please' })
    const link = await linkIn(shop, dealer.email, new RegExp(number), 'l')
    const seller = await visit(link, PHONE)
    for (const there of ['Ada Example', email, 'After six, please'])
      expect(await seller.reads()).toContain(there)
    await seller.choose('Received')
    await seller.press('Send')
    expect(await seller.focused()).toBe('Thank you, noted.')
    await seller.choose('Appointment made')
    await seller.type('When, if it is an appointment or a test drive', '2031-03-01T10:00')
    await seller.type('Note, if you like', 'Brings the old one')
    await seller.press('Send')
    expect(await seller.reads()).toContain('Appointment made, Sat 1 Mar 2031, 10:00 CET – Brings the old one')
    await seller.choose('Lost')
    await seller.press('Send')
    expect(seller.status).toBe(422)
    expect(await seller.reads()).toContain('Please say why it was lost.')
    await expectUsable(seller)
    await seller.page.getByLabel('Why it was lost, if it was').selectOption('Bought elsewhere')
    await seller.press('Send')
    expect(await seller.reads()).toContain('This lead has ended.')
    await expectUsable(seller)
    const { state, statuses } = await shop.look(number)
    expect([state, statuses]).toMatchObject([
      'lost',
      [
        { status: 'received' },
        { status: 'appointment', takes_place_at: '2031-03-01T09:00:00.000Z', note: 'Brings the old one' },
        { status: 'lost', reason: 'bought_elsewhere', takes_place_at: null, note: null },
      ],
    ])
  })

  test("the prospect's page, in the dark: agrees to another dealer; in an old tab nothing is done", async () => {
    const dealer = await shop.dealer()
    const { number, email } = await newLead(shop, dealer)
    const link = await linkIn(shop, email, /we have it$/, 'e')
    const ada = await visit(link, { colorScheme: 'dark' })
    const tab = await ada.anotherTab()
    const colour = await ada.page.evaluate('getComputedStyle(document.body).backgroundColor')
    expect(colour).toBe('rgb(20, 24, 23)')
    await expectUsable(ada)
    await ada.press('Yes, another dealer may have it')
    expect(await ada.focused()).toBe(
      'Thank you. Another dealer gets your enquiry should this one not answer.',
    )
    await expectUsable(ada)
    await tab.unfold('I do not want it any more')
    await tab.press('Withdraw my enquiry')
    expect(tab.status).toBe(409)
    expect(await tab.focused()).toContain('You agreed that another dealer may have it.')
    expect(await shop.look(number)).toMatchObject({ state: 'sent', another_dealer: true })
  })

  test('without JavaScript an enquiry is withdrawn just so', async () => {
    const dealer = await shop.dealer()
    const { number, email } = await newLead(shop, dealer)
    expectStatus(await say(shop, dealer, number, { status: 'contacted' }), 200)
    const link = await linkIn(shop, email, /we have it$/, 'e')
    const ada = await visit(link, { ...PHONE, javaScriptEnabled: false })
    expect(await ada.reads()).not.toContain('Why, if you like to say so')
    await ada.unfold('I do not want it any more')
    await ada.type('Why, if you like to say so', 'Found another')
    await ada.press('Withdraw my enquiry')
    expect(await ada.reads()).toContain('Your enquiry is withdrawn. The dealer was told.')
    expect(await shop.look(number)).toMatchObject({ state: 'lost', lost_reason: 'cancelled' })
    expect(ada.complaints).toEqual([])
  })
})

describe.concurrent("a dealer's pages of a custom order and a tag (B4, B8)", () => {
  async function ordered() {
    const dealer = await shop.dealer({ makes: [range.make] })
    const { number } = await orderVehicle(shop, range, dealer, { features: RICH })
    return { number, link: await linkIn(shop, dealer.email, new RegExp(`^Order ${number}: Tarn`), 'c') }
  }

  test('a custom order is accepted on a telephone', async () => {
    const { number, link } = await ordered()
    const seller = await visit(link, PHONE)
    await seller.choose('I accept it')
    await seller.press('Send')
    expect(await seller.focused()).toBe('Thank you, noted.')
    await expectUsable(seller)
    expect(await shop.look(number)).toMatchObject({ state: 'submitted', dealer_accepted: true })
    expectStatus(
      await processorSays(shop, 'custom_order.accepted', { number, turn: 1, reference: 'P-1' }),
      200,
    )
    await seller.follow('Show the latest')
    expect(await seller.reads()).toContain('In the order bank, waits for a slot in production')
    await expectUsable(seller)
  })

  async function tagged() {
    const dealer = await shop.dealer()
    const [vehicle] = await onLot(shop, dealer, [lotVehicle(await newModel(shop))])
    const { number } = await tag(shop, vehicle)
    return { number, link: await linkIn(shop, dealer.email, new RegExp(`^Tag ${number}: Tarn`), 't') }
  }

  test('a tagged vehicle is there, and is handed over', async () => {
    const { number, link } = await tagged()
    const seller = await visit(link, PHONE)
    await expectUsable(seller)
    await seller.choose('Yes, it is there')
    await seller.type('Note, if you like', 'Row 4')
    await seller.press('Send')
    expect(await seller.reads()).toContain('You said that it is there. – Row 4')
    expectStatus(await judgeTag(shop, number, 'accepted', { reference: 'P-1' }), 200)
    await seller.follow('Show the latest')
    await expectUsable(seller)
    await seller.press('Yes, the buyer has it')
    expect(await seller.reads()).toContain('The buyer has the vehicle.')
    expect(await shop.look(number)).toMatchObject({ state: 'delivered' })
  })
})
