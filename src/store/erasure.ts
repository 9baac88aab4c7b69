import { asc, eq, inArray, sql } from 'drizzle-orm'
import { type ErasureReason, memberStory } from '../domain/member.ts'
import { Refusal } from '../domain/refusal.ts'
import { openRecords, recordNumbers } from './buyer-record.ts'
import type { Transaction } from './database.ts'
import {
  change,
  customersOf,
  findMember,
  lockMembership,
  type MemberRow,
  readMember,
  refuseUnlessActive,
  withMerged,
} from './member.ts'
import { erasePersonal } from './personal-data.ts'
import { customers, members } from './schema.ts'

/** How many open orders a refusal names. */
const MOST_NAMED = 100

/**
 * Begins to erase a person (REQUIREMENTS B2): name and contact are gone at once, and with them every link and whatever
 * was still to be mailed; whoever orders with the same address from now on is somebody new. The rest is `eraseSome`'s.
 * Asked for again it changes nothing.
 *
 * @throws Refusal `not-found`; `state-conflict` for one that is merged into another, or whose open orders need the contact.
 */
export async function beginErasure(
  tx: Transaction,
  id: string,
  { actor, reason }: { actor: string; reason: ErasureReason },
): Promise<MemberRow> {
  await lockMembership(tx)
  const member = await findMember(tx, id)
  if (member.erasing_since) return member
  refuseUnlessActive(member)
  const all = await withMerged(tx, id)
  const theirs = await lockCustomers(tx, all)
  const open = await openRecords(tx, theirs, MOST_NAMED)
  if (open.length > 0) {
    throw new Refusal('state-conflict', `What is still open needs the contact: ${open.join(', ')}.`, { open })
  }
  await erasePersonal(tx, { members: all, customers: theirs, numbers: [] })
  await tx.update(members).set({ erasing_since: sql`now()` }).where(inArray(members.id, all))
  return change(tx, id, {}, { type: 'member.erasing', actor, details: { reason } })
}

/**
 * The ids of these members' customers, locked: whoever stores an order holds its customer. In a statement of its own, so
 * that the next one sees an order that was stored meanwhile, and one that comes later sees what became of the customer.
 */
async function lockCustomers(tx: Transaction, ids: string[]): Promise<string[]> {
  const rows = await tx
    .select({ id: customers.id })
    .from(customers)
    .where(inArray(customers.member, ids))
    .orderBy(asc(customers.id))
    .for('update')
  return rows.map((row) => row.id)
}

/**
 * True when the customer is erased, or being erased: what is written about them now would stay for good. To the end of the
 * transaction no erasure begins, so that one which begins later finds what was written.
 */
export async function isErased(tx: Transaction, customer: string): Promise<boolean> {
  const [row] = await tx
    .select({ email: customers.email })
    .from(customers)
    .where(eq(customers.id, customer))
    .for('share')
  return !row || row.email === null
}

/**
 * Erases what the person's next records hold, after the given number; gives where to go on, null when all of it is done.
 * Done twice it changes nothing more.
 */
export async function eraseSome(
  tx: Transaction,
  id: string,
  after: string,
  limit: number,
): Promise<string | null> {
  const member = await readMember(tx, id)
  if (!member?.erasing_since || member.erased_at) return null
  const all = await withMerged(tx, id)
  const theirs = (await customersOf(tx, all)).map((customer) => customer.id)
  const numbers = await recordNumbers(tx, theirs, after, limit)
  const last = numbers.at(-1)
  if (last !== undefined) {
    await erasePersonal(tx, { members: [], customers: [], numbers })
    return last
  }
  await lockMembership(tx)
  await erasePersonal(tx, { members: [], customers: [], numbers: all.map(memberStory) })
  const ended = await tx
    .update(members)
    .set({ erased_at: sql`now()` })
    .where(sql`${inArray(members.id, all)} AND ${members.erased_at} IS NULL`)
    .returning({ id: members.id })
  // Two runs side by side end it once.
  if (ended.length > 0) await change(tx, id, {}, { type: 'member.erased', actor: 'house' })
  return null
}
