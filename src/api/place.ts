import { z } from '@hono/zod-openapi'
import { postcodeKey } from '../domain/postcode.ts'
import { faultAt } from '../domain/refusal.ts'
import type { Database, Transaction } from '../store/database.ts'
import type { Place } from '../store/dealer.ts'
import { readPostcode } from '../store/postcode.ts'
import { Country } from './request.ts'

/** A postcode in any way of writing, as its key. */
export const Postcode = z
  .string()
  .max(30)
  .transform(postcodeKey)
  .pipe(z.string().regex(/^[A-Z0-9]{1,12}$/, 'a postcode has 1 to 12 letters and digits'))
  .meta({ description: 'Any case, spaces or dashes or not', example: '28195' })

/** Where something is, in the second way that it can be said: a postcode that operators have loaded. */
export const byPostcode = { country: Country.optional(), postcode: Postcode.optional() }

/** A place as it was given: by its coordinates, or by a postcode with its country. */
type Given = { [M in 'latitude' | 'longitude']?: number | undefined } & {
  [M in 'country' | 'postcode']?: string | undefined
}

/** A place is given in one way, and completely. */
export function fitsPlace(given: Given, check: z.RefinementCtx): void {
  const has = (member: keyof Given) => given[member] !== undefined
  const fault = (member: keyof Given, message: string) =>
    check.addIssue({ code: 'custom', path: [member], message })
  const isByPostcode = has('postcode') || has('country')
  if (isByPostcode && (has('latitude') || has('longitude'))) {
    fault('postcode', 'give coordinates or a postcode, not both')
    return
  }
  for (const member of isByPostcode
    ? (['country', 'postcode'] as const)
    : (['latitude', 'longitude'] as const)) {
    if (!has(member)) fault(member, 'a place is latitude and longitude, or country and postcode')
  }
}

/**
 * Where a place is that `fitsPlace`.
 *
 * @throws Refusal for a postcode that is not known; `pointer` says where it stands.
 */
export async function placeOf(
  db: Database | Transaction,
  { latitude, longitude, country = '', postcode }: Given,
  pointer: string,
): Promise<Place> {
  if (postcode === undefined) return { latitude: latitude ?? 0, longitude: longitude ?? 0 }
  const found = await readPostcode(db, country, postcode)
  if (found) return { latitude: found.latitude, longitude: found.longitude }
  // Without the postcode itself, which is part of somebody's address.
  throw faultAt(pointer, 'this postcode is not known here')
}
