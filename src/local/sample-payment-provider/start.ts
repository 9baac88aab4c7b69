import { join } from 'node:path'
import { z } from 'zod'
import { Behaviour } from '../partner/behaviour.ts'
import { listen, PartnerSettings, type Running } from '../partner/run.ts'
import { providerApp } from './app.tsx'
import type { ProviderBehaviour } from './behaviour.ts'
import { Calls } from './calls.ts'
import { Provider } from './provider.ts'

export const ProviderSettings = PartnerSettings.extend({
  HOLDFAST_API_URL: z.url(),
  STRIPE_API_KEY: z.string().min(1),
  STRIPE_WEBHOOK_SECRET: z.string().startsWith('whsec_'),
  /** Where buyers reach its page. */
  PAGE_URL: z.url(),
})

export async function startProvider(settings: z.output<typeof ProviderSettings>): Promise<Running> {
  const behaviour = new Behaviour<ProviderBehaviour>(join(settings.DATA_DIR, 'behaviour'), {
    mode: 'normal',
    webhooks: 'sent',
    repeat: 1,
    keys: 'kept',
    answer_after_ms: 0,
    buyer: 'person',
  })
  const provider = new Provider({
    folder: settings.DATA_DIR,
    pageUrl: settings.PAGE_URL,
    webhookUrl: new URL('/v1/payment-webhooks/stripe', settings.HOLDFAST_API_URL).href,
    secret: settings.STRIPE_WEBHOOK_SECRET,
    behaviour,
  })
  const calls = new Calls(settings.DATA_DIR)
  const app = providerApp(provider, behaviour, calls, settings.STRIPE_API_KEY)
  const http = await listen(app, settings.HOST, settings.PORT)
  provider.start()
  return {
    ports: http.ports,
    stop: async () => {
      provider.stop()
      await http.stop()
    },
  }
}
