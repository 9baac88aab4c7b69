import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../../src/local/places.ts'

/** Before tests that run what is built: a build of exactly these sources. */
export default function build(): void {
  execFileSync(process.execPath, [join(ROOT, 'scripts', 'build-if-needed.mjs')], { stdio: 'inherit' })
}
