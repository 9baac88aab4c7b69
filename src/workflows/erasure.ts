import * as workflow from '@temporalio/workflow'
import { condition, setHandler } from '@temporalio/workflow'
import { look, SEARCH_ATTRIBUTES } from './messages.ts'
import { watched } from './story.ts'

/**
 * A person is erased, `erasure/<member>` (REQUIREMENTS B2): nobody can reach them any more since it was asked for; here
 * what is held about them is taken away, some records at a time. Begun anew it goes over them again.
 */
export async function erasure(member: string): Promise<void> {
  setHandler(look, () => {})
  workflow.upsertSearchAttributes([{ key: SEARCH_ATTRIBUTES.stage, value: 'erasing' }])
  for (let after: string | null = ''; after !== null; ) {
    workflow.setCurrentDetails(after ? `Erased up to ${after}.` : 'Erases what is held about a person.')
    after = await watched.eraseRecords({ member, after })
  }
  workflow.upsertSearchAttributes([{ key: SEARCH_ATTRIBUTES.stage, value: 'erased' }])
  workflow.setCurrentDetails('Erased.')
  await condition(workflow.allHandlersFinished)
}
