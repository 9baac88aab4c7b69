import { createRoute, z } from '@hono/zod-openapi'
import { answerTag, cancel, handOverTagged } from '../../clients/messages.ts'
import type { Wish } from '../../domain/match.ts'
import { newNumber } from '../../domain/number.ts'
import { Refusal } from '../../domain/refusal.ts'
import { TAG_ANSWERS } from '../../domain/tag.ts'
import { snapshot } from '../../store/database.ts'
import { storeAnswer } from '../../store/idempotency-key.ts'
import { matchesOf } from '../../store/match-view.ts'
import { saveCustomer } from '../../store/order.ts'
import { inStep } from '../../store/step.ts'
import { readTag, type TagRow } from '../../store/tag.ts'
import { placeTag } from '../../store/tag-placing.ts'
import { asTagsDealerSees, TagView, tagView } from '../../store/tag-view.ts'
import { wake } from '../../store/wake.ts'
import { partnerOf, requireRole } from '../auth.ts'
import { commandOnce } from '../command.ts'
import { answerOnce, idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit, Caller } from '../kit.ts'
import { Price } from '../master-data.ts'
import {
  answers,
  Email,
  IdempotencyHeader,
  jsonBody,
  Name,
  Note,
  NumberParam,
  numberIn,
  Reference,
  TimeZone,
} from '../request.ts'
import { wakeNow } from '../wake.ts'
import { WishBody, wishOf } from '../wish.ts'
import { Cancellation } from './orders.ts'
import { Handover } from './vehicles.ts'

const tags = ['Tags']

export const Buyer = z
  .strictObject({ name: Name, email: Email, time_zone: TimeZone.default('UTC') })
  .meta({ id: 'Buyer' })

const NewTag = z
  .strictObject({
    reference: Reference.optional().meta({
      description: "The storefront's own reference; given back, never interpreted",
    }),
    vehicle: z.string().meta({ example: 'VH-7K3M-9QXT-4HC' }),
    customer: Buyer,
    price: Price.optional().meta({
      description:
        'What the buyer has seen it offered for; should it cost something else by now, it is not tagged',
    }),
    search: WishBody.optional().meta({
      description:
        'What the vehicle was found by: the next matches are looked for in the same way, should it be taken or turn out to be sold. If not given, those that are most like it',
    }),
  })
  .meta({ id: 'NewTag' })

export const tagAnswerMembers = { answer: z.enum(TAG_ANSWERS), note: Note.optional() }
export const TagAnswer = z.strictObject(tagAnswerMembers).meta({ id: 'TagAnswer' })

/** How many of the next matches a refusal names. */
const NEXT_MATCHES = 5

