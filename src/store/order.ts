import { randomUUID } from 'node:crypto'
import { and, asc, eq, sql } from 'drizzle-orm'
import type { OrderProgress, OrderState } from '../domain/order.ts'
import { type Database, type Locked, post, type Transaction, transactionTime } from './database.ts'
import { isUntold, recordEvent } from './event.ts'
import { addresses, backOrders, items, orderLines, orders } from './schema.ts'

export type OrderRow = typeof orders.$inferSelect
export type OrderLineRow = typeof orderLines.$inferSelect

/** A postal address as it is given and printed. `country` is ISO 3166-1 alpha-2. */
export type Address = {
  name: string
  lines: string[]
  city: string
  postcode: string
  region?: string | undefined
  country: string
}

/** An order as it came in. The customer's e-mail address is in lower case: one address is one customer. */
export type NewOrder = {
  number: string
  command: string
  storefront: string
  reference: string | null
  offer_seconds: number | null
  customer: Customer
  ship_to: Address
  lines: { sku: string; quantity: number }[]
}

export async function insertAddress(tx: Transaction, address: Address): Promise<string> {
  const id = randomUUID()
  await post(tx, tx.insert(addresses).values({ id, ...address }))
  return id
}

export type Customer = { name: string; email: string; time_zone: string }

/**
 * The customer with this address at this storefront, as last told, and its member, one of its own at first; gives the id.
 * `known` is what else the person told of themselves. Once they are erased nobody has the address, and it is a new one.
 */
export async function saveCustomer(
  tx: Transaction,
  storefront: string,
  { name, email, time_zone }: Customer,
  known: { address?: string; phone?: string | null } = {},
): Promise<string> {
  // The member's key is checked at the end of the statement, so the customer can go first: it says which one it is.
  const [row] = await tx.execute<{ id: string }>(sql`
    WITH saved AS (
      INSERT INTO customers (storefront, member, name, email, time_zone)
      VALUES (${storefront}, gen_random_uuid(), ${name}, ${email}, ${time_zone})
      ON CONFLICT (storefront, email) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone
      RETURNING id, member, name, email
    ),
    known AS (
      INSERT INTO members AS m (id, name, email, address, phone)
      SELECT member, name, email, ${known.address ?? null}::uuid, ${known.phone ?? null}::text FROM saved
      ON CONFLICT (id) DO UPDATE
        SET name = excluded.name, address = COALESCE(excluded.address, m.address), phone = COALESCE(excluded.phone, m.phone)
    )
    SELECT id FROM saved`)
  if (!row) throw new Error('the customer was not stored')
  return row.id
}

/** Stores an order as it came, before anything is promised: state `received`. */
export async function insertOrder(tx: Transaction, order: NewOrder): Promise<void> {
  const shipTo = await insertAddress(tx, order.ship_to)
  const customer = await saveCustomer(tx, order.storefront, order.customer, { address: shipTo })
  await post(
    tx,
    tx.insert(orders).values({
      number: order.number,
      storefront: order.storefront,
      customer,
      ship_to: shipTo,
      reference: order.reference,
      state: 'received',
      offer_seconds: order.offer_seconds,
      command: order.command,
    }),
  )
  await post(
    tx,
    tx.execute(sql`
    INSERT INTO order_lines (order_number, line, sku, ordered, state, price_minor, currency)
    SELECT ${order.number}, l.line, i.sku, l.quantity, 'received', i.price_minor, i.currency
      FROM jsonb_to_recordset(${JSON.stringify(order.lines.map((line, index) => ({ line: index + 1, ...line })))}::jsonb)
           AS l(line integer, sku text, quantity integer)
      JOIN items i USING (sku)`),
  )
  await recordEvent(tx, {
    number: order.number,
    sequence: 1,
    type: 'order.received',
    actor: `storefront:${order.storefront}`,
    from: null,
    to: 'received',
    details: { lines: order.lines },
  })
}

/** Those of these item codes that the house does not know. */
export async function unknownItems(db: Database | Transaction, skus: string[]): Promise<Set<string>> {
  const rows = await db.execute<{ sku: string }>(sql`
    SELECT value AS sku FROM jsonb_array_elements_text(${JSON.stringify(skus)}::jsonb)
     WHERE NOT EXISTS (SELECT 1 FROM items WHERE sku = value)`)
  return new Set(rows.map((row) => row.sku))
}

