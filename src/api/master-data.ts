import { z } from '@hono/zod-openapi'
import { Duration } from 'luxon'
import { isoDuration } from '../domain/duration.ts'
import { Refusal } from '../domain/refusal.ts'
import { namesPrivateAddress } from '../integrations/webhook.ts'
import type { ApiKit } from './kit.ts'

/** What the house's own records are made of (REQUIREMENTS P8); the limits keep every sum a safe integer. */

/** How what is the house's own is called in paths and documents. */
export const Id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'an id is 1 to 63 small letters, digits or dashes')

/** How a storefront, supplier or dealer is called in paths, keys and events. */
export const PartnerId = Id.meta({ example: 'northwind' })

export const ModelYearId = Id.meta({ example: 'heron-2027' })

/** How a make is called in records and lists. */
export const MakeCode = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'a make is small letters, digits and single dashes between them')
  .max(63)
  .meta({ example: 'mercedes-benz' })

export const Latitude = z.number().min(-90).max(90).meta({ description: 'Degrees, WGS 84', example: 53.08 })
export const Longitude = z.number().min(-180).max(180).meta({ description: 'Degrees, WGS 84', example: 8.8 })

const CURRENCIES = new Set(Intl.supportedValuesOf('currency'))
export const Currency = z
  .string()
  .refine((code) => CURRENCIES.has(code), 'must be an ISO 4217 currency such as EUR')
/** In minor units, such as cents. */
export const Amount = z.int().min(0).max(1_000_000_000)

/** An amount in minor units of an ISO 4217 currency: { amount: 1999, currency: 'EUR' } is 19.99 €. */
export const Price = z
  .strictObject({
    amount: Amount.meta({ description: 'In minor units, such as cents' }),
    currency: Currency,
  })
  .meta({ id: 'Price' })

const LONGEST = 3_650 * 86_400

/**
 * A length of time, ISO 8601 outside and whole seconds inside. Months and years are refused: what is set once and
 * applies for years has to be of one length.
 */
export function Length(minSeconds: number) {
  return z
    .string()
    .refine((value) => {
      const given = Duration.fromISO(value)
      return given.isValid && given.years === 0 && given.quarters === 0 && given.months === 0
    }, 'must be an ISO 8601 duration in weeks, days, hours, minutes and seconds, such as P30D or PT12H')
    .meta({ description: 'ISO 8601 duration without months and years', example: 'P30D' })
    .transform((value) => Duration.fromISO(value).as('seconds'))
    .pipe(
      z
        .int('must be whole seconds')
        .min(minSeconds, `must be at least ${isoDuration(minSeconds)}`)
        .max(LONGEST, `may be at most ${isoDuration(LONGEST)}`),
    )
}

/** Where webhooks go: http or https, without a name and password in it. */
export const WebhookUrl = z
  .url({ protocol: /^https?$/, error: 'must be a URL that starts with http:// or https://' })
  .max(2_000)
  .refine((url) => {
    if (!URL.canParse(url)) return true
    const { username, password } = new URL(url)
    return username === '' && password === ''
  }, 'must not contain a name or password')

/** Refuses a webhook's URL that says itself that it leads into a private network, unless this service may go there. */
export function refusePrivateAddress(kit: ApiKit, url: string | null, pointer: string): void {
  if (kit.allowPrivateAddresses || url === null || !namesPrivateAddress(url)) return
  throw new Refusal('invalid-request', 'Webhooks are not sent to private addresses.', {
    errors: [{ pointer, detail: 'must not be a private, loopback or reserved address' }],
  })
}

/** The code of a feature, within its model year. */
export const FeatureCode = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'a feature code is 1 to 64 letters, digits, dots, dashes or underscores',
  )
  .meta({ example: 'ROOF-PANO' })

const MAX_CHOSEN = 100

/** The features that somebody chose, in any order. */
export const ChosenFeatures = z.array(FeatureCode).max(MAX_CHOSEN).superRefine(noneTwice)

/** Refuses lists of codes in which one comes twice. */
export function noneTwice(codes: string[], check: z.RefinementCtx): void {
  for (const [index, code] of codes.entries()) {
    if (codes.indexOf(code) < index)
      check.addIssue({ code: 'custom', path: [index], message: 'this one is in the list already' })
  }
}

/** Refuses lists in which a member, such as the item code, comes twice. */
export function eachOnce<Member extends string>(member: Member) {
  return (entries: Record<Member, unknown>[], check: z.RefinementCtx): void => {
    const seen = new Set<unknown>()
    for (const [index, entry] of entries.entries()) {
      if (seen.has(entry[member])) {
        check.addIssue({ code: 'custom', path: [index, member], message: 'this one is in the list already' })
      }
      seen.add(entry[member])
    }
  }
}
