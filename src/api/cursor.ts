import { z } from '@hono/zod-openapi'
import { Refusal } from '../domain/refusal.ts'
import { Instant } from './request.ts'

/** Lists by cursor (REQUIREMENTS P5): the sort key of the last row seen, sealed so that nobody builds on its form. */

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().max(500).optional().meta({ description: 'The `next_cursor` of the page before' }),
}

/** A page in OpenAPI. */
export function Page<Row extends z.ZodType>(row: Row) {
  return z.object({
    data: z.array(row),
    next_cursor: z.string().nullable().meta({ description: 'For the next page; null on the last one' }),
  })
}

/**
 * What sort keys are made of, beside ids and item codes. Anybody can write a cursor, so nothing gets through that the
 * database could not take.
 */
export const sortKey = {
  /** Of a history: an `integer` of the database. */
  sequence: z.int().min(0).max(2_147_483_647),
  /** A `bigint` of the database, which goes further than whole numbers do here. */
  id: z.int().min(0),
  time: Instant,
  /** Of an order, back order, delivery or purchase order. */
  number: z.string().regex(/^[A-Z0-9-]{1,20}$/),
}

type Key = readonly (string | number)[]

/**
 * One page: `read` gives the rows after a sort key, at most `limit` of them; one more than asked for is read to know
 * whether another page follows.
 *
 * @throws Refusal when the cursor is not one of this list.
 */
export async function pageOf<Row, K extends Key>(
  query: { limit: number; cursor?: string | undefined },
  list: {
    key: z.ZodType<K>
    read: (after: K | null, limit: number) => Promise<Row[]>
    keyOf: (row: Row) => K
  },
): Promise<{ data: Row[]; next_cursor: string | null }> {
  const after = query.cursor === undefined ? null : openCursor(list.key, query.cursor)
  const rows = await list.read(after, query.limit + 1)
  const data = rows.slice(0, query.limit)
  const last = data.at(-1)
  return { data, next_cursor: rows.length > query.limit && last ? sealCursor(list.keyOf(last)) : null }
}

export function sealCursor(key: Key): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

export function openCursor<K extends Key>(key: z.ZodType<K>, cursor: string): K {
  try {
    return key.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
  } catch {
    throw new Refusal('invalid-request', 'That cursor is not one of this list.', {
      errors: [{ pointer: '/query/cursor', detail: 'send the next_cursor of the page before, unchanged' }],
    })
  }
}
