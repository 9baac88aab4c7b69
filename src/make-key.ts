import { parseArgs } from 'node:util'
import { run } from './run.ts'
import { hasPartner, issueKey, ROLES, type Role } from './store/api-key.ts'
import { type Database, openStore } from './store/database.ts'

const HELP = `Makes an API key in the database in DATABASE_URL and prints it, once: only its SHA-256 is kept.

  node dist/make-key.js --role operator --name "Night shift"
  node dist/make-key.js --role storefront --partner shop --name "Web shop"
  node dist/make-key.js --role supplier --partner acme --name "Acme Lamps"
  node dist/make-key.js --role dealer --partner harbour --name "Harbour Motors"

The first operator's key is made here; that operator makes all others through the API.`

/** `npm run make-key`: the first key of a house, which no key could ask the API for (REQUIREMENTS P8). */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      role: { type: 'string' },
      name: { type: 'string' },
      partner: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return console.log(HELP)
  const key = readKey(values)
  const url = process.env.DATABASE_URL
  if (!url)
    throw new Error(
      'DATABASE_URL is missing: where to make the key, as postgres://user:password@host:port/database',
    )
  const store = openStore({ url, poolSize: 1, name: 'holdfast make-key' })
  try {
    await refuseUnknownPartner(store.db, key)
    const { secret } = await issueKey(store.db, key)
    console.log(secret)
  } finally {
    await store.close()
  }
}

type NewKey = { role: Role; partner: string | null; name: string }

function readKey(given: { role?: string; name?: string; partner?: string }): NewKey {
  const { name, partner } = given
  const role = ROLES.find((role) => role === given.role)
  if (!role) throw new Error(`--role is storefront, supplier, dealer or operator.\n\n${HELP}`)
  if (!name?.trim()) throw new Error(`--name says who holds the key.\n\n${HELP}`)
  if ((role === 'operator') !== (partner === undefined))
    throw new Error(
      `--partner is the storefront, supplier or dealer that a key acts for; operators have none.\n\n${HELP}`,
    )
  return { role, partner: partner ?? null, name: name.trim() }
}

async function refuseUnknownPartner(db: Database, { role, partner }: NewKey): Promise<void> {
  if (partner === null || role === 'operator') return
  if (!(await hasPartner(db, role, partner))) throw new Error(`There is no ${role} ${partner}.`)
}

await run(main)
