import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { newNumber } from '../../src/domain/number.ts'
import { cancel } from '../../src/workflows/messages.ts'
import { Browser } from '../support/browser.ts'
import { useHouse } from '../support/house.ts'
import { ADDRESS, expectStatus, Shop, waitFor } from '../support/shop.ts'

const house = useHouse({ partners: ['mail', 'carrier'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})

const LINK = /https?:\/\/\S+\/o\/OR-\S+/

/** An order of one item, with the page that the mail about it links to. */
async function ordered(options: {
  onHand: number
  quantity: number
  name?: string
  subject?: RegExp
  person?: string
}) {
  const sku = await shop.item({ onHand: options.onHand })
  if (options.name) await house().db`UPDATE items SET name = ${options.name} WHERE sku = ${sku}`
  const supplier = await shop.supplier({ skus: [sku] })
  const email = `page-${randomBytes(4).toString('hex')}@example.test`
  const more = { customer: { name: options.person ?? 'Ada Example', email, time_zone: 'Asia/Tokyo' } }
  const order = expectStatus(await shop.order([{ sku, quantity: options.quantity }], { email, more }), 201)
  const [mail] = await shop.mails(email, options.subject ?? /not in stock/)
  const link = LINK.exec(mail?.text ?? '')?.[0]
  if (!link) throw new Error(`no link in ${mail?.text}`)
  return {
    sku,
    supplier,
    email,
    number: order.body.number as string,
    link,
    page: await new Browser().open(link),
  }
}

/** The same with its shortfall back-ordered through the page. */
async function backOrdered(options: { onHand: number; quantity: number; name?: string; person?: string }) {
  const placed = await ordered(options)
  await placed.page.send('/answers', { 'choice-1': 'wait_for_all' })
  const backOrder = (await shop.look(placed.number)).lines[0].back_order as string
  return { ...placed, backOrder }
}

/** The same with all its goods there. */
async function met(options: { quantity: number; name?: string; person?: string }) {
  const waiting = await backOrdered({ onHand: 0, ...options })
  expectStatus(await shop.bring(waiting.supplier, waiting.sku, options.quantity), 201)
  await waiting.page.open(waiting.link)
  return waiting
}

function eventsOf(number: string) {
  return house().db<
    { type: string; actor: string }[]
  >`SELECT type, actor FROM events WHERE number = ${number} ORDER BY sequence`
}

describe("the customer's page (A2, A3, A6–A8)", () => {
  test('leads from the offer to the delivery by its forms alone', async () => {
    const { page, number, sku, supplier, link, email } = await ordered({ onHand: 2, quantity: 5 })
    expect(page.status).toBe(200)
    expect(page.text).toContain('2 here and held for you, 3 missing.')
    expect(page.text).toMatch(/Please answer by \w{3} \d+ \w{3} \d{4}, \d\d:\d\d:\d\d GMT\+9/)

    await page.send('/answers')
    expect(page.status).toBe(422)
    expect(page.text).toContain('Please choose what we shall do.')

    await page.send('/answers', { 'choice-1': 'wait_for_all', 'wait-1': 'PT300S' })
    expect([page.status, page.url]).toEqual([200, `${link}?done=answered`])
    expect(page.text).toContain('Thank you, we have your answer.')
    const backOrder = (await shop.look(number)).lines[0].back_order
    expect(page.text).toContain('2 of 5 set aside, 3 outstanding, 0 ahead of you.')
    expect(page.text).toContain('You are next in line')

    await page.send('/deadline', { deadline_at: new Date(Date.now() + 600_000).toISOString() })
    expect(page.text).toContain('The new deadline is set.')
    await page.send('/quantity', { quantity: '4' })
    expect(page.text).toContain('2 of 4 set aside, 2 outstanding, 0 ahead of you.')

    expectStatus(await shop.bring(supplier, sku, 2), 201)
    await page.open(link)
    expect(page.text).toContain('All 4 set aside; waiting for the delivery request.')
    expect(page.form('/delivery-request').fields).toMatchObject({
      name: ADDRESS.name,
      'line-1': ADDRESS.lines[0],
      city: ADDRESS.city,
      postcode: ADDRESS.postcode,
      country: ADDRESS.country,
    })

    await page.send('/delivery-request', { name: 'Grace Example', postcode: ' ' })
    expect(page.status).toBe(422)
    expect(page.text).toContain('Please enter the postcode.')
    expect(page.form('/delivery-request').fields.name).toBe('Grace Example')
    await page.send('/delivery-request', { postcode: '54321', deliver_on: '2001-01-01' })
    expect(page.status).toBe(422)
    expect(page.text).toMatch(/The delivery date must be from \d{4}-\d\d-\d\d to/)
    expect(page.form('/delivery-request').fields).toMatchObject({ name: 'Grace Example', postcode: '54321' })

    const today = new Date().toISOString().slice(0, 10)
    await page.send('/delivery-request', { deliver_on: today })
    expect(page.text).toContain('We have your address. Please check the delivery below and confirm it.')
    expect(page.text).toMatch(
      /What 4 × Item \S+ Price €19.99 each, €79.96 together .* Where Grace Example 12 Example Street 54321 Exampleton Germany/,
    )
    const [row] = await house()
      .db`SELECT body FROM idempotency_keys WHERE caller = ${`link:${number}`} AND body ? 'ship_to' AND status = 200`
    expect(row?.body).toEqual({
      ship_to: { ...ADDRESS, name: 'Grace Example', postcode: '54321' },
      deliver_on: today,
    })

    await page.send('/confirmation')
    expect(page.text).toContain('Thank you for confirming.')
    await shop.until(backOrder, (view) => view.state === 'delivered')
    await page.open(link)
    expect(page.forms).toEqual([])
    expect(page.text).toContain('The carrier tells us that you have it. Tracking')
    expect(page.text).toContain('The delivery was confirmed. (by you)')
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 0, outstanding: 0 })
    expect(new Set((await eventsOf(backOrder)).map(({ actor }) => actor))).toContain('customer')
    expect((await shop.mails(email, /has arrived/)).every(({ text }) => text.includes(link))).toBe(true)
  })

  test('ships what is there at once', async () => {
    const { page, number } = await ordered({ onHand: 1, quantity: 2 })
    await page.send('/answers', { 'choice-1': 'ship_available' })
    const order = await shop.look(number)
    expect(order).toMatchObject({
      state: 'decided',
      back_orders: [{ state: 'waiting' }],
      deliveries: [{ back_order: null }],
    })
    expect(page.text).toMatch(/1 delivered separately, 1 back-ordered\. See the back order See the delivery/)
  })

  test('declines, cancels, and asks for more time', async () => {
    const first = await ordered({ onHand: 1, quantity: 2 })
    await first.page.send('/deadline', {
      deadline_at:
        first.page.html.match(/<optgroup label="Later than now"><option value="([^"]+)"/)?.[1] ?? '',
    })
    expect(first.page.text).toContain('The new deadline is set.')
    await first.page.send('/answers', { 'choice-1': 'decline' })
    expect(first.page.text).toContain('You left it out.')

    const second = await ordered({ onHand: 1, quantity: 2 })
    await second.page.send(`${second.number}/${new URL(second.link).pathname.split('/').at(-1)}/cancellation`)
    expect(second.page.text).toContain('It is cancelled.')
    expect(await shop.look(second.number)).toMatchObject({ state: 'cancelled' })

    const third = await met({ quantity: 1 })
    await third.page.send('/delivery-request')
    await third.page.send('/refusal')
    expect(third.page.text).toContain('You declined the delivery. The goods go to the next in line.')
    expect(await shop.look(third.backOrder)).toMatchObject({ state: 'declined' })
  })

  test('a refusal is said in words, with the page as it is now', async () => {
    const { page, backOrder } = await backOrdered({ onHand: 0, quantity: 3 })
    await page.send('/quantity', { quantity: '9' })
    expect(page.status).toBe(422)
    expect(page.text).toContain('The quantity can only be lowered.')
    await page.send('/deadline', { deadline_at: '2099-01-01T00:00:00Z' })
    expect(page.status).toBe(422)
    expect(page.text).toContain('The wait period may be at most 1 hour.')
    expect(await shop.look(backOrder)).toMatchObject({ state: 'waiting', ordered: 3 })
  })
})

