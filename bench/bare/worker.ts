import { fileURLToPath } from 'node:url'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { nothing } from './activities.ts'

/** A worker with the service's own settings for the bare workflows. */
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] })
const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS })
const worker = await Worker.create({
  connection,
  taskQueue: 'bare',
  workflowsPath: fileURLToPath(new URL('./workflows.js', import.meta.url)),
  activities: nothing,
  maxConcurrentActivityTaskExecutions: 10,
  maxConcurrentLocalActivityExecutions: 10,
  shutdownGraceTime: '8s',
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => worker.shutdown())
console.log(JSON.stringify({ msg: 'polling' }))
await worker.run()
await connection.close()
