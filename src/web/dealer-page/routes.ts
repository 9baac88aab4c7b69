import type { Context } from 'hono'
import { Hono } from 'hono'
import type { Child } from 'hono/jsx'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Api, ApiEnv, ApiKit } from '../../api/kit.ts'
import type { Problem } from '../../api/problem.ts'
import type { RateLimit } from '../../api/rate-limit.ts'
import { type Command, refuseStale } from '../../domain/command.ts'
import { type NumberKind, parseNumber } from '../../domain/number.ts'
import { Refusal } from '../../domain/refusal.ts'
import type { Database } from '../../store/database.ts'
import { dealerOf } from '../../store/dealer.ts'
import type { DealerLink } from '../../store/link.ts'
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
import type { Notice, View } from './parts.tsx'

/** What a dealer's link names: what it is about, in which turn this dealer got it, and the page's own path. */
export type Link = { number: string; turn: number; dealer: string; base: string }

/**
 * What was entered into a form: the command's body as the API has it, and how it goes to the same code; or what is wrong,
 * by field.
 */
export type Entered =
  | { body: object; send: (kit: ApiKit, asked: Command) => Promise<unknown> }
  | { errors: Record<string, string> }

/** A form of a page; `done` is what the page says once it is carried out. */
export type Form = { read: (fields: Record<string, string>, link: Link) => Entered; done: string }

/** Where a page stands: its forms are for one version, and whoever's turn is over can do nothing more. */
export type Standing = { version: number; is_over: boolean; since: (version: number) => string[] }

/** What a dealer's page is about, and what can be done there. */
export type Subject<Page> = {
  number: NumberKind
  /** How its address begins. */
  path: string
  /** What the link in the mail leads to, as in "a lead". */
  what: string
  readLink(db: Database, number: string, turn: number): Promise<DealerLink | undefined>
  readPage(db: Database, link: Link): Promise<Page | undefined>
  show(view: View<Page>): Child
  /** Left out where a dealer's word is taken whatever has happened since. */
  standing?: (page: Page) => Standing
  forms: Record<string, Form>
  /** Why a form was not carried out, by the type of the refusal; `otherwise` for every other. */
  refusals: { otherwise: string } & Partial<Record<string, string>>
}

/**
 * A dealer's page behind the link in each mail about something (REQUIREMENTS B4, B8, B9). The link is the permission:
 * whoever has it acts as the dealer to whom it was mailed. A GET never acts; each rendering of a form is one action.
 */
export function registerDealerPage<Page>(
  app: Api,
  kit: ApiKit,
  limit: RateLimit['byAddress'],
  subject: Subject<Page>,
): void {
  const pages = new Hono<ApiEnv>()
  pages.onError(sayWhy(subject.what))
  pages.use(sendHeaders, limit)
  pages.use(limitForms, refuseForeignForms(kit))

  pages.get('/:number/:turn/:proof', async (c) => {
    const link = await linkOf(c, kit, subject)
    const done = c.req.query('done') ?? ''
    const form = Object.hasOwn(subject.forms, done) ? subject.forms[done] : undefined
    const notice = form ? ({ tone: 'good', title: form.done } as const) : null
    return show(c, kit, subject, link, { status: 200, notice, attempt: null })
  })

  // After a form came back with a fault its address is in the browser's address bar: reloading it there leads back.
  pages.get('/:number/:turn/:proof/*', async (c) => c.redirect((await linkOf(c, kit, subject)).base, 303))

  for (const [name, form] of Object.entries(subject.forms))
    pages.post(`/:number/:turn/:proof/${name}`, (c) => take(c, kit, subject, name, form))

  pages.all('*', () => {
    throw new Refusal('not-found', '')
  })
  app.route(`/${subject.path}`, pages)
}

/** What the link names. Whatever is wrong with a link, the answer is the same. */
async function linkOf<Page>(c: Context<ApiEnv>, kit: ApiKit, subject: Subject<Page>): Promise<Link> {
  const { number: given = '', turn: nth = '', proof = '' } = c.req.param() as Partial<Record<string, string>>
  const parsed = parseNumber(subject.number, given)
  const turn = /^[1-9]\d{0,5}$/.test(nth) ? Number(nth) : 0
  const known = parsed.ok ? await subject.readLink(kit.db, parsed.number, turn) : undefined
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
  return { number, turn, dealer, base: `/${subject.path}/${number}/${turn}/${proof}` }
}

