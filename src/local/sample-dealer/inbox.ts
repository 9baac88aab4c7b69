import type { Hono } from 'hono'
import { refuse } from '../partner/app.ts'
import { messageOf, readVerified, receive } from '../partner/signed.ts'
import type { Automatic } from './automatic.ts'
import type { Dealers } from './dealers.ts'
import type { Documents } from './documents.ts'
import type { Kind, Read } from './kind.ts'
import { kindNamed, kindOfXml } from './kinds.ts'

/** A message as it is understood; of a kind that this dealer does not know only its type. */
type Message = { type: string; body: unknown; event: string; kind?: Kind; read?: Read }

/** Where Holdfast's webhooks arrive. Taken once and answered 204; the same message again changes nothing. */
export function addInbox(app: Hono, dealers: Dealers, documents: Documents, automatic: Automatic): void {
  app.post('/dealers/:id/webhooks', async (c) => {
    const dealer = dealers.get(c.req.param('id')) ?? refuse(404, 'There is no such dealer')
    const { gone, unavailable } = dealers.behaviour(dealer)
    if (gone) refuse(410, 'This address is no longer in use')
    if (unavailable) refuse(503, 'The dealer is closed')

    const { id, text } = await readVerified(c, dealer.webhook_secret)
    const content_type = c.req.header('content-type') ?? ''
    // Understood first, kept after: one that cannot be understood is answered 400 and changes nothing.
    const { type, body, event, kind, read } = /xml/i.test(content_type) ? fromXml(text) : fromJson(id, text)
    const earlier = documents.webhook(dealer.id, id)
    if (!earlier && kind && read) {
      const { number, about, facts, memory } = read
      const document = documents.change({ dealer: dealer.id, kind: kind.name, number }, (known) => ({
        ...known,
        received_at: known.received_at ?? new Date().toISOString(),
        about: about || known.about,
        facts: facts ?? known.facts,
        memory: memory ?? known.memory,
        // Asked anew, it has it anew.
        is_taken_away: kind.takesAway.includes(event) || (known.is_taken_away && !kind.asks.includes(event)),
        webhook_ids: [...known.webhook_ids, id],
      }))
      automatic.heardOf(document, kind, event)
    }
    documents.keepWebhook({
      dealer: dealer.id,
      content_type,
      ...receive({ id, type, body }, earlier),
    })
    return c.body(null, 204)
  })
}

function fromJson(id: string, text: string): Message {
  const { type, data, body } = messageOf(id, text)
  const [name = '', event = ''] = type.split('.')
  const kind = kindNamed(name)
  const known = kind && [...kind.asks, ...kind.tells, ...kind.takesAway].includes(event)
  return { type, body, event, ...(known ? { kind, read: kind.read(data) } : {}) }
}

/** A document that has no envelope: it is what is sent first. */
function fromXml(text: string): Message {
  const kind = kindOfXml()
  const read = kind?.readXml?.(text)
  if (!kind || !read) refuse(400, 'Nothing is taken as XML')
  return { type: `${kind.name}.sent`, body: text, event: 'sent', kind, read }
}
