import { eq, inArray } from 'drizzle-orm'
import { type Database, type Transaction, transactionTime } from './database.ts'
import { storyOf, type ToldEvent } from './event.ts'
import { type LeadView, leadView } from './lead-view.ts'
import { customers, dealers, leads, storefronts } from './schema.ts'

/** Everything that a prospect's page of their enquiry shows, as it was at one moment. */
export type ProspectPage = {
  now: Date
  shop: { name: string; reply_to: string }
  /** IANA zone in which the page states times. */
  time_zone: string
  lead: LeadView
  /** The names of those who have or had it, by id. */
  dealers: Map<string, string>
  /** The story so far, in the order in which it happened. */
  events: ToldEvent[]
}

/** The page's content, read from one snapshot so that its parts fit together. */
export async function readProspectPage(db: Database, number: string): Promise<ProspectPage | undefined> {
  return db.transaction((tx) => read(tx, number), {
    isolationLevel: 'repeatable read',
    accessMode: 'read only',
  })
}

async function read(tx: Transaction, number: string): Promise<ProspectPage | undefined> {
  const lead = await leadView(tx, number)
  const [head] = await tx
    .select({
      now: transactionTime,
      shop: { name: storefronts.name, reply_to: storefronts.reply_to },
      time_zone: customers.time_zone,
    })
    .from(leads)
    .innerJoin(customers, eq(customers.id, leads.customer))
    .innerJoin(storefronts, eq(storefronts.id, leads.storefront))
    .where(eq(leads.number, number))
  if (!lead || !head) return undefined
  const known = lead.dealers.map(({ dealer }) => dealer)
  const named = await tx
    .select({ id: dealers.id, name: dealers.name })
    .from(dealers)
    .where(inArray(dealers.id, known))
  return {
    ...head,
    lead,
    dealers: new Map(named.map(({ id, name }) => [id, name])),
    events: await storyOf(tx, [number]),
  }
}
