import { createRoute, z } from '@hono/zod-openapi'
import { acceptMatch, cancel, declineMatch } from '../../clients/messages.ts'
import { newNumber } from '../../domain/number.ts'
import { after } from '../../domain/period.ts'
import { Refusal } from '../../domain/refusal.ts'
import { snapshot } from '../../store/database.ts'
import { storeAnswer } from '../../store/idempotency-key.ts'
import { offerBest } from '../../store/match-offer.ts'
import { insertMatchRequest, readMatchRequest } from '../../store/match-request.ts'
import { MatchRequestView, matchRequestView } from '../../store/match-request-view.ts'
import { inStep } from '../../store/step.ts'
import { wake } from '../../store/wake.ts'
import { maySee, partnerOf, requireRole } from '../auth.ts'
import { commandOnce } from '../command.ts'
import { answerOnce, idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit, Caller } from '../kit.ts'
import { Length } from '../master-data.ts'
import { answers, IdempotencyHeader, jsonBody, NumberParam, numberIn, Reference } from '../request.ts'
import { wakeNow } from '../wake.ts'
import { WishBody, wishOf } from '../wish.ts'
import { Cancellation } from './orders.ts'
import { Buyer } from './tags.ts'

const tags = ['Match requests']

const NewMatchRequest = z
  .strictObject({
    reference: Reference.optional().meta({
      description: "The storefront's own reference; given back, never interpreted",
    }),
    customer: Buyer,
    search: WishBody,
    valid_for: Length(1)
      .prefault('P90D')
      .meta({ description: 'How long the buyer waits for such a vehicle' }),
  })
  .meta({ id: 'NewMatchRequest' })

/** What a buyer may do with the vehicle that is kept for them. */
const COMMANDS = [
  {
    path: 'acceptance',
    summary: 'Take the vehicle that is kept',
    description: 'It is tagged in the same moment; the answer names the tag.',
    update: acceptMatch,
    body: z.strictObject({}),
  },
  {
    path: 'refusal',
    summary: 'Do not take the vehicle that is kept',
    description:
      'It goes to the next at once. The buyer keeps the place, and gets the next best that can be had or waits for another one.',
    update: declineMatch,
    body: z.strictObject({}),
  },
  {
    path: 'cancellation',
    summary: 'Wait no longer',
    description: 'What is kept for the buyer goes to the next at once.',
    update: cancel,
    body: Cancellation,
  },
] as const

/** Waiting for a vehicle that is none of those which can be had (REQUIREMENTS B8, B11). */
export function registerMatchRequests(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/match-requests',
      tags,
      summary: 'Wait for a vehicle that fits',
      description:
        'One that becomes free is kept for the oldest request that it fits (every must-have, the price, the distance), for a time that is stated. If something that fits can be had already, the best of it is kept at once.',
      middleware: [requireRole(kit, 'storefront')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(NewMatchRequest) },
      responses: answers(201, 'The match request', MatchRequestView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const storefront = partnerOf(c.var.caller)
      return answerOnce(c, kit, {
        key: idempotencyKeyOf(c),
        body,
        number: newNumber('matchRequest'),
        kept: {},
        work: async ({ command, number: given, created_at }) => {
          const number = given ?? ''
          const wish = await wishOf(kit.db, body.search, { storefront, at: '/search' })
          await inStep(kit.db, command, async (tx) => {
            await insertMatchRequest(tx, {
              number,
              storefront,
              customer: body.customer,
              reference: body.reference ?? null,
              wish,
              valid_until: after(created_at, body.valid_for),
            })
            await offerBest(tx, number, command)
            await wake(tx, command, [`match-request/${number}`])
            await storeAnswer(tx, command, 201, await matchRequestView(tx, number))
            return null
          })
          await wakeNow(kit, command)
        },
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/match-requests/{number}',
      tags,
      summary: 'Look at a match request',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: NumberParam },
      responses: answers(200, 'The match request', MatchRequestView),
    }),
    async (c) => {
      const number = await find(kit, c.var.caller, c.req.valid('param').number)
      const view = await snapshot(kit.db, (tx) => matchRequestView(tx, number))
      if (!view) throw new Refusal('not-found', `There is no match request ${number}.`)
      c.header('etag', `"${view.version}"`)
      return c.json(view, 200)
    },
  )

  for (const { path, summary, description, update, body: schema } of COMMANDS) {
    app.openapi(
      createRoute({
        method: 'post',
        path: `/v1/match-requests/{number}/${path}`,
        tags,
        summary,
        description,
        middleware: [requireRole(kit, 'storefront', 'operator')] as const,
        request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(schema) },
        responses: answers(200, 'The match request', MatchRequestView),
      }),
      async (c) => {
        const body = c.req.valid('json')
        const number = await find(kit, c.var.caller, c.req.valid('param').number)
        return commandOnce(c, kit, {
          to: { kind: 'match-request', number },
          update,
          facts: () => ({}),
          body,
        }) as never
      },
    )
  }
}

async function find(kit: ApiKit, caller: Caller, given: string): Promise<string> {
  const number = numberIn('matchRequest', given)
  const row = await readMatchRequest(kit.db, number)
  if (!row || !maySee(caller, row.storefront))
    throw new Refusal('not-found', `There is no match request ${number}.`)
  return number
}
