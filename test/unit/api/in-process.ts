import { pino } from 'pino'
import { createApi } from '../../../src/api/app.ts'
import type { Api, ApiKit } from '../../../src/api/kit.ts'

/** The API without anything behind it: for what it answers by itself. */
export function bareApi(kit: Partial<ApiKit> = {}): Api {
  const nothing = {} as never
  return createApi({
    db: nothing,
    temporal: nothing,
    links: nothing,
    log: pino({ level: 'silent' }),
    publicUrl: 'https://holdfast.example',
    carrierSecret: 'whsec_c2VjcmV0',
    processorSecret: 'whsec_c2VjcmV0',
    takesPayments: false,
    paymentWebhooks: undefined,
    allowPrivateAddresses: false,
    ratePerSecond: 1_000,
    ...kit,
  })
}
