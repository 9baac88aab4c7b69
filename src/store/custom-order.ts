import { and, eq, sql } from 'drizzle-orm'
import type {
  CustomOrderDeadline,
  CustomOrderProgress,
  CustomOrderState,
  GatewayWord,
  Judge,
  Terms,
  Turn,
  TurnEnd,
} from '../domain/custom-order.ts'
import { EVENTS, type EventType } from '../domain/event.ts'
import { after } from '../domain/period.ts'
import { type Database, type Locked, type Transaction, transactionTime } from './database.ts'
import type { DealerRow } from './dealer.ts'
import { isUntoldWithVehicle, recordEvent } from './event.ts'
import { type Customer, saveCustomer } from './order.ts'
import { moneyDue } from './order-money.ts'
import { configurations, customOrders, modelYears, vehicles } from './schema.ts'

export type CustomOrderRow = typeof customOrders.$inferSelect

/** A custom order as it came in. The buyer's e-mail address is in lower case: one address is one customer. */
export type NewCustomOrder = {
  number: string
  storefront: string
  reference: string | null
  type: 'retail' | 'fleet'
  buyer: Customer & { phone: string | null }
  configuration: string
  terms: Terms | null
  takes_payment: boolean
  dealer: string
  /** The idempotency row of the request. */
  command: string
}

/** Stores a custom order as it came, with the buyer's acknowledgement of receipt: state `received`. */
export async function insertCustomOrder(tx: Transaction, order: NewCustomOrder): Promise<void> {
  const { buyer, ...members } = order
  const { phone, ...person } = buyer
  const { storefront, dealer, configuration } = order
  const customer = await saveCustomer(tx, storefront, person, { phone })
  const [row] = await tx
    .insert(customOrders)
    .values({ ...members, customer, phone, turn: 0, state: 'received', version: 1 })
    .returning()
  if (!row) throw new Error('the custom order was not stored')
  await recordCustomOrderEvent(tx, null, row, {
    type: 'custom_order.received',
    actor: `storefront:${storefront}`,
    details: { dealer, configuration },
  })
}

/** Asks a dealer, and the processor about it: from now on both have to accept. The order is locked. */
export async function submit(
  tx: Transaction,
  row: CustomOrderRow,
  dealer: DealerRow,
  now: Date,
): Promise<CustomOrderRow> {
  const deadline = { kind: 'answer', at: after(now, dealer.acknowledge_seconds) } as const
  const asked = await tellPartner(tx, row, 'dealer', 'submitted', {
    state: 'submitted',
    dealer: dealer.id,
    turn: row.turn + 1,
    dealer_accepted: false,
    processor_reference: null,
    refused_by: null,
    deadline,
  })
  return tellPartner(tx, asked, 'processor', 'submitted')
}

export async function readCustomOrder(
  db: Database | Transaction,
  number: string,
): Promise<CustomOrderRow | undefined> {
  const [row] = await db.select().from(customOrders).where(eq(customOrders.number, number))
  return row
}

/** The custom order, locked; before its vehicle. */
export async function lockCustomOrder(
  tx: Transaction,
  number: string,
): Promise<Locked<CustomOrderRow> | undefined> {
  const [row] = await tx
    .select({ row: customOrders, now: transactionTime })
    .from(customOrders)
    .where(eq(customOrders.number, number))
    .for('no key update')
  return row
}

type CustomOrderEvent = {
  type: Extract<EventType, `custom_order.${string}`>
  actor: string
  details?: Record<string, unknown>
  note?: string | null
}

type Change = {
  state?: CustomOrderState
  dealer?: string
  turn?: number
  dealer_accepted?: boolean
  processor_reference?: string | null
  refused_by?: TurnEnd | null
  configuration?: string
  vehicle?: string
  deposit?: string
  balance?: string
  deadline?: { kind: CustomOrderDeadline; at: Date } | null
  ended?: true
}

/** Changes the locked custom order, with its event. The version rises with every change. */
export async function updateCustomOrder(
  tx: Transaction,
  row: CustomOrderRow,
  set: Change,
  event: CustomOrderEvent,
): Promise<CustomOrderRow> {
  const { deadline, ended, ...members } = set
  const [changed] = await tx
    .update(customOrders)
    .set({
      ...members,
      version: sql`${customOrders.version} + 1`,
      ...(deadline === undefined
        ? {}
        : { deadline_kind: deadline?.kind ?? null, deadline_at: deadline?.at ?? null }),
      ...(ended ? { ended_at: sql`now()` } : {}),
    })
    .where(eq(customOrders.number, row.number))
    .returning()
  if (!changed) throw new Error('the custom order is gone')
  await recordCustomOrderEvent(tx, row, changed, event)
  return changed
}

