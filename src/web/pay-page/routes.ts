import type { Context } from 'hono'
import { Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Api, ApiEnv, ApiKit } from '../../api/kit.ts'
import { handleError } from '../../api/problem.ts'
import type { RateLimit } from '../../api/rate-limit.ts'
import { parseNumber } from '../../domain/number.ts'
import { Refusal } from '../../domain/refusal.ts'
import { PAY_LINK } from '../../integrations/link.ts'
import { orderOf } from '../../store/notification.ts'
import { readLink } from '../../store/order-page.ts'
import { type PaymentRow, readPayment } from '../../store/payment.ts'
import { paymentView } from '../../store/payment-view.ts'
import { document, MessagePage } from '../layout.tsx'
import { sendHeaders } from '../linked-page.ts'
import { PayPage } from './page.tsx'

/**
 * The way to the provider's page and back (REQUIREMENTS B5). The address that we hand out stays the same, whichever page of
 * the provider is open just now. The buyer comes back here, and from here to the order's page: so the provider never holds
 * a link with which one could act on the order.
 */
export function registerPayPage(app: Api, kit: ApiKit, limit: RateLimit['byAddress']): void {
  const pages = new Hono<ApiEnv>()
  pages.onError(sayWhy)
  pages.use(sendHeaders, limit)

  pages.get('/:payment/:proof', async (c) => {
    const payment = await paymentOf(c, kit)
    if (payment.state === 'pending' && payment.session_url) return c.redirect(payment.session_url, 303)
    return show(c, kit, payment, await orderUrlOf(kit, payment))
  })
  pages.get('/:payment/:proof/:how{paid|unpaid}', async (c) => {
    const payment = await paymentOf(c, kit)
    const orderUrl = await orderUrlOf(kit, payment)
    return orderUrl
      ? c.redirect(`${orderUrl}?done=${c.req.param('how')}`, 303)
      : show(c, kit, payment, orderUrl)
  })
  pages.all('*', () => {
    throw new Refusal('not-found', '')
  })
  app.route('/p', pages)
}

/** The payment that the link names. Whatever is wrong with a link, the answer is the same. */
async function paymentOf(c: Context<ApiEnv>, kit: ApiKit): Promise<PaymentRow> {
  const parsed = parseNumber('payment', c.req.param('payment') ?? '')
  const row = parsed.ok ? await readPayment(kit.db, parsed.number) : undefined
  if (!row?.pay_url || !kit.links.isValid(row.number, PAY_LINK, c.req.param('proof') ?? ''))
    throw new Refusal('link-ended', '')
  return row
}

/** The page of the order that it belongs to; null where there is none, or none any more. */
async function orderUrlOf(kit: ApiKit, { pays_for }: PaymentRow): Promise<string | null> {
  const order = await orderOf(kit.db, pays_for)
  const link = order && (await readLink(kit.db, order))
  return order && link && !link.has_ended ? kit.links.url(order, link.version) : null
}

async function show(
  c: Context<ApiEnv>,
  kit: ApiKit,
  { number }: PaymentRow,
  orderUrl: string | null,
): Promise<Response> {
  const payment = await paymentView(kit.db, number)
  if (!payment) throw new Refusal('link-ended', '')
  const base = `/p/${number}/${c.req.param('proof')}`
  return c.html(document(PayPage({ payment, base, orderUrl })))
}

/** A page that says what is wrong, with the status that the API would give. */
async function sayWhy(error: Error, c: Context<ApiEnv>): Promise<Response> {
  const { status } = handleError(error, c)
  const [title, paragraph] =
    status === 404
      ? [
          'This link is not valid',
          'Please use the link in our mail, and check that it was copied completely.',
        ]
      : ['That did not work', 'Nothing was charged. Please load the page again in a minute.']
  return c.html(document(MessagePage({ title, paragraphs: [paragraph] })), status as ContentfulStatusCode)
}
