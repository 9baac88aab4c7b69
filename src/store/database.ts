import { type SQL, sql } from 'drizzle-orm'
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres, { type Sql, type TransactionSql } from 'postgres'
import * as schema from './schema.ts'

export type Database = PostgresJsDatabase<typeof schema>
/** A transaction in progress. Every function that changes something takes one, so that it cannot be called outside. */
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

/** A row under its lock, with the transaction's time: deadlines are set and judged by the database's clock alone. */
export type Locked<Row> = { row: Row; now: Date }
export const transactionTime = sql<Date>`now()`.mapWith((value: string) => new Date(value))

export type Store = { db: Database; close: () => Promise<void> }

/**
 * Opens a pool. The time-outs nest (DESIGN §3): a lock is waited for 3 s, a statement may take 8 s, and an activity,
 * which is one transaction, is given 10 s by its workflow.
 */
export function openStore(options: { url: string; poolSize: number; name: string }): Store {
  const client = keepPlans(
    postgres(options.url, {
      max: options.poolSize,
      connect_timeout: 5,
      idle_timeout: 60,
      backoff: reconnectAfter,
      fetch_types: false,
      onnotice: () => {},
      connection: {
        application_name: options.name,
        lock_timeout: 3_000,
        statement_timeout: 8_000,
        idle_in_transaction_session_timeout: 10_000,
      },
    }),
  )
  // A transaction's statements go through a client of its own.
  const begin = client.begin.bind(client)
  Object.assign(client, {
    begin: (work: (own: TransactionSql) => Promise<unknown>) =>
      begin((own) => unlessLost(work(keepPlans(own)))),
  })
  return { db: drizzle(client, { schema }), close: () => client.end({ timeout: 5 }) }
}

/** Seconds until a lost connection is tried again: a database that is back is used within two, however long it was away. */
function reconnectAfter(retries: number): number {
  return Math.min(2 ** retries / 50, 2) * (0.5 + Math.random() / 2)
}

/**
 * What a transaction comes to, unless its connection is closed: then the driver fails the whole of it by itself. It would
 * also roll back on that connection, and the write to what is no more ends the process (porsager/postgres#1208).
 */
function unlessLost(outcome: Promise<unknown>): Promise<unknown> {
  return outcome.catch((error: unknown) => {
    if (databaseFault(error)?.code === 'CONNECTION_CLOSED') return new Promise(() => {})
    throw error
  })
}

/**
 * Drizzle's statements are sent to be parsed and planned anew each time, in two round trips. Ours are few texts, run over
 * and over (lists go in as one JSON value), so each connection keeps them prepared: a repeat is one round trip.
 */
function keepPlans<Client extends Pick<Sql, 'unsafe'>>(client: Client): Client {
  const unsafe = client.unsafe.bind(client)
  // Statements that the driver makes itself, such as BEGIN, come without this option and are left alone.
  const kept: typeof unsafe = (text, values, options) =>
    unsafe(text, values, options && 'prepare' in options ? { prepare: true, ...ALWAYS_PREPARED } : options)
  return Object.assign(client, { unsafe: kept })
}

/** Without parameters too, where the driver would otherwise take the simple protocol. */
const ALWAYS_PREPARED: object = { simple: false }

/** Words of our own, never of a request, as literals of SQL with commas between them: for `IN (…)` and `ARRAY[…]`. */
export function literals(words: readonly string[]): SQL {
  return sql.raw(words.map((word) => `'${word}'`).join(', '))
}

/** The fields of a driver error that may be told: its SQLSTATE and the constraint; its message carries data. */
export function databaseFault(error: unknown): { code: string; constraint: string | undefined } | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code, constraint_name } = cause as { code?: unknown; constraint_name?: unknown }
    if (typeof code === 'string') {
      return { code, constraint: typeof constraint_name === 'string' ? constraint_name : undefined }
    }
  }
  return undefined
}

const DEADLOCK = '40P01'
const LOCK_TIMEOUT = '55P03'
const TRIES = 4

/** What each running transaction has posted. */
const posted = new WeakMap<Database | Transaction, Promise<unknown>[]>()

/**
 * Sends a statement whose outcome nobody needs to know before the commit, without waiting for it: what a transaction
 * writes goes out in a few packets instead of each in its own. The connection keeps the order, so whatever is read after
 * it sees what it did; and if it fails, so does the transaction. Outside of `transact` it is waited for.
 */
export async function post(tx: Database | Transaction, statement: PromiseLike<unknown>): Promise<void> {
  const sent = posted.get(tx)
  if (!sent) {
    await statement
    return
  }
  // `then` is what sends it.
  const outcome = new Promise((resolve, reject) => void statement.then(resolve, reject))
  outcome.catch(() => {})
  sent.push(outcome)
}

/** Runs the work of a transaction, and what it posted. Of several failures the first is the cause of the others. */
async function complete<T>(tx: Transaction, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const sent: Promise<unknown>[] = []
  posted.set(tx, sent)
  try {
    const result = await work(tx)
    await Promise.all(sent)
    return result
  } catch (error) {
    const failed = (await Promise.allSettled(sent)).find((outcome) => outcome.status === 'rejected')
    throw failed ? failed.reason : error
  }
}

/** Runs a transaction; a deadlock or a lock that was not had in time rolled everything back and is tried again. */
export async function transact<T>(db: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction((tx) => complete(tx, work))
    } catch (error) {
      const code = databaseFault(error)?.code
      if (attempt === TRIES || (code !== DEADLOCK && code !== LOCK_TIMEOUT)) throw error
    }
  }
}

/**
 * Reads what belongs together as it was at one moment. Statements by themselves could show an order as it is and its lines
 * as they were.
 */
export function snapshot<T>(db: Database, read: (tx: Transaction) => Promise<T>): Promise<T> {
  return db.transaction(read, { isolationLevel: 'repeatable read', accessMode: 'read only' })
}
