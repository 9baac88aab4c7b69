import { expect, test } from 'vitest'
import { HOUSE_PERIODS } from '../../../src/domain/period.ts'
import { calendarDay, distance, length, moment, money } from '../../../src/web/format.ts'
import { deadlineChoices, lengthChoices } from '../../../src/web/order-page/choices.ts'

const DAY = 86_400
const days = (lengths: number[]) => lengths.map((seconds) => seconds / DAY)
const now = new Date('2025-05-14T12:00:30Z')
const at = (seconds: number) => new Date(now.getTime() + seconds * 1_000)
const fromNow = (ends: Date[]) => ends.map((end) => Math.round((end.getTime() - now.getTime()) / 1_000))

test('lengths to choose from lie around the usual one and within the limits of the house', () => {
  expect(days(lengthChoices(HOUSE_PERIODS.wait, 30 * DAY))).toEqual([5, 7, 14, 60, 90, 180])
  expect(days(lengthChoices(HOUSE_PERIODS.hold, 7 * DAY))).toEqual([1, 2, 3, 5, 14, 30])
  expect(lengthChoices({ default_seconds: 20, min_seconds: 15, max_seconds: 60 }, 20)).toEqual([15, 30, 60])
  expect(lengthChoices({ default_seconds: 20, min_seconds: 20, max_seconds: 20 }, 20)).toEqual([])
})

test('a deadline may be sooner or later, at the latest when the longest period from its start is over', () => {
  const clock = { now, from: at(-2 * DAY), current: at(5 * DAY), period: HOUSE_PERIODS.hold }
  const { shorter, longer } = deadlineChoices(clock)
  expect(days(fromNow(shorter)).map(Math.round)).toEqual([1, 2, 3])
  expect(days(fromNow(longer)).map(Math.round)).toEqual([7, 14, 28])
  expect(longer.at(-1)).toEqual(at(28 * DAY))
  for (const end of [...shorter, ...longer]) expect(end > now && end <= at(28 * DAY)).toBe(true)
})

test('a deadline that is the latest already can only be brought forward', () => {
  const clock = { now, from: now, current: at(30 * DAY), period: HOUSE_PERIODS.hold }
  expect(deadlineChoices(clock).longer).toEqual([])
})

test('periods of seconds, as in a demo, have choices too', () => {
  const period = { default_seconds: 60, min_seconds: 1, max_seconds: 3_600 }
  const { shorter, longer } = deadlineChoices({ now, from: now, current: at(60), period })
  expect(fromNow(shorter)).toEqual([15, 30])
  expect(fromNow(longer)).toEqual([120, 300, 3_600])
})

test('times are the reader’s, with the zone named; money has its sign', () => {
  expect(moment(now, 'Europe/Paris').replace('\u00a0', ' ')).toBe('Wed 14 May 2025, 14:00 CEST')
  expect(moment(now, 'America/New_York', true).replace('\u00a0', ' ')).toBe('Wed 14 May 2025, 08:00:30 GMT-4')
  expect(moment('2025-12-31T23:30:00Z', 'Asia/Tokyo').replace('\u00a0', ' ')).toBe(
    'Thu 1 Jan 2026, 08:30 GMT+9',
  )
  expect(calendarDay('2025-05-20')).toBe('20 May 2025')
  expect([length(45), length(60), length(5_400), length(30 * DAY)]).toEqual([
    '45 seconds',
    '1 minute',
    '2 hours',
    '30 days',
  ])
  expect([distance(at(3 * DAY), now), distance(at(-3_600), now)]).toEqual(['in 3 days', '1 hour ago'])
  expect([money({ amount: 1999, currency: 'EUR' }), money({ amount: 500, currency: 'JPY' }, 2)]).toEqual([
    '€19.99',
    'JP¥1,000',
  ])
})
