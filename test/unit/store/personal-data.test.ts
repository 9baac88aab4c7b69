import { is } from 'drizzle-orm'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import { describe, expect, test } from 'vitest'
import { PERSONAL_TABLES } from '../../../src/store/personal-data.ts'
import * as schema from '../../../src/store/schema.ts'

/** Tables whose rows are about no customer or prospect, and what they hold instead. */
const ABOUT_NOBODY = {
  'the house and its partners': [
    'periods',
    'order_terms',
    'items',
    'storefronts',
    'suppliers',
    'supplier_items',
    'dealers',
    'postcodes',
    'api_keys',
    'webhook_endpoints',
  ],
  'the plan of production': [
    'plants',
    'production_periods',
    'plant_capacities',
    'allocations',
    'allocation_limits',
    'commodities',
    'commodity_features',
    'commodity_limits',
    'order_priorities',
    'schedule_requests',
  ],
  'stock and supply': [
    'stock_levels',
    'stock_movements',
    'purchase_orders',
    'purchase_order_lines',
    'schedule_lines',
    'receipts',
    'receipt_lines',
  ],
  'quantities of items, dealers and amounts, of what has its own row': [
    'order_lines',
    'delivery_lines',
    'lead_dealers',
    'refunds',
  ],
  'vehicles that can be made': [
    'makes',
    'models',
    'model_lines',
    'model_years',
    'features',
    'feature_rules',
    'specifications',
    'vehicle_availability',
    'match_offers',
    'configurations',
  ],
  'ids, codes and times': ['attempts', 'steps', 'wakes', 'failing_steps'],
}

/** What is kept of tables with personal data: numbers, states, kinds, codes, and ids of ours. */
const KEPT: Record<string, string[]> = {
  customers: ['storefront'],
  members: [],
  orders: ['number', 'storefront', 'state', 'deadline_kind'],
  back_orders: [
    'number',
    'order_number',
    'sku',
    'storefront',
    'state',
    'deadline_kind',
    'currency',
    'delivery',
    'deliver_on',
    'payment',
  ],
  deliveries: ['number', 'order_number', 'back_order', 'storefront', 'state', 'deliver_on', 'collect_on'],
  leads: ['number', 'storefront', 'dealer', 'state', 'status', 'lost_reason', 'deadline_kind'],
  lead_statuses: ['lead', 'dealer', 'status', 'reason'],
  custom_orders: [
    'number',
    'storefront',
    'type',
    'terms',
    'dealer',
    'state',
    'processor_reference',
    'refused_by',
    'vehicle',
    'deposit',
    'balance',
    'deadline_kind',
  ],
  tags: [
    'number',
    'vehicle',
    'storefront',
    'terms',
    'dealer',
    'currency',
    'match_request',
    'state',
    'processor_reference',
    'refused_by',
    'deposit',
    'balance',
    'deadline_kind',
  ],
  match_requests: [
    'number',
    'storefront',
    'make',
    'model',
    'price_currency',
    'state',
    'tag',
    'deadline_kind',
  ],
  vehicles: [
    'number',
    'type',
    'dealer',
    'specification',
    'model_line',
    'currency',
    'state',
    'plant',
    'held_by',
    'buyer',
    'storefront',
  ],
  payments: [
    'number',
    'pays_for',
    'purpose',
    'storefront',
    'currency',
    'capture',
    'state',
    'session',
    'intent',
    'declined',
    'failure',
  ],
  addresses: ['country'],
  events: ['number', 'type', 'actor', 'from_state', 'to_state', 'details'],
  notifications: ['number', 'channel', 'recipient', 'state', 'last_failure'],
  idempotency_keys: ['caller', 'key', 'number'],
}

const tables = Object.values(schema as Record<string, unknown>)
  .filter((entry): entry is PgTable => is(entry, PgTable))
  .map((table) => getTableConfig(table))

/** The columns into which words, or the place where somebody is, could be written. */
function wordsOf(table: (typeof tables)[number]): string[] {
  return table.columns
    .filter((column) => /^(text|jsonb|double precision)/.test(column.getSQLType()))
    .map((column) => column.name)
}

describe('personal data (B2, P6)', () => {
  test('every table is known to hold some, or to be about nobody', () => {
    const nobody = Object.values(ABOUT_NOBODY).flat()
    expect(tables.map(({ name }) => name).sort()).toEqual([...Object.keys(PERSONAL_TABLES), ...nobody].sort())
  })

  test('every column of words in those tables is erased, or known to name nobody', () => {
    for (const table of tables) {
      const personal = PERSONAL_TABLES[table.name]
      if (!personal) continue
      const erased = Object.keys(personal.erased)
      const left = wordsOf(table).filter((column) => !erased.includes(column))
      expect({ table: table.name, left: left.sort() }).toEqual({
        table: table.name,
        left: (KEPT[table.name] ?? []).sort(),
      })
      const columns = table.columns.map(({ name }) => name)
      expect(erased.filter((column) => !columns.includes(column))).toEqual([])
    }
  })
})
