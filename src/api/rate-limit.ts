import { createHash } from 'node:crypto'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { Refusal } from '../domain/refusal.ts'
import type { ApiEnv } from './kit.ts'

/**
 * Answers at most so many requests a second per caller. Each API process counts for itself: it is there so that one
 * caller cannot crowd out the others, not to meter anybody.
 */
export function limitRate(perSecond: number) {
  const limiter = new RateLimiterMemory({ points: perSecond, duration: 1 })
  // Grows no further than there are keys, and partners who sign with the addresses they sign from.
  const proven = new Set<string>()

  async function consume(caller: string): Promise<void> {
    try {
      await limiter.consume(caller)
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error
      throw new Refusal('too-many-requests', `At most ${perSecond} requests a second are answered.`, {
        retry_after_seconds: Math.max(Math.ceil(error.msBeforeNext / 1_000), 1),
      })
    }
  }

  return {
    /**
     * For the API: who has once shown a key or a signature to be right is counted apart. Everybody else is counted by
     * address, so that inventing keys or webhooks gains nothing, and takes nothing from partners behind the same proxy.
     */
    byCaller: createMiddleware<ApiEnv>(async (c, next) => {
      const claim = claimOf(c)
      await consume(claim !== null && proven.has(claim) ? claim : addressOf(c))
      await next()
      if (claim !== null && c.var.caller) proven.add(claim)
    }),
    /** For customers' and dealers' pages, where a link is all there is to show. */
    byAddress: createMiddleware<ApiEnv>(async (c, next) => {
      await consume(addressOf(c))
      await next()
    }),
  }
}
export type RateLimit = ReturnType<typeof limitRate>

/** Who a request says it comes from, before it is checked: a partner who signs, by webhook and address, or a key's holder. */
function claimOf(c: Context<ApiEnv>): string | null {
  if (/^\/v1\/(carrier|supplier|dealer)-webhooks(\/|$)/.test(c.req.path))
    return `${addressOf(c)} ${c.req.path}`
  const header = c.req.header('authorization')
  return header ? createHash('sha256').update(header).digest('base64') : null
}

function addressOf(c: Context<ApiEnv>): string {
  return getConnInfo(c).remote.address ?? ''
}
