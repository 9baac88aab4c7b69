import { randomInt, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { Caller } from './caller.ts'

/**
 * The outside world of a benchmark, in a process of its own: a mail server that takes everything and keeps nothing, and
 * a carrier that books everything and, unless it is told to be silent, at once reports each parcel collected and delivered.
 * The stand-ins of the local stack do far more than that, and their work is not what is measured.
 */
const { PORT, SMTP_PORT, HOLDFAST_API_URL, CARRIER_SECRET, CARRIER } = process.env
const webhook = new Webhook(CARRIER_SECRET ?? '')
const holdfast = new Caller(HOLDFAST_API_URL ?? '')

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
}).listen(Number(SMTP_PORT), '127.0.0.1')

createServer((request, response) => {
  let text = ''
  request.on('data', (chunk: Buffer) => (text += chunk.toString()))
  request.on('end', () => {
    const tracking = `BENCH${randomInt(10 ** 11, 10 ** 12)}`
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ tracking }))
    const { reference } = JSON.parse(text) as { reference: string }
    if (CARRIER !== 'silent') setTimeout(() => void deliver(tracking, reference), 20)
  })
}).listen(Number(PORT), '127.0.0.1', () => console.log(JSON.stringify({ msg: 'listening' })))

async function deliver(tracking: string, reference: string): Promise<void> {
  for (const status of ['collected', 'delivered']) {
    const id = `msg_${randomUUID()}`
    const at = new Date()
    const data = { tracking, reference, status, at: at.toISOString() }
    const body = JSON.stringify({ type: 'shipment.updated', timestamp: at.toISOString(), data })
    const answer = await holdfast.post('/v1/carrier-webhooks', body, {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': webhook.sign(id, at, body),
    })
    if (answer.status !== 200)
      console.error(`a report of the carrier was answered ${answer.status}`, answer.body)
  }
}
