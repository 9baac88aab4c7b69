import { type SQL, sql } from 'drizzle-orm'
import type { Database, Transaction } from './database.ts'
import { ERASED } from './idempotency-key.ts'

/** Whose data it is: the ids of members and customers, and the numbers of their stories. */
export type Person = { members: string[]; customers: string[]; numbers: string[] }

/** A table that holds something about people: which rows, and what its columns become when they are erased. */
type PersonalTable = {
  /** For rows `t` of this person. */
  of: (person: Person) => SQL
  /** By column; a table without any is only exported. */
  erased: Record<string, SQL>
  /** What is ours and says nothing about them: not exported. */
  internal?: string[]
}

const NOTHING = sql`NULL`
/** Where somebody looks for a vehicle is where they are; what they wish of it says nothing about them. */
const WITHOUT_PLACE = sql`t.wish || '{"near": null}'`
const ids = (values: string[]) =>
  sql`(SELECT value::uuid FROM jsonb_array_elements_text(${JSON.stringify(values)}::jsonb))`
const texts = (values: string[]) =>
  sql`(SELECT value FROM jsonb_array_elements_text(${JSON.stringify(values)}::jsonb))`
const byNumber =
  (column: SQL) =>
  ({ numbers }: Person) =>
    sql`${column} IN ${texts(numbers)}`

/**
 * Every table that holds something about a person (REQUIREMENTS B2, P6), in the order of the locks. What is exported and
 * what is erased is read from here, and a test refuses columns that are neither here nor known to name nobody. Numbers,
 * quantities, states, figures and events stay.
 */
export const PERSONAL_TABLES: Record<string, PersonalTable> = {
  customers: {
    of: ({ customers }) => sql`t.id IN ${ids(customers)}`,
    erased: { name: NOTHING, email: NOTHING, time_zone: sql`'UTC'` },
  },
  members: {
    of: ({ members }) => sql`t.id IN ${ids(members)}`,
    erased: { name: NOTHING, email: NOTHING, phone: NOTHING, address: NOTHING },
  },
  orders: { of: byNumber(sql`t.number`), erased: { reference: NOTHING }, internal: ['command'] },
  back_orders: { of: byNumber(sql`t.number`), erased: {} },
  deliveries: { of: byNumber(sql`t.number`), erased: { tracking: NOTHING, failure: NOTHING } },
  leads: {
    of: byNumber(sql`t.number`),
    erased: {
      phone: NOTHING,
      reference: NOTHING,
      vehicle: sql`'{}'`,
      price: NOTHING,
      trade_in: NOTHING,
      comments: NOTHING,
      // Where the prospect is; what stays is where the dealer is.
      latitude: sql`(SELECT d.latitude FROM dealers d WHERE d.id = t.dealer)`,
      longitude: sql`(SELECT d.longitude FROM dealers d WHERE d.id = t.dealer)`,
    },
  },
  lead_statuses: { of: byNumber(sql`t.lead`), erased: { note: NOTHING } },
  custom_orders: {
    of: byNumber(sql`t.number`),
    erased: { phone: NOTHING, reference: NOTHING },
    internal: ['command'],
  },
  tags: { of: byNumber(sql`t.number`), erased: { reference: NOTHING, wish: WITHOUT_PLACE } },
  match_requests: { of: byNumber(sql`t.number`), erased: { reference: NOTHING, wish: WITHOUT_PLACE } },
  vehicles: { of: byNumber(sql`t.number`), erased: { vin: NOTHING } },
  payments: {
    of: byNumber(sql`t.number`),
    // They lead to a page that may greet them by name.
    erased: { pay_url: NOTHING, session_url: NOTHING },
  },
  addresses: {
    of: ({ members, numbers }) => sql`t.id IN (
      SELECT ship_to FROM orders WHERE number IN ${texts(numbers)}
      UNION SELECT ship_to FROM back_orders WHERE number IN ${texts(numbers)}
      UNION SELECT ship_to FROM deliveries WHERE number IN ${texts(numbers)}
      UNION SELECT address FROM members WHERE id IN ${ids(members)})`,
    erased: { name: sql`''`, lines: sql`'{}'`, city: sql`''`, postcode: sql`''`, region: NOTHING },
  },
  events: { of: byNumber(sql`t.number`), erased: { note: NOTHING } },
  notifications: { of: byNumber(sql`t.number`), erased: {} },
  idempotency_keys: {
    of: byNumber(sql`t.number`),
    erased: { body: sql`'{}'`, answer: sql`'{}'`, status: sql`${sql.raw(String(ERASED))}` },
    internal: ['caller', 'key', 'command', 'request_hash', 'lease_until'],
  },
}

/** Takes away what names this person. Done twice it changes nothing more. */
export async function erasePersonal(tx: Transaction, person: Person): Promise<void> {
  // What leads to the rows of addresses is erased with the others, so those go first.
  const { addresses, ...others } = PERSONAL_TABLES
  for (const [name, table] of Object.entries({ addresses, ...others })) {
    if (!table) continue
    const set = Object.entries(table.erased).map(([column, value]) => sql`${sql.raw(column)} = ${value}`)
    if (set.length === 0) continue
    await tx.execute(
      sql`UPDATE ${sql.raw(name)} AS t SET ${sql.join(set, sql`, `)} WHERE ${table.of(person)}`,
    )
  }
}

/** Everything that is held about this person, by table: rows as they are, without what is only ours. */
export async function exportPersonal(
  db: Database | Transaction,
  person: Person,
): Promise<Record<string, Record<string, unknown>[]>> {
  const tables: Record<string, Record<string, unknown>[]> = {}
  for (const [name, { of, internal = [] }] of Object.entries(PERSONAL_TABLES)) {
    const row = internal.reduce((row, column) => sql`${row} - ${column}::text`, sql`to_jsonb(t)`)
    const rows = await db.execute<{ row: Record<string, unknown> }>(
      sql`SELECT ${row} AS row FROM ${sql.raw(name)} AS t WHERE ${of(person)} ORDER BY t::text`,
    )
    tables[name] = rows.map(({ row }) => row)
  }
  return tables
}
