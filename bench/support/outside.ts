import { randomInt, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { Caller } from './caller.ts'

/** A mail server that takes everything and keeps nothing. */
export function listenForMail(port: number): void {
  createTcpServer((socket) => {
    let isData = false
    let text = ''
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (;;) {
        const end = text.indexOf(isData ? '\r\n.\r\n' : '\r\n')
        if (end < 0) return
        const command = text.slice(0, 4).toUpperCase()
        text = text.slice(end + (isData ? 5 : 2))
        if (!isData && command === 'QUIT') return socket.end('221 bye\r\n')
        const begins = !isData && command === 'DATA'
        socket.write(begins ? '354 go on\r\n' : '250 ok\r\n')
        isData = begins
      }
    })
    socket.write('220 bench\r\n')
  }).listen(port, '127.0.0.1')
}

/** Calls an HTTP server back with what it is sent; each call is answered with what comes of it. */
export function listen(port: number, answer: (body: never) => [status: number, body: object]): Promise<void> {
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      const [status, body] = answer(JSON.parse(text) as never)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  server.unref()
  return new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
}

/**
 * A carrier that books everything and, unless it is silent, at once reports each parcel collected and delivered; it says
 * so when the last report was answered.
 */
export class PromptCarrier {
  private readonly holdfast: Caller
  private readonly webhook: Webhook
  private readonly delivered: ((reference: string) => void) | undefined

  constructor(options: { apiUrl: string; secret: string; delivered?: (reference: string) => void }) {
    this.holdfast = new Caller(options.apiUrl)
    this.webhook = new Webhook(options.secret)
    this.delivered = options.delivered
  }

  listen(port: number): Promise<void> {
    return listen(port, ({ reference }: { reference: string }) => {
      const tracking = `BENCH${randomInt(10 ** 11, 10 ** 12)}`
      if (this.delivered) {
        setTimeout(() => {
          this.deliver(tracking, reference).catch((error: unknown) => console.error('the carrier:', error))
        }, 20)
      }
      return [201, { tracking }]
    })
  }

  private async deliver(tracking: string, reference: string): Promise<void> {
    for (const status of ['collected', 'delivered']) {
      const id = `msg_${randomUUID()}`
      const at = new Date()
      const data = { tracking, reference, status, at: at.toISOString() }
      const body = JSON.stringify({ type: 'shipment.updated', timestamp: at.toISOString(), data })
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': this.webhook.sign(id, at, body),
      }
      let answer = await this.holdfast.post('/v1/carrier-webhooks', body, headers)
      // As any sender of webhooks does when the answer is "not now".
      while (answer.status === 503) answer = await this.holdfast.post('/v1/carrier-webhooks', body, headers)
      if (answer.status !== 200)
        throw new Error(
          `a report of the carrier was answered ${answer.status}: ${JSON.stringify(answer.body)}`,
        )
    }
    this.delivered?.(reference)
  }
}
