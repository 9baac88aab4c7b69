import { eq } from 'drizzle-orm'
import { z } from 'zod'
import {
  LEAD_ACTIONS,
  LEAD_DEADLINES,
  LEAD_ENDS,
  LEAD_STATUSES,
  LEAD_TRANSITIONS,
  type LeadDocument,
  type LeadState,
  LOST_REASONS,
  OPERATOR_LEAD_ACTIONS,
  vehicleWords,
} from '../domain/lead.ts'
import { allowed } from '../domain/states.ts'
import type { Database, Transaction } from './database.ts'
import { dealersOf, readLead, statusesOf } from './lead.ts'
import { Instant } from './order-view.ts'
import { customers, dealers, leads, storefronts } from './schema.ts'

export const LeadStateName = z.enum(Object.keys(LEAD_TRANSITIONS) as [LeadState, ...LeadState[]])
const LeadStatusName = z.enum(LEAD_STATUSES)

// Without an id of its own: OpenAPI then says of each place whether it may be null.
const VehicleView = z.object({
  make: z.string().optional(),
  model: z.string().optional(),
  year: z.int().optional(),
  trim: z.string().optional(),
  stock: z.string().optional().meta({ description: "The dealer's stock number" }),
  options: z.array(z.string()).optional(),
})

export const LeadView = z
  .object({
    number: z.string(),
    storefront: z.string(),
    reference: z.string().nullable(),
    state: LeadStateName,
    status: LeadStatusName.nullable().meta({ description: 'The last one that the dealer gave' }),
    lost_reason: z.enum(LEAD_ENDS).nullable(),
    version: z.int(),
    deadline: z
      .object({ kind: z.enum(LEAD_DEADLINES), at: Instant })
      .nullable()
      .meta({ description: 'What it waits for, and until when' }),
    allowed_actions: z.array(z.enum(LEAD_ACTIONS)),
    operator_actions: z.array(z.enum(OPERATOR_LEAD_ACTIONS)),
    dealer: z
      .string()
      .nullable()
      .meta({ description: 'Who has it now; null for a dealer who has it no longer' }),
    another_dealer: z
      .boolean()
      .meta({ description: 'Whether the prospect agrees to another dealer should this one stay silent' }),
    prospect: z
      .object({
        name: z.string(),
        email: z.string(),
        phone: z.string().nullable(),
        time_zone: z.string(),
      })
      .nullable()
      .meta({
        description:
          'Null for a dealer who has the lead no longer, of a wish that was cancelled, and for everybody once erased',
      }),
    vehicle: VehicleView,
    price: z
      .object({ min: z.int().optional(), max: z.int().optional(), currency: z.string() })
      .nullable()
      .meta({ description: 'In minor units' }),
    trade_in: VehicleView.nullable(),
    comments: z.string().nullable(),
    dealers: z
      .array(z.object({ dealer: z.string(), sent_at: Instant }))
      .meta({ description: 'Whom it was sent to, in that order; a dealer sees itself only' }),
    statuses: z
      .array(
        z.object({
          dealer: z.string(),
          status: LeadStatusName,
          reason: z.enum(LOST_REASONS).nullable(),
          takes_place_at: Instant.nullable(),
          note: z.string().nullable(),
          is_late: z
            .boolean()
            .meta({ description: 'Given when another dealer had it, or when it had ended: changed nothing' }),
          at: Instant,
        }),
      )
      .meta({ description: 'Every status ever received; a dealer sees its own' }),
    created_at: Instant,
  })
  .meta({ id: 'Lead' })
export type LeadView = z.infer<typeof LeadView>

