/** `npm run bench -- <name> …`: builds the service and the benchmarks, then runs those that are named. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildIfNeeded } from './build-if-needed.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

process.exitCode =
  buildIfNeeded() ||
  run(join(root, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.bench.json']) ||
  run(process.execPath, [
    '--enable-source-maps',
    join('dist-bench', 'bench', 'run.js'),
    ...process.argv.slice(2),
  ])

function run(command, args) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status ?? 1
}
