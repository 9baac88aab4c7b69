import { createRoute, z } from '@hono/zod-openapi'
import { isoDuration } from '../../domain/duration.ts'
import { Refusal } from '../../domain/refusal.ts'
import { transact } from '../../store/database.ts'
import {
  type Dealer,
  type DealerRow,
  insertDealers,
  listDealers,
  type NearDealer,
  nearestDealers,
  readDealer,
  replaceDealerSecret,
  updateDealer,
} from '../../store/dealer.ts'
import { Instant } from '../../store/order-view.ts'
import { newWebhookSecret } from '../../store/webhook-endpoint.ts'
import { answerFromBooks, answerWithSecret } from '../answer.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery } from '../cursor.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import {
  eachOnce,
  Latitude,
  Length,
  Longitude,
  MakeCode,
  PartnerId,
  refusePrivateAddress,
  WebhookUrl,
} from '../master-data.ts'
import { byPostcode, fitsPlace, placeOf } from '../place.ts'
import { answers, Email, IdempotencyHeader, jsonBody, Name, TimeZone } from '../request.ts'
import { IfMatchHeader, notSaved, versionIn } from '../version.ts'

const tags = ['Operator: dealers']
const DealerParam = z.object({ id: PartnerId })

const HOUR = 3_600
const DAY = 24 * HOUR
const PERIODS = {
  acknowledge: {
    seconds: DAY,
    description: 'How long an answer to a lead or to a status request may take before the dealer is reminded',
  },
  remind: { seconds: DAY, description: 'How long after the reminder operators are shown the lead' },
  escalate: {
    seconds: DAY,
    description: 'How long after that it goes to another dealer, or the prospect is told',
  },
  status: {
    seconds: 7 * DAY,
    description: 'How long after its last word the dealer is asked for the status',
  },
  close: {
    seconds: 30 * DAY,
    description: 'How long after the prospect was told that nobody answers the lead counts as lost',
  },
  match: {
    seconds: 2 * DAY,
    description: 'How long a vehicle that became free is kept for whoever waits for such a one',
  },
}
const periodOf = ({ seconds, description }: { seconds: number; description: string }) =>
  Length(1).prefault(isoDuration(seconds)).meta({ description })

const dealerMembers = {
  name: Name,
  latitude: Latitude,
  longitude: Longitude,
  time_zone: TimeZone.default('UTC').meta({ description: 'In which its mails and pages state times' }),
  channel: z.enum(['webhook', 'mail']).meta({ description: 'How leads reach the dealer' }),
  lead_format: z
    .enum(['adf', 'json'])
    .default('adf')
    .meta({ description: 'ADF 1.0 or our JSON; by mail it is an attachment' }),
  webhook_url: WebhookUrl.nullable().default(null),
  email: Email.nullable().default(null),
  makes: z
    .array(MakeCode)
    .max(100)
    .refine((makes) => new Set(makes).size === makes.length, 'a make is there twice')
    .default([])
    .meta({ description: 'Codes of the makes that the dealer sells; with none it is never the nearest one' }),
  periods: z
    .strictObject({
      acknowledge: periodOf(PERIODS.acknowledge),
      remind: periodOf(PERIODS.remind),
      escalate: periodOf(PERIODS.escalate),
      status: periodOf(PERIODS.status),
      close: periodOf(PERIODS.close),
      match: periodOf(PERIODS.match),
    })
    .prefault({}),
}
const DealerBody = z.strictObject(dealerMembers).superRefine(reachable).meta({ id: 'DealerToSave' })
const DealersToLoad = z
  .strictObject({
    dealers: z
      .array(z.strictObject({ id: PartnerId, ...dealerMembers }).superRefine(reachable))
      .min(1)
      .max(1_000)
      .superRefine(eachOnce('id')),
  })
  .meta({ id: 'DealersToLoad' })

