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
  const { fingerprint, model_year } = given
  await saveSpecifications(tx, [
    { fingerprint, model_year, features: given.features.map(({ code }) => code) },
  ])
  const [row] = await tx.insert(configurations).values(given).returning()
  if (!row) throw new Error('the configuration was not stored')
  return row
}

type Specification = Pick<typeof specifications.$inferSelect, 'fingerprint' | 'model_year' | 'features'>

/** Keeps combinations of features under their fingerprints, each once. */
export async function saveSpecifications(tx: Transaction, given: Specification[]): Promise<void> {
  const once = new Map(given.map((specification) => [specification.fingerprint, specification]))
  await tx
    .insert(specifications)
    .values(
      [...once.values()]
        .map(({ features, ...specification }) => ({ ...specification, features: features.toSorted() }))
        .sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)),
    )
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
