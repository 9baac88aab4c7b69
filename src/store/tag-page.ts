import { type Database, snapshot } from './database.ts'
import { storyOf, type ToldEvent } from './event.ts'
import { asTagsDealerSees, type TagView, tagView } from './tag-view.ts'

/** Everything that a dealer's page of a tag shows (REQUIREMENTS B8): the tag as the dealer sees it, and what happened. */
export type TagPage = { tag: TagView; events: ToldEvent[] }

/** The page's content, read from one snapshot so that its parts fit together. */
export async function readTagPage(db: Database, number: string): Promise<TagPage | undefined> {
  return snapshot(db, async (tx) => {
    const view = await tagView(tx, number)
    return view && { tag: asTagsDealerSees(view), events: await storyOf(tx, number) }
  })
}
