import { type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import type { Database } from './database.ts'

/** A time as a sort key: with all of the database's microseconds, of which a `Date` keeps only the milliseconds. */
export function exactTime(column: AnyPgColumn | SQL): SQL<string> {
  return sql<string>`to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
}

/** Where a list goes on: after the row that was opened then and has this number. */
export type Before = readonly [opened_at: string, number: string]

/** What lists of orders and the like can be narrowed down to. Times are ISO 8601; the e-mail address is in lower case. */
export type Filter = {
  /** The storefronts or suppliers whose rows these are: all of those named here, so two different ones find nothing. */
  partners: string[]
  sku?: string | undefined
  /** The customer's. */
  email?: string | undefined
  state?: string | undefined
  opened_after?: string | undefined
  opened_before?: string | undefined
}

/** What is listed: `r` stands for a row of the table, `p` for whose rows are walked through. */
export type Listed = {
  table: SQL
  columns: SQL
  /** The states in which nothing happens any more. */
  finalStates: readonly string[]
  /** Whose rows they are: partners or customers, how a row names one of them, and the partner's id in `p`. */
  whose: { table: SQL; row: SQL; partner: SQL }
  /** Further conditions on `p` and `r`. */
  where: SQL[]
}

/**
 * A page of rows, the newest first. It walks the index (partner, opened, number) of each partner from where the page
 * before ended and merges the few heads, so that its cost does not grow with what was listed before.
 */
export async function newestFirst<Row extends { number: string; sort_at: string }>(
  db: Database,
  { table, columns, finalStates, whose, where }: Listed,
  filter: Filter,
  before: Before | null,
  limit: number,
): Promise<Row[]> {
  const conditions = [
    whose.row,
    ...where,
    ...(filter.state ? [sql`r.state = ${filter.state}`] : []),
    // What is not over is found in the short index of what is open.
    ...(filter.state && !finalStates.includes(filter.state) ? [sql`r.ended_at IS NULL`] : []),
    ...(filter.opened_after ? [sql`r.created_at >= ${filter.opened_after}::timestamptz`] : []),
    ...(filter.opened_before ? [sql`r.created_at < ${filter.opened_before}::timestamptz`] : []),
    ...(before ? [sql`(r.created_at, r.number) < (${before[0]}::timestamptz, ${before[1]})`] : []),
  ]
  const partners = filter.partners.map((id) => sql`${whose.partner} = ${id}`)
  const rows = await db.execute<Row>(sql`
    SELECT ${exactTime(sql`r.created_at`)} AS sort_at, r.number, ${columns}
      FROM (SELECT head.number
              FROM ${whose.table} p CROSS JOIN LATERAL (
                     SELECT r.number, r.created_at FROM ${table} r
                      WHERE ${sql.join(conditions, sql` AND `)}
                      ORDER BY r.created_at DESC, r.number DESC LIMIT ${limit}) AS head
             WHERE ${sql.join([sql`true`, ...partners], sql` AND `)}
             ORDER BY head.created_at DESC, head.number DESC LIMIT ${limit}) AS page
      JOIN ${table} r USING (number)
     ORDER BY r.created_at DESC, r.number DESC`)
  return [...rows] as Row[]
}

/** What lists of what a storefront's customer has with a dealer can be narrowed down to, and by whose rows they go. */
export type DealingFilter = Filter & {
  of: 'storefronts' | 'dealers'
  storefront?: string | undefined
  dealer?: string | undefined
}

/** Whose rows such a list walks through, and its conditions. */
export function ofDealings(filter: DealingFilter): Pick<Listed, 'whose' | 'where'> {
  const { storefront, dealer, email } = filter
  const ofDealers = { table: sql`dealers`, row: sql`r.dealer = p.id`, partner: sql`p.id` }
  return {
    whose: filter.of === 'dealers' ? ofDealers : ofStorefronts(filter, sql`r.customer = p.id`),
    where: [
      ...(storefront === undefined ? [] : [sql`r.storefront = ${storefront}`]),
      ...(dealer === undefined ? [] : [sql`r.dealer = ${dealer}`]),
      ...(email === undefined
        ? []
        : [sql`EXISTS (SELECT 1 FROM customers c WHERE c.id = r.customer AND c.email = ${email})`]),
    ],
  }
}

/** Whose rows a list of a storefront's things walks through: the storefronts', or those of the customer who is asked for. */
export function ofStorefronts(filter: Filter, customersRow: SQL): Listed['whose'] {
  if (filter.email === undefined) {
    return { table: sql`storefronts`, row: sql`r.storefront = p.id`, partner: sql`p.id` }
  }
  return {
    // Named with its storefront, the customer is found in the index (storefront, email).
    table: sql`(SELECT c.id, s.id AS storefront FROM storefronts s JOIN customers c ON c.storefront = s.id AND c.email = ${filter.email})`,
    row: customersRow,
    partner: sql`p.storefront`,
  }
}
