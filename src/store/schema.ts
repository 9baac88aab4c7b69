import { sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  bigint,
  bigserial,
  boolean,
  check,
  customType,
  date,
  doublePrecision,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { BackOrderState } from '../domain/back-order.ts'
import type { PricedFeature } from '../domain/catalogue.ts'
import type { CustomOrderDeadline, CustomOrderState, Judge, Refund, Terms } from '../domain/custom-order.ts'
import type { DeliveryState } from '../domain/delivery.ts'
import type {
  LeadDeadline,
  LeadEnd,
  LeadState,
  LeadStatus,
  LostReason,
  PriceRange,
  Vehicle,
} from '../domain/lead.ts'
import type { Wish } from '../domain/match.ts'
import type { MatchRequestDeadline, MatchRequestState } from '../domain/match-request.ts'
import type { FeatureKind, RuleKind } from '../domain/model-year.ts'
import type { MovementKind } from '../domain/movement.ts'
import type { Choice, LineState, OrderState } from '../domain/order.ts'
import type { PaymentPurpose, PaymentState, RefundState } from '../domain/payment.ts'
import type { DeadlineKind } from '../domain/period.ts'
import type { PurchaseOrderState } from '../domain/purchase-order.ts'
import type { TagDeadline, TagState } from '../domain/tag.ts'
import type { AvailabilityState, Constraint, VehicleState, VehicleType } from '../domain/vehicle.ts'

/**
 * The books. Counts change only together with a row of `stock_movements`; every change of a row with states leaves a
 * row of `events` in the same transaction, with the row's `version` as its sequence.
 *
 * Locks are taken in one order: orders → stock_levels by item → back_orders → purchase_orders by number → their lines.
 * custom_orders → tags → the plan of production (`lockPlan`) → vehicles by number → match_requests. A lead is locked alone,
 * and a payment after whatever it is for.
 */

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })
const createdAt = () => at('created_at').notNull().defaultNow()
const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })

// ── the house ────────────────────────────────────────────────────────────────────────────────────────────────────

/** The house's four periods; one row a kind. Seconds. */
export const periods = pgTable(
  'periods',
  {
    kind: text('kind').$type<DeadlineKind>().primaryKey(),
    default_seconds: integer('default_seconds').notNull(),
    min_seconds: integer('min_seconds').notNull(),
    max_seconds: integer('max_seconds').notNull(),
  },
  (t) => [
    check(
      'periods_in_order',
      sql`0 < ${t.min_seconds} AND ${t.min_seconds} <= ${t.default_seconds} AND ${t.default_seconds} <= ${t.max_seconds}`,
    ),
  ],
)

export const items = pgTable('items', {
  sku: text('sku').primaryKey(),
  name: text('name').notNull(),
  /** Unit price in minor units of `currency` (ISO 4217). */
  price_minor: bigint('price_minor', { mode: 'number' }).notNull(),
  currency: text('currency').notNull(),
  back_orderable: boolean('back_orderable').notNull(),
  /** Most units that may be outstanding on back orders; null for no cap. */
  back_order_cap: integer('back_order_cap'),
  /** The item's own default wait and hold in place of the house's; null for the house's. */
  wait_seconds: integer('wait_seconds'),
  hold_seconds: integer('hold_seconds'),
  version: integer('version').notNull().default(1),
  created_at: createdAt(),
})

export const storefronts = pgTable('storefronts', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  /** Customers' mails come in this name and answer to this address. */
  mail_name: text('mail_name').notNull(),
  reply_to: text('reply_to').notNull(),
  /** Whether the house takes the payment of its back orders; otherwise the shop does so itself. */
  takes_payment: boolean('takes_payment').notNull().default(false),
  version: integer('version').notNull().default(1),
  created_at: createdAt(),
})

export const suppliers = pgTable('suppliers', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  /** `webhook` or `mail`. */
  channel: text('channel').$type<'webhook' | 'mail'>().notNull(),
  webhook_url: text('webhook_url'),
  email: text('email'),
  /** Signs what we send to them and what they send to us by webhook. */
  webhook_secret: text('webhook_secret').notNull(),
  /** How long demand is gathered before a purchase order is made. */
  gather_seconds: integer('gather_seconds').notNull(),
  /** How long an acknowledgement may take before a reminder, and after it before the lines are withdrawn. */
  acknowledge_seconds: integer('acknowledge_seconds').notNull(),
  remind_seconds: integer('remind_seconds').notNull(),
  /** How long after the expected date a line may be overdue before operators are told. */
  overdue_seconds: integer('overdue_seconds').notNull(),
  /** How long a supplier that refused an item is passed over for it. */
  pass_over_seconds: integer('pass_over_seconds').notNull(),
  version: integer('version').notNull().default(1),
  created_at: createdAt(),
})

export const supplierItems = pgTable(
  'supplier_items',
  {
    supplier: text('supplier')
      .notNull()
      .references(() => suppliers.id),
    sku: text('sku')
      .notNull()
      .references(() => items.sku),
    /** Who is asked first: the lowest rank. */
    rank: integer('rank').notNull(),
    lead_seconds: integer('lead_seconds').notNull(),
    pack_size: integer('pack_size').notNull(),
    price_minor: bigint('price_minor', { mode: 'number' }).notNull(),
    currency: text('currency').notNull(),
    /** Set when the supplier refused the item or let it lapse: until then the next one is asked. */
    passed_over_until: at('passed_over_until'),
  },
  (t) => [
    primaryKey({ columns: [t.supplier, t.sku] }),
    index('supplier_items_by_sku').on(t.sku, t.rank, t.supplier),
    check('supplier_items_pack_size', sql`${t.pack_size} > 0`),
  ],
)

export const dealers = pgTable(
  'dealers',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    /** Where they are, in degrees (WGS 84). */
    latitude: doublePrecision('latitude').notNull(),
    longitude: doublePrecision('longitude').notNull(),
    /** IANA zone in which their mails and pages state times. */
    time_zone: text('time_zone').notNull().default('UTC'),
    /** How leads reach them, and in which form. */
    channel: text('channel').$type<'webhook' | 'mail'>().notNull(),
    lead_format: text('lead_format').$type<'adf' | 'json'>().notNull(),
    webhook_url: text('webhook_url'),
    email: text('email'),
    /** Signs what we send to them and what they send to us by webhook. */
    webhook_secret: text('webhook_secret').notNull(),
    /** Codes of the makes that they sell; who sells none gets leads by name only. */
    makes: text('makes').array().notNull(),
    /** How long an answer may take before a reminder, after it before operators see it, and after that before it goes on. */
    acknowledge_seconds: integer('acknowledge_seconds').notNull(),
    remind_seconds: integer('remind_seconds').notNull(),
    escalate_seconds: integer('escalate_seconds').notNull(),
    /** How long after their last word they are asked for the status. */
    status_seconds: integer('status_seconds').notNull(),
    /** How long after the prospect was told that nobody answers the lead counts as lost. */
    close_seconds: integer('close_seconds').notNull(),
    /** How long a vehicle of theirs that became free is kept for whoever waits for such a one. */
    match_seconds: integer('match_seconds').notNull().default(172_800),
    version: integer('version').notNull().default(1),
    created_at: createdAt(),
  },
  (t) => [
    check('dealers_place', sql`${t.latitude} BETWEEN -90 AND 90 AND ${t.longitude} BETWEEN -180 AND 180`),
  ],
)