/** The order, locked: first of the locks. `NO KEY` so that rows that refer to it can be inserted meanwhile. */
export async function lockOrder(tx: Transaction, number: string): Promise<Locked<OrderRow> | undefined> {
  const [row] = await tx
    .select({ row: orders, now: transactionTime })
    .from(orders)
    .where(eq(orders.number, number))
    .for('no key update')
  return row
}

export async function readOrder(db: Database | Transaction, number: string): Promise<OrderRow | undefined> {
  const [row] = await db.select().from(orders).where(eq(orders.number, number))
  return row
}

/** The order's lines with what their items' rules say, in the order in which the items are locked. */
export async function orderLinesOf(tx: Database | Transaction, number: string) {
  const rows = await tx
    .select({
      line: orderLines,
      back_orderable: items.back_orderable,
      back_order_cap: items.back_order_cap,
      wait_seconds: items.wait_seconds,
      hold_seconds: items.hold_seconds,
    })
    .from(orderLines)
    .innerJoin(items, eq(items.sku, orderLines.sku))
    .where(eq(orderLines.order_number, number))
    .orderBy(asc(orderLines.sku))
  return rows.map(({ line, ...rules }) => ({ ...line, ...rules }))
}

export type OrderLine = Awaited<ReturnType<typeof orderLinesOf>>[number]

/** What the order's workflow sees of it; null when there is no such order. */
export async function orderProgress(
  db: Database | Transaction,
  number: string,
): Promise<OrderProgress | null> {
  const rows = await db
    .select({ order: orders, untold: isUntold('orders'), sku: orderLines.sku, line_state: orderLines.state })
    .from(orders)
    .innerJoin(orderLines, eq(orderLines.order_number, orders.number))
    .where(eq(orders.number, number))
    .orderBy(asc(orderLines.line))
  const [first] = rows
  if (!first) return null
  const { state, version, storefront, deadline_at } = first.order
  return {
    number,
    state,
    version,
    untold: first.untold,
    storefront,
    skus: rows.map((row) => row.sku),
    short_lines: rows.filter((row) => row.line_state === 'short').length,
    deadline_at: deadline_at?.toISOString() ?? null,
  }
}

export async function updateOrderLine(
  tx: Transaction,
  order: string,
  line: number,
  set: Partial<
    Pick<OrderLineRow, 'available' | 'shortfall' | 'allocated' | 'state' | 'choice' | 'expected_at'>
  >,
): Promise<void> {
  await post(
    tx,
    tx
      .update(orderLines)
      .set(set)
      .where(and(eq(orderLines.order_number, order), eq(orderLines.line, line))),
  )
}

/** Moves the locked order on; returns it as it is now. The version rises with every change. */
export async function updateOrder(
  tx: Transaction,
  number: string,
  set: { state: OrderState; deadline_at?: Date | null; ended?: boolean },
): Promise<OrderRow> {
  const [row] = await tx
    .update(orders)
    .set({
      state: set.state,
      version: sql`${orders.version} + 1`,
      ...(set.deadline_at === undefined
        ? {}
        : { deadline_at: set.deadline_at, deadline_kind: set.deadline_at ? ('offer' as const) : null }),
      ...(set.ended ? { ended_at: sql`now()` } : {}),
    })
    .where(eq(orders.number, number))
    .returning()
  if (!row) throw new Error('the order is gone')
  return row
}

/** Every link to the order's page that was mailed so far opens nothing any more; the next mail has another one. */
export async function revokeLinks(
  tx: Transaction,
  number: string,
  { actor, reason }: { actor: string; reason: string },
): Promise<void> {
  const [row] = await tx
    .update(orders)
    .set({ link_version: sql`${orders.link_version} + 1`, version: sql`${orders.version} + 1` })
    .where(eq(orders.number, number))
    .returning()
  if (!row) throw new Error('the order is gone')
  await recordEvent(tx, {
    number,
    sequence: row.version,
    type: 'order.links_revoked',
    actor,
    from: row.state,
    to: row.state,
    note: reason,
  })
}

/** The numbers of the back orders that came from an order, by line. */
export async function backOrdersOf(db: Database | Transaction, order: string) {
  return db
    .select({ number: backOrders.number, line: backOrders.line, state: backOrders.state })
    .from(backOrders)
    .where(eq(backOrders.order_number, order))
    .orderBy(asc(backOrders.line))
}
