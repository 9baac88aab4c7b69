import { and, desc, eq, type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { MEMBER_STATES, memberState } from '../domain/member.ts'
import { customerOf } from './buyer-record.ts'
import type { Database, Transaction } from './database.ts'
import { customersOf, type MemberRow, readMember, withMerged } from './member.ts'
import { Instant } from './order-view.ts'
import { type Before, exactTime } from './page.ts'
import { addresses, members } from './schema.ts'

/** A member as lists show it. Only operators ever see one. */
export const MemberSummary = z
  .object({
    id: z.uuid(),
    state: z.enum(MEMBER_STATES),
    name: z.string().nullable().meta({ description: 'As last told; null once erased' }),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    merged_into: z.uuid().nullable().meta({ description: 'The member that stands for this person' }),
    version: z.int().meta({ description: 'Counts its events' }),
    created_at: Instant,
    erased_at: Instant.nullable(),
  })
  .meta({ id: 'MemberSummary' })
type MemberSummary = z.infer<typeof MemberSummary>

export const MemberView = MemberSummary.extend({
  address: z
    .object({
      name: z.string(),
      lines: z.array(z.string()),
      city: z.string(),
      postcode: z.string(),
      region: z.string().nullable(),
      country: z.string(),
    })
    .nullable(),
  merged: z.array(z.uuid()).meta({ description: 'The members for whom it stands' }),
  customers: z
    .array(
      z.object({
        id: z.uuid(),
        member: z.uuid().meta({ description: 'This one, or one that is merged into it' }),
        storefront: z.string(),
        name: z.string().nullable(),
        email: z.string().nullable(),
        verified_at: Instant.nullable().meta({
          description: 'When somebody first acted on the page behind a link that was mailed there',
        }),
      }),
    )
    .meta({ description: 'Where the person is known, those of merged members included' }),
}).meta({ id: 'Member' })
export type MemberView = z.infer<typeof MemberView>

const { name, lines, city, postcode, region, country } = addresses

/** A member with whom it stands for and where the person is known; undefined when there is none. */
export async function memberView(db: Database | Transaction, id: string): Promise<MemberView | undefined> {
  const row = await readMember(db, id)
  if (!row) return undefined
  const [, ...merged] = await withMerged(db, id)
  const [address] = row.address
    ? await db
        .select({ name, lines, city, postcode, region, country })
        .from(addresses)
        .where(eq(addresses.id, row.address))
    : []
  const customers = await customersOf(db, [id, ...merged])
  return {
    ...memberSummary(row),
    address: address ?? null,
    merged,
    customers: customers.map((customer) => ({
      id: customer.id,
      member: customer.member,
      storefront: customer.storefront,
      name: customer.name,
      email: customer.email,
      verified_at: customer.verified_at?.toISOString() ?? null,
    })),
  }
}

export function memberSummary(row: MemberRow): MemberSummary {
  const { id, name, email, phone, merged_into, version, created_at, erased_at } = row
  return {
    id,
    state: memberState(row),
    name,
    email,
    phone,
    merged_into,
    version,
    created_at: created_at.toISOString(),
    erased_at: erased_at?.toISOString() ?? null,
  }
}

export type ListedMember = { row: MemberRow; sort_at: string }

/** Members, the newest first: those with this address at any storefront, or whose record has this number. */
export async function listMembers(
  db: Database,
  filter: { email?: string | undefined; number?: string | undefined },
  before: Before | null,
  limit: number,
): Promise<ListedMember[]> {
  const { email, number } = filter
  const where: SQL[] = [
    ...(before
      ? [sql`(${members.created_at}, ${members.id}) < (${before[0]}::timestamptz, ${before[1]}::uuid)`]
      : []),
    ...(email === undefined
      ? []
      : [
          sql`${members.id} IN (SELECT c.member FROM storefronts s JOIN customers c ON c.storefront = s.id AND c.email = ${email})`,
        ]),
    ...(number === undefined
      ? []
      : [sql`${members.id} IN (SELECT c.member FROM customers c WHERE c.id IN ${customerOf(number)})`]),
  ]
  return db
    .select({ row: members, sort_at: exactTime(members.created_at) })
    .from(members)
    .where(and(...where))
    .orderBy(desc(members.created_at), desc(members.id))
    .limit(limit)
}
