import type { Context } from 'hono'
import { Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Api, ApiEnv, ApiKit } from '../../api/kit.ts'
import { handleError, type Problem } from '../../api/problem.ts'
import type { RateLimit } from '../../api/rate-limit.ts'
import { refuseStale } from '../../domain/command.ts'
import { parseNumber } from '../../domain/number.ts'
import { Refusal } from '../../domain/refusal.ts'
import { verifyContact } from '../../store/member.ts'
import { type OrderPage, readLink, readOrderPage } from '../../store/order-page.ts'
import { document, MessagePage } from '../layout.tsx'
import { carryOut, limitForms, readFields, refuseForeignForms, sendHeaders } from '../linked-page.ts'
import { STYLE, STYLE_PATH } from '../style.ts'
import type { Attempt, Notice } from './fields.tsx'
import { BACK_ORDER_FORMS, DELIVERY_FORMS, enter, type Form, ORDER_FORMS } from './forms.ts'
import { OrderPage as OrderPageView } from './page.tsx'
import { DONE, type Done, eventWords, refusalWords } from './words.ts'

/**
 * The customer's page of an order, behind the link in every mail (DESIGN §5). The link is the permission: whoever has it
 * acts as the customer. A GET never acts; each rendering of a form is one action, however often it is sent.
 */
export function registerOrderPage(app: Api, kit: ApiKit, limit: RateLimit['byAddress']): void {
  const pages = new Hono<ApiEnv>()
  pages.onError(sayWhy)
  pages.use(sendHeaders, limit)
  pages.get('/style.css', (c) => {
    const isCurrent = `/o/style.css${new URL(c.req.url).search}` === STYLE_PATH
    return c.body(STYLE, 200, {
      'content-type': 'text/css; charset=utf-8',
      'cache-control': isCurrent ? 'public, max-age=31536000, immutable' : 'no-cache',
    })
  })
  pages.use(limitForms, refuseForeignForms(kit))

  pages.get('/:order/:proof', async (c) => {
    const order = await orderOf(c, kit)
    const done = c.req.query('done') ?? ''
    const notice: Notice | null = Object.hasOwn(DONE, done)
      ? { tone: 'good', title: DONE[done as Done] }
      : null
    return show(c, kit, order, { status: 200, notice, attempt: null })
  })

  // After a form came back with a fault its address is in the browser's address bar: reloading it there leads back.
  pages.get('/:order/:proof/*', async (c) => c.redirect(baseOf(c, await orderOf(c, kit)), 303))

  for (const [path, form] of Object.entries(ORDER_FORMS)) {
    pages.post(`/:order/:proof/${path}`, (c) => take(c, kit, form, path, (page) => page.order))
  }
  for (const [path, form] of Object.entries(BACK_ORDER_FORMS)) {
    pages.post(`/:order/:proof/back-orders/:number/${path}`, (c) => {
      const number = c.req.param('number')
      return take(c, kit, form, `back-orders/${number}/${path}`, (page) =>
        page.back_orders.find((part) => part.number === number),
      )
    })
  }
  for (const [path, form] of Object.entries(DELIVERY_FORMS)) {
    pages.post(`/:order/:proof/deliveries/:number/${path}`, (c) => {
      const number = c.req.param('number')
      return take(c, kit, form, `deliveries/${number}/${path}`, (page) =>
        page.deliveries.find((part) => part.number === number),
      )
    })
  }
  pages.all('*', () => {
    throw new Refusal('not-found', '')
  })
  app.route('/o', pages)
}

/** The order that the link opens. Whatever is wrong with a link, the answer is the same. */
async function orderOf(c: Context<ApiEnv>, kit: ApiKit): Promise<string> {
  const parsed = parseNumber('order', c.req.param('order') ?? '')
  const link = parsed.ok ? await readLink(kit.db, parsed.number) : undefined
  if (
    !parsed.ok ||
    !link ||
    link.has_ended ||
    !kit.links.isValid(parsed.number, link.version, c.req.param('proof') ?? '')
  ) {
    throw new Refusal('link-ended', '')
  }
  c.set('caller', { role: 'customer', partner: null, actor: 'customer', scope: `link:${parsed.number}` })
  return parsed.number
}

function baseOf(c: Context, order: string): string {
  return `/o/${order}/${c.req.param('proof')}`
}

/** What a form is about, and its version now. */
type Subject = { number: string; version: number }

