import { z } from 'zod'

/** The calls that a mode can be limited to. */
export const CALLS = ['open', 'look', 'close', 'capture', 'cancel', 'refund'] as const
export type Call = (typeof CALLS)[number]

/** What can be asked of the provider; whatever is left out is as usual. */
export const ProviderOrders = z.strictObject({
  /**
   * For every call: `unavailable` (503), `vanish` (does what is asked and never answers), `crash_before` and `crash_after`
   * (500, before or after it did what is asked; either way that is the answer to its key from then on). For captures:
   * `refuse_capture` (402, for good). For refunds: `fail_refund` (fails for good), `slow_refund` (pending until it is told how
   * it ends).
   */
  mode: z.enum([
    'normal',
    'unavailable',
    'vanish',
    'crash_before',
    'crash_after',
    'refuse_capture',
    'fail_refund',
    'slow_refund',
  ]),
  /** For which call, or calls, the mode and the slowness are; for all of them if not given. */
  on: z.union([z.enum(CALLS), z.array(z.enum(CALLS))]).optional(),
  /** For how many of these calls the mode lasts. */
  times: z.int().min(1).optional(),
  webhooks: z.enum(['sent', 'lost']).optional(),
  /** How often each webhook is sent. */
  repeat: z.int().min(1).max(20).optional(),
  /** Whether it still knows the keys of calls, and notes new ones. */
  keys: z.enum(['kept', 'forgotten']).optional(),
  /** How slowly calls are answered, once they are done. */
  answer_after_ms: z.int().min(0).optional(),
  /** What the buyer does of new sessions: decides on the page, or pays at once by themselves. */
  buyer: z.enum(['person', 'pays']).optional(),
})

export type ProviderBehaviour = Required<Omit<z.output<typeof ProviderOrders>, 'times' | 'on'>> & {
  times?: number | undefined
  on?: Call | Call[] | undefined
}
