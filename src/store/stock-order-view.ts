import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { may } from '../domain/states.ts'
import { VEHICLE_TRANSITIONS, VEHICLE_TYPES, type VehicleState, type VehicleType } from '../domain/vehicle.ts'
import type { Database, Transaction } from './database.ts'
import { Instant, Money } from './order-view.ts'
import { BankView, bankViewOf } from './schedule-view.ts'

export const VehicleStateName = z.enum(Object.keys(VEHICLE_TRANSITIONS) as [VehicleState, ...VehicleState[]])

/** A dealer's vehicle as its dealer and operators see it. */
export const StockOrderView = z
  .object({
    number: z.string(),
    type: z.enum(VEHICLE_TYPES).meta({ description: '`retail` once a buyer has it' }),
    dealer: z.string(),
    model_year: z.string(),
    model_line: z.string(),
    features: z.array(z.string()),
    price: Money,
    state: VehicleStateName,
    version: z.int(),
    order_bank: BankView.nullable().meta({ description: 'Null once it is built or cancelled' }),
    vin: z.string().nullable(),
    allowed_actions: z.array(z.enum(['cancel'])),
    banked_at: Instant,
    ended_at: Instant.nullable(),
  })
  .meta({ id: 'StockOrder' })
export type StockOrderView = z.infer<typeof StockOrderView>

type Row = {
  number: string
  type: VehicleType
  dealer: string
  model_year: string
  model_line: string
  features: string[]
  price_minor: string
  currency: string
  state: VehicleState
  version: number
  vin: string | null
  has_buyer: boolean
  banked_at: string
  ended_at: string | null
}

export async function stockOrderView(
  db: Database | Transaction,
  number: string,
): Promise<StockOrderView | undefined> {
  const [row] = await db.execute<Row>(sql`
    SELECT v.number, v.type, v.dealer, s.model_year, v.model_line, to_jsonb(s.features) AS features, v.price_minor, v.currency,
           v.state, v.version, v.vin, v.buyer IS NOT NULL AS has_buyer, v.banked_at, v.ended_at
      FROM vehicles v JOIN specifications s ON s.fingerprint = v.specification WHERE v.number = ${number}`)
  if (!row) return undefined
  const { price_minor, currency, has_buyer, banked_at, ended_at, ...vehicle } = row
  const order_bank = await bankViewOf(db, number)
  const canCancel = !has_buyer && !order_bank?.frozen && may(VEHICLE_TRANSITIONS, row.state, 'cancel')
  return {
    ...vehicle,
    price: { amount: Number(price_minor), currency },
    order_bank,
    allowed_actions: canCancel ? ['cancel'] : [],
    banked_at: new Date(banked_at).toISOString(),
    ended_at: ended_at && new Date(ended_at).toISOString(),
  }
}
