import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { csrf } from 'hono/csrf'
import { createMiddleware } from 'hono/factory'
import { type Outcome, outcomeOnce, type Request } from '../api/idempotency.ts'
import type { ApiEnv, ApiKit } from '../api/kit.ts'
import { problemOf } from '../api/problem.ts'
import { Refusal } from '../domain/refusal.ts'

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
