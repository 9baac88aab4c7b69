import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { createApi } from './api/app.ts'
import { openTemporal } from './clients/temporal.ts'
import { helpOnConfig, printConfig, readConfig } from './config.ts'
import { createLinks } from './integrations/link.ts'
import { stripeWebhooks } from './integrations/stripe.ts'
import { createLog } from './log.ts'
import { run } from './run.ts'
import { openStore } from './store/database.ts'

/** The API process. As many as wanted may run side by side; none keeps anything. */
function main(): void {
  if (process.argv.includes('--help')) return console.log(helpOnConfig('The API: node dist/server.js'))
  const config = readConfig()
  if (process.argv.includes('--print-config')) return console.log(printConfig(config))
  const log = createLog('api', config.LOG_LEVEL)
  const store = openStore({
    url: config.DATABASE_URL,
    poolSize: config.DATABASE_POOL_SIZE,
    name: 'holdfast api',
  })
  const temporal = openTemporal(config.TASK_QUEUE)
  const api = createApi({
    db: store.db,
    temporal,
    log,
    links: createLinks({ secret: config.LINK_SECRET, publicUrl: config.PUBLIC_URL }),
    publicUrl: config.PUBLIC_URL,
    carrierSecret: config.CARRIER_SECRET,
    processorSecret: config.PROCESSOR_SECRET,
    takesPayments: Boolean(config.STRIPE_API_KEY),
    paymentWebhooks: config.STRIPE_WEBHOOK_SECRET
      ? stripeWebhooks({ secret: config.STRIPE_WEBHOOK_SECRET })
      : undefined,
    allowPrivateAddresses: config.ALLOW_PRIVATE_ADDRESSES,
    ratePerSecond: config.RATE_LIMIT_PER_SECOND,
  })
  const server = serve(
    {
      fetch: api.fetch,
      hostname: config.HOST,
      port: config.PORT,
      // Longer than load balancers keep a connection without use (often 60 s): who closes first must not be us, or a request
      // that is just being sent is lost.
      serverOptions: { keepAliveTimeout: 65_000 },
    },
    (address: AddressInfo) => {
      log.info({ port: address.port }, 'listening')
    },
  )

  const stop = () => {
    // What is being answered is answered; new requests go to another process.
    server.close(() => {
      void Promise.all([temporal.close(), store.close()])
    })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
}

await run(main)
