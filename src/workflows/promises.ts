import * as workflow from '@temporalio/workflow'
import { setHandler } from '@temporalio/workflow'
import { look, SEARCH_ATTRIBUTES } from './messages.ts'
import { outside } from './story.ts'

/**
 * What the waiters of one item were promised, `promises/<sku>` (REQUIREMENTS A5): after a supplier's word its queue is
 * walked, and whoever is to expect their goods on another day is told. Apart from the purchase order, because a queue may
 * be long, and the supplier is answered at once. It ends when nothing is left to tell.
 */
export async function promises(sku: string): Promise<void> {
  let poked = true
  setHandler(look, () => {
    poked = true
  })
  workflow.upsertSearchAttributes([{ key: SEARCH_ATTRIBUTES.sku, value: [sku] }])
  workflow.setCurrentDetails('Works out what its waiters may expect, and tells them.')
  while (poked) {
    poked = false
    while ((await outside.reviewPromises(sku)).more);
    if (poked && workflow.workflowInfo().continueAsNewSuggested) await workflow.continueAsNew(sku)
  }
}
