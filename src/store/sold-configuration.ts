import { checkConfiguration, differencesSince } from '../domain/configuration.ts'
import { faultAt, Refusal } from '../domain/refusal.ts'
import { priceIn, readConfiguration } from './configuration.ts'
import { checkView } from './configuration-view.ts'
import type { Transaction } from './database.ts'
import { readModelYear } from './model-year.ts'

/**
 * The configuration's make and currency, if it is this storefront's and is sold today as it was stored.
 *
 * @throws Refusal `configuration-stale` with what differs.
 */
export async function soldConfiguration(
  tx: Transaction,
  storefront: string,
  id: string,
): Promise<{ make: string; currency: string }> {
  const row = await readConfiguration(tx, id)
  const stored = row?.storefront === storefront ? await readModelYear(tx, row.model_year) : undefined
  if (!row || !stored) throw faultAt('/configuration', 'there is no such configuration')
  const { modelYear, version, today } = stored
  const features = row.features.map(({ code }) => code)
  const check = checkConfiguration(modelYear, features, today)
  const differences = differencesSince(priceIn(row), checkView(modelYear.id, version, check))
  if (differences.length > 0) {
    throw new Refusal('configuration-stale', 'What is sold or what it costs has changed since.', {
      differences,
      errors: [{ pointer: '/configuration', detail: 'is no longer sold as it was stored' }],
    })
  }
  return { make: modelYear.make.code, currency: row.currency }
}