/** Where postcodes are, as operators loaded them: the middle of the area, in degrees (WGS 84). */
export const postcodes = pgTable(
  'postcodes',
  {
    /** ISO 3166-1 alpha-2. */
    country: text('country').notNull(),
    /** In capitals, without spaces and dashes. */
    postcode: text('postcode').notNull(),
    latitude: doublePrecision('latitude').notNull(),
    longitude: doublePrecision('longitude').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.country, t.postcode] }),
    check('postcodes_place', sql`${t.latitude} BETWEEN -90 AND 90 AND ${t.longitude} BETWEEN -180 AND 180`),
  ],
)

export const apiKeys = pgTable('api_keys', {
  id: uuid('id').primaryKey().defaultRandom(),
  role: text('role').$type<'storefront' | 'supplier' | 'dealer' | 'operator'>().notNull(),
  /** The storefront, supplier or dealer that the key belongs to; null for operators. */
  partner: text('partner'),
  name: text('name').notNull(),
  /** SHA-256 of the key; the key itself is shown once and never stored. */
  hash: bytea('hash').notNull().unique(),
  revoked_at: at('revoked_at'),
  created_at: createdAt(),
})

// ── stock ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const stockLevels = pgTable(
  'stock_levels',
  {
    sku: text('sku')
      .primaryKey()
      .references(() => items.sku),
    on_hand: integer('on_hand').notNull().default(0),
    allocated: integer('allocated').notNull().default(0),
    outbound: integer('outbound').notNull().default(0),
    /** Σ (ordered − allocated) over the item's waiting back orders: kept here so that no decision has to sum a queue. */
    outstanding: integer('outstanding').notNull().default(0),
    /** The last place drawn in the item's queue. */
    last_place: bigint('last_place', { mode: 'number' }).notNull().default(0),
  },
  (t) => [
    check('stock_levels_allocated', sql`${t.allocated} BETWEEN 0 AND ${t.on_hand}`),
    check('stock_levels_outbound', sql`${t.outbound} >= 0`),
    check('stock_levels_outstanding', sql`${t.outstanding} >= 0`),
  ],
)

export const stockMovements = pgTable(
  'stock_movements',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    sku: text('sku').notNull(),
    kind: text('kind').$type<MovementKind>().notNull(),
    quantity: integer('quantity').notNull(),
    /** The one cause: the number of an order, back order or delivery, or `receipt/<id>` or `count/<id>`. */
    cause: text('cause').notNull(),
    /** The step that made it: the same step never moves the same units twice. */
    step: text('step').notNull(),
    at: at('at').notNull().defaultNow(),
  },
  (t) => [
    check('stock_movements_quantity', sql`${t.quantity} > 0`),
    unique('stock_movements_once').on(t.step, t.cause, t.sku, t.kind),
    index('stock_movements_by_sku').on(t.sku, t.id),
  ],
)

// ── customers and orders ─────────────────────────────────────────────────────────────────────────────────────────

/**
 * Membership (REQUIREMENTS B2), apart from whose orders are where: a person is a member that is merged into no other, with
 * all that are merged into it. Storefronts and dealers never learn of it. Name and contact are as they were told last;
 * null once erased.
 */
export const members = pgTable(
  'members',
  {
    id: uuid('id').primaryKey(),
    name: text('name'),
    email: text('email'),
    phone: text('phone'),
    address: uuid('address').references(() => addresses.id),
    /** The same person's member that stands for both. Nothing else is changed by merging, so undoing it restores who was whose. */
    merged_into: uuid('merged_into').references((): AnyPgColumn => members.id),
    /** Counts its events. */
    version: integer('version').notNull().default(0),
    created_at: createdAt(),
    /** When the erasure was asked for, from which moment nothing new is linked to it, and when all of it was done. */
    erasing_since: at('erasing_since'),
    erased_at: at('erased_at'),
  },
  (t) => [
    index('members_by_age').on(t.created_at, t.id),
    index('members_merged').on(t.merged_into).where(sql`${t.merged_into} IS NOT NULL`),
    index('members_erasing')
      .on(t.erasing_since)
      .where(sql`${t.erasing_since} IS NOT NULL AND ${t.erased_at} IS NULL`),
    check('members_not_itself', sql`${t.merged_into} <> ${t.id}`),
    check(
      'members_erased',
      sql`${t.erasing_since} IS NULL OR (${t.name} IS NULL AND ${t.email} IS NULL AND ${t.phone} IS NULL AND ${t.address} IS NULL)`,
    ),
  ],
)

/** Who orders at a storefront: one per e-mail address there. Name and address are null once erased. */
export const customers = pgTable(
  'customers',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    storefront: text('storefront')
      .notNull()
      .references(() => storefronts.id),
    member: uuid('member')
      .notNull()
      .references(() => members.id),
    name: text('name'),
    /** In lower case. */
    email: text('email'),
    /** IANA zone in which the customer's mails state times. */
    time_zone: text('time_zone').notNull(),
    /** When somebody first acted on the page behind a link that was mailed to the address. */
    verified_at: at('verified_at'),
    created_at: createdAt(),
  },
  (t) => [
    unique('customers_by_email').on(t.storefront, t.email),
    index('customers_by_storefront').on(t.storefront, t.created_at, t.id),
    index('customers_by_member').on(t.member),
    check('customers_erased', sql`(${t.name} IS NULL) = (${t.email} IS NULL)`),
  ],
)

export const addresses = pgTable('addresses', {
  id: uuid('id').primaryKey().defaultRandom(),
  name: text('name').notNull(),
  lines: text('lines').array().notNull(),
  city: text('city').notNull(),
  postcode: text('postcode').notNull(),
  region: text('region'),
  /** ISO 3166-1 alpha-2. */
  country: text('country').notNull(),
  created_at: createdAt(),
})

export const orders = pgTable(
  'orders',
  {
    number: text('number').primaryKey(),
    storefront: text('storefront')
      .notNull()
      .references(() => storefronts.id),
    customer: uuid('customer')
      .notNull()
      .references(() => customers.id),
    ship_to: uuid('ship_to')
      .notNull()
      .references(() => addresses.id),
    /** The storefront's own reference, given back in every answer. */
    reference: text('reference'),
    state: text('state').$type<OrderState>().notNull(),
    version: integer('version').notNull().default(1),
    /** The offer's length as the storefront asked for it; null for the house's. */
    offer_seconds: integer('offer_seconds'),
    deadline_kind: text('deadline_kind').$type<DeadlineKind>(),
    deadline_at: at('deadline_at'),
    /** Raised to revoke every link mailed so far. */
    link_version: integer('link_version').notNull().default(1),
    /** The idempotency row of the request that made it. */
    command: uuid('command').notNull(),
    created_at: createdAt(),
    ended_at: at('ended_at'),
  },
  (t) => [
    index('orders_by_storefront').on(t.storefront, t.created_at, t.number),
    index('orders_by_customer').on(t.customer),
    index('orders_unplaced').on(t.created_at).where(sql`${t.state} = 'received'`),
    index('orders_open').on(t.created_at, t.number).where(sql`${t.ended_at} IS NULL`),
    check('orders_deadline', sql`(${t.deadline_kind} IS NULL) = (${t.deadline_at} IS NULL)`),
  ],
)

