import { createRoute, z } from '@hono/zod-openapi'
import { MatchView, matchesOf } from '../../store/match-view.ts'
import { partnerOf, requireRole } from '../auth.ts'
import type { Api, ApiKit } from '../kit.ts'
import { answers, jsonBody } from '../request.ts'
import { WishBody, wishOf } from '../wish.ts'

const Query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20).meta({ description: 'The best so many' }),
})

/** Looking for vehicles on dealers' lots and in the pipeline (REQUIREMENTS B8). */
export function registerMatchSearch(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/match-search',
      tags: ['Tags'],
      summary: 'Find vehicles that come near to what a buyer wishes',
      description:
        "Dealers' stock that can be had now, on their lots or still ordered, the best first: most points, then the lowest price, then the nearest dealer (where a place is given), then by number. Points are 100 for each weight of what is nice to have and is there. It stores nothing and needs no Idempotency-Key.",
      middleware: [requireRole(kit, 'storefront')] as const,
      request: { query: Query, body: jsonBody(WishBody) },
      responses: answers(200, 'The best matches', z.object({ data: z.array(MatchView) })),
    }),
    async (c) => {
      const storefront = partnerOf(c.var.caller)
      const wish = await wishOf(kit.db, c.req.valid('json'), { storefront, at: '' })
      return c.json({ data: await matchesOf(kit.db, wish, c.req.valid('query').limit) }, 200)
    },
  )
}
