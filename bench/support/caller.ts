import { Agent, request } from 'node:http'

/** An answer; the body is JSON that a benchmark knows its way in. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Answer = { status: number; body: any; ms: number }

/** Calls an HTTP API over connections that are kept, with as little of its own as Node allows. */
export class Caller {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 200 })
  private readonly baseUrl: string

  constructor(baseUrl: string) {
    this.baseUrl = baseUrl
  }

  async call(
    method: string,
    path: string,
    text: string | undefined,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const start = performance.now()
    for (;;) {
      try {
        const { status, text: answer } = await this.once(method, path, text, headers)
        return { status, body: answer ? JSON.parse(answer) : undefined, ms: performance.now() - start }
      } catch (error) {
        // The other side gave up a connection that was idle at the moment it was to be used again.
        if (!(error instanceof Abandoned)) throw error
      }
    }
  }

  post(path: string, text: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call('POST', path, text, headers)
  }

  private once(
    method: string,
    path: string,
    text: string | undefined,
    headers: Record<string, string>,
  ): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.baseUrl), {
        method,
        agent: this.agent,
        headers:
          text === undefined
            ? headers
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers },
      })
      sent.on('error', (error: NodeJS.ErrnoException) =>
        reject(sent.reusedSocket && error.code === 'ECONNRESET' ? new Abandoned() : error),
      )
      sent.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        )
      })
      sent.end(text)
    })
  }
}

class Abandoned extends Error {}

export function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status === status) return answer
  throw new Error(`expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`)
}
