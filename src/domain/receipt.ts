import type { Command } from './command.ts'

/** A supplier's inventory update as its command: the reference's hash stands for it, the body is read from the request. */
export type ReceiptCommand = Command & { supplier: string }

/** What came of a receipt: the items of which more is to be handed out to waiters than one pass may. */
export type ReceiptOutcome = { skus_to_drain: string[] }
