import { createRoute, z } from '@hono/zod-openapi'
import { REFUNDS } from '../../domain/custom-order.ts'
import { transact } from '../../store/database.ts'
import { listTerms, ORDER_KINDS, saveTerms, type TermsRow } from '../../store/order-terms.ts'
import { requireRole } from '../auth.ts'
import type { Api, ApiKit } from '../kit.ts'
import { Amount, Currency } from '../master-data.ts'
import { refuseUnpayable } from '../payable.ts'
import { answers, jsonBody } from '../request.ts'
import { IfMatchHeader, notSaved, versionIn } from '../version.ts'

const tags = ['Operator: terms']

const TermsToSave = z
  .strictObject({
    deposit: Amount.meta({ description: 'Taken on acceptance, in minor units' }),
    fee: Amount.meta({ description: 'What a refund `less_fee` keeps, at most the deposit' }),
    refund_banked: z.enum(REFUNDS).meta({ description: 'When cancelled before the vehicle has a slot' }),
    refund_scheduled: z.enum(REFUNDS).meta({
      description: 'When cancelled once it has one, or is built already, as tagged vehicles on lots are',
    }),
  })
  .refine(({ deposit, fee }) => fee <= deposit, { path: ['fee'], message: 'is more than the deposit' })
  .meta({ id: 'TermsToSave' })

const TermsView = z
  .object({
    kind: z.enum(ORDER_KINDS),
    currency: z.string(),
    deposit: z.int(),
    fee: z.int(),
    refund_banked: z.enum(REFUNDS),
    refund_scheduled: z.enum(REFUNDS),
    version: z.int(),
  })
  .meta({ id: 'Terms' })

/** Deposits and refund rules by kind of order and currency, kept as data (REQUIREMENTS B10, B11, P8). */
export function registerOrderTerms(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/operator/order-terms',
      tags,
      summary: 'Look at deposits and refund rules',
      middleware: [requireRole(kit, 'operator')] as const,
      responses: answers(200, 'By kind of order and currency', z.object({ data: z.array(TermsView) })),
    }),
    async (c) => c.json({ data: (await listTerms(kit.db)).map(viewOf) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'put',
      path: '/v1/operator/order-terms/{kind}/{currency}',
      tags,
      summary: 'Set the deposit and the refund rules',
      description:
        'For orders that are made from now on; without any, no deposit is taken. Changing them takes their version as If-Match.',
      middleware: [requireRole(kit, 'operator')] as const,
      request: {
        params: z.object({ kind: z.enum(ORDER_KINDS), currency: Currency }),
        headers: IfMatchHeader,
        body: jsonBody(TermsToSave),
      },
      responses: answers(200, 'The terms', TermsView),
    }),
    async (c) => {
      const { deposit, fee, ...refunds } = c.req.valid('json')
      const { currency } = c.req.valid('param')
      refuseUnpayable(kit, [
        { pointer: '/deposit', amount: deposit, currency },
        { pointer: '/fee', amount: fee, currency },
      ])
      const version = versionIn(c)
      const row = await transact(kit.db, (tx) =>
        saveTerms(
          tx,
          { ...c.req.valid('param'), deposit_minor: deposit, fee_minor: fee, ...refunds },
          version,
        ),
      )
      if (!row) throw notSaved(version)
      c.header('etag', `"${row.version}"`)
      return c.json(viewOf(row), 200)
    },
  )
}

function viewOf({ deposit_minor: deposit, fee_minor: fee, ...row }: TermsRow): z.output<typeof TermsView> {
  return { ...row, deposit, fee }
}
