import { basename } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that mostly wait: in them something is killed or put off, and time-outs of Temporal and `reconcile` take their time. */
const WAITING = /kill|recovery|races|crossing|long-lives|start|payments|deliveries|erasure|privacy/

/** Every other file is one that waits, as long as there are any: so those beside it have the machine, and none is left at the end. */
export class Interleaved extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const waits = (file: TestSpecification) => WAITING.test(basename(file.moduleId))
    const waiting = files.filter(waits)
    const busy = files.filter((file) => !waits(file))
    return files.flatMap((_, index) => [...waiting.slice(index, index + 1), ...busy.slice(index, index + 1)])
  }
}
