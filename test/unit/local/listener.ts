import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Heard {
  path: string
  headers: IncomingHttpHeaders
  text: string
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads what it expects to be there
  json: any
}

interface Reply {
  status: number
  headers?: Record<string, string>
  body?: unknown
}

/** In Holdfast's place: notes what a partner sends, and answers as the test says (else 200). */
export async function listener() {
  const heard: Heard[] = []
  const replies: Reply[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      heard.push({ path: request.url ?? '', headers: request.headers, text: body, json: JSON.parse(body) })
      const { status, headers, body: answer } = replies.shift() ?? { status: 200, body: {} }
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    /** The answers to the next requests, in order. */
    answerNext: (...next: Reply[]) => void replies.push(...next),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