const DealerView = z
  .object({
    id: z.string(),
    name: z.string(),
    latitude: z.number(),
    longitude: z.number(),
    time_zone: z.string(),
    channel: z.enum(['webhook', 'mail']),
    lead_format: z.enum(['adf', 'json']),
    webhook_url: z.string().nullable(),
    email: z.string().nullable(),
    makes: z.array(z.string()),
    periods: z.object({
      acknowledge: z.string(),
      remind: z.string(),
      escalate: z.string(),
      status: z.string(),
      close: z.string(),
      match: z.string(),
    }),
    version: z.int(),
    created_at: Instant,
  })
  .meta({ id: 'Dealer' })

const CreatedDealer = DealerView.extend({
  webhook_secret: z
    .string()
    .meta({ description: 'Signs what goes to and comes from the dealer. Shown once' }),
}).meta({ id: 'CreatedDealer' })

const NewSecret = z
  .object({
    id: z.string(),
    secret: z.string().nullable().meta({ description: 'Shown once: null in the answer to a repeat' }),
  })
  .meta({ id: 'DealerSecret' })

const NearDealerView = z
  .object({
    id: z.string(),
    name: z.string(),
    latitude: z.number(),
    longitude: z.number(),
    makes: z.array(z.string()),
    distance_m: z.int().meta({ description: 'As the crow flies' }),
  })
  .meta({ id: 'NearDealer' })

