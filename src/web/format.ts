import { moneyInWords } from '../domain/money.ts'

/** How pages write times, lengths of time and money. The words are English, the times are the reader's. */

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A point in time with its zone, as in "Wed 14 May 2025, 16:30 CEST"; to the second where `isNear` says that seconds count. */
export function moment(at: Date | string, timeZone: string, isNear = false): string {
  const parts = partsOf(new Date(at), {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    ...(isNear ? { second: '2-digit' } : {}),
    timeZoneName: 'short',
  })
  const time = [parts.hour, parts.minute, ...(isNear ? [parts.second] : [])].join(':')
  // The zone stays with its time when a line breaks.
  return `${parts.weekday} ${parts.day} ${parts.month} ${parts.year}, ${time}\u00a0${parts.timeZoneName}`
}

/** The day of a point in time, as in "14 May 2025". */
export function day(at: Date | string, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'long' }).format(new Date(at))
}

/** A calendar day (YYYY-MM-DD) in words; it is in no time zone. */
export function calendarDay(date: string): string {
  return day(`${date}T00:00:00Z`, 'UTC')
}

/** A length of time in its largest fitting unit, rounded: "3 days", "2 hours", "45 seconds". */
export function length(seconds: number): string {
  const [size, name] = unitOf(seconds)
  const count = Math.max(1, Math.round(seconds / size))
  return `${count} ${name}${count === 1 ? '' : 's'}`
}

/** How far away a time is: "in 3 days", "2 hours ago". */
export function distance(at: Date | string, now: Date): string {
  const seconds = (new Date(at).getTime() - now.getTime()) / 1_000
  return seconds >= 0 ? `in ${length(seconds)}` : `${length(-seconds)} ago`
}

/** An amount in minor units, as in "€19.99". */
export function money(price: { amount: number; currency: string }, quantity = 1): string {
  return moneyInWords(price.amount * quantity, price.currency)
}

/** Several things in a sentence: "a, b and c". */
export function listed(things: string[]): string {
  return new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(things)
}

function unitOf(seconds: number): [number, string] {
  // From one and a half of a unit on it is counted in that unit: 36 hours are 2 days, 90 minutes 2 hours.
  if (seconds >= 1.5 * DAY || seconds === DAY) return [DAY, 'day']
  if (seconds >= 1.5 * HOUR || seconds === HOUR) return [HOUR, 'hour']
  if (seconds >= 1.5 * MINUTE || seconds === MINUTE) return [MINUTE, 'minute']
  return [1, 'second']
}

function partsOf(at: Date, options: Intl.DateTimeFormatOptions): Partial<Record<string, string>> {
  const parts = new Intl.DateTimeFormat('en-GB', options).formatToParts(at)
  return Object.fromEntries(parts.map(({ type, value }) => [type, value]))
}
