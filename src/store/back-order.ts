import { eq, sql } from 'drizzle-orm'
import type { BackOrderProgress, BackOrderState } from '../domain/back-order.ts'
import type { DeadlineKind } from '../domain/period.ts'
import { type Database, type Locked, type Transaction, transactionTime } from './database.ts'
import { isUntold } from './event.ts'
import { backOrders } from './schema.ts'
import { lockStockOf } from './stock.ts'

export type BackOrderRow = typeof backOrders.$inferSelect

export async function insertBackOrder(
  tx: Transaction,
  row: Omit<typeof backOrders.$inferInsert, 'state' | 'deadline_kind' | 'deadline_from'>,
): Promise<BackOrderRow> {
  const [inserted] = await tx
    .insert(backOrders)
    .values({ ...row, state: 'waiting', deadline_kind: 'wait', deadline_from: sql`now()` })
    .returning()
  if (!inserted) throw new Error('the back order was not stored')
  return inserted
}

export async function readBackOrder(
  db: Database | Transaction,
  number: string,
): Promise<BackOrderRow | undefined> {
  const [row] = await db.select().from(backOrders).where(eq(backOrders.number, number))
  return row
}

/** What the back order's workflow sees of it; null when there is no such back order. */
export async function backOrderProgress(
  db: Database | Transaction,
  number: string,
): Promise<BackOrderProgress | null> {
  const seen = await seeBackOrder(db, number)
  return seen ? progressOf(seen) : null
}

/** A back order with whether somebody is to be told of it. */
export type SeenBackOrder = {
  row: BackOrderRow
  untold: boolean
  payment_due: BackOrderProgress['payment_due']
}

/** What its payment makes necessary; one that waits again after its units were taken back does not want it any more. */
const PAYMENT_DUE = sql<BackOrderProgress['payment_due']>`CASE
  WHEN back_orders.state = 'delivery_requested'
       AND EXISTS (SELECT 1 FROM payments p WHERE p.number = back_orders.payment AND p.state = 'authorised') THEN 'confirm'
  WHEN back_orders.state IN ('waiting', 'met')
       AND EXISTS (SELECT 1 FROM payments p WHERE p.number = back_orders.payment AND NOT p.withdrawn
                      AND p.state IN ('requested', 'pending', 'authorised')) THEN 'release' END`

export async function seeBackOrder(
  db: Database | Transaction,
  number: string,
): Promise<SeenBackOrder | undefined> {
  const [seen] = await db
    .select({ row: backOrders, untold: isUntold('back_orders'), payment_due: PAYMENT_DUE })
    .from(backOrders)
    .where(eq(backOrders.number, number))
  return seen
}

export function progressOf({ row, untold, payment_due }: SeenBackOrder): BackOrderProgress {
  const { state, version, sku, storefront, ordered, allocated, delivery, deadline_at } = row
  return {
    number: row.number,
    state,
    version,
    untold,
    sku,
    storefront,
    ordered,
    allocated,
    delivery,
    deadline_at: deadline_at?.toISOString() ?? null,
    payment_due,
  }
}

/** The back order, locked after its item's stock row. */
export async function lockBackOrder(
  tx: Transaction,
  number: string,
): Promise<Locked<BackOrderRow> | undefined> {
  await lockStockOf(tx, number)
  const [row] = await tx
    .select({ row: backOrders, now: transactionTime })
    .from(backOrders)
    .where(eq(backOrders.number, number))
    .for('no key update')
  return row
}

/** Moves the locked back order on; returns it as it is now. The version rises with every change. */
export async function updateBackOrder(
  tx: Transaction,
  number: string,
  set: {
    state: BackOrderState
    /** `from` starts a new clock; without it the running one goes on to another end. */
    deadline?: { kind: DeadlineKind; at: Date; from?: Date } | null
    ordered?: number
    allocated?: number
    wait_left_seconds?: number | null
    hold_seconds?: number
    ship_to?: string
    deliver_on?: string | null
    delivery?: string | null
    payment?: string | null
    promised_at?: Date | null
    ended?: boolean
  },
): Promise<BackOrderRow> {
  const { deadline, ended, ...columns } = set
  const [row] = await tx
    .update(backOrders)
    .set({
      ...columns,
      version: sql`${backOrders.version} + 1`,
      ...(deadline === undefined
        ? {}
        : { deadline_kind: deadline?.kind ?? null, deadline_at: deadline?.at ?? null }),
      ...(deadline?.from ? { deadline_from: deadline.from } : {}),
      ...(ended ? { ended_at: sql`now()` } : {}),
    })
    .where(eq(backOrders.number, number))
    .returning()
  if (!row) throw new Error('the back order is gone')
  return row
}

/** Highest queue position that is stated exactly; beyond it is "over 1,000". */
export const EXACT_POSITIONS = 1_000

/** How many waiters stand before a place in an item's queue, counted no further than one past `EXACT_POSITIONS`. */
export async function waitersAhead(
  db: Database | Transaction,
  sku: string,
  place: number | null,
): Promise<number> {
  const before = place === null ? sql`true` : sql`place < ${place}`
  const [row] = await db.execute<{ ahead: number }>(sql`
    SELECT count(*)::integer AS ahead
      FROM (SELECT 1 FROM back_orders WHERE sku = ${sku} AND state = 'waiting' AND ${before}
             LIMIT ${EXACT_POSITIONS + 1}) AS first`)
  return row?.ahead ?? 0
}
