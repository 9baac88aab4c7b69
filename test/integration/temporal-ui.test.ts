import type { WorkflowHandle } from '@temporalio/client'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { useHouse } from '../support/house.ts'
import { expectReplayable, expectSoundHouse } from '../support/proof.ts'
import { reconcile } from '../support/reconcile.ts'
import { ADDRESS, expectStatus, Shop, waitFor } from '../support/shop.ts'

// What operators do and see in the Temporal UI, done and looked at through the API that the UI uses.
const house = useHouse({ partners: ['mail', 'carrier'] })
let shop: Shop
beforeAll(async () => {
  shop = await Shop.open(house())
})
afterEach(() => expectSoundHouse(house()))

const processOf = (number: string): WorkflowHandle => {
  const kinds: Record<string, string> = {
    OR: 'order',
    BO: 'back-order',
    DL: 'delivery',
    PO: 'purchase-order',
  }
  return house().temporal.workflow.getHandle(`${kinds[number.slice(0, 2)]}/${number}`)
}

/** The sentence that the UI shows above a history, once it reads so. */
async function details(number: string, expected: RegExp): Promise<string> {
  return waitFor(
    `${number} to say ${expected}`,
    async () => {
      const metadata = await processOf(number).query<{ currentDetails?: string }>(
        '__temporal_workflow_metadata',
      )
      return metadata.currentDetails ?? ''
    },
    (sentence) => expected.test(sentence),
  )
}

/** The ids of the workflows that a search in the UI finds, once they are these. */
async function found(query: string, expected: string[]): Promise<void> {
  await waitFor(
    `${query} to find ${expected.join(', ') || 'nothing'}`,
    async () => {
      const ids: string[] = []
      for await (const { workflowId } of house().temporal.workflow.list({ query })) ids.push(workflowId)
      return ids.sort()
    },
    (ids) => JSON.stringify(ids) === JSON.stringify(expected.toSorted()),
  )
}

async function carrier(method: string, path: string, body: object): Promise<void> {
  const response = await fetch(new URL(path, house().carrierUrl), {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(200)
}

/** A back order of one unit whose goods are here, for somebody who reads mail. */
async function metBackOrder(email: string): Promise<{ sku: string; order: string; number: string }> {
  const sku = await shop.item()
  const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 3_000 })
  const order = expectStatus(await shop.order([{ sku, quantity: 1 }], { email }), 201).body.number
  const answers = [{ line: 1, choice: 'wait_for_all' }]
  const answered = expectStatus(
    await shop.call('POST', `/v1/orders/${order}/answers`, { body: { answers } }),
    200,
  )
  expectStatus(await shop.bring(supplier, sku, 1), 201)
  return { sku, order, number: answered.body.lines[0].back_order }
}

