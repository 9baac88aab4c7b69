import { z } from 'zod'
import { isoDuration } from '../domain/duration.ts'
import type { StockedItem } from './item.ts'
import { Instant, Money } from './order-view.ts'

export const ItemView = z
  .object({
    sku: z.string(),
    name: z.string(),
    price: Money,
    back_orderable: z.boolean(),
    back_order_cap: z
      .int()
      .nullable()
      .meta({ description: 'Most units that may be outstanding on back orders' }),
    wait_period: z
      .string()
      .nullable()
      .meta({ description: "The item's own predetermined wait; null for the house's" }),
    hold_period: z
      .string()
      .nullable()
      .meta({ description: "The item's own predetermined hold; null for the house's" }),
    version: z.int(),
    stock: z.object({
      on_hand: z.int().meta({ description: 'Units physically here' }),
      allocated: z.int().meta({ description: 'Of these, promised to an order' }),
      free: z.int().meta({ description: 'On hand and not allocated' }),
      outbound: z.int().meta({ description: 'Confirmed and leaving; no longer on hand' }),
      outstanding: z.int().meta({ description: 'What waiting back orders still lack' }),
    }),
    created_at: Instant,
  })
  .meta({ id: 'Item' })
export type ItemView = z.infer<typeof ItemView>

/** An item as operators see it. */
export function itemView({ item, level }: StockedItem): ItemView {
  return {
    sku: item.sku,
    name: item.name,
    price: { amount: item.price_minor, currency: item.currency },
    back_orderable: item.back_orderable,
    back_order_cap: item.back_order_cap,
    wait_period: item.wait_seconds === null ? null : isoDuration(item.wait_seconds),
    hold_period: item.hold_seconds === null ? null : isoDuration(item.hold_seconds),
    version: item.version,
    stock: {
      on_hand: level.on_hand,
      allocated: level.allocated,
      free: level.on_hand - level.allocated,
      outbound: level.outbound,
      outstanding: level.outstanding,
    },
    created_at: item.created_at.toISOString(),
  }
}
