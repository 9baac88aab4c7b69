import type { Hono } from 'hono'
import { z } from 'zod'
import { readBody, refuse } from '../partner/app.ts'
import { Member } from '../partner/roster.ts'
import type { Calls } from './calls.ts'
import { DealerBehaviour, type Dealers } from './dealers.ts'
import type { Call, Documents, Which } from './documents.ts'
import { kindNamed } from './kinds.ts'

const Definition = Member.partial({ id: true })
/** The body is sent as it is, right or wrong: what Holdfast makes of it is the test. */
const Explicit = z.strictObject({
  kind: z.string(),
  number: z.string().min(1),
  body: z.record(z.string(), z.unknown()),
  by: z.enum(['webhook', 'api-key']).optional(),
})
const Again = z.strictObject({ kind: z.string(), number: z.string(), call: z.string() })

/** What tests use: who the dealers are, how they behave, what they hold, and single answers to Holdfast. */
export function addControl(app: Hono, dealers: Dealers, documents: Documents, calls: Calls): void {
  app.get('/api/dealers', (c) => c.json(dealers.all().map((dealer) => shown(dealers, dealer))))

  app.put('/api/dealers/:id', async (c) => {
    const id = c.req.param('id')
    const definition = await readBody(c, Definition)
    if (definition.id !== undefined && definition.id !== id)
      refuse(422, 'The id differs from the one in the address')
    dealers.define({ ...definition, id })
    return c.json(shown(dealers, known(dealers, id)))
  })

  app.put('/api/dealers/:id/behaviour', async (c) => {
    const dealer = known(dealers, c.req.param('id'))
    dealers.behave(dealer.id, await readBody(c, DealerBehaviour))
    return c.json(shown(dealers, dealer))
  })

  app.get('/api/dealers/:id/webhooks', (c) =>
    c.json(documents.webhooks(known(dealers, c.req.param('id')).id)),
  )

  app.get('/api/dealers/:id/documents', (c) =>
    c.json(documents.newestFirst(known(dealers, c.req.param('id')).id)),
  )

  // Also about what the dealer was never sent, such as another dealer's lead.
  app.post('/api/dealers/:id/answers', async (c) => {
    const dealer = known(dealers, c.req.param('id')).id
    const { kind, number, body, by } = await readBody(c, Explicit)
    if (!kindNamed(kind)) refuse(404, 'There is no such kind')
    const which = { dealer, kind, number }
    return c.json(await told(calls, which, calls.note(which, body, by ? { by } : {})))
  })

  app.post('/api/dealers/:id/answers/again', async (c) => {
    const dealer = known(dealers, c.req.param('id')).id
    const { call: id, ...which } = await readBody(c, Again)
    const noted = documents.get({ dealer, ...which })?.calls.find((call) => call.id === id)
    return c.json(await told(calls, { dealer, ...which }, noted ?? refuse(404, 'There is no such answer')))
  })
}

async function told(calls: Calls, which: Which, call: Call) {
  const { status, body } = await calls.attempt(which, call)
  return { id: call.id, status, body }
}

function shown(dealers: Dealers, dealer: Member) {
  return { id: dealer.id, name: dealer.name, behaviour: dealers.behaviour(dealer) }
}

function known(dealers: Dealers, id: string): Member {
  return dealers.get(id) ?? refuse(404, 'There is no such dealer')
}