/** Takes a sent form: checks it, carries it out once, and leads back to the page or shows it with what is wrong. */
async function take<Page>(
  c: Context<ApiEnv>,
  kit: ApiKit,
  subject: Subject<Page>,
  name: string,
  form: Form,
): Promise<Response> {
  const link = await linkOf(c, kit, subject)
  const fields = await readFields(c)
  const { key = '' } = fields
  if (!/^[0-9a-f-]{36}$/.test(key)) throw new Refusal('malformed-request', '')
  const standing = await standingOf(kit, subject, link)
  const shownFor = standing ? versionIn(fields) : undefined
  const attempt = { form: name, fields, errors: {}, key: null }
  const entered = form.read(fields, link)
  if ('errors' in entered) {
    return show(c, kit, subject, link, {
      status: 422,
      notice: { tone: 'bad', title: 'Please check what you entered. Nothing was done yet.' },
      attempt: { ...attempt, errors: entered.errors },
    })
  }
  const { actor } = c.var.caller
  const asked = { actor, ...(shownFor === undefined ? {} : { if_version: shownFor }) }
  const outcome = await carryOut(c, kit, {
    key,
    body: entered.body,
    number: link.number,
    ...(standing && {
      // In the transaction that would claim the form's key: a stale form claims nothing and does nothing.
      first: async (_: unknown, { command }: { command: string }) => {
        refuseStale({ ...asked, command }, standing)
        if (standing.is_over) throw new Refusal('state-conflict', 'There is nothing more to do.')
      },
    }),
    // Checked again under the lock: what changes in between is caught there.
    work: async ({ command }) => {
      await entered.send(kit, { ...asked, command })
    },
  })
  if (outcome.status < 400) return c.redirect(`${link.base}?done=${name}`, 303)
  const problem = outcome.answer as Problem
  const type = problem.type.split('/').at(-1) ?? ''
  if (type === 'version-stale') {
    const items = (await standingOf(kit, subject, link))?.since(shownFor ?? 0) ?? []
    const title =
      'Nothing was done, because something changed since you opened this page. Please look again and decide anew.'
    return show(c, kit, subject, link, { status: 409, notice: { tone: 'bad', title, items }, attempt: null })
  }
  const { refusals } = subject
  const { status, title, isOpen } = refusalOf(problem, refusals[type] ?? refusals.otherwise)
  return show(c, kit, subject, link, {
    status,
    notice: { tone: 'bad', title },
    attempt: { ...attempt, key: isOpen ? key : null },
  })
}

/** The version that the form was shown for. */
function versionIn({ version = '' }: Record<string, string>): number {
  if (!/^\d{1,9}$/.test(version)) throw new Refusal('malformed-request', '')
  return Number(version)
}

async function standingOf<Page>(
  kit: ApiKit,
  subject: Subject<Page>,
  link: Link,
): Promise<Standing | undefined> {
  return subject.standing?.(await pageOf(kit, subject, link))
}

async function pageOf<Page>(kit: ApiKit, subject: Subject<Page>, link: Link): Promise<Page> {
  const page = await subject.readPage(kit.db, link)
  if (!page) throw new Refusal('link-ended', '')
  return page
}

async function show<Page>(
  c: Context<ApiEnv>,
  kit: ApiKit,
  subject: Subject<Page>,
  link: Link,
  shown: { status: number; notice: Notice | null; attempt: View<Page>['attempt'] },
): Promise<Response> {
  const { status, notice, attempt } = shown
  if (status === 503) c.header('retry-after', '5')
  const page = await pageOf(kit, subject, link)
  const { time_zone } = await dealerOf(kit.db, link)
  const view = { page, time_zone, base: link.base, notice, attempt }
  return c.html(document(subject.show(view)), status as ContentfulStatusCode)
}
