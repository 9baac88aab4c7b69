import { and, desc, eq } from 'drizzle-orm'
import { z } from 'zod'
import {
  type ConfigurationDocument,
  CUSTOM_ORDER_ACTIONS,
  CUSTOM_ORDER_DEADLINES,
  CUSTOM_ORDER_TRANSITIONS,
  type CustomOrderState,
  customOrderActions,
  DEALER_ORDER_ACTIONS,
  dealerOrderActions,
  JUDGES,
} from '../domain/custom-order.ts'
import type { EventType } from '../domain/event.ts'
import { VEHICLE_TRANSITIONS, type VehicleState } from '../domain/vehicle.ts'
import type { ConfigurationRow } from './configuration.ts'
import { ConfigurationView, configurationView } from './configuration-view.ts'
import { type CustomOrderRow, configurationOf, readCustomOrder } from './custom-order.ts'
import type { Database, Transaction } from './database.ts'
import { FrozenTerms, frozenTerms } from './order-terms.ts'
import { Instant, Money } from './order-view.ts'
import { PaymentDue, paymentDueOf } from './payment-view.ts'
import { BankView, bankViewOf, freezePointOf } from './schedule-view.ts'
import { customers, events } from './schema.ts'
import { readVehicle, type VehicleRow } from './vehicle.ts'

export const CustomOrderStateName = z.enum(
  Object.keys(CUSTOM_ORDER_TRANSITIONS) as [CustomOrderState, ...CustomOrderState[]],
)

/** The vehicle of a custom order or a tag. */
export const BuyersVehicle = z
  .object({
    number: z.string(),
    state: z.enum(Object.keys(VEHICLE_TRANSITIONS) as [VehicleState, ...VehicleState[]]),
    version: z.int(),
    vin: z.string().nullable(),
    banked_at: Instant,
    order_bank: BankView.nullable().meta({
      description: 'Its place in the order bank; null once it is built',
    }),
  })
  .meta({ id: 'BuyersVehicle' })

export const CustomOrderView = z
  .object({
    number: z.string(),
    storefront: z.string(),
    reference: z.string().nullable(),
    type: z.enum(['retail', 'fleet']),
    state: CustomOrderStateName,
    version: z.int(),
    deadline: z
      .object({ kind: z.enum(CUSTOM_ORDER_DEADLINES), at: Instant })
      .nullable()
      .meta({ description: 'What it waits for, and until when' }),
    allowed_actions: z.array(z.enum(CUSTOM_ORDER_ACTIONS)),
    dealer_actions: z
      .array(z.enum(DEALER_ORDER_ACTIONS))
      .meta({ description: 'What its dealer may do; nothing for one who has it no longer' }),
    buyer: z
      .object({
        name: z.string(),
        email: z.string(),
        phone: z.string().nullable(),
        time_zone: z.string(),
      })
      .nullable()
      .meta({ description: 'Null for a dealer who has the order no longer, and for everybody once erased' }),
    configuration: ConfigurationView,
    price: Money,
    terms: FrozenTerms.nullable().meta({
      description: 'As they were when it was made; null when no deposit is taken',
    }),
    deposit: PaymentDue.nullable().meta({ description: 'Held when the buyer pays, taken on acceptance' }),
    balance: PaymentDue.nullable().meta({
      description: 'Taken once the vehicle is at the dealer, before the handover',
    }),
    dealer: z.string(),
    turn: z.int().meta({ description: 'Counts the dealers that were asked' }),
    dealer_accepted: z.boolean(),
    processor_reference: z
      .string()
      .nullable()
      .meta({ description: "The order processor's own number for it, once accepted" }),
    refusal: z
      .object({ by: z.enum([...JUDGES, 'silence']), reasons: z.string().nullable() })
      .nullable()
      .meta({ description: 'Why another dealer is to be chosen' }),
    vehicle: BuyersVehicle.nullable().meta({
      description: 'In the order bank since it was accepted; null once it was forfeited',
    }),
    created_at: Instant,
  })
  .meta({ id: 'CustomOrder' })
export type CustomOrderView = z.infer<typeof CustomOrderView>

