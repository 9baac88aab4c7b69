import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { expect } from 'vitest'
import { checkInvariants } from '../../src/store/invariants.ts'
import * as schema from '../../src/store/schema.ts'
import type { House } from './house.ts'
import { failedReplays } from './replay.ts'
import { waitFor } from './shop.ts'

/**
 * After a scenario, once every wake is delivered: the books hold, every open row has its running workflow, and no
 * workflow runs whose row is final (DESIGN §8).
 */
export async function expectSoundHouse(house: House): Promise<void> {
  await waitFor(
    'the wakes to be delivered',
    () => house.db`SELECT workflow, step, created_at FROM wakes`,
    (rows) => rows.length === 0,
    45,
  )
  const client = postgres(house.databaseUrl, { max: 1, onnotice: () => {} })
  try {
    expect(await checkInvariants(drizzle(client, { schema }), { graceSeconds: 5 })).toEqual([])
  } finally {
    await client.end()
  }
  await waitFor(
    'every open row to have its workflow, and no other',
    () => mismatches(house),
    (found) => found.length === 0,
    45,
  )
}

async function mismatches(house: House): Promise<string[]> {
  const open = await house.db<{ workflow: string }[]>`
    SELECT 'order/' || number AS workflow FROM orders WHERE ended_at IS NULL
    UNION ALL SELECT 'back-order/' || number FROM back_orders WHERE ended_at IS NULL
    UNION ALL SELECT 'delivery/' || number FROM deliveries WHERE ended_at IS NULL
    UNION ALL SELECT 'purchase-order/' || number FROM purchase_orders WHERE ended_at IS NULL`
  const rows = new Set(open.map((row) => row.workflow))
  const running = new Set<string>()
  for await (const { workflowId } of house.temporal.workflow.list({ query: `ExecutionStatus = 'Running'` })) {
    if (/^(order|back-order|delivery|purchase-order)\//.test(workflowId)) running.add(workflowId)
  }
  return [
    ...[...rows].filter((id) => !running.has(id)).map((id) => `${id} is open and has no workflow`),
    ...[...running].filter((id) => !rows.has(id)).map((id) => `${id} runs and has no open row`),
  ]
}

/**
 * Every process, running or ended, could go on in another worker: its history replays with the code that made it. A
 * process that does not would stand still for ever once its worker is gone.
 */
export async function expectReplayable(house: House): Promise<void> {
  const histories = []
  for await (const { workflowId, runId } of house.temporal.workflow.list()) {
    const history = await house.temporal.workflow.getHandle(workflowId, runId).fetchHistory()
    histories.push({ workflowId, history })
  }
  expect(await failedReplays(histories)).toEqual(new Map())
}
