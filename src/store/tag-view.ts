import { z } from 'zod'
import { allowed } from '../domain/states.ts'
import { TAG_ACTIONS, TAG_DEADLINES, TAG_TRANSITIONS, type TagState } from '../domain/tag.ts'
import { BuyerView, buyerOf } from './buyer.ts'
import { reasonsOf } from './custom-order-view.ts'
import type { Database, Transaction } from './database.ts'
import { MatchView, matchesOf } from './match-view.ts'
import { OfferedVehicle, offeredVehicle } from './offered-vehicle.ts'
import { FrozenTerms, frozenTerms } from './order-terms.ts'
import { Instant, Money } from './order-view.ts'
import { PaymentDue, paymentDueOf } from './payment-view.ts'
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
      .meta({ description: 'What it waits for, and until when' }),
    dealer_accepted: z.boolean().meta({ description: 'The dealer said that the vehicle is there' }),
    processor_reference: z
      .string()
      .nullable()
      .meta({ description: "The order processor's own number for it, once accepted" }),
    dealer_silent: z
      .boolean()
      .meta({ description: 'True once the dealer answered neither the tag nor the reminder' }),
    refusal: z
      .object({ by: z.enum(['processor', 'silence']), reasons: z.string().nullable() })
      .nullable()
      .meta({ description: 'Why it was refused' }),
    allowed_actions: z.array(z.enum(TAG_ACTIONS)).meta({
      description:
        '`confirm`, `report_sold` and `hand_over` are the dealer’s, `cancel` the buyer’s until the handover',
    }),
    vehicle: OfferedVehicle,
    vin: z.string().nullable(),
    price: Money.meta({ description: 'What it was asked for when it was tagged' }),
    terms: FrozenTerms.nullable().meta({
      description:
        'As they were when it was placed; null when no deposit is taken. All is given back until dealer and order processor have said yes; after that by `refund_scheduled`, or `refund_banked` while the vehicle has no slot in production yet',
    }),
    deposit: PaymentDue.nullable().meta({
      description: 'Held when the buyer pays, taken once it is confirmed',
    }),
    balance: PaymentDue.nullable().meta({
      description: 'Taken once it is confirmed and the vehicle is at the dealer, before the handover',
    }),
    dealer: z.string(),
    buyer: BuyerView.nullable().meta({
      description:
        'Null once erased, and for the dealer of a tag that is not sent yet, or has ended without the vehicle',
    }),
    match_request: z.string().nullable(),
    next_matches: z.array(MatchView).nullable().meta({
      description: 'Once the vehicle is sold or the tag refused: what can be had instead now; else null',
    }),
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
    dealer_accepted: row.dealer_accepted,
    processor_reference: row.processor_reference,
    dealer_silent: row.deadline_kind === 'escalate' && !row.dealer_accepted,
    refusal: row.refused_by && { by: row.refused_by, reasons: await reasonsOf(db, number, 'tag.refused') },
    allowed_actions: allowed(TAG_TRANSITIONS, row.state, TAG_ACTIONS),
    vehicle: await offeredVehicle(db, row.vehicle),
    // A vehicle that is no longer this buyer's is none of their business.
    vin: vehicle?.buyer === number ? vehicle.vin : null,
    price: { amount: row.price_minor, currency: row.currency },
    terms: row.terms && frozenTerms(row.terms),
    deposit: await paymentDueOf(db, row.deposit),
    balance: await paymentDueOf(db, row.balance),
    dealer: row.dealer,
    buyer: await buyerOf(db, row.customer),
    match_request: row.match_request,
    next_matches: showsNextMatches(row.state) ? await matchesOf(db, row.wish, NEXT_MATCHES) : null,
    created_at: row.created_at.toISOString(),
    ended_at: row.ended_at?.toISOString() ?? null,
  }
}

/** What of it the dealer may see: of the buyer only as long as there is something to be done for them. */
export function asTagsDealerSees(view: TagView): TagView {
  const isTheirs = view.state === 'pending' || view.state === 'confirmed' || view.state === 'delivered'
  const hidden = { ...view, reference: null, next_matches: null }
  return isTheirs ? hidden : { ...hidden, buyer: null, deposit: null, balance: null }
}

/** What of it the order processor is answered: nothing of the buyer. */
export function asTagsProcessorSees(view: TagView) {
  const { number, state, version, dealer, vehicle, processor_reference } = view
  return { number, state, version, dealer, vehicle: vehicle.number, processor_reference }
}

/** The buyer did not get the vehicle, and not because they no longer wanted it. */
export function showsNextMatches(state: TagState): boolean {
  return state === 'sold' || state === 'refused'
}
