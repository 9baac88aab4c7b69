import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { reconcile } from '../support/reconcile.ts'
import { expectStatus, Shop, waitFor } from '../support/shop.ts'
import { purchaseOrders, withoutReconcile } from '../support/supply.ts'

// What the schedule does is run by hand, so that a test sees what one run does.
const house = useHouse({ partners: ['mail'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
  await house().db`UPDATE periods SET default_seconds = 1800`
  await withoutReconcile(house())
})
beforeEach(() => mailServer({ mode: 'accept' }))
afterEach(() => expectSoundHouse(house()))

async function mailServer(behaviour: object): Promise<void> {
  const response = await fetch(new URL('/api/behaviour', house().mailUrl), {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(behaviour),
  })
  expect(response.status).toBe(200)
}

const handleOf = (workflowId: string) => house().temporal.workflow.getHandle(workflowId)

async function statusOf(workflowId: string): Promise<string> {
  const description = await handleOf(workflowId)
    .describe()
    .catch(() => null)
  return description?.status.name ?? 'none'
}

const running = (workflowId: string) =>
  waitFor(
    `${workflowId} to run`,
    () => statusOf(workflowId),
    (status) => status === 'RUNNING',
  )

/** An offer whose mail went out; gives its number. */
async function told(sku: string): Promise<string> {
  const { number } = expectStatus(await shop.order([{ sku, quantity: 1 }]), 201).body
  await waitFor(
    `the customer of ${number} to be told`,
    () => house().db`SELECT 1 FROM notifications WHERE number = ${number} AND state = 'sent'`,
    (rows) => rows.length > 0,
  )
  return number
}

describe('reconcile does its parts side by side', () => {
  test('wakes that cannot be delivered hold up nothing else, and are named at the end', async () => {
    const { db } = house()
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 3_000 })
    const { number } = await shop.backOrder(sku, 1)
    await running(`back-order/${number}`)
    await handleOf(`back-order/${number}`).terminate()
    // More of them than are read at a time, and all of them before the one that can be delivered.
    await db`INSERT INTO wakes (workflow, step, created_at)
             SELECT 'nonsense/' || n, 'test', now() - interval '1 hour' FROM generate_series(1, 201) AS n`
    const woken = `order/${await told(sku)}`
    await handleOf(woken).terminate()
    await db`INSERT INTO wakes (workflow, step, created_at) VALUES (${woken}, 'test', now() - interval '1 minute')`

    expect(await reconcile(house())).toMatch(/drainOldWakes: 201 failed, such as nonsense\/\d+\.$/)
    expect(await db`SELECT 1 FROM wakes WHERE workflow = ${woken}`).toHaveLength(0)
    await running(woken)
    await running(`back-order/${number}`)
    await running(`purchasing/${supplier.id}`)
    expect(house().logs()).toContain('drainOldWakes: 201 failed')
    await db`DELETE FROM wakes WHERE step = 'test'`
    expect(await reconcile(house())).toBeNull()
  })

  test('a mail server that does not answer delays mails only, and not the next run', async () => {
    const { db } = house()
    const sku = await shop.item()
    const numbers = await Promise.all(Array.from({ length: 24 }, () => told(sku)))
    await db`UPDATE notifications SET state = 'pending', attempts = 0, created_at = now() - interval '1 minute'
              WHERE number IN ${db(numbers)}`
    const [first = ''] = numbers
    await handleOf(`order/${first}`).terminate()
    await mailServer({ mode: 'hang' })
    const start = Date.now()
    const run = reconcile(house())
    await running(`order/${first}`)
    expect(await run).toBeNull()
    expect(Date.now() - start).toBeLessThan(40_000)
    const untold = () => db`SELECT 1 FROM notifications WHERE number IN ${db(numbers)} AND state = 'pending'`
    const left = (await untold()).length
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThan(numbers.length)
    await mailServer({ mode: 'accept' })
    expect(await reconcile(house())).toBeNull()
    expect(await untold()).toHaveLength(0)
  })

  test('a part that fails does not hold up the others, and the run says what failed', async () => {
    const { db } = house()
    const sku = await shop.item()
    const number = await told(sku)
    await handleOf(`order/${number}`).terminate()
    await db`ALTER TABLE wakes RENAME TO wakes_away`
    const outcome = await reconcile(house())
    await db`ALTER TABLE wakes_away RENAME TO wakes`
    expect(outcome).toMatch(/drainOldWakes: 42P01\.$/)
    await running(`order/${number}`)
  })

  test('its schedule ends a run that stands still; a worker brings an older schedule up to date', async () => {
    const schedule = house().temporal.schedule.getHandle('reconcile/holdfast')
    const limit = async () => (await schedule.describe()).action.workflowExecutionTimeout
    expect(await limit()).toBe(300_000)
    await schedule.update(({ action, ...known }) => ({
      ...known,
      action: { ...action, workflowExecutionTimeout: '1 year' },
    }))
    const index = await house().startWorker()
    expect(await limit()).toBe(300_000)
    expect((await schedule.describe()).state.paused).toBe(true)
    await house().stopWorker(index)
  })
})

