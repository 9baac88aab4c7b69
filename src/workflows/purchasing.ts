import * as workflow from '@temporalio/workflow'
import { condition, setHandler, sleep } from '@temporalio/workflow'
import { look, SEARCH_ATTRIBUTES } from './messages.ts'
import { books } from './story.ts'

/**
 * The clock of one supplier's demand, `purchasing/<supplier>` (REQUIREMENTS A5): poked when need goes from none to some,
 * it lets demand gather for the supplier's window, then one transaction works out what is lacking and makes one purchase
 * order of it, followed by others while that one is full. It ends when there was nothing to do and nobody poked it since;
 * the next need starts it again.
 */
export async function purchasing(supplier: string): Promise<void> {
  let poked = true
  setHandler(look, () => {
    poked = true
  })
  workflow.upsertSearchAttributes([{ key: SEARCH_ATTRIBUTES.partnerId, value: supplier }])

  while (poked) {
    poked = false
    const seconds = await books.gatherSeconds(supplier)
    if (seconds === null) return
    workflow.setCurrentDetails(`Gathers demand for ${seconds} seconds, then orders.`)
    await sleep(seconds * 1_000, { summary: 'gathers demand' })
    // Whoever poked it until here is covered by what is worked out now.
    poked = false
    for (let more = true; more; ) {
      const settled = await books.settleNeed(supplier)
      more = settled.more
      workflow.setCurrentDetails(
        settled.purchase_order ? `Ordered as ${settled.purchase_order}.` : 'Nothing had to be ordered.',
      )
    }
    if (poked && workflow.workflowInfo().continueAsNewSuggested) await workflow.continueAsNew(supplier)
  }
  await condition(workflow.allHandlersFinished)
}
