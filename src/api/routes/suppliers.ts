import { createRoute, z } from '@hono/zod-openapi'
import { isoDuration } from '../../domain/duration.ts'
import { Refusal } from '../../domain/refusal.ts'
import { transact } from '../../store/database.ts'
import { Instant } from '../../store/order-view.ts'
import {
  insertSupplier,
  listSuppliers,
  lockSupplier,
  readSupplier,
  replaceSupplierSecret,
  type Supplier,
  type SupplierRow,
  updateSupplier,
} from '../../store/supplier.ts'
import { newWebhookSecret } from '../../store/webhook-endpoint.ts'
import { answerWithSecret } from '../answer.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery } from '../cursor.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit } from '../kit.ts'
import { Length, PartnerId, refusePrivateAddress, WebhookUrl } from '../master-data.ts'
import { answers, Email, IdempotencyHeader, jsonBody, Name } from '../request.ts'
import { IfMatchHeader, notSaved, versionIn } from '../version.ts'

const tags = ['Operator: suppliers']
export const SupplierParam = z.object({ id: PartnerId })

const DAY = 86_400
const PERIODS = {
  gather: { seconds: 900, description: 'How long demand is gathered before a purchase order is made' },
  acknowledge: {
    seconds: 2 * DAY,
    description: 'How long an acknowledgement may take before the supplier is reminded',
  },
  remind: {
    seconds: DAY,
    description: 'How long after the reminder the lines that are not acknowledged lapse',
  },
  overdue: {
    seconds: DAY,
    description: 'How long after its date a line may be overdue before operators are told',
  },
  pass_over: {
    seconds: 7 * DAY,
    description: 'How long a supplier that refused an item is not asked for it',
  },
}
const periodOf = ({ seconds, description }: { seconds: number; description: string }) =>
  Length(1).prefault(isoDuration(seconds)).meta({ description })

const SupplierBody = z
  .strictObject({
    name: Name,
    channel: z.enum(['webhook', 'mail']).meta({ description: 'How purchase orders reach the supplier' }),
    webhook_url: WebhookUrl.nullable().default(null),
    email: Email.nullable().default(null),
    periods: z
      .strictObject({
        gather: periodOf(PERIODS.gather),
        acknowledge: periodOf(PERIODS.acknowledge),
        remind: periodOf(PERIODS.remind),
        overdue: periodOf(PERIODS.overdue),
        pass_over: periodOf(PERIODS.pass_over),
      })
      .prefault({}),
  })
  .superRefine(({ channel, webhook_url, email }, check) => {
    const lacking = channel === 'webhook' ? !webhook_url && 'webhook_url' : !email && 'email'
    if (lacking)
      check.addIssue({ code: 'custom', path: [lacking], message: `the channel ${channel} needs it` })
  })
  .meta({ id: 'SupplierToSave' })

const SupplierView = z
  .object({
    id: z.string(),
    name: z.string(),
    channel: z.enum(['webhook', 'mail']),
    webhook_url: z.string().nullable(),
    email: z.string().nullable(),
    periods: z.object({
      gather: z.string(),
      acknowledge: z.string(),
      remind: z.string(),
      overdue: z.string(),
      pass_over: z.string(),
    }),
    version: z.int(),
    created_at: Instant,
  })
  .meta({ id: 'Supplier' })

const CreatedSupplier = SupplierView.extend({
  webhook_secret: z
    .string()
    .meta({ description: 'Signs what goes to and comes from the supplier. Shown once' }),
}).meta({ id: 'CreatedSupplier' })

const NewSecret = z
  .object({
    id: z.string(),
    secret: z.string().nullable().meta({ description: 'Shown once: null in the answer to a repeat' }),
  })
  .meta({ id: 'SupplierSecret' })

