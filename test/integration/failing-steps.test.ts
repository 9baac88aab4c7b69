import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { expectStatus, Shop, waitFor } from '../support/shop.ts'

// After so few events a process continues as new, where it would otherwise take thousands.
const house = useHouse({
  partners: ['mail'],
  temporalDynamicConfig: { 'limit.historyCount.suggestContinueAsNew': '20' },
})
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})
afterEach(() => expectSoundHouse(house()))
afterAll(() => expectReplayable(house()))

/** Until it is undone, every cancellation of a back order fails in the database, with words that must not be seen. */
async function failCancellations(): Promise<void> {
  await house().db.unsafe(`
    CREATE OR REPLACE FUNCTION fail_cancellation() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'the customer is Ada' USING ERRCODE = 'XX001'; END $$;
    CREATE TRIGGER fail_cancellation BEFORE UPDATE ON back_orders
       FOR EACH ROW WHEN (NEW.state = 'cancelled') EXECUTE FUNCTION fail_cancellation()`)
}

test('a step that keeps failing is seen by operators, holds up no other, and is done once it can be (DESIGN §3)', async () => {
  const { db } = house()
  const sku = await shop.item()
  const { number } = await shop.backOrder(sku, 3)
  await failCancellations()

  const idempotencyKey = randomUUID()
  const cancel = () => shop.command(number, 'cancellation', {}, { idempotencyKey })
  const first = cancel()
  const attention = async () =>
    expectStatus(await shop.call('GET', '/v1/operator/attention', { key: shop.operatorKey }), 200).body
      .failing_steps
  const [failing] = await waitFor('operators to see it', attention, (steps) => steps.length > 0)
  expect(failing).toEqual({
    process: `back-order/${number}`,
    step: 'cancelBackOrder',
    failure: 'XX001',
    since: expect.any(String),
    last_at: expect.any(String),
  })

  // Another command to the same process does not wait for it.
  const lowered = expectStatus(await shop.command(number, 'quantity', { quantity: 2 }), 200)
  expect(lowered.body).toMatchObject({ state: 'waiting', ordered: 2 })
  expect(await first).toMatchObject({
    status: 503,
    body: { type: expect.stringMatching(/outcome-unknown$/) },
  })

  await db`DROP TRIGGER fail_cancellation ON back_orders`
  const answer = await waitFor('the cancellation', cancel, ({ status }) => status === 200)
  expect(answer.body).toMatchObject({ state: 'cancelled', ordered: 2 })
  const cancelled = await db`SELECT id FROM events WHERE number = ${number} AND type = 'back_order.cancelled'`
  expect(cancelled.length).toBe(1)
  // What is done needs nobody any more.
  expect(await attention()).toEqual([])
})

test('while a step keeps failing the process stays awake, however long its history: its deadline ends it', async () => {
  const { db } = house()
  const { number } = await shop.backOrder(await shop.item(), 3)
  await failCancellations()
  const idempotencyKey = randomUUID()
  const cancel = () => shop.command(number, 'cancellation', {}, { idempotencyKey })
  const first = cancel()
  for (let change = 1; change <= 6; change++) {
    const deadline_at = new Date(Date.now() + (600 + change) * 1_000).toISOString()
    expectStatus(await shop.command(number, 'deadline', { deadline_at }), 200)
  }
  const { historyLength } = await house().temporal.workflow.getHandle(`back-order/${number}`).describe()
  expect(historyLength).toBeGreaterThan(30)
  const deadline_at = new Date(Date.now() + 2_000).toISOString()
  expectStatus(await shop.command(number, 'deadline', { deadline_at }), 200)
  await shop.until(number, (view) => view.state === 'expired')
  await first
  await db`DROP TRIGGER fail_cancellation ON back_orders`
  const answer = await waitFor('an answer', cancel, ({ body }) => body.type?.endsWith('state-conflict'))
  expect(answer.status).toBe(409)
})
