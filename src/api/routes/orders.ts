import { createRoute, z } from '@hono/zod-openapi'
import { answerOffer, cancel, changeDeadline, placed } from '../../clients/messages.ts'
import { newNumber } from '../../domain/number.ts'
import { CHOICES } from '../../domain/order.ts'
import { periodFault } from '../../domain/period.ts'
import { Refusal } from '../../domain/refusal.ts'
import type { Transaction } from '../../store/database.ts'
import { snapshot } from '../../store/database.ts'
import { insertOrder, readOrder, unknownItems } from '../../store/order.ts'
import { OrderView, orderView } from '../../store/order-view.ts'
import { readPeriods } from '../../store/period.ts'
import { maySee, partnerOf, requireRole } from '../auth.ts'
import { commandOnce } from '../command.ts'
import { answerOnce, idempotencyKeyOf } from '../idempotency.ts'
import type { Api, ApiKit, Caller } from '../kit.ts'
import {
  Address,
  answers,
  Email,
  IdempotencyHeader,
  Instant,
  jsonBody,
  MAX_LINES,
  Name,
  Note,
  NumberParam,
  numberIn,
  Period,
  periodOrEnd,
  Quantity,
  Reference,
  Sku,
  TimeZone,
} from '../request.ts'
import { place } from '../send.ts'

const tags = ['Orders']

const NewOrder = z
  .strictObject({
    reference: Reference.optional().meta({
      description: "The storefront's own reference; given back, never interpreted",
    }),
    customer: z.strictObject({ name: Name, email: Email, time_zone: TimeZone.default('UTC') }),
    ship_to: Address,
    lines: z
      .array(z.strictObject({ sku: Sku, quantity: Quantity }))
      .min(1, 'an order has at least one line')
      .max(MAX_LINES)
      .superRefine(eachItemOnce),
    offer_period: Period.optional().meta({
      description: 'How long an offer on short lines stands; the house decides if not given',
    }),
    offer_until: Instant.optional(),
  })
  .superRefine(notBoth('offer_period', 'offer_until'))
  .meta({ id: 'NewOrder' })

export const Answers = z
  .strictObject({
    answers: z
      .array(
        z
          .strictObject({
            line: z.int().min(1),
            choice: z.enum(CHOICES),
            wait_period: Period.optional().meta({
              description: 'How long the back order waits for its goods',
            }),
            wait_until: Instant.optional(),
            hold_period: Period.optional().meta({
              description: 'How long the goods are held once they are there',
            }),
          })
          .superRefine(notBoth('wait_period', 'wait_until')),
      )
      .min(1)
      .max(MAX_LINES)
      .superRefine((answers, check) => {
        for (const [index, { line }] of answers.entries()) {
          if (answers.findIndex((other) => other.line === line) !== index) {
            check.addIssue({
              code: 'custom',
              path: [index, 'line'],
              message: 'this line was answered already',
            })
          }
        }
      }),
  })
  .meta({ id: 'OfferAnswers' })

export const DeadlineChange = z.strictObject({ deadline_at: Instant }).meta({ id: 'DeadlineChange' })
export const Cancellation = z.strictObject({ reason: Note.optional() }).meta({ id: 'Cancellation' })

