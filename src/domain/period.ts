/**
 * The four deadlines of REQUIREMENTS A7, one at a time: how long an offer stands, how long a customer waits, how
 * long goods are held, how long a confirmation may take. All in whole seconds; calendar time never enters here.
 */
export const DEADLINE_KINDS = ['offer', 'wait', 'hold', 'confirm'] as const
export type DeadlineKind = (typeof DEADLINE_KINDS)[number]

/** One of the house's periods: what applies when the customer sets none, and the limits of what may be set. */
export type Period = { default_seconds: number; min_seconds: number; max_seconds: number }
export type Periods = Record<DeadlineKind, Period>

const HOUR = 3_600
const DAY = 24 * HOUR

/** The periods that a new house starts with; operators change them through the API. */
export const HOUSE_PERIODS: Periods = {
  offer: { default_seconds: 3 * DAY, min_seconds: HOUR, max_seconds: 14 * DAY },
  wait: { default_seconds: 30 * DAY, min_seconds: HOUR, max_seconds: 365 * DAY },
  hold: { default_seconds: 7 * DAY, min_seconds: HOUR, max_seconds: 30 * DAY },
  confirm: { default_seconds: 2 * DAY, min_seconds: HOUR, max_seconds: 14 * DAY },
}

/** Says what is wrong with a period that somebody set, or nothing. Seconds. */
export function periodFault(period: Period, seconds: number): string | undefined {
  if (Number.isNaN(seconds)) return 'is no length of time'
  if (seconds < period.min_seconds) return `must be at least ${inWords(period.min_seconds)}`
  if (seconds > period.max_seconds) return `may be at most ${inWords(period.max_seconds)}`
  return undefined
}

/** A length of time as people say it, in the largest unit that divides it. */
export function inWords(seconds: number): string {
  const units: [number, string][] = [
    [DAY, 'day'],
    [HOUR, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ]
  const [size, name] = units.find(([size]) => seconds % size === 0) ?? [1, 'second']
  const count = seconds / size
  return `${count} ${name}${count === 1 ? '' : 's'}`
}

/** The time that many seconds after another. */
export function after(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1_000)
}
