import { asc, eq, sql } from 'drizzle-orm'
import type { EventType } from '../domain/event.ts'
import { memberState, memberStory } from '../domain/member.ts'
import { kindOf } from '../domain/number.ts'
import { faultAt, Refusal } from '../domain/refusal.ts'
import type { Database, Transaction } from './database.ts'
import { recordEvent } from './event.ts'
import { customers, members } from './schema.ts'

export type MemberRow = typeof members.$inferSelect

/**
 * Membership (REQUIREMENTS B2): whose customers are the same person. A customer belongs to a member of its own for good;
 * merging lets a member point to the one that stands for both, so that undoing it restores exactly who was whose.
 */

/**
 * One change of membership at a time. They are rare and short, and what one decides (whether a member stands for itself,
 * whether an order is open) another one would change.
 */
export async function lockMembership(tx: Transaction): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended('membership', 0))`)
}

export async function readMember(db: Database | Transaction, id: string): Promise<MemberRow | undefined> {
  const [row] = await db.select().from(members).where(eq(members.id, id))
  return row
}

/** The member that stands for a person: the given one, or the one into which it is merged, if need be by way of others. */
async function standsFor(tx: Transaction, member: string): Promise<string> {
  const [row] = await tx.execute<{ id: string }>(sql`
    WITH RECURSIVE up AS (
      SELECT id, merged_into FROM members WHERE id = ${member}
      UNION ALL SELECT m.id, m.merged_into FROM members m JOIN up ON m.id = up.merged_into
    )
    SELECT id FROM up WHERE merged_into IS NULL`)
  if (!row) throw new Error('the member is gone')
  return row.id
}

/** The ids of a member and of all that are merged into it, the member first. */
export async function withMerged(db: Database | Transaction, member: string): Promise<string[]> {
  const rows = await db.execute<{ id: string }>(sql`
    WITH RECURSIVE down AS (
      SELECT id, 0 AS depth FROM members WHERE id = ${member}
      UNION ALL SELECT m.id, down.depth + 1 FROM members m JOIN down ON m.merged_into = down.id
    )
    SELECT id FROM down ORDER BY depth, id`)
  return rows.map((row) => row.id)
}

/** The customers of these members, at whichever storefront. */
export async function customersOf(db: Database | Transaction, ids: string[]) {
  return db
    .select()
    .from(customers)
    .where(
      sql`${customers.member} IN (SELECT value::uuid FROM jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`,
    )
    .orderBy(asc(customers.created_at), asc(customers.id))
}

/**
 * Somebody acted on the page of an order or lead behind the link that was mailed to its customer: they read that mailbox,
 * so the address is theirs. The customers of other storefronts who proved the same address are the same person.
 */
export async function verifyContact(tx: Transaction, number: string): Promise<void> {
  const [known] = await tx.execute<{ id: string; verified: boolean }>(sql`
    SELECT c.id, c.verified_at IS NOT NULL AS verified FROM customers c
     WHERE c.id IN (SELECT customer FROM orders WHERE number = ${number} UNION ALL SELECT customer FROM leads WHERE number = ${number})`)
  if (!known || known.verified) return
  await lockMembership(tx)
  const [verified] = await tx.execute<{ member: string; email: string }>(sql`
    UPDATE customers SET verified_at = now() WHERE id = ${known.id} AND verified_at IS NULL AND email IS NOT NULL
    RETURNING member, email`)
  if (!verified) return
  await change(
    tx,
    verified.member,
    {},
    { type: 'member.verified', actor: 'customer', details: { customer: known.id, [kindOf(number)]: number } },
  )
  const [other] = await tx.execute<{ member: string }>(sql`
    SELECT c.member FROM storefronts s JOIN customers c ON c.storefront = s.id AND c.email = ${verified.email}
     WHERE c.verified_at IS NOT NULL AND c.id <> ${known.id} ORDER BY c.verified_at, c.id LIMIT 1`)
  if (!other) return
  const own = await standsFor(tx, verified.member)
  const into = await standsFor(tx, other.member)
  if (own !== into)
    await merge(tx, own, into, { actor: 'house', because: 'same_verified_address', note: null })
}

type Merging = { actor: string; because: 'same_verified_address' | 'operator'; note: string | null }

/** Lets one member stand for another from now on; both stand for themselves so far, and membership is locked. */
async function merge(tx: Transaction, member: string, into: string, merging: Merging): Promise<MemberRow> {
  const { actor, because, note } = merging
  const type = 'member.merged'
  await change(tx, into, {}, { type, actor, details: { member, because }, note })
  return change(tx, member, { merged_into: into }, { type, actor, details: { into, because }, note })
}

/**
 * An operator says that two members are the same person: the first one is merged into the second.
 *
 * @throws Refusal `not-found`, `invalid-request` for itself or one that is not known, `state-conflict` for one that does
 *   not stand for itself or is erased.
 */
export async function mergeMembers(
  tx: Transaction,
  id: string,
  { into, actor, reason }: { into: string; actor: string; reason: string },
): Promise<MemberRow> {
  await lockMembership(tx)
  const member = await findMember(tx, id)
  const target = await readMember(tx, into)
  if (!target) throw unfit('there is no such member')
  if (into === id) throw unfit('a member cannot be merged into itself')
  refuseUnlessActive(member)
  refuseUnlessActive(target)
  return merge(tx, id, into, { actor, because: 'operator', note: reason })
}

/**
 * An operator says that a member is another person than the one it is merged into: it stands for itself again, with
 * whoever was merged into it.
 *
 * @throws Refusal `not-found`, `state-conflict` for one that is not merged or is erased.
 */
export async function separateMember(
  tx: Transaction,
  id: string,
  { actor, reason }: { actor: string; reason: string },
): Promise<MemberRow> {
  await lockMembership(tx)
  const member = await findMember(tx, id)
  const { merged_into: from } = member
  if (!from || memberState(member) !== 'merged') throw conflict(member)
  const type = 'member.separated'
  await change(tx, from, {}, { type, actor, details: { member: id }, note: reason })
  return change(tx, id, { merged_into: null }, { type, actor, details: { from }, note: reason })
}

/** @throws Refusal when there is none. */
export async function findMember(db: Database | Transaction, id: string): Promise<MemberRow> {
  const row = await readMember(db, id)
  if (!row) throw new Refusal('not-found', `There is no member ${id}.`)
  return row
}

/** @throws Refusal unless the member stands for itself and is not erased. */
export function refuseUnlessActive(member: MemberRow): void {
  if (memberState(member) !== 'active') throw conflict(member)
}

function conflict(member: MemberRow): Refusal {
  const { id, merged_into } = member
  const state = memberState(member)
  return new Refusal('state-conflict', `The member ${id} is ${state}.`, {
    member: id,
    state,
    ...(merged_into ? { merged_into } : {}),
  })
}

function unfit(detail: string): Refusal {
  return faultAt('/into', detail)
}

/** Changes a member, with its event; membership is locked. */
export async function change(
  tx: Transaction,
  id: string,
  set: Partial<Pick<MemberRow, 'merged_into' | 'erased_at'>>,
  event: {
    type: Extract<EventType, `member.${string}`>
    actor: string
    details?: Record<string, unknown>
    note?: string | null
  },
): Promise<MemberRow> {
  const [row] = await tx
    .update(members)
    .set({ ...set, version: sql`${members.version} + 1` })
    .where(eq(members.id, id))
    .returning()
  if (!row) throw new Error('the member is gone')
  await recordEvent(tx, { number: memberStory(id), sequence: row.version, from: null, to: null, ...event })
  return row
}
