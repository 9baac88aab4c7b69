/** `npm test`: lint, build, unit tests, replay of recorded histories, integration tests; the last line counts the tests. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildIfNeeded } from './build-if-needed.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const reports = mkdtempSync(join(tmpdir(), 'holdfast-reports-'))
const counts = { passed: 0, failed: 0 }

// All of it even when something fails: one run shows everything that is wrong. Only without a build nothing can run.
const lint = step('lint', () => npm('lint') === 0)
const build = step('build', () => buildIfNeeded() === 0)
const unit = build && step('unit tests', () => vitest('unit'))
const replay = build && step('replay of recorded histories', () => vitest('replay'))
const integration = build && step('integration tests', () => vitest('integration'))
rmSync(reports, { recursive: true })

const succeeded = lint && build && unit && replay && integration && counts.passed > 0 && counts.failed === 0
process.exitCode = succeeded ? 0 : 1
console.log(`${counts.passed} passed, ${counts.failed} failed`)

function step(name, action) {
  console.log(`\n== ${name}`)
  const since = performance.now()
  const succeeded = action()
  console.log(
    `== ${name}: ${succeeded ? 'ok' : 'FAILED'} after ${((performance.now() - since) / 1000).toFixed(1)} s`,
  )
  return succeeded
}

function npm(script) {
  return spawnSync('npm', ['run', '--silent', script], { cwd: root, stdio: 'inherit' }).status
}

/** Whether the project's tests passed, and that there were any; a file that failed before its tests did counts as one. */
function vitest(project) {
  const report = join(reports, `${project}.json`)
  const { status } = spawnSync(
    join(root, 'node_modules', '.bin', 'vitest'),
    ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    { cwd: root, stdio: 'inherit' },
  )
  if (!existsSync(report)) return false
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
  const broken = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  const failed = numFailedTests + broken.length
  counts.passed += numPassedTests
  counts.failed += failed
  return status === 0 && failed === 0 && numPassedTests > 0
}
