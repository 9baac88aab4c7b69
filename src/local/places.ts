import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
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

/** Where something that is fetched, built or installed once belongs, outside the clone. */
export function cacheFolder(name: string): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'holdfast', name)
}

/** Where programs of this name may be, in the order of the PATH. */
export function onPath(name: string): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  return folders.map((folder) => join(folder, name))
}
