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
  return createMiddleware<ApiEnv>(async (c, next) => {
    try {
      await limiter.consume(callerOf(c))
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error
      throw new Refusal('too-many-requests', `At most ${perSecond} requests a second are answered.`, {
        retry_after_seconds: Math.max(Math.ceil(error.msBeforeNext / 1_000), 1),
      })
    }
    await next()
  })
}

/**
 * Who is calling, before anything is checked: the holder of an API key; without one the address that calls, and, for
 * partners who sign instead, whose webhook it is. Behind a proxy they all come from one address.
 */
function callerOf(c: Context<ApiEnv>): string {
  const header = c.req.header('authorization')
  if (header) return createHash('sha256').update(header).digest('base64')
  const webhook = /^\/v1\/(carrier|supplier|dealer)-webhooks(\/[a-z0-9-]{1,63})?$/.exec(c.req.path)
  return `${getConnInfo(c).remote.address} ${webhook ? c.req.path : ''}`
}
