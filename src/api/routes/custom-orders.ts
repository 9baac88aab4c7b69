import { createRoute, z } from '@hono/zod-openapi'
import { cancel, chooseDealer, judge, placed, reconfigure } from '../../clients/messages.ts'
import { newNumber } from '../../domain/number.ts'
import { Refusal } from '../../domain/refusal.ts'
import { insertCustomOrder, readCustomOrder, wasAsked } from '../../store/custom-order.ts'
import { asDealerSees, CustomOrderView, customOrderView } from '../../store/custom-order-view.ts'
import { snapshot } from '../../store/database.ts'
import { dealerSelling } from '../../store/dealer.ts'
import { termsFor } from '../../store/order-terms.ts'
import { soldConfiguration } from '../../store/sold-configuration.ts'
import { readStorefront } from '../../store/storefront.ts'
import { maySee, partnerOf, requireRole } from '../auth.ts'
import { commandOnce } from '../command.ts'
import { answerOnce, idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit, Caller } from '../kit.ts'
import { PartnerId } from '../master-data.ts'
import {
  answers,
  Email,
  IdempotencyHeader,
  jsonBody,
  Name,
  Note,
  NumberParam,
  numberIn,
  Phone,
  Reference,
  TimeZone,
} from '../request.ts'
import { place } from '../send.ts'

const tags = ['Custom orders']

const NewCustomOrder = z
  .strictObject({
    reference: Reference.optional().meta({
      description: "The storefront's own reference; given back, never interpreted",
    }),
    type: z.enum(['retail', 'fleet']).default('retail'),
    configuration: z.uuid().meta({ description: 'A stored configuration that is still sold as it is' }),
    dealer: PartnerId.meta({ description: 'The chosen dealer, who sells the make' }),
    buyer: z.strictObject({
      name: Name,
      email: Email,
      phone: Phone.optional(),
      time_zone: TimeZone.default('UTC'),
    }),
  })
  .meta({ id: 'NewCustomOrder' })

export const Turn = z
  .int()
  .min(1)
  .optional()
  .meta({ description: 'The turn that was asked about; without it the present one is meant' })
export const Reasons = z.array(Note).min(1).max(20)

export const DealersWord = z
  .strictObject({ verdict: z.enum(['accepted', 'refused']), turn: Turn, reasons: Reasons.optional() })
  .superRefine(({ verdict, reasons }, check) => {
    if ((verdict === 'refused') === (reasons !== undefined)) return
    const message = verdict === 'refused' ? 'say why it is refused' : 'are for a refusal'
    check.addIssue({ code: 'custom', path: ['reasons'], message })
  })
  .meta({ id: 'DealersWordOnAnOrder' })

