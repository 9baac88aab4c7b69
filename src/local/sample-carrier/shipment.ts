import { z } from 'zod'

export const Booking = z.object({
  reference: z.string().min(1).max(200),
  ship_to: z.object({
    name: z.string().min(1),
    lines: z.array(z.string()).min(1),
    city: z.string().min(1),
    postcode: z.string(),
    region: z.string().nullish(),
    country: z.string().min(2),
  }),
  parcels: z.array(z.object({ sku: z.string().min(1), quantity: z.int().min(1) })).min(1),
  /** Collected on this day at the earliest, from 00:00 UTC. */
  collect_on: z.iso.date().nullish(),
})
export type Booking = z.output<typeof Booking>

export const Report = z.strictObject({
  status: z.enum(['collected', 'delivered', 'failed']),
  reason: z.string().min(1).max(500).optional(),
})
export type Report = z.output<typeof Report>

export interface Shipment extends Booking {
  tracking: string
  /** Under which `Idempotency-Key` it was booked: the same key always finds this shipment. */
  key: string
  booked_at: string
  status: 'booked' | 'cancelled' | Report['status']
  history: { status: Shipment['status']; at: string; reason?: string | undefined }[]
  /** Settled at booking: how it ends by itself, and how long after its collection; nothing for one on hold. */
  ends: { status: 'delivered' | 'failed'; after_ms: number } | null
}
