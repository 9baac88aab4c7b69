import { type Database, snapshot } from './database.ts'
import { storyOf, type ToldEvent } from './event.ts'
import { owesBalance } from './order-money.ts'
import { readTag } from './tag.ts'
import { asTagsDealerSees, type TagView, tagView } from './tag-view.ts'

/** Everything that a dealer's page of a tag shows (REQUIREMENTS B8): the tag as the dealer sees it, and what happened. */
export type TagPage = {
  tag: TagView
  /** True when the vehicle is handed over only once the balance is paid, or settled at the dealer. */
  owes_balance: boolean
  events: ToldEvent[]
}

/** The page's content, read from one snapshot so that its parts fit together. */
export async function readTagPage(db: Database, number: string): Promise<TagPage | undefined> {
  return snapshot(db, async (tx) => {
    const [row, view] = [await readTag(tx, number), await tagView(tx, number)]
    if (!row || !view) return undefined
    return {
      tag: asTagsDealerSees(view),
      owes_balance: owesBalance(row, view.balance),
      events: await storyOf(tx, number),
    }
  })
}
