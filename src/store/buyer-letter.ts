import { eq, sql } from 'drizzle-orm'
import { type Turn, termsAsked } from '../domain/custom-order.ts'
import type { BuyerFacts } from '../domain/custom-order-letter.ts'
import { configurationDocument } from './custom-order-view.ts'
import type { Database, Transaction } from './database.ts'
import { configurations, customers, customOrders, dealers, storefronts } from './schema.ts'

/** The number of the custom order that a number belongs to: itself, or what the vehicle is for. */
export async function customOrderOf(db: Database, number: string): Promise<string | undefined> {
  const [row] = await db.execute<{ number: string }>(sql`
    SELECT number FROM custom_orders WHERE number = ${number}
    UNION ALL SELECT c.number FROM vehicles v JOIN custom_orders c ON c.number = v.buyer WHERE v.number = ${number}`)
  return row?.number
}

/** What a letter to the buyer says beside its event; undefined once the order or the person is gone. */
export async function buyerFacts(db: Database, number: string) {
  const order = await customOrderOf(db, number)
  const found = order === undefined ? undefined : await readAll(db, order)
  if (!found) return undefined
  const { customOrder, configuration, customer, storefront, dealer, vehicle } = found
  if (customer.name === null || customer.email === null) return undefined
  const terms = termsAsked(customOrder, configuration.total_price_minor)
  const facts: BuyerFacts = {
    number: customOrder.number,
    storefront: storefront.name,
    dealer,
    vehicle,
    price: configuration.total_price_minor,
    currency: configuration.currency,
    terms,
    takes_deposit: customOrder.takes_payment && terms !== null && terms.deposit > 0,
  }
  return {
    facts,
    to: customer.email,
    name: customer.name,
    time_zone: customer.time_zone,
    from_name: storefront.mail_name,
    reply_to: storefront.reply_to,
  }
}

/**
 * A custom order as the gateway sends it: what the message was made for, whatever became of the order since. The
 * processor gets it without the buyer.
 */
export async function orderDocument(db: Database, number: string, told: Turn) {
  const found = await readAll(db, number, told)
  if (!found) return undefined
  const { customOrder, configuration, customer, dealer, vehicle } = found
  const { type, phone } = customOrder
  const { name, email } = customer
  return {
    vehicle_words: vehicle,
    document: {
      number,
      turn: told.turn,
      type,
      dealer: { id: told.dealer, name: dealer },
      configuration: configurationDocument(configuration),
      vehicle: told.vehicle,
      answer_by: told.answer_by,
      because: told.because,
    },
    buyer: name === null || email === null ? null : { name, email, phone },
    /** False once the order is with another dealer, or nobody has it: what was to be said then is not sent any more. */
    is_theirs:
      customOrder.turn === told.turn && customOrder.state !== 'refused' && customOrder.state !== 'cancelled',
  }
}

/** When the period begins that an event of a vehicle's schedule names, as a day in UTC. */
export async function startsOn(db: Database, period: number): Promise<string | undefined> {
  const [row] = await db.execute<{ day: string }>(sql`
    SELECT (starts_at AT TIME ZONE 'UTC')::date::text AS day FROM production_periods WHERE ordinal = ${period}`)
  return row?.day
}

/** The order with its configuration and dealer: those that it has now, or those that somebody was told of. */
async function readAll(db: Database, number: string, told?: Pick<Turn, 'configuration' | 'dealer'>) {
  const { configuration = customOrders.configuration, dealer = customOrders.dealer } = told ?? {}
  const [row] = await db
    .select({
      customOrder: customOrders,
      configuration: configurations,
      customer: customers,
      storefront: storefronts,
      dealer: dealers.name,
      vehicle: vehicleWords,
    })
    .from(customOrders)
    .innerJoin(configurations, eq(configurations.id, configuration))
    .innerJoin(customers, eq(customers.id, customOrders.customer))
    .innerJoin(storefronts, eq(storefronts.id, customOrders.storefront))
    .innerJoin(dealers, eq(dealers.id, dealer))
    .where(eq(customOrders.number, number))
  return row
}

/** A configuration's vehicle in words: "Tarn Heron 2027". */
const vehicleWords = sql<string>`(
  SELECT concat_ws(' ', k.name, m.name, y.year) FROM model_years y
    JOIN makes k ON k.code = y.make JOIN models m ON m.make = y.make AND m.code = y.model
   WHERE y.id = configurations.model_year)`

export async function vehicleWordsOf(tx: Transaction, configuration: string): Promise<string> {
  const [row] = await tx
    .select({ words: vehicleWords })
    .from(configurations)
    .where(eq(configurations.id, configuration))
  return row?.words ?? ''
}
