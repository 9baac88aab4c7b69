import * as workflow from '@temporalio/workflow'
import { sleep } from '@temporalio/workflow'
import { outside } from './story.ts'

const MINUTE = 60_000
/** Pauses between the attempts, in minutes: about four days in all. */
const PAUSES = [1, 2, 5, 15, 30, 60, 120, 240, 480, 720, 1_440, 1_440, 1_440]

/**
 * A notification whose first attempt failed, `notification/<id>`: tried again for days, then given up visibly; an
 * operator may have it sent again at any time. Nobody's order waits for it.
 */
export async function notification(id: string): Promise<void> {
  for (const [index, pause] of PAUSES.entries()) {
    workflow.setCurrentDetails(`Attempt ${index + 2} in ${pause} minute(s).`)
    await sleep(pause * MINUTE, { summary: `attempt ${index + 2}` })
    const { settled } = await outside.tryAgain({ id, isLast: index === PAUSES.length - 1 })
    if (settled) return
  }
}
