import { heartbeat } from '@temporalio/activity'
import { type Database, transact } from '../store/database.ts'
import { eraseSome } from '../store/erasure.ts'

/** How many records one transaction erases, and how many transactions one call makes: each stays short. */
const BATCH = 100
const BATCHES = 20

/** Takes away what is held about a person, in batches, each a transaction of its own (REQUIREMENTS B2). */
export function createErasureActivities({ db }: { db: Database }) {
  return {
    /** The next records of a member that is being erased; gives where to go on, null when all of it is done. */
    async eraseRecords({ member, after }: { member: string; after: string }): Promise<string | null> {
      let last = after
      for (let batch = 0; batch < BATCHES; batch++) {
        const next = await transact(db, (tx) => eraseSome(tx, member, last, BATCH))
        if (next === null) return null
        last = next
        heartbeat()
      }
      return last
    },
  }
}
