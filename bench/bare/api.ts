import { serve } from '@hono/node-server'
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client'
import { Hono } from 'hono'
import { placed } from './workflows.ts'

/** A bare route: reads JSON, starts a workflow with an update, and answers with what that came to. */
const connection = Connection.lazy({ address: process.env.TEMPORAL_ADDRESS ?? '' })
const client = new Client({ connection })
const app = new Hono()
app.post('/place/:where', async (c) => {
  await c.req.json()
  const number = crypto.randomUUID()
  const startWorkflowOperation = new WithStartWorkflowOperation('place', {
    workflowId: `place/${number}`,
    taskQueue: 'bare',
    args: [number, c.req.param('where')],
    workflowIdConflictPolicy: 'USE_EXISTING',
  })
  const outcome = await client.withDeadline(Date.now() + 10_000, () =>
    client.workflow.executeUpdateWithStart(placed, { updateId: number, args: [], startWorkflowOperation }),
  )
  return c.json({ number, ...outcome }, 201)
})
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT) }, () =>
  console.log(JSON.stringify({ msg: 'listening' })),
)
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => server.close(() => void connection.close()))