describe('finding an order and seeing where it stands (P4)', () => {
  test('by number, stage, partner, item and deadline; in a sentence at every stage', async () => {
    await carrier('PUT', '/api/behaviour', { mode: 'hold' })
    const sku = await shop.item({ onHand: 1 })
    const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 1 })
    const order = expectStatus(await shop.order([{ sku, quantity: 3 }]), 201).body.number
    const isoTime = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`
    await details(
      order,
      new RegExp(
        `^1 line\\(s\\) short: waits for the customer's answer until ${isoTime}, then they count as declined.$`,
      ),
    )
    await found(`OrderNumber = '${order}'`, [`order/${order}`])
    await found(`Sku = '${sku}' AND Stage = 'offered' AND PartnerId = '${shop.storefront}'`, [
      `order/${order}`,
    ])
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString()
    await found(`Sku = '${sku}' AND Deadline < '${inAnHour}'`, [`order/${order}`])
    await found(`Sku = '${sku}' AND Deadline < '${new Date().toISOString()}'`, [])

    const answers = [{ line: 1, choice: 'wait_for_all' }]
    const answered = expectStatus(
      await shop.call('POST', `/v1/orders/${order}/answers`, { body: { answers } }),
      200,
    )
    const number: string = answered.body.lines[0].back_order
    await details(order, /^Every line is decided\./)
    await details(
      number,
      new RegExp(`^1 of 3 set aside: waits for stock until ${isoTime}, then it expires.$`),
    )
    await found(`OrderNumber = '${number}' AND Stage = 'waiting'`, [`back-order/${number}`])

    const [row] = await waitFor(
      'the purchase order',
      () =>
        house().db<{ number: string }[]>`SELECT number FROM purchase_orders WHERE supplier = ${supplier.id}`,
      (rows) => rows.length > 0,
    )
    const purchase = row?.number ?? ''
    await details(purchase, /^Sent: waits for the supplier's acknowledgement until/)
    await found(`PartnerId = '${supplier.id}' AND Stage = 'sent'`, [`purchase-order/${purchase}`])
    expectStatus(await shop.bring(supplier, sku, 2), 201)
    await details(purchase, /^Closed/)
    await details(number, /^All 3 set aside and the customer told: held for the delivery request until/)

    expectStatus(await shop.command(number, 'delivery-request', { ship_to: ADDRESS }), 200)
    await details(number, /^Delivery requested: waits for the customer's confirmation until/)
    const { delivery } = expectStatus(await shop.command(number, 'confirmation'), 200).body
    await details(number, new RegExp(`^Confirmed: ${delivery} takes it from here.$`))
    // What has no deadline any more is not found by the last one.
    await found(`Sku = '${sku}' AND Deadline IS NOT NULL`, [])
    await details(delivery, /^Booked as SC\d+: waits for the carrier to fetch it.$/)
    await carrier('POST', `/api/shipments/${delivery}/report`, { status: 'collected' })
    await details(delivery, /^On its way as SC\d+.$/)
    await details(number, new RegExp(`^On its way with ${delivery}.$`))
    await carrier('POST', `/api/shipments/${delivery}/report`, { status: 'delivered' })
    await details(number, /^Delivered.$/)
    await details(delivery, /^Delivered.$/)
    const all = [
      `order/${order}`,
      `back-order/${number}`,
      `delivery/${delivery}`,
      `purchase-order/${purchase}`,
    ]
    await found(`Sku = '${sku}'`, all)
    await found(`Sku = '${sku}' AND ExecutionStatus = 'Completed'`, all)

    // Histories read as stories: what each process is, and what each timer and step is there for.
    const summaries: Record<string, string> = {
      order: 'Order',
      'back-order': 'Back order',
      delivery: 'Delivery',
    }
    for (const number_ of [order, number, delivery]) {
      const description = await processOf(number_).describe()
      const kind = description.workflowId.split('/')[0] ?? ''
      expect(await description.staticSummary()).toBe(`${summaries[kind]} ${number_}`)
    }
    const steps = await summariesOf(number)
    expect(steps.timers).toEqual(
      expect.arrayContaining([
        expect.stringMatching(new RegExp(`^waiting: until ${isoTime}$`)),
        expect.stringMatching(new RegExp(`^met: until ${isoTime}$`)),
      ]),
    )
    expect(steps.activities).toEqual(
      expect.arrayContaining([
        'takes the delivery request and asks for the confirmation',
        'reduces the inventory and plans the delivery',
      ]),
    )
    expect([...steps.timers, ...steps.activities]).not.toContain(null)
    expect((await summariesOf(delivery)).activities).toContain('asks the carrier to fetch the parcel')
  })
})

/** The summaries of the timers and of the steps in a history; null for one without. */
async function summariesOf(
  number: string,
): Promise<{ timers: (string | null)[]; activities: (string | null)[] }> {
  const { events } = await processOf(number).fetchHistory()
  const told = (
    which:
      | 'timerStartedEventAttributes'
      | 'activityTaskScheduledEventAttributes'
      | 'markerRecordedEventAttributes',
  ) =>
    (events ?? [])
      .filter((event) => event[which])
      .map(({ userMetadata }) => {
        const data = userMetadata?.summary?.data
        return data ? (JSON.parse(new TextDecoder().decode(data)) as string) : null
      })
  return {
    timers: told('timerStartedEventAttributes'),
    activities: [...told('activityTaskScheduledEventAttributes'), ...told('markerRecordedEventAttributes')],
  }
}