/** Dealers: operators' records of them (REQUIREMENTS P8), and choosing one by distance (B9). */
export function registerDealers(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/dealers',
      tags: ['Leads'],
      summary: 'Find the nearest dealers',
      description:
        'Those who sell the make, or any make at all, by their distance from a place: `latitude` and `longitude`, or `country` and `postcode`.',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: {
        query: z
          .strictObject({
            latitude: z.coerce.number().pipe(Latitude).optional(),
            longitude: z.coerce.number().pipe(Longitude).optional(),
            ...byPostcode,
            make: MakeCode.optional(),
            ...pageQuery,
          })
          .superRefine(fitsPlace),
      },
      responses: answers(200, 'The nearest first', Page(NearDealerView)),
    }),
    async (c) => {
      const { latitude, longitude, country, postcode, make = null, ...query } = c.req.valid('query')
      const near = await placeOf(kit.db, { latitude, longitude, country, postcode }, '/query/postcode')
      const page = await pageOf<NearDealer, readonly [number, string]>(query, {
        key: z.tuple([z.int().min(0).max(30_000_000), PartnerId]),
        read: (after, limit) => nearestDealers(kit.db, near, { make, after, limit }),
        keyOf: ({ distance_m, id }) => [distance_m, id],
      })
      return c.json(page, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'put',
      path: '/v1/operator/dealers/{id}',
      tags,
      summary: 'Create or change a dealer',
      description:
        'Without If-Match it creates, and the answer carries the secret; with the ETag of the dealer it replaces all that is set of it, and the secret stays.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: DealerParam, headers: IfMatchHeader, body: jsonBody(DealerBody) },
      responses: {
        ...answers(200, 'The dealer, changed', DealerView),
        ...answers(201, 'The dealer, created', CreatedDealer),
      },
    }),
    async (c) => {
      const version = versionIn(c)
      const dealer = dealerOf({ id: c.req.valid('param').id, ...c.req.valid('json') })
      refusePrivateAddress(kit, dealer.webhook_url, '/webhook_url')
      const webhook_secret = newWebhookSecret()
      const saved = await transact(kit.db, async (tx) =>
        version === null
          ? (await insertDealers(tx, [{ ...dealer, webhook_secret }]))[0]
          : updateDealer(tx, dealer, version),
      )
      if (!saved) throw notSaved(version)
      c.header('etag', `"${saved.version}"`)
      if (version === null) return c.json({ ...viewOf(saved), webhook_secret }, 201)
      return c.json(viewOf(saved), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/dealers/bulk',
      tags,
      summary: 'Create up to 1,000 dealers at once',
      description:
        'All or none; errors name each faulty one by its pointer. A dealer that exists is one of the faults. The secret of one that signs is had by secret-rotation.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(DealersToLoad) },
      responses: answers(201, 'How many were created', z.object({ created: z.int() })),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      for (const [index, { webhook_url }] of body.dealers.entries())
        refusePrivateAddress(kit, webhook_url, `/dealers/${index}/webhook_url`)
      return answerFromBooks(c, kit, { key, body, number: null, status: 201 }, async (tx) => {
        const given = body.dealers.map((dealer) => ({
          ...dealerOf(dealer),
          webhook_secret: newWebhookSecret(),
        }))
        const created = new Set((await insertDealers(tx, given)).map(({ id }) => id))
        refuseKnown(given, created)
        return { created: created.size }
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/dealers/{id}/secret-rotation',
      tags,
      summary: 'Give a dealer another secret',
      description: 'The old one ends at once: what is signed with it is refused from then on.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: DealerParam, headers: IdempotencyHeader, body: jsonBody(z.strictObject({})) },
      responses: answers(200, 'The new secret', NewSecret),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const { id } = await findDealer(kit, c.req.valid('param').id)
      return answerWithSecret(c, kit, { key, body, number: null, status: 200 }, async (tx) => {
        const secret = newWebhookSecret()
        await replaceDealerSecret(tx, id, secret)
        return { answer: { id }, secret }
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/dealers/{id}',
      tags,
      summary: 'Look at a dealer',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: DealerParam },
      responses: answers(200, 'The dealer', DealerView),
    }),
    async (c) => {
      const row = await findDealer(kit, c.req.valid('param').id)
      c.header('etag', `"${row.version}"`)
      return c.json(viewOf(row), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/dealers',
      tags,
      summary: 'List dealers',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { query: z.strictObject(pageQuery) },
      responses: answers(200, 'Dealers in the order of their ids', Page(DealerView)),
    }),
    async (c) => {
      const page = await pageOf<DealerRow, [string]>(c.req.valid('query'), {
        key: z.tuple([PartnerId]),
        read: (after, limit) => listDealers(kit.db, after?.[0] ?? '', limit),
        keyOf: ({ id }) => [id],
      })
      return c.json({ ...page, data: page.data.map(viewOf) }, 200)
    },
  )
}

async function findDealer(kit: ApiKit, id: string): Promise<DealerRow> {
  const row = await readDealer(kit.db, id)
  if (!row) throw new Refusal('not-found', `There is no dealer ${id}.`)
  return row
}

function reachable(
  { channel, webhook_url, email }: { channel: string; webhook_url: string | null; email: string | null },
  check: z.RefinementCtx,
): void {
  const lacking = channel === 'webhook' ? !webhook_url && 'webhook_url' : !email && 'email'
  if (lacking) check.addIssue({ code: 'custom', path: [lacking], message: `the channel ${channel} needs it` })
}

function refuseKnown(given: { id: string }[], created: Set<string>): void {
  const errors = given.flatMap(({ id }, index) =>
    created.has(id) ? [] : [{ pointer: `/dealers/${index}/id`, detail: 'this dealer exists already' }],
  )
  if (errors.length > 0)
    throw new Refusal('already-exists', 'Some of these dealers exist already; nothing was created.', {
      errors,
    })
}

function dealerOf({ periods, ...dealer }: { id: string } & z.output<typeof DealerBody>): Dealer {
  return {
    ...dealer,
    acknowledge_seconds: periods.acknowledge,
    remind_seconds: periods.remind,
    escalate_seconds: periods.escalate,
    status_seconds: periods.status,
    close_seconds: periods.close,
    match_seconds: periods.match,
  }
}

function viewOf(row: DealerRow): z.output<typeof DealerView> {
  const {
    webhook_secret: _,
    acknowledge_seconds,
    remind_seconds,
    escalate_seconds,
    status_seconds,
    close_seconds,
    match_seconds,
    created_at,
    ...members
  } = row
  return {
    ...members,
    periods: {
      acknowledge: isoDuration(acknowledge_seconds),
      remind: isoDuration(remind_seconds),
      escalate: isoDuration(escalate_seconds),
      status: isoDuration(status_seconds),
      close: isoDuration(close_seconds),
      match: isoDuration(match_seconds),
    },
    created_at: created_at.toISOString(),
  }
}
