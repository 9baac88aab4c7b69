import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { csrf } from 'hono/csrf'
import { createMiddleware } from 'hono/factory'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { type Outcome, outcomeOnce, type Request } from '../api/idempotency.ts'
import type { ApiEnv, ApiKit } from '../api/kit.ts'
import { handleError, type Problem, problemOf } from '../api/problem.ts'
import { Refusal } from '../domain/refusal.ts'
import { document, MessagePage } from './layout.tsx'

/** What the pages behind signed links in mails have in common: no script, nothing from elsewhere, and forms that act once. */

/** Largest form, in bytes: an address is the longest that can be entered. */
const MAX_FORM = 100_000

/** How long a second press of a button waits for the outcome of the first. */
const PATIENCE_MS = 12_000

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex, nofollow, noarchive',
  'cache-control': 'no-store',
}

export const sendHeaders = createMiddleware(async (c, next) => {
  for (const [name, value] of Object.entries(HEADERS)) c.header(name, value)
  await next()
})

export const limitForms = bodyLimit({
  maxSize: MAX_FORM,
  onError: (c) => {
    // The rest of the body is not read, so nothing else can come on this connection.
    c.header('connection', 'close')
    throw new Refusal('too-large', '')
  },
})

/**
 * Forms are taken from our own pages only. Since the pages send no referrer, browsers name their origin as `null`; those
 * that say by `Sec-Fetch-Site` where a form comes from are judged by that, and only older ones are believed without.
 */
export function refuseForeignForms(kit: ApiKit) {
  const own = new URL(kit.publicUrl).origin
  return csrf({
    origin: (origin, c) =>
      origin === own ||
      origin === new URL(c.req.url).origin ||
      (origin === 'null' && c.req.header('sec-fetch-site') === undefined),
  })
}

/** The fields of a sent form. */
export async function readFields(c: Context): Promise<Record<string, string>> {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(c.req.header('content-type') ?? '')) {
    throw new Refusal('unsupported-media-type', '')
  }
  return Object.fromEntries(new URLSearchParams(await c.req.text()))
}

/**
 * Carries a form out once. Pressed twice, the second press waits for the outcome of the first, because its answer is
 * the one that the browser shows.
 */
export async function carryOut(c: Context<ApiEnv>, kit: ApiKit, request: Request): Promise<Outcome> {
  const end = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      return await outcomeOnce(c, kit, request)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (error.type !== 'request-running' || Date.now() > end) {
        const problem = problemOf(c, error.type, error.message, error.members)
        return { status: problem.status, answer: problem }
      }
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

/**
 * What a page says to a form that was not carried out; `otherwise` is why if nothing else is the case. While the outcome is not known the form keeps its key: sending it again completes it and never does it twice.
 */
export function refusalOf(
  problem: Problem,
  otherwise: string,
): { status: number; title: string; isOpen: boolean } {
  const { status, type } = problem
  if (status === 503 || type.endsWith('/request-running')) {
    const title = 'This takes longer than usual. Please press the button again in a minute: it is done once.'
    return { status, title, isOpen: true }
  }
  if (type.endsWith('/idempotency-key-reused')) {
    const title = 'Nothing was done: this form was sent before. Please look again and decide anew.'
    return { status: 409, title, isOpen: false }
  }
  return { status, title: `Nothing was done: ${otherwise}.`, isOpen: false }
}

/** A page that says only what is wrong, with the status that the API would give; `what` the link leads to. */
export function sayWhy(what: string) {
  return async (error: Error, c: Context<ApiEnv>): Promise<Response> => {
    const { status } = handleError(error, c)
    const [title, paragraph] =
      status === 404
        ? [
            'This link is not valid, or no longer',
            `The link in our mails opens the page of ${what} until 30 days after it has ended.`,
          ]
        : ['That did not work', 'Nothing was done. Please load the page again by the link in our mail.']
    return c.html(document(MessagePage({ title, paragraphs: [paragraph] })), status as ContentfulStatusCode)
  }
}
