import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { LEAD_STATUSES, LOST_REASONS } from '../domain/lead.ts'
import type { Database, Transaction } from './database.ts'
import { Instant } from './order-view.ts'
import { type Before, exactTime } from './page.ts'

/**
 * Buyer records (REQUIREMENTS B2): all that a person ordered, with its configuration, its status and every status that
 * was ever received. A kind is a statement that gives customer, number, storefront, state, created_at, ended_at and
 * `configuration`: what was ordered, without a word about the person. Here is where another kind is added.
 */
const KINDS = {
  order: sql`
    SELECT r.customer, r.number, r.storefront, r.state, r.created_at, r.ended_at,
           (SELECT jsonb_build_object('lines', jsonb_agg(jsonb_build_object('line', l.line, 'sku', l.sku, 'ordered', l.ordered, 'state', l.state)
                                                         ORDER BY l.line))
              FROM order_lines l WHERE l.order_number = r.number) AS configuration
      FROM orders r`,
  back_order: sql`
    SELECT o.customer, r.number, r.storefront, r.state, r.created_at, r.ended_at,
           jsonb_build_object('order', o.number, 'sku', r.sku, 'ordered', r.ordered) AS configuration
      FROM orders o JOIN back_orders r ON r.order_number = o.number`,
  delivery: sql`
    SELECT o.customer, r.number, r.storefront, r.state, r.created_at, r.ended_at,
           jsonb_build_object('order', o.number, 'back_order', r.back_order,
                              'lines', (SELECT jsonb_agg(jsonb_build_object('sku', l.sku, 'quantity', l.quantity) ORDER BY l.sku)
                                          FROM delivery_lines l WHERE l.delivery = r.number)) AS configuration
      FROM orders o JOIN deliveries r ON r.order_number = o.number`,
  lead: sql`
    SELECT r.customer, r.number, r.storefront, r.state, r.created_at, r.ended_at,
           jsonb_build_object('dealer', r.dealer, 'vehicle', r.vehicle) AS configuration
      FROM leads r`,
  custom_order: sql`
    SELECT r.customer, r.number, r.storefront, r.state, r.created_at, r.ended_at,
           jsonb_build_object('dealer', r.dealer, 'vehicle', r.vehicle, 'model_year', c.model_year, 'features', c.features) AS configuration
      FROM custom_orders r JOIN configurations c ON c.id = r.configuration`,
  tag: sql`
    SELECT r.customer, r.number, r.storefront, r.state, r.created_at, r.ended_at,
           jsonb_build_object('dealer', r.dealer, 'vehicle', r.vehicle, 'model_year', s.model_year, 'features', s.features,
                              'price', r.price_minor, 'currency', r.currency) AS configuration
      FROM tags r JOIN vehicles v ON v.number = r.vehicle JOIN specifications s ON s.fingerprint = v.specification`,
  match_request: sql`
    SELECT r.customer, r.number, r.storefront, r.state, r.created_at, r.ended_at, r.wish - 'near' AS configuration
      FROM match_requests r`,
  vehicle: sql`
    SELECT t.customer, r.number, t.storefront, r.state, r.banked_at AS created_at, r.ended_at,
           jsonb_build_object('tag', t.number, 'dealer', r.dealer) AS configuration
      FROM tags t JOIN vehicles r ON r.buyer = t.number
    UNION ALL
    SELECT o.customer, r.number, o.storefront, r.state, r.banked_at AS created_at, r.ended_at,
           jsonb_build_object('custom_order', o.number, 'dealer', r.dealer) AS configuration
      FROM custom_orders o JOIN vehicles r ON r.number = o.vehicle AND r.buyer = o.number`,
  payment: sql`
    SELECT r.customer, r.number, r.storefront, r.state, r.created_at, r.ended_at,
           jsonb_build_object('pays_for', r.pays_for, 'purpose', r.purpose, 'amount', r.amount_minor, 'currency', r.currency) AS configuration
      FROM payments r`,
} satisfies Record<string, SQL>
type Kind = keyof typeof KINDS

