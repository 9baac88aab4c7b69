import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { waitForLock } from '../../src/local/file-lock.ts'
import { cacheFolder, onPath } from '../../src/local/places.ts'
import { nextFreePort } from '../../src/local/ports.ts'

/** Checks requests against Stripe's own OpenAPI document, which is inside. */
const VERSION = 'v0.203.0'

/** The program: the one on the PATH, else the one kept from an earlier run, else one built with Go and kept outside the clone. */
export async function findStripeMock(): Promise<string> {
  const folder = cacheFolder(`stripe-mock-${VERSION.slice(1)}`)
  const kept = join(folder, 'stripe-mock')
  const present = [...onPath('stripe-mock'), kept].find(existsSync)
  if (present) return present

  mkdirSync(folder, { recursive: true })
  const lock = await waitForLock(join(folder, 'lock'))
  try {
    if (existsSync(kept)) return kept
    const into = join(folder, 'build')
    execFileSync('go', ['install', `github.com/stripe/stripe-mock@${VERSION}`], {
      env: { ...process.env, GOBIN: into },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    renameSync(join(into, 'stripe-mock'), kept)
    return kept
  } finally {
    lock.release()
  }
}

/** A request that went to Stripe's double, and how it was judged. */
export type Judged = { call: string; query: string; body: string; key: string | null; status: number }

/** Runs it; gives its port. */
export async function startStripeMock(program: string): Promise<{ port: number; stop: () => void }> {
  const port = await nextFreePort(20_111, new Set())
  const child = spawn(program, ['-http-addr', `127.0.0.1:${port}`], { stdio: 'ignore' })
  for (let tries = 0; ; tries++) {
    const isUp = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
    if (isUp) return { port, stop: () => void child.kill('SIGKILL') }
    if (tries > 400) throw new Error('stripe-mock does not come up')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

type Instead = { status: number; body: object; headers?: Record<string, string> }

/**
 * Stands in front of it for one test, and writes down every request and its outcome. What is in `instead` is told in place
 * of its answer, which is an example and the same for every request; of several, one after the other, and the last one from
 * then on.
 */
export async function inFrontOf(
  port: number,
  instead: Record<string, Instead | Instead[]> = {},
): Promise<{ url: string; judged: Judged[] }> {
  const judged: Judged[] = []
  const front = createServer((incoming, outgoing) => {
    void read(incoming).then((body) => {
      const { method = '', url: path = '', headers } = incoming
      const onward = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
        const key = headers['idempotency-key']
        const [called, query = ''] = path.split('?')
        const call = `${method} ${called}`
        judged.push({
          call,
          query,
          body,
          key: typeof key === 'string' ? key : null,
          status: answer.statusCode ?? 0,
        })
        const told = instead[call]
        const other = Array.isArray(told) ? (told.length > 1 ? told.shift() : told[0]) : told
        if (other) {
          answer.resume()
          outgoing.writeHead(other.status, { 'content-type': 'application/json', ...other.headers })
          outgoing.end(JSON.stringify(other.body))
          return
        }
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      })
      onward.end(body)
    })
  })
  return { url: await listen(front), judged }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function read(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
