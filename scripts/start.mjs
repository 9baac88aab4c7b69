/** `npm start`: installs and builds if that is needed, then runs the whole service. Needs nothing installed itself. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildIfNeeded } from './build-if-needed.mjs'

const HELP = `npm start [-- --empty] [-- --help]

Runs the whole service on this machine: Postgres, Temporal with its pages, API, worker, and stand-ins for the
mail server, a carrier, suppliers, dealers and an order processor. Its data is kept in .holdfast/ in this folder;
Ctrl-C stops everything.

  --empty   the first start fills in no sample data, only keys
  --help    this text

Environment:
  DATABASE_URL       a Postgres of your own, as postgres://user:password@host:port/database
  TEMPORAL_ADDRESS   a Temporal server of your own, as host:port; it must know the search attributes
                     OrderNumber, Stage, PartnerId (Keyword), Sku (KeywordList) and Deadline (Datetime)
`
const OLDEST_NODE = [20, 19]

const root = fileURLToPath(new URL('..', import.meta.url))
const options = process.argv.slice(2)
const strange = options.find((option) => !['--empty', '--help'].includes(option))
if (strange || options.includes('--help')) {
  if (strange) console.error(`There is no option ${strange}.\n`)
  console.log(HELP)
  process.exit(strange ? 2 : 0)
}

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  console.error(
    `Holdfast needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node} (${process.execPath}).`,
  )
  process.exit(1)
}

if (showRunning()) process.exit(0)
if (needsInstall()) await install()
const built = buildIfNeeded()
if (built !== 0) process.exit(built)
await handOver()

/** Before anything is changed below a service that runs from this folder. */
function showRunning() {
  const script = join(root, 'dist', 'local', 'show-running.js')
  if (!existsSync(join(root, '.holdfast', 'lock')) || !existsSync(script)) return false
  return spawnSync(process.execPath, [script], { stdio: ['ignore', 'inherit', 'ignore'] }).status === 0
}

function needsInstall() {
  const installed = join(root, 'node_modules', '.package-lock.json')
  return (
    !existsSync(installed) || statSync(installed).mtimeMs < statSync(join(root, 'package-lock.json')).mtimeMs
  )
}

async function install() {
  const since = Date.now()
  const say = () => console.log(`Installing packages … ${Math.round((Date.now() - since) / 1000)} s`)
  say()
  const timer = setInterval(say, 5000)
  // Not `npm ci`: it refuses a lock file that lacks the binaries of other platforms, which npm leaves out when the
  // registry that it was written with does not have them. This too installs what is locked, and changes no file.
  // The local stack is made of development packages, whatever NODE_ENV says.
  const code = await run('npm', [
    'install',
    '--no-save',
    '--include=dev',
    '--no-progress',
    '--loglevel=error',
  ])
  clearInterval(timer)
  if (code !== 0) process.exit(code)
}

async function handOver() {
  // By the channel the stack notices when this process is killed.
  process.exitCode = await run(process.execPath, [join(root, 'dist', 'local', 'stack.js'), ...options], 'ipc')
}

/** Runs a command in our place: it gets our signals, and we end as it does. */
function run(command, args, channel) {
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', ...(channel ? [channel] : [])],
  })
  const forward = (signal) => child.kill(signal)
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, forward)
  return new Promise((resolve) => {
    const finish = (code) => {
      for (const signal of signals) process.off(signal, forward)
      resolve(code)
    }
    child.on('error', (error) => {
      console.error(`${command} could not be started: ${error.message}`)
      finish(1)
    })
    child.on('exit', (code, signal) => finish(signal ? 1 : code))
  })
}
