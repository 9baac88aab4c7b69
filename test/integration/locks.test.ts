import { beforeAll, expect, test } from 'vitest'
import { newNumber } from '../../src/domain/number.ts'
import { useHouse } from '../support/house.ts'
import { Shop, waitFor } from '../support/shop.ts'

const house = useHouse({ partners: [] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})

test('several purchase orders are locked in the order of their numbers, whichever gives way first', async () => {
  const { db } = house()
  const sku = await shop.item()
  const { id } = await shop.supplier({ skus: [sku] })
  const [older = '', younger = ''] = [newNumber('purchaseOrder'), newNumber('purchaseOrder')].sort()
  for (const [number, age] of [
    [older, 2],
    [younger, 1],
  ] as const) {
    await db`INSERT INTO purchase_orders (number, supplier, state, currency, deadline_kind, deadline_at, created_at)
             VALUES (${number}, ${id}, 'sent', 'EUR', 'acknowledge', now() + interval '1 hour', now() - make_interval(mins => ${age}))`
    await db`INSERT INTO purchase_order_lines (purchase_order, line, sku, requested, agreed, price_minor, expected_at)
             VALUES (${number}, 1, ${sku}, 2, 2, 100, now() + interval '1 day')`
    await db`INSERT INTO events (number, sequence, type, actor, to_state, details) VALUES (${number}, 1, 'purchase_order.created', 'house', 'sent', '{}')`
  }
  await db.begin(async (holder) => {
    await holder`SELECT 1 FROM purchase_orders WHERE number = ${older} FOR UPDATE`
    const workflow = { workflowId: `purchasing/${id}`, taskQueue: 'holdfast', args: [id] }
    await house().temporal.workflow.start('purchasing', workflow)
    await waitFor(
      'purchasing to wait for the lock',
      () =>
        db`SELECT query FROM pg_stat_activity WHERE application_name = 'holdfast worker' AND wait_event_type = 'Lock'`,
      (rows) => rows.length > 0,
    )
    await db`SELECT 1 FROM purchase_orders WHERE number = ${younger} FOR UPDATE NOWAIT`
  })
  for (const number of [older, younger])
    expect(await shop.until(number, (view) => view.state === 'closed')).toMatchObject({
      lines: [{ closed: 'withdrawn' }],
    })
})
