import type { House } from './house.ts'
import { sinceNew } from './proof.ts'

/** Looking for words that were planted: in every place where they could be. */

/** Everything in a value as text, with what is in bytes decoded. */
export function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (Array.isArray(value)) return value.map(textOf).join('\n')
  if (value instanceof Map) return textOf([...value])
  if (value !== null && typeof value === 'object')
    return Object.entries(value)
      .map(([key, member]) => `${key}: ${textOf(member)}`)
      .join('\n')
  return String(value)
}

/** Every process with its history, memo, summaries and search attributes as text, by its ids. */
export async function everythingInTemporal(house: House): Promise<Record<string, string>> {
  const texts: Record<string, string> = {}
  for await (const execution of house.temporal.workflow.list({ query: sinceNew(house) })) {
    const handle = house.temporal.workflow.getHandle(execution.workflowId, execution.runId)
    const [history, description] = await Promise.all([handle.fetchHistory(), handle.describe()])
    texts[`${execution.workflowId} ${execution.runId}`] = textOf([execution, history.events, description])
  }
  return texts
}

/**
 * The columns of all tables, whichever there are, in which one of these words stands, each with those that were found;
 * bytes and JSON included.
 */
export async function foundInBooks(house: House, words: string[]): Promise<Record<string, string[]>> {
  const columns = await house.db<{ place: string; relation: string; name: string; type: string }[]>`
    SELECT format('%s.%s', c.table_name, c.column_name) AS place, quote_ident(c.table_name) AS relation,
           quote_ident(c.column_name) AS name, c.data_type AS type
      FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' ORDER BY 1`
  const found: Record<string, string[]> = {}
  for (const { place, relation, name, type } of columns) {
    const text = type === 'bytea' ? `encode(${name}, 'escape')` : `${name}::text`
    const rows = await house.db.unsafe<{ word: string }[]>(
      `SELECT w AS word FROM jsonb_array_elements_text($1::text::jsonb) AS w
        WHERE EXISTS (SELECT 1 FROM ${relation} WHERE position(lower(w) IN lower(${text})) > 0)`,
      [JSON.stringify(words)],
    )
    if (rows.length > 0) found[place] = rows.map(({ word }) => word)
  }
  return found
}
