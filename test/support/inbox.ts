import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { type Answer, expectStatus, type Shop, waitFor } from './shop.ts'

/** Who takes everything now, by port: how to end it. */
const inboxes = new Map<number, () => Promise<void>>()

/** An endpoint that takes whatever it is sent and never says anything: repeats to a partner who is not there cost time. */
export async function takeEverything(port: number): Promise<{ kill: () => Promise<void> }> {
  const { server } = await listening(port, (request, response) => {
    request.resume().on('end', () => response.writeHead(204).end())
  })
  server.unref()
  inboxes.set(port, async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  })
  return { kill: () => vacate(port) }
}

/** Makes room for somebody who does say something, if nobody else is there. */
export async function vacate(port: number): Promise<void> {
  const end = inboxes.get(port)
  inboxes.delete(port)
  await end?.()
}

/** A storefront's endpoint for webhooks: keeps each whose signature is right, and takes no other. */
export async function webhooksOf(shop: Shop) {
  const received: { type: string; data: Answer['body'] }[] = []
  let secret = ''
  const { url, server } = await listening(0, (request, response) => {
    void text(request).then((body) => {
      try {
        const headers = request.headers as Record<string, string>
        received.push(new Webhook(secret).verify(body, headers) as (typeof received)[number])
        response.writeHead(204).end()
      } catch {
        response.writeHead(401).end()
      }
    })
  })
  const endpoint = expectStatus(await shop.call('POST', '/v1/webhook-endpoints', { body: { url } }), 201).body
  secret = endpoint.secret
  return {
    received,
    /** The types of what came, in alphabetical order, once it is so many. */
    until: (count: number) =>
      waitFor(
        `${count} webhooks`,
        async () => received.map(({ type }) => type).sort(),
        ({ length }) => length >= count,
      ),
    /** From now on the storefront has no endpoint. */
    close: async () => {
      expectStatus(await shop.call('DELETE', `/v1/webhook-endpoints/${endpoint.id}`), 200)
      server.close()
    },
  }
}

async function listening(port: number, take: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(take).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server }
}
