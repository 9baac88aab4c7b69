import { createRoute, z } from '@hono/zod-openapi'
import { faultAt, Refusal } from '../../domain/refusal.ts'
import { transact } from '../../store/database.ts'
import { Instant } from '../../store/order-view.ts'
import {
  insertStorefront,
  listStorefronts,
  readStorefront,
  type StorefrontRow,
  updateStorefront,
} from '../../store/storefront.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery } from '../cursor.ts'
import type { Api, ApiKit } from '../kit.ts'
import { PartnerId } from '../master-data.ts'
import { answers, Email, jsonBody, Name } from '../request.ts'
import { IfMatchHeader, notSaved, versionIn } from '../version.ts'

const tags = ['Operator: storefronts']
export const StorefrontParam = z.object({ id: PartnerId })

const StorefrontBody = z
  .strictObject({
    name: Name,
    mail_name: Name.optional().meta({
      description: "The name in which customers' mails come; the storefront's if not given",
    }),
    reply_to: Email.meta({ description: 'Where answers to those mails go' }),
    takes_payment: z.boolean().default(false).meta({
      description:
        'Whether the house takes the payment of its back orders and custom orders: a confirmation is then carried out once it is paid (B5)',
    }),
  })
  .meta({ id: 'StorefrontToSave' })

const StorefrontView = z
  .object({
    id: z.string(),
    name: z.string(),
    mail_name: z.string(),
    reply_to: z.string(),
    takes_payment: z.boolean(),
    version: z.int(),
    created_at: Instant,
  })
  .meta({ id: 'Storefront' })

/** Operators' storefronts (REQUIREMENTS P8). */
export function registerStorefronts(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: '/v1/operator/storefronts/{id}',
      tags,
      summary: 'Create or change a storefront',
      description:
        'Without If-Match it creates; with the ETag of the storefront it replaces all that is set of it.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: StorefrontParam, headers: IfMatchHeader, body: jsonBody(StorefrontBody) },
      responses: {
        ...answers(200, 'The storefront, changed', StorefrontView),
        ...answers(201, 'The storefront, created', StorefrontView),
      },
    }),
    async (c) => {
      const body = c.req.valid('json')
      const version = versionIn(c)
      if (body.takes_payment && !kit.takesPayments) {
        throw faultAt('/takes_payment', 'this house has no payment provider')
      }
      const storefront = { ...c.req.valid('param'), ...body, mail_name: body.mail_name ?? body.name }
      const saved = await transact(kit.db, (tx) =>
        version === null ? insertStorefront(tx, storefront) : updateStorefront(tx, storefront, version),
      )
      if (!saved) throw notSaved(version)
      c.header('etag', `"${saved.version}"`)
      return c.json(viewOf(saved), version === null ? 201 : 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/storefronts/{id}',
      tags,
      summary: 'Look at a storefront',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: StorefrontParam },
      responses: answers(200, 'The storefront', StorefrontView),
    }),
    async (c) => {
      const row = await findStorefront(kit, c.req.valid('param').id)
      c.header('etag', `"${row.version}"`)
      return c.json(viewOf(row), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/storefronts',
      tags,
      summary: 'List storefronts',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { query: z.strictObject(pageQuery) },
      responses: answers(200, 'Storefronts in the order of their ids', Page(StorefrontView)),
    }),
    async (c) => {
      const page = await pageOf<StorefrontRow, [string]>(c.req.valid('query'), {
        key: z.tuple([PartnerId]),
        read: (after, limit) => listStorefronts(kit.db, after?.[0] ?? '', limit),
        keyOf: ({ id }) => [id],
      })
      return c.json({ ...page, data: page.data.map(viewOf) }, 200)
    },
  )
}

export async function findStorefront(kit: ApiKit, id: string): Promise<StorefrontRow> {
  const row = await readStorefront(kit.db, id)
  if (!row) throw new Refusal('not-found', `There is no storefront ${id}.`)
  return row
}

function viewOf({ created_at, ...row }: StorefrontRow): z.output<typeof StorefrontView> {
  return { ...row, created_at: created_at.toISOString() }
}
