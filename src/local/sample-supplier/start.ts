import { join } from 'node:path'
import { z } from 'zod'
import { partnerApp } from '../partner/app.ts'
import { listen, PartnerSettings, type Running } from '../partner/run.ts'
import { Automatic } from './automatic.ts'
import { Calls } from './calls.ts'
import { addControl } from './control.ts'
import { addForms } from './forms.ts'
import { addInbox } from './inbox.ts'
import { OrderBook } from './order-book.ts'
import { openSuppliers } from './suppliers.ts'

export const SupplierSettings = PartnerSettings.extend({
  HOLDFAST_API_URL: z.url(),
  KEYS_FILE: z.string().min(1).optional(),
})

export async function startSuppliers(settings: z.output<typeof SupplierSettings>): Promise<Running> {
  const suppliers = openSuppliers(settings.DATA_DIR, settings.KEYS_FILE)
  const book = new OrderBook(settings.DATA_DIR)
  const calls = new Calls(settings.HOLDFAST_API_URL, suppliers, book)
  const automatic = new Automatic(join(settings.DATA_DIR, 'errands'), suppliers, book, calls)

  const app = partnerApp()
  addInbox(app, suppliers, book, automatic)
  addControl(app, suppliers, book, calls)
  addForms(app, suppliers, book, calls)
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
