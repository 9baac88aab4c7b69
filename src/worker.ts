import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { failureInterceptor } from './activities/failure-interceptor.ts'
import { createActivities } from './activities/index.ts'
import { ensureSchedules } from './clients/schedule.ts'
import { openTemporal } from './clients/temporal.ts'
import { helpOnConfig, printConfig, readConfig } from './config.ts'
import { httpCarrier } from './integrations/carrier.ts'
import { createLinks } from './integrations/link.ts'
import { smtpMailer } from './integrations/mail.ts'
import { stripeProvider } from './integrations/stripe.ts'
import { createWebhookSender } from './integrations/webhook.ts'
import { createLog } from './log.ts'
import { run } from './run.ts'
import { openStore } from './store/database.ts'

/** How long what follows the last steps may take when the worker is stopped; the rest is left to `reconcile`. */
const SETTLE_MS = 2_000

/** The worker: polls Temporal, runs every process and its activities. As many as wanted may run side by side. */
async function main(): Promise<void> {
  if (process.argv.includes('--help')) return console.log(helpOnConfig('The worker: node dist/worker.js'))
  const config = readConfig()
  if (process.argv.includes('--print-config')) return console.log(printConfig(config))
  const log = createLog('worker', config.LOG_LEVEL)
  // Temporal's own messages may quote failures; the fields that can are left out.
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      const { workflowId, activityType, taskQueue } = (meta ?? {}) as Record<string, unknown>
      log.warn({ level, workflowId, activityType, taskQueue }, message)
    }),
    shutdownSignals: [],
  })
  const store = openStore({
    url: config.DATABASE_URL,
    poolSize: config.DATABASE_POOL_SIZE,
    name: 'holdfast worker',
  })
  const temporal = openTemporal(config.TASK_QUEUE)
  const mailer = smtpMailer({ url: config.SMTP_URL, from: config.MAIL_FROM })
  const { activities, steps } = createActivities({
    db: store.db,
    temporal,
    mailer,
    webhooks: createWebhookSender({ allowPrivateAddresses: config.ALLOW_PRIVATE_ADDRESSES }),
    links: createLinks({ secret: config.LINK_SECRET, publicUrl: config.PUBLIC_URL }),
    operatorsEmail: config.OPERATORS_EMAIL,
    processor: { url: config.PROCESSOR_URL, secret: config.PROCESSOR_SECRET },
    paymentProvider: config.STRIPE_API_KEY
      ? stripeProvider({ url: config.STRIPE_URL, apiKey: config.STRIPE_API_KEY })
      : undefined,
    carrier: httpCarrier({ url: config.CARRIER_URL, apiKey: config.CARRIER_API_KEY }),
    passLimit: config.PASS_LIMIT,
  })
  const { connectionOptions, namespace } = loadClientConnectConfig()
  const connection = await NativeConnection.connect(connectionOptions).catch((error: Error) => {
    const { address = 'localhost:7233', tls } = connectionOptions
    throw new Error(
      `Temporal at ${address}, ${tls ? 'with' : 'without'} TLS, cannot be used: ${error.message}`,
    )
  })
  // An activity holds one connection at a time, so there are never more of them than connections.
  const half = Math.floor(config.DATABASE_POOL_SIZE / 2)
  const worker = await Worker.create({
    connection,
    ...(namespace ? { namespace } : {}),
    taskQueue: config.TASK_QUEUE,
    ...(config.WORKFLOW_BUNDLE
      ? { workflowBundle: { codePath: config.WORKFLOW_BUNDLE } }
      : { workflowsPath: fileURLToPath(new URL('./workflows/index.js', import.meta.url)) }),
    activities,
    interceptors: { activity: [failureInterceptor(store.db, log)] },
    maxCachedWorkflows: config.MAX_CACHED_WORKFLOWS,
    maxConcurrentActivityTaskExecutions: half,
    maxConcurrentLocalActivityExecutions: half,
    shutdownGraceTime: '8s',
  })
  await ensureSchedules(temporal)

  const health = createServer((_, response) => {
    const isPolling = worker.getState() === 'RUNNING'
    response.writeHead(isPolling ? 200 : 503, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ status: isPolling ? 'polling' : worker.getState().toLowerCase() }))
  }).listen(config.HEALTH_PORT, config.HOST)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => worker.shutdown())

  const running = worker.run()
  log.info(
    { task_queue: config.TASK_QUEUE, health_port: (health.address() as AddressInfo | null)?.port },
    'polling',
  )
  try {
    await running
    await Promise.race([steps.finished(), sleep(SETTLE_MS, undefined, { ref: false })])
  } finally {
    health.close()
    mailer.close()
    await connection.close()
    await temporal.close()
    await store.close()
  }
}

await run(main)
