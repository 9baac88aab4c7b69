import { run } from './run.ts'
import { openStore } from './store/database.ts'
import { checkInvariants, INVARIANTS, type Violation } from './store/invariants.ts'

/** Most faults of a rule that are printed: the first is the likeliest cause of the others. */
const MOST_PRINTED = 20

/** `npm run check-books`: proves the books in `DATABASE_URL`, a line a rule; exits with 1 when one does not hold. */
async function main(): Promise<void> {
  const url = process.env.DATABASE_URL
  if (!url)
    throw new Error(
      'DATABASE_URL is missing: the database to check, as postgres://user:password@host:port/database',
    )
  const store = openStore({ url, poolSize: 1, name: 'holdfast check-books' })
  try {
    const violations = await checkInvariants(store.db, { graceSeconds: 120 })
    for (const rule of Object.keys(INVARIANTS))
      print(
        rule,
        violations.filter((found) => found.rule === rule),
      )
    if (violations.length === 0) return console.log('The books hold.')
    console.log(`The books do not hold in ${violations.length} place(s).`)
    process.exitCode = 1
  } finally {
    await store.close()
  }
}

function print(rule: string, violations: Violation[]): void {
  console.log(`${violations.length === 0 ? 'ok    ' : 'BROKEN'}  ${rule}`)
  for (const { subject, detail } of violations.slice(0, MOST_PRINTED))
    console.log(`        ${subject}: ${detail}`)
  if (violations.length > MOST_PRINTED) console.log(`        and ${violations.length - MOST_PRINTED} more`)
}

await run(main)
