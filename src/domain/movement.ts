/**
 * The ledger's words (DESIGN §3): each kind of movement and what one unit of it does to the three counts of an item.
 * The levels are at any time the sum of these effects over all movements (REQUIREMENTS X3).
 */
export const MOVEMENT_EFFECTS = {
  /** Units came in from a supplier. */
  receive: { on_hand: 1, allocated: 0, outbound: 0 },
  /** A count found more, or fewer, than the books said. */
  count_up: { on_hand: 1, allocated: 0, outbound: 0 },
  count_down: { on_hand: -1, allocated: 0, outbound: 0 },
  /** Units on the shelf are promised to an order, or the promise ends. */
  allocate: { on_hand: 0, allocated: 1, outbound: 0 },
  release: { on_hand: 0, allocated: -1, outbound: 0 },
  /** The customer confirmed: the units leave the inventory (A8). */
  confirm: { on_hand: -1, allocated: -1, outbound: 1 },
  /** A confirmed delivery is cancelled before dispatch, or comes back. */
  recall: { on_hand: 1, allocated: 0, outbound: -1 },
  return: { on_hand: 1, allocated: 0, outbound: -1 },
  /** The customer has them. */
  deliver: { on_hand: 0, allocated: 0, outbound: -1 },
} as const

export type MovementKind = keyof typeof MOVEMENT_EFFECTS
