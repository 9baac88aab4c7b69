import { join } from 'node:path'
import { z } from 'zod'
import { Behaviour } from '../partner/behaviour.ts'
import { listen, PartnerSettings, type Running } from '../partner/run.ts'
import { mailSinkApp } from './app.tsx'
import type { MailBehaviour } from './behaviour.ts'
import { Mails } from './mails.ts'
import { listenForMail } from './smtp.ts'

export const MailSinkSettings = PartnerSettings.extend({
  SMTP_PORT: z.coerce.number().int().min(0).max(65_535),
})

export async function startMailSink(settings: z.output<typeof MailSinkSettings>): Promise<Running> {
  const mails = new Mails(join(settings.DATA_DIR, 'mails'))
  const behaviour = new Behaviour<MailBehaviour>(join(settings.DATA_DIR, 'behaviour'), { mode: 'accept' })
  const smtp = await listenForMail(settings.HOST, settings.SMTP_PORT, behaviour, mails)
  const http = await listen(mailSinkApp(mails, behaviour), settings.HOST, settings.PORT)
  return {
    ports: { ...http.ports, smtp_port: smtp.port },
    stop: async () => {
      await Promise.all([smtp.stop(), http.stop()])
    },
  }
}