export const orderLines = pgTable(
  'order_lines',
  {
    order_number: text('order_number')
      .notNull()
      .references(() => orders.number),
    line: integer('line').notNull(),
    sku: text('sku')
      .notNull()
      .references(() => items.sku),
    ordered: integer('ordered').notNull(),
    /** What could be promised at the moment of decision, and what could not; both kept as they were then. */
    available: integer('available'),
    shortfall: integer('shortfall'),
    /** Units now on the shelf for this line. */
    allocated: integer('allocated').notNull().default(0),
    state: text('state').$type<LineState>().notNull(),
    choice: text('choice').$type<Choice>(),
    price_minor: bigint('price_minor', { mode: 'number' }).notNull(),
    currency: text('currency').notNull(),
    /** The expected date stated in the offer. */
    expected_at: at('expected_at'),
  },
  (t) => [
    primaryKey({ columns: [t.order_number, t.line] }),
    unique('order_lines_item_once').on(t.order_number, t.sku),
    index('order_lines_allocated').on(t.sku).where(sql`${t.allocated} > 0`),
    check('order_lines_allocated_range', sql`${t.allocated} BETWEEN 0 AND ${t.ordered}`),
  ],
)

export const backOrders = pgTable(
  'back_orders',
  {
    number: text('number').primaryKey(),
    order_number: text('order_number').notNull(),
    line: integer('line').notNull(),
    sku: text('sku').notNull(),
    storefront: text('storefront').notNull(),
    customer: uuid('customer').notNull(),
    ordered: integer('ordered').notNull(),
    /** Fixed at the moment of decision and kept. */
    shortfall: integer('shortfall').notNull(),
    allocated: integer('allocated').notNull().default(0),
    state: text('state').$type<BackOrderState>().notNull(),
    version: integer('version').notNull().default(1),
    /** Its place in the item's queue: drawn once under the item's lock, never changed. */
    place: bigint('place', { mode: 'number' }).notNull(),
    deadline_kind: text('deadline_kind').$type<DeadlineKind>(),
    deadline_at: at('deadline_at'),
    /** When the running clock was started: the house's longest period counts from here. */
    deadline_from: at('deadline_from'),
    /** What was left of the wait when it was met: it runs on from there if units are taken back. */
    wait_left_seconds: integer('wait_left_seconds'),
    /** How long goods are held for it once met, as set by the customer or predetermined. */
    hold_seconds: integer('hold_seconds').notNull(),
    /** The date the customer was told, and until when it may slip unannounced: null while none is known. */
    promised_at: at('promised_at'),
    /** True once the customer was told that no supplier is left. */
    unsourced: boolean('unsourced').notNull().default(false),
    price_minor: bigint('price_minor', { mode: 'number' }).notNull(),
    currency: text('currency').notNull(),
    delivery: text('delivery'),
    /** The last payment that its confirmation asked for. */
    payment: text('payment'),
    /** Where and when the customer wants it: set by the delivery request. */
    ship_to: uuid('ship_to').references(() => addresses.id),
    deliver_on: text('deliver_on'),
    created_at: createdAt(),
    ended_at: at('ended_at'),
  },
  (t) => [
    unique('back_orders_line_once').on(t.order_number, t.line),
    unique('back_orders_place').on(t.sku, t.place),
    index('back_orders_waiting').on(t.sku, t.place).where(sql`${t.state} = 'waiting'`),
    index('back_orders_holding')
      .on(t.sku, t.place)
      .where(sql`${t.allocated} > 0 AND ${t.state} IN ('waiting', 'met', 'delivery_requested')`),
    index('back_orders_by_storefront').on(t.storefront, t.created_at, t.number),
    index('back_orders_open').on(t.created_at, t.number).where(sql`${t.ended_at} IS NULL`),
    check('back_orders_allocated', sql`${t.allocated} BETWEEN 0 AND ${t.ordered}`),
    check(
      'back_orders_met',
      sql`${t.state} NOT IN ('met', 'delivery_requested') OR ${t.allocated} = ${t.ordered}`,
    ),
    check('back_orders_deadline', sql`(${t.deadline_kind} IS NULL) = (${t.deadline_at} IS NULL)`),
  ],
)

// ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────

export const deliveries = pgTable(
  'deliveries',
  {
    number: text('number').primaryKey(),
    order_number: text('order_number')
      .notNull()
      .references(() => orders.number),
    /** The back order it delivers; null for what the order could ship at once. */
    back_order: text('back_order').references(() => backOrders.number),
    storefront: text('storefront').notNull(),
    ship_to: uuid('ship_to')
      .notNull()
      .references(() => addresses.id),
    state: text('state').$type<DeliveryState>().notNull(),
    version: integer('version').notNull().default(1),
    /** Counts the tries: each is a shipment of its own with the carrier. */
    attempt: integer('attempt').notNull().default(1),
    tracking: text('tracking'),
    /** Why it failed, in the carrier's words. */
    failure: text('failure'),
    deliver_on: text('deliver_on'),
    /** The day that this try's carrier is asked for: settled when the booking begins, so that a repeat asks for the same. */
    collect_on: text('collect_on'),
    created_at: createdAt(),
    ended_at: at('ended_at'),
  },
  (t) => [
    // Not unique: a carrier may use a number again, or one for several parcels.
    index('deliveries_by_tracking').on(t.tracking),
    index('deliveries_by_order').on(t.order_number),
    index('deliveries_by_storefront').on(t.storefront, t.created_at, t.number),
    uniqueIndex('deliveries_open_by_back_order').on(t.back_order).where(sql`${t.ended_at} IS NULL`),
    index('deliveries_open').on(t.created_at, t.number).where(sql`${t.ended_at} IS NULL`),
  ],
)

export const deliveryLines = pgTable(
  'delivery_lines',
  {
    delivery: text('delivery')
      .notNull()
      .references(() => deliveries.number),
    sku: text('sku').notNull(),
    quantity: integer('quantity').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.delivery, t.sku] }),
    check('delivery_lines_quantity', sql`${t.quantity} > 0`),
  ],
)

// ── payments ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** What buyers pay on the provider's page (REQUIREMENTS B5). No number of any card is here or anywhere. */
export const payments = pgTable(
  'payments',
  {
    number: text('number').primaryKey(),
    /** The number of the order, of whichever kind, and the step of it that is paid for. */
    pays_for: text('pays_for').notNull(),
    purpose: text('purpose').$type<PaymentPurpose>().notNull(),
    storefront: text('storefront')
      .notNull()
      .references(() => storefronts.id),
    customer: uuid('customer')
      .notNull()
      .references(() => customers.id),
    amount_minor: bigint('amount_minor', { mode: 'number' }).notNull(),
    currency: text('currency').notNull(),
    /** Whether the money is taken as soon as it is authorised, or when the owner asks for it. */
    capture: text('capture').$type<'at_once' | 'when_asked'>().notNull(),
    state: text('state').$type<PaymentState>().notNull(),
    version: integer('version').notNull().default(1),
    /** What was taken from the buyer, and what of it was given back. */
    captured_minor: bigint('captured_minor', { mode: 'number' }).notNull().default(0),
    refunded_minor: bigint('refunded_minor', { mode: 'number' }).notNull().default(0),
    /** Our own address that leads to the provider's page; null for what was settled elsewhere. */
    pay_url: text('pay_url'),
    /** Sessions on the provider's page, of which the last one counts, with its reference and address there. */
    sessions: integer('sessions').notNull().default(0),
    session: text('session'),
    session_url: text('session_url'),
    /** The provider's reference of the money, once there is some. */
    intent: text('intent'),
    /** Counts the tries to take the money: a try that failed for good is not repeated under its key. */
    capture_attempt: integer('capture_attempt').notNull().default(1),
    /** The last attempt of the buyer that was declined, and why the provider refused what we asked for; codes. */
    declined: text('declined'),
    failure: text('failure'),
    /** The owner wants nothing of it any more: what is taken goes back, and another payment may take its place. */
    withdrawn: boolean('withdrawn').notNull().default(false),
    /** Until when it can be paid. */
    deadline_at: at('deadline_at'),
    authorised_at: at('authorised_at'),
    created_at: createdAt(),
    ended_at: at('ended_at'),
  },
  (t) => [
    // Exactly once per order and step: another one only where this one took nothing, or gives all of it back.
    uniqueIndex('payments_once')
      .on(t.pays_for, t.purpose)
      .where(sql`NOT ${t.withdrawn} AND ${t.state} NOT IN ('voided', 'expired', 'refunded')`),
    index('payments_by_owner').on(t.pays_for),
    index('payments_by_storefront').on(t.storefront, t.created_at, t.number),
    index('payments_by_customer').on(t.customer),
    index('payments_open').on(t.created_at, t.number).where(sql`${t.ended_at} IS NULL`),
    check('payments_amount', sql`${t.amount_minor} > 0`),
    check(
      'payments_balance',
      sql`0 <= ${t.refunded_minor} AND ${t.refunded_minor} <= ${t.captured_minor} AND ${t.captured_minor} <= ${t.amount_minor}`,
    ),
  ],
)

