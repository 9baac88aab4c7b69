import { type Context, Hono } from 'hono'
import { csrf } from 'hono/csrf'
import { HTTPException } from 'hono/http-exception'
import { z } from 'zod'

/** What every stand-in's HTTP side has: a health answer, refusals as `{reason}`, forms only from its own pages. */
export function partnerApp(): Hono {
  const app = new Hono()
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.use('/forms/*', csrf())
  app.notFound((c) => c.json({ reason: 'There is nothing at this address' }, 404))
  app.onError((error, c) => {
    if (error instanceof HTTPException)
      return c.json({ reason: error.message || 'Not allowed' }, error.status)
    console.error(error)
    return c.json({ reason: 'The stand-in itself failed; its log says why' }, 500)
  })
  return app
}

export function refuse(status: 400 | 401 | 404 | 409 | 410 | 422 | 503, reason: string): never {
  throw new HTTPException(status, { message: reason })
}

/** The request's JSON body, or 400 with everything that is wrong with it. */
export async function readBody<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  return parse(schema, await c.req.text())
}

export function parse<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return refuse(400, 'The body is not JSON')
  }
  const parsed = schema.safeParse(json)
  return parsed.success ? parsed.data : refuse(400, z.prettifyError(parsed.error))
}
