import { join } from 'node:path'
import { z } from 'zod'
import { Behaviour } from '../partner/behaviour.ts'
import { listen, PartnerSettings, type Running } from '../partner/run.ts'
import { carrierApp } from './app.tsx'
import type { CarrierBehaviour } from './behaviour.ts'
import { Carrier } from './carrier.ts'

export const CarrierSettings = PartnerSettings.extend({
  HOLDFAST_API_URL: z.url(),
  CARRIER_SECRET: z.string().startsWith('whsec_'),
  /** Whom the carrier serves: bookings must show it. Without it anybody is served. */
  CARRIER_API_KEY: z.string().optional(),
  COLLECT_AFTER_MS: z.coerce.number().int().min(0).default(2_000),
  DELIVER_AFTER_MS: z.coerce.number().int().min(0).default(3_000),
})

export async function startCarrier(settings: z.output<typeof CarrierSettings>): Promise<Running> {
  const behaviour = new Behaviour<CarrierBehaviour>(join(settings.DATA_DIR, 'behaviour'), {
    mode: 'normal',
    collect_after_ms: settings.COLLECT_AFTER_MS,
    deliver_after_ms: settings.DELIVER_AFTER_MS,
    answer_after_ms: 0,
    repeat: 1,
  })
  const carrier = new Carrier({
    folder: settings.DATA_DIR,
    webhookUrl: new URL('/v1/carrier-webhooks', settings.HOLDFAST_API_URL).href,
    secret: settings.CARRIER_SECRET,
    behaviour,
  })
  const http = await listen(
    carrierApp(carrier, behaviour, settings.CARRIER_API_KEY),
    settings.HOST,
    settings.PORT,
  )
  carrier.start()
  return {
    ports: http.ports,
    stop: async () => {
      carrier.stop()
      await http.stop()
    },
  }
}