/** What is to be given back of a payment, each once with the provider. */
export const refunds = pgTable(
  'refunds',
  {
    payment: text('payment')
      .notNull()
      .references(() => payments.number),
    sequence: integer('sequence').notNull(),
    amount_minor: bigint('amount_minor', { mode: 'number' }).notNull(),
    /** `owner`: the order owes less. `operator`: a person remits what is owed. */
    asked_by: text('asked_by').$type<'owner' | 'operator'>().notNull(),
    state: text('state').$type<RefundState>().notNull(),
    /** Counts the tries: one that failed for good is not repeated under its key. */
    attempt: integer('attempt').notNull().default(1),
    /** The provider's reference, once it is under way, and why it failed, as a code. */
    reference: text('reference'),
    failure: text('failure'),
    created_at: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.payment, t.sequence] }),
    check('refunds_amount', sql`${t.amount_minor} > 0`),
  ],
)

// ── suppliers' side ──────────────────────────────────────────────────────────────────────────────────────────────

export const purchaseOrders = pgTable(
  'purchase_orders',
  {
    number: text('number').primaryKey(),
    supplier: text('supplier')
      .notNull()
      .references(() => suppliers.id),
    state: text('state').$type<PurchaseOrderState>().notNull(),
    version: integer('version').notNull().default(1),
    currency: text('currency').notNull(),
    /** What it waits for until then: an acknowledgement, after the reminder still one, or overdue goods. */
    deadline_kind: text('deadline_kind').$type<'acknowledge' | 'remind' | 'overdue'>(),
    deadline_at: at('deadline_at'),
    created_at: createdAt(),
    ended_at: at('ended_at'),
  },
  (t) => [
    index('purchase_orders_by_supplier').on(t.supplier, t.created_at, t.number),
    index('purchase_orders_open').on(t.created_at, t.number).where(sql`${t.ended_at} IS NULL`),
  ],
)

export const purchaseOrderLines = pgTable(
  'purchase_order_lines',
  {
    purchase_order: text('purchase_order')
      .notNull()
      .references(() => purchaseOrders.number),
    line: integer('line').notNull(),
    sku: text('sku').notNull(),
    /** What was asked for at first, and what stands now (less what was rejected or withdrawn). */
    requested: integer('requested').notNull(),
    agreed: integer('agreed').notNull(),
    /** Null until acknowledged. */
    accepted: integer('accepted'),
    received: integer('received').notNull().default(0),
    /** Nothing more is to come on a closed line. */
    closed: boolean('closed').notNull().default(false),
    closed_because: text('closed_because').$type<'received' | 'rejected' | 'withdrawn' | 'lapsed'>(),
    /** The quantity that the supplier was last asked to change an acknowledged line to. */
    change_requested: integer('change_requested'),
    price_minor: bigint('price_minor', { mode: 'number' }).notNull(),
    expected_at: at('expected_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.purchase_order, t.line] }),
    index('purchase_order_lines_open').on(t.sku, t.expected_at).where(sql`NOT ${t.closed}`),
    check('purchase_order_lines_range', sql`${t.agreed} BETWEEN 0 AND ${t.requested} AND ${t.received} >= 0`),
  ],
)

/** When the units of an acknowledged line come: an acknowledgement or a notice may split a line over dates. */
export const scheduleLines = pgTable(
  'schedule_lines',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    purchase_order: text('purchase_order').notNull(),
    line: integer('line').notNull(),
    quantity: integer('quantity').notNull(),
    expected_at: at('expected_at').notNull(),
    kind: text('kind').$type<'accepted' | 'back_ordered' | 'shipped'>().notNull(),
  },
  (t) => [index('schedule_lines_by_line').on(t.purchase_order, t.line, t.expected_at)],
)

export const receipts = pgTable(
  'receipts',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    supplier: text('supplier')
      .notNull()
      .references(() => suppliers.id),
    reference: text('reference').notNull(),
    body_hash: bytea('body_hash').notNull(),
    answer: jsonb('answer').notNull(),
    created_at: createdAt(),
  },
  (t) => [unique('receipts_reference_once').on(t.supplier, t.reference)],
)

export const receiptLines = pgTable(
  'receipt_lines',
  {
    receipt: uuid('receipt')
      .notNull()
      .references(() => receipts.id),
    line: integer('line').notNull(),
    sku: text('sku').notNull(),
    purchase_order: text('purchase_order'),
    purchase_order_line: integer('purchase_order_line'),
    received: integer('received').notNull(),
    rejected: integer('rejected').notNull(),
    reason: text('reason'),
  },
  (t) => [primaryKey({ columns: [t.receipt, t.line] })],
)

// ── leads ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const leads = pgTable(
  'leads',
  {
    number: text('number').primaryKey(),
    storefront: text('storefront')
      .notNull()
      .references(() => storefronts.id),
    /** The prospect. */
    customer: uuid('customer')
      .notNull()
      .references(() => customers.id),
    phone: text('phone'),
    /** The storefront's own reference, given back in every answer. */
    reference: text('reference'),
    vehicle: jsonb('vehicle').$type<Vehicle>().notNull(),
    price: jsonb('price').$type<PriceRange>(),
    trade_in: jsonb('trade_in').$type<Vehicle>(),
    comments: text('comments'),
    /** Where another dealer is looked for: near the prospect, or near the dealer who was chosen. Degrees. */
    latitude: doublePrecision('latitude').notNull(),
    longitude: doublePrecision('longitude').notNull(),
    /** Whether the prospect agrees to another dealer should this one stay silent. */
    another_dealer: boolean('another_dealer').notNull(),
    /** Who has it now; `turn` counts those who had it, from 1. */
    dealer: text('dealer')
      .notNull()
      .references(() => dealers.id),
    turn: integer('turn').notNull().default(1),
    state: text('state').$type<LeadState>().notNull(),
    /** The last status that this dealer gave. */
    status: text('status').$type<LeadStatus>(),
    lost_reason: text('lost_reason').$type<LeadEnd>(),
    version: integer('version').notNull(),
    deadline_kind: text('deadline_kind').$type<LeadDeadline>(),
    deadline_at: at('deadline_at'),
    created_at: createdAt(),
    ended_at: at('ended_at'),
  },
  (t) => [
    index('leads_by_storefront').on(t.storefront, t.created_at, t.number),
    index('leads_by_dealer').on(t.dealer, t.created_at, t.number),
    index('leads_by_customer').on(t.customer),
    index('leads_open').on(t.created_at, t.number).where(sql`${t.ended_at} IS NULL`),
    check('leads_deadline', sql`(${t.deadline_kind} IS NULL) = (${t.deadline_at} IS NULL)`),
    check('leads_lost', sql`(${t.state} = 'lost') = (${t.lost_reason} IS NOT NULL)`),
  ],
)

