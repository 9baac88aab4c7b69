import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { waitForLock } from '../../src/local/file-lock.ts'
import { cacheFolder, onPath } from '../../src/local/places.ts'

/** The best first: a shell without windows takes half the processor time of a whole browser. */
const NAMES = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
]
const ON_A_MAC = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

type Say = (line: string) => void

/**
 * The path of a Chromium that runs: the one that `HOLDFAST_CHROMIUM` names, else one on the PATH or in its usual place,
 * else the one that Playwright has downloaded before. Where there is none, Debian's shell without windows is installed if we may.
 */
export async function chromiumProgram(say: Say): Promise<string> {
  const chosen = process.env.HOLDFAST_CHROMIUM
  if (chosen) {
    if (runs(chosen)) return chosen
    throw new Error(`HOLDFAST_CHROMIUM is ${chosen}, and that is no Chromium that runs.`)
  }
  const failure = present() ? null : await install(say)
  const found = present()
  if (found) return found
  throw new Error(
    [
      `There is no Chromium to test the pages in: ${failure ?? 'the one that was installed does not run'}.`,
      'Install Chromium or Chrome so that `chromium` or `google-chrome` is on the PATH, or set HOLDFAST_CHROMIUM to its path.',
    ].join('\n'),
  )
}

function present(): string | undefined {
  return [...NAMES.flatMap(onPath), ...ON_A_MAC, chromium.executablePath()].find(runs)
}

function runs(path: string): boolean {
  if (!existsSync(path)) return false
  try {
    const version = execFileSync(path, ['--version'], { encoding: 'utf8', stdio: 'pipe', timeout: 20_000 })
    return /Chrom(e|ium)/.test(version)
  } catch {
    return false
  }
}

/** Gives the reason when it did not succeed. */
async function install(say: Say): Promise<string | null> {
  const [aptGet] = onPath('apt-get').filter(existsSync)
  if (!aptGet) return 'it is installed by itself on Debian only'
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const folder = cacheFolder('chromium')
  mkdirSync(folder, { recursive: true })
  const lock = await waitForLock(join(folder, 'lock'), (waited) =>
    say(`another process is installing Chromium; waiting for it, ${waited} s`),
  )
  try {
    if (present()) return null
    for (const args of [
      ['update'],
      ['install', '-y', '--no-install-recommends', 'chromium-headless-shell'],
    ]) {
      const command = [
        ...asRoot,
        'env',
        'DEBIAN_FRONTEND=noninteractive',
        aptGet,
        '-q',
        // Other programs may be installing something, too.
        '-o',
        'DPkg::Lock::Timeout=300',
        ...args,
      ]
      say(`no Chromium to test the pages in: ${command.join(' ')}`)
      execFileSync(command[0] as string, command.slice(1), { stdio: 'inherit' })
    }
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    lock.release()
  }
}
