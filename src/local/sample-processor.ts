/** Stands in for the manufacturer's order processor and its plant: takes custom orders, and builds them. */
import { runPartner } from './partner/run.ts'
import { ProcessorSettings, startProcessor } from './sample-processor/start.ts'

await runPartner(ProcessorSettings, startProcessor)