/** The dealers that a lead was sent to, one after the other. */
export const leadDealers = pgTable(
  'lead_dealers',
  {
    lead: text('lead')
      .notNull()
      .references(() => leads.number),
    turn: integer('turn').notNull(),
    dealer: text('dealer')
      .notNull()
      .references(() => dealers.id),
    sent_at: at('sent_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.lead, t.turn] }), unique('lead_dealers_once').on(t.lead, t.dealer)],
)

/** Every status that was ever received, also late ones, which change nothing. */
export const leadStatuses = pgTable(
  'lead_statuses',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    lead: text('lead')
      .notNull()
      .references(() => leads.number),
    dealer: text('dealer').notNull(),
    status: text('status').$type<LeadStatus>().notNull(),
    reason: text('reason').$type<LostReason>(),
    /** When the appointment or test drive is. */
    takes_place_at: at('takes_place_at'),
    note: text('note'),
    /** True when the lead was with another dealer already. */
    is_late: boolean('is_late').notNull(),
    at: at('at').notNull().defaultNow(),
  },
  (t) => [index('lead_statuses_by_lead').on(t.lead, t.id)],
)

// ── vehicles ─────────────────────────────────────────────────────────────────────────────────────────────────────

export const makes = pgTable('makes', { code: text('code').primaryKey(), name: text('name').notNull() })

export const models = pgTable(
  'models',
  {
    make: text('make')
      .notNull()
      .references(() => makes.code),
    code: text('code').notNull(),
    name: text('name').notNull(),
  },
  (t) => [primaryKey({ columns: [t.make, t.code] })],
)

/** What plants build: the model years of one line compete for the same places. */
export const modelLines = pgTable('model_lines', {
  code: text('code').primaryKey(),
  name: text('name').notNull(),
})

/**
 * A model year with its features and rules is one document: `version` counts its changes, and what is loaded replaces all
 * of it. Days are in UTC, the first and the last one included; null where there is no such end.
 */
export const modelYears = pgTable(
  'model_years',
  {
    id: text('id').primaryKey(),
    make: text('make').notNull(),
    model: text('model').notNull(),
    year: integer('year').notNull(),
    model_line: text('model_line')
      .notNull()
      .references(() => modelLines.code),
    currency: text('currency').notNull(),
    base_price_minor: bigint('base_price_minor', { mode: 'number' }).notNull(),
    /** When it is sold. */
    from_day: date('from_day', { mode: 'string' }),
    until_day: date('until_day', { mode: 'string' }),
    version: integer('version').notNull().default(1),
    created_at: createdAt(),
  },
  (t) => [
    foreignKey({ columns: [t.make, t.model], foreignColumns: [models.make, models.code] }),
    unique('model_years_once').on(t.make, t.model, t.year),
  ],
)

/** What a vehicle of the model year can have: exactly one of each kind but any number of options. */
export const features = pgTable(
  'features',
  {
    model_year: text('model_year')
      .notNull()
      .references(() => modelYears.id),
    code: text('code').notNull(),
    /** Its place in the document: pages show features in the order in which they were loaded. */
    place: integer('place').notNull(),
    kind: text('kind').$type<FeatureKind>().notNull(),
    name: text('name').notNull(),
    price_minor: bigint('price_minor', { mode: 'number' }).notNull(),
    from_day: date('from_day', { mode: 'string' }),
    until_day: date('until_day', { mode: 'string' }),
  },
  (t) => [primaryKey({ columns: [t.model_year, t.code] })],
)

/** What goes together, by features' codes. */
export const featureRules = pgTable(
  'feature_rules',
  {
    model_year: text('model_year')
      .notNull()
      .references(() => modelYears.id),
    place: integer('place').notNull(),
    kind: text('kind').$type<RuleKind>().notNull(),
    subject: text('subject').notNull(),
    objects: text('objects').array().notNull(),
    /** Null for words made of the features' names. */
    words: text('words'),
    from_day: date('from_day', { mode: 'string' }),
    until_day: date('until_day', { mode: 'string' }),
  },
  (t) => [primaryKey({ columns: [t.model_year, t.place] })],
)

/** Each combination of features of a model year that a configuration or a vehicle ever had, once. */
export const specifications = pgTable(
  'specifications',
  {
    fingerprint: text('fingerprint').primaryKey(),
    model_year: text('model_year')
      .notNull()
      .references(() => modelYears.id),
    /** Codes, in alphabetical order. */
    features: text('features').array().notNull(),
    /** True once a vehicle of dealers' stock had it: only these can be what a search finds. */
    stocked: boolean('stocked').notNull().default(false),
  },
  (t) => [index('specifications_stocked').on(t.model_year).where(sql`${t.stocked}`)],
)

/** A valid configuration as it was when a storefront stored it. It never changes. */
export const configurations = pgTable('configurations', {
  id: uuid('id').primaryKey(),
  storefront: text('storefront')
    .notNull()
    .references(() => storefronts.id),
  model_year: text('model_year')
    .notNull()
    .references(() => modelYears.id),
  /** The version of the model year by whose rules and prices it was checked. */
  model_year_version: integer('model_year_version').notNull(),
  /** The same for the same features of the same model year: what vehicles and orders are matched by. */
  fingerprint: text('fingerprint')
    .notNull()
    .references(() => specifications.fingerprint),
  /** With the names and prices of that time, in minor units of `currency`. */
  features: jsonb('features').$type<PricedFeature[]>().notNull(),
  base_price_minor: bigint('base_price_minor', { mode: 'number' }).notNull(),
  total_price_minor: bigint('total_price_minor', { mode: 'number' }).notNull(),
  currency: text('currency').notNull(),
  checked_at: at('checked_at').notNull().defaultNow(),
})

/**
 * A vehicle: its record in the order bank until it is built, and after that where it is. A dealer's stock order has no
 * buyer; a buyer's has the number of the custom order or the tag that it is for, and whom to tell.
 */
export const vehicles = pgTable(
  'vehicles',
  {
    number: text('number').primaryKey(),
    type: text('type').$type<VehicleType>().notNull(),
    dealer: text('dealer')
      .notNull()
      .references(() => dealers.id),
    specification: text('specification')
      .notNull()
      .references(() => specifications.fingerprint),
    /** The specification's: what plants build, and what places are competed for. */
    model_line: text('model_line')
      .notNull()
      .references(() => modelLines.code),
    /** What it is sold for, in minor units of `currency`. */
    price_minor: bigint('price_minor', { mode: 'number' }).notNull(),
    currency: text('currency').notNull(),
    state: text('state').$type<VehicleState>().notNull(),
    version: integer('version').notNull().default(1),
    /** Drawn at acceptance. Who is scheduled first: the lowest priority, which is the type's, then the lowest place. */
    place: bigserial('place', { mode: 'number' }),
    /** The slot that it holds; null while it has none. */
    plant: text('plant'),
    period: integer('period'),
    /** What keeps it from an earlier slot, as the last run found; null when nothing does. */
    held_by: text('held_by').$type<Constraint>(),
    /** The custom order or tag that it is for, and who is told of it; null for a dealer's stock. */
    buyer: text('buyer'),
    storefront: text('storefront').references(() => storefronts.id),
    customer: uuid('customer').references(() => customers.id),
    vin: text('vin'),
    banked_at: at('banked_at').notNull().defaultNow(),
    ended_at: at('ended_at'),
  },
  (t) => [
    unique('vehicles_vin').on(t.vin),
    uniqueIndex('vehicles_buyer').on(t.buyer).where(sql`${t.buyer} IS NOT NULL`),
    index('vehicles_in_bank')
      .on(t.model_line, t.type, t.place)
      .where(sql`${t.state} IN ('banked', 'scheduled', 'in_production')`),
    index('vehicles_on_their_way')
      .on(t.number)
      .where(
        sql`${t.state} IN ('in_production', 'built', 'shipped') OR ${t.state} = 'at_dealer' AND ${t.buyer} IS NOT NULL`,
      ),
    index('vehicles_in_slots').on(t.period, t.plant).where(sql`${t.period} IS NOT NULL`),
    index('vehicles_by_dealer').on(t.dealer, t.banked_at, t.number),
    check('vehicles_slot', sql`(${t.plant} IS NULL) = (${t.period} IS NULL)`),
    check('vehicles_scheduled', sql`${t.state} <> 'scheduled' OR ${t.plant} IS NOT NULL`),
    check('vehicles_banked', sql`${t.state} <> 'banked' OR ${t.plant} IS NULL`),
    check(
      'vehicles_buyer_told',
      sql`(${t.buyer} IS NULL) = (${t.customer} IS NULL) AND (${t.customer} IS NULL) = (${t.storefront} IS NULL)`,
    ),
  ],
)

/** What holds for the money of orders of a kind in a currency; without a row, no deposit is taken. */
export const orderTerms = pgTable(
  'order_terms',
  {
    kind: text('kind').$type<'custom_order' | 'tag'>().notNull(),
    currency: text('currency').notNull(),
    deposit_minor: bigint('deposit_minor', { mode: 'number' }).notNull(),
    fee_minor: bigint('fee_minor', { mode: 'number' }).notNull(),
    refund_banked: text('refund_banked').$type<Refund>().notNull(),
    refund_scheduled: text('refund_scheduled').$type<Refund>().notNull(),
    version: integer('version').notNull().default(1),
  },
  (t) => [
    primaryKey({ columns: [t.kind, t.currency] }),
    check(
      'order_terms_amounts',
      sql`${t.deposit_minor} >= 0 AND ${t.fee_minor} BETWEEN 0 AND ${t.deposit_minor}`,
    ),
  ],
)

export const customOrders = pgTable(
  'custom_orders',
  {
    number: text('number').primaryKey(),
    storefront: text('storefront')
      .notNull()
      .references(() => storefronts.id),
    /** The buyer. */
    customer: uuid('customer')
      .notNull()
      .references(() => customers.id),
    phone: text('phone'),
    /** The storefront's own reference, given back in every answer. */
    reference: text('reference'),
    type: text('type').$type<'retail' | 'fleet'>().notNull(),
    configuration: uuid('configuration')
      .notNull()
      .references(() => configurations.id),
    /** As they were when it was made. */
    terms: jsonb('terms').$type<Terms>(),
    /** Who has it now; `turn` counts the dealers that were asked, from 1. */
    dealer: text('dealer')
      .notNull()
      .references(() => dealers.id),
    turn: integer('turn').notNull().default(1),
    state: text('state').$type<CustomOrderState>().notNull(),
    version: integer('version').notNull(),
    /** Who has accepted in this turn. */
    dealer_accepted: boolean('dealer_accepted').notNull().default(false),
    /** The order processor's own reference, once it has accepted. */
    processor_reference: text('processor_reference'),
    /** Who refused last: one of them, or their silence. */
    refused_by: text('refused_by').$type<Judge | 'silence'>(),
    /** Whether the house takes the money, as it was when the order was made; otherwise the storefront does. */
    takes_payment: boolean('takes_payment').notNull(),
    /** The payments of the deposit, which is taken on acceptance, and of the balance, before the handover. */
    deposit: text('deposit').references(() => payments.number),
    balance: text('balance').references(() => payments.number),
    vehicle: text('vehicle')
      .unique()
      .references(() => vehicles.number),
    deadline_kind: text('deadline_kind').$type<CustomOrderDeadline>(),
    deadline_at: at('deadline_at'),
    /** The idempotency row of the request that made it. */
    command: uuid('command').notNull(),
    created_at: createdAt(),
    ended_at: at('ended_at'),
  },
  (t) => [
    index('custom_orders_by_storefront').on(t.storefront, t.created_at, t.number),
    index('custom_orders_by_dealer').on(t.dealer, t.created_at, t.number),
    index('custom_orders_by_customer').on(t.customer),
    index('custom_orders_open').on(t.created_at, t.number).where(sql`${t.ended_at} IS NULL`),
    check('custom_orders_deadline', sql`(${t.deadline_kind} IS NULL) = (${t.deadline_at} IS NULL)`),
    check(
      'custom_orders_vehicle',
      sql`${t.state} NOT IN ('accepted', 'completed') OR ${t.vehicle} IS NOT NULL`,
    ),
  ],
)

// ── the order bank's plan ────────────────────────────────────────────────────────────────────────────────────────

/** Plants. Two that have a slot in the same period are taken in the alphabetical order of their ids. */
export const plants = pgTable(
  'plants',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    /** Codes of the model lines that it builds. */
    model_lines: text('model_lines').array().notNull(),
    /** How long before a period begins its vehicles are frozen: their slots are kept, and no other vehicle gets one. */
    freeze_seconds: integer('freeze_seconds').notNull(),
    version: integer('version').notNull().default(1),
    created_at: createdAt(),
  },
  (t) => [check('plants_freeze', sql`${t.freeze_seconds} >= 0`)],
)

