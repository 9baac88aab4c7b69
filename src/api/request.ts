import { z } from '@hono/zod-openapi'
import { DateTime, Duration, IANAZone } from 'luxon'
import { COUNTRIES } from '../domain/country.ts'
import { type NumberKind, parseNumber } from '../domain/number.ts'
import { MAX_LINES } from '../domain/order.ts'
import { Quantity, Sku } from '../domain/order-shape.ts'
import { Refusal } from '../domain/refusal.ts'
import { Problem } from './problem.ts'

/** What requests are made of, in one place: each schema with the limits that REQUIREMENTS and the books set. */

export { MAX_LINES, Quantity, Sku }

const text = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    // Nor halves of surrogate pairs, which are no characters and which no database takes.
    .refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value), 'must not contain control characters')

export const Name = text(200)
/** Free text for people. */
export const Note = text(1_000)
export const Reference = text(100)
/** What a person wrote in several lines: kept on one. */
export const Comments = z
  .string()
  .max(8_000)
  .transform((value) => value.replace(/\s+/g, ' '))
  .pipe(text(4_000))
export const Phone = text(50).refine((value) => /\d/.test(value), 'has no digit')
export const Email = z
  .email()
  .max(254)
  .transform((value) => value.toLowerCase())
export const TimeZone = z
  .string()
  .refine((zone) => IANAZone.isValidZone(zone), 'must be an IANA time zone such as Europe/Paris')
/** A time that the calendar of any partner and of the database has, with room for what is added to it. */
export const Instant = z.iso
  .datetime({ offset: true })
  .refine(isInCalendar, 'must be in the years 1970 to 2999')
  .refine((value) => /(Z|[+-](0\d|1[0-4]):\d\d)$/.test(value), 'must be at most 14 hours away from UTC')
export const Day = z.iso.date()
/** A day that may be long ago or far away, within the same years. */
export const AnyDay = Day.refine(isInCalendar, 'must be in the years 1970 to 2999')

function isInCalendar(value: string): boolean {
  return /^(19[7-9]|2\d\d)\d-/.test(value)
}

export const Country = z
  .string()
  .refine(
    (code) => COUNTRIES.has(code),
    'must be a country code of two capital letters (ISO 3166-1), such as DE',
  )
  .meta({ description: 'ISO 3166-1 alpha-2', example: 'DE' })

export const Address = z
  .strictObject({
    name: Name,
    lines: z.array(text(200)).min(1).max(4),
    city: text(100),
    postcode: text(20),
    region: text(100).optional(),
    country: Country,
  })
  .meta({ id: 'Address' })

/** A length of time as ISO 8601 has it (`P30D`, `PT20S`). */
export const Period = z
  .string()
  .refine(
    (value) => /\d/.test(value) && Duration.fromISO(value).isValid && Number.isFinite(periodSeconds(value)),
    'must be an ISO 8601 duration such as P30D or PT12H',
  )
  .meta({ description: 'ISO 8601 duration', example: 'P30D' })

/** A period as its length in whole seconds, from now on; months count as the coming ones. */
export function periodSeconds(period: string): number {
  const now = DateTime.utc()
  return Math.round(now.plus(Duration.fromISO(period)).diff(now).as('seconds'))
}

/**
 * A period that may be given as a length or by its end, not both: whole seconds, never less than were given and at least
 * one. Null when neither is given.
 *
 * @throws Refusal when its end was in the past as it was asked for.
 */
export function periodOrEnd(
  period: string | undefined,
  until: string | undefined,
  pointer: string,
  askedAt = new Date(),
): number | null {
  if (period !== undefined) return periodSeconds(period)
  if (until === undefined) return null
  const end = DateTime.fromISO(until)
  if (end > DateTime.fromJSDate(askedAt)) return Math.max(Math.ceil(end.diffNow().as('seconds')), 1)
  const detail = 'is in the past'
  throw new Refusal('period-out-of-range', `The period's end ${detail}.`, { errors: [{ pointer, detail }] })
}

/** The canonical number in a path, or a refusal that says what is wrong with it. */
export function numberIn(kind: NumberKind, given: string): string {
  const parsed = parseNumber(kind, given)
  if (parsed.ok) return parsed.number
  if (parsed.fault === 'mistyped') {
    throw new Refusal(
      'mistyped-number',
      'Its check symbol does not fit: a symbol is wrong, or two are swapped.',
    )
  }
  throw new Refusal('not-found', 'That is not a number of this kind.')
}

export const NumberParam = z.object({
  number: z.string().meta({ description: 'Any case, dashes or not', example: 'BO-7K3M-9QXT-4HC' }),
})
export const IdempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .optional()
    .meta({ description: 'Required. For seven days the same key again gets the same answer.' }),
})

/** The body of a request in OpenAPI; required, so that an undeclared content type cannot slip past its checks. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true as const, content: { 'application/json': { schema } } }
}

/** Answers of a route in OpenAPI: its own, and the problems it may give. */
export function answers<Status extends number, Schema extends z.ZodType>(
  status: Status,
  description: string,
  schema: Schema,
) {
  return {
    [status]: { description, content: { 'application/json': { schema } } },
    default: { description: 'A problem', content: { 'application/problem+json': { schema: Problem } } },
  } as { [S in Status]: { description: string; content: { 'application/json': { schema: Schema } } } } & {
    default: { description: string; content: { 'application/problem+json': { schema: typeof Problem } } }
  }
}
