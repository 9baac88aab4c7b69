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
  state: PurchaseOrderState
  version: number
  /** True while somebody is still to be told of it. */
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