export async function customOrderView(
  db: Database | Transaction,
  number: string,
): Promise<CustomOrderView | null> {
  const row = await readCustomOrder(db, number)
  if (!row) return null
  const [buyer] = await db.select().from(customers).where(eq(customers.id, row.customer))
  const found = await configurationOf(db, row.configuration)
  const vehicle = row.vehicle === null ? undefined : await readVehicle(db, row.vehicle)
  if (!buyer || !found) throw new Error('a custom order without its buyer or configuration')
  const { configuration } = found
  const money = (amount: number) => ({ amount, currency: configuration.currency })
  const { name, email, time_zone } = buyer
  return {
    number,
    storefront: row.storefront,
    reference: row.reference,
    type: row.type,
    state: row.state,
    version: row.version,
    deadline:
      row.deadline_kind && row.deadline_at
        ? { kind: row.deadline_kind, at: row.deadline_at.toISOString() }
        : null,
    allowed_actions: await actionsOf(db, row, vehicle),
    dealer_actions: dealerOrderActions(row.state, vehicle?.state ?? null),
    buyer: name === null || email === null ? null : { name, email, phone: row.phone, time_zone },
    configuration: configurationView(configuration),
    price: money(configuration.total_price_minor),
    terms: row.terms && frozenTerms(row.terms),
    deposit: await paymentDueOf(db, row.deposit),
    balance: await paymentDueOf(db, row.balance),
    dealer: row.dealer,
    turn: row.turn,
    dealer_accepted: row.dealer_accepted,
    processor_reference: row.processor_reference,
    refusal: row.refused_by && {
      by: row.refused_by,
      reasons: await reasonsOf(db, number, 'custom_order.refused'),
    },
    // One that was forfeited is the buyer's no longer, and none of their business.
    vehicle: vehicle?.buyer === number ? await vehicleView(db, vehicle) : null,
    created_at: row.created_at.toISOString(),
  }
}

/** What the storefront may ask for now, as the commands themselves judge it. */
export async function actionsOf(
  db: Database | Transaction,
  { state }: Pick<CustomOrderRow, 'state'>,
  vehicle: VehicleRow | undefined,
): Promise<ReturnType<typeof customOrderActions>> {
  if (!vehicle) return customOrderActions(state, null)
  const frozen = (await freezePointOf(db, vehicle))?.has_passed ?? false
  return customOrderActions(state, { state: vehicle.state, frozen })
}

/** What of it a dealer may see: all as long as the order is with this one. */
export function asDealerSees(view: CustomOrderView, dealer: string): CustomOrderView {
  const isTheirs = view.dealer === dealer && view.state !== 'refused' && view.state !== 'cancelled'
  return isTheirs ? view : asFormerDealerSees(view)
}

/** What of it a dealer may see who has it no longer: nothing of the buyer, and of the vehicle only what others can see. */
export function asFormerDealerSees(view: CustomOrderView): CustomOrderView {
  return { ...view, dealer_actions: [], buyer: null, vehicle: null, deposit: null, balance: null }
}

/** What of it the order processor is answered: nothing of the buyer, whose deposit is paid by whoever has its link. */
export function asProcessorSees(view: CustomOrderView) {
  const { number, state, version, dealer, turn, processor_reference, vehicle } = view
  return { number, state, version, dealer, turn, processor_reference, vehicle }
}

export async function vehicleView(
  db: Database | Transaction,
  { number, state, version, vin, banked_at }: VehicleRow,
): Promise<z.infer<typeof BuyersVehicle>> {
  const order_bank = await bankViewOf(db, number)
  return { number, state, version, vin, banked_at: banked_at.toISOString(), order_bank }
}

/** The reasons of the last refusal of a custom order or tag, as they were given. */
export async function reasonsOf(
  db: Database | Transaction,
  number: string,
  type: Extract<EventType, `${string}.refused`>,
): Promise<string | null> {
  const [row] = await db
    .select({ note: events.note })
    .from(events)
    .where(and(eq(events.number, number), eq(events.type, type)))
    .orderBy(desc(events.sequence))
    .limit(1)
  return row?.note ?? null
}

/** A configuration as partners get it. */
export function configurationDocument(row: ConfigurationRow): ConfigurationDocument {
  return {
    model_year: row.model_year,
    model_year_version: row.model_year_version,
    features: row.features,
    base_price: row.base_price_minor,
    total_price: row.total_price_minor,
    currency: row.currency,
  }
}
