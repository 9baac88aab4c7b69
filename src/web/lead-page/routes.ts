import type { Context } from 'hono'
import { Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Api, ApiEnv, ApiKit } from '../../api/kit.ts'
import type { Problem } from '../../api/problem.ts'
import type { RateLimit } from '../../api/rate-limit.ts'
import { Status } from '../../api/routes/lead-statuses.ts'
import { send } from '../../clients/command.ts'
import { giveStatus } from '../../clients/messages.ts'
import { parseNumber } from '../../domain/number.ts'
import { Refusal } from '../../domain/refusal.ts'
import { readLeadLink } from '../../store/lead.ts'
import { asDealerSees, leadView } from '../../store/lead-view.ts'
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
import { LeadPage, type View } from './page.tsx'

/**
 * A dealer's page of a lead, behind the link in each mail about it (REQUIREMENTS B9). The link is the permission: whoever
 * has it acts as the dealer to whom it was mailed. A GET never acts; each rendering of the form is one action.
 */
export function registerLeadPage(app: Api, kit: ApiKit, limit: RateLimit['byAddress']): void {
  const pages = new Hono<ApiEnv>()
  pages.onError(sayWhy('a lead'))
  pages.use(sendHeaders, limit)
  pages.use(limitForms, refuseForeignForms(kit))

  pages.get('/:lead/:turn/:proof', async (c) => {
    const link = await linkOf(c, kit)
    const notice =
      c.req.query('done') === undefined ? null : { tone: 'good' as const, title: 'Thank you, noted.' }
    return show(c, kit, link, { status: 200, notice, attempt: null })
  })

  // After a form came back with a fault its address is in the browser's address bar: reloading it there leads back.
  pages.get('/:lead/:turn/:proof/status', async (c) => c.redirect((await linkOf(c, kit)).base, 303))

  pages.post('/:lead/:turn/:proof/status', async (c) => {
    const link = await linkOf(c, kit)
    const fields = await readFields(c)
    const { key = '', status, reason, note } = fields
    if (!/^[0-9a-f-]{36}$/.test(key)) throw new Refusal('malformed-request', '')
    const entered = Status.safeParse({ status, reason: reason || undefined, note: note?.trim() || undefined })
    if (!entered.success) {
      const errors = Object.fromEntries(
        entered.error.issues.map((issue) => [String(issue.path[0]), FAULTS[String(issue.path[0])] ?? '']),
      )
      return show(c, kit, link, {
        status: 422,
        notice: { tone: 'bad', title: 'Please check what you entered. Nothing was done yet.' },
        attempt: { fields, errors, key: null },
      })
    }
    const { number, dealer } = link
    const { actor } = c.var.caller
    const outcome = await carryOut(c, kit, {
      key,
      body: entered.data,
      number,
      work: async ({ command }) => {
        await send(kit.temporal, { kind: 'lead', number }, giveStatus, { command, actor, dealer })
      },
    })
    if (outcome.status < 400) return c.redirect(`${link.base}?done`, 303)
    const { status: refused, title, isOpen } = refusalOf(outcome.answer as Problem, 'this lead')
    return show(c, kit, link, {
      status: refused,
      notice: { tone: 'bad', title },
      attempt: { fields, errors: {}, key: isOpen ? key : null },
    })
  })

  pages.all('*', () => {
    throw new Refusal('not-found', '')
  })
  app.route('/l', pages)
}

const FAULTS: Record<string, string> = {
  status: 'Please choose one.',
  reason: 'Please say why it was lost, and only then.',
  note: 'At most 1,000 characters, on one line.',
}

type Link = { number: string; dealer: string; base: string }

/** The lead and the dealer that the link names. Whatever is wrong with a link, the answer is the same. */
async function linkOf(c: Context<ApiEnv>, kit: ApiKit): Promise<Link> {
  const { lead = '', turn: given = '', proof = '' } = c.req.param() as Partial<Record<string, string>>
  const parsed = parseNumber('lead', lead)
  const turn = /^[1-9]\d{0,5}$/.test(given) ? Number(given) : 0
  const known = parsed.ok ? await readLeadLink(kit.db, parsed.number, turn) : undefined
  if (!parsed.ok || !known || known.has_ended || !kit.links.isValid(parsed.number, turn, proof)) {
    throw new Refusal('link-ended', '')
  }
  const { number } = parsed
  const { dealer } = known
  c.set('caller', {
    role: 'dealer',
    partner: dealer,
    actor: `dealer:${dealer}`,
    scope: `link:${number}/${turn}`,
  })
  return { number, dealer, base: `/l/${number}/${turn}/${proof}` }
}

async function show(
  c: Context<ApiEnv>,
  kit: ApiKit,
  { number, dealer, base }: Link,
  shown: Pick<View, 'notice' | 'attempt'> & { status: number },
): Promise<Response> {
  const { status, notice, attempt } = shown
  const lead = await leadView(kit.db, number)
  if (!lead) throw new Refusal('link-ended', '')
  if (status === 503) c.header('retry-after', '5')
  const view = { lead: asDealerSees(lead, dealer), base, notice, attempt }
  return c.html(document(LeadPage({ view })), status as ContentfulStatusCode)
}
