import { and, asc, eq, sql } from 'drizzle-orm'
import { EVENTS, type EventType } from '../domain/event.ts'
import type {
  LeadDeadline,
  LeadEnd,
  LeadProgress,
  LeadState,
  LeadStatus,
  LostReason,
  PriceRange,
  Vehicle,
} from '../domain/lead.ts'
import { after } from '../domain/period.ts'
import { type Database, type Locked, post, type Transaction, transactionTime } from './database.ts'
import { type DealerRow, nearestDealers, type Place } from './dealer.ts'
import { isUntold, recordEvent } from './event.ts'
import { linkHasEnded } from './link.ts'
import { type Customer, saveCustomer } from './order.ts'
import { customers, dealers, leadDealers, leadStatuses, leads } from './schema.ts'

export type LeadRow = typeof leads.$inferSelect

/** A lead as it came in. The prospect's e-mail address is in lower case: one address is one customer. */
export type NewLead = {
  number: string
  storefront: string
  reference: string | null
  prospect: Customer & { phone: string | null }
  vehicle: Vehicle
  price: PriceRange | null
  trade_in: Vehicle | null
  comments: string | null
  another_dealer: boolean
  /** Where another dealer is looked for. */
  near: Place
}

/** Stores a lead, with the prospect's confirmation, and sends it to the chosen dealer. */
export async function insertLead(tx: Transaction, lead: NewLead, dealer: DealerRow): Promise<LeadRow> {
  const { number, storefront, prospect, near } = lead
  const { phone, ...person } = prospect
  const [row] = await tx
    .insert(leads)
    .values({
      number,
      storefront,
      customer: await saveCustomer(tx, storefront, person, { phone }),
      phone,
      reference: lead.reference,
      vehicle: lead.vehicle,
      price: lead.price,
      trade_in: lead.trade_in,
      comments: lead.comments,
      ...near,
      another_dealer: lead.another_dealer,
      dealer: dealer.id,
      state: 'sent',
      version: 1,
    })
    .returning()
  if (!row) throw new Error('the lead was not stored')
  await tellOf(tx, null, row, { type: 'lead.received', actor: `storefront:${storefront}`, dealer: dealer.id })
  return sendTo(tx, row, dealer, row.created_at)
}

/** Sends the locked lead to a dealer, who has it from now on. */
export async function sendTo(tx: Transaction, row: LeadRow, dealer: DealerRow, now: Date): Promise<LeadRow> {
  const [last] = await tx
    .select({ turn: sql<number>`COALESCE(max(${leadDealers.turn}), 0)` })
    .from(leadDealers)
    .where(eq(leadDealers.lead, row.number))
  const turn = (last?.turn ?? 0) + 1
  await post(tx, tx.insert(leadDealers).values({ lead: row.number, turn, dealer: dealer.id }))
  const deadline = { kind: 'acknowledge', at: after(now, dealer.acknowledge_seconds) } as const
  return updateLead(
    tx,
    row,
    { state: 'sent', dealer: dealer.id, turn, status: null, deadline },
    { type: 'lead.sent', actor: 'house', dealer: dealer.id, details: { deadline_at: deadline.at } },
  )
}

export async function readLead(db: Database | Transaction, number: string): Promise<LeadRow | undefined> {
  const [row] = await db.select().from(leads).where(eq(leads.number, number))
  return row
}

/** The lead, locked. */
export async function lockLead(tx: Transaction, number: string): Promise<Locked<LeadRow> | undefined> {
  const [row] = await tx
    .select({ row: leads, now: transactionTime })
    .from(leads)
    .where(eq(leads.number, number))
    .for('no key update')
  return row
}

/** An event of a lead: its type says who is told, and `dealer` whom it is about. */
type LeadEvent = {
  type: Extract<EventType, `lead.${string}`>
  actor: string
  dealer: string
  details?: Record<string, unknown>
  note?: string | null
}

