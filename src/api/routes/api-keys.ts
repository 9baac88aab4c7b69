import { createRoute, z } from '@hono/zod-openapi'
import { faultAt, Refusal } from '../../domain/refusal.ts'
import {
  type ApiKeyRow,
  hasPartner,
  issueKey,
  listKeys,
  lockOperatorKeys,
  ROLES,
  revokeKey,
} from '../../store/api-key.ts'
import { type Database, type Transaction, transact } from '../../store/database.ts'
import { Instant } from '../../store/order-view.ts'
import { answerWithSecret } from '../answer.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery, sortKey } from '../cursor.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import { PartnerId } from '../master-data.ts'
import { answers, IdempotencyHeader, jsonBody, Name } from '../request.ts'

const tags = ['Operator: API keys']

const NewApiKey = z
  .strictObject({
    role: z.enum(ROLES),
    partner: PartnerId.optional().meta({
      description: 'The storefront, supplier or dealer that the key acts for; none for operators',
    }),
    name: Name.meta({ description: 'Who holds it, for people' }),
  })
  .superRefine(({ role, partner }, check) => {
    const isOperator = role === 'operator'
    if (isOperator === (partner === undefined)) return
    check.addIssue({
      code: 'custom',
      path: ['partner'],
      message: isOperator ? 'an operator has no partner' : `name the ${role} that the key acts for`,
    })
  })
  .meta({ id: 'NewApiKey' })

const ApiKeyView = z
  .object({
    id: z.uuid(),
    role: z.enum(ROLES),
    partner: z.string().nullable(),
    name: z.string(),
    revoked_at: Instant.nullable(),
    created_at: Instant,
  })
  .meta({ id: 'ApiKey' })

const CreatedApiKey = ApiKeyView.extend({
  secret: z.string().nullable().meta({
    description: 'The key itself. Shown once: null in the answer to a repeat; who lost it makes another',
  }),
}).meta({ id: 'CreatedApiKey' })

type SortKey = readonly [string, string]

/** Operators' API keys (REQUIREMENTS P8). Only their SHA-256 is kept. */
export function registerApiKeys(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/api-keys',
      tags,
      summary: 'Make an API key',
      description: 'The key is in the first answer only; it is never stored in the clear.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(NewApiKey) },
      responses: answers(201, 'The key', CreatedApiKey),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      await refuseUnknownPartner(kit.db, body)
      return answerWithSecret(c, kit, { key, body, number: null, status: 201 }, async (tx) => {
        const { row, secret } = await issueKey(tx, { ...body, partner: body.partner ?? null })
        return { answer: viewOf(row), secret }
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/api-keys',
      tags,
      summary: 'List the API keys',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { query: z.strictObject(pageQuery) },
      responses: answers(200, 'The newest first, revoked ones included', Page(ApiKeyView)),
    }),
    async (c) => {
      const page = await pageOf<Awaited<ReturnType<typeof listKeys>>[number], SortKey>(c.req.valid('query'), {
        key: z.tuple([sortKey.time, z.uuid()]),
        read: (before, limit) => listKeys(kit.db, before, limit),
        keyOf: ({ key, sort_at }) => [sort_at, key.id],
      })
      return c.json({ ...page, data: page.data.map(({ key }) => viewOf(key)) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/operator/api-keys/{id}',
      tags,
      summary: 'Revoke an API key',
      description: "It opens nothing from then on. The last operator's key cannot be revoked.",
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: z.object({ id: z.uuid() }) },
      responses: answers(200, 'The key, revoked', ApiKeyView),
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const revoked = await transact(kit.db, async (tx) => {
        await refuseLastOperator(tx, id)
        return revokeKey(tx, id)
      })
      if (!revoked) throw new Refusal('not-found', 'There is no such API key.')
      return c.json(viewOf(revoked), 200)
    },
  )
}

async function refuseUnknownPartner(
  db: Database,
  { role, partner }: z.output<typeof NewApiKey>,
): Promise<void> {
  if (partner === undefined || role === 'operator' || (await hasPartner(db, role, partner))) return
  throw faultAt('/partner', `there is no ${role} ${partner}`)
}

async function refuseLastOperator(tx: Transaction, id: string): Promise<void> {
  const operators = await lockOperatorKeys(tx)
  if (operators.length === 1 && operators[0] === id) {
    throw new Refusal('still-in-use', 'It is the last operator key: without it nobody could make another.')
  }
}

function viewOf(row: ApiKeyRow): z.output<typeof ApiKeyView> {
  return {
    id: row.id,
    role: row.role,
    partner: row.partner,
    name: row.name,
    revoked_at: row.revoked_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
  }
}
