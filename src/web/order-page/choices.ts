import type { Period } from '../../domain/period.ts'

/** The lengths of time that people are offered, in seconds: from a demo's quarter of a minute to a year. */
const LADDER = [
  15,
  30,
  60,
  2 * 60,
  5 * 60,
  10 * 60,
  30 * 60,
  ...[1, 3, 6, 12].map((hours) => hours * 3_600),
  ...[1, 2, 3, 5, 7, 14, 30, 60, 90, 180, 365].map((days) => days * 86_400),
]

/** How far from the usual length a choice may be and still be sensible to offer. */
const SHORTEST = 1 / 8
const LONGEST = 8

/** Lengths that a customer may choose instead of the usual one, within the house's limits. Seconds, ascending. */
export function lengthChoices(period: Period, usual: number): number[] {
  return LADDER.filter(
    (seconds) =>
      seconds >= Math.max(period.min_seconds, usual * SHORTEST) &&
      seconds <= Math.min(period.max_seconds, usual * LONGEST) &&
      seconds !== usual,
  )
}

/**
 * Other ends that a running clock may be given (REQUIREMENTS A7): sooner, later, and the latest that the house allows,
 * counted from the clock's start.
 */
export function deadlineChoices(clock: {
  now: Date
  /** When the clock was started. */
  from: Date
  current: Date
  period: Period
}): { shorter: Date[]; longer: Date[] } {
  const [now, from, current] = [clock.now.getTime(), clock.from.getTime(), clock.current.getTime()]
  const latest = from + clock.period.max_seconds * 1_000
  const left = Math.max(current - now, 60_000)
  const ends = LADDER.map((seconds) => seconds * 1_000)
    .filter((length) => length >= left * SHORTEST && length <= left * LONGEST)
    .map((length) => (length < 3_600_000 ? now + length : Math.floor((now + length) / 60_000) * 60_000))
    .filter((end) => end > now && end <= latest && !isNear(end, current) && !isNear(end, latest))
  if (latest > now && !isNear(latest, current)) ends.push(latest)
  const isNotLong = (end: number) => end < current
  return {
    shorter: ends.filter(isNotLong).map((end) => new Date(end)),
    longer: ends.filter((end) => !isNotLong(end)).map((end) => new Date(end)),
  }

  /** Two ends that a person would not choose between. */
  function isNear(one: number, other: number): boolean {
    return Math.abs(one - other) < Math.abs(other - now) / 10
  }
}
