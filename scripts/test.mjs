/** `npm test`: lint, build, unit tests, replay of recorded histories, integration tests; the last line counts the tests. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildIfNeeded } from './build-if-needed.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const reports = mkdtempSync(join(tmpdir(), 'holdfast-reports-'))
const counts = { passed: 0, failed: 0 }

// All of it even when something fails: one run shows everything that is wrong. Only without a build nothing can run.
// Lint goes on beside what does not fill two cores.
const linting = lintAside()
const build = await step('build', () => buildIfNeeded() === 0)
const unit = build && (await step('unit tests', () => vitest('unit')))
const replay = build && (await step('replay of recorded histories', () => vitest('replay')))
const lint = await step('lint, beside these', async () => {
  const { status, said } = await linting
  process.stdout.write(said)
  return status === 0
})
const integration = build && (await step('integration tests', () => vitest('integration')))
rmSync(reports, { recursive: true })

const succeeded = lint && build && unit && replay && integration && counts.passed > 0 && counts.failed === 0
process.exitCode = succeeded ? 0 : 1
console.log(`${counts.passed} passed, ${counts.failed} failed`)

async function step(name, action) {
  console.log(`\n== ${name}`)
  const since = performance.now()
  const succeeded = await action()
  console.log(
    `== ${name}: ${succeeded ? 'ok' : 'FAILED'} after ${((performance.now() - since) / 1000).toFixed(1)} s`,
  )
  return succeeded
}

/** Gives what it says as well, to be shown once it is over and not between the lines of the others. */
async function lintAside() {
  const lint = spawn('npm', ['run', '--silent', 'lint'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = []
  for (const stream of [lint.stdout, lint.stderr]) stream.on('data', (text) => said.push(text))
  const [status] = await once(lint, 'close')
  return { status, said: Buffer.concat(said) }
}

/** Whether the project's tests passed, and that there were any; a file that failed before its tests did counts as one. */
async function vitest(project) {
  const report = join(reports, `${project}.json`)
  const tests = spawn(
    join(root, 'node_modules', '.bin', 'vitest'),
    ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    { cwd: root, stdio: 'inherit' },
  )
  const [status] = await once(tests, 'exit')
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
