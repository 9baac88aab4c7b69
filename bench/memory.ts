import { setTimeout as sleep } from 'node:timers/promises'
import { expectStatus } from './support/caller.ts'
import { memoryOf } from './support/cpu.ts'
import { atMost, report, round } from './support/report.ts'
import { addItem, newOrder, startService } from './support/service.ts'
import { onStage } from './support/stage.ts'

/**
 * What a worker's memory does while ever more back orders wait. Its cache holds 200 workflows; beyond that a waiting one
 * costs it nothing, until it is woken and worked out anew from its history. The heap is kept small: with room to spare,
 * what is resident says how long ago garbage was last collected, and not what is needed.
 */

const CACHE = 200
const HEAP_MIB = 256
const STEPS = [500, 1_000, 2_000, 3_000]
const AT_ONCE = 10
const SKU = 'MEMORY'

export async function run(): Promise<void> {
  await onStage(async (stage) => {
    const service = await startService(stage, await stage.temporal(), {
      worker: { MAX_CACHED_WORKFLOWS: String(CACHE), NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` },
    })
    await addItem(service.sql, SKU, 0)
    const { pid } = service.worker.identity
    const rows: { waiting: number; 'resident, MiB': number; 'a back order alone, ms': number }[] = []
    let waiting = 0
    const backOrder = async () => {
      const ordered = expectStatus(await service.post('storefront', '/v1/orders', newOrder(SKU, 1)), 201)
      const answers = [{ line: 1, choice: 'wait_for_all' }]
      const path = `/v1/orders/${ordered.body.number}/answers`
      return expectStatus(await service.post('storefront', path, { answers }), 200)
    }
    for (const target of STEPS) {
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          while (waiting < target) {
            waiting += 1
            await backOrder()
          }
        }),
      )
      // Mails, and the garbage of the busy time.
      await sleep(10_000)
      const start = performance.now()
      await backOrder()
      waiting += 1
      rows.push({
        waiting,
        'resident, MiB': round(memoryOf(pid), 0),
        'a back order alone, ms': round(performance.now() - start, 0),
      })
      console.log(rows.at(-1))
    }
    const [first, last] = [rows[0], rows.at(-1)]
    const [row] =
      await service.sql`SELECT count(*)::integer AS waiting FROM back_orders WHERE state = 'waiting'`
    report('memory', {
      tables: {
        [`A worker with ${CACHE} cached workflows and a heap of ${HEAP_MIB} MiB (${row?.waiting} back orders wait)`]:
          rows,
      },
      goals: [
        atMost(
          `memory at ${STEPS.at(-1)} ÷ at ${STEPS[0]} waiting`,
          (last?.['resident, MiB'] ?? Number.NaN) / (first?.['resident, MiB'] ?? Number.NaN),
          1.15,
        ),
      ],
    })
  })
}
