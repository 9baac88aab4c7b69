import { createRoute, z } from '@hono/zod-openapi'
import {
  BackOrderStateName,
  BackOrderSummary,
  backOrderSummary,
  type ListedBackOrder,
  listBackOrders,
} from '../../store/back-order-list.ts'
import {
  CustomOrderSummary,
  customOrderSummary,
  type ListedCustomOrder,
  listCustomOrders,
} from '../../store/custom-order-list.ts'
import { CustomOrderStateName } from '../../store/custom-order-view.ts'
import {
  DeliveryStateName,
  DeliverySummary,
  deliverySummary,
  type ListedDelivery,
  listDeliveries,
} from '../../store/delivery-list.ts'
import { LeadSummary, type ListedLead, leadSummary, listLeads } from '../../store/lead-list.ts'
import { LeadStateName } from '../../store/lead-view.ts'
import {
  type ListedMatchRequest,
  listMatchRequests,
  MatchRequestSummary,
  matchRequestSummary,
} from '../../store/match-request-list.ts'
import { MatchRequestStateName } from '../../store/match-request-view.ts'
import {
  type ListedOrder,
  listOrders,
  OrderStateName,
  OrderSummary,
  orderSummary,
} from '../../store/order-list.ts'
import type { Before } from '../../store/page.ts'
import { type ListedPayment, listPayments, PaymentSummary, paymentSummary } from '../../store/payment-list.ts'
import { PaymentStateName } from '../../store/payment-view.ts'
import {
  type ListedPurchaseOrder,
  listPurchaseOrders,
  PurchaseOrderStateName,
  PurchaseOrderSummary,
  purchaseOrderSummary,
} from '../../store/purchase-order-list.ts'
import { type ListedTag, listTags, TagSummary, tagSummary } from '../../store/tag-list.ts'
import { TagStateName } from '../../store/tag-view.ts'
import { requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery, sortKey } from '../cursor.ts'
import type { Api, ApiKit, Caller } from '../kit.ts'
import { PartnerId } from '../master-data.ts'
import { answers, Email, Instant, Reference, Sku } from '../request.ts'

const filters = {
  sku: Sku.optional(),
  opened_after: Instant.optional().meta({ description: 'At that time or later' }),
  opened_before: Instant.optional(),
  ...pageQuery,
}
const customerFilters = {
  ...filters,
  email: Email.optional().meta({ description: "The customer's whole e-mail address" }),
  storefront: PartnerId.optional(),
}
const { sku: _, ...withoutItems } = customerFilters
const Cursor = z.tuple([sortKey.time, sortKey.number])
const description = "The newest first. A partner's key finds its own; an operator's finds all (P4)."

