import { saveCommodity } from '../store/commodity.ts'
import type { Transaction } from '../store/database.ts'
import { readModelYear } from '../store/model-year.ts'
import { readPlant, savePlant } from '../store/plant.ts'
import { readProductionPeriods, saveProductionPeriod } from '../store/production-period.ts'
import { askForRun, lockPlan } from '../store/schedule-request.ts'
import { bankStockOrder, type StockType } from '../store/stock-order.ts'

/**
 * The order bank of a first `npm start`: two plants for the make that does not exist, ten weeks of production, a part that is
 * short, and a dozen orders of dealers, more than the first weeks have slots for.
 */

const DAY_MS = 86_400_000
const WEEKS = 10

const PLANTS = [
  { id: 'tarn-north', name: 'Tarn North', model_lines: ['heron', 'plover'], freeze_seconds: 0, slots: 2 },
  // Its vehicles are fixed a day before their week begins.
  { id: 'tarn-south', name: 'Tarn South', model_lines: ['heron'], freeze_seconds: 86_400, slots: 1 },
]

const HERON = ['heron-2027', 'LUX', 'E20', 'AUT8', 'SLATE', 'LEATHER-B'] as const
const PLOVER = ['plover-2027', 'CITY', 'E10', 'MAN5', 'IVORY', 'CLOTH-C'] as const

const ORDERS: {
  dealer: string
  type?: StockType
  vehicle: readonly [string, ...string[]]
  options: string[]
}[] = [
  { dealer: 'harbour', vehicle: HERON, options: ['ROOF-PANO'] },
  { dealer: 'heath', vehicle: HERON, options: ['ROOF-PANO', 'SEATS-H'] },
  { dealer: 'harbour', vehicle: PLOVER, options: [] },
  { dealer: 'riverside', vehicle: HERON, options: ['TOW'] },
  { dealer: 'heath', vehicle: PLOVER, options: ['SEATS-H'] },
  { dealer: 'harbour', vehicle: HERON, options: ['ROOF-PANO', 'HUD'] },
  { dealer: 'riverside', type: 'fleet', vehicle: PLOVER, options: [] },
  { dealer: 'riverside', type: 'fleet', vehicle: PLOVER, options: [] },
  { dealer: 'heath', vehicle: HERON, options: ['WHEELS-20'] },
  { dealer: 'harbour', vehicle: HERON, options: ['SOUND'] },
  { dealer: 'riverside', vehicle: PLOVER, options: ['RAILS'] },
  { dealer: 'heath', vehicle: HERON, options: ['ROOF-PANO', 'WINTER', 'SEATS-H'] },
]

/** Fills the bank in once; what is there stays as it is. */
export async function fillInBank(tx: Transaction): Promise<void> {
  const step = 'seed'
  await lockPlan(tx)
  if (await readPlant(tx, PLANTS[0]?.id ?? '')) return
  const monday = nextMonday(new Date())
  for (let week = 0; week < WEEKS; week++) {
    const at = (weeks: number) => new Date(monday + weeks * 7 * DAY_MS)
    await saveProductionPeriod(tx, { ordinal: week + 1, starts_at: at(week), ends_at: at(week + 1) })
  }
  const periods = (await readProductionPeriods(tx)).map(({ ordinal }) => ordinal)
  for (const { slots, ...plant } of PLANTS)
    await savePlant(tx, { ...plant, capacities: periods.map((period) => ({ period, slots })) })
  await saveCommodity(tx, {
    code: 'panorama-glass',
    name: 'Glass for panoramic roofs',
    features: ['heron-2026', 'heron-2027'].map((model_year) => ({ model_year, feature: 'ROOF-PANO' })),
    limits: periods.map((period) => ({ period, vehicles: 1 })),
  })
  await askForRun(tx, step, 'the plan changed')
  for (const { dealer, type = 'stock', vehicle, options } of ORDERS) {
    const [id, ...features] = vehicle
    const modelYear = await readModelYear(tx, id)
    if (!modelYear) throw new Error(`the sample has no model year ${id}`)
    const order = { type, dealer, features: [...features, ...options] }
    await bankStockOrder(tx, modelYear, order, { actor: `dealer:${dealer}`, step })
  }
}

/** The first moment of the next Monday in UTC (ms). */
function nextMonday(now: Date): number {
  const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate())
  return today + ((8 - now.getUTCDay()) % 7 || 7) * DAY_MS
}
