import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { built } from '../../src/local/places.ts'
import { startPostgres } from '../../src/local/postgres.ts'
import { temporalCli } from '../../src/local/temporal-cli.ts'
import build from './build.ts'
import { chromiumProgram } from './chromium-program.ts'
import {
  makeRunFolder,
  recordServer,
  removeAbandonedRuns,
  removeRunFolder,
  reservePort,
} from './run-folder.ts'

const TEMPLATE = 'template_migrated'

declare module 'vitest' {
  interface ProvidedContext {
    runFolder: string
    temporalExecutable: string
    /** Where the browser is, or why there is none: only the tests of pages fail then. */
    chromium: { path: string } | { missing: string }
    postgresUrl: string
    templateDatabase: string
  }
}

/** Once before all integration tests: a build, a Temporal CLI, a browser, and a Postgres with a migrated database to copy. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  build()
  const say = (line: string) => console.log(line)
  const temporalExecutable = await temporalCli(say)
  const chromium = await chromiumProgram(say).then(
    (path) => ({ path }),
    (error: Error) => ({ missing: error.message }),
  )
  await removeAbandonedRuns()

  const runFolder = makeRunFolder()
  try {
    const postgres = await startPostgres({
      folder: join(runFolder, 'postgres'),
      port: await reservePort(runFolder),
      fast: true,
      launched: (identity) => recordServer(runFolder, identity),
    })
    await postgres.createDatabase(TEMPLATE)
    migrate(postgres.url(TEMPLATE))

    project.provide('runFolder', runFolder)
    project.provide('temporalExecutable', temporalExecutable)
    project.provide('chromium', chromium)
    project.provide('postgresUrl', postgres.url('postgres'))
    project.provide('templateDatabase', TEMPLATE)
    return async () => {
      await postgres.stop()
      await removeRunFolder(runFolder)
    }
  } catch (error) {
    await removeRunFolder(runFolder)
    throw error
  }
}

function migrate(databaseUrl: string): void {
  execFileSync(process.execPath, [built('migrate.js')], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
