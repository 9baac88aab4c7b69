import type { Constraint } from './vehicle.ts'

/**
 * Who is built when (REQUIREMENTS B6): one after the other, by priority and then by place, every vehicle takes the earliest
 * slot that is open to it, under capacities, dealers' allocations and commodities. What is fixed, because it is frozen or in
 * production, has taken its slot before. Worked out from scratch each time, a freed slot goes to the first one in the
 * order that can use it, and the slot which that one leaves to the next, by itself.
 *
 * All of it is in typed arrays, for a bank of a million: plants, lines, commodities and rations are indices, a slot is
 * `period × plants + plant`.
 */
export type Plan = {
  periods: number
  plants: number
  /** By slot: whether it may still be given to anybody, and how many vehicles it takes. */
  isOpen: Uint8Array
  slots: Int32Array
  /** The plants that build a line, in the order in which they are taken within a period. */
  plantsOfLine: readonly (readonly number[])[]
  /** By ration × periods + period: how many vehicles a dealer gets of a line. */
  rations: Int32Array
  /** By commodity × periods + period: in how many vehicles it can be used. */
  limits: Int32Array
}

/** The bank's vehicles, by index. */
export type Bank = {
  count: number
  line: Uint16Array
  /** Which ration it counts against, or `NONE`. */
  ration: Int32Array
  /** Which list of commodities it uses. */
  uses: Uint32Array
  commodities: readonly (readonly number[])[]
  /** The slot that it keeps whatever happens; `NONE` if it stays without one; `TO_SCHEDULE`. */
  fixed: Int32Array
}

/** By vehicle: its slot or `NONE`, and the code of what kept it from the period before (or, without a slot, from the last). */
export type Schedule = { slot: Int32Array; heldBy: Uint16Array }

export const NONE = -1
export const TO_SCHEDULE = -2
/** A ration or limit that is not set: more than there can be vehicles. */
export const NO_LIMIT = 2 ** 30

/** Codes of what holds a vehicle; from `COMMODITY` on, a commodity's index is added. */
export const HELD_BY = { nothing: 0, no_plant: 1, capacity: 2, allocation: 3 } as const
const COMMODITY = 4

/** The constraint that a code stands for, with the commodities' codes by index. */
export function constraintOf(code: number, commodities: readonly string[]): Constraint | null {
  switch (code) {
    case HELD_BY.nothing:
      return null
    case HELD_BY.no_plant:
      return 'no_plant'
    case HELD_BY.capacity:
      return 'capacity'
    case HELD_BY.allocation:
      return 'allocation'
    default:
      return `commodity:${commodities[code - COMMODITY]}`
  }
}

/** The vehicles' indices in the order in which they are served: the lowest priority first, then the lowest place. */
export function orderOfService(priority: Int32Array, place: Float64Array): Uint32Array {
  const order = new Uint32Array(place.length).map((_, index) => index)
  return order.sort((a, b) => at(priority, a) - at(priority, b) || at(place, a) - at(place, b))
}

/** After so many vehicles others get their turn: on a large bank a run takes seconds. */
const BREATH = 50_000

/** Works the schedule out; it pauses now and then, so that whoever runs it can let others go on. The plan stays as it is. */
export function* schedule(plan: Plan, bank: Bank, order: Uint32Array): Generator<void, Schedule> {
  const { periods, plants } = plan
  const free = plan.slots.slice()
  const rations = plan.rations.slice()
  const limits = plan.limits.slice()
  const slot = new Int32Array(bank.count).fill(NONE)
  const heldBy = new Uint16Array(bank.count)
  // Slots are only ever taken: a period that is full for a line stays full for it.
  const firstFree = new Uint32Array(plan.plantsOfLine.length)

  for (let vehicle = 0; vehicle < bank.count; vehicle++) {
    const fixed = at(bank.fixed, vehicle)
    if (fixed !== TO_SCHEDULE && fixed !== NONE) take(vehicle, fixed)
  }
  for (let turn = 0; turn < order.length; turn++) {
    if (turn % BREATH === BREATH - 1) yield
    const vehicle = at(order, turn)
    if (at(bank.fixed, vehicle) === TO_SCHEDULE) serve(vehicle)
  }
  return { slot, heldBy }

  function serve(vehicle: number): void {
    const line = at(bank.line, vehicle)
    const choice = plan.plantsOfLine[line] ?? []
    if (choice.length === 0) {
      heldBy[vehicle] = HELD_BY.no_plant
      return
    }
    let period = at(firstFree, line)
    while (period < periods && freeSlot(choice, period) === NONE) period++
    firstFree[line] = period
    for (; period < periods; period++) {
      const found = freeSlot(choice, period)
      if (found === NONE || shareOut(vehicle, period) !== HELD_BY.nothing) continue
      take(vehicle, found)
      heldBy[vehicle] = period === 0 ? HELD_BY.nothing : holdIn(vehicle, choice, period - 1)
      return
    }
    let last = periods - 1
    while (last > 0 && !isOffered(choice, last)) last--
    // Where nothing is offered at all, more slots are what it needs.
    heldBy[vehicle] = (periods > 0 && holdIn(vehicle, choice, last)) || HELD_BY.capacity
  }

  function take(vehicle: number, chosen: number): void {
    slot[vehicle] = chosen
    const period = Math.floor(chosen / plants)
    free[chosen] = at(free, chosen) - 1
    const ration = at(bank.ration, vehicle)
    if (ration !== NONE) rations[ration * periods + period] = at(rations, ration * periods + period) - 1
    for (const commodity of usedBy(vehicle))
      limits[commodity * periods + period] = at(limits, commodity * periods + period) - 1
  }

  function usedBy(vehicle: number): readonly number[] {
    return bank.commodities[at(bank.uses, vehicle)] ?? []
  }

  function freeSlot(choice: readonly number[], period: number): number {
    for (const plant of choice) {
      const candidate = period * plants + plant
      if (at(plan.isOpen, candidate) === 1 && at(free, candidate) > 0) return candidate
    }
    return NONE
  }

  function isOffered(choice: readonly number[], period: number): boolean {
    return choice.some((plant) => at(plan.isOpen, period * plants + plant) === 1)
  }

  /** Which share of the period is used up for it: its dealer's of the line, or that of a commodity. */
  function shareOut(vehicle: number, period: number): number {
    const ration = at(bank.ration, vehicle)
    if (ration !== NONE && at(rations, ration * periods + period) <= 0) return HELD_BY.allocation
    for (const commodity of usedBy(vehicle))
      if (at(limits, commodity * periods + period) <= 0) return COMMODITY + commodity
    return HELD_BY.nothing
  }

  /** What keeps it from a period; nothing where the period is frozen, for that cannot change any more. */
  function holdIn(vehicle: number, choice: readonly number[], period: number): number {
    if (!isOffered(choice, period)) return HELD_BY.nothing
    return shareOut(vehicle, period) || HELD_BY.capacity
  }
}

/** An element that is there: indices are made by us. */
function at(
  values: Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array,
  index: number,
): number {
  return values[index] as number
}
