import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Client } from '@temporalio/client'
import postgres from 'postgres'
import { inject } from 'vitest'
import { built } from '../../src/local/places.ts'
import { type PostgresServer, startPostgres } from '../../src/local/postgres.ts'
import { startTemporalServer, type TemporalServer } from '../../src/local/temporal-server.ts'
import type { Foundations } from './house.ts'
import { recordServer, reservePort } from './run-folder.ts'
import { waitFor } from './shop.ts'

/** What is to be undone at the end, in the order in which it was done. */
export type CleanUp = (() => Promise<unknown>)[]

export type Database = {
  url: string
  /** Only where it is not shared. */
  server?: PostgresServer
  /** A new copy in its place, as soon as nobody is in the middle of a transaction. */
  renew: () => Promise<void>
}

/** A copy of the migrated template on the Postgres of all tests. */
export async function sharedDatabase(cleanUp: CleanUp): Promise<Database> {
  const name = `house_${randomBytes(6).toString('hex')}`
  const admin = postgres(inject('postgresUrl'), { max: 1, onnotice: () => undefined })
  cleanUp.push(async () => {
    await admin`drop database if exists ${admin(name)} with (force)`
    await admin.end({ timeout: 1 })
  })
  const create = () => admin`create database ${admin(name)} template ${admin(inject('templateDatabase'))}`
  await create()
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${name}`
  const renew = async () => {
    await waitFor(
      'the last transactions to end',
      () => admin`SELECT 1 FROM pg_stat_activity WHERE datname = ${name} AND state <> 'idle'`,
      (rows) => rows.length === 0,
    )
    await admin`drop database ${admin(name)} with (force)`
    await create()
  }
  return { url: url.href, renew }
}

/** Ends every process, and those that start meanwhile; schedules stay, and none is paused. */
export async function endWorkflows(temporal: Client): Promise<void> {
  let quietLooks = 0
  await waitFor(
    'no process to run',
    async () => {
      const running: string[] = []
      for await (const { workflowId } of temporal.workflow.list({ query: `ExecutionStatus = 'Running'` }))
        running.push(workflowId)
      await Promise.all(
        // It may have ended by itself.
        running.map((id) =>
          temporal.workflow
            .getHandle(id)
            .terminate()
            .catch(() => undefined),
        ),
      )
      // What has just started is listed a moment later.
      quietLooks = running.length === 0 ? quietLooks + 1 : 0
      return quietLooks
    },
    (looks) => looks >= 3,
  )
  // A worker makes the schedules: where none has run yet there are none.
  for await (const { scheduleId, state } of temporal.schedule.list())
    if (state.paused) await temporal.schedule.getHandle(scheduleId).unpause()
}

/** A Postgres that is only this house's, with full durability. */
export async function ownDatabase(runFolder: string, folder: string, cleanUp: CleanUp): Promise<Database> {
  // Directly below the run's folder, which every account may enter.
  const server = await startPostgres({
    folder: `${folder}-postgres`,
    port: await reservePort(runFolder),
    launched: (identity) => recordServer(runFolder, identity),
  })
  cleanUp.push(server.stop)
  await server.createDatabase('holdfast')
  const url = server.url('holdfast')
  execFileSync(process.execPath, [built('migrate.js')], {
    env: { ...essentials(), DATABASE_URL: url },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return { url, server, renew: () => Promise.reject(new Error('a Postgres of its own is never used again')) }
}

export async function startTemporal(
  { temporalDynamicConfig }: Foundations,
  runFolder: string,
  folder: string,
  cleanUp: CleanUp,
): Promise<TemporalServer> {
  const start = (port: number) =>
    startTemporalServer({
      executable: inject('temporalExecutable'),
      port,
      logFile: join(folder, 'temporal.log'),
      launched: (identity) => recordServer(runFolder, identity),
      ...(temporalDynamicConfig && { dynamicConfig: temporalDynamicConfig }),
      // So that workflows survive its being killed.
      databaseFile: join(folder, 'temporal.db'),
    })
  // A port is reserved among the tests of one run; a program beside them may still be quicker.
  const server = await start(await reservePort(runFolder)).catch(async (error: Error) => {
    if (!error.message.includes('address already in use')) throw error
    return start(await reservePort(runFolder))
  })
  // Nothing of it is needed any more, and a clean end would take it over a second.
  cleanUp.push(server.kill)
  return server
}

/** What a process needs of our own environment: nothing that could configure the service by accident. */
export function essentials(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env
  return { PATH, HOME, TMPDIR }
}
