import { createHash, randomBytes } from 'node:crypto'
import { and, desc, eq, isNull, sql } from 'drizzle-orm'
import type { Database, Transaction } from './database.ts'
import { apiKeys } from './schema.ts'

export type Role = 'storefront' | 'supplier' | 'operator'
export type ApiKeyRow = typeof apiKeys.$inferSelect

/** Makes a key, `hf_<role>_<random>`. It is returned once; the database keeps its SHA-256 only. */
export async function issueKey(
  tx: Database | Transaction,
  key: { role: Role; partner: string | null; name: string },
): Promise<{ id: string; secret: string }> {
  const secret = `hf_${key.role}_${randomBytes(24).toString('base64url')}`
  const [row] = await tx
    .insert(apiKeys)
    .values({ ...key, hash: hashOf(secret) })
    .returning({ id: apiKeys.id })
  if (!row) throw new Error('the key was not stored')
  return { id: row.id, secret }
}

/** The key that was presented, unless it is unknown or revoked. */
export async function findKey(db: Database, secret: string): Promise<ApiKeyRow | undefined> {
  const [row] = await db
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.hash, hashOf(secret)), isNull(apiKeys.revoked_at)))
  return row
}

export async function listKeys(db: Database): Promise<ApiKeyRow[]> {
  return db.select().from(apiKeys).orderBy(desc(apiKeys.created_at), apiKeys.id)
}

/** From now on the key opens nothing. False when there is no such key. */
export async function revokeKey(tx: Transaction, id: string): Promise<boolean> {
  const rows = await tx
    .update(apiKeys)
    .set({ revoked_at: sql`COALESCE(${apiKeys.revoked_at}, now())` })
    .where(eq(apiKeys.id, id))
    .returning({ id: apiKeys.id })
  return rows.length > 0
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
