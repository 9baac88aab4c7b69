import { join } from 'node:path'
import { z } from 'zod'
import { partnerApp } from '../partner/app.ts'
import { Outbox } from '../partner/outbox.ts'
import { listen, PartnerSettings, type Running } from '../partner/run.ts'
import { Manners } from './behaviour.ts'
import { addControl } from './control.ts'
import { Desk } from './desk.ts'
import { addForms } from './forms.ts'
import { addInbox } from './inbox.ts'
import { OrderBook } from './order-book.ts'
import { Plant } from './plant.ts'
import { Telling } from './telling.ts'

export const ProcessorSettings = PartnerSettings.extend({
  HOLDFAST_API_URL: z.url(),
  /** With what both sides sign. */
  PROCESSOR_SECRET: z.string().startsWith('whsec_'),
  ANSWER_AFTER_MS: z.coerce.number().int().min(0).default(2_000),
})

export async function startProcessor(settings: z.output<typeof ProcessorSettings>): Promise<Running> {
  const { DATA_DIR: folder, PROCESSOR_SECRET: secret } = settings
  const url = new URL('/v1/processor-webhooks', settings.HOLDFAST_API_URL).href
  const manners = new Manners(folder, settings.ANSWER_AFTER_MS)
  const book = new OrderBook(folder)
  const outbox = new Outbox({ folder, url, secret })
  const telling = new Telling(outbox, manners)
  const desk = new Desk(join(folder, 'to-answer'), book, manners, telling)
  const plant = new Plant(join(folder, 'to-build'), book, manners, telling)

  const app = partnerApp()
  const processor = { manners, book, desk, plant, outbox }
  addInbox(app, processor, secret)
  addControl(app, processor)
  addForms(app, processor)
  const http = await listen(app, settings.HOST, settings.PORT)
  const working = [outbox, desk, plant]
  for (const part of working) part.start()
  return {
    ports: http.ports,
    stop: async () => {
      for (const part of working) part.stop()
      await http.stop()
    },
  }
}