/** Custom orders (REQUIREMENTS B4, B6, B10): what buyers ordered to their own configuration. */
export function registerCustomOrders(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/custom-orders',
      tags,
      summary: 'Order a vehicle to a configuration',
      description:
        'Stored, numbered, and sent to the dealer and the order processor (B4), where the house takes a deposit once that is authorised (B5). Once both accept, its vehicle is in the order bank and the buyer gets the confirmation.',
      middleware: [requireRole(kit, 'storefront')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(NewCustomOrder) },
      responses: answers(201, 'The custom order', CustomOrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const storefront = partnerOf(c.var.caller)
      return answerOnce(c, kit, {
        key: idempotencyKeyOf(c),
        body,
        number: newNumber('customOrder'),
        first: async (tx, { number, command }) => {
          const { make, currency } = await soldConfiguration(tx, storefront, body.configuration)
          await dealerSelling(tx, body.dealer, make)
          const { buyer, reference = null, type, configuration, dealer } = body
          await insertCustomOrder(tx, {
            number: number ?? '',
            storefront,
            reference,
            type,
            buyer: { ...buyer, phone: buyer.phone ?? null },
            configuration,
            terms: await termsFor(tx, 'custom_order', currency),
            takes_payment: (await readStorefront(tx, storefront))?.takes_payment ?? false,
            dealer,
            command,
          })
        },
        work: async ({ number, command }) => {
          await place(kit, { kind: 'custom-order', number: number ?? '' }, placed, command)
        },
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/custom-orders/{number}',
      tags,
      summary: 'Look at a custom order',
      description: 'A dealer sees the buyer only as long as the order is with it.',
      middleware: [requireRole(kit, 'storefront', 'dealer', 'operator')] as const,
      request: { params: NumberParam },
      responses: answers(200, 'The custom order', CustomOrderView),
    }),
    async (c) => {
      const number = await findCustomOrder(kit, c.var.caller, c.req.valid('param').number)
      const view = await snapshot(kit.db, (tx) => customOrderView(tx, number))
      if (!view) throw new Refusal('not-found', `There is no custom order ${number}.`)
      c.header('etag', `"${view.version}"`)
      const { role, partner } = c.var.caller
      return c.json(role === 'dealer' && partner ? asDealerSees(view, partner) : view, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/custom-orders/{number}/dealer-answer',
      tags,
      summary: 'Accept or refuse a custom order as its dealer',
      description:
        'By its dealer, or by an operator for one who cannot. The same answer again changes nothing; one about an earlier turn is refused.',
      middleware: [requireRole(kit, 'dealer', 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(DealersWord) },
      responses: answers(200, 'The custom order', CustomOrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findCustomOrder(kit, c.var.caller, c.req.valid('param').number)
      const dealer = c.var.caller.partner
      return commandOnce(c, kit, {
        to: { kind: 'custom-order', number },
        update: judge,
        facts: () => ({ judge: 'dealer' as const, dealer }),
        body,
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/custom-orders/{number}/dealer',
      tags,
      summary: 'Choose another dealer after a refusal',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: {
        params: NumberParam,
        headers: IdempotencyHeader,
        body: jsonBody(z.strictObject({ dealer: PartnerId })),
      },
      responses: answers(200, 'The custom order', CustomOrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findCustomOrder(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'custom-order', number },
        update: chooseDealer,
        facts: () => ({ dealer: body.dealer }),
        body,
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/custom-orders/{number}/configuration',
      tags,
      summary: 'Take another configuration',
      description:
        'Until the freeze point (B6): checked, priced and confirmed again. The queue date is kept while the model line stays.',
      middleware: [requireRole(kit, 'storefront')] as const,
      request: {
        params: NumberParam,
        headers: IdempotencyHeader,
        body: jsonBody(z.strictObject({ configuration: z.uuid() })),
      },
      responses: answers(200, 'The custom order', CustomOrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findCustomOrder(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'custom-order', number },
        update: reconfigure,
        facts: () => ({ configuration: body.configuration }),
        body,
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/custom-orders/{number}/cancellation',
      tags,
      summary: 'Cancel a custom order',
      description:
        'Until the freeze point (B10): its vehicle leaves the order bank, its slot is filled again, the buyer is refunded by the terms of the order, dealer and processor are told.',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: {
        params: NumberParam,
        headers: IdempotencyHeader,
        body: jsonBody(z.strictObject({ reason: Note.optional() })),
      },
      responses: answers(200, 'The custom order', CustomOrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findCustomOrder(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'custom-order', number },
        update: cancel,
        facts: () => ({}),
        body,
      }) as never
    },
  )
}

/** A custom order that the caller may know of: its storefront, the dealer who has it or had it, and operators. */
export async function findCustomOrder(kit: ApiKit, caller: Caller, given: string): Promise<string> {
  const number = numberIn('customOrder', given)
  const row = await readCustomOrder(kit.db, number)
  const knows =
    row &&
    (caller.role === 'dealer'
      ? caller.partner !== null && (await wasAsked(kit.db, number, caller.partner))
      : maySee(caller, row.storefront))
  if (!knows) throw new Refusal('not-found', `There is no custom order ${number}.`)
  return number
}
