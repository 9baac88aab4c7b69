import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The clone: the nearest folder above with a package.json, from `src`, `dist` and `dist-bench` alike. */
export const ROOT = join(clone(dirname(fileURLToPath(import.meta.url))), '/')

function clone(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : clone(dirname(folder))
}

/** A built file. Processes are always started from the build, also by tests that themselves run from `src`. */
export function built(path: string): string {
  return join(ROOT, 'dist', path)
}
