import { eq } from 'drizzle-orm'
import { z } from 'zod'
import type { Database, Transaction } from './database.ts'
import { customers } from './schema.ts'

/** Who tagged a vehicle or waits for one, as answers name them. */
export const BuyerView = z.object({ name: z.string(), email: z.string(), time_zone: z.string() })

/** The buyer behind a customer's id; null once they are erased. */
export async function buyerOf(
  db: Database | Transaction,
  customer: string,
): Promise<z.infer<typeof BuyerView> | null> {
  const [row] = await db.select().from(customers).where(eq(customers.id, customer))
  if (!row || row.name === null || row.email === null) return null
  return { name: row.name, email: row.email, time_zone: row.time_zone }
}
