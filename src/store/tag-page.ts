import { type Database, snapshot } from './database.ts'
import { storyOf, type ToldEvent } from './event.ts'
import { type Due, dueOf, leftOf } from './order-money.ts'
import { readTag } from './tag.ts'
import { asTagsDealerSees, type TagView, tagView } from './tag-view.ts'

/** Everything that a dealer's page of a tag shows (REQUIREMENTS B8): the tag as the dealer sees it, and what happened. */
export type TagPage = {
  tag: TagView
  /** What has to be paid before the handover. */
  due: Due | null
  events: ToldEvent[]
}

/** The page's content, read from one snapshot so that its parts fit together. */
export async function readTagPage(db: Database, number: string): Promise<TagPage | undefined> {
  return snapshot(db, async (tx) => {
    const [row, view] = [await readTag(tx, number), await tagView(tx, number)]
    if (!row || !view) return undefined
    return {
      tag: asTagsDealerSees(view),
      due: dueOf(row, { ...view, left: await leftOf(tx, row, view.price) }),
      events: await storyOf(tx, [number]),
    }
  })
}