/** Moves the locked lead on, with its event; a null deadline ends it. The version rises with every change. */
export async function updateLead(
  tx: Transaction,
  row: LeadRow,
  set: {
    state?: LeadState
    dealer?: string
    turn?: number
    status?: LeadStatus | null
    lost_reason?: LeadEnd
    another_dealer?: boolean
    deadline?: { kind: LeadDeadline; at: Date } | null
  },
  event: LeadEvent,
): Promise<LeadRow> {
  const { deadline, ...members } = set
  const [changed] = await tx
    .update(leads)
    .set({
      ...members,
      version: sql`${leads.version} + 1`,
      ...(deadline === undefined
        ? {}
        : { deadline_kind: deadline?.kind ?? null, deadline_at: deadline?.at ?? null }),
      ...(deadline === null ? { ended_at: sql`now()` } : {}),
    })
    .where(eq(leads.number, row.number))
    .returning()
  if (!changed) throw new Error('the lead is gone')
  await tellOf(tx, row, changed, event)
  return changed
}

async function tellOf(
  tx: Transaction,
  before: LeadRow | null,
  row: LeadRow,
  { type, actor, dealer, details, note = null }: LeadEvent,
): Promise<void> {
  const { told } = EVENTS[type]
  await recordEvent(tx, {
    number: row.number,
    sequence: row.version,
    type,
    actor,
    from: before?.state ?? null,
    to: row.state,
    details: { dealer, ...details },
    note,
    ...(told === 'prospect' ? { audience: { storefront: row.storefront, customer: row.customer } } : {}),
    ...(told === 'dealer' ? { audience: { channel: 'dealer', recipient: dealer } } : {}),
    ...(told === 'operators' ? { audience: { channel: 'operators', recipient: 'operators' } } : {}),
  })
}

/** A dealer's word, kept whether or not it changes anything. */
export async function insertStatus(
  tx: Transaction,
  word: {
    lead: string
    dealer: string
    status: LeadStatus
    reason: LostReason | null
    takes_place_at: Date | null
    note: string | null
    is_late: boolean
  },
): Promise<void> {
  await post(tx, tx.insert(leadStatuses).values(word))
}

export async function statusesOf(db: Database | Transaction, lead: string) {
  return db.select().from(leadStatuses).where(eq(leadStatuses.lead, lead)).orderBy(asc(leadStatuses.id))
}

/** The dealers that a lead was sent to, the first one first. */
export async function dealersOf(db: Database | Transaction, lead: string) {
  return db.select().from(leadDealers).where(eq(leadDealers.lead, lead)).orderBy(asc(leadDealers.turn))
}

/** The turn in which a dealer has or had a lead; undefined when it was never sent to them. */
export async function turnOf(
  db: Database | Transaction,
  lead: string,
  dealer: string,
): Promise<number | undefined> {
  const [row] = await db
    .select({ turn: leadDealers.turn })
    .from(leadDealers)
    .where(and(eq(leadDealers.lead, lead), eq(leadDealers.dealer, dealer)))
  return row?.turn
}

/** Whether the link that was mailed to a lead's prospect opens anything any more; undefined when there is no such lead. */
export async function readProspectLink(
  db: Database,
  lead: string,
): Promise<{ has_ended: boolean } | undefined> {
  const [row] = await db
    .select({ has_ended: linkHasEnded(leads.ended_at) })
    .from(leads)
    .innerJoin(customers, eq(customers.id, leads.customer))
    .where(eq(leads.number, lead))
  return row
}

/** How many dealers are looked through for one who did not have the lead yet: no lead goes further than this. */
const MOST_DEALERS = 20

/** The nearest dealer who sells the make and to whom the lead was not sent yet. */
export async function nextDealer(
  tx: Transaction,
  lead: LeadRow,
  make: string | null,
): Promise<DealerRow | undefined> {
  const had = new Set((await dealersOf(tx, lead.number)).map(({ dealer }) => dealer))
  const near = await nearestDealers(tx, lead, { make, after: null, limit: MOST_DEALERS })
  const next = near.find(({ id }) => !had.has(id))
  if (!next) return undefined
  const [row] = await tx.select().from(dealers).where(eq(dealers.id, next.id))
  return row
}

/** What the lead's workflow sees of it; null when there is no such lead. */
export async function leadProgress(db: Database | Transaction, number: string): Promise<LeadProgress | null> {
  const [found] = await db
    .select({ row: leads, untold: isUntold('leads') })
    .from(leads)
    .where(eq(leads.number, number))
  if (!found) return null
  const { state, version, dealer, deadline_kind, deadline_at } = found.row
  return {
    number,
    state,
    version,
    untold: found.untold,
    dealer,
    deadline_kind,
    deadline_at: deadline_at?.toISOString() ?? null,
  }
}
