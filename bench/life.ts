import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@temporalio/client'
import type { Sql } from 'postgres'
import { Caller, expectStatus } from './support/caller.ts'
import { cpuOf } from './support/cpu.ts'
import { listen } from './support/outside.ts'
import { atLeast, atMost, median, report, round } from './support/report.ts'
import { bench, newOrder, type Service, startProcess, startService } from './support/service.ts'
import { onStage, type Stage } from './support/stage.ts'

/**
 * Whole lives of back orders through the API, from an order that is short to its delivery, each with an item and a
 * supplier of its own, so that each has all seven workflows. Beside them, in turns on the same server: bare workflows with
 * the same messages, timers, search attributes and number of activities, which are empty, behind bare routes that take as
 * many requests. There are no books, no mails and no webhooks on that side. The figure to reach is against activities as
 * any Temporal program has them; that they run in the worker which has the workflow is something that the service does to
 * be quick, so the bare workflows that do so, too, are shown beside.
 */

const AT_ONCE = 30
const ROUNDS = Number(process.env.ROUNDS ?? 4)
const SECONDS = 24
const WARM_UP = 6
const WAYS = ['real', 'bare, activities', 'bare, local activities'] as const
type Way = (typeof WAYS)[number]

export const run = () => lives('life', (stage) => stage.temporal())

export async function lives(name: string, server: (stage: Stage) => Promise<string>): Promise<void> {
  await onStage(async (stage) => {
    const address = await server(stage)
    const expected = new Expected()
    const service = await startService(stage, address, { delivered: (reference) => expected.come(reference) })
    const webhooks = await stage.port()
    await listen(webhooks, (told: { type: string; data: { number: string; supplier: string } }) => {
      if (told.type === 'purchase_order.created') expected.come(told.data.supplier, told.data.number)
      return [200, {}]
    })
    await startProcess(stage, 'bare-worker', bench('bare/worker.js'), 'polling', {
      TEMPORAL_ADDRESS: address,
    })

    const partners = new Partners(service.sql, `http://127.0.0.1:${webhooks}`)
    const port = await stage.port()
    await startProcess(stage, 'bare-api', bench('bare/api.js'), 'listening', {
      TEMPORAL_ADDRESS: address,
      PORT: String(port),
    })
    const bareApi = new Caller(`http://127.0.0.1:${port}`)
    const ways: Record<Way, () => Promise<void>> = {
      real: async () => void (await live(service, expected, await partners.next())),
      'bare, activities': () => bareLife(bareApi, 'server'),
      'bare, local activities': () => bareLife(bareApi, 'worker'),
    }

    const sizes = await measureStory(service, expected, await partners.next())
    const bareSizes = {
      server: await measureBare(service.temporal, bareApi, 'server'),
      worker: await measureBare(service.temporal, bareApi, 'worker'),
    }
    // Until the code of all is compiled and their pools are open.
    for (const once of Object.values(ways)) await keepBusy(once)
    const rates: Record<string, number[]> = {}
    const used: Record<string, Record<string, number>> = {}
    for (let round = 0; round < ROUNDS; round++) {
      for (const [way, once] of Object.entries(ways)) {
        await partners.makeMore()
        const driver = process.cpuUsage()
        const before = new Map([...stage.pids].map(([name, pid]) => [name, cpuOf(pid)]))
        const { perSecond, total } = await keepBusy(once)
        await sleep(1_000)
        ;(rates[way] ??= []).push(perSecond)
        const sum = (used[way] ??= {})
        sum.lives = (sum.lives ?? 0) + total
        const { user, system } = process.cpuUsage(driver)
        sum.driver = (sum.driver ?? 0) + (user + system) / 1_000
        for (const [name, pid] of stage.pids)
          sum[name] = (sum[name] ?? 0) + cpuOf(pid) - (before.get(name) ?? 0)
        console.log(`${way}: ${round}, ${perSecond.toFixed(2)} a second`)
      }
    }
    const ratesOf = (way: Way) => rates[way] ?? []
    const ratio = (way: Way) =>
      median(ratesOf('real').map((rate, round) => rate / (ratesOf(way)[round] ?? 0)))
    const whole = total(sizes).events
    const backOrder = sizes.find((size) => size.workflow === 'back-order')
    report(name, {
      tables: {
        'The story of one back order in Temporal': [...sizes, total(sizes)],
        'The bare workflows, activities by the server': [...bareSizes.server, total(bareSizes.server)],
        'The bare workflows, local activities': [...bareSizes.worker, total(bareSizes.worker)],
        [`Lives a second, ${AT_ONCE} at a time (median of ${ROUNDS} interleaved rounds)`]: WAYS.map(
          (way) => ({
            way,
            'a second': round(median(ratesOf(way))),
            'real ÷ this': round(ratio(way)),
          }),
        ),
        'Processor time for one life (ms)': Object.entries(used).map(([way, { lives = 1, ...by }]) => ({
          way,
          ...Object.fromEntries(Object.entries(by).map(([name, ms]) => [name, round(ms / lives, 1)])),
        })),
      },
      goals: [
        atLeast('real ÷ bare, activities: orders a second', ratio('bare, activities'), 0.7),
        atMost('events of the back order', backOrder?.events ?? Number.NaN, 70),
        atMost('state transitions of the back order', backOrder?.transitions ?? Number.NaN, 45),
        atMost('events of the back order while it waits', backOrder?.waiting ?? Number.NaN, 20),
        atMost('events of the whole story', whole, 160),
      ],
      raw: { rates },
    })
  })
}

