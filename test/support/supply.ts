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

/** A supplier who is played by the sample supplier's process: sent signed webhooks, and told by the test what to do. */
export async function sampleSupplier(
  shop: Shop,
  options: Parameters<Shop['supplier']>[0] & { mode: 'automatic' | 'manual'; sharedSecret?: string },
) {
  const { house } = shop
  const supplier = await shop.supplier(options)
  const path = `/api/suppliers/${supplier.id}`
  const webhookUrl = new URL(`/suppliers/${supplier.id}/webhooks`, house.supplierUrl).href
  await house.db`UPDATE suppliers SET channel = 'webhook', webhook_url = ${webhookUrl} WHERE id = ${supplier.id}`
  const tell = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(new URL(path, house.supplierUrl), {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answer = (await response.json()) as Answer['body']
    if (!response.ok) throw new Error(`the sample supplier answered ${JSON.stringify(answer)}`)
    return answer
  }
  await tell('PUT', path, {
    name: `Sample ${supplier.id}`,
    api_key: supplier.key,
    webhook_secret: options.sharedSecret ?? supplier.secret,
    mode: options.mode,
  })
  await tell('PUT', `${path}/behaviour`, { acknowledge_after_ms: 0, ship_after_ms: 0 })
  return {
    ...supplier,
    behave: (behaviour: object) => tell('PUT', `${path}/behaviour`, behaviour),
    /** Every webhook that it took, in the order of their arrival. */
    webhooks: async (): Promise<{ type: string; body: Answer['body']; received_at: string[] }[]> => {
      const webhooks = (await tell('GET', `${path}/webhooks`)) as {
        type: string
        body: Answer['body']
        received_at: string[]
      }[]
      return webhooks.sort((a, b) => (a.received_at[0] ?? '').localeCompare(b.received_at[0] ?? ''))
    },
    /** Makes it send a request about a purchase order, right or wrong; gives Holdfast's answer. */
    say: (number: string, what: 'acknowledge' | 'notice' | 'ship', body: object) =>
      tell('POST', `${path}/purchase-orders/${number}/${what}`, body) as Promise<{
        status: number
        body: Answer['body']
      }>,
  }
}

/** A supplier's word on the lines of a purchase order. */
export function acknowledge(
  shop: Shop,
  supplier: { key: string },
  number: string,
  lines: object[],
): Promise<Answer> {
  const path = `/v1/purchase-orders/${number}/acknowledgement`
  return shop.call('POST', path, { key: supplier.key, body: { lines } })
}
