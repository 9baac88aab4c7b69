import { join } from 'node:path'
import { z } from 'zod'
import { partnerApp } from '../partner/app.ts'
import { listen, PartnerSettings, type Running } from '../partner/run.ts'
import { Automatic } from './automatic.ts'
import { Calls } from './calls.ts'
import { addControl } from './control.ts'
import { openDealers } from './dealers.ts'
import { Documents } from './documents.ts'
import { addForms } from './forms.ts'
import { addInbox } from './inbox.ts'

export const DealerSettings = PartnerSettings.extend({
  HOLDFAST_API_URL: z.url(),
  KEYS_FILE: z.string().min(1).optional(),
})

export async function startDealers(settings: z.output<typeof DealerSettings>): Promise<Running> {
  const dealers = openDealers(settings.DATA_DIR, settings.KEYS_FILE)
  const documents = new Documents(settings.DATA_DIR)
  const calls = new Calls(settings.HOLDFAST_API_URL, dealers, documents)
  const automatic = new Automatic(join(settings.DATA_DIR, 'errands'), dealers, documents, calls)

  const app = partnerApp()
  addInbox(app, dealers, documents, automatic)
  addControl(app, dealers, documents, calls)
  addForms(app, dealers, documents, calls)
  const http = await listen(app, settings.HOST, settings.PORT)
  automatic.start()
  return {
    ports: http.ports,
    stop: async () => {
      automatic.stop()
      await http.stop()
    },
  }
}