export function registerOrders(app: Api, kit: ApiKit): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/orders',
      tags,
      summary: 'Order items',
      description:
        'Sets aside what there is. Short lines come back as an offer; nothing is back-ordered without a yes (A1, A2).',
      middleware: [requireRole(kit, 'storefront')] as const,
      request: { headers: IdempotencyHeader, body: jsonBody(NewOrder) },
      responses: answers(201, 'The order, placed', OrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const key = idempotencyKeyOf(c)
      const storefront = partnerOf(c.var.caller)
      return answerOnce(c, kit, {
        key,
        body,
        number: newNumber('order'),
        // In here a refusal keeps nothing, and a repeat is not judged anew by a clock that went on.
        first: async (tx, { number, command }) => {
          await refuseUnknownItems(tx, body.lines)
          await insertOrder(tx, {
            number: number ?? '',
            command,
            storefront,
            reference: body.reference ?? null,
            offer_seconds: await offerSeconds(tx, body),
            customer: body.customer,
            ship_to: body.ship_to,
            lines: body.lines,
          })
        },
        work: async ({ number, command }) => {
          await place(kit, { kind: 'order', number: number ?? '' }, placed, command)
        },
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/orders/{number}',
      tags,
      summary: 'Look at an order',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: NumberParam },
      responses: answers(200, 'The order', OrderView),
    }),
    async (c) => {
      const number = await findOrder(kit, c.var.caller, c.req.valid('param').number)
      const { wait } = await readPeriods(kit.db)
      const view = await snapshot(kit.db, (tx) => orderView(tx, number, wait.default_seconds))
      if (!view) throw new Refusal('not-found', 'There is no such order.')
      c.header('etag', `"${view.version}"`)
      return c.json(view, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/orders/{number}/answers',
      tags,
      summary: 'Answer the offer on short lines',
      description:
        'Per line: ship what is there and back-order the rest, wait for all of it, or decline (A3).',
      middleware: [requireRole(kit, 'storefront')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(Answers) },
      responses: answers(200, 'The order, with the numbers of its back orders', OrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findOrder(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'order', number },
        update: answerOffer,
        // Within the work: a repeat gets the first answer, also once a period's end has passed.
        facts: (askedAt) => ({
          answers: body.answers.map((answer, index) => ({
            line: answer.line,
            choice: answer.choice,
            wait_seconds: periodOrEnd(
              answer.wait_period,
              answer.wait_until,
              `/answers/${index}/wait_until`,
              askedAt,
            ),
            hold_seconds: periodOrEnd(answer.hold_period, undefined, `/answers/${index}/hold_period`),
          })),
        }),
        body,
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/orders/{number}/deadline',
      tags,
      summary: 'Let the offer stand for longer or shorter',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(DeadlineChange) },
      responses: answers(200, 'The order', OrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findOrder(kit, c.var.caller, c.req.valid('param').number)
      const deadline_at = new Date(body.deadline_at).toISOString()
      return commandOnce(c, kit, {
        to: { kind: 'order', number },
        update: changeDeadline,
        facts: () => ({ deadline_at }),
        body,
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/orders/{number}/cancellation',
      tags,
      summary: 'Cancel an order whose offer still stands',
      description:
        'Releases what is set aside. Back orders and deliveries are cancelled under their own numbers.',
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { params: NumberParam, headers: IdempotencyHeader, body: jsonBody(Cancellation) },
      responses: answers(200, 'The order', OrderView),
    }),
    async (c) => {
      const body = c.req.valid('json')
      const number = await findOrder(kit, c.var.caller, c.req.valid('param').number)
      return commandOnce(c, kit, {
        to: { kind: 'order', number },
        update: cancel,
        facts: () => ({}),
        body,
      }) as never
    },
  )
}

async function findOrder(kit: ApiKit, caller: Caller, given: string): Promise<string> {
  const number = numberIn('order', given)
  const order = await readOrder(kit.db, number)
  if (!order || !maySee(caller, order.storefront))
    throw new Refusal('not-found', `There is no order ${number}.`)
  return number
}

async function refuseUnknownItems(tx: Transaction, lines: { sku: string }[]): Promise<void> {
  const unknown = await unknownItems(
    tx,
    lines.map((line) => line.sku),
  )
  if (unknown.size === 0) return
  throw new Refusal('unknown-item', `Not known: ${[...unknown].join(', ')}.`, {
    errors: lines.flatMap(({ sku }, index) =>
      unknown.has(sku) ? [{ pointer: `/lines/${index}/sku`, detail: 'this item is not known' }] : [],
    ),
  })
}

/** The offer's length as asked for, within the house's limits; null for the house's own. */
async function offerSeconds(
  tx: Transaction,
  { offer_period, offer_until }: z.output<typeof NewOrder>,
): Promise<number | null> {
  const seconds = periodOrEnd(offer_period, offer_until, '/offer_until')
  if (seconds === null) return null
  const { offer } = await readPeriods(tx)
  const detail = periodFault(offer, seconds)
  if (detail === undefined) return seconds
  const pointer = offer_until === undefined ? '/offer_period' : '/offer_until'
  throw new Refusal('period-out-of-range', `The offer's period ${detail}.`, { errors: [{ pointer, detail }] })
}

function eachItemOnce(lines: { sku: string }[], check: z.RefinementCtx): void {
  for (const [index, { sku }] of lines.entries()) {
    if (lines.findIndex((line) => line.sku === sku) !== index) {
      check.addIssue({ code: 'custom', path: [index, 'sku'], message: 'this item is in the order already' })
    }
  }
}

/** A period is given as a length or by its end; both would be two answers to one question. */
export function notBoth(period: string, end: string) {
  return (value: object, check: z.RefinementCtx): void => {
    const given = value as Record<string, unknown>
    if (given[period] !== undefined && given[end] !== undefined) {
      check.addIssue({ code: 'custom', path: [end], message: `give ${period} or ${end}, not both` })
    }
  }
}
