import { z } from 'zod'
import { allowed } from '../domain/states.ts'
import { TAG_ACTIONS, TAG_DEADLINES, TAG_TRANSITIONS, type TagState } from '../domain/tag.ts'
import { BuyerView, buyerOf } from './buyer.ts'
import type { Database, Transaction } from './database.ts'
import { MatchView, matchesOf } from './match-view.ts'
import { OfferedVehicle, offeredVehicle } from './offered-vehicle.ts'
import { Instant, Money } from './order-view.ts'
import { readTag } from './tag.ts'
import { readVehicle } from './vehicle.ts'

export const TagStateName = z.enum(Object.keys(TAG_TRANSITIONS) as [TagState, ...TagState[]])

/** How many of the next matches are shown with a tag whose vehicle turned out to be sold. */
const NEXT_MATCHES = 5

export const TagView = z
  .object({
    number: z.string(),
    storefront: z.string(),
    reference: z.string().nullable(),
    state: TagStateName,
    version: z.int(),
    deadline: z
      .object({ kind: z.enum(TAG_DEADLINES), at: Instant })
      .nullable()
      .meta({ description: "Until when the dealer's word is waited for" }),
    dealer_silent: z
      .boolean()
      .meta({ description: 'True once the dealer answered neither the tag nor the reminder' }),
    allowed_actions: z.array(z.enum(TAG_ACTIONS)).meta({
      description:
        '`confirm`, `report_sold` and `hand_over` are the dealer’s, `cancel` the buyer’s until the handover',
    }),
    vehicle: OfferedVehicle,
    vin: z.string().nullable(),
    price: Money.meta({ description: 'What it was asked for when it was tagged' }),
    dealer: z.string(),
    buyer: BuyerView.nullable().meta({
      description: 'Null once erased, and for the dealer of a tag that was given up or whose vehicle is sold',
    }),
    match_request: z.string().nullable(),
    next_matches: z
      .array(MatchView)
      .nullable()
      .meta({ description: 'Once the vehicle is sold: what can be had instead now; else null' }),
    created_at: Instant,
    ended_at: Instant.nullable(),
  })
  .meta({ id: 'Tag' })
export type TagView = z.infer<typeof TagView>

/** A tag as the API shows it to its storefront and to operators. */
export async function tagView(db: Database | Transaction, number: string): Promise<TagView | undefined> {
  const row = await readTag(db, number)
  if (!row) return undefined
  const vehicle = await readVehicle(db, row.vehicle)
  return {
    number,
    storefront: row.storefront,
    reference: row.reference,
    state: row.state,
    version: row.version,
    deadline:
      row.deadline_kind && row.deadline_at
        ? { kind: row.deadline_kind, at: row.deadline_at.toISOString() }
        : null,
    dealer_silent: row.silent_since !== null,
    allowed_actions: allowed(TAG_TRANSITIONS, row.state, TAG_ACTIONS),
    vehicle: await offeredVehicle(db, row.vehicle),
    // A vehicle that is no longer this buyer's is none of their business.
    vin: vehicle?.buyer === number ? vehicle.vin : null,
    price: { amount: row.price_minor, currency: row.currency },
    dealer: row.dealer,
    buyer: await buyerOf(db, row.customer),
    match_request: row.match_request,
    next_matches: row.state === 'sold' ? await matchesOf(db, row.wish, NEXT_MATCHES) : null,
    created_at: row.created_at.toISOString(),
    ended_at: row.ended_at?.toISOString() ?? null,
  }
}

/** What of it the dealer may see: of the buyer only as long as there is something to be done for them. */
export function asTagsDealerSees(view: TagView): TagView {
  const isTheirs = view.state !== 'sold' && view.state !== 'cancelled'
  return { ...view, reference: null, next_matches: null, buyer: isTheirs ? view.buyer : null }
}