describe('Cancel pressed in the Temporal UI runs the business cancellation (P4)', () => {
  test('of an order: what was held goes to the next in line, and the customer is told', async () => {
    const sku = await shop.item({ onHand: 2 })
    const order = expectStatus(
      await shop.order([{ sku, quantity: 3 }], { email: 'ui-order@example.test' }),
      201,
    )
    const next = await shop.backOrder(sku, 2)
    await processOf(order.body.number).cancel()
    const ended = await shop.until(order.body.number, (view) => view.state === 'cancelled')
    expect(ended.lines).toMatchObject([{ state: 'cancelled' }])
    expect(await shop.look(next.number)).toMatchObject({ state: 'met', allocated: 2 })
    await shop.mails('ui-order@example.test', /is cancelled/)
    await details(order.body.number, /^Cancelled\./)
    expect((await processOf(order.body.number).describe()).status.name).toBe('COMPLETED')
    const [event] = await house()
      .db`SELECT actor FROM events WHERE number = ${order.body.number} AND type = 'order.cancelled'`
    expect(event?.actor).toBe('operator:temporal')
  })

  test('of a back order: its units go to the next in line, and the customer is told', async () => {
    const { sku, number } = await metBackOrder('ui-back-order@example.test')
    const next = await shop.backOrder(sku, 1)
    await processOf(number).cancel()
    await shop.until(number, (view) => view.state === 'cancelled')
    expect(await shop.look(next.number)).toMatchObject({ state: 'met', allocated: 1 })
    await shop.mails('ui-back-order@example.test', /^Back order .* is cancelled/)
    expect(await shop.level(sku)).toEqual({ on_hand: 1, allocated: 1, outbound: 0, outstanding: 0 })
  })

  test('where it is too late, it becomes a notice, and the work goes on', async () => {
    await carrier('PUT', '/api/behaviour', { mode: 'hold' })
    const { number } = await metBackOrder('ui-late@example.test')
    expectStatus(await shop.command(number, 'delivery-request', { ship_to: ADDRESS }), 200)
    const { delivery } = expectStatus(await shop.command(number, 'confirmation'), 200).body
    await shop.until(delivery, (view) => view.state === 'booked')
    await carrier('POST', `/api/shipments/${delivery}/report`, { status: 'collected' })
    await shop.until(number, (view) => view.state === 'dispatched')
    await processOf(number).cancel()
    await processOf(delivery).cancel()
    await details(
      number,
      /^On its way with .*\n\nA cancellation was asked for here and refused: The back order is dispatched\.$/,
    )
    await details(
      delivery,
      /\n\nA cancellation was asked for here and refused: The delivery is dispatched\.$/,
    )
    expect(await shop.look(number)).toMatchObject({ state: 'dispatched' })
    await carrier('POST', `/api/shipments/${delivery}/report`, { status: 'delivered' })
    await shop.until(number, (view) => view.state === 'delivered')
    await details(number, /^Delivered\./)
  })

  test('of what cannot be cancelled, such as purchasing and a purchase order: the work goes on', async () => {
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 2 })
    const { number } = await shop.backOrder(sku, 1)
    await waitFor(
      'purchasing to gather',
      () => house().temporal.workflow.getHandle(`purchasing/${supplier.id}`).describe(),
      ({ status }) => status.name === 'RUNNING',
    )
    await house().temporal.workflow.getHandle(`purchasing/${supplier.id}`).cancel()
    expect(await reconcile(house())).toBeNull()
    const [row] = await waitFor(
      'the purchase order',
      () =>
        house().db<{ number: string }[]>`SELECT number FROM purchase_orders WHERE supplier = ${supplier.id}`,
      (rows) => rows.length > 0,
    )
    const purchase = row?.number ?? ''
    await details(purchase, /^Sent/)
    await processOf(purchase).cancel()
    await details(
      purchase,
      /\n\nA cancellation was asked for here; this process cannot be cancelled and went on\.$/,
    )
    expectStatus(await shop.bring(supplier, sku, 1), 201)
    await shop.until(number, (view) => view.state === 'met')
    await shop.until(purchase, (view) => view.state === 'closed')
    expectStatus(await shop.command(number, 'cancellation'), 200)
  })
})

