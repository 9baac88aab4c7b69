import { z } from 'zod'
import { Milliseconds } from '../partner/behaviour.ts'

/** What can be asked of the carrier; whatever is left out is as the environment says. */
export const CarrierOrders = z.strictObject({
  /**
   * For bookings: `refuse` (422), `hold` (books, reports nothing until told), `fail` (collects, then fails to
   * deliver). For every request: `unavailable` (503), `vanish` (does what is asked and never answers).
   */
  mode: z.enum(['normal', 'refuse', 'unavailable', 'vanish', 'hold', 'fail']),
  /** For how many requests the mode lasts. */
  times: z.int().min(1).optional(),
  collect_after_ms: Milliseconds.optional(),
  /** Counted from the collection. */
  deliver_after_ms: Milliseconds.optional(),
  /** How slowly requests are answered. */
  answer_after_ms: Milliseconds.optional(),
  /** How often each webhook is sent, under the same `webhook-id`. */
  repeat: z.int().min(1).max(20).optional(),
})

export type CarrierBehaviour = Required<Omit<z.output<typeof CarrierOrders>, 'times'>> & {
  times?: number | undefined
}
