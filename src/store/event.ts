import { asc, inArray, type SQL, sql } from 'drizzle-orm'
import type { EventType } from '../domain/event.ts'
import { EVENTS } from '../domain/event.ts'
import { post, type Transaction } from './database.ts'
import { events } from './schema.ts'

export type NewEvent = {
  /** Whose story: the number of an order, back order, purchase order, delivery, lead or payment. */
  number: string
  /** The row's version after the change. */
  sequence: number
  type: EventType
  actor: string
  from: string | null
  to: string | null
  details?: Record<string, unknown>
  note?: string | null
  /** Whose order or lead it is, or the partner or operators it is for; they are told where the type is one that is told. */
  audience?:
    | { storefront: string; customer: string }
    | { channel: 'supplier' | 'dealer' | 'processor' | 'operators'; recipient: string }
}

/** Writes an event and, in the same statement, the notifications that it calls for. */
export async function recordEvent(tx: Transaction, event: NewEvent): Promise<void> {
  const inserted = sql`
    INSERT INTO events (number, sequence, type, actor, from_state, to_state, details, note)
    VALUES (${event.number}, ${event.sequence}, ${event.type}, ${event.actor}, ${event.from}, ${event.to},
            ${JSON.stringify(event.details ?? {})}::jsonb, ${event.note ?? null})`
  const { audience } = event
  if (!audience || EVENTS[event.type].told === null) {
    await post(tx, tx.execute(inserted))
  } else if ('channel' in audience) {
    await post(
      tx,
      tx.execute(sql`
      WITH told AS (${inserted} RETURNING id, number)
      INSERT INTO notifications (event, number, channel, recipient)
      SELECT id, number, ${audience.channel}::text, ${audience.recipient}::text FROM told`),
    )
  } else {
    await post(
      tx,
      tx.execute(sql`
      WITH told AS (
        ${inserted} RETURNING id, number, ${audience.storefront}::text AS storefront, ${audience.customer}::text AS customer
      )
      ${notificationsFor(sql`told`)}`),
    )
  }
}

/**
 * The statement that writes one notification per event and recipient: a mail to the customer, a webhook to each of the
 * storefront's endpoints. `events` names a relation with the columns id, number, storefront and customer.
 */
export function notificationsFor(events: SQL): SQL {
  return sql`
    INSERT INTO notifications (event, number, channel, recipient)
    SELECT id, number, 'mail', customer::text FROM ${events}
    UNION ALL
    SELECT e.id, e.number, 'webhook', w.id::text
      FROM ${events} e JOIN webhook_endpoints w ON w.storefront = e.storefront AND w.disabled_at IS NULL`
}

/** True while a notification of the story of a row's number has not been tried yet; a column for queries on that table. */
export function isUntold(
  table:
    | 'orders'
    | 'back_orders'
    | 'deliveries'
    | 'purchase_orders'
    | 'leads'
    | 'payments'
    | 'match_requests',
): SQL<boolean> {
  // Spelt out: in a query on one table Drizzle leaves the table's name away, and `number` would be the inner one.
  const number = sql.raw(`${table}.number`)
  return sql<boolean>`EXISTS (SELECT 1 FROM notifications n WHERE n.number = ${number} AND n.state = 'pending')`
}

/** The same of a row that has a vehicle: also of the vehicle's story, or while it is to be put down that nobody is told of it any more. */
export function isUntoldWithVehicle(table: 'custom_orders' | 'tags'): SQL<boolean> {
  const [number, vehicle] = [sql.raw(`${table}.number`), sql.raw(`${table}.vehicle`)]
  return sql<boolean>`EXISTS (SELECT 1 FROM notifications n WHERE n.number IN (${number}, ${vehicle}) AND n.state = 'pending')`
}

/** An event as pages tell of it. */
export type ToldEvent = {
  /** Whose story it is part of. */
  number: string
  /** The row's version after the change. */
  sequence: number
  type: EventType
  actor: string
  details: Record<string, unknown>
  note: string | null
  at: Date
}

/** The story of these numbers so far, in the order in which it happened. */
export async function storyOf(tx: Transaction, numbers: string[]): Promise<ToldEvent[]> {
  const rows = await tx
    .select({
      number: events.number,
      sequence: events.sequence,
      type: events.type,
      actor: events.actor,
      details: events.details,
      note: events.note,
      at: events.at,
    })
    .from(events)
    .where(inArray(events.number, numbers))
    .orderBy(asc(events.id))
  return rows as ToldEvent[]
}
