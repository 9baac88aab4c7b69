import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Bank,
  constraintOf,
  NO_LIMIT,
  NONE,
  orderOfService,
  type Plan,
  schedule,
  TO_SCHEDULE,
} from '../../../src/domain/schedule.ts'

/** A bank as people would write it down. */
type Vehicle = {
  line: number
  dealer: number
  uses: number[]
  priority: number
  /** The slot that it keeps, if it is frozen or in production. */
  keeps: { plant: number; period: number } | null
}
type House = {
  periods: number
  /** By plant: its lines, and its slots by period; null where it is frozen. */
  plants: { lines: number[]; slots: (number | null)[] }[]
  lines: number
  rations: { dealer: number; line: number; period: number; vehicles: number }[]
  limits: { commodity: number; period: number; vehicles: number }[]
  commodities: number
  /** In the order of their places. */
  vehicles: Vehicle[]
}
type Assigned = { plant: number; period: number } | null

/** The rule by its words, without any of its shortcuts: everything is counted anew from who has which slot. */
function byBruteForce(house: House): { slot: Assigned; heldBy: string | null }[] {
  const assigned: Assigned[] = house.vehicles.map(({ keeps }) => keeps)
  const held: (string | null)[] = house.vehicles.map(() => null)
  const turns = house.vehicles
    .map((vehicle, place) => ({ vehicle, place }))
    .filter(({ vehicle }) => vehicle.keeps === null)
    .sort((a, b) => a.vehicle.priority - b.vehicle.priority || a.place - b.place)
  for (const { vehicle, place } of turns) {
    const { slot, heldBy } = choose(house, vehicle, assigned)
    assigned[place] = slot
    held[place] = heldBy
  }
  return assigned.map((slot, place) => ({ slot, heldBy: held[place] ?? null }))
}

function choose(
  house: House,
  vehicle: Vehicle,
  assigned: Assigned[],
): { slot: Assigned; heldBy: string | null } {
  if (!house.plants.some(({ lines }) => lines.includes(vehicle.line)))
    return { slot: null, heldBy: 'no_plant' }
  let heldBy: string | null = null
  let wasOffered = false
  for (let period = 0; period < house.periods; period++) {
    const faults: string[] = []
    for (const plant of house.plants.keys()) {
      const fault = faultOf(house, vehicle, { plant, period }, assigned)
      if (fault === null) return { slot: { plant, period }, heldBy }
      if (fault !== 'frozen' && fault !== 'not built') faults.push(fault)
    }
    if (faults.length > 0) wasOffered = true
    // A share that is used up is so for all plants; only where none is, it is the slots.
    heldBy =
      faults.find((fault) => fault !== 'capacity') ??
      faults[0] ??
      (isLast(house, vehicle, period) ? heldBy : null)
  }
  return { slot: null, heldBy: wasOffered ? heldBy : 'capacity' }
}

/** True when nothing is offered for it after this period either. */
function isLast(house: House, vehicle: Vehicle, period: number): boolean {
  return !house.plants.some(
    ({ lines, slots }) => lines.includes(vehicle.line) && slots.slice(period).some((count) => count !== null),
  )
}

/** Why a vehicle cannot take a slot beside those that are assigned. */
function faultOf(
  house: House,
  vehicle: Vehicle,
  slot: { plant: number; period: number },
  assigned: Assigned[],
): string | null {
  const plant = house.plants[slot.plant]
  const slots = plant?.slots[slot.period] ?? null
  if (!plant?.lines.includes(vehicle.line)) return 'not built'
  if (slots === null) return 'frozen'
  const inPeriod = house.vehicles.filter((_, place) => assigned[place]?.period === slot.period)
  const ration = house.rations.find(
    ({ dealer, line, period }) =>
      dealer === vehicle.dealer && line === vehicle.line && period === slot.period,
  )
  const ofDealer = inPeriod.filter(({ dealer, line }) => dealer === vehicle.dealer && line === vehicle.line)
  if (ration && ofDealer.length >= ration.vehicles) return 'allocation'
  for (const commodity of vehicle.uses) {
    const limit = house.limits.find((one) => one.commodity === commodity && one.period === slot.period)
    if (limit && inPeriod.filter(({ uses }) => uses.includes(commodity)).length >= limit.vehicles)
      return `commodity:c${commodity}`
  }
  const here = assigned.filter((other) => other?.plant === slot.plant && other.period === slot.period)
  return here.length >= slots ? 'capacity' : null
}

