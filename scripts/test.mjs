/** `npm test`: build; integration tests, and beside them lint, unit tests, replay of recorded histories; the last line counts the tests. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildIfNeeded } from './build-if-needed.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const reports = mkdtempSync(join(tmpdir(), 'holdfast-reports-'))
const counts = { passed: 0, failed: 0 }

// All of it even when something fails: one run shows everything that is wrong. Only without a build no test can run.
// Most of the time goes to the integration tests, which wait now and then: whatever needs no whole house fills the gaps.
const build = await step('build', async () => buildIfNeeded() === 0)
const [integration, rest] = await Promise.all([
  build && step('integration tests', () => vitest('integration', shown)),
  beside(),
])
rmSync(reports, { recursive: true })

const succeeded = build && integration && rest && counts.passed > 0 && counts.failed === 0
process.exitCode = succeeded ? 0 : 1
console.log(`${counts.passed} passed, ${counts.failed} failed`)

async function beside() {
  const lint = await step('lint', () => inTheGaps('npm', ['run', '--silent', 'lint']))
  const unit = build && (await step('unit tests', () => vitest('unit', inTheGaps)))
  const replay = build && (await step('replay of recorded histories', () => vitest('replay', inTheGaps)))
  return lint && unit && replay
}

async function step(name, action) {
  console.log(`\n== ${name}`)
  const since = performance.now()
  const succeeded = await action()
  console.log(
    `== ${name}: ${succeeded ? 'ok' : 'FAILED'} after ${((performance.now() - since) / 1000).toFixed(1)} s`,
  )
  return succeeded
}

/** Whether it ended well; it says what it has to say as it goes. */
async function shown(command, args) {
  const [status] = await once(spawn(command, args, { cwd: root, stdio: 'inherit' }), 'exit')
  return status === 0
}

/** The same while others are in sight and have the machine first: what it says is shown once it is over, in one piece. */
async function inTheGaps(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  setPriority(child.pid, 5)
  const said = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => said.push(text))
  const [status] = await once(child, 'close')
  process.stdout.write(Buffer.concat(said))
  return status === 0
}

/** Whether the project's tests passed, and that there were any; a file that failed before its tests did counts as one. */
async function vitest(project, run) {
  const report = join(reports, `${project}.json`)
  const ended = await run(join(root, 'node_modules', '.bin', 'vitest'), [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ])
  if (!existsSync(report)) return false
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
  const broken = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  const failed = numFailedTests + broken.length
  counts.passed += numPassedTests
  counts.failed += failed
  return ended && failed === 0 && numPassedTests > 0
}