describe('once, and only for what was shown', () => {
  test('a form sent twice does one thing, one after the other or at the same time', async () => {
    const { page, backOrder } = await met({ quantity: 2 })
    const { action, fields } = page.form('/delivery-request')
    const answers = await Promise.all([1, 2, 3].map(() => page.clone().post(action, fields)))
    expect(answers.map(({ url }) => new URL(url).search)).toEqual([
      '?done=requested',
      '?done=requested',
      '?done=requested',
    ])
    expect(new URL((await page.clone().post(action, fields)).url).search).toBe('?done=requested')
    const requests = (await eventsOf(backOrder)).filter(
      ({ type }) => type === 'back_order.delivery_requested',
    )
    expect(requests).toEqual([{ type: 'back_order.delivery_requested', actor: 'customer' }])

    const other = await page.clone().post(action, { ...fields, name: 'Somebody Else' })
    expect(other.status).toBe(409)
    expect(other.text).toContain('This form was already sent before with other content.')
  })

  test('a page that is no longer up to date does nothing and says what changed', async () => {
    const { page, backOrder, supplier, sku } = await backOrdered({ onHand: 0, quantity: 3 })
    const old = page.clone()
    await page.send('/quantity', { quantity: '2' })
    expectStatus(await shop.bring(supplier, sku, 2), 201)

    await old.send('/back-orders/' + backOrder + '/cancellation')
    expect(old.status).toBe(409)
    expect(old.text).toContain('Nothing was done, because something changed since you opened this page.')
    expect(old.text).toContain('The quantity was lowered from 3 to 2.')
    expect(old.text).toContain('Everything is here: all 2 are set aside until')
    expect(await shop.look(backOrder)).toMatchObject({ state: 'met', ordered: 2 })

    // What changes after the page was checked is caught under the lock, by the same version.
    const { version } = await shop.look(backOrder)
    const asked = { command: randomUUID(), actor: 'customer', if_version: version - 1 }
    const process = house().temporal.workflow.getHandle(`back-order/${backOrder}`)
    const refused = await process
      .executeUpdate(cancel, { args: [asked] })
      .catch((error: Error) => error.cause)
    expect(refused).toMatchObject({ type: 'version-stale' })
    expect(await shop.look(backOrder)).toMatchObject({ state: 'met', version })

    await old.send('/back-orders/' + backOrder + '/cancellation')
    expect(old.text).toContain('It is cancelled.')
  })

  test('a GET never acts, whatever is asked for', async () => {
    const { page, link, backOrder, number } = await met({ quantity: 1 })
    const before = [await shop.look(number), await shop.look(backOrder), await eventsOf(backOrder)]
    for (const action of page.forms) {
      const { fields } = page.form(action)
      const answer = await new Browser().open(
        `${new URL(action, link).href}?${new URLSearchParams(fields).toString()}`,
      )
      expect([answer.status, answer.url]).toEqual([200, link])
    }
    expect((await new Browser().open(`${link}?done=confirmed`)).status).toBe(200)
    expect((await new Browser().open(`${link}?done=%3Cscript%3E`)).html).not.toContain('<script')
    expect([await shop.look(number), await shop.look(backOrder), await eventsOf(backOrder)]).toEqual(before)
  })

  test('an outcome that is not known yet can be asked for again without doing it twice', async () => {
    const { page, backOrder } = await backOrdered({ onHand: 0, quantity: 3 })
    // Held up for longer than a page waits, it is carried out in the end.
    await house().db.begin(async (tx) => {
      await tx`LOCK TABLE events IN EXCLUSIVE MODE`
      await page.send('/quantity', { quantity: '2' })
    })
    expect(page.status).toBe(503)
    expect(page.text).toContain('You can safely press the button again')
    expect(page.form('/quantity').fields.quantity).toBe('2')
    await page.send('/quantity')
    expect(page.text).toContain('The quantity is lowered.')
    expect((await eventsOf(backOrder)).filter(({ type }) => type === 'back_order.lowered')).toHaveLength(1)
  })
})