/** The same house in typed arrays, and what the service's rule makes of it. */
function byTheRule(house: House): { slot: Assigned; heldBy: string | null }[] {
  const { periods, plants, vehicles } = house
  const index = (slot: { plant: number; period: number }) => slot.period * plants.length + slot.plant
  const isOpen = new Uint8Array(periods * plants.length)
  const slots = new Int32Array(periods * plants.length)
  for (const [plant, { slots: counts }] of plants.entries())
    for (const [period, count] of counts.entries()) {
      isOpen[index({ plant, period })] = count === null ? 0 : 1
      slots[index({ plant, period })] = count ?? 0
    }
  const rationKeys = [...new Set(house.rations.map(({ dealer, line }) => `${dealer}/${line}`))]
  const rations = new Int32Array(rationKeys.length * periods).fill(NO_LIMIT)
  for (const { dealer, line, period, vehicles: count } of house.rations)
    rations[rationKeys.indexOf(`${dealer}/${line}`) * periods + period] = count
  const limits = new Int32Array(house.commodities * periods).fill(NO_LIMIT)
  for (const { commodity, period, vehicles: count } of house.limits)
    limits[commodity * periods + period] = count
  const plan: Plan = {
    periods,
    plants: plants.length,
    isOpen,
    slots,
    plantsOfLine: Array.from({ length: house.lines }, (_, line) =>
      plants.flatMap(({ lines }, plant) => (lines.includes(line) ? [plant] : [])),
    ),
    rations,
    limits,
  }
  const bank: Bank = {
    count: vehicles.length,
    line: Uint16Array.from(vehicles, ({ line }) => line),
    ration: Int32Array.from(vehicles, ({ dealer, line }) => rationKeys.indexOf(`${dealer}/${line}`)),
    uses: Uint32Array.from(vehicles.keys()),
    commodities: vehicles.map(({ uses }) => uses),
    fixed: Int32Array.from(vehicles, ({ keeps }) => (keeps === null ? TO_SCHEDULE : index(keeps))),
  }
  const order = orderOfService(
    Int32Array.from(vehicles, ({ priority }) => priority),
    Float64Array.from(vehicles.keys()),
  )
  const work = schedule(plan, bank, order)
  let step = work.next()
  while (!step.done) step = work.next()
  const names = Array.from({ length: house.commodities }, (_, commodity) => `c${commodity}`)
  return vehicles.map((_, vehicle) => {
    const slot = step.value?.slot[vehicle] ?? NONE
    return {
      slot: slot === NONE ? null : { plant: slot % plants.length, period: Math.floor(slot / plants.length) },
      heldBy: constraintOf(step.value?.heldBy[vehicle] ?? 0, names),
    }
  })
}