describe('Terminate pressed in the Temporal UI does no harm (P4, A9)', () => {
  test('at every stage: reconcile starts the process again, and the story goes on to its end', async () => {
    await carrier('PUT', '/api/behaviour', { mode: 'hold' })
    const terminate = async (number: string) => {
      const handle = processOf(number)
      const { runId } = await handle.describe()
      await handle.terminate('an operator was curious')
      expect(await reconcile(house())).toBeNull()
      const again = await waitFor(
        `${number} to run again`,
        () => handle.describe(),
        (description) => description.status.name === 'RUNNING',
      )
      expect(again.runId).not.toBe(runId)
    }
    const sku = await shop.item()
    const supplier = await shop.supplier({ skus: [sku], gatherSeconds: 1 })
    const order = expectStatus(await shop.order([{ sku, quantity: 1 }]), 201).body.number
    await terminate(order)
    await details(order, /^1 line\(s\) short/)
    const answers = [{ line: 1, choice: 'wait_for_all', wait_period: 'PT10M', hold_period: 'PT11M' }]
    const answered = expectStatus(
      await shop.call('POST', `/v1/orders/${order}/answers`, { body: { answers } }),
      200,
    )
    const number: string = answered.body.lines[0].back_order
    const { deadline } = await shop.look(number)
    await terminate(number)
    expect((await shop.look(number)).deadline).toEqual(deadline)
    const [row] = await waitFor(
      'the purchase order',
      () =>
        house().db<{ number: string }[]>`SELECT number FROM purchase_orders WHERE supplier = ${supplier.id}`,
      (rows) => rows.length > 0,
    )
    await details(row?.number ?? '', /^Sent/)
    await terminate(row?.number ?? '')
    expectStatus(await shop.bring(supplier, sku, 1), 201)
    await shop.until(number, (view) => view.state === 'met')
    await terminate(number)
    expectStatus(await shop.command(number, 'delivery-request', { ship_to: ADDRESS }), 200)
    await terminate(number)
    const { delivery } = expectStatus(await shop.command(number, 'confirmation'), 200).body
    await shop.until(delivery, (view) => view.state === 'booked')
    await terminate(delivery)
    await terminate(number)
    await carrier('POST', `/api/shipments/${delivery}/report`, { status: 'collected' })
    await shop.until(number, (view) => view.state === 'dispatched')
    await terminate(delivery)
    await carrier('POST', `/api/shipments/${delivery}/report`, { status: 'delivered' })
    await shop.until(number, (view) => view.state === 'delivered')
    expect(await shop.level(sku)).toEqual({ on_hand: 0, allocated: 0, outbound: 0, outstanding: 0 })
    const shipments = (await (await fetch(new URL('/api/shipments', house().carrierUrl))).json()) as {
      reference: string
    }[]
    expect(shipments.filter(({ reference }) => reference.startsWith(delivery))).toHaveLength(1)
  })

  test('also when somebody sends a command before reconcile came: the command starts it', async () => {
    const { number } = await metBackOrder('ui-terminated@example.test')
    await processOf(number).terminate()
    expectStatus(await shop.command(number, 'delivery-request', { ship_to: ADDRESS }), 200)
    await details(number, /^Delivery requested/)
    await processOf(number).terminate()
    expectStatus(await shop.command(number, 'refusal'), 200)
    await details(number, /^Declined/)
  })
})

describe('signals', () => {
  test('repeated, empty, with contents, or unknown ones do no harm', async () => {
    const { sku, number } = await metBackOrder('ui-signals@example.test')
    const before = await shop.look(number)
    const handle = processOf(number)
    await Promise.all(Array.from({ length: 20 }, () => handle.signal('look')))
    await handle.signal('look', { state: 'delivered' }, 'nonsense', null)
    await handle.signal('nonsense', 1)
    await handle.signal('cancel')
    await details(number, /^All 1 set aside/)
    expect(await shop.look(number)).toEqual(before)
    expect(await shop.level(sku)).toEqual({ on_hand: 1, allocated: 1, outbound: 0, outstanding: 0 })
    expectStatus(await shop.command(number, 'cancellation'), 200)
    // To one that is over: there is nothing to wake, and a woken one sees that its row is final.
    await house().temporal.workflow.signalWithStart('backOrder', {
      taskQueue: 'holdfast',
      workflowId: `back-order/${number}`,
      args: [number],
      signal: 'look',
    })
    await details(number, /^Cancelled/)
  })
})

test('every history of this file can be replayed: whatever a worker forgot, it works out anew (A9)', async () => {
  await expectReplayable(house())
})