/** Takes a sent form: checks it, carries it out once, and leads back to the page or shows it with what is wrong. */
async function take(
  c: Context<ApiEnv>,
  kit: ApiKit,
  form: Form,
  action: string,
  find: (page: OrderPage) => Subject | undefined,
): Promise<Response> {
  const order = await orderOf(c, kit)
  const fields = await readFields(c)
  const { key = '', version = '' } = fields
  const page = await readOrderPage(kit.db, order)
  const subject = page && find(page)
  if (!subject) throw new Refusal('not-found', '')
  if (!/^[0-9a-f-]{36}$/.test(key) || !/^\d{1,9}$/.test(version)) throw new Refusal('malformed-request', '')

  const attempt: Attempt = { action, fields, errors: {}, key: null }
  const entered = enter(form, fields)
  if (entered.errors) {
    return show(c, kit, order, {
      status: 422,
      notice: { tone: 'bad', title: 'Please check what you entered. Nothing was done yet.' },
      attempt: { ...attempt, errors: entered.errors },
    })
  }
  const outcome = await carryOut(c, kit, {
    key,
    body: entered.body,
    number: subject.number,
    // In the transaction that would claim the form's key: a stale form claims nothing and does nothing.
    first: async (tx, { command }) => {
      refuseStale({ command, actor: c.var.caller.actor, if_version: Number(version) }, subject)
      // Who sends it has the link, which went to the customer's address and nowhere else.
      await verifyContact(tx, order)
    },
    work: async ({ command }) => {
      const { actor } = c.var.caller
      // Checked again under the lock: what changes in between is caught there.
      const asked = { command, actor, if_version: Number(version) }
      await form.send(kit, subject.number, entered.body, asked)
    },
  })
  if (outcome.status < 400) return c.redirect(`${baseOf(c, order)}?done=${form.done(outcome.answer)}`, 303)

  const problem = outcome.answer as Problem
  const type = new URL(problem.type).pathname.split('/').at(-1) ?? ''
  switch (type) {
    case 'version-stale':
      return show(c, kit, order, {
        status: 409,
        notice: staleNotice((await readOrderPage(kit.db, order)) ?? page, subject, Number(version)),
        attempt: null,
      })
    case 'request-running':
    case 'outcome-unknown':
    case 'unavailable':
      // What was entered stays under its key: sending it again completes it and never does it twice.
      return show(c, kit, order, {
        status: type === 'request-running' ? 409 : 503,
        notice: { tone: 'bad', title: refusalWords(type, '') },
        attempt: { ...attempt, key },
      })
    default:
      return show(c, kit, order, {
        status: type === 'idempotency-key-reused' ? 409 : problem.status,
        notice: { tone: 'bad', title: refusalWords(type, problem.detail ?? '') },
        attempt: { ...attempt, errors: faultsOf(form, problem, entered.body) },
      })
  }
}

/** What happened to the thing since the form was shown. */
function staleNotice(page: OrderPage, subject: Subject, version: number): Notice {
  const since = page.events.filter((event) => event.number === subject.number && event.sequence > version)
  return {
    tone: 'bad',
    title:
      'Nothing was done, because something changed since you opened this page. Please look again and decide anew.',
    items: since.flatMap((event) => eventWords(event, page) ?? []),
  }
}

/** A refusal's faults by field, where it names parts of the body. */
function faultsOf(form: Form, problem: Problem, body: unknown): Record<string, string> {
  return Object.fromEntries(
    (problem.errors ?? []).map(({ pointer, detail }) => [
      form.field(pointer.split('/').slice(1), body),
      pointer.endsWith('/choice') ? 'This choice is not open any more.' : asSentence(detail),
    ]),
  )
}

/** "must be at least 1 day" as a sentence. */
function asSentence(detail: string): string {
  const sentence = /^(must|may) /.test(detail) ? `This ${detail}` : detail
  return sentence.endsWith('.') ? sentence : `${sentence}.`
}

async function show(
  c: Context<ApiEnv>,
  kit: ApiKit,
  order: string,
  shown: { status: number; notice: Notice | null; attempt: Attempt | null },
): Promise<Response> {
  const page = await readOrderPage(kit.db, order)
  if (!page) throw new Refusal('link-ended', '')
  const { notice, attempt } = shown
  if (shown.status === 503) c.header('retry-after', '5')
  const view = { page, base: baseOf(c, order), notice, attempt }
  return c.html(document(OrderPageView({ view })), shown.status as ContentfulStatusCode)
}

/** A page that says what is wrong, with the status that the API would give. */
async function sayWhy(error: Error, c: Context<ApiEnv>): Promise<Response> {
  const { status } = handleError(error, c)
  const [title, ...paragraphs] = WHY[status] ?? WHY_ELSE
  return c.html(document(MessagePage({ title, paragraphs })), status as ContentfulStatusCode)
}

type Why = [title: string, ...paragraphs: string[]]
const WHY: Partial<Record<number, Why>> = {
  400: [
    'That form was not complete',
    'Nothing was done. Please go back, load the page again and send the form once more.',
  ],
  403: [
    'That form did not come from our page',
    'Nothing was done. Please open the page by the link in our mail and send the form from there.',
  ],
  404: [
    'This link is not valid, or no longer',
    'The link in our mails opens the page of your order until 30 days after everything about it has ended.',
    'Please use the link in the newest mail about your order, and check that it was copied completely. If that does not help, answer that mail.',
  ],
  413: ['That is too much text', 'Nothing was done. Please go back and enter less.'],
  415: [
    'That form cannot be read',
    'Nothing was done. Please go back, load the page again and send the form once more.',
  ],
  429: ['That was too much at once', 'Nothing was done. Please wait a moment and try again.'],
  503: ['Your order cannot be shown at the moment', 'Please try again in a minute. Nothing is lost.'],
}
const WHY_ELSE: Why = [
  'Something went wrong on our side',
  'Please try again in a minute. If it stays, answer our mail about your order.',
]
