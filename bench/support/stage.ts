import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { lastLines } from '../../src/local/log-files.ts'
import { built } from '../../src/local/places.ts'
import { type PostgresServer, startPostgres } from '../../src/local/postgres.ts'
import { temporalCli } from '../../src/local/temporal-cli.ts'
import { startTemporalServer } from '../../src/local/temporal-server.ts'
import {
  makeRunFolder,
  recordServer,
  removeAbandonedRuns,
  removeRunFolder,
  reservePort,
} from '../../test/support/run-folder.ts'

/** Where a benchmark runs: a temporary folder with servers of its own, taken down at the end. */
export type Stage = {
  readonly folder: string
  port: () => Promise<number>
  /** A Postgres with full durability (every commit waits for the disk) and the memory of a small server, not of a laptop. */
  postgres: (name?: string) => Promise<PostgresServer>
  /** A Temporal development server that keeps its data in memory; gives its address. */
  temporal: () => Promise<string>
  /** The processes on the stage by name, for counting what each of them uses. */
  readonly pids: Map<string, number>
  /** To be undone at the end, last first. */
  atEnd: (undo: () => Promise<unknown>) => void
}

export async function onStage(play: (stage: Stage) => Promise<void>): Promise<void> {
  await removeAbandonedRuns()
  const folder = makeRunFolder()
  const undo: (() => Promise<unknown>)[] = [() => removeRunFolder(folder)]
  const port = () => reservePort(folder)
  const pids = new Map<string, number>()
  const stage: Stage = {
    folder,
    port,
    pids,
    atEnd: (step) => undo.push(step),
    postgres: async (name = 'postgres') => {
      const home = join(folder, name)
      mkdirSync(home)
      const server = await startPostgres({
        folder: home,
        port: await port(),
        launched: (identity) => recordServer(folder, identity),
      })
      undo.push(() => server.stop())
      const sql = postgres(server.url('postgres'), { max: 1 })
      await sql`ALTER SYSTEM SET shared_buffers = '1GB'`
      await sql`ALTER SYSTEM SET max_wal_size = '4GB'`
      await sql.end()
      await server.stop()
      await server.start()
      pids.set(name, server.identity.pid)
      return server
    },
    temporal: async () => {
      const server = await startTemporalServer({
        executable: await temporalCli((line) => console.log(line)),
        port: await port(),
        logFile: join(folder, 'temporal.log'),
        launched: (identity) => recordServer(folder, identity),
      })
      undo.push(() => server.kill())
      pids.set('temporal', server.identity.pid)
      return server.address
    },
  }
  try {
    await play(stage)
  } catch (error) {
    showLogs(join(folder, 'logs'))
    throw error
  } finally {
    for (const step of undo.toReversed()) await step().catch((error: unknown) => console.error(error))
  }
}

/** Makes a database with the tables of the books; gives its address. */
export async function bookDatabase(server: PostgresServer, name: string): Promise<string> {
  await server.createDatabase(name)
  const url = server.url(name)
  execFileSync(process.execPath, [built('migrate.js')], {
    env: { PATH: process.env.PATH, DATABASE_URL: url },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return url
}

function showLogs(folder: string): void {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    console.error(`== the end of ${name}\n${lastLines(join(folder, name), 15)}`)
  }
}
