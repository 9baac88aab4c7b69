/** Stands in for the carrier that fetches and delivers parcels. */
import { runPartner } from './partner/run.ts'
import { CarrierSettings, startCarrier } from './sample-carrier/start.ts'

await runPartner(CarrierSettings, startCarrier)
