import { basename } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files in which something is killed or hurried: they mostly wait, for time-outs of Temporal and for `reconcile`. */
const WAITING = /kill|recovery|races|crossing|long-lives|start|payments|deliveries|erasure/

/** Whoever waits longest begins first, so that the others use the time, and none is left running alone at the end. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const waiting = (file: TestSpecification) => WAITING.test(basename(file.moduleId))
    return [...files.filter(waiting), ...files.filter((file) => !waiting(file))]
  }
}