describe('the link is the permission', () => {
  test('a wrong or foreign link opens the same page that says so', async () => {
    const { link, number, page } = await ordered({ onHand: 0, quantity: 1 })
    const other = await ordered({ onHand: 0, quantity: 1 })
    const proof = link.split('/').at(-1) ?? ''
    const ended = async (url: string) => {
      const answer = await new Browser().open(url)
      expect(answer.status).toBe(404)
      expect(answer.headers.get('content-type')).toBe('text/html; charset=UTF-8')
      expect(answer.text).toContain('This link is not valid, or no longer')
      return answer.html
    }
    const pages = [
      await ended(link.replace(proof, `${proof.slice(0, -1)}${proof.endsWith('A') ? 'B' : 'A'}`)),
      await ended(link.replace(proof, proof.slice(0, -1))),
      await ended(link.replace(number, other.number)),
      await ended(link.replace(number, 'OR-0000-0000-000')),
      await ended(link.replace(number, 'nonsense')),
      await ended(`${link}/back-orders`.replace(proof, 'wrong')),
      await ended(new URL('/o/', link).href),
    ]
    expect(new Set(pages).size).toBe(1)

    // A form of one order does nothing under another's link, and a back order of another order is not found.
    const { action, fields } = page.form('/answers')
    expect(
      (await new Browser().post(action.replace(proof, 'x'.repeat(32)), { ...fields, 'choice-1': 'decline' }))
        .status,
    ).toBe(404)
    const stranger = await backOrdered({ onHand: 0, quantity: 1 })
    const foreign = stranger.page.form(`${stranger.backOrder}/cancellation`)
    const moved = foreign.action.replace(new URL(stranger.link).pathname, new URL(link).pathname)
    expect((await new Browser().post(moved, foreign.fields)).status).toBe(404)
    expect(await shop.look(stranger.backOrder)).toMatchObject({ state: 'waiting' })
  })

  test('an operator revokes the links mailed so far; a mail that is told again has a new one', async () => {
    const { link, number, email, page } = await ordered({ onHand: 0, quantity: 1 })
    const { action, fields } = page.form('/answers')
    const path = `/v1/operator/orders/${number}/link-revocation`
    const body = { reason: 'Forwarded to a stranger' }
    expect((await shop.call('POST', path, { body })).status).toBe(403)
    expect((await shop.call('POST', path, { body: {}, key: shop.operatorKey })).status).toBe(422)
    const nowhere = path.replace(number, newNumber('order'))
    expect((await shop.call('POST', nowhere, { body, key: shop.operatorKey })).status).toBe(404)

    const again = { body, key: shop.operatorKey, idempotencyKey: randomUUID() }
    const revoked = expectStatus(await shop.call('POST', path, again), 200)
    expect(revoked.body).toMatchObject({ number, state: 'offered' })
    expect((await shop.call('POST', path, again)).body).toEqual(revoked.body)
    const opened = await new Browser().open(link)
    expect([opened.status, opened.text]).toEqual([404, expect.stringContaining('This link is not valid')])
    expect((await new Browser().post(action, { ...fields, 'choice-1': 'decline' })).status).toBe(404)
    const history = await shop.call('GET', `/v1/orders/${number}/events`, { key: shop.operatorKey })
    expect(history.body.data.at(-1)).toMatchObject({
      type: 'order.links_revoked',
      actor: expect.stringMatching(/^operator:/),
      from: 'offered',
      to: 'offered',
      note: body.reason,
    })
    expect(
      history.body.data.filter(({ type }: { type: string }) => type === 'order.links_revoked'),
    ).toHaveLength(1)

    const told = await shop.call('GET', `/v1/operator/orders/${number}/notifications`, {
      key: shop.operatorKey,
    })
    const mail = told.body.data.find(({ channel }: { channel: string }) => channel === 'mail')
    const redelivery = `/v1/operator/notifications/${mail.id}/redelivery`
    expectStatus(await shop.call('POST', redelivery, { body: {}, key: shop.operatorKey }), 202)
    const mails = await waitFor(
      'the mail to come again',
      () => shop.mails(email, /not in stock/),
      (mails) => mails.length === 2,
    )
    // Under the same id a mailbox may drop the second one.
    expect(new Set(mails.map(({ message_id }) => message_id)).size).toBe(2)
    const links = mails.map(({ text }) => LINK.exec(text)?.[0] ?? '')
    const [renewed = ''] = links.filter((other) => other !== link)
    const anew = await new Browser().open(renewed)
    expect(anew.status).toBe(200)
    await anew.send('/answers', { 'choice-1': 'decline' })
    expect(await shop.look(number)).toMatchObject({ state: 'decided' })
  })

  test('it works until 30 days after everything about the order has ended', async () => {
    const { link, number, backOrder, page } = await backOrdered({ onHand: 0, quantity: 1 })
    await house().db`UPDATE orders SET ended_at = now() - interval '31 days' WHERE number = ${number}`
    expect((await page.open(link)).status).toBe(200)
    await page.send(`${backOrder}/cancellation`)
    expect(page.text).toContain('It is cancelled.')
    await house().db`UPDATE back_orders SET ended_at = now() - interval '29 days' WHERE number = ${backOrder}`
    expect((await page.open(link)).status).toBe(200)
    await house().db`UPDATE back_orders SET ended_at = now() - interval '30 days' WHERE number = ${backOrder}`
    expect((await page.open(link)).status).toBe(404)
  })

  test('forms are taken from our own pages only', async () => {
    const { page, backOrder } = await backOrdered({ onHand: 0, quantity: 1 })
    const { action, fields } = page.form(`${backOrder}/cancellation`)
    for (const headers of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example', 'sec-fetch-site': 'unheard-of' },
    ]) {
      const answer = await new Browser().post(action, fields, headers)
      expect(answer.status).toBe(403)
      expect(answer.text).toContain('That form did not come from our page')
    }
    expect(await shop.look(backOrder)).toMatchObject({ state: 'waiting' })
    const json = await fetch(action, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fields),
    })
    expect(json.status).toBe(415)
    const huge = await new Browser().post(action, { ...fields, more: 'x'.repeat(200_000) })
    expect(huge.status).toBe(413)
    expect((await new Browser().post(action, { ...fields, key: 'short' })).status).toBe(400)
    expect((await new Browser().post(action, { ...fields, version: 'x' })).status).toBe(400)
    const own = await new Browser().post(action, fields, { origin: house().apiUrl, 'sec-fetch-site': '' })
    expect(own.text).toContain('It is cancelled.')
  })

  test('it is not stored, not indexed, not passed on, and not written to a log', async () => {
    const { page, link } = await backOrdered({ onHand: 0, quantity: 1 })
    await new Browser().open(`${link}/nothing/here`)
    await page.open(link)
    expect(Object.fromEntries(page.headers)).toMatchObject({
      'content-type': 'text/html; charset=UTF-8',
      'content-security-policy':
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex, nofollow, noarchive',
      'x-content-type-options': 'nosniff',
    })
    expect(page.html).not.toMatch(/<script|<style| style=| on\w+=/)
    const [sheet = ''] = page.html.match(/\/o\/style\.css\?v=\w+/) ?? []
    const style = await fetch(new URL(sheet, link))
    expect([style.status, style.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8'])
    expect(style.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')

    const logs = house().logs()
    expect(logs).toContain('"route":"/o/:order/:proof')
    expect(logs).not.toContain(link.split('/').at(-1))
  })

  test('what people wrote is shown as text', async () => {
    const evil = '<img src=x onerror=alert(1)>"\''
    const { page } = await met({ quantity: 1, name: evil, person: evil })
    expect(page.text).toContain(`1 × ${evil}`)
    expect(page.html).not.toContain('<img')
    await page.send('/delivery-request', { name: evil, 'line-1': '</p><script>1</script>', city: evil })
    expect(page.text).toContain(`Where ${evil} </p><script>1</script> 12345 ${evil} Germany`)
    expect(page.html).not.toMatch(/<img|<script/)
  })
})
