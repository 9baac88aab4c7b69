import { eq } from 'drizzle-orm'
import type { ConfigurationPrice } from '../domain/catalogue.ts'
import type { Database, Transaction } from './database.ts'
import { configurations, specifications } from './schema.ts'

export type ConfigurationRow = typeof configurations.$inferSelect
export type NewConfiguration = Omit<ConfigurationRow, 'checked_at'>

export async function insertConfiguration(
  tx: Transaction,
  given: NewConfiguration,
): Promise<ConfigurationRow> {
  await saveSpecification(tx, {
    fingerprint: given.fingerprint,
    model_year: given.model_year,
    features: given.features.map(({ code }) => code),
  })
  const [row] = await tx.insert(configurations).values(given).returning()
  if (!row) throw new Error('the configuration was not stored')
  return row
}

/** Keeps a combination of features under its fingerprint, once. */
export async function saveSpecification(
  tx: Transaction,
  { features, ...specification }: typeof specifications.$inferInsert,
): Promise<void> {
  await tx
    .insert(specifications)
    .values({ ...specification, features: features.toSorted() })
    .onConflictDoNothing()
}

export async function readConfiguration(
  db: Database | Transaction,
  id: string,
): Promise<ConfigurationRow | undefined> {
  const [row] = await db.select().from(configurations).where(eq(configurations.id, id))
  return row
}

/** The price that was stored, part by part. */
export function priceIn(row: ConfigurationRow): ConfigurationPrice {
  const { currency, base_price_minor: base, features, total_price_minor: total } = row
  return { currency, base, features, total }
}
