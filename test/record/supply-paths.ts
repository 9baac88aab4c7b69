import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expectStatus, waitFor } from '../support/shop.ts'
import { inSeconds, type Path, restockOf } from './scene.ts'

/** The customer hears of a date and of a later one; the goods come; everything closes. */
export const acknowledgedReceived: Path = async (scene) => {
  const { sku, supplier, number, purchaseOrder } = await scene.sent()
  await scene.keep('ordered', `purchasing/${supplier.id}`)
  await scene.acknowledge({ supplier, purchaseOrder }, inSeconds(86_400))
  await scene.shop.until(number, (view) => view.promised_at !== null)
  await scene.keep('told-a-date', `promises/${sku}`)
  const notice = {
    reference: 'Notice 1',
    lines: [{ line: 1, quantity: 1, expected_at: inSeconds(5 * 86_400).toISOString() }],
  }
  const path = `/v1/purchase-orders/${purchaseOrder}/shipment-notices`
  expectStatus(await scene.shop.call('POST', path, { key: supplier.key, body: notice }), 200)
  await scene.untilShown(`purchase-order/${purchaseOrder}`, 'acknowledged')
  expectStatus(await scene.shop.bring(supplier, sku, 1, {}, 'Receipt 1'), 201)
  await scene.keep('acknowledged-announced-received', `purchase-order/${purchaseOrder}`)
  await scene.keep('small', restockOf(supplier, 'Receipt 1'))
  expectStatus(await scene.shop.bring(supplier, sku, 1, {}, 'Receipt 1'), 200)
  await scene.keep('booked-before', restockOf(supplier, 'Receipt 1'), 'last')
  expectStatus(await scene.shop.bring(supplier, 'UNKNOWN', 1, {}, 'Receipt 2'), 422)
  await scene.keep('refused', restockOf(supplier, 'Receipt 2'))
}

export const remindedLapsed: Path = async (scene) => {
  const { purchaseOrder } = await scene.sent({ acknowledgeSeconds: 2, remindSeconds: 2 })
  await scene.keep('reminded-lapsed', `purchase-order/${purchaseOrder}`)
}

export const overdue: Path = async (scene) => {
  const { sku, supplier, purchaseOrder } = await scene.sent()
  await scene.house.db`UPDATE suppliers SET overdue_seconds = 2 WHERE id = ${supplier.id}`
  await scene.acknowledge({ supplier, purchaseOrder }, inSeconds(1))
  await waitFor(
    'the goods to be overdue',
    () =>
      scene.house
        .db`SELECT 1 FROM events WHERE number = ${purchaseOrder} AND type = 'purchase_order.overdue'`,
    (rows) => rows.length > 0,
  )
  expectStatus(await scene.shop.bring(supplier, sku, 1), 201)
  await scene.keep('overdue-received', `purchase-order/${purchaseOrder}`)
}

/** Also a refused word of the supplier, and a cancellation in Temporal, which is only noted. */
export const lineWithdrawn: Path = async (scene) => {
  const { supplier, purchaseOrder } = await scene.sent()
  const wrong = { lines: [{ line: 1, accepted: { quantity: 7, expected_at: inSeconds(60).toISOString() } }] }
  const path = `/v1/purchase-orders/${purchaseOrder}/acknowledgement`
  expectStatus(await scene.shop.call('POST', path, { key: supplier.key, body: wrong }), 422)
  await scene.cancelInTemporal(`purchase-order/${purchaseOrder}`)
  const withdrawal = `purchase-orders/${purchaseOrder}/lines/1/withdrawal`
  expectStatus(await scene.operator(withdrawal, { reason: 'Given up' }), 200)
  await scene.keep('refused-line-withdrawn', `purchase-order/${purchaseOrder}`)
}

/** The need has gone by the time the demand was gathered. */
export const nothingToOrder: Path = async (scene) => {
  const sku = await scene.shop.item()
  const supplier = await scene.shop.supplier({ skus: [sku], gatherSeconds: 4 })
  const { number } = await scene.shop.backOrder(sku, 1)
  await scene.command(number, 'cancellation')
  await scene.keep('nothing-to-order', `purchasing/${supplier.id}`)
}

/** More waiters than one pass serves, and more than one call wakes. Their rows are written here: only they count. */
export const manyWaiters: Path = async ({ house: { db }, shop, keep }) => {
  const waiters = 1_001
  const sku = await shop.item()
  const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 3_600 })
  await db`
    INSERT INTO back_orders (number, order_number, line, sku, storefront, customer, ordered, shortfall, state, place,
                             deadline_kind, deadline_at, deadline_from, hold_seconds, price_minor, currency)
    SELECT 'BO-MANY-' || n, 'OR-MANY', n, ${sku}, ${shop.storefront}, gen_random_uuid(), 1, 1, 'waiting', n,
           'wait', now() + interval '1 hour', now(), 3600, 1999, 'EUR'
      FROM generate_series(1, ${waiters}) AS n`
  await db`UPDATE stock_levels SET outstanding = ${waiters}, last_place = ${waiters} WHERE sku = ${sku}`
  expectStatus(await shop.bring(supplier, sku, waiters, {}, 'Receipt of many'), 201)
  await keep('many', restockOf(supplier, 'Receipt of many'))
}

/** A supplier who cannot be reached at first hears of it a minute later. */
export const toldLater: Path = async (scene) => {
  let isUp = false
  const server = createServer((_, response) => response.writeHead(isUp ? 200 : 503).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const webhookUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const { purchaseOrder } = await scene.sent({ webhookUrl })
    const [row] = await waitFor(
      'the notification to have failed',
      () => scene.house.db<{ id: string }[]>`
        SELECT id FROM notifications WHERE number = ${purchaseOrder} AND state = 'retrying'`,
      (rows) => rows.length > 0,
    )
    isUp = true
    await scene.keep('retried-sent', `notification/${row?.id}`)
  } finally {
    server.close()
  }
}

export const pruned: Path = async ({ house: { temporal }, keep }) => {
  const workflowId = 'prune/recorded'
  await temporal.workflow.execute('prune', { workflowId, taskQueue: 'holdfast', args: [] })
  await keep('once-a-day', workflowId)
}

export const reconciled: Path = async ({ house: { temporal }, keep }) => {
  const workflowId = 'reconcile/recorded'
  await temporal.workflow.execute('reconcile', { workflowId, taskQueue: 'holdfast', args: [] })
  await keep('every-thirty-seconds', workflowId)
}
