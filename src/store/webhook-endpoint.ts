import { randomBytes } from 'node:crypto'
import { and, asc, eq, sql } from 'drizzle-orm'
import type { Database, Transaction } from './database.ts'
import { storefronts, webhookEndpoints } from './schema.ts'

export type EndpointRow = typeof webhookEndpoints.$inferSelect

/** A secret as Standard Webhooks have it: 24 random bytes. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`
}

/** Makes an endpoint of a storefront with a new secret; undefined when it has `most` of them already. */
export async function insertEndpoint(
  tx: Transaction,
  endpoint: { storefront: string; url: string },
  most: number,
): Promise<EndpointRow | undefined> {
  // One at a time per storefront, so that the count below holds.
  await tx.select().from(storefronts).where(eq(storefronts.id, endpoint.storefront)).for('no key update')
  if ((await endpointsOf(tx, endpoint.storefront)).length >= most) return undefined
  const [row] = await tx
    .insert(webhookEndpoints)
    .values({ ...endpoint, secret: newWebhookSecret() })
    .returning()
  return row
}

export async function endpointsOf(db: Database | Transaction, storefront: string): Promise<EndpointRow[]> {
  return db
    .select()
    .from(webhookEndpoints)
    .where(eq(webhookEndpoints.storefront, storefront))
    .orderBy(asc(webhookEndpoints.created_at), asc(webhookEndpoints.id))
}

/** Switches an endpoint on, or off for the given reason; undefined when the storefront has none with this id. */
export async function switchEndpoint(
  tx: Transaction,
  endpoint: { storefront: string; id: string },
  offBecause: string | null,
): Promise<EndpointRow | undefined> {
  const [row] = await tx
    .update(webhookEndpoints)
    .set({ disabled_at: offBecause === null ? null : sql`now()`, disabled_because: offBecause })
    .where(and(eq(webhookEndpoints.storefront, endpoint.storefront), eq(webhookEndpoints.id, endpoint.id)))
    .returning()
  return row
}

/** Removes an endpoint; what is still to be sent to it is given up. Undefined when there is none. */
export async function removeEndpoint(
  tx: Transaction,
  endpoint: { storefront: string; id: string },
): Promise<EndpointRow | undefined> {
  const [row] = await tx
    .delete(webhookEndpoints)
    .where(and(eq(webhookEndpoints.storefront, endpoint.storefront), eq(webhookEndpoints.id, endpoint.id)))
    .returning()
  return row
}
