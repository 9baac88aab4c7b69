import { z } from '@hono/zod-openapi'
import { EVENTS, type EventType } from '../domain/event.ts'
import { BackOrderView } from '../store/back-order-view.ts'
import { CustomOrderView } from '../store/custom-order-view.ts'
import { DeliveryView } from '../store/delivery-view.ts'
import { LeadView } from '../store/lead-view.ts'
import { MatchRequestView } from '../store/match-request-view.ts'
import { OrderView } from '../store/order-view.ts'
import { PaymentView } from '../store/payment-view.ts'
import { PurchaseOrderView } from '../store/purchase-order-view.ts'
import { TagView } from '../store/tag-view.ts'
import type { Api, ApiKit } from './kit.ts'
import { Instant } from './request.ts'

/** The tag of routes that are called with a signature instead of an API key. */
export const SIGNED = 'Partners'
/** The same for the payment provider, which signs in its own way. */
export const PROVIDER_SIGNED = 'Payment provider'

const INFO = {
  title: 'Holdfast',
  version: '1',
  description: [
    'Orders that cannot be filled at once: short lines, back orders, purchasing, deliveries. Leads for dealers.',
    'Every POST takes an **Idempotency-Key**: send the same key when you repeat a request, and for seven days you get the same answer.',
    'Every no is a problem (RFC 9457) whose `type` is a page that explains it. Times are ISO 8601 in UTC, amounts in minor units.',
    'Lists go on with the `next_cursor` of the page before. What two people may edit has an `ETag`, and changing it takes `If-Match`.',
  ].join('\n\n'),
}

const SECURITY_SCHEMES = {
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description: 'A key of the role storefront, supplier, dealer or operator: `Authorization: Bearer hf_…`',
  },
  webhookSignature: {
    type: 'apiKey',
    in: 'header',
    name: 'webhook-signature',
    description:
      'Standard Webhooks: `webhook-id` (also the idempotency key), `webhook-timestamp`, `webhook-signature`',
  },
  providerSignature: {
    type: 'apiKey',
    in: 'header',
    name: 'stripe-signature',
    description: 'As Stripe signs its webhooks',
  },
} as const

const CustomerEvent = z.object({
  order: OrderView.optional(),
  back_order: BackOrderView.optional(),
  delivery: DeliveryView.optional(),
  lead: LeadView.optional(),
  custom_order: CustomOrderView.optional(),
  payment: PaymentView.optional(),
  tag: TagView.optional(),
  match_request: MatchRequestView.optional(),
})
const SupplierEvent = PurchaseOrderView.extend({
  event: z.record(z.string(), z.unknown()).meta({ description: 'What this message is about, in figures' }),
  line: z.int().optional().meta({ description: 'The line that it is about, if it is about a single one' }),
})

const OrderMessage = z.object({
  number: z.string(),
  turn: z.int(),
  type: z.enum(['retail', 'fleet']),
  dealer: z.object({ id: z.string(), name: z.string() }),
  configuration: z.object({
    model_year: z.string(),
    model_year_version: z.int(),
    features: z.array(z.object({ code: z.string(), kind: z.string(), name: z.string(), price: z.int() })),
    base_price: z.int(),
    total_price: z.int(),
    currency: z.string(),
  }),
  vehicle: z.string().nullable(),
  answer_by: Instant.nullable(),
})

const inFigures = {
  event: z.record(z.string(), z.unknown()).meta({ description: 'What this message is about, in figures' }),
}
const DealerEvent = z.union([LeadView.extend(inFigures), TagView.extend(inFigures)])

const TO_STOREFRONT = {
  data: CustomerEvent,
  description:
    'To every endpoint of the storefront. At least once: the `webhook-id` of a repeat is the same. 410 switches the endpoint off.',
}
const toPartner = (name: string, more = '') =>
  `To the ${name}, if it is reached by webhook. At least once: the \`webhook-id\` of a repeat is the same.${more}`

/** What is sent to those who are told of an event, by webhook; operators are told by mail only. */
const OUTGOING = {
  customer: TO_STOREFRONT,
  prospect: TO_STOREFRONT,
  buyer: TO_STOREFRONT,
  payer: TO_STOREFRONT,
  supplier: { data: SupplierEvent, description: toPartner('supplier') },
  order_dealer: {
    data: OrderMessage.extend({
      buyer: z.object({ name: z.string(), email: z.string(), phone: z.string().nullable() }),
    }),
    description: toPartner(
      'dealer',
      ' The `type` is `custom_order.` and `submitted`, `reminded`, `confirmed`, `reconfigured`, `cancelled` or `withdrawn`; of the last two the data is the number alone.',
    ),
  },
  processor: {
    data: OrderMessage,
    description: toPartner(
      'order processor',
      ' The `type` is `custom_order.` and `submitted`, `reminded`, `confirmed`, `reconfigured`, `cancelled` or `withdrawn`.',
    ),
  },
  dealer: {
    data: DealerEvent,
    description: toPartner(
      'dealer',
      ' `lead.sent` is an ADF document instead, where the dealer prefers that.',
    ),
  },
}

/** OpenAPI 3.1 of every route and of every webhook that we send, made from the routes themselves (REQUIREMENTS P5). */
export function registerOpenApi(app: Api, kit: ApiKit): void {
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES)) {
    app.openAPIRegistry.registerComponent('securitySchemes', name, scheme)
  }
  for (const type of Object.keys(EVENTS) as EventType[]) registerOutgoing(app, type)

  let made: object | undefined
  app.get('/openapi.json', (c) => {
    made ??= documentOf(app, kit)
    return c.json(made)
  })
}

function registerOutgoing(app: Api, type: EventType): void {
  const { told } = EVENTS[type]
  if (told === null || told === 'operators') return
  const schema = z.object({
    type: z.literal(type),
    timestamp: Instant,
    data: OUTGOING[told].data,
  })
  app.openAPIRegistry.registerWebhook({
    path: type,
    method: 'post',
    tags: ['Webhooks'],
    summary: type,
    description: OUTGOING[told].description,
    request: { body: { required: true, content: { 'application/json': { schema } } } },
    responses: { '2XX': { description: 'Taken; anything else is tried again for days' } },
  })
}

function documentOf(app: Api, kit: ApiKit): object {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: INFO,
    servers: [{ url: kit.publicUrl }],
    security: [{ apiKey: [] }],
  })
  for (const operation of Object.values(document.paths ?? {}).flatMap((path) => Object.values(path ?? {}))) {
    const { tags, ...rest } = operation as { tags?: string[] }
    if (tags?.includes(PROVIDER_SIGNED))
      Object.assign(operation, { ...rest, security: [{ providerSignature: [] }] })
    if (tags?.includes(SIGNED)) Object.assign(operation, { ...rest, security: [{ webhookSignature: [] }] })
  }
  return document
}
