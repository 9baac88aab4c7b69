import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import { z } from 'zod'

/** Settings that every stand-in has, under the names of their environment variables. */
export const PartnerSettings = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  DATA_DIR: z.string().min(1),
})

export interface Running {
  /** What the `listening` line tells: `port`, and for the mail sink `smtp_port`. */
  ports: { port: number; smtp_port?: number }
  stop: () => Promise<void>
}

/** Answers HTTP for `app`; `port` 0 picks a free one. */
export async function listen(app: Hono, host: string, port: number): Promise<Running> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return { ports: { port: (server.address() as AddressInfo).port }, stop: () => close(server) }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    // Requests that were told to hang would keep the server open for ever.
    server.closeAllConnections()
  })
}

/** The whole life of a stand-in's process: settings, one line when it is up, a clean end. */
export async function runPartner<Schema extends z.ZodType>(
  settings: Schema,
  start: (settings: z.output<Schema>) => Promise<Running>,
): Promise<void> {
  const parsed = settings.safeParse(process.env)
  if (!parsed.success) {
    console.error(`The environment is not as it should be:\n${z.prettifyError(parsed.error)}`)
    process.exit(1)
  }
  const running = await start(parsed.data)

  let stopping = false
  const end = () => {
    if (stopping) return
    stopping = true
    void running.stop().then(() => process.exit(0))
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)

  console.log(JSON.stringify({ msg: 'listening', ...running.ports }))
}
