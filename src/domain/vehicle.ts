import { may, type StateOf, type VerbOf } from './states.ts'

/**
 * A vehicle from its place in the order bank to its keys in the buyer's hand (REQUIREMENTS B6, B7). It is in the bank
 * from its acceptance until it is built. What the plant and the dealer tell may come late or out of order: a later stage
 * is taken from any earlier one, never the other way. One that was scrapped or lost is written off, and one whose buyer
 * does not pay is forfeited: it is its dealer's stock (P4).
 */
export const VEHICLE_TRANSITIONS = {
  banked: {
    schedule: 'scheduled',
    reconfigure: 'banked',
    tag: 'banked',
    start: 'in_production',
    build: 'built',
    ship: 'shipped',
    arrive: 'at_dealer',
    cancel: 'cancelled',
  },
  scheduled: {
    schedule: 'scheduled',
    unschedule: 'banked',
    reconfigure: ['banked', 'scheduled'],
    tag: 'scheduled',
    start: 'in_production',
    build: 'built',
    ship: 'shipped',
    arrive: 'at_dealer',
    cancel: 'cancelled',
    write_off: 'cancelled',
  },
  in_production: {
    tag: 'in_production',
    build: 'built',
    ship: 'shipped',
    arrive: 'at_dealer',
    write_off: 'cancelled',
  },
  built: { tag: 'built', ship: 'shipped', arrive: 'at_dealer', write_off: 'cancelled' },
  shipped: { tag: 'shipped', arrive: 'at_dealer', write_off: 'cancelled' },
  at_dealer: { tag: 'at_dealer', deliver: 'delivered', forfeit: 'at_dealer', write_off: 'cancelled' },
  delivered: {},
  cancelled: {},
} as const

export type VehicleState = StateOf<typeof VEHICLE_TRANSITIONS>

/**
 * For whom it is built: a buyer (`retail`), a dealer's lot (`stock`) or a fleet. A tagged stock vehicle becomes retail, and
 * stock again when the tag is given up.
 */
export const VEHICLE_TYPES = ['retail', 'stock', 'fleet'] as const
export type VehicleType = (typeof VEHICLE_TYPES)[number]

/** Who is scheduled first, by type, where the house has set nothing else: the lowest. */
export const PRIORITIES: Record<VehicleType, number> = { retail: 10, fleet: 20, stock: 30 }

/** The states in which a vehicle waits for a slot or may still get another one. */
export const SCHEDULABLE = ['banked', 'scheduled'] as const satisfies VehicleState[]

/**
 * True while the buyer may have a vehicle cancelled or changed (REQUIREMENTS B6, B10): until its slot freezes, and never
 * once it is being built.
 */
export function isOpenTo(
  wish: 'cancel' | 'reconfigure',
  { state, frozen }: { state: VehicleState; frozen: boolean },
): boolean {
  return !frozen && may(VEHICLE_TRANSITIONS, state, wish)
}

/**
 * What keeps a vehicle from an earlier slot, or from any: `no_plant` builds its line, all slots are taken (`capacity`), its
 * dealer's `allocation` of the line is used up, or a commodity is (`commodity:<code>`).
 */
export type Constraint = 'no_plant' | 'capacity' | 'allocation' | `commodity:${string}`

/** A vehicle identification number as ISO 3779 writes it: 17 capitals and digits, without I, O and Q. */
export const VIN_PATTERN = /^[A-HJ-NPR-Z0-9]{17}$/

/** The stages that plants and dealers report, in their order. */
export const PROGRESS = ['in_production', 'built', 'shipped', 'at_dealer', 'delivered'] as const
export type Progress = (typeof PROGRESS)[number]

const DAY = 86_400

/**
 * After so many seconds without a further report a person has to ask where a vehicle is: the plant, whoever brings it, and
 * once it is there for a buyer its dealer, who has not said that it is handed over.
 */
export const LONGEST_STAY = {
  in_production: 21 * DAY,
  built: 14 * DAY,
  shipped: 60 * DAY,
  at_dealer: 45 * DAY,
} satisfies Partial<Record<Progress, number>>
export type StageOfWay = keyof typeof LONGEST_STAY

/**
 * Whether a vehicle of a dealer's stock can be had, and why not (REQUIREMENTS B8): it is kept for whoever waits for such a
 * one (`offered`), a buyer has tagged it, it went to somebody else, its dealer took it back, or it is not built at all or was
 * written off.
 */
export const AVAILABILITY_TRANSITIONS = {
  available: {
    offer: 'offered',
    tag: 'tagged',
    price: 'available',
    sell: 'sold',
    withdraw: 'withdrawn',
    cancel: 'cancelled',
    write_off: 'cancelled',
  },
  offered: {
    offer: ['offered', 'available'],
    tag: 'tagged',
    sell: 'sold',
    withdraw: 'withdrawn',
    cancel: 'cancelled',
    write_off: 'cancelled',
  },
  tagged: { release: ['offered', 'available'], lose: 'sold', hand_over: 'sold', write_off: 'cancelled' },
  sold: { list: ['offered', 'available'], write_off: 'cancelled' },
  withdrawn: {
    list: ['offered', 'available'],
    sell: 'sold',
    cancel: 'cancelled',
    write_off: 'cancelled',
  },
  cancelled: {},
} as const

export type AvailabilityState = StateOf<typeof AVAILABILITY_TRANSITIONS>
export type AvailabilityVerb = VerbOf<typeof AVAILABILITY_TRANSITIONS>

/** What a dealer may do with a vehicle of its stock. */
export const STOCK_VEHICLE_ACTIONS = ['price', 'sell', 'withdraw', 'list'] as const
