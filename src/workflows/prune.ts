import { outside } from './story.ts'

/** Run by a schedule once a day: what only the machinery needed, and nobody can need any more, is forgotten. */
export async function prune(): Promise<void> {
  while ((await outside.pruneRequests()).more);
  while ((await outside.pruneAttempts()).more);
  while ((await outside.pruneFailingSteps()).more);
  let walked = await outside.pruneSteps(null)
  while (walked) walked = await outside.pruneSteps(walked)
}
