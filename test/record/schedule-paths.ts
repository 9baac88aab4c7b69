import { Bank } from '../support/bank.ts'
import { expectStatus, waitFor } from '../support/shop.ts'
import type { Path } from './scene.ts'

const PROCESS = 'schedule-production/all-plants'

/** A run has to wait for another one first; then slots are given, and one that is freed goes to the next. */
export const waitedAndGave: Path = async ({ house, shop, keep }) => {
  const bank = new Bank(shop)
  const runs = () => house.db`SELECT 1 FROM steps WHERE key LIKE 'schedule-production/%'`
  await house.db.begin(async (tx) => {
    await tx`SELECT pg_advisory_xact_lock(6202, 1)`
    await bank.periods(3)
    await waitFor('a run to find the other one', runs, (rows) => rows.length > 0)
  })
  await bank.settled([])
  await keep('waited-for-another', PROCESS)

  const { line, modelYear } = await bank.line()
  const dealer = await shop.dealer()
  expectStatus(await bank.plant('north', { lines: [line], slots: [1, 1] }), 201)
  const orders = [await bank.ordered(dealer, modelYear), await bank.ordered(dealer, modelYear)]
  await bank.settled(orders)
  expectStatus(await bank.cancel(dealer, orders[0] ?? ''), 200)
  await bank.settled(orders)
  await keep('slot-freed', PROCESS, 'last')
}