/** A lead as the API shows it to its storefront and to operators. */
export async function leadView(db: Database | Transaction, number: string): Promise<LeadView | undefined> {
  const [row, [customer], turns, statuses] = await Promise.all([
    readLead(db, number),
    db
      .select({ name: customers.name, email: customers.email, time_zone: customers.time_zone })
      .from(leads)
      .innerJoin(customers, eq(customers.id, leads.customer))
      .where(eq(leads.number, number)),
    dealersOf(db, number),
    statusesOf(db, number),
  ])
  if (!row || !customer) return undefined
  const { name, email, time_zone } = customer
  return {
    number: row.number,
    storefront: row.storefront,
    reference: row.reference,
    state: row.state,
    status: row.status,
    lost_reason: row.lost_reason,
    version: row.version,
    deadline:
      row.deadline_kind && row.deadline_at
        ? { kind: row.deadline_kind, at: row.deadline_at.toISOString() }
        : null,
    allowed_actions: allowed(LEAD_TRANSITIONS, row.state, LEAD_ACTIONS),
    operator_actions: allowed(LEAD_TRANSITIONS, row.state, OPERATOR_LEAD_ACTIONS),
    dealer: row.dealer,
    another_dealer: row.another_dealer,
    prospect: name === null || email === null ? null : { name, email, phone: row.phone, time_zone },
    vehicle: row.vehicle,
    price: row.price,
    trade_in: row.trade_in,
    comments: row.comments,
    dealers: turns.map(({ dealer, sent_at }) => ({ dealer, sent_at: sent_at.toISOString() })),
    statuses: statuses.map(({ dealer, status, reason, takes_place_at, note, is_late, at }) => ({
      dealer,
      status,
      reason,
      takes_place_at: takes_place_at?.toISOString() ?? null,
      note,
      is_late,
      at: at.toISOString(),
    })),
    created_at: row.created_at.toISOString(),
  }
}

/**
 * What of it a dealer may see: nothing of the others, and of the prospect only as long as the lead is theirs and neither the
 * prospect has cancelled it nor an operator closed it.
 */
export function asDealerSees(view: LeadView, dealer: string): LeadView {
  const own = {
    ...view,
    dealers: view.dealers.filter((turn) => turn.dealer === dealer),
    statuses: view.statuses.filter((word) => word.dealer === dealer),
  }
  if (view.dealer === dealer) {
    const isCalledOff = view.lost_reason === 'cancelled' || view.lost_reason === 'closed'
    return isCalledOff ? { ...own, prospect: null, comments: null } : own
  }
  return {
    ...own,
    dealer: null,
    status: null,
    lost_reason: null,
    deadline: null,
    prospect: null,
    comments: null,
  }
}

/** What a letter to the prospect says beside its event; undefined once the person is erased. */
export async function prospectFacts(
  db: Database,
  event: { number: string; details: Record<string, unknown> },
) {
  const [found] = await db
    .select({ lead: leads, customer: customers, storefront: storefronts, dealer: dealers.name })
    .from(leads)
    .innerJoin(customers, eq(customers.id, leads.customer))
    .innerJoin(storefronts, eq(storefronts.id, leads.storefront))
    .innerJoin(dealers, eq(dealers.id, String(event.details.dealer)))
    .where(eq(leads.number, event.number))
  if (!found) return undefined
  const { lead, customer, storefront, dealer } = found
  if (customer.name === null || customer.email === null) return undefined
  return {
    number: lead.number,
    vehicle: vehicleWords(lead.vehicle),
    another_dealer: lead.another_dealer,
    dealer,
    storefront: storefront.name,
    customer: customer.name,
    to: customer.email,
    from_name: storefront.mail_name,
    reply_to: storefront.reply_to,
  }
}

/** A lead as it is sent to the dealer who has it; undefined once the prospect is erased. */
export async function leadDocument(db: Database, number: string): Promise<LeadDocument | undefined> {
  const [found] = await db
    .select({ lead: leads, customer: customers, dealer: dealers, storefront: storefronts })
    .from(leads)
    .innerJoin(customers, eq(customers.id, leads.customer))
    .innerJoin(dealers, eq(dealers.id, leads.dealer))
    .innerJoin(storefronts, eq(storefronts.id, leads.storefront))
    .where(eq(leads.number, number))
  if (!found) return undefined
  const { lead, customer, dealer, storefront } = found
  if (customer.name === null || customer.email === null) return undefined
  return {
    number,
    created_at: lead.created_at.toISOString(),
    prospect: { name: customer.name, email: customer.email, phone: lead.phone },
    vehicle: lead.vehicle,
    price: lead.price,
    trade_in: lead.trade_in,
    comments: lead.comments,
    dealer: { id: dealer.id, name: dealer.name },
    storefront: { id: storefront.id, name: storefront.mail_name, email: storefront.reply_to },
  }
}
