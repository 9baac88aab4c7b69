import { basename } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Without an API, then without a worker: first, when there is none yet that would have to be killed for them. */
const UNPEOPLED = [
  'allocation',
  'promises',
  'lost-connections',
  'bad-plan',
  'configurations',
  'order-bank',
  'crossing',
  'two-buyers',
]

/** Files that mostly wait: in them something is killed or put off, and time-outs of Temporal and `reconcile` take their time. */
const WAITING = /kill|recovery|^payments|deliveries|erasure|privacy|failing-steps/

/** Those that take longest, of either kind, the longest first: none of them is left at the end. */
const LONG = [
  'races',
  'receipts',
  'schedule',
  'payments',
  'payment-kill',
  'kill',
  'vehicle-recovery',
  'vehicle-payments',
  'privacy',
  'erasure-races',
  'deliveries',
  'recovery',
  'start',
  'temporal-cloud',
  'custom-orders',
  'purchasing',
  'demo',
  'real-browser',
  'order-page',
  'long-lives',
  'tag-races',
  'temporal-ui',
  'ways-out',
  'purchase-orders',
]

/** How many of the others there are for each file that waits, so that there are some beside each until the end. */
const OTHERS = 2

/** After those that nobody is to be killed for, files that wait are spread among the others, which have the machine meanwhile. */
export class Interleaved extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const nameOf = (file: TestSpecification) => basename(file.moduleId, '.test.ts')
    const inOrderOf = (names: readonly string[]) => {
      const placeOf = (file: TestSpecification) =>
        names.includes(nameOf(file)) ? names.indexOf(nameOf(file)) : names.length
      return (one: TestSpecification, other: TestSpecification) => placeOf(one) - placeOf(other)
    }
    const first = files.filter((file) => UNPEOPLED.includes(nameOf(file))).sort(inOrderOf(UNPEOPLED))
    const others = files.filter((file) => !first.includes(file)).sort(inOrderOf(LONG))
    const waiting = others.filter((file) => WAITING.test(nameOf(file)))
    const busy = others.filter((file) => !waiting.includes(file))
    return [
      ...first,
      ...others.flatMap((_, index) => [
        ...waiting.slice(index, index + 1),
        ...busy.slice(index * OTHERS, (index + 1) * OTHERS),
      ]),
    ]
  }
}
