import { randomUUID } from 'node:crypto'
import { setImmediate as othersTurn } from 'node:timers/promises'
import { openStore } from '../../src/store/database.ts'
import { type Run, runSchedule } from '../../src/store/schedule.ts'
import { inStep } from '../../src/store/step.ts'

/**
 * The scheduler of a benchmark in a process of its own, as its worker would be, so that what its memory was at most can be
 * told. It makes one run for each message.
 */
export type Ran = {
  run: Run
  ms: number
  statements: number
  most_memory_mib: number
  longest_stretch_ms: number
}

const store = openStore({ url: process.env.DATABASE_URL ?? '', poolSize: 2, name: 'holdfast bench' })
let statements = 0
const { options } = (store.db as unknown as { $client: { options: { debug: unknown } } }).$client
options.debug = () => {
  statements += 1
}

process.on('message', () => {
  void once().then((ran) => process.send?.(ran))
})
process.once('disconnect', () => void store.close())

async function once(): Promise<Ran> {
  const step = randomUUID()
  const before = statements
  const start = performance.now()
  let last = start
  let longest = 0
  const run = await inStep(store.db, step, (tx) =>
    runSchedule(tx, step, async () => {
      longest = Math.max(longest, performance.now() - last)
      await othersTurn()
      last = performance.now()
    }),
  )
  return {
    run,
    ms: performance.now() - start,
    statements: statements - before,
    most_memory_mib: process.resourceUsage().maxRSS / 1_024,
    longest_stretch_ms: longest,
  }
}
