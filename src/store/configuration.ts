import { eq } from 'drizzle-orm'
import type { ConfigurationPrice } from '../domain/catalogue.ts'
import type { Database, Transaction } from './database.ts'
import { configurations } from './schema.ts'

export type ConfigurationRow = typeof configurations.$inferSelect
export type NewConfiguration = Omit<ConfigurationRow, 'checked_at'>

export async function insertConfiguration(
  tx: Transaction,
  given: NewConfiguration,
): Promise<ConfigurationRow> {
  const [row] = await tx.insert(configurations).values(given).returning()
  if (!row) throw new Error('the configuration was not stored')
  return row
}

export async function readConfiguration(db: Database, id: string): Promise<ConfigurationRow | undefined> {
  const [row] = await db.select().from(configurations).where(eq(configurations.id, id))
  return row
}

/** The price that was stored, part by part. */
export function priceIn(row: ConfigurationRow): ConfigurationPrice {
  const { currency, base_price_minor: base, features, total_price_minor: total } = row
  return { currency, base, features, total }
}
