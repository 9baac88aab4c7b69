import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { parse, refuse } from '../partner/app.ts'
import type { Calls } from './calls.ts'
import { DealerBehaviour, type Dealers } from './dealers.ts'
import { dealersPage } from './dealers-page.tsx'
import { documentPage, pageOf } from './document-page.tsx'
import type { DealerDocument, Documents } from './documents.ts'
import { kindNamed } from './kinds.ts'

const Stray = z.object({ kind: z.string(), number: z.string().trim().min(1) })

/** What people use: the pages, and what is pressed on them. Each press makes one request to Holdfast. */
export function addForms(app: Hono, dealers: Dealers, documents: Documents, calls: Calls): void {
  app.get('/', (c) => c.html(dealersPage(dealers, documents)))

  app.get('/documents/:dealer/:kind/:number', (c) => {
    const document = known(c, documents)
    const dealer = dealers.get(document.dealer) ?? refuse(404, 'There is no such dealer')
    const received = document.webhook_ids.flatMap((id) => documents.webhook(document.dealer, id) ?? [])
    return c.html(documentPage(dealer, document, received))
  })

  app.post('/forms/:dealer/behaviour', async (c) => {
    const dealer = dealers.get(c.req.param('dealer')) ?? refuse(404, 'There is no such dealer')
    const { mode, by, ...ticked } = await c.req.parseBody()
    const { answer_after_ms, proceed_after_ms } = dealers.behaviour(dealer)
    const flags = Object.fromEntries(Object.keys(ticked).map((name) => [name, true]))
    dealers.behave(
      dealer.id,
      DealerBehaviour.parse({ mode, by, answer_after_ms, proceed_after_ms, ...flags }),
    )
    return c.redirect('/', 303)
  })

  app.post('/forms/:dealer/:kind/:number/say', async (c) => {
    const document = known(c, documents)
    const { word } = await c.req.parseBody()
    const button = kindNamed(document.kind)?.buttons[Number(word)] ?? refuse(400, 'There is no such button')
    await calls.attempt(document, calls.note(document, button.word))
    return c.redirect(pageOf(document), 303)
  })

  app.post('/forms/:dealer/:kind/:number/calls/:call/again', async (c) => {
    const document = known(c, documents)
    const earlier =
      document.calls.find(({ id }) => id === c.req.param('call')) ?? refuse(404, 'There is no such answer')
    const { new_key } = await c.req.parseBody()
    const call = new_key ? calls.note(document, earlier.body, { by: earlier.by }) : earlier
    await calls.attempt(document, call)
    return c.redirect(pageOf(document), 303)
  })

  // Speaks of a number that the dealer was never sent, as one does who mistypes or pries.
  app.post('/forms/:dealer/stray', async (c) => {
    const dealer = dealers.get(c.req.param('dealer')) ?? refuse(404, 'There is no such dealer')
    const { kind: name, number } = parse(Stray, JSON.stringify(await c.req.parseBody()))
    const kind = kindNamed(name) ?? refuse(400, 'There is no such kind')
    const which = { dealer: dealer.id, kind: kind.name, number }
    await calls.attempt(which, calls.note(which, kind.accept([], {}) ?? {}))
    return c.redirect(pageOf(which), 303)
  })
}

function known(c: Context, documents: Documents): DealerDocument {
  const { dealer = '', kind = '', number = '' } = c.req.param() as Partial<Record<string, string>>
  return documents.get({ dealer, kind, number }) ?? refuse(404, 'This dealer has no such document')
}
