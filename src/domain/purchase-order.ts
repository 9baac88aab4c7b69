import type { StateOf } from './states.ts'

/**
 * A purchase order: sent to one supplier, acknowledged per line, received in parts, closed when nothing is to come
 * (REQUIREMENTS A5).
 */
export const PURCHASE_ORDER_TRANSITIONS = {
  sent: {
    acknowledge: ['acknowledged', 'closed'],
    receive: ['sent', 'closed'],
    withdraw: ['sent', 'closed'],
  },
  acknowledged: {
    acknowledge: ['acknowledged', 'closed'],
    receive: ['acknowledged', 'closed'],
    withdraw: ['acknowledged', 'closed'],
  },
  closed: {},
} as const

export type PurchaseOrderState = StateOf<typeof PURCHASE_ORDER_TRANSITIONS>

/** What the workflow of a purchase order knows of its row. */
export type PurchaseOrderProgress = {
  number: string
  state: PurchaseOrderState
  version: number
  /** True while somebody is to be told of it; whoever read it has them told. */
  untold: boolean
  supplier: string
  skus: string[]
  deadline_kind: 'acknowledge' | 'remind' | 'overdue' | null
  deadline_at: string | null
}

/** Rounds a need up to whole packs (REQUIREMENTS A4). */
export function inPacks(need: number, packSize: number): number {
  return Math.ceil(need / packSize) * packSize
}

/** The part of a surplus that can be given up in whole packs. */
export function wholePacks(surplus: number, packSize: number): number {
  return Math.floor(surplus / packSize) * packSize
}

/** A part of a line that comes on one date, as the supplier put it. */
export type SchedulePart = {
  quantity: number
  expected_at: Date
  kind: 'accepted' | 'back_ordered' | 'shipped'
}

/**
 * When a line's units come after a notice of shipment. `parts` is what was known, earliest first. What is received
 * already was the earliest of it; what is announced now was the earliest of the rest, save for what earlier notices
 * announced. Everything else still comes when it was expected before.
 */
export function withShipment(
  parts: SchedulePart[],
  toCome: number,
  shipped: { quantity: number; expected_at: Date },
): SchedulePart[] {
  const planned = parts.reduce((sum, part) => sum + part.quantity, 0)
  const open = withoutFirst(parts, Math.max(planned - toCome, 0))
  const announced = open.filter((part) => part.kind === 'shipped')
  const others = open.filter((part) => part.kind !== 'shipped')
  return [...withoutFirst([...others, ...announced], shipped.quantity), { ...shipped, kind: 'shipped' }]
}

function withoutFirst(parts: SchedulePart[], units: number): SchedulePart[] {
  let left = units
  return parts.flatMap((part) => {
    const taken = Math.min(left, part.quantity)
    left -= taken
    return part.quantity > taken ? [{ ...part, quantity: part.quantity - taken }] : []
  })
}
