import { run } from './run.ts'
import { openStore } from './store/database.ts'
import { checkInvariants } from './store/invariants.ts'

/** `npm run check-books`: proves the books in `DATABASE_URL`; says what does not hold and exits with 1, else with 0. */
async function main(): Promise<void> {
  const url = process.env.DATABASE_URL
  if (!url)
    throw new Error(
      'DATABASE_URL is missing: the database to check, as postgres://user:password@host:port/database',
    )
  const store = openStore({ url, poolSize: 1, name: 'holdfast check-books' })
  try {
    const violations = await checkInvariants(store.db, { graceSeconds: 120 })
    if (violations.length === 0) return console.log('The books hold.')
    console.log(`${violations.length} place(s) where the books do not hold:`)
    for (const { rule, subject, detail } of violations)
      console.log(`  ${subject}: ${detail}\n    rule: ${rule}`)
    process.exitCode = 1
  } finally {
    await store.close()
  }
}

await run(main)
