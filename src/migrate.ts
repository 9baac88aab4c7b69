import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { run } from './run.ts'

/** Any number will do, as long as every migration run takes the same. */
const LOCK = 4_015_632

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
    await migrate(db, { migrationsFolder: fileURLToPath(new URL('../drizzle', import.meta.url)) })
    console.log('The database is up to date.')
  } finally {
    await client.end()
  }
}

await run(main)