/** The periods of production, the same for all plants, in the order of their ordinals. */
export const productionPeriods = pgTable(
  'production_periods',
  {
    ordinal: integer('ordinal').primaryKey(),
    starts_at: at('starts_at').notNull(),
    ends_at: at('ends_at').notNull(),
    version: integer('version').notNull().default(1),
  },
  (t) => [check('production_periods_in_order', sql`${t.starts_at} < ${t.ends_at}`)],
)

/** How many vehicles a plant builds in a period; without a row none. */
export const plantCapacities = pgTable(
  'plant_capacities',
  {
    plant: text('plant')
      .notNull()
      .references(() => plants.id),
    period: integer('period')
      .notNull()
      .references(() => productionPeriods.ordinal),
    slots: integer('slots').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.plant, t.period] }),
    check('plant_capacities_slots', sql`${t.slots} >= 0`),
  ],
)

/** A dealer's share of a model line: a document of its own with `allocation_limits`. */
export const allocations = pgTable(
  'allocations',
  {
    dealer: text('dealer')
      .notNull()
      .references(() => dealers.id),
    model_line: text('model_line')
      .notNull()
      .references(() => modelLines.code),
    version: integer('version').notNull().default(1),
  },
  (t) => [primaryKey({ columns: [t.dealer, t.model_line] })],
)

/** How many vehicles of the line the dealer gets in a period; without a row as many as there are slots. */
export const allocationLimits = pgTable(
  'allocation_limits',
  {
    dealer: text('dealer').notNull(),
    model_line: text('model_line').notNull(),
    period: integer('period')
      .notNull()
      .references(() => productionPeriods.ordinal),
    vehicles: integer('vehicles').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.dealer, t.model_line, t.period] }),
    foreignKey({
      columns: [t.dealer, t.model_line],
      foreignColumns: [allocations.dealer, allocations.model_line],
    }),
    check('allocation_limits_vehicles', sql`${t.vehicles} >= 0`),
  ],
)

