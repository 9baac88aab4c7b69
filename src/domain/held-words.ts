import type { Constraint } from './vehicle.ts'

/**
 * What holds a vehicle, as the end of a sentence (REQUIREMENTS B6); null when nothing does. `hasSlot`: it keeps the
 * vehicle from an earlier slot, otherwise from any.
 */
export function heldInWords(
  held_by: Constraint | null,
  names: { line: string; commodity: string | null },
  hasSlot: boolean,
): string | null {
  const before = hasSlot ? ' until then' : ''
  switch (held_by) {
    case null:
      return null
    case 'no_plant':
      return `no plant builds the ${names.line}`
    case 'capacity':
      return `all slots for the ${names.line} are taken${before}`
    case 'allocation':
      return `the dealer's share of the ${names.line} is used up${before}`
    default:
      return `${names.commodity ?? held_by.slice('commodity:'.length)} is short${before}`
  }
}
