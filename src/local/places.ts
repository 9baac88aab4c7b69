import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The clone: this file is two folders below it, in `src/local` as in `dist/local`. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A built file. Processes are always started from the build, also by tests that themselves run from `src`. */
export function built(path: string): string {
  return join(ROOT, 'dist', path)
}
