import { once } from 'node:events'
import { createServer } from 'node:http'

/** An endpoint that takes whatever it is sent and never says anything: repeats to a partner who is not there cost time. */
export async function takeEverything(port: number): Promise<{ kill: () => Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(204).end())
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  const kill = async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  return { kill }
}
