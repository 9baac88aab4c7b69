import { createHash } from 'node:crypto'
import { createMiddleware } from 'hono/factory'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { Refusal } from '../domain/refusal.ts'
import type { ApiEnv } from './kit.ts'

/**
 * Answers at most so many requests a second per API key; those without a key share one allowance. Each API process
 * counts for itself: it is there so that one caller cannot crowd out the others, not to meter anybody.
 */
export function limitRate(perSecond: number) {
  const limiter = new RateLimiterMemory({ points: perSecond, duration: 1 })
  return createMiddleware<ApiEnv>(async (c, next) => {
    const key = createHash('sha256')
      .update(c.req.header('authorization') ?? '')
      .digest('base64')
    try {
      await limiter.consume(key)
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error
      throw new Refusal('too-many-requests', `At most ${perSecond} requests a second are answered.`, {
        retry_after_seconds: Math.max(Math.ceil(error.msBeforeNext / 1_000), 1),
      })
    }
    await next()
  })
}