describe('a notification that is being retried', () => {
  async function retried(): Promise<{ id: string; attempts: () => Promise<number> }> {
    await mailServer({ mode: 'tempfail' })
    const sku = await shop.item()
    const { number } = expectStatus(await shop.order([{ sku, quantity: 1 }]), 201).body
    const [row] = await waitFor(
      'the first attempt to fail',
      () => house().db<{ id: string }[]>`
        SELECT id FROM notifications WHERE number = ${number} AND state = 'retrying'`,
      (rows) => rows.length > 0,
    )
    const id = row?.id ?? ''
    await running(`notification/${id}`)
    const attempts = async () => (await house().db`SELECT 1 FROM attempts WHERE notification = ${id}`).length
    return { id, attempts }
  }

  test.each(['cancel', 'terminate'] as const)(
    'is taken up again at once after a %s in the Temporal UI',
    async (how) => {
      const { id, attempts } = await retried()
      await handleOf(`notification/${id}`)[how]()
      await waitFor(
        'its process to be gone',
        () => statusOf(`notification/${id}`),
        (status) => status !== 'RUNNING',
      )
      await waitFor(
        'reconcile to see it',
        reconcileAnd(() => statusOf(`notification/${id}`)),
        (status) => status === 'RUNNING',
      )
      // Taken up, not tried at once: a receiver in trouble is not called more often for it.
      const { runId } = await handleOf(`notification/${id}`).describe()
      await reconcile(house())
      expect((await handleOf(`notification/${id}`).describe()).runId).toBe(runId)
      expect(await attempts()).toBe(1)
    },
  )

  test('gets its process also where Temporal knows of none', async () => {
    const { db } = house()
    const number = await told(await shop.item())
    const [row] = await db<{ id: string }[]>`
      UPDATE notifications SET state = 'retrying', last_attempt_at = now(), created_at = now() - interval '1 minute'
       WHERE number = ${number} RETURNING id`
    expect(await reconcile(house())).toBeNull()
    await running(`notification/${row?.id}`)
  })

  const reconcileAnd = (look: () => Promise<string>) => async () => {
    await reconcile(house())
    return look()
  }
})

describe('purchasing that was ended in the Temporal UI', () => {
  test.each(['cancel', 'terminate'] as const)('by %s: what is too much is still withdrawn', async (how) => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 2 })
    const { number } = await shop.backOrder(sku, 3)
    const [order] = await purchaseOrders(shop, supplier, 1)
    await waitFor(
      'purchasing to end',
      () => statusOf(`purchasing/${supplier.id}`),
      (status) => status === 'COMPLETED',
    )
    expectStatus(await shop.command(number, 'cancellation'), 200)
    await running(`purchasing/${supplier.id}`)
    await handleOf(`purchasing/${supplier.id}`)[how]()
    await waitFor(
      'it to be gone',
      () => statusOf(`purchasing/${supplier.id}`),
      (status) => status !== 'RUNNING',
    )
    expect((await shop.look(order.number)).lines).toMatchObject([{ quantity: 3, closed: null }])
    expect(await reconcile(house())).toBeNull()
    await shop.until(order.number, (view) => view.lines[0].closed === 'withdrawn')
  })

  test('is not started for a surplus that cannot be withdrawn', async () => {
    const [small, agreed] = await Promise.all([shop.item(), shop.item()])
    const packs = await shop.supplier({ skus: [small], packSize: 6 })
    const firm = await shop.supplier({ skus: [agreed] })
    const waiter = await shop.backOrder(agreed, 2)
    await shop.backOrder(small, 1)
    await purchaseOrders(shop, packs, 1)
    const [order] = await purchaseOrders(shop, firm, 1)
    const lines = [{ line: 1, accepted: { quantity: 2, expected_at: '2031-05-06T00:00:00Z' } }]
    const path = `/v1/purchase-orders/${order.number}/acknowledgement`
    expectStatus(await shop.call('POST', path, { key: firm.key, body: { lines } }), 200)
    expectStatus(await shop.command(waiter.number, 'cancellation'), 200)
    const over = (supplier: { id: string }) =>
      waitFor(
        'purchasing to end',
        () => statusOf(`purchasing/${supplier.id}`),
        (status) => status === 'COMPLETED',
      )
    await shop.until(order.number, (view) => view.version > 2)
    await Promise.all([over(packs), over(firm)])
    const runs = async () =>
      Promise.all([packs, firm].map(async ({ id }) => (await handleOf(`purchasing/${id}`).describe()).runId))
    const before = await runs()
    expect(await reconcile(house())).toBeNull()
    expect(await runs()).toEqual(before)
  })
})

test('every history of this file can be replayed', async () => {
  await expectReplayable(house())
})
