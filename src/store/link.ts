import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import type { Database } from './database.ts'
import { customers, customOrders, events, leadDealers, leads, tags } from './schema.ts'

/** How long a dealer's or prospect's link still opens its page after the story has ended. Days. */
const LINK_OUTLIVES_DAYS = 30

/** Whether a link opens nothing any more, of a row that is joined with its customer: one who is erased has no link. */
export function linkHasEnded(endedAt: AnyPgColumn): SQL<boolean> {
  return sql<boolean>`${customers.email} IS NULL
    OR COALESCE(${endedAt} <= now() - make_interval(days => ${LINK_OUTLIVES_DAYS}), false)`
}

/** The dealer to whom a link was mailed, and whether it opens anything any more. */
export type DealerLink = { dealer: string; has_ended: boolean }

/** That of the link to a turn of a lead; undefined when it was never mailed. */
export async function readLeadLink(
  db: Database,
  lead: string,
  turn: number,
): Promise<DealerLink | undefined> {
  const [row] = await db
    .select({ dealer: leadDealers.dealer, has_ended: linkHasEnded(leads.ended_at) })
    .from(leadDealers)
    .innerJoin(leads, eq(leads.number, leadDealers.lead))
    .innerJoin(customers, eq(customers.id, leads.customer))
    .where(and(eq(leadDealers.lead, lead), eq(leadDealers.turn, turn)))
  return row
}

/** That of the link to a turn of a custom order. */
export async function readCustomOrderLink(
  db: Database,
  number: string,
  turn: number,
): Promise<DealerLink | undefined> {
  const [row] = await db
    .select({
      dealer: sql<string>`${events.details} ->> 'dealer'`,
      has_ended: linkHasEnded(customOrders.ended_at),
    })
    .from(events)
    .innerJoin(customOrders, eq(customOrders.number, events.number))
    .innerJoin(customers, eq(customers.id, customOrders.customer))
    .where(
      and(
        eq(events.number, number),
        eq(events.type, 'custom_order.told_dealer'),
        sql`(${events.details} ->> 'turn')::integer = ${turn}`,
      ),
    )
    .limit(1)
  return row
}

/** That of the link to a tag. */
export async function readTagLink(db: Database, number: string): Promise<DealerLink | undefined> {
  const [row] = await db
    .select({ dealer: tags.dealer, has_ended: linkHasEnded(tags.ended_at) })
    .from(tags)
    .innerJoin(customers, eq(customers.id, tags.customer))
    .where(eq(tags.number, number))
  return row
}
