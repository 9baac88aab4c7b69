import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { run } from './run.ts'

/** Any number will do, as long as every migration run takes the same. */
const LOCK = 4_015_632

const migrations = fileURLToPath(new URL('../drizzle', import.meta.url))

/** Brings the database's tables up to date, one run at a time: `node dist/migrate.js`, reads `DATABASE_URL`. */
async function main(): Promise<void> {
  const url = process.env.DATABASE_URL
  if (!url)
    throw new Error(
      'DATABASE_URL is missing: the database to migrate, as postgres://user:password@host:port/database',
    )
  const client = postgres(url, { max: 1, onnotice: () => {} })
  const db = drizzle(client)
  try {
    await db.execute(sql`SELECT pg_advisory_lock(${LOCK})`)
    await refuseOtherTables(db, migrations)
    await migrate(db, { migrationsFolder: migrations })
    console.log('The database is up to date.')
  } finally {
    await client.end()
  }
}

/**
 * Until the first release the tables are described anew with each version. A database of another version is told so,
 * before anything is changed.
 */
async function refuseOtherTables(db: PostgresJsDatabase, migrations: string): Promise<void> {
  const [known] = await db.execute<{ there: boolean }>(
    sql`SELECT to_regclass('drizzle.__drizzle_migrations') IS NOT NULL AS there`,
  )
  if (!known?.there) return
  const hashes = readMigrationFiles({ migrationsFolder: migrations }).map(({ hash }) => hash)
  const applied = await db.execute<{ hash: string }>(sql`SELECT hash FROM drizzle.__drizzle_migrations`)
  if (applied.every(({ hash }) => hashes.includes(hash))) return
  throw new Error(
    'This database was made by another unreleased version, whose tables were different. Nothing was changed. ' +
      'Use an empty database; for npm start, remove the folder .holdfast.',
  )
}

await run(main)
