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
  state?: string | undefined
  opened_after?: string | undefined
  opened_before?: string | undefined
}

/**
 * A page of rows, the newest first. It walks the index (partner, opened, number) of each partner from where the page
 * before ended and merges the few heads, so that its cost does not grow with what was listed before.
 */
export async function newestFirst<Row extends { number: string; sort_at: string }>(
  db: Database,
  list: {
    /** The table of the rows, known to the other parts as `r`, and of the partners. */
    table: SQL
    partnerTable: SQL
    /** The row's column that names its partner. */
    partner: SQL
    columns: SQL
    /** Further conditions on `r`. */
    where: SQL[]
  },
  filter: Filter,
  before: Before | null,
  limit: number,
): Promise<Row[]> {
  const conditions = [
    sql`${list.partner} = p.id`,
    ...list.where,
    ...(filter.state ? [sql`r.state = ${filter.state}`] : []),
    ...(filter.opened_after ? [sql`r.created_at >= ${filter.opened_after}::timestamptz`] : []),
    ...(filter.opened_before ? [sql`r.created_at < ${filter.opened_before}::timestamptz`] : []),
    ...(before ? [sql`(r.created_at, r.number) < (${before[0]}::timestamptz, ${before[1]})`] : []),
  ]
  const partners = filter.partners.map((id) => sql`p.id = ${id}`)
  const rows = await db.execute<Row>(sql`
    SELECT page.* FROM ${list.partnerTable} p CROSS JOIN LATERAL (
      SELECT ${exactTime(sql`r.created_at`)} AS sort_at, r.number, ${list.columns}
        FROM ${list.table} r
       WHERE ${sql.join(conditions, sql` AND `)}
       ORDER BY r.created_at DESC, r.number DESC LIMIT ${limit}
    ) AS page
    WHERE ${sql.join([sql`true`, ...partners], sql` AND `)}
    ORDER BY page.sort_at DESC, page.number DESC LIMIT ${limit}`)
  return [...rows] as Row[]
}