/** Operators' suppliers (REQUIREMENTS P8); what each can bring is in `supplier-items.ts`. */
export function registerSuppliers(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: '/v1/operator/suppliers/{id}',
      tags,
      summary: 'Create or change a supplier',
      description:
        'Without If-Match it creates, and the answer carries the secret; with the ETag of the supplier it replaces all that is set of it, and the secret stays.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: SupplierParam, headers: IfMatchHeader, body: jsonBody(SupplierBody) },
      responses: {
        ...answers(200, 'The supplier, changed', SupplierView),
        ...answers(201, 'The supplier, created', CreatedSupplier),
      },
    }),
    async (c) => {
      const version = versionIn(c)
      const supplier = supplierOf(c.req.valid('param').id, c.req.valid('json'))
      refusePrivateAddress(kit, supplier.webhook_url, '/webhook_url')
      const secret = newWebhookSecret()
      const saved = await transact(kit.db, (tx) =>
        version === null ? insertSupplier(tx, supplier, secret) : updateSupplier(tx, supplier, version),
      )
      if (!saved) throw notSaved(version)
      c.header('etag', `"${saved.version}"`)
      if (version === null) return c.json({ ...viewOf(saved), webhook_secret: secret }, 201)
      return c.json(viewOf(saved), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/operator/suppliers/{id}/secret-rotation',
      tags,
      summary: 'Give a supplier another secret',
      description: 'The old one ends at once: what is signed with it is refused from then on.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: SupplierParam, headers: IdempotencyHeader, body: jsonBody(z.strictObject({})) },
      responses: answers(200, 'The new secret', NewSecret),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const { id } = await findSupplier(kit, c.req.valid('param').id)
      return answerWithSecret(c, kit, { key, body, number: null, status: 200 }, async (tx) => {
        const secret = newWebhookSecret()
        await lockSupplier(tx, id)
        await replaceSupplierSecret(tx, id, secret)
        return { answer: { id }, secret }
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/suppliers/{id}',
      tags,
      summary: 'Look at a supplier',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { params: SupplierParam },
      responses: answers(200, 'The supplier', SupplierView),
    }),
    async (c) => {
      const row = await findSupplier(kit, c.req.valid('param').id)
      c.header('etag', `"${row.version}"`)
      return c.json(viewOf(row), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/suppliers',
      tags,
      summary: 'List suppliers',
      middleware: [requireRole(kit, 'operator')] as const,
      request: { query: z.strictObject(pageQuery) },
      responses: answers(200, 'Suppliers in the order of their ids', Page(SupplierView)),
    }),
    async (c) => {
      const page = await pageOf<SupplierRow, [string]>(c.req.valid('query'), {
        key: z.tuple([PartnerId]),
        read: (after, limit) => listSuppliers(kit.db, after?.[0] ?? '', limit),
        keyOf: ({ id }) => [id],
      })
      return c.json({ ...page, data: page.data.map(viewOf) }, 200)
    },
  )
}

export async function findSupplier(kit: ApiKit, id: string): Promise<SupplierRow> {
  const row = await readSupplier(kit.db, id)
  if (!row) throw new Refusal('not-found', `There is no supplier ${id}.`)
  return row
}

function supplierOf(id: string, { periods, ...body }: z.output<typeof SupplierBody>): Supplier {
  return {
    id,
    ...body,
    gather_seconds: periods.gather,
    acknowledge_seconds: periods.acknowledge,
    remind_seconds: periods.remind,
    overdue_seconds: periods.overdue,
    pass_over_seconds: periods.pass_over,
  }
}

function viewOf(row: SupplierRow): z.output<typeof SupplierView> {
  return {
    id: row.id,
    name: row.name,
    channel: row.channel,
    webhook_url: row.webhook_url,
    email: row.email,
    periods: {
      gather: isoDuration(row.gather_seconds),
      acknowledge: isoDuration(row.acknowledge_seconds),
      remind: isoDuration(row.remind_seconds),
      overdue: isoDuration(row.overdue_seconds),
      pass_over: isoDuration(row.pass_over_seconds),
    },
    version: row.version,
    created_at: row.created_at.toISOString(),
  }
}
