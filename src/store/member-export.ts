import { z } from 'zod'
import { memberStory } from '../domain/member.ts'
import { BuyerRecord, buyerRecords } from './buyer-record.ts'
import { type Database, type Transaction, transact } from './database.ts'
import { change, customersOf, findMember, lockMembership, refuseUnlessActive, withMerged } from './member.ts'
import { MemberView, memberView } from './member-view.ts'
import { Instant } from './order-view.ts'
import type { Before } from './page.ts'
import { exportPersonal } from './personal-data.ts'

/** How many records one statement reads. */
const BATCH = 500

/** Everything that is held about a person, in one document (REQUIREMENTS B2). */
export const MemberExport = z
  .object({
    exported_at: Instant,
    member: MemberView,
    records: z
      .array(BuyerRecord)
      .meta({ description: 'What they ordered, with every status, the newest first' }),
    tables: z
      .record(z.string(), z.array(z.record(z.string(), z.unknown())))
      .meta({ description: 'Every row that is about them, by table, as it is stored' }),
  })
  .meta({ id: 'MemberExport' })
export type MemberExport = z.infer<typeof MemberExport>

/**
 * Exports a person, with all that is merged into the member, as it is at one moment; who asked is kept as an event.
 *
 * @throws Refusal `not-found`; `state-conflict` for one that is merged into another or erased.
 */
export async function exportMember(db: Database, id: string, actor: string): Promise<MemberExport> {
  await transact(db, async (tx) => {
    await lockMembership(tx)
    refuseUnlessActive(await findMember(tx, id))
    await change(tx, id, {}, { type: 'member.exported', actor })
  })
  return db.transaction((tx) => read(tx, id), {
    isolationLevel: 'repeatable read',
    accessMode: 'read only',
  })
}

async function read(tx: Transaction, id: string): Promise<MemberExport> {
  const member = await memberView(tx, id)
  if (!member) throw new Error('the member is gone')
  const members = await withMerged(tx, id)
  const customers = (await customersOf(tx, members)).map((customer) => customer.id)
  const records = await allRecords(tx, customers)
  const numbers = [...records.map(({ number }) => number), ...members.map(memberStory)]
  const tables = await exportPersonal(tx, { members, customers, numbers })
  return { exported_at: new Date().toISOString(), member, records, tables }
}

async function allRecords(tx: Transaction, customers: string[]): Promise<BuyerRecord[]> {
  const records: BuyerRecord[] = []
  for (let before: Before | null = null; ; ) {
    const page = await buyerRecords(tx, customers, before, BATCH)
    records.push(...page.map(({ record }) => record))
    const last = page.at(-1)
    if (!last || page.length < BATCH) return records
    before = [last.sort_at, last.record.number]
  }
}
