import { basename } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Without an API, then without a worker: first, when there is none yet that would have to be killed for them. */
const UNPEOPLED = ['allocation', 'promises', 'bad-plan', 'configurations', 'order-bank', 'crossing']

/** Files that mostly wait: in them something is killed or put off, and time-outs of Temporal and `reconcile` take their time. */
const WAITING = /kill|recovery|races|crossing|long-lives|start|payments|deliveries|erasure|privacy/

/** Those that take longest, of either kind, the longest first: none of them is left at the end. */
const LONG = [
  'receipts',
  'schedule',
  'temporal-cloud',
  'temporal-ui',
  'payment-kill',
  'payments',
  'deliveries',
  'erasure-races',
]

/**
 * After those that nobody is to be killed for, every other file is one that waits, as long as there are any: so those
 * beside it have the machine, and none is left at the end.
 */
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
      ...others.flatMap((_, index) => [...waiting.slice(index, index + 1), ...busy.slice(index, index + 1)]),
    ]
  }
}
