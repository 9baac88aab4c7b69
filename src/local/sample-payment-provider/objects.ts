import { z } from 'zod'

/** What Holdfast sends to open a session, by the names that Stripe's form encoding gives to nested parameters. */
export const SessionForm = z
  .strictObject({
    mode: z.literal('payment'),
    'line_items[0][quantity]': z.literal('1'),
    'line_items[0][price_data][currency]': z.string().length(3),
    'line_items[0][price_data][unit_amount]': z.coerce.number().int().min(1),
    'line_items[0][price_data][product_data][name]': z.string().min(1),
    'payment_intent_data[capture_method]': z.literal('manual'),
    'payment_intent_data[metadata][payment]': z.string().min(1),
    'metadata[payment]': z.string().min(1),
    success_url: z.url(),
    cancel_url: z.url(),
  })
  .transform((form) => ({
    words: form['line_items[0][price_data][product_data][name]'],
    amount_total: form['line_items[0][price_data][unit_amount]'],
    currency: form['line_items[0][price_data][currency]'],
    metadata: { payment: form['metadata[payment]'] },
    success_url: form.success_url,
    cancel_url: form.cancel_url,
  }))

export const RefundForm = z.strictObject({
  payment_intent: z.string(),
  amount: z.coerce.number().int().min(1),
  'metadata[payment]': z.string().min(1),
  'metadata[refund]': z.string().min(1),
})

type Metadata = { payment: string }

/** As Stripe shows it, with what the page needs. */
export type Session = z.output<typeof SessionForm> & {
  id: string
  object: 'checkout.session'
  status: 'open' | 'complete' | 'expired'
  payment_intent: string | null
  url: string
  created: number
  /** The buyer's bank asks whether it is them. */
  stepping_up: boolean
}

export type Intent = {
  id: string
  object: 'payment_intent'
  status: 'requires_payment_method' | 'requires_capture' | 'succeeded' | 'canceled'
  amount: number
  amount_received: number
  currency: string
  metadata: Metadata
  last_payment_error: { type: 'card_error'; code: string; charge: string } | null
}

export type Refund = {
  id: string
  object: 'refund'
  status: 'pending' | 'succeeded' | 'failed'
  amount: number
  currency: string
  payment_intent: string
  metadata: Metadata & { refund: string }
  failure_reason?: string
}
