/**
 * Builds when there is no build of exactly these sources. Goes by content and not by time, because a checkout
 * or a copy of the folder changes times. Needs nothing installed to decide.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = join(root, 'dist', 'sources.sha256')

/** Gives the exit code of the build, 0 when there was nothing to do. */
export function buildIfNeeded() {
  const sources = hashOfSources()
  const isBuilt = existsSync(stamp) && existsSync(join(root, 'dist', 'workflow-bundle.js'))
  if (isBuilt && readFileSync(stamp, 'utf8') === sources) return 0
  console.log('Building …')
  const build = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' })
  if (build.status === 0) writeFileSync(stamp, sources)
  return build.status ?? 1
}

function hashOfSources() {
  const hash = createHash('sha256')
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'].map((name) =>
    join(root, name),
  )
  for (const file of [...sources, ...settings].toSorted((a, b) => (a < b ? -1 : 1)))
    hash.update(file.slice(root.length)).update(readFileSync(file))
  return hash.digest('hex')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = buildIfNeeded()
