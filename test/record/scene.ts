import { createHash, randomUUID } from 'node:crypto'
import type { House } from '../support/house.ts'
import { ADDRESS, type Answer, expectStatus, type Shop, waitFor } from '../support/shop.ts'

/** A way that a process can go: played through the API until it has ended, then kept. */
export type Path = (scene: Scene) => Promise<void>

export type Supplier = Awaited<ReturnType<Shop['supplier']>>
export type Subject = { sku: string; supplier: Supplier; number: string; order: string }

const LONG = { wait_period: 'PT30M', hold_period: 'PT30M' }

/** Where the paths are played: a house with a carrier that only reports when told to, and what most paths begin with. */
export class Scene {
  readonly house: House
  readonly shop: Shop
  readonly keep: (path: string, workflowId: string, run?: 'first' | 'last') => Promise<void>

  constructor(house: House, shop: Shop, keep: Scene['keep']) {
    this.house = house
    this.shop = shop
    this.keep = keep
  }

  /** A back order for two units of an item of which there is one. Its supplier is not asked by itself. */
  async waiting(periods: object = {}): Promise<Subject> {
    const sku = await this.shop.item({ onHand: 1 })
    const supplier = await this.shop.supplier({ skus: [sku], gatherSeconds: 3_600 })
    return { sku, supplier, ...(await this.shop.backOrder(sku, 2, { ...LONG, ...periods })) }
  }

  async met(periods: object = {}): Promise<Subject> {
    const subject = await this.waiting(periods)
    expectStatus(await this.shop.bring(subject.supplier, subject.sku, 1), 201)
    return subject
  }

  async requested(more: object = {}): Promise<Subject> {
    const subject = await this.met()
    await this.command(subject.number, 'delivery-request', { ship_to: ADDRESS, ...more })
    return subject
  }

  /** Confirmed; gives its delivery's number too. */
  async confirmed(more: object = {}): Promise<Subject & { delivery: string }> {
    const subject = await this.requested(more)
    const { delivery } = (await this.command(subject.number, 'confirmation')).body
    return { ...subject, delivery }
  }

  async booked(): Promise<Subject & { delivery: string }> {
    const subject = await this.confirmed()
    await this.until(subject.delivery, 'booked')
    return subject
  }

  /** A purchase order for one unit, just sent; the back order that needs it waits. */
  async sent(options: object = {}): Promise<Subject & { purchaseOrder: string }> {
    const sku = await this.shop.item({ onHand: 1 })
    const supplier = await this.shop.supplier({ skus: [sku], gatherSeconds: 1, ...options })
    const subject = { sku, supplier, ...(await this.shop.backOrder(sku, 2, LONG)) }
    const [row] = await waitFor(
      'the purchase order',
      () =>
        this.house.db<
          { number: string }[]
        >`SELECT number FROM purchase_orders WHERE supplier = ${supplier.id}`,
      (rows) => rows.length > 0,
    )
    return { ...subject, purchaseOrder: row?.number ?? '' }
  }

  async command(number: string, command: string, body: object = {}): Promise<Answer> {
    const answer = await this.shop.command(number, command, body)
    if (answer.status >= 300) throw new Error(`${command}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer
  }

  async acknowledge({ supplier, purchaseOrder }: { supplier: Supplier; purchaseOrder: string }, at: Date) {
    const lines = [{ line: 1, accepted: { quantity: 1, expected_at: at.toISOString() } }]
    const path = `/v1/purchase-orders/${purchaseOrder}/acknowledgement`
    expectStatus(await this.shop.call('POST', path, { key: supplier.key, body: { lines } }), 200)
  }

  operator(path: string, body: object, idempotencyKey: string = randomUUID()): Promise<Answer> {
    return this.shop.call('POST', `/v1/operator/${path}`, {
      key: this.shop.operatorKey,
      body,
      idempotencyKey,
    })
  }

  /** Counts an item's shelf; gives the workflow that booked the count. */
  async count(sku: string, counted: number, status = 200): Promise<string> {
    const key = randomUUID()
    expectStatus(
      await this.operator('stock-counts', { counts: [{ sku, counted }], reason: 'Counted' }, key),
      status,
    )
    const [row] = await this.house.db<{ command: string }[]>`
      SELECT command FROM idempotency_keys WHERE key = ${key}`
    return `stock-count/${row?.command}`
  }

  until(number: string, state: string): Promise<Answer['body']> {
    return this.shop.until(number, (view) => view.state === state, 60)
  }

  /** The workflow waits for something: it has shown this stage. */
  async untilShown(workflowId: string, stage: string): Promise<void> {
    const handle = this.house.temporal.workflow.getHandle(workflowId)
    await waitFor(
      `${workflowId} to show ${stage}`,
      async () => (await handle.describe()).searchAttributes.Stage?.[0],
      (shown) => shown === stage,
      60,
    )
  }

  /** What Temporal's own page does when somebody presses "cancel". */
  async cancelInTemporal(workflowId: string): Promise<void> {
    await this.house.temporal.workflow.getHandle(workflowId).cancel()
  }

  /** How new bookings meet the carrier from now on. */
  async carrierIs(behaviour: { mode: string; times?: number }): Promise<void> {
    await partner('PUT', new URL('/api/behaviour', this.house.carrierUrl), behaviour)
  }

  /** The carrier reports; `reference` is the delivery's number, from the second try on with the try. */
  async reports(reference: string, status: string): Promise<void> {
    const url = new URL(`/api/shipments/${encodeURIComponent(reference)}/report`, this.house.carrierUrl)
    await partner('POST', url, { status })
  }
}

/** The workflow that books what comes under this reference. */
export function restockOf(supplier: Supplier, reference: string): string {
  return `restock/${supplier.id}/${createHash('sha256').update(reference).digest('hex').slice(0, 24)}`
}

export function inSeconds(seconds: number): Date {
  return new Date(Date.now() + seconds * 1_000)
}

async function partner(method: string, url: URL, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method, headers, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${url.pathname}: ${answer.status} ${await answer.text()}`)
}
