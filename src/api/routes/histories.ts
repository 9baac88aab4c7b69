import { createRoute, z } from '@hono/zod-openapi'
import type { NumberKind } from '../../domain/number.ts'
import { Refusal } from '../../domain/refusal.ts'
import type { Role } from '../../store/api-key.ts'
import { readBackOrder } from '../../store/back-order.ts'
import { readCustomOrder } from '../../store/custom-order.ts'
import type { Database } from '../../store/database.ts'
import { readDelivery } from '../../store/delivery.ts'
import { EventView, historyOf } from '../../store/history.ts'
import { readLead } from '../../store/lead.ts'
import { readMatchRequest } from '../../store/match-request.ts'
import { readOrder } from '../../store/order.ts'
import { readPayment } from '../../store/payment.ts'
import { readPurchaseOrder } from '../../store/purchase-order.ts'
import { readTag } from '../../store/tag.ts'
import { readVehicle } from '../../store/vehicle.ts'
import { maySee, requireRole } from '../auth.ts'
import { Page, pageOf, pageQuery, sortKey } from '../cursor.ts'
import type { Api, ApiKit } from '../kit.ts'
import { answers, NumberParam, numberIn } from '../request.ts'

type Told = {
  path: string
  kind: NumberKind
  name: string
  tag: string
  partner: Role
  /** The storefront or supplier whose it is; undefined when there is none with this number. */
  ownerOf: (db: Database, number: string) => Promise<string | undefined>
}

const TOLD: Told[] = [
  {
    path: 'orders',
    kind: 'order',
    name: 'order',
    tag: 'Orders',
    partner: 'storefront',
    ownerOf: async (db, number) => (await readOrder(db, number))?.storefront,
  },
  {
    path: 'back-orders',
    kind: 'backOrder',
    name: 'back order',
    tag: 'Back orders',
    partner: 'storefront',
    ownerOf: async (db, number) => (await readBackOrder(db, number))?.storefront,
  },
  {
    path: 'deliveries',
    kind: 'delivery',
    name: 'delivery',
    tag: 'Deliveries',
    partner: 'storefront',
    ownerOf: async (db, number) => (await readDelivery(db, number))?.storefront,
  },
  {
    path: 'purchase-orders',
    kind: 'purchaseOrder',
    name: 'purchase order',
    tag: 'Purchase orders',
    partner: 'supplier',
    ownerOf: async (db, number) => (await readPurchaseOrder(db, number))?.supplier,
  },
  {
    // Not for dealers: it tells of others who had the lead.
    path: 'leads',
    kind: 'lead',
    name: 'lead',
    tag: 'Leads',
    partner: 'storefront',
    ownerOf: async (db, number) => (await readLead(db, number))?.storefront,
  },
  {
    // Not for dealers: it tells of others who had the order.
    path: 'custom-orders',
    kind: 'customOrder',
    name: 'custom order',
    tag: 'Custom orders',
    partner: 'storefront',
    ownerOf: async (db, number) => (await readCustomOrder(db, number))?.storefront,
  },
  {
    path: 'vehicles',
    kind: 'vehicle',
    name: 'vehicle',
    tag: 'Vehicles',
    partner: 'dealer',
    ownerOf: async (db, number) => (await readVehicle(db, number))?.dealer,
  },
  {
    path: 'payments',
    kind: 'payment',
    name: 'payment',
    tag: 'Payments',
    partner: 'storefront',
    ownerOf: async (db, number) => (await readPayment(db, number))?.storefront,
  },
  {
    path: 'tags',
    kind: 'tag',
    name: 'tag',
    tag: 'Tags',
    partner: 'storefront',
    ownerOf: async (db, number) => (await readTag(db, number))?.storefront,
  },
  {
    path: 'match-requests',
    kind: 'matchRequest',
    name: 'match request',
    tag: 'Match requests',
    partner: 'storefront',
    ownerOf: async (db, number) => (await readMatchRequest(db, number))?.storefront,
  },
]

/** The histories: who did what when, from which state to which, and why (REQUIREMENTS P4). */
export function registerHistories(app: Api, kit: ApiKit): void {
  for (const told of TOLD) registerHistory(app, kit, told)
}

function registerHistory(app: Api, kit: ApiKit, { path, kind, name, tag, partner, ownerOf }: Told): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: `/v1/${path}/{number}/events`,
      tags: [tag],
      summary: `Read the history of the ${name}`,
      description: 'In the order in which it happened.',
      middleware: [requireRole(kit, partner, 'operator')] as const,
      request: { params: NumberParam, query: z.strictObject(pageQuery) },
      responses: answers(200, 'What happened', Page(EventView)),
    }),
    async (c) => {
      const number = numberIn(kind, c.req.valid('param').number)
      const owner = await ownerOf(kit.db, number)
      if (owner === undefined || !maySee(c.var.caller, owner)) {
        throw new Refusal('not-found', `There is no ${name} ${number}.`)
      }
      const reader = c.var.caller.role === 'operator' ? 'operator' : 'partner'
      const page = await pageOf<EventView, [number]>(c.req.valid('query'), {
        key: z.tuple([sortKey.sequence]),
        read: (after, limit) => historyOf(kit.db, number, after?.[0] ?? 0, limit, reader),
        keyOf: ({ sequence }) => [sequence],
      })
      return c.json(page, 200)
    },
  )
}
