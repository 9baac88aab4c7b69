import { outside } from './story.ts'

/**
 * Run by a schedule every 30 seconds: whatever was killed in between, wakes that nobody delivered are delivered, open
 * rows without a workflow get one, need that nobody heard of reaches purchasing, notices that were never tried are.
 */
export async function reconcile(): Promise<void> {
  await outside.drainOldWakes()
  await outside.reviveStories()
  await outside.drainIdleStock()
  await outside.pokePurchasing()
  await outside.retryNotifications()
}
