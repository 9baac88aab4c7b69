import { z } from 'zod'
import { EXACT_POSITIONS, waitersAhead } from './back-order.ts'
import type { Database } from './database.ts'
import { readItem, type StockedItem } from './item.ts'
import { Instant, Money } from './order-view.ts'
import { readPeriods } from './period.ts'
import { expectedDate } from './supply.ts'

/** What an order would meet at this moment; another order may be quicker, so it promises nothing. */
export const Availability = z
  .object({
    sku: z.string(),
    quantity: z.int().meta({ description: 'What was asked about' }),
    available: z.int().meta({ description: 'Units free for a newcomer: none while anybody waits' }),
    short: z.int().meta({ description: 'What an order of the quantity would lack now' }),
    waiting: z
      .int()
      .meta({ description: `Back orders that wait for the item, counted up to ${EXACT_POSITIONS}` }),
    waiting_is_exact: z.boolean().meta({ description: `False when more than ${EXACT_POSITIONS} wait` }),
    outstanding: z.int().meta({ description: 'Units that those who wait still lack' }),
    expected_at: Instant.nullable().meta({
      description: 'When the missing units could be here; null when none is missing or no date is known',
    }),
    back_orderable: z.boolean(),
    back_order_cap_left: z
      .int()
      .nullable()
      .meta({ description: 'Units that may still be back-ordered; null for any number' }),
    default_wait_seconds: z.int().nullable().meta({
      description:
        'How long a back order would wait if the customer sets nothing; null when it cannot be back-ordered',
    }),
    unit_price: Money,
  })
  .meta({ id: 'Availability' })
export type Availability = z.infer<typeof Availability>

/** What is available of an item, who waits for it, and when it is expected (REQUIREMENTS A1). */
export async function availabilityOf(
  db: Database,
  sku: string,
  quantity: number,
): Promise<Availability | undefined> {
  const found = await readItem(db, sku)
  if (!found) return undefined
  const { item, level } = found
  const available = freeForNewcomers(found)
  const short = Math.max(quantity - available, 0)
  const waiting = level.outstanding > 0 ? await waitersAhead(db, sku, null) : 0
  const { wait } = await readPeriods(db)
  // All of it: what is free is still counted as free there.
  const expected = short > 0 ? await expectedDate(db, sku, quantity) : null
  return {
    sku,
    quantity,
    available,
    short,
    waiting: Math.min(waiting, EXACT_POSITIONS),
    waiting_is_exact: waiting <= EXACT_POSITIONS,
    outstanding: level.outstanding,
    expected_at: expected?.toISOString() ?? null,
    back_orderable: item.back_orderable,
    back_order_cap_left:
      item.back_order_cap === null ? null : Math.max(item.back_order_cap - level.outstanding, 0),
    default_wait_seconds: item.back_orderable ? (item.wait_seconds ?? wait.default_seconds) : null,
    unit_price: { amount: item.price_minor, currency: item.currency },
  }
}

/** Free units belong to the queue: a newcomer gets none while anybody waits. */
export function freeForNewcomers({ level }: StockedItem): number {
  return level.outstanding > 0 ? 0 : level.on_hand - level.allocated
}
