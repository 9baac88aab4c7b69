import { fingerprint } from '../domain/configuration.ts'
import { newNumber } from '../domain/number.ts'
import { saveSpecifications } from '../store/configuration.ts'
import type { Transaction } from '../store/database.ts'
import { addToLots } from '../store/stock-vehicle.ts'
import { MODEL_YEARS } from './sample-vehicles.ts'

/** What stands on the sample dealers' lots at a first `npm start`. Prices in cents of a euro. */
export const LOTS: [dealer: string, modelYear: string, price: number, features: string][] = [
  ['harbour', 'heron-2027', 4_190_000, 'SPORT E20 AUT8 BLUE CLOTH-C ROOF-PANO SEATS-H'],
  ['harbour', 'heron-2027', 3_990_000, 'SPORT E20 AUT8 SLATE CLOTH-C SEATS-H CAMERA'],
  ['harbour', 'heron-2027', 3_450_000, 'PURE E15 MAN6 IVORY CLOTH-S RAILS'],
  ['riverside', 'heron-2027', 4_890_000, 'LUX PHEV AUT8 RED LEATHER-B SEATS-H WINTER HUD'],
  ['riverside', 'heron-2027', 3_890_000, 'PURE E20 AUT8 BLUE CLOTH-C TOW CAMERA PARK'],
  ['heath', 'heron-2026', 3_690_000, 'SPORT E20 AUT8 SLATE CLOTH-S ROOF-PANO'],
  ['heath', 'plover-2027', 3_050_000, 'CITY BEV AUT1 IVORY CLOTH-C PUMP CABLE'],
  ['riverside', 'plover-2027', 2_480_000, 'TRAIL E10 MAN5 RED CLOTH-S RAILS SEATS-H'],
]

export async function fillInLots(tx: Transaction): Promise<void> {
  const given = LOTS.map(([dealer, id, price_minor, features], n) => {
    const modelYear = MODEL_YEARS.find((known) => known.id === id)
    if (!modelYear) throw new Error(`there is no sample model year ${id}`)
    const chosen = features.split(' ')
    return {
      specification: { fingerprint: fingerprint(id, chosen), model_year: id, features: chosen },
      vehicle: {
        number: newNumber('vehicle'),
        dealer,
        specification: fingerprint(id, chosen),
        model_line: modelYear.model_line.code,
        price_minor,
        currency: modelYear.currency,
        vin: `TRNZZZ27Z${String(n + 1).padStart(8, '0')}`,
      },
    }
  })
  await saveSpecifications(
    tx,
    given.map(({ specification }) => specification),
  )
  await addToLots(
    tx,
    given.map(({ vehicle }) => vehicle),
    { actor: 'house', step: 'seed' },
  )
}
