import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { built } from '../../src/local/places.ts'
import { type PostgresServer, startPostgres } from '../../src/local/postgres.ts'
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
  /** A Postgres with full durability: every commit waits for the disk. */
  postgres: () => Promise<PostgresServer>
  /** To be undone at the end, last first. */
  atEnd: (undo: () => Promise<unknown>) => void
}

export async function onStage(play: (stage: Stage) => Promise<void>): Promise<void> {
  await removeAbandonedRuns()
  const folder = makeRunFolder()
  const undo: (() => Promise<unknown>)[] = [() => removeRunFolder(folder)]
  const port = () => reservePort(folder)
  const stage: Stage = {
    folder,
    port,
    atEnd: (step) => undo.push(step),
    postgres: async () => {
      const home = join(folder, 'postgres')
      mkdirSync(home)
      const server = await startPostgres({
        folder: home,
        port: await port(),
        launched: (identity) => recordServer(folder, identity),
      })
      undo.push(() => server.stop())
      return server
    },
  }
  try {
    await play(stage)
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