/** Finding orders, back orders, deliveries, purchase orders, custom orders, leads, payments, tags and match requests (REQUIREMENTS P4, P5). */
export function registerLists(app: Api, kit: ApiKit): void {
  const { db } = kit

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/orders',
      tags: ['Orders'],
      summary: 'Find orders',
      description,
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { query: z.strictObject({ ...customerFilters, state: OrderStateName.optional() }) },
      responses: answers(200, 'Orders', Page(OrderSummary)),
    }),
    async (c) => {
      const query = c.req.valid('query')
      const filter = { ...query, partners: partnersOf(c.var.caller, query.storefront) }
      const page = await pageOf<ListedOrder, Before>(query, {
        key: Cursor,
        read: (before, limit) => listOrders(db, filter, before, limit),
        keyOf,
      })
      return c.json({ ...page, data: page.data.map(orderSummary) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/back-orders',
      tags: ['Back orders'],
      summary: 'Find back orders',
      description,
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { query: z.strictObject({ ...customerFilters, state: BackOrderStateName.optional() }) },
      responses: answers(200, 'Back orders', Page(BackOrderSummary)),
    }),
    async (c) => {
      const query = c.req.valid('query')
      const filter = { ...query, partners: partnersOf(c.var.caller, query.storefront) }
      const page = await pageOf<ListedBackOrder, Before>(query, {
        key: Cursor,
        read: (before, limit) => listBackOrders(db, filter, before, limit),
        keyOf,
      })
      return c.json({ ...page, data: page.data.map(backOrderSummary) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/deliveries',
      tags: ['Deliveries'],
      summary: 'Find deliveries',
      description,
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { query: z.strictObject({ ...customerFilters, state: DeliveryStateName.optional() }) },
      responses: answers(200, 'Deliveries', Page(DeliverySummary)),
    }),
    async (c) => {
      const query = c.req.valid('query')
      const filter = { ...query, partners: partnersOf(c.var.caller, query.storefront) }
      const page = await pageOf<ListedDelivery, Before>(query, {
        key: Cursor,
        read: (before, limit) => listDeliveries(db, filter, before, limit),
        keyOf,
      })
      return c.json({ ...page, data: page.data.map(deliverySummary) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/purchase-orders',
      tags: ['Purchase orders'],
      summary: 'Find purchase orders',
      description,
      middleware: [requireRole(kit, 'supplier', 'operator')] as const,
      request: {
        query: z.strictObject({
          ...filters,
          supplier: PartnerId.optional(),
          state: PurchaseOrderStateName.optional(),
        }),
      },
      responses: answers(200, 'Purchase orders', Page(PurchaseOrderSummary)),
    }),
    async (c) => {
      const query = c.req.valid('query')
      const filter = { ...query, partners: partnersOf(c.var.caller, query.supplier) }
      const page = await pageOf<ListedPurchaseOrder, Before>(query, {
        key: Cursor,
        read: (before, limit) => listPurchaseOrders(db, filter, before, limit),
        keyOf,
      })
      return c.json({ ...page, data: page.data.map(purchaseOrderSummary) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/custom-orders',
      tags: ['Custom orders'],
      summary: 'Find custom orders',
      description: `${description} A dealer's are those that it has now.`,
      middleware: [requireRole(kit, 'storefront', 'dealer', 'operator')] as const,
      request: {
        query: z.strictObject({
          ...withoutItems,
          dealer: PartnerId.optional(),
          state: CustomOrderStateName.optional(),
        }),
      },
      responses: answers(200, 'Custom orders', Page(CustomOrderSummary)),
    }),
    async (c) => {
      const query = c.req.valid('query')
      const filter = dealingsOf(c.var.caller, query)
      const page = await pageOf<ListedCustomOrder, Before>(query, {
        key: Cursor,
        read: (before, limit) => listCustomOrders(db, filter, before, limit),
        keyOf,
      })
      return c.json({ ...page, data: page.data.map(customOrderSummary) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/leads',
      tags: ['Leads'],
      summary: 'Find leads',
      description: `${description} A dealer's are those that it has now.`,
      middleware: [requireRole(kit, 'storefront', 'dealer', 'operator')] as const,
      request: {
        query: z.strictObject({
          ...withoutItems,
          dealer: PartnerId.optional(),
          state: LeadStateName.optional(),
        }),
      },
      responses: answers(200, 'Leads', Page(LeadSummary)),
    }),
    async (c) => {
      const query = c.req.valid('query')
      const filter = dealingsOf(c.var.caller, query)
      const page = await pageOf<ListedLead, Before>(query, {
        key: Cursor,
        read: (before, limit) => listLeads(db, filter, before, limit),
        keyOf,
      })
      return c.json({ ...page, data: page.data.map(leadSummary) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/payments',
      tags: ['Payments'],
      summary: 'Find payments',
      description,
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: {
        query: z.strictObject({
          ...withoutItems,
          pays_for: Reference.optional().meta({ description: 'The number of the order that is paid for' }),
          state: PaymentStateName.optional(),
        }),
      },
      responses: answers(200, 'Payments', Page(PaymentSummary)),
    }),
    async (c) => {
      const query = c.req.valid('query')
      const filter = { ...query, partners: partnersOf(c.var.caller, query.storefront) }
      const page = await pageOf<ListedPayment, Before>(query, {
        key: Cursor,
        read: (before, limit) => listPayments(db, filter, before, limit),
        keyOf,
      })
      return c.json({ ...page, data: page.data.map(paymentSummary) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/tags',
      tags: ['Tags'],
      summary: 'Find tags',
      description: `${description} A dealer's are those of its vehicles.`,
      middleware: [requireRole(kit, 'storefront', 'dealer', 'operator')] as const,
      request: {
        query: z.strictObject({
          ...withoutItems,
          dealer: PartnerId.optional(),
          vehicle: sortKey.number.optional(),
          state: TagStateName.optional(),
        }),
      },
      responses: answers(200, 'Tags', Page(TagSummary)),
    }),
    async (c) => {
      const query = c.req.valid('query')
      const filter = dealingsOf(c.var.caller, query)
      const page = await pageOf<ListedTag, Before>(query, {
        key: Cursor,
        read: (before, limit) => listTags(db, filter, before, limit),
        keyOf,
      })
      return c.json({ ...page, data: page.data.map(tagSummary) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/match-requests',
      tags: ['Match requests'],
      summary: 'Find match requests',
      description,
      middleware: [requireRole(kit, 'storefront', 'operator')] as const,
      request: { query: z.strictObject({ ...withoutItems, state: MatchRequestStateName.optional() }) },
      responses: answers(200, 'Match requests', Page(MatchRequestSummary)),
    }),
    async (c) => {
      const query = c.req.valid('query')
      const filter = { ...query, partners: partnersOf(c.var.caller, query.storefront) }
      const page = await pageOf<ListedMatchRequest, Before>(query, {
        key: Cursor,
        read: (before, limit) => listMatchRequests(db, filter, before, limit),
        keyOf,
      })
      return c.json({ ...page, data: page.data.map(matchRequestSummary) }, 200)
    },
  )
}

/** A partner's key narrows every list down to its own; naming another one then finds nothing. */
function partnersOf(caller: Caller, asked: string | undefined): string[] {
  return [caller.partner, asked].filter((id) => id !== null && id !== undefined)
}

/** The same for what storefronts' customers have with dealers: a dealer is no storefront, even if both are called the same. */
function dealingsOf<Query extends { storefront?: string | undefined }>(caller: Caller, query: Query) {
  const isDealer = caller.role === 'dealer'
  return {
    ...query,
    of: isDealer ? ('dealers' as const) : ('storefronts' as const),
    partners: partnersOf(caller, isDealer ? undefined : query.storefront),
  }
}

function keyOf({ sort_at, number }: { sort_at: string; number: string }): Before {
  return [sort_at, number]
}
