import { and, asc, eq, sql } from 'drizzle-orm'
import type { EventType } from '../domain/event.ts'
import { EVENTS } from '../domain/event.ts'
import type { Wish } from '../domain/match.ts'
import type {
  MatchRequestDeadline,
  MatchRequestProgress,
  MatchRequestState,
} from '../domain/match-request.ts'
import { type Database, type Locked, post, type Transaction, transactionTime } from './database.ts'
import { isUntold, recordEvent } from './event.ts'
import { type Customer, saveCustomer } from './order.ts'
import { matchOffers, matchRequests } from './schema.ts'

export type MatchRequestRow = typeof matchRequests.$inferSelect
export type MatchOfferRow = typeof matchOffers.$inferSelect

/** Stores a match request: its place among those who wait is drawn now. */
export async function insertMatchRequest(
  tx: Transaction,
  given: {
    number: string
    storefront: string
    customer: Customer
    reference: string | null
    wish: Wish
    valid_until: Date
  },
): Promise<MatchRequestRow> {
  const { storefront, valid_until, wish } = given
  const [row] = await tx
    .insert(matchRequests)
    .values({
      ...given,
      customer: await saveCustomer(tx, storefront, given.customer),
      make: wish.make,
      model: wish.model,
      state: 'waiting',
      version: 1,
      deadline_kind: 'validity',
      deadline_at: valid_until,
    })
    .returning()
  if (!row) throw new Error('the match request was not stored')
  await tellOf(tx, null, row, { type: 'match_request.received', actor: `storefront:${storefront}` })
  return row
}

export async function readMatchRequest(
  db: Database | Transaction,
  number: string,
): Promise<MatchRequestRow | undefined> {
  const [row] = await db.select().from(matchRequests).where(eq(matchRequests.number, number))
  return row
}

/** The match request, locked; after the vehicle that is offered to it. */
export async function lockMatchRequest(
  tx: Transaction,
  number: string,
): Promise<Locked<MatchRequestRow> | undefined> {
  const [row] = await tx
    .select({ row: matchRequests, now: transactionTime })
    .from(matchRequests)
    .where(eq(matchRequests.number, number))
    .for('no key update')
  return row
}

type MatchRequestEvent = {
  type: Extract<EventType, `match_request.${string}`>
  actor: string
  details?: Record<string, unknown>
  note?: string | null
}

/** Moves the locked match request on, with its event; a null deadline ends it. The version rises with every change. */
export async function updateMatchRequest(
  tx: Transaction,
  row: MatchRequestRow,
  set: {
    state: MatchRequestState
    tag?: string
    deadline: { kind: MatchRequestDeadline; at: Date } | null
  },
  event: MatchRequestEvent,
): Promise<MatchRequestRow> {
  const { deadline, ...members } = set
  const [changed] = await tx
    .update(matchRequests)
    .set({
      ...members,
      version: sql`${matchRequests.version} + 1`,
      deadline_kind: deadline?.kind ?? null,
      deadline_at: deadline?.at ?? null,
      ...(deadline === null ? { ended_at: sql`now()` } : {}),
    })
    .where(eq(matchRequests.number, row.number))
    .returning()
  if (!changed) throw new Error('the match request is gone')
  await tellOf(tx, row, changed, event)
  return changed
}

async function tellOf(
  tx: Transaction,
  before: MatchRequestRow | null,
  row: MatchRequestRow,
  { type, actor, details = {}, note = null }: MatchRequestEvent,
): Promise<void> {
  const { number, version, state, storefront, customer } = row
  await recordEvent(tx, {
    number,
    sequence: version,
    type,
    actor,
    from: before?.state ?? null,
    to: state,
    details,
    note,
    ...(EVENTS[type].told === 'buyer' ? { audience: { storefront, customer } } : {}),
  })
}

/** The vehicles that were offered to a match request, the first one first. */
export async function offersTo(db: Database | Transaction, number: string): Promise<MatchOfferRow[]> {
  return db
    .select()
    .from(matchOffers)
    .where(eq(matchOffers.match_request, number))
    .orderBy(asc(matchOffers.offered_at), asc(matchOffers.vehicle))
}

/** The vehicle that is offered to a match request now. */
export async function openOfferTo(
  db: Database | Transaction,
  number: string,
): Promise<MatchOfferRow | undefined> {
  const [row] = await db
    .select()
    .from(matchOffers)
    .where(and(eq(matchOffers.match_request, number), eq(matchOffers.outcome, 'open')))
  return row
}

/** Writes down what became of the vehicle that is offered to the locked match request. */
export async function closeOffer(
  tx: Transaction,
  number: string,
  outcome: Exclude<MatchOfferRow['outcome'], 'open'>,
): Promise<void> {
  await post(
    tx,
    tx
      .update(matchOffers)
      .set({ outcome })
      .where(and(eq(matchOffers.match_request, number), eq(matchOffers.outcome, 'open'))),
  )
}

/** What the match request's workflow sees of it; null when there is no such request. */
export async function matchRequestProgress(
  db: Database | Transaction,
  number: string,
): Promise<MatchRequestProgress | null> {
  const [found] = await db
    .select({ row: matchRequests, untold: isUntold('match_requests') })
    .from(matchRequests)
    .where(eq(matchRequests.number, number))
  if (!found) return null
  const { state, version, storefront, deadline_kind, deadline_at } = found.row
  return {
    number,
    state,
    version,
    untold: found.untold,
    storefront,
    deadline_kind,
    deadline_at: deadline_at?.toISOString() ?? null,
  }
}
