import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Logger } from 'pino'
import type { Temporal } from '../clients/temporal.ts'
import type { Links } from '../integrations/link.ts'
import type { PaymentWebhooks } from '../integrations/payment-provider.ts'
import type { Role } from '../store/api-key.ts'
import type { Database } from '../store/database.ts'

/** What the API works with. */
export type ApiKit = {
  db: Database
  temporal: Temporal
  log: Logger
  links: Links
  publicUrl: string
  carrierSecret: string
  processorSecret: string
  /** Whether there is a provider through which the house can take payments. */
  takesPayments: boolean
  /** What checks the provider's webhooks; undefined where it sends none. */
  paymentWebhooks: PaymentWebhooks | undefined
  /** Whether webhooks may go to private addresses. */
  allowPrivateAddresses: boolean
  /** Requests a second that are answered per caller. */
  ratePerSecond: number
}

/** Who sent a request: the holder of an API key, or a partner whose signature was checked. */
export type Caller = {
  role: Role | 'carrier' | 'processor' | 'customer'
  /** The storefront, supplier or dealer that the caller acts for; null for operators. */
  partner: string | null
  /** As events name it. */
  actor: string
  /** Whose idempotency keys these are. */
  scope: string
}

/** What middleware leaves for the handlers. */
export type ApiEnv = {
  Variables: {
    requestId: string
    publicUrl: string
    log: Logger
    caller: Caller
    /** The `webhook-id` of a webhook whose signature was checked: its idempotency key. */
    requestKey: string
  }
}

export type Api = OpenAPIHono<ApiEnv>
