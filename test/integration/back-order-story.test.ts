import { beforeAll, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { ADDRESS, expectStatus, Shop, waitFor } from '../support/shop.ts'

const house = useHouse({ partners: ['mail', 'carrier'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})

describe('the whole story of a back order (A1–A3, A6–A8)', () => {
  test('ordered short, accepted, supplied, told, requested, confirmed, delivered', async () => {
    const sku = await shop.item({ onHand: 2 })
    const supplier = await shop.supplier({ skus: [sku] })

    const ordered = expectStatus(
      await shop.order([{ sku, quantity: 5 }], { email: 'story@example.test' }),
      201,
    )
    expect(ordered.body).toMatchObject({
      state: 'offered',
      allowed_actions: ['answer', 'change_deadline', 'cancel'],
      lines: [
        {
          line: 1,
          sku,
          ordered: 5,
          available: 2,
          shortfall: 3,
          state: 'short',
          choices: ['ship_available', 'wait_for_all', 'decline'],
        },
      ],
    })
    expect(await shop.level(sku)).toEqual({ on_hand: 2, allocated: 2, outbound: 0, outstanding: 0 })

    const answered = expectStatus(
      await shop.call('POST', `/v1/orders/${ordered.body.number}/answers`, {
        body: { answers: [{ line: 1, choice: 'wait_for_all', wait_period: 'PT10M' }] },
      }),
      200,
    )
    const number = answered.body.lines[0].back_order
    expect(await shop.look(number)).toMatchObject({
      state: 'waiting',
      ordered: 5,
      allocated: 2,
      outstanding: 3,
      ahead: 0,
      explanation: '2 of 5 set aside, 3 outstanding, 0 ahead of you',
      deadline: { kind: 'wait' },
    })

    const [purchase] = await waitFor(
      'the purchase order',
      () => house().db`SELECT number FROM purchase_orders WHERE supplier = ${supplier.id}`,
      (rows) => rows.length > 0,
    )
    const purchaseOrder = await shop.look(purchase?.number)
    expect(purchaseOrder.lines).toMatchObject([{ sku, requested: 3, to_come: 3 }])
    expectStatus(
      await shop.call('POST', `/v1/purchase-orders/${purchaseOrder.number}/acknowledgement`, {
        key: supplier.key,
        body: { lines: [{ line: 1, accepted: { quantity: 3, expected_at: '2030-01-02T00:00:00Z' } }] },
      }),
      200,
    )
    await shop.until(number, (view) => view.promised_at?.startsWith('2030-01-02'))

    const booked = expectStatus(await shop.bring(supplier, sku, 3), 201)
    expect(booked.body.lines).toEqual([
      {
        sku,
        received: 3,
        rejected: 0,
        over_delivered: 0,
        unordered: 0,
        purchase_orders: [purchaseOrder.number],
      },
    ])
    expect(await shop.look(number)).toMatchObject({ state: 'met', allocated: 5, deadline: { kind: 'hold' } })
    await shop.until(purchaseOrder.number, (view) => view.state === 'closed')

    expectStatus(await shop.command(number, 'delivery-request', { ship_to: ADDRESS }), 200)
    await shop.mails('story@example.test', /please confirm/)
    const confirmed = expectStatus(await shop.command(number, 'confirmation'), 200)
    expect(confirmed.body).toMatchObject({ state: 'confirmed', deadline: null })
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 5, outstanding: 0 })

    await shop.until(number, (view) => view.state === 'delivered')
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 0, outstanding: 0 })

    const mails = await shop.mails('story@example.test', /has arrived/)
    expect(mails.map((mail) => mail.subject.replace(/[A-Z]{2}-\w{4}-\w{4}-\w{3}/, '…'))).toEqual([
      'Order …: some items are not in stock',
      'Order …: thank you for your answer',
      expect.stringMatching(/^Back order …: it will take longer$/),
      'Back order …: your goods are here',
      'Back order …: please confirm the delivery',
      'Delivery … is being prepared',
      'Delivery … is on its way',
      'Delivery … has arrived',
    ])
  })
})