const houses: fc.Arbitrary<House> = fc
  .record({
    periods: fc.integer({ min: 1, max: 4 }),
    plantCount: fc.integer({ min: 0, max: 3 }),
    lines: fc.integer({ min: 1, max: 3 }),
    dealers: fc.integer({ min: 1, max: 3 }),
    commodities: fc.integer({ min: 0, max: 3 }),
  })
  .chain(({ periods, plantCount, lines, dealers, commodities }) => {
    const below = (count: number) => fc.integer({ min: 0, max: count - 1 })
    const few = fc.integer({ min: 0, max: 3 })
    return fc
      .record({
        plants: fc.array(
          fc.record({
            lines: fc.uniqueArray(below(lines)),
            slots: fc.array(fc.option(few, { freq: 6 }), { minLength: periods, maxLength: periods }),
          }),
          { minLength: plantCount, maxLength: plantCount },
        ),
        rations: fc.uniqueArray(
          fc.record({ dealer: below(dealers), line: below(lines), period: below(periods), vehicles: few }),
          { selector: ({ dealer, line, period }) => `${dealer}/${line}/${period}`, maxLength: 6 },
        ),
        limits:
          commodities === 0
            ? fc.constant<House['limits']>([])
            : fc.uniqueArray(
                fc.record({ commodity: below(commodities), period: below(periods), vehicles: few }),
                { selector: ({ commodity, period }) => `${commodity}/${period}`, maxLength: 6 },
              ),
        vehicles: fc.array(
          fc.record({
            line: below(lines),
            dealer: below(dealers),
            uses: commodities === 0 ? fc.constant<number[]>([]) : fc.uniqueArray(below(commodities)),
            priority: fc.integer({ min: 1, max: 3 }),
            keeps:
              plantCount === 0
                ? fc.constant(null)
                : fc.option(fc.record({ plant: below(plantCount), period: below(periods) }), {
                    freq: 1,
                    nil: null,
                  }),
          }),
          { maxLength: 14 },
        ),
      })
      .map((rest) => ({
        ...rest,
        periods,
        lines,
        commodities,
        vehicles: rest.vehicles.map((vehicle, place) => ({
          ...vehicle,
          uses: vehicle.uses.toSorted((a, b) => a - b),
          // Most of them are still to be scheduled.
          keeps: place % 4 === 0 ? vehicle.keeps : null,
        })),
      }))
  })

describe('the schedule of production (B6)', () => {
  test('is that of a brute-force reference, on 1,000 small banks', () => {
    fc.assert(
      fc.property(houses, (house) => {
        expect(byTheRule(house)).toEqual(byBruteForce(house))
      }),
      { numRuns: 1_000 },
    )
  })

  test('nobody could take a slot that somebody after it holds, or nobody, without breaking a named constraint', () => {
    fc.assert(
      fc.property(houses, (house) => {
        const found = byTheRule(house)
        const isAfter = (other: number, place: number) => {
          const [a, b] = [house.vehicles[other], house.vehicles[place]]
          if (!a || !b || a.keeps) return false
          return a.priority === b.priority ? other > place : a.priority > b.priority
        }
        for (const [place, vehicle] of house.vehicles.entries()) {
          if (vehicle.keeps) continue
          // With everybody after it away, it still finds nothing earlier.
          const others = found.map(({ slot }, other) =>
            other === place || isAfter(other, place) ? null : slot,
          )
          const mine = found[place]?.slot
          for (let period = 0; period < (mine ? mine.period : house.periods); period++)
            for (const plant of house.plants.keys())
              expect(faultOf(house, vehicle, { plant, period }, others)).not.toBeNull()
        }
        const within = (limit: number, isMeant: (vehicle: Vehicle, slot: Assigned) => boolean) => {
          const all = house.vehicles.filter((vehicle, place) => isMeant(vehicle, found[place]?.slot ?? null))
          expect(all.length).toBeLessThanOrEqual(Math.max(limit, all.filter(({ keeps }) => keeps).length))
        }
        for (const { dealer, line, period, vehicles } of house.rations)
          within(vehicles, (vehicle, slot) => {
            return vehicle.dealer === dealer && vehicle.line === line && slot?.period === period
          })
        for (const { commodity, period, vehicles } of house.limits)
          within(vehicles, ({ uses }, slot) => uses.includes(commodity) && slot?.period === period)
        for (const [plant, { slots }] of house.plants.entries())
          for (const [period, count] of slots.entries()) {
            const here = found.filter(({ slot }) => slot?.plant === plant && slot.period === period)
            const kept = house.vehicles.filter(
              ({ keeps }) => keeps?.plant === plant && keeps.period === period,
            )
            expect(here.length).toBeLessThanOrEqual(Math.max(count ?? 0, kept.length))
          }
      }),
      { numRuns: 1_000 },
    )
  })
})