/** Tagging a vehicle, and what becomes of the tag (REQUIREMENTS B8, B11). */
export function registerTags(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/tags',
      tags,
      summary: 'Tag a vehicle',
      description:
        'From the answer on nobody else can have it. Where the house takes a deposit it is asked for first (B5); then the dealer is asked whether the vehicle is there, and the order processor about the tag (B4). Until both have said yes the tag is pending.',
      middleware: [requireRole(kit, 'storefront')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(NewTag) },
      responses: answers(201, 'The tag', TagView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const storefront = partnerOf(c.var.caller)
      const { actor } = c.var.caller
      return answerOnce(c, kit, {
        key,
        body,
        number: newNumber('tag'),
        kept: {},
        work: async ({ command, number }) => {
          const tag = number ?? ''
          const vehicle = vehicleIn(body.vehicle)
          const wish = body.search ? await wishOf(kit.db, body.search, { storefront, at: '/search' }) : null
          try {
            await inStep(kit.db, command, async (tx) => {
              const placed = await placeTag(tx, kit.links, {
                number: tag,
                vehicle,
                storefront,
                customer: await saveCustomer(tx, storefront, body.customer),
                reference: body.reference ?? null,
                match_request: null,
                wish,
                actor,
                step: command,
              })
              if (body.price) refuseAnotherPrice(placed, body.price)
              await wake(tx, command, [`tag/${tag}`])
              await storeAnswer(tx, command, 201, await tagView(tx, tag))
              return null
            })
          } catch (error) {
            throw await withNextMatches(kit, error, wish)
          }
          await wakeNow(kit, command)
        },
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/tags/{number}',
      tags,
      summary: 'Look at a tag',
      description: 'Its dealer sees the buyer only as long as there is something to be done for them.',
      middleware: [requireRole(kit, 'storefront', 'dealer', 'operator')] as const,
      request: { params: NumberParam },
      responses: answers(200, 'The tag', TagView),
    }),
    async (c) => {
      const number = await findTag(kit, c.var.caller, c.req.valid('param').number)
      const view = await snapshot(kit.db, (tx) => tagView(tx, number))
      if (!view) throw new Refusal('not-found', `There is no tag ${number}.`)
      c.header('etag', `"${view.version}"`)
      return c.json(c.var.caller.role === 'dealer' ? asTagsDealerSees(view) : view, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/tags/{number}/answers',
      tags,
      summary: 'Say whether the vehicle is there',
      description:
        'With `there`, and once the order processor has accepted it too, the tag is confirmed to the buyer; `sold`, also after that, ends it, gives back what was paid and shows the buyer the next matches. Operators answer in the place of a dealer whom they reached.',
      middleware: [requireRole(kit, 'dealer', 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(TagAnswer) },
      responses: answers(200, 'The tag', TagView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findTag(kit, c.var.caller, c.req.valid('param').number)
      const { answer } = body
      return commandOnce(c, kit, {
        to: { kind: 'tag', number },
        update: answerTag,
        facts: () => ({ answer }),
        body,
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/tags/{number}/handover',
      tags,
      summary: 'The buyer has the vehicle',
      description:
        'Ends a confirmed tag whose vehicle is at the dealer. Where the house takes the payment all of it has to be paid, or the balance was settled at the dealer (B5).',
      middleware: [requireRole(kit, 'dealer', 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(Handover) },
      responses: answers(200, 'The tag', TagView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findTag(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'tag', number },
        update: handOverTagged,
        facts: () => ({ settled: body.settled_at_dealer }),
        body,
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/tags/{number}/cancellation',
      tags,
      summary: 'The buyer gives the tag up',
      description:
        'Until the handover. The vehicle is free in the same moment, and goes first to whoever waits for such a one; the buyer is refunded by the terms of the tag (B11).',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(Cancellation) },
      responses: answers(200, 'The tag', TagView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findTag(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'tag', number },
        update: cancel,
        facts: () => ({}),
        body,
      }) as never
    },
  )
}

/** A vehicle's number in a body, where every fault has its place. */
export function vehicleIn(given: string): string {
  try {
    return numberIn('vehicle', given)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new Refusal('invalid-request', 'There is a fault in the number of the vehicle.', {
      errors: [{ pointer: '/vehicle', detail: error.message }],
    })
  }
}

/** A buyer is bound to a price that they have seen. In the transaction that tags, which then did nothing. */
function refuseAnotherPrice(
  { vehicle, price_minor: amount, currency }: TagRow,
  seen: z.output<typeof Price>,
): void {
  if (seen.amount === amount && seen.currency === currency) return
  throw new Refusal('price-changed', `${vehicle} costs something else than the buyer has seen.`, {
    vehicle,
    price: { amount, currency },
  })
}

/** Whoever came too late learns what can be had instead, if they said by what they look. */
async function withNextMatches(kit: ApiKit, error: unknown, wish: Wish | null): Promise<unknown> {
  if (!(error instanceof Refusal) || error.type !== 'vehicle-taken' || !wish) return error
  const matches = await matchesOf(kit.db, wish, NEXT_MATCHES)
  return new Refusal(error.type, error.message, { ...error.members, matches })
}

/** A tag that the caller may know of: its storefront, its dealer, and operators. */
export async function findTag(kit: ApiKit, { role, partner }: Caller, given: string): Promise<string> {
  const number = numberIn('tag', given)
  const row = await readTag(kit.db, number)
  const knows =
    role === 'operator' ||
    (role === 'storefront' && row?.storefront === partner) ||
    (role === 'dealer' && row?.dealer === partner)
  if (!row || !knows) throw new Refusal('not-found', `There is no tag ${number}.`)
  return number
}
