/** Stands in for the payment provider: Stripe's protocol, as far as Holdfast speaks it, and a page to pay on. */
import { runPartner } from './partner/run.ts'
import { ProviderSettings, startProvider } from './sample-payment-provider/start.ts'

await runPartner(ProviderSettings, startProvider)
