import type { House } from './house.ts'
import { type Answer, expectStatus, type Shop, waitFor } from './shop.ts'

/**
 * Stops the schedule that makes good what was missed. What then reaches a process got there by the transaction that
 * called for it, and no failure to wake somebody stays hidden.
 */
export async function withoutReconcile(house: House): Promise<void> {
  await house.temporal.schedule.getHandle('reconcile/holdfast').pause('a test looks at the wakes alone')
}

/** The purchase orders made out to a supplier, oldest first, once there are so many. */
export async function purchaseOrders(
  shop: Shop,
  supplier: { id: string },
  count: number,
): Promise<Answer['body'][]> {
  const rows = await waitFor(
    `${count} purchase order(s) to ${supplier.id}`,
    () =>
      shop.house.db<{ number: string }[]>`
        SELECT number FROM purchase_orders WHERE supplier = ${supplier.id} ORDER BY created_at, number`,
    (rows) => rows.length >= count,
    30,
  )
  if (rows.length > count) throw new Error(`${rows.length} purchase orders to ${supplier.id}, not ${count}`)
  return Promise.all(rows.map((row) => shop.look(row.number)))
}

/** Waits until purchasing from a supplier has nothing on its mind: no wake for it is left, and it has ended. */
export async function purchasingIsOver(house: House, supplier: { id: string }): Promise<void> {
  const workflow = `purchasing/${supplier.id}`
  await waitFor(
    `${workflow} to end`,
    async () => {
      const wakes = await house.db`SELECT id FROM wakes WHERE workflow = ${workflow}`
      if (wakes.length > 0) return 'woken'
      const { status } = await house.temporal.workflow.getHandle(workflow).describe()
      return status.name
    },
    (status) => status === 'COMPLETED',
    30,
  )
}

/** What a purchase order's line asks for now. */
export function quantities(order: Answer['body']): number[] {
  return order.lines.map((line: { quantity: number }) => line.quantity)
}

/** Back orders whose demand arises at the same moment, so that one purchase order gathers it; their numbers. */
export async function backOrdersAtOnce(
  shop: Shop,
  lines: { sku: string; quantity: number }[],
): Promise<string[]> {
  const orders = await Promise.all(lines.map((line) => shop.order([line])))
  const answers = await Promise.all(
    orders.map((order) =>
      shop.call('POST', `/v1/orders/${expectStatus(order, 201).body.number}/answers`, {
        body: { answers: [{ line: 1, choice: 'wait_for_all' }] },
      }),
    ),
  )
  return answers.map((answer) => expectStatus(answer, 200).body.lines[0].back_order)
}
