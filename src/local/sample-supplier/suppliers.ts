import { z } from 'zod'
import { Milliseconds } from '../partner/behaviour.ts'
import { MemberBehaviour, Roster } from '../partner/roster.ts'

export const SupplierBehaviour = MemberBehaviour.extend({
  acknowledge_after_ms: Milliseconds.default(1_000),
  /** Counted from Holdfast's yes to the acknowledgement. */
  ship_after_ms: Milliseconds.default(4_000),
  /** Answers every line with a rejection. */
  reject: z.boolean().default(false),
})
export type SupplierBehaviour = z.output<typeof SupplierBehaviour>

export type Suppliers = Roster<SupplierBehaviour>

/** Who the suppliers are, and how each behaves. */
export function openSuppliers(folder: string, keysFile: string | undefined): Suppliers {
  return new Roster(folder, keysFile, 'suppliers', SupplierBehaviour.parse({}))
}
