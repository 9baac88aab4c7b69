import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { Browser } from '../support/browser.ts'
import { useHouse } from '../support/house.ts'
import { expectSoundHouse } from '../support/proof.ts'
import { ProviderSide } from '../support/provider.ts'
import { expectStatus, Shop } from '../support/shop.ts'

const house = useHouse({ partners: ['mail', 'carrier', 'payments'] })
let shop: Shop
let provider: ProviderSide
beforeAll(async () => {
  shop = await Shop.open(house())
  provider = new ProviderSide(house())
  await house().db`UPDATE storefronts SET takes_payment = true WHERE id = ${shop.storefront}`
})

const LINK = /https?:\/\/\S+\/o\/OR-\S+/
const PAY_LINK = /https?:\/\/\S+\/p\/PY-\S+/

/** The customer's page of a back order whose goods are there. */
async function atThePage() {
  const sku = await shop.item()
  const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 600 })
  const email = `payer-${randomBytes(4).toString('hex')}@example.test`
  const order = expectStatus(await shop.order([{ sku, quantity: 2 }], { email }), 201).body.number as string
  const [mail] = await shop.mails(email, /not in stock/)
  const link = LINK.exec(mail?.text ?? '')?.[0] ?? ''
  const page = await new Browser().open(link)
  await page.send('/answers', { 'choice-1': 'wait_for_all' })
  const number = (await shop.look(order)).lines[0].back_order as string
  expectStatus(await shop.bring(supplier, sku, 2), 201)
  await page.open(link)
  await page.send('/delivery-request')
  return { page, link, number, email, sku }
}

/** Where the link with these words leads. */
function hrefOf(page: Browser, words: RegExp): string {
  for (const [, href = '', text = ''] of page.html.matchAll(/<a\b[^>]* href="([^"]*)"[^>]*>(.*?)<\/a>/gs)) {
    if (words.test(text)) return new URL(href.replaceAll('&amp;', '&'), page.url).href
  }
  throw new Error(`There is no link ${words} on the page: ${page.text}`)
}

describe('paying by pages alone (B5)', () => {
  test('confirm → the provider: declined, then with a step-up → back to the order, and paid', async () => {
    const { page, link, number, email } = await atThePage()
    expect(page.text).toContain('Confirm and pay')
    await page.send('/confirmation')
    expect([page.status, page.url]).toEqual([200, `${link}?done=to_pay`])
    expect(page.text).toContain('Thank you. Please pay now')
    expect(page.text).toContain('All 2 set aside; waiting for the payment.')
    expect(page.forms.some((action) => action.endsWith('/confirmation'))).toBe(false)
    // Our pages send no referrer, so the link to pay is all that the provider learns.
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')

    const payUrl = hrefOf(page, /^\s*Pay €39\.98/)
    const { payment } = await shop.look(number)
    expect(payUrl).toBe(payment.pay_url)
    await shop.until(payment.number, ({ state }) => state === 'pending')

    const bank = await new Browser().open(payUrl)
    expect(new URL(bank.url).origin).toBe(house().paymentsUrl)
    expect(bank.text).toContain(`€39.98 Back order ${number}`)
    // No field for a card, not even here.
    expect([...bank.html.matchAll(/<input\b[^>]*>/g)].every(([tag]) => tag.includes('type="hidden"'))).toBe(
      true,
    )
    await bank.send('?decline')
    expect(bank.text).toContain('Declined: card declined. You can try again.')
    await bank.send('?leave')
    expect([bank.status, bank.url]).toEqual([200, `${link}?done=unpaid`])
    expect(bank.text).toContain('Nothing was paid.')

    await bank.open(hrefOf(bank, /^\s*Pay €39\.98/))
    await bank.send('?step_up')
    expect(bank.text).toContain('Your bank asks')
    await bank.send('?pay')
    expect([bank.status, bank.url]).toEqual([200, `${link}?done=paid`])
    expect(bank.text).toContain('Thank you for paying.')
    await shop.until(payment.number, ({ state }) => state === 'captured', 30)
    await shop.until(number, ({ state }) => state === 'delivered')
    await page.open(link)
    expect(page.text).toContain('The delivery was confirmed.')
    for (const words of [
      'An attempt to pay was declined.',
      '€39.98 were paid, and are held until your goods leave us.',
      'We took the €39.98 that you paid.',
    ]) {
      expect(page.text).toContain(words)
    }
    expect(page.forms).toEqual([])

    const mails = await shop.mails(email, /received$/)
    const paid = mails.find(({ subject }) => subject.endsWith('received'))
    expect(paid?.text).toContain(`Thank you. We have received €39.98 for ${number}.`)
    const payPage = await new Browser().open(PAY_LINK.exec(paid?.text ?? '')?.[0] ?? '')
    expect([payPage.status, payPage.url]).toEqual([200, payUrl])
    expect(payPage.text).toContain('Thank you. It is paid.')
    expect((await provider.ledger(payment.number)).taken).toBe(3_998)
    await expectSoundHouse(house())
  })

  test('a link to pay that was not made by us opens nothing, and acts on nothing', async () => {
    const { page, number } = await atThePage()
    await page.send('/confirmation')
    const { payment } = await shop.look(number)
    const { pathname } = new URL(payment.pay_url)
    for (const path of [`${pathname}x`, pathname.replace(/.$/, '_'), '/p/PY-0000-0000-000/x', '/p/x']) {
      const answer = await fetch(house().apiUrl + path, { redirect: 'manual' })
      expect([path, answer.status, await answer.text()]).toEqual([
        path,
        404,
        expect.stringContaining('This link is not valid'),
      ])
    }
    const post = await fetch(payment.pay_url, { method: 'POST' })
    expect(post.status).toBe(404)
    await page.open(page.url)
    await page.send('/refusal')
    await shop.until(payment.number, ({ state }) => state === 'voided')
    const over = await new Browser().open(payment.pay_url)
    expect(over.text).toContain('nothing was charged')
    await expectSoundHouse(house())
  })
})
