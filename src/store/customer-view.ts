import { and, desc, eq, type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Database } from './database.ts'
import { Instant } from './order-view.ts'
import { type Before, exactTime } from './page.ts'
import { customers } from './schema.ts'

/** A customer as their own storefront sees them: nothing here tells whether the person is known elsewhere (REQUIREMENTS B2). */
export const CustomerView = z
  .object({
    id: z.uuid(),
    name: z.string().nullable().meta({ description: 'As last told; null once erased' }),
    email: z.string().nullable(),
    time_zone: z.string(),
    created_at: Instant,
  })
  .meta({ id: 'Customer' })
export type CustomerView = z.infer<typeof CustomerView>

const view = {
  id: customers.id,
  name: customers.name,
  email: customers.email,
  time_zone: customers.time_zone,
  created_at: sql<string>`${customers.created_at}`.mapWith((at: string) => new Date(at).toISOString()),
}

/** A customer of this storefront; undefined when it has none with this id. */
export async function customerView(
  db: Database,
  storefront: string,
  id: string,
): Promise<CustomerView | undefined> {
  const [row] = await db
    .select(view)
    .from(customers)
    .where(and(eq(customers.id, id), eq(customers.storefront, storefront)))
  return row
}

export type ListedCustomer = { view: CustomerView; sort_at: string }

/** A storefront's customers, the newest first. */
export async function listCustomers(
  db: Database,
  storefront: string,
  email: string | undefined,
  before: Before | null,
  limit: number,
): Promise<ListedCustomer[]> {
  const where: SQL[] = [
    eq(customers.storefront, storefront),
    ...(email === undefined ? [] : [eq(customers.email, email)]),
    ...(before
      ? [sql`(${customers.created_at}, ${customers.id}) < (${before[0]}::timestamptz, ${before[1]}::uuid)`]
      : []),
  ]
  const rows = await db
    .select({ ...view, sort_at: exactTime(customers.created_at) })
    .from(customers)
    .where(and(...where))
    .orderBy(desc(customers.created_at), desc(customers.id))
    .limit(limit)
  return rows.map(({ sort_at, ...view }) => ({ view, sort_at }))
}
