import { serve } from '@hono/node-server'
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client'
import { Hono } from 'hono'
import { act, look, placed } from './workflows.ts'

/** Bare routes: read JSON, send the messages that the service would, and answer with what came of them. */
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

/** One back order's life: its id, and where its activities run. */
type Life = { id: string; where: string }
const options = (kind: string, { id, where }: Life) => ({
  workflowId: `${kind}/${id}`,
  taskQueue: 'bare',
  args: [id, where],
})
const wake = (kind: string, life: Life) =>
  client.workflow.signalWithStart(kind, { ...options(kind, life), signal: look })
const operation = (kind: string, life: Life) =>
  new WithStartWorkflowOperation(kind, { ...options(kind, life), workflowIdConflictPolicy: 'USE_EXISTING' })
const command = (kind: string, life: Life) =>
  client.workflow.executeUpdateWithStart(act, {
    updateId: crypto.randomUUID(),
    args: [{ command: crypto.randomUUID(), actor: 'bench' }],
    startWorkflowOperation: operation(kind, life),
  })

/** The messages of a back order's life: what each request has to get an answer from, and whom it wakes then. */
const REQUESTS: Record<string, { command: string; wakes: string[] }> = {
  answers: { command: 'order', wakes: ['backOrder', 'purchasing'] },
  acknowledgement: { command: 'purchaseOrder', wakes: ['promises'] },
  'inventory-update': { command: 'restock', wakes: ['purchaseOrder', 'backOrder'] },
  'delivery-request': { command: 'backOrder', wakes: [] },
  confirmation: { command: 'backOrder', wakes: ['delivery'] },
  report: { command: 'delivery', wakes: ['backOrder'] },
}
app.post('/lives/:where/:id/orders', async (c) => {
  await c.req.json()
  const startWorkflowOperation = operation('order', c.req.param())
  const outcome = await client.workflow.executeUpdateWithStart(placed, {
    updateId: crypto.randomUUID(),
    args: [],
    startWorkflowOperation,
  })
  return c.json(outcome, 201)
})
/** The purchase order that the gathered demand makes. */
app.post('/lives/:where/:id/purchase-orders', async (c) => {
  await c.req.json()
  await wake('purchaseOrder', c.req.param())
  return c.json({}, 201)
})
app.post('/lives/:where/:id/:request', async (c) => {
  await c.req.json()
  const life = c.req.param()
  const request = REQUESTS[c.req.param('request')]
  if (!request) return c.notFound()
  const outcome = await command(request.command, life)
  await Promise.all(request.wakes.map((kind) => wake(kind, life)))
  return c.json(outcome, 200)
})
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT) }, () =>
  console.log(JSON.stringify({ msg: 'listening' })),
)
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => server.close(() => void connection.close()))
