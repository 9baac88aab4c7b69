/** Stands in for the suppliers: one process that plays several of them. */
import { runPartner } from './partner/run.ts'
import { SupplierSettings, startSuppliers } from './sample-supplier/start.ts'

await runPartner(SupplierSettings, startSuppliers)
