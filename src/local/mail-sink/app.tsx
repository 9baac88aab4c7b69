import type { Hono } from 'hono'
import { z } from 'zod'
import { partnerApp, readBody, refuse } from '../partner/app.ts'
import type { Behaviour } from '../partner/behaviour.ts'
import { MailBehaviour } from './behaviour.ts'
import type { Mails } from './mails.ts'
import { listPage, mailPage } from './pages.tsx'

const Instant = z.iso.datetime({ offset: true })

export function mailSinkApp(mails: Mails, behaviour: Behaviour<MailBehaviour>): Hono {
  const app = partnerApp()

  app.get('/', (c) => c.html(listPage(mails.all().reverse(), behaviour.current)))

  app.get('/mails/:id', (c) => {
    const mail = mails.get(c.req.param('id')) ?? refuse(404, 'There is no such mail (any more)')
    return c.html(mailPage(mail, mails.deliveries(mail)))
  })

  app.get('/api/mails', (c) => {
    const to = c.req.query('to')?.toLowerCase()
    const since = c.req.query('since')
    if (since !== undefined && !Instant.safeParse(since).success)
      refuse(400, '`since` is not an ISO 8601 time')
    const found = mails
      .all()
      .filter((mail) => to === undefined || mail.to.some((address) => address.toLowerCase() === to))
      .filter((mail) => since === undefined || Date.parse(mail.received_at) >= Date.parse(since))
    return c.json(found.map((mail) => ({ ...mail, deliveries: mails.deliveries(mail) })))
  })

  app.delete('/api/mails', (c) => {
    mails.clear()
    return c.body(null, 204)
  })

  app.get('/api/behaviour', (c) => c.json(behaviour.current))
  app.put('/api/behaviour', async (c) => c.json(behaviour.set(await readBody(c, MailBehaviour))))

  return app
}
