import { eq, sql } from 'drizzle-orm'
import { undecided } from '../domain/custom-order.ts'
import { EVENTS, type EventType } from '../domain/event.ts'
import { after } from '../domain/period.ts'
import type { TagDeadline, TagProgress, TagState, TagWord, ToldTag } from '../domain/tag.ts'
import { type Database, type Locked, type Transaction, transactionTime } from './database.ts'
import { dealerOf } from './dealer.ts'
import { isUntoldWithVehicle, recordEvent } from './event.ts'
import { moneyDue, type Price } from './order-money.ts'
import { tags, vehicles } from './schema.ts'
import { lockVehicle, type VehicleRow } from './vehicle.ts'

export type TagRow = typeof tags.$inferSelect

export async function readTag(db: Database | Transaction, number: string): Promise<TagRow | undefined> {
  const [row] = await db.select().from(tags).where(eq(tags.number, number))
  return row
}

/** The tag, locked; before its vehicle. */
export async function lockTag(tx: Transaction, number: string): Promise<Locked<TagRow> | undefined> {
  const [row] = await tx
    .select({ row: tags, now: transactionTime })
    .from(tags)
    .where(eq(tags.number, number))
    .for('no key update')
  return row
}

/** The vehicle of the locked tag, locked. */
export async function lockVehicleOf(tx: Transaction, { vehicle }: TagRow): Promise<VehicleRow> {
  const locked = await lockVehicle(tx, vehicle)
  if (!locked) throw new Error('a tag without its vehicle')
  return locked.row
}

/** An event of a tag: its type says who is told. */
type TagEvent = {
  type: Extract<EventType, `tag.${string}`>
  actor: string
  details?: Record<string, unknown>
  note?: string | null
}

type Change = {
  state?: TagState
  dealer_accepted?: true
  processor_reference?: string
  refused_by?: TagRow['refused_by']
  deposit?: string
  balance?: string
  deadline?: { kind: TagDeadline; at: Date } | null
  ended?: true
}

/** Moves the locked tag on, with its event. The version rises with every change. */
export async function updateTag(tx: Transaction, row: TagRow, set: Change, event: TagEvent): Promise<TagRow> {
  const { deadline, ended, ...members } = set
  const [changed] = await tx
    .update(tags)
    .set({
      ...members,
      version: sql`${tags.version} + 1`,
      ...(deadline === undefined
        ? {}
        : { deadline_kind: deadline?.kind ?? null, deadline_at: deadline?.at ?? null }),
      ...(ended ? { ended_at: sql`now()` } : {}),
    })
    .where(eq(tags.number, row.number))
    .returning()
  if (!changed) throw new Error('the tag is gone')
  await recordTagEvent(tx, row, changed, event)
  return changed
}

export async function recordTagEvent(
  tx: Transaction,
  before: TagRow | null,
  row: TagRow,
  { type, actor, details = {}, note = null }: TagEvent,
): Promise<void> {
  await recordEvent(tx, {
    number: row.number,
    sequence: row.version,
    type,
    actor,
    from: before?.state ?? null,
    to: row.state,
    details,
    note,
    ...audienceOf(row, type),
  })
}

function audienceOf({ storefront, customer, dealer }: TagRow, type: TagEvent['type']) {
  switch (EVENTS[type].told) {
    case null:
      return {}
    case 'buyer':
      return { audience: { storefront, customer } }
    case 'dealer':
      return { audience: { channel: 'dealer', recipient: dealer } as const }
    case 'processor':
      return { audience: { channel: 'processor', recipient: 'processor' } as const }
    case 'operators':
      return { audience: { channel: 'operators', recipient: 'operators' } as const }
  }
}

/** Asks the dealer whether the vehicle of the locked tag is there, and the order processor about the tag (REQUIREMENTS B4, B8). */
export async function submitTag(tx: Transaction, row: TagRow, now: Date): Promise<TagRow> {
  const dealer = await dealerOf(tx, row)
  const deadline = { kind: 'answer', at: after(now, dealer.acknowledge_seconds) } as const
  const sent = await updateTag(
    tx,
    row,
    { state: 'pending', deadline },
    { type: 'tag.sent', actor: 'house', details: { dealer: dealer.id, deadline_at: deadline.at } },
  )
  return tellProcessor(tx, sent, 'submitted')
}

/** Has the gateway tell the order processor something of the locked tag; changes it in the same step. */
export async function tellProcessor(
  tx: Transaction,
  row: TagRow,
  message: TagWord,
  set: Change = {},
): Promise<TagRow> {
  const deadline = set.deadline === undefined ? row.deadline_at : (set.deadline?.at ?? null)
  const answer_by = (set.state ?? row.state) === 'pending' ? (deadline?.toISOString() ?? null) : null
  const details = { message, answer_by } satisfies ToldTag
  return updateTag(tx, row, set, { type: 'tag.told_processor', actor: 'house', details })
}

const MONEY_DUE = moneyDue('tags', {
  judged: ['pending'],
  accepted: 'confirmed',
  price: sql`tags.price_minor`,
})

/** What the tag's workflow sees of it; null when there is no such tag. */
export async function tagProgress(db: Database | Transaction, number: string): Promise<TagProgress | null> {
  const [found] = await db
    .select({ row: tags, vehicle: vehicles.state, untold: isUntoldWithVehicle('tags'), money_due: MONEY_DUE })
    .from(tags)
    .innerJoin(vehicles, eq(vehicles.number, tags.vehicle))
    .where(eq(tags.number, number))
  if (!found) return null
  const { state, version, dealer, deadline_kind, deadline_at } = found.row
  return {
    number,
    state,
    version,
    untold: found.untold,
    dealer,
    waits_for: state === 'pending' ? undecided(found.row) : [],
    vehicle: found.vehicle,
    money_due: found.money_due,
    deadline_kind,
    deadline_at: deadline_at?.toISOString() ?? null,
  }
}

/** What the vehicle costs: as it was when it was tagged. */
export function priceOf({ price_minor: amount, currency }: TagRow): Price {
  return { amount, currency }
}
