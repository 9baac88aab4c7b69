/** Stands in for the dealers: one process that plays several of them. */
import { runPartner } from './partner/run.ts'
import { DealerSettings, startDealers } from './sample-dealer/start.ts'

await runPartner(DealerSettings, startDealers)
