import { createHash, randomBytes } from 'node:crypto'
import { and, asc, desc, eq, isNull, sql } from 'drizzle-orm'
import type { Database, Transaction } from './database.ts'
import { readDealer } from './dealer.ts'
import { exactTime } from './page.ts'
import { apiKeys } from './schema.ts'
import { readStorefront } from './storefront.ts'
import { readSupplier } from './supplier.ts'

/** Those that act for a partner, and operators. */
export const ROLES = ['storefront', 'supplier', 'dealer', 'operator'] as const
export type Role = (typeof ROLES)[number]
export type ApiKeyRow = typeof apiKeys.$inferSelect

/** Makes a key, `hf_<role>_<random>`. It is returned once; the database keeps its SHA-256 only. */
export async function issueKey(
  tx: Database | Transaction,
  key: { role: Role; partner: string | null; name: string },
): Promise<{ row: ApiKeyRow; secret: string }> {
  const secret = `hf_${key.role}_${randomBytes(24).toString('base64url')}`
  const [row] = await tx
    .insert(apiKeys)
    .values({ ...key, hash: hashOf(secret) })
    .returning()
  if (!row) throw new Error('the key was not stored')
  return { row, secret }
}

/** True when there is such a partner for keys of this role. */
export async function hasPartner(
  db: Database,
  role: Exclude<Role, 'operator'>,
  id: string,
): Promise<boolean> {
  const readers = { storefront: readStorefront, supplier: readSupplier, dealer: readDealer }
  return (await readers[role](db, id)) !== undefined
}

/** The key that was presented, unless it is unknown or revoked. */
export async function findKey(db: Database, secret: string): Promise<ApiKeyRow | undefined> {
  const [row] = await db
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.hash, hashOf(secret)), isNull(apiKeys.revoked_at)))
  return row
}

/** The keys made before the given one, the newest first, each with its sort key. */
export async function listKeys(
  db: Database,
  before: readonly [created_at: string, id: string] | null,
  limit: number,
): Promise<{ key: ApiKeyRow; sort_at: string }[]> {
  return db
    .select({ key: apiKeys, sort_at: exactTime(apiKeys.created_at) })
    .from(apiKeys)
    .where(
      before
        ? sql`(${apiKeys.created_at}, ${apiKeys.id}) < (${before[0]}::timestamptz, ${before[1]}::uuid)`
        : undefined,
    )
    .orderBy(desc(apiKeys.created_at), desc(apiKeys.id))
    .limit(limit)
}

/** The operators' keys that are not revoked, locked: two operators cannot take each other's away at once. */
export async function lockOperatorKeys(tx: Transaction): Promise<string[]> {
  const rows = await tx
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(and(eq(apiKeys.role, 'operator'), isNull(apiKeys.revoked_at)))
    .orderBy(asc(apiKeys.id))
    .for('update')
  return rows.map(({ id }) => id)
}

/** From now on the key opens nothing. Undefined when there is no such key. */
export async function revokeKey(tx: Transaction, id: string): Promise<ApiKeyRow | undefined> {
  const [row] = await tx
    .update(apiKeys)
    .set({ revoked_at: sql`COALESCE(${apiKeys.revoked_at}, now())` })
    .where(eq(apiKeys.id, id))
    .returning()
  return row
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
