import type { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Api, ApiEnv, ApiKit } from '../../api/kit.ts'
import type { Problem } from '../../api/problem.ts'
import type { RateLimit } from '../../api/rate-limit.ts'
import { Agreement } from '../../api/routes/lead-decisions.ts'
import { Cancellation } from '../../api/routes/orders.ts'
import { send } from '../../api/send.ts'
import { agree, cancel } from '../../clients/messages.ts'
import { refuseStale } from '../../domain/command.ts'
import { parseNumber } from '../../domain/number.ts'
import { Refusal } from '../../domain/refusal.ts'
import { NO_TURN } from '../../integrations/link.ts'
import { readProspectLink } from '../../store/lead.ts'
import { verifyContact } from '../../store/member.ts'
import { type ProspectPage, readProspectPage } from '../../store/prospect-page.ts'
import { document } from '../layout.tsx'
import {
  carryOut,
  limitForms,
  readFields,
  refusalOf,
  refuseForeignForms,
  sayWhy,
  sendHeaders,
} from '../linked-page.ts'
import type { Notice } from '../notice.tsx'
import { type Attempt, ProspectPage as ProspectPageView } from './page.tsx'
import { DONE, type Done, eventWords } from './words.ts'

/**
 * A prospect's page of their enquiry, behind the link in every mail about it (REQUIREMENTS B9). The link is the
 * permission: whoever has it acts as the prospect. A GET never acts; each rendering of a form is one action.
 */
export function registerProspectPage(app: Api, kit: ApiKit, limit: RateLimit['byAddress']): void {
  const pages = new Hono<ApiEnv>()
  pages.onError(sayWhy('an enquiry'))
  pages.use(sendHeaders, limit)
  pages.use(limitForms, refuseForeignForms(kit))

  pages.get('/:lead/:proof', async (c) => {
    const link = await linkOf(c, kit)
    const done = c.req.query('done') ?? ''
    const notice: Notice | null = Object.hasOwn(DONE, done)
      ? { tone: 'good', title: DONE[done as Done] }
      : null
    return show(c, kit, link, { status: 200, notice, attempt: null })
  })

  // After a form came back with a fault its address is in the browser's address bar: reloading it there leads back.
  pages.get('/:lead/:proof/*', async (c) => c.redirect((await linkOf(c, kit)).base, 303))

  for (const [name, form] of Object.entries(FORMS)) {
    pages.post(`/:lead/:proof/${name}`, (c) => take(c, kit, name as Done, form))
  }
  pages.all('*', () => {
    throw new Refusal('not-found', '')
  })
  app.route('/e', pages)
}

/** The page's forms: the API's own schema, so that a command's stored body looks the same wherever it came from. */
const FORMS = {
  agreement: { schema: Agreement, update: agree },
  cancellation: { schema: Cancellation, update: cancel },
} satisfies Record<Done, { schema: z.ZodType; update: typeof agree }>

type Link = { number: string; base: string }

/** The lead that the link opens. Whatever is wrong with a link, the answer is the same. */
async function linkOf(c: Context<ApiEnv>, kit: ApiKit): Promise<Link> {
  const { lead = '', proof = '' } = c.req.param() as Partial<Record<string, string>>
  const parsed = parseNumber('lead', lead)
  const known = parsed.ok ? await readProspectLink(kit.db, parsed.number) : undefined
  if (!parsed.ok || !known || known.has_ended || !kit.links.isValid(parsed.number, NO_TURN, proof)) {
    throw new Refusal('link-ended', '')
  }
  const { number } = parsed
  c.set('caller', { role: 'customer', partner: null, actor: 'customer', scope: `link:${number}` })
  return { number, base: `/e/${number}/${proof}` }
}

/** Takes a sent form: checks it, carries it out once, and leads back to the page or shows it with what is wrong. */
async function take(
  c: Context<ApiEnv>,
  kit: ApiKit,
  name: Done,
  { schema, update }: (typeof FORMS)[Done],
): Promise<Response> {
  const link = await linkOf(c, kit)
  const { number, base } = link
  const fields = await readFields(c)
  const { key = '', version = '', reason = '' } = fields
  if (!/^[0-9a-f-]{36}$/.test(key) || !/^\d{1,9}$/.test(version)) throw new Refusal('malformed-request', '')
  const attempt = { form: name, fields, fault: null, key: null }
  const entered = schema.safeParse(reason.trim() ? { reason } : {})
  if (!entered.success) {
    return show(c, kit, link, {
      status: 422,
      notice: { tone: 'bad', title: 'Please check what you entered. Nothing was done yet.' },
      attempt: { ...attempt, fault: 'At most 1,000 characters, on one line.' },
    })
  }
  const page = await pageOf(kit, number)
  const outcome = await carryOut(c, kit, {
    key,
    body: entered.data,
    number,
    // In the transaction that would claim the form's key: a stale form claims nothing and does nothing.
    first: async (tx, { command }) => {
      refuseStale({ command, actor: c.var.caller.actor, if_version: Number(version) }, page.lead)
      // Who sends it has the link, which went to the prospect's address and nowhere else.
      await verifyContact(tx, number)
    },
    work: async ({ command }) => {
      const { actor } = c.var.caller
      // Checked again under the lock: what changes in between is caught there.
      const asked = { command, actor, if_version: Number(version) }
      await send(kit, { kind: 'lead', number }, update, asked)
    },
  })
  if (outcome.status < 400) return c.redirect(`${base}?done=${name}`, 303)
  const problem = outcome.answer as Problem
  if (problem.type.endsWith('/version-stale')) {
    const notice = staleNotice(await pageOf(kit, number), Number(version))
    return show(c, kit, link, { status: 409, notice, attempt: null })
  }
  const { status, title, isOpen } = refusalOf(problem, 'your enquiry has ended')
  return show(c, kit, link, {
    status,
    notice: { tone: 'bad', title },
    attempt: { ...attempt, key: isOpen ? key : null },
  })
}

/** What happened since the form was shown. */
function staleNotice(page: ProspectPage, version: number): Notice {
  const since = page.events.filter(({ sequence }) => sequence > version)
  return {
    tone: 'bad',
    title:
      'Nothing was done, because something changed since you opened this page. Please look again and decide anew.',
    items: since.flatMap((event) => eventWords(event, page) ?? []),
  }
}

async function pageOf(kit: ApiKit, number: string): Promise<ProspectPage> {
  const page = await readProspectPage(kit.db, number)
  if (!page) throw new Refusal('link-ended', '')
  return page
}

async function show(
  c: Context<ApiEnv>,
  kit: ApiKit,
  { number, base }: Link,
  shown: { status: number; notice: Notice | null; attempt: Attempt | null },
): Promise<Response> {
  const { status, notice, attempt } = shown
  if (status === 503) c.header('retry-after', '5')
  const view = { page: await pageOf(kit, number), base, notice, attempt }
  return c.html(document(ProspectPageView({ view })), status as ContentfulStatusCode)
}
