import { randomUUID } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { expectStatus, Shop, waitFor } from '../support/shop.ts'

const house = useHouse({ partners: [] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})

/** Runs it as its schedule does, and waits for its end. */
async function prune(): Promise<void> {
  const schedule = house().temporal.schedule.getHandle('prune/holdfast')
  const { info } = await schedule.describe()
  await schedule.trigger()
  const begun = await waitFor(
    'the schedule to act',
    async () => (await schedule.describe()).info,
    ({ numActionsTaken }) => numActionsTaken > info.numActionsTaken,
  )
  const { action } = begun.recentActions.at(-1) ?? {}
  if (!action) throw new Error('no action')
  await house().temporal.workflow.getHandle(action.workflow.workflowId).result()
}

const stepsOf = (workflow: string) =>
  house().db<{ key: string }[]>`SELECT key FROM steps WHERE workflow = ${workflow}`

/** A back order whose quantity was lowered: a step of its own; with the key of that request. */
async function lowered(): Promise<{ number: string; workflow: string; idempotencyKey: string }> {
  const { number } = await shop.backOrder(await shop.item(), 3)
  const idempotencyKey = randomUUID()
  expectStatus(await shop.command(number, 'quantity', { quantity: 2 }, { idempotencyKey }), 200)
  expect(await stepsOf(`back-order/${number}`)).toHaveLength(1)
  return { number, workflow: `back-order/${number}`, idempotencyKey }
}

test('runs once a day by its schedule', async () => {
  const { spec } = await house().temporal.schedule.getHandle('prune/holdfast').describe()
  expect(spec.calendars).toMatchObject([{ hour: [{ start: 3, end: 3 }], minute: [{ start: 0, end: 0 }] }])
})

test('steps stay as long as their process may repeat them, and for 30 days after', async () => {
  const { db, temporal } = house()
  const [waiting, recent, over] = [await lowered(), await lowered(), await lowered()]
  for (const { number } of [recent, over]) expectStatus(await shop.command(number, 'cancellation'), 200)
  await db`UPDATE steps SET at = now() - interval '90 days'`
  await db`UPDATE back_orders SET ended_at = now() - interval '29 days' WHERE number = ${recent.number}`
  await db`UPDATE back_orders SET ended_at = now() - interval '31 days' WHERE number = ${over.number}`
  // One that nobody has carried out for long, and one of which nothing is left in Temporal.
  const stuck = `stock-count/${randomUUID()}`
  await temporal.workflow.start('stockCount', { workflowId: stuck, taskQueue: 'nobody-polls', args: [] })
  await waitFor(
    'it to be listed',
    async () => {
      const listed = []
      for await (const { workflowId } of temporal.workflow.list({
        query: `WorkflowType = 'stockCount' AND ExecutionStatus = 'Running'`,
      }))
        listed.push(workflowId)
      return listed
    },
    (listed) => listed.includes(stuck),
  )
  const gone = `stock-count/${randomUUID()}`
  for (const [workflow, days] of [
    [stuck, 31],
    [gone, 31],
    [`${gone}/young`, 29],
  ] as const)
    await db`INSERT INTO steps (key, workflow, at) VALUES (${randomUUID()}, ${workflow}, now() - make_interval(days => ${days}))`
  // More than one activity looks at.
  await db`INSERT INTO steps (key, at) SELECT 'many/' || n, now() - interval '60 days' FROM generate_series(1, 41000) AS n`

  await prune()
  const left = async (workflow: string) => (await stepsOf(workflow)).length
  expect([await left(waiting.workflow), await left(recent.workflow), await left(over.workflow)]).toEqual([
    1, 2, 0,
  ])
  expect([await left(stuck), await left(gone), await left(`${gone}/young`)]).toEqual([1, 0, 1])
  expect(await db`SELECT 1 FROM steps WHERE key LIKE 'many/%'`).toHaveLength(0)
  await temporal.workflow.getHandle(stuck).terminate()
})

test('answered requests go after 7 days; one that may still be in work stays', async () => {
  const { db } = house()
  const [old, young] = [await lowered(), await lowered()]
  const age = (key: string, days: number) =>
    db`UPDATE idempotency_keys SET created_at = now() - make_interval(days => ${days}) WHERE key = ${key}`
  await age(old.idempotencyKey, 8)
  await age(young.idempotencyKey, 6)
  const pending = randomUUID()
  await db`INSERT INTO idempotency_keys (caller, key, command, request_hash, body, lease_until, created_at)
           VALUES ('test', ${pending}, ${randomUUID()}, ''::bytea, '{}', now(), now() - interval '8 days')`

  await prune()
  const keys = [old.idempotencyKey, young.idempotencyKey, pending]
  const rows = await db<{ key: string }[]>`SELECT key FROM idempotency_keys WHERE key IN ${db(keys)}`
  expect(rows.map(({ key }) => key).sort()).toEqual([young.idempotencyKey, pending].sort())
  // Under the younger key nothing is done again.
  const { number, idempotencyKey } = young
  const again = await shop.command(number, 'quantity', { quantity: 2 }, { idempotencyKey })
  expect(expectStatus(again, 200).body).toMatchObject({ number, ordered: 2 })
})

test('attempts go after 90 days; that and when somebody was told stays', async () => {
  const { db } = house()
  const { number } = expectStatus(await shop.order([{ sku: await shop.item(), quantity: 1 }]), 201).body
  // Nobody takes mail here.
  const [notification] = await waitFor(
    'the first attempt',
    () => db<{ id: string }[]>`SELECT id FROM notifications WHERE number = ${number} AND attempts > 0`,
    (rows) => rows.length > 0,
  )
  const id = notification?.id ?? ''
  await db`DELETE FROM attempts`
  for (const days of [91, 89])
    await db`INSERT INTO attempts (notification, at, outcome, duration_ms) VALUES (${id}, now() - make_interval(days => ${days}), 'http 503', ${days})`
  await prune()
  expect(await db`SELECT duration_ms FROM attempts WHERE notification = ${id}`).toMatchObject([
    { duration_ms: 89 },
  ])
  expect(await db`SELECT attempts FROM notifications WHERE id = ${id}`).toMatchObject([{ attempts: 1 }])
})

test('steps that kept failing go 90 days after they last did', async () => {
  const { db } = house()
  await db`
    INSERT INTO failing_steps (workflow, activity, kind, since, last_at)
    VALUES ('order/OR-OLD', 'placeOrder', '53300', now() - interval '95 days', now() - interval '91 days'),
           ('order/OR-LATER', 'placeOrder', '53300', now() - interval '95 days', now() - interval '89 days')`
  await prune()
  expect(await db`SELECT workflow FROM failing_steps`).toEqual([{ workflow: 'order/OR-LATER' }])
})
