import { eq } from 'drizzle-orm'
import { termsAsked } from '../domain/custom-order.ts'
import { moneyInWords } from '../domain/money.ts'
import type { ToldTag } from '../domain/tag.ts'
import { matchLine, type TagFacts } from '../domain/tag-letter.ts'
import type { Database } from './database.ts'
import { readMatchRequest } from './match-request.ts'
import { matchesOf } from './match-view.ts'
import { offeredVehicle } from './offered-vehicle.ts'
import { customers, storefronts } from './schema.ts'
import { readTag, type TagRow } from './tag.ts'

/** How many of the next matches a letter names. */
const NAMED = 3

type Event = { number: string; type: string; details: Record<string, unknown> }
type Told = TagFacts & {
  tag: TagRow | undefined
  to: string
  customer: string
  from_name: string
  reply_to: string
}

/**
 * What a letter about a tag, its vehicle or a match request says beside its event; undefined once it is gone, or the person
 * is erased.
 */
export async function tagLetterFacts(db: Database, event: Event): Promise<Told | undefined> {
  const { buyer, vehicle: named } = event.details
  const number = event.type.startsWith('vehicle.') ? String(buyer) : event.number
  const tag = await readTag(db, number)
  const row = tag ?? (await readMatchRequest(db, number))
  if (!row) return undefined
  const [people] = await db
    .select({ customer: customers, storefront: storefronts })
    .from(customers)
    .innerJoin(storefronts, eq(storefronts.id, row.storefront))
    .where(eq(customers.id, row.customer))
  if (!people) return undefined
  const { customer, storefront } = people
  if (customer.name === null || customer.email === null) return undefined
  const about = tag?.vehicle ?? named
  const vehicle = typeof about === 'string' ? await offeredVehicle(db, about) : null
  const isToldNext = event.type === 'tag.sold' || event.type === 'tag.refused'
  const matches = isToldNext ? await matchesOf(db, row.wish, NAMED) : []
  return {
    tag,
    number,
    storefront: storefront.name,
    time_zone: customer.time_zone,
    vehicle: vehicle && {
      name: vehicle.name,
      features: vehicle.features.map(({ name }) => name),
      price: tag
        ? moneyInWords(tag.price_minor, tag.currency)
        : moneyInWords(vehicle.asking_price.amount, vehicle.asking_price.currency),
      dealer: vehicle.dealer.name,
      whereabouts: vehicle.whereabouts,
    },
    terms: tag ? termsAsked(tag, tag.price_minor) : null,
    takes_deposit: typeof tag?.deposit === 'string',
    next_matches: matches.map(matchLine),
    to: customer.email,
    customer: customer.name,
    from_name: storefront.mail_name,
    reply_to: storefront.reply_to,
  }
}

/** A tag as the gateway sends it to the order processor: without the buyer, and without the VIN. Undefined once it is gone. */
export async function tagDocument(db: Database, number: string, { answer_by }: ToldTag) {
  const tag = await readTag(db, number)
  if (!tag) return undefined
  const { model_year, features, dealer } = await offeredVehicle(db, tag.vehicle)
  return {
    number,
    type: 'retail',
    dealer: { id: dealer.id, name: dealer.name },
    configuration: { model_year, features, total_price: tag.price_minor, currency: tag.currency },
    vehicle: tag.vehicle,
    answer_by,
  }
}
