import { z } from 'zod'
import {
  MATCH_REQUEST_ACTIONS,
  MATCH_REQUEST_DEADLINES,
  MATCH_REQUEST_TRANSITIONS,
  type MatchRequestState,
} from '../domain/match-request.ts'
import { allowed } from '../domain/states.ts'
import { BuyerView, buyerOf } from './buyer.ts'
import type { Database, Transaction } from './database.ts'
import { offersTo, readMatchRequest } from './match-request.ts'
import { OfferedVehicle, offeredVehicle } from './offered-vehicle.ts'
import { Instant } from './order-view.ts'

export const MatchRequestStateName = z.enum(
  Object.keys(MATCH_REQUEST_TRANSITIONS) as [MatchRequestState, ...MatchRequestState[]],
)

const ColourWish = z.object({ ranking: z.array(z.string()), weight: z.int() })

/** What a buyer wishes, as searches and match requests keep it. */
export const WishView = z
  .object({
    make: z.string(),
    model: z.string(),
    year: z.int().nullable(),
    must_have: z.array(z.string()),
    nice_to_have: z.array(z.object({ feature: z.string(), weight: z.int() })),
    exterior: ColourWish.nullable(),
    interior: ColourWish.nullable(),
    price: z
      .object({ min: z.int().optional(), max: z.int().optional(), currency: z.string() })
      .nullable()
      .meta({ description: 'In minor units' }),
    near: z.object({ latitude: z.number(), longitude: z.number(), within_m: z.int().nullable() }).nullable(),
    compared_with: z
      .object({ features: z.array(z.string()), total: z.int(), currency: z.string() })
      .nullable()
      .meta({ description: 'The configuration that matches are compared with' }),
  })
  .meta({ id: 'Wish' })

export const MatchRequestView = z
  .object({
    number: z.string(),
    storefront: z.string(),
    reference: z.string().nullable(),
    state: MatchRequestStateName,
    version: z.int(),
    deadline: z
      .object({ kind: z.enum(MATCH_REQUEST_DEADLINES), at: Instant })
      .nullable()
      .meta({ description: 'Until when the vehicle is kept, else until when the request stands' }),
    valid_until: Instant,
    allowed_actions: z.array(z.enum(MATCH_REQUEST_ACTIONS)),
    buyer: BuyerView.nullable().meta({ description: 'Null once erased' }),
    wish: WishView,
    offered: OfferedVehicle.nullable().meta({ description: 'The vehicle that is kept for the buyer now' }),
    offers: z
      .array(
        z.object({
          vehicle: z.string(),
          offered_at: Instant,
          until: Instant,
          outcome: z.enum(['open', 'accepted', 'declined', 'lapsed', 'taken_back', 'cancelled']),
        }),
      )
      .meta({ description: 'Every vehicle that was ever kept for the buyer' }),
    tag: z.string().nullable().meta({ description: 'The tag that came of it' }),
    created_at: Instant,
    ended_at: Instant.nullable(),
  })
  .meta({ id: 'MatchRequest' })
export type MatchRequestView = z.infer<typeof MatchRequestView>

/** A match request as the API shows it. */
export async function matchRequestView(
  db: Database | Transaction,
  number: string,
): Promise<MatchRequestView | undefined> {
  const row = await readMatchRequest(db, number)
  if (!row) return undefined
  const offers = await offersTo(db, number)
  const open = offers.find(({ outcome }) => outcome === 'open')
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
    valid_until: row.valid_until.toISOString(),
    allowed_actions: allowed(MATCH_REQUEST_TRANSITIONS, row.state, MATCH_REQUEST_ACTIONS),
    buyer: await buyerOf(db, row.customer),
    wish: row.wish,
    offered: open ? await offeredVehicle(db, open.vehicle) : null,
    offers: offers.map(({ vehicle, offered_at, until, outcome }) => ({
      vehicle,
      offered_at: offered_at.toISOString(),
      until: until.toISOString(),
      outcome,
    })),
    tag: row.tag,
    created_at: row.created_at.toISOString(),
    ended_at: row.ended_at?.toISOString() ?? null,
  }
}