/** Parts that are short: a vehicle uses one unit if its specification has any of the commodity's features. */
export const commodities = pgTable('commodities', {
  code: text('code').primaryKey(),
  name: text('name').notNull(),
  version: integer('version').notNull().default(1),
})

/** The features of model years that use a commodity. Without a foreign key: model years are loaded anew as a whole. */
export const commodityFeatures = pgTable(
  'commodity_features',
  {
    commodity: text('commodity')
      .notNull()
      .references(() => commodities.code),
    model_year: text('model_year')
      .notNull()
      .references(() => modelYears.id),
    feature: text('feature').notNull(),
  },
  (t) => [primaryKey({ columns: [t.commodity, t.model_year, t.feature] })],
)

/** In how many vehicles of a period a commodity can be used; without a row in all. */
export const commodityLimits = pgTable(
  'commodity_limits',
  {
    commodity: text('commodity')
      .notNull()
      .references(() => commodities.code),
    period: integer('period')
      .notNull()
      .references(() => productionPeriods.ordinal),
    vehicles: integer('vehicles').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.commodity, t.period] }),
    check('commodity_limits_vehicles', sql`${t.vehicles} >= 0`),
  ],
)

/** Which type of vehicle is scheduled first: the lowest priority. A type without a row has the usual one. */
export const orderPriorities = pgTable('order_priorities', {
  type: text('type').$type<VehicleType>().primaryKey(),
  priority: integer('priority').notNull(),
})

/** What calls for a run of the schedule; the run that has seen it deletes it. While one is there, the schedule is behind. */
export const scheduleRequests = pgTable('schedule_requests', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  /** True when the plan changed: a run that did not know of it may not write. Otherwise the bank did. */
  of_plan: boolean('of_plan').notNull(),
  at: at('at').notNull().defaultNow(),
})
/**
 * Whether a vehicle of dealers' stock can be had, and why not: a row for every one that was ever offered, changed in the
 * transactions of the vehicle. What searches look for is copied here from the vehicle, for the sake of their index.
 */
export const vehicleAvailability = pgTable(
  'vehicle_availability',
  {
    vehicle: text('vehicle')
      .primaryKey()
      .references(() => vehicles.number),
    state: text('state').$type<AvailabilityState>().notNull(),
    /** The tag that has it. */
    tag: text('tag'),
    /** The match request to which it is offered, and until when. */
    match_request: text('match_request'),
    offered_until: at('offered_until'),
    dealer: text('dealer').notNull(),
    specification: text('specification').notNull(),
    price_minor: bigint('price_minor', { mode: 'number' }).notNull(),
    currency: text('currency').notNull(),
    listed_at: at('listed_at').notNull().defaultNow(),
  },
  (t) => [
    // The last two are there so that a search needs nothing else.
    index('vehicle_availability_search')
      .on(t.specification, t.price_minor, t.vehicle, t.dealer, t.currency)
      .where(sql`${t.state} = 'available'`),
    index('vehicle_availability_by_dealer').on(t.dealer, t.vehicle),
    check('vehicle_availability_tagged', sql`(${t.state} = 'tagged') = (${t.tag} IS NOT NULL)`),
    check(
      'vehicle_availability_offered',
      sql`(${t.state} = 'offered') = (${t.match_request} IS NOT NULL) AND (${t.match_request} IS NULL) = (${t.offered_until} IS NULL)`,
    ),
  ],
)

// ── tags and match requests ──────────────────────────────────────────────────────────────────────────────────────

export const tags = pgTable(
  'tags',
  {
    number: text('number').primaryKey(),
    vehicle: text('vehicle')
      .notNull()
      .references(() => vehicles.number),
    storefront: text('storefront')
      .notNull()
      .references(() => storefronts.id),
    /** The buyer. */
    customer: uuid('customer')
      .notNull()
      .references(() => customers.id),
    /** The storefront's own reference, given back in every answer. */
    reference: text('reference'),
    dealer: text('dealer')
      .notNull()
      .references(() => dealers.id),
    /** What the vehicle was asked for when it was tagged. */
    price_minor: bigint('price_minor', { mode: 'number' }).notNull(),
    currency: text('currency').notNull(),
    /** What the next matches are looked for by, should the vehicle turn out to be sold. */
    wish: jsonb('wish').$type<Wish>().notNull(),
    /** The match request by which the buyer came to it. */
    match_request: text('match_request'),
    /** As they were when it was placed. */
    terms: jsonb('terms').$type<Terms>(),
    /** Whether the house takes the money, as it was when it was placed; otherwise the storefront does. */
    takes_payment: boolean('takes_payment').notNull().default(false),
    /** The payments of the deposit, which is taken on acceptance, and of the balance, before the handover. */
    deposit: text('deposit').references(() => payments.number),
    balance: text('balance').references(() => payments.number),
    state: text('state').$type<TagState>().notNull(),
    version: integer('version').notNull(),
    /** Whether the dealer said that the vehicle is there. */
    dealer_accepted: boolean('dealer_accepted').notNull().default(false),
    /** The order processor's own reference, once it has accepted. */
    processor_reference: text('processor_reference'),
    /** Who refused it: the processor, or the silence of one of both. */
    refused_by: text('refused_by').$type<Exclude<Judge, 'dealer'> | 'silence'>(),
    deadline_kind: text('deadline_kind').$type<TagDeadline>(),
    deadline_at: at('deadline_at'),
    created_at: createdAt(),
    ended_at: at('ended_at'),
  },
  (t) => [
    uniqueIndex('tags_open_vehicle').on(t.vehicle).where(sql`${t.ended_at} IS NULL`),
    index('tags_by_storefront').on(t.storefront, t.created_at, t.number),
    index('tags_by_dealer').on(t.dealer, t.created_at, t.number),
    index('tags_by_customer').on(t.customer),
    index('tags_open').on(t.created_at, t.number).where(sql`${t.ended_at} IS NULL`),
    check('tags_deadline', sql`(${t.deadline_kind} IS NULL) = (${t.deadline_at} IS NULL)`),
  ],
)

export const matchRequests = pgTable(
  'match_requests',
  {
    number: text('number').primaryKey(),
    storefront: text('storefront')
      .notNull()
      .references(() => storefronts.id),
    /** The buyer. */
    customer: uuid('customer')
      .notNull()
      .references(() => customers.id),
    /** The storefront's own reference, given back in every answer. */
    reference: text('reference'),
    wish: jsonb('wish').$type<Wish>().notNull(),
    /** The wish's, for the index of those who wait. */
    make: text('make').notNull(),
    model: text('model').notNull(),
    /** Also the wish's: many requests are looked through for one vehicle, and most of them are told by these. */
    year: integer('year').generatedAlwaysAs(sql`(wish ->> 'year')::integer`),
    price_currency: text('price_currency').generatedAlwaysAs(sql`wish #>> '{price,currency}'`),
    price_min: bigint('price_min', { mode: 'number' }).generatedAlwaysAs(
      sql`(wish #>> '{price,min}')::bigint`,
    ),
    price_max: bigint('price_max', { mode: 'number' }).generatedAlwaysAs(
      sql`(wish #>> '{price,max}')::bigint`,
    ),
    /** Whoever has waited longest is served first: drawn when it comes in. */
    place: bigserial('place', { mode: 'number' }),
    state: text('state').$type<MatchRequestState>().notNull(),
    version: integer('version').notNull(),
    valid_until: at('valid_until').notNull(),
    /** The tag that came of it. */
    tag: text('tag'),
    deadline_kind: text('deadline_kind').$type<MatchRequestDeadline>(),
    deadline_at: at('deadline_at'),
    created_at: createdAt(),
    ended_at: at('ended_at'),
  },
  (t) => [
    index('match_requests_waiting').on(t.make, t.model, t.place).where(sql`${t.state} = 'waiting'`),
    index('match_requests_by_storefront').on(t.storefront, t.created_at, t.number),
    index('match_requests_by_customer').on(t.customer),
    index('match_requests_open').on(t.created_at, t.number).where(sql`${t.ended_at} IS NULL`),
    check('match_requests_deadline', sql`(${t.deadline_kind} IS NULL) = (${t.deadline_at} IS NULL)`),
  ],
)