/** Has the gateway tell the dealer or the processor something of the locked order; changes it in the same step. */
export async function tellPartner(
  tx: Transaction,
  row: CustomOrderRow,
  partner: Judge,
  message: GatewayWord,
  { because = null, ...set }: Change & { because?: Turn['because'] } = {},
): Promise<CustomOrderRow> {
  const { state, dealer, turn, configuration, vehicle, deadline_at } = { ...row, ...set }
  const deadline = set.deadline === undefined ? deadline_at : (set.deadline?.at ?? null)
  const answer_by = state === 'submitted' ? (deadline?.toISOString() ?? null) : null
  return updateCustomOrder(tx, row, set, {
    type: partner === 'dealer' ? 'custom_order.told_dealer' : 'custom_order.told_processor',
    actor: 'house',
    details: { message, dealer, turn, configuration, vehicle, answer_by, because } satisfies Turn,
  })
}

async function recordCustomOrderEvent(
  tx: Transaction,
  before: CustomOrderRow | null,
  row: CustomOrderRow,
  { type, actor, details, note = null }: CustomOrderEvent,
): Promise<void> {
  await recordEvent(tx, {
    number: row.number,
    sequence: row.version,
    type,
    actor,
    from: before?.state ?? null,
    to: row.state,
    details: details ?? {},
    note,
    ...audienceOf(row, type),
  })
}

function audienceOf({ storefront, customer, dealer }: CustomOrderRow, type: CustomOrderEvent['type']) {
  switch (EVENTS[type].told) {
    case null:
      return {}
    case 'buyer':
      return { audience: { storefront, customer } }
    case 'order_dealer':
      return { audience: { channel: 'dealer', recipient: dealer } as const }
    case 'processor':
      return { audience: { channel: 'processor', recipient: 'processor' } as const }
    case 'operators':
      return { audience: { channel: 'operators', recipient: 'operators' } as const }
  }
}

/** The configuration of an order, with what plants need to know of its model year. */
export async function configurationOf(tx: Database | Transaction, id: string) {
  const [row] = await tx
    .select({ configuration: configurations, make: modelYears.make, model_line: modelYears.model_line })
    .from(configurations)
    .innerJoin(modelYears, eq(modelYears.id, configurations.model_year))
    .where(eq(configurations.id, id))
  return row
}

/** What the custom order's workflow sees of it; null when there is no such order. */
export async function customOrderProgress(
  db: Database | Transaction,
  number: string,
): Promise<CustomOrderProgress | null> {
  const [found] = await db
    .select({
      row: customOrders,
      vehicle: vehicles,
      untold: isUntoldWithVehicle('custom_orders'),
      money_due: MONEY_DUE,
    })
    .from(customOrders)
    // A vehicle that was forfeited is no longer this order's.
    .leftJoin(
      vehicles,
      and(eq(vehicles.number, customOrders.vehicle), eq(vehicles.buyer, customOrders.number)),
    )
    .where(eq(customOrders.number, number))
  if (!found) return null
  const { row, vehicle, untold, money_due } = found
  return {
    number,
    state: row.state,
    version: row.version,
    untold,
    storefront: row.storefront,
    dealer: row.dealer,
    vehicle: vehicle && { number: vehicle.number, state: vehicle.state, version: vehicle.version },
    money_due,
    deadline_kind: row.deadline_kind,
    deadline_at: row.deadline_at?.toISOString() ?? null,
  }
}

const MONEY_DUE = moneyDue('custom_orders', {
  judged: ['submitted', 'refused'],
  accepted: 'accepted',
  price: sql`(SELECT c.total_price_minor FROM configurations c WHERE c.id = custom_orders.configuration)`,
})

/** True when a dealer was ever asked about an order. */
export async function wasAsked(db: Database, number: string, dealer: string): Promise<boolean> {
  const rows = await db.execute(sql`
    SELECT 1 FROM events
     WHERE number = ${number} AND type = 'custom_order.told_dealer' AND details ->> 'dealer' = ${dealer} LIMIT 1`)
  return rows.length > 0
}
