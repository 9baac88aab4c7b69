import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { Refusal } from '../../domain/refusal.ts'
import { transact } from '../../store/database.ts'
import { Instant } from '../../store/order-view.ts'
import {
  type EndpointRow,
  endpointsOf,
  insertEndpoint,
  removeEndpoint,
  switchEndpoint,
} from '../../store/webhook-endpoint.ts'
import { answerWithSecret } from '../answer.ts'
import { partnerOf, requireRole } from '../auth.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiEnv, ApiKit } from '../kit.ts'
import { refusePrivateAddress, WebhookUrl } from '../master-data.ts'
import { answers, IdempotencyHeader, jsonBody } from '../request.ts'
import { findStorefront, StorefrontParam } from './storefronts.ts'

/** Most endpoints of a storefront: each event is sent to every one of them. */
const MOST = 10

const NewEndpoint = z.strictObject({ url: WebhookUrl }).meta({ id: 'NewWebhookEndpoint' })
const Switch = z.strictObject({ enabled: z.boolean() }).meta({ id: 'WebhookEndpointSwitch' })

const EndpointView = z
  .object({
    id: z.uuid(),
    url: z.string(),
    enabled: z.boolean(),
    disabled_because: z.string().nullable().meta({
      description: '`gone` when it answered 410, else who switched it off: `storefront` or `operator`',
    }),
    disabled_at: Instant.nullable(),
    created_at: Instant,
  })
  .meta({ id: 'WebhookEndpoint' })

const CreatedEndpoint = EndpointView.extend({
  secret: z.string().nullable().meta({
    description: 'Signs every message (Standard Webhooks). Shown once: null in the answer to a repeat',
  }),
}).meta({ id: 'CreatedWebhookEndpoint' })

const EndpointParam = z.object({ endpoint: z.uuid() })

/** Where a storefront is told of its orders: it may manage its own endpoints, operators those of every storefront. */
export function registerWebhookEndpoints(app: Api, kit: ApiKit): void {
  registerUnder(app, kit, {
    path: '/v1/webhook-endpoints',
    tags: ['Webhook endpoints'],
    role: 'storefront',
    params: z.object({}),
    storefront: async (c) => partnerOf(c.var.caller),
  })
  registerUnder(app, kit, {
    path: '/v1/operator/storefronts/{id}/webhook-endpoints',
    tags: ['Operator: storefronts'],
    role: 'operator',
    params: StorefrontParam,
    storefront: async (c) => (await findStorefront(kit, c.req.param('id') ?? '')).id,
  })
}

function registerUnder(
  app: Api,
  kit: ApiKit,
  whose: {
    path: string
    tags: string[]
    role: 'storefront' | 'operator'
    params: z.ZodObject
    storefront: (c: Context<ApiEnv>) => Promise<string>
  },
): void {
  const { path, tags, role, params, storefront } = whose
  const oneOf = params.extend(EndpointParam.shape)

  app.openapi(
    createRoute({
      method: 'post',
      path,
      tags,
      summary: 'Add a webhook endpoint',
      description: `At most ${MOST} a storefront. The answer carries the secret with which messages are signed.`,
      middleware: [requireRole(kit, role)] as const,
      request: { params, headers: IdempotencyHeader, body: jsonBody(NewEndpoint) },
      responses: answers(201, 'The endpoint', CreatedEndpoint),
    }),
    async (c) => {
      const body = c.req.valid('json')
      refusePrivateAddress(kit, body.url, '/url')
      const key = idempotencyKeyOf(c)
      const owner = await storefront(c)
      return answerWithSecret(c, kit, { key, body, number: null, status: 201 }, async (tx) => {
        const row = await insertEndpoint(tx, { storefront: owner, url: body.url }, MOST)
        if (!row)
          throw new Refusal('state-conflict', `A storefront has at most ${MOST} endpoints; remove one first.`)
        return { answer: viewOf(row), secret: row.secret }
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'List the webhook endpoints',
      middleware: [requireRole(kit, role)] as const,
      request: { params },
      responses: answers(200, 'All of them, oldest first', z.object({ data: z.array(EndpointView) })),
    }),
    async (c) => c.json({ data: (await endpointsOf(kit.db, await storefront(c))).map(viewOf) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'patch',
      path: `${path}/{endpoint}`,
      tags,
      summary: 'Switch a webhook endpoint on or off',
      description: 'Switching it on again makes good a 410. What happened meanwhile is not sent.',
      middleware: [requireRole(kit, role)] as const,
      request: { params: oneOf, body: jsonBody(Switch) },
      responses: answers(200, 'The endpoint', EndpointView),
    }),
    async (c) => {
      const { enabled } = c.req.valid('json')
      const which = { storefront: await storefront(c), id: c.req.param('endpoint') ?? '' }
      const row = await transact(kit.db, (tx) => switchEndpoint(tx, which, enabled ? null : role))
      return c.json(viewOf(found(row)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: `${path}/{endpoint}`,
      tags,
      summary: 'Remove a webhook endpoint',
      description: 'What is still to be sent to it is given up.',
      middleware: [requireRole(kit, role)] as const,
      request: { params: oneOf },
      responses: answers(200, 'The endpoint as it was', EndpointView),
    }),
    async (c) => {
      const which = { storefront: await storefront(c), id: c.req.param('endpoint') ?? '' }
      return c.json(viewOf(found(await transact(kit.db, (tx) => removeEndpoint(tx, which)))), 200)
    },
  )
}

function found(row: EndpointRow | undefined): EndpointRow {
  if (!row) throw new Refusal('not-found', 'There is no such webhook endpoint.')
  return row
}

function viewOf(row: EndpointRow): z.output<typeof EndpointView> {
  return {
    id: row.id,
    url: row.url,
    enabled: row.disabled_at === null,
    disabled_because: row.disabled_because,
    disabled_at: row.disabled_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
  }
}