/** The vehicles that were offered to match requests: none is offered to the same one twice. */
export const matchOffers = pgTable(
  'match_offers',
  {
    match_request: text('match_request')
      .notNull()
      .references(() => matchRequests.number),
    vehicle: text('vehicle')
      .notNull()
      .references(() => vehicles.number),
    offered_at: at('offered_at').notNull().defaultNow(),
    until: at('until').notNull(),
    outcome: text('outcome')
      .$type<'open' | 'accepted' | 'declined' | 'lapsed' | 'taken_back' | 'cancelled'>()
      .notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.match_request, t.vehicle] }),
    uniqueIndex('match_offers_open_request').on(t.match_request).where(sql`${t.outcome} = 'open'`),
    uniqueIndex('match_offers_open_vehicle').on(t.vehicle).where(sql`${t.outcome} = 'open'`),
  ],
)

// ── what happened, and who is told ───────────────────────────────────────────────────────────────────────────────

export const events = pgTable(
  'events',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    /** Whose story: the number of an order, back order, purchase order, delivery or lead, `item/<sku>`, `model-year/<id>` or `member/<id>`. */
    number: text('number').notNull(),
    sequence: integer('sequence').notNull(),
    type: text('type').notNull(),
    /** `customer`, `house`, `carrier`, `storefront:<id>`, `supplier:<id>`, `dealer:<id>` or `operator:<key id>`. */
    actor: text('actor').notNull(),
    from_state: text('from_state'),
    to_state: text('to_state'),
    /** Why, in figures: quantities, dates, ids. */
    details: jsonb('details').$type<Record<string, unknown>>().notNull(),
    /** Free text given with it; the only member that people wrote. */
    note: text('note'),
    at: at('at').notNull().defaultNow(),
  },
  (t) => [unique('events_sequence').on(t.number, t.sequence)],
)

export const CHANNELS = ['mail', 'webhook', 'supplier', 'dealer', 'processor', 'operators'] as const
type Channel = (typeof CHANNELS)[number]

export const notifications = pgTable(
  'notifications',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    /** Of `events`, written by the same statement; without a foreign key, whose check costs a restock a tenth of its time. */
    event: bigint('event', { mode: 'number' }).notNull(),
    number: text('number').notNull(),
    /** `supplier` and `dealer` go by webhook or mail, as each prefers when it is sent; `processor` by webhook, `operators` by mail. */
    channel: text('channel').$type<Channel>().notNull(),
    /** The customer's id, the webhook endpoint's, the supplier's or the dealer's; `processor`, `operators`. */
    recipient: text('recipient').notNull(),
    state: text('state').$type<'pending' | 'retrying' | 'sent' | 'abandoned'>().notNull().default('pending'),
    attempts: integer('attempts').notNull().default(0),
    last_attempt_at: at('last_attempt_at'),
    /** What the last attempt met, as a code (`550`, `ECONNREFUSED`, `http 503`); never the receiver's words. */
    last_failure: text('last_failure'),
    created_at: createdAt(),
  },
  (t) => [
    unique('notifications_once').on(t.event, t.channel, t.recipient),
    index('notifications_by_number').on(t.number, t.created_at),
    index('notifications_abandoned').on(t.created_at).where(sql`${t.state} = 'abandoned'`),
    index('notifications_overdue').on(t.created_at).where(sql`${t.state} IN ('pending', 'retrying')`),
  ],
)

export const webhookEndpoints = pgTable(
  'webhook_endpoints',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    storefront: text('storefront')
      .notNull()
      .references(() => storefronts.id),
    url: text('url').notNull(),
    secret: text('secret').notNull(),
    disabled_at: at('disabled_at'),
    /** `gone` after a 410, `operator` or `storefront` when switched off by hand. */
    disabled_because: text('disabled_because'),
    created_at: createdAt(),
  },
  (t) => [index('webhook_endpoints_active').on(t.storefront).where(sql`${t.disabled_at} IS NULL`)],
)

/** Every attempt to deliver a notification. */
export const attempts = pgTable(
  'attempts',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    notification: uuid('notification')
      .notNull()
      .references(() => notifications.id),
    at: at('at').notNull().defaultNow(),
    outcome: text('outcome').notNull(),
    duration_ms: integer('duration_ms').notNull(),
  },
  (t) => [index('attempts_by_notification').on(t.notification, t.id)],
)

// ── the machinery ────────────────────────────────────────────────────────────────────────────────────────────────

/** A step that was done, with its result: a repeat returns the result and changes nothing. */
export const steps = pgTable(
  'steps',
  {
    key: text('key').primaryKey(),
    /** Whose step it is: `order/<number>`, `restock/…`; null for a request that needs no process. It may be repeated while that runs. */
    workflow: text('workflow'),
    result: jsonb('result'),
    at: at('at').notNull().defaultNow(),
  },
  (t) => [index('steps_by_age').on(t.at)],
)

/** Workflows that have to look at their row again: `order/<number>`, `purchasing/<supplier>` …; deleted once told. */
export const wakes = pgTable(
  'wakes',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    workflow: text('workflow').notNull(),
    /** The step that caused it; its workflow wakes them, `reconcile` those that are left over. */
    step: text('step').notNull(),
    created_at: createdAt(),
  },
  (t) => [index('wakes_by_step').on(t.step), index('wakes_by_age').on(t.created_at)],
)

/** One row per acknowledged POST: what was asked, whether it is being worked on, what was answered. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    /** `key:<api key id>` or `link:<order number>`. */
    caller: text('caller').notNull(),
    key: text('key').notNull(),
    /** The command's own id: Temporal's update id and the step key of what it does. */
    command: uuid('command').notNull().unique(),
    request_hash: bytea('request_hash').notNull(),
    /** The body as it came: free text and addresses are read from here, never sent through Temporal. */
    body: jsonb('body').$type<unknown>().notNull(),
    /** The number of what it creates or is about, `member/<id>` for a member; null where it is about nobody's order. */
    number: text('number'),
    lease_until: at('lease_until').notNull(),
    status: integer('status'),
    answer: jsonb('answer').$type<unknown>(),
    created_at: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.caller, t.key] }),
    index('idempotency_keys_by_age').on(t.created_at),
    index('idempotency_keys_by_number').on(t.number),
  ],
)

/** Steps that keep failing, for operators: what, since when, and the kind of the last failure, which names nobody. */
export const failingSteps = pgTable(
  'failing_steps',
  {
    workflow: text('workflow').notNull(),
    activity: text('activity').notNull(),
    kind: text('kind').notNull(),
    since: at('since').notNull().defaultNow(),
    last_at: at('last_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.workflow, t.activity] })],
)
