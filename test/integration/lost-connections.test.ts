import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { databaseFault, openStore } from '../../src/store/database.ts'
import { useHouse } from '../support/house.ts'
import { waitFor } from '../support/shop.ts'

const house = useHouse({ apis: 0, workers: 0, partners: [] })

test('a transaction whose connection the database closes fails by itself alone, and the next one has another (A9)', async () => {
  const { hostname, port } = new URL(house().databaseUrl)
  const clients: Socket[] = []
  const between = createServer((client) => {
    const server = connect(Number(port), hostname)
    clients.push(client)
    for (const socket of [client, server]) socket.on('error', () => undefined)
    client.pipe(server).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(between, 'listening')
  const url = new URL(house().databaseUrl)
  url.host = `127.0.0.1:${(between.address() as AddressInfo).port}`
  const store = openStore({ url: url.href, poolSize: 1, name: 'lost connections' })
  try {
    const lost = store.db
      .transaction((tx) => tx.execute(sql`SELECT pg_sleep(30)`))
      .catch((error: unknown) => databaseFault(error)?.code)
    await waitFor(
      'its statement to run',
      () =>
        house().db`SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'`,
      (rows) => rows.length === 1,
    )
    // An end without an error, as of a server that is killed and had nothing left to read.
    for (const client of clients) client.end()
    expect(await lost).toBe('CONNECTION_CLOSED')
    // What ends the process would come now.
    await new Promise((resolve) => setImmediate(resolve))
    const next = await store.db.transaction((tx) => tx.execute(sql`SELECT 1 AS one`))
    expect([...next]).toEqual([{ one: 1 }])
  } finally {
    await store.close()
    between.close()
  }
})