/** Things that others tell the driver of. */
class Expected {
  private readonly waiting = new Map<string, (value: string) => void>()
  private readonly came = new Map<string, string>()

  come(key: string, value = ''): void {
    const resolve = this.waiting.get(key)
    this.waiting.delete(key)
    if (resolve) resolve(value)
    else this.came.set(key, value)
  }

  async of(key: string): Promise<string> {
    const value = this.came.get(key)
    this.came.delete(key)
    if (value !== undefined) return value
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nothing was heard of ${key} for a minute`)), 60_000)
      this.waiting.set(key, (value) => {
        clearTimeout(timer)
        resolve(value)
      })
    })
  }
}

type Partner = { supplier: string; key: string; sku: string }

/** Suppliers with one item each, made ahead, so that making them is in nobody's way. */
class Partners {
  private readonly ready: Partner[] = []
  private readonly sql: Sql
  private readonly webhookUrl: string

  constructor(sql: Sql, webhookUrl: string) {
    this.sql = sql
    this.webhookUrl = webhookUrl
  }

  async next(): Promise<Partner> {
    const partner = this.ready.pop()
    if (partner) return partner
    await this.makeMore()
    return this.next()
  }

  async makeMore(): Promise<void> {
    const missing = 500 - this.ready.length
    if (missing <= 0) return
    const made = Array.from({ length: missing }, () => {
      const id = randomBytes(6).toString('hex')
      return {
        supplier: `sup-${id}`,
        sku: `LIFE-${id}`,
        key: `hf_supplier_${randomBytes(24).toString('base64url')}`,
      }
    })
    const rows = made.map(({ key, ...row }) => ({
      ...row,
      hash: createHash('sha256').update(key).digest('hex'),
    }))
    const { sql } = this
    const from = sql`FROM jsonb_to_recordset(${sql.json(rows)}::jsonb) AS r(supplier text, sku text, hash text)`
    await sql.begin(async (tx) => {
      await tx`INSERT INTO suppliers (id, name, channel, webhook_url, webhook_secret, gather_seconds, acknowledge_seconds, remind_seconds, overdue_seconds, pass_over_seconds)
               SELECT supplier, supplier, 'webhook', ${this.webhookUrl}, ${`whsec_${randomBytes(24).toString('base64')}`}, 1, 86400, 86400, 86400, 86400 ${from}`
      await tx`INSERT INTO items (sku, name, price_minor, currency, back_orderable) SELECT sku, sku, 1999, 'EUR', true ${from}`
      await tx`INSERT INTO stock_levels (sku) SELECT sku ${from}`
      await tx`INSERT INTO supplier_items (supplier, sku, rank, lead_seconds, pack_size, price_minor, currency) SELECT supplier, sku, 1, 86400, 1, 999, 'EUR' ${from}`
      await tx`INSERT INTO api_keys (role, partner, name, hash) SELECT 'supplier', supplier, 'bench', decode(hash, 'hex') ${from}`
    })
    this.ready.push(...made)
  }
}

type Lived = { order: string; backOrder: string; purchaseOrder: string; delivery: string }

/** One life through the API, as storefront, supplier and carrier. */
async function live(
  service: Service,
  expected: Expected,
  { supplier, key, sku }: Partner,
  whileWaiting?: (backOrder: string) => Promise<void>,
): Promise<Lived> {
  const ordered = expectStatus(await service.post('storefront', '/v1/orders', newOrder(sku, 3)), 201)
  const order = ordered.body.number as string
  const [{ expected_at }] = ordered.body.lines
  const answered = expectStatus(
    await service.post('storefront', `/v1/orders/${order}/answers`, {
      answers: [{ line: 1, choice: 'wait_for_all' }],
    }),
    200,
  )
  const backOrder = answered.body.lines[0].back_order as string
  const purchaseOrder = await expected.of(supplier)
  const accepted = { quantity: 3, expected_at }
  expectStatus(
    await service.post({ key }, `/v1/purchase-orders/${purchaseOrder}/acknowledgement`, {
      lines: [{ line: 1, accepted }],
    }),
    200,
  )
  await whileWaiting?.(backOrder)
  const lines = [{ sku, received: 3, purchase_order: purchaseOrder }]
  expectStatus(await service.post({ key }, '/v1/inventory-updates', { reference: randomUUID(), lines }), 201)
  const { ship_to } = newOrder(sku, 1) as { ship_to: object }
  const path = `/v1/back-orders/${backOrder}`
  expectStatus(await service.post('storefront', `${path}/delivery-request`, { ship_to }), 200)
  const confirmed = expectStatus(await service.post('storefront', `${path}/confirmation`, {}), 200)
  const delivery = confirmed.body.delivery as string
  await expected.of(delivery)
  return { order, backOrder, purchaseOrder, delivery }
}

/** The same requests to bare routes, in which the same messages go to bare workflows. */
async function bareLife(bare: Caller, where: 'server' | 'worker', id = randomUUID()): Promise<void> {
  const text = JSON.stringify(newOrder('LIFE-bare', 3))
  const post = (request: string) => bare.post(`/lives/${where}/${id}/${request}`, text)
  expectStatus(await post('orders'), 201)
  expectStatus(await post('answers'), 200)
  // The second for which the service gathers demand.
  await sleep(1_200)
  expectStatus(await post('purchase-orders'), 201)
  for (const request of ['acknowledgement', 'inventory-update', 'delivery-request', 'confirmation'])
    expectStatus(await post(request), 200)
  await sleep(100)
  for (const request of ['report', 'report']) expectStatus(await post(request), 200)
}

/** As many at a time as wanted, for a while; counts what ends once it has warmed up. */
async function keepBusy(once: () => Promise<void>): Promise<{ perSecond: number; total: number }> {
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1_000
  let total = 0
  let counted = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async (_, index) => {
      // Not all in step.
      await sleep((index / AT_ONCE) * WARM_UP * 500)
      while (seconds() < SECONDS) {
        await once()
        total += 1
        if (seconds() > WARM_UP && seconds() <= SECONDS) counted += 1
      }
    }),
  )
  return { perSecond: counted / (SECONDS - WARM_UP), total }
}

type Size = {
  workflow: string
  events: number
  /** Workflow tasks that were done, and activities in the worker that has the workflow. */
  tasks: number
  localActivities: number
  transitions?: number
  waiting?: number
}

/** Lives once, alone, and counts what each workflow of the story left in Temporal. */
async function measureStory(service: Service, expected: Expected, partner: Partner): Promise<Size[]> {
  const { temporal } = service
  let waiting = 0
  const lived = await live(service, expected, partner, async (backOrder) => {
    await sleep(2_000)
    waiting = (await temporal.workflow.getHandle(`back-order/${backOrder}`).describe()).historyLength
  })
  await sleep(3_000)
  const ids = [
    `order/${lived.order}`,
    `back-order/${lived.backOrder}`,
    `purchasing/${partner.supplier}`,
    `promises/${partner.sku}`,
    `purchase-order/${lived.purchaseOrder}`,
    `delivery/${lived.delivery}`,
  ]
  for await (const { workflowId } of temporal.workflow.list({
    query: `WorkflowId STARTS_WITH 'restock/${partner.supplier}/'`,
  }))
    ids.push(workflowId)
  const sizes = await Promise.all(ids.map((id) => sizeOf(temporal, id)))
  return sizes.map((size) => (size.workflow === 'back-order' ? { ...size, waiting } : size))
}

async function measureBare(temporal: Client, bareApi: Caller, where: 'server' | 'worker'): Promise<Size[]> {
  const id = randomUUID()
  await bareLife(bareApi, where, id)
  await sleep(1_000)
  const kinds = ['order', 'backOrder', 'purchasing', 'purchaseOrder', 'promises', 'delivery', 'restock']
  return Promise.all(kinds.map((kind) => sizeOf(temporal, `${kind}/${id}`)))
}

async function sizeOf(temporal: Client, id: string): Promise<Size> {
  const handle = temporal.workflow.getHandle(id)
  const { status, raw } = await handle.describe()
  if (status.name !== 'COMPLETED') throw new Error(`${id} is ${status.name}`)
  const { events } = await handle.fetchHistory()
  const count = (attributes: 'workflowTaskCompletedEventAttributes' | 'markerRecordedEventAttributes') =>
    events?.filter((event) => event[attributes]).length ?? 0
  return {
    workflow: id.slice(0, id.indexOf('/')),
    events: events?.length ?? 0,
    tasks: count('workflowTaskCompletedEventAttributes'),
    localActivities: count('markerRecordedEventAttributes'),
    transitions: Number(raw.workflowExecutionInfo?.stateTransitionCount),
  }
}

function total(sizes: Size[]): Size {
  const sum = (of: (size: Size) => number) => sizes.reduce((so, size) => so + of(size), 0)
  return {
    workflow: 'all',
    events: sum((size) => size.events),
    tasks: sum((size) => size.tasks),
    localActivities: sum((size) => size.localActivities),
  }
}