export const BuyerRecord = z
  .object({
    kind: z.enum(Object.keys(KINDS) as [Kind, ...Kind[]]),
    number: z.string(),
    storefront: z.string(),
    configuration: z.record(z.string(), z.unknown()).meta({ description: 'What was ordered' }),
    status: z.string().meta({ description: 'Its state now' }),
    statuses: z
      .array(
        z.object({
          type: z.string().meta({ description: 'What happened' }),
          actor: z.string(),
          from: z.string().nullable(),
          to: z.string().nullable(),
          at: Instant,
        }),
      )
      .meta({ description: 'Everything that happened to it, in that order' }),
    dealer_statuses: z
      .array(
        z.object({
          dealer: z.string(),
          status: z.enum(LEAD_STATUSES),
          reason: z.enum(LOST_REASONS).nullable(),
          is_late: z.boolean(),
          at: Instant,
        }),
      )
      .meta({ description: "Every word of a lead's dealers" }),
    created_at: Instant,
    ended_at: Instant.nullable(),
  })
  .meta({ id: 'BuyerRecord' })
export type BuyerRecord = z.infer<typeof BuyerRecord>

/** The records `k` for which this holds, as a relation for queries. */
function recordsWhere(condition: SQL): SQL {
  const kinds = Object.entries(KINDS).map(
    ([kind, records]) =>
      sql`SELECT ${sql.raw(`'${kind}'`)} AS kind, k.* FROM (${records}) AS k WHERE ${condition}`,
  )
  return sql.join(kinds, sql` UNION ALL `)
}

function recordsOf(customers: string[]): SQL {
  return recordsWhere(
    sql`k.customer IN (SELECT value::uuid FROM jsonb_array_elements_text(${JSON.stringify(customers)}::jsonb))`,
  )
}

/** The customer whose record has this number, as a subquery. */
export function customerOf(number: string): SQL {
  return sql`(SELECT customer FROM (${recordsWhere(sql`k.number = ${number}`)}) AS records)`
}

export type ListedRecord = { record: BuyerRecord; sort_at: string }

/** The records of these customers, the newest first. */
export async function buyerRecords(
  db: Database | Transaction,
  customers: string[],
  before: Before | null,
  limit: number,
): Promise<ListedRecord[]> {
  const rows = await db.execute<BuyerRecord & { sort_at: string }>(sql`
    WITH page AS (
      SELECT kind, number, storefront, configuration, state, created_at, ended_at FROM (${recordsOf(customers)}) AS records
       WHERE ${before ? sql`(created_at, number) < (${before[0]}::timestamptz, ${before[1]})` : sql`true`}
       ORDER BY created_at DESC, number DESC LIMIT ${limit}
    )
    SELECT kind, number, storefront, configuration, state AS status, ${exactTime(sql`created_at`)} AS sort_at,
           ${instant(sql`created_at`)} AS created_at, ${instant(sql`ended_at`)} AS ended_at,
           COALESCE((SELECT jsonb_agg(jsonb_build_object('type', e.type, 'actor', e.actor, 'from', e.from_state, 'to', e.to_state,
                                                         'at', ${instant(sql`e.at`)}) ORDER BY e.sequence)
                       FROM events e WHERE e.number = page.number), '[]') AS statuses,
           COALESCE((SELECT jsonb_agg(jsonb_build_object('dealer', s.dealer, 'status', s.status, 'reason', s.reason,
                                                         'is_late', s.is_late, 'at', ${instant(sql`s.at`)}) ORDER BY s.id)
                       FROM lead_statuses s WHERE s.lead = page.number), '[]') AS dealer_statuses
      FROM page ORDER BY page.created_at DESC, number DESC`)
  return rows.map(({ sort_at, ...record }) => ({ record, sort_at }))
}

/** A time as JSON has it. */
function instant(column: SQL): SQL {
  return sql`to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}

/** The numbers of these customers' records in their own order, after the given one. */
export async function recordNumbers(
  db: Database | Transaction,
  customers: string[],
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await db.execute<{ number: string }>(sql`
    SELECT number FROM (${recordsOf(customers)}) AS records WHERE number > ${after} ORDER BY number LIMIT ${limit}`)
  return rows.map((row) => row.number)
}

/** The numbers of what these customers have still open, which needs their contact. */
export async function openRecords(
  db: Database | Transaction,
  customers: string[],
  limit: number,
): Promise<string[]> {
  const rows = await db.execute<{ number: string }>(sql`
    SELECT number FROM (${recordsOf(customers)}) AS records WHERE ended_at IS NULL ORDER BY number LIMIT ${limit}`)
  return rows.map((row) => row.number)
}
