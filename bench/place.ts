import { setTimeout as sleep } from 'node:timers/promises'
import { Caller, expectStatus } from './support/caller.ts'
import { cpuOf } from './support/cpu.ts'
import { atMost, percentile, report, round } from './support/report.ts'
import { addItem, bench, newOrder, startProcess, startService } from './support/service.ts'
import { onStage } from './support/stage.ts'

/**
 * Placing an order for an item that is there (POST /v1/orders until its 201) beside a bare update-with-start with one
 * empty activity, behind a bare Hono route, called by the same client on the same server, one at a time and eight at once.
 * After each answer there is a pause, on both sides the same, so that what an order sets going afterwards (the delivery,
 * the mails) is not in the next one's way.
 */

const ROUNDS = Number(process.env.ROUNDS ?? 20)
const SKUS = Array.from({ length: 20 }, (_, index) => `PLACE-${index}`)
const AT_ONCE = { 1: { each: 10, pause: 150 }, 8: { each: 4, pause: 1_000 } } as const

export async function run(): Promise<void> {
  await onStage(async (stage) => {
    const address = await stage.temporal()
    const service = await startService(stage, address)
    for (const sku of SKUS) await addItem(service.sql, sku, 1_000_000)
    await startProcess(stage, 'bare-worker', bench('bare/worker.js'), 'polling', {
      TEMPORAL_ADDRESS: address,
    })
    const port = await stage.port()
    await startProcess(stage, 'bare-api', bench('bare/api.js'), 'listening', {
      TEMPORAL_ADDRESS: address,
      PORT: String(port),
    })
    const bare = new Caller(`http://127.0.0.1:${port}`)
    const order = () => newOrder(SKUS[Math.floor(Math.random() * SKUS.length)] ?? '', 1)
    const ways = {
      order: () => service.post('storefront', '/v1/orders', order()),
      'bare, activity': () => bare.post('/place/server', JSON.stringify(order())),
      'bare, local activity': () => bare.post('/place/worker', JSON.stringify(order())),
    }

    const times: Record<string, number[]> = {}
    const used: Record<string, Record<string, number>> = {}
    for (let round = -2; round < ROUNDS; round++) {
      for (const [clients, { each, pause }] of Object.entries(AT_ONCE)) {
        for (const [way, once] of Object.entries(ways)) {
          const before = new Map([...stage.pids].map(([name, pid]) => [name, cpuOf(pid)]))
          for (let time = 0; time < each; time++) {
            const answers = await Promise.all(Array.from({ length: Number(clients) }, once))
            for (const answer of answers) expectStatus(answer, 201)
            if (round >= 0) (times[`${way}, ${clients}`] ??= []).push(...answers.map(({ ms }) => ms))
            await sleep(pause)
          }
          if (round < 0) continue
          const sum = (used[way] ??= {})
          sum.answers = (sum.answers ?? 0) + each * Number(clients)
          for (const [name, pid] of stage.pids)
            sum[name] = (sum[name] ?? 0) + cpuOf(pid) - (before.get(name) ?? 0)
        }
      }
      process.stdout.write('.')
    }

    const of = (way: string, clients: string, share: number) =>
      percentile(times[`${way}, ${clients}`] ?? [], share)
    const counts = Object.keys(AT_ONCE)
    report('place', {
      tables: {
        'Until the answer (ms)': counts.flatMap((clients) =>
          Object.keys(ways).map((way) => ({
            'at once': Number(clients),
            way,
            p50: round(of(way, clients, 50), 1),
            p95: round(of(way, clients, 95), 1),
            'order ÷ this, p50': round(of('order', clients, 50) / of(way, clients, 50)),
            'order ÷ this, p95': round(of('order', clients, 95) / of(way, clients, 95)),
            answers: times[`${way}, ${clients}`]?.length,
          })),
        ),
        'Processor time for one, with what follows it in the background (ms)': Object.entries(used).map(
          ([way, { answers = 1, ...by }]) => ({
            way,
            ...Object.fromEntries(Object.entries(by).map(([name, ms]) => [name, round(ms / answers, 1)])),
          }),
        ),
      },
      // Against an activity as any Temporal program has it; the local one is shown beside.
      goals: counts.flatMap((clients) =>
        [50, 95].map((share) =>
          atMost(
            `order ÷ bare, activity: p${share}, ${clients} at once`,
            of('order', clients, share) / of('bare, activity', clients, share),
            2,
          ),
        ),
      ),
      raw: times,
    })
  })
}
