import fc from 'fast-check'
import { Duration } from 'luxon'
import { describe, expect, test } from 'vitest'
import { isoDuration } from '../../../src/domain/duration.ts'
import { EVENTS, type EventType, isTold } from '../../../src/domain/event.ts'
import { type LetterFacts, letterFor } from '../../../src/domain/letter.ts'
import { MOVEMENT_EFFECTS, type MovementKind } from '../../../src/domain/movement.ts'
import { CHOICES, choicesFor, MAX_LINES, MAX_QUANTITY } from '../../../src/domain/order.ts'
import { Quantity, Sku } from '../../../src/domain/order-shape.ts'
import { after, DEADLINE_KINDS, HOUSE_PERIODS, periodFault } from '../../../src/domain/period.ts'
import { inPacks, wholePacks } from '../../../src/domain/purchase-order.ts'
import { isRefusalType, REFUSALS } from '../../../src/domain/refusal.ts'

describe('periods (A7)', () => {
  const period = fc
    .tuple(fc.nat(1e6), fc.nat(1e6), fc.nat(1e6))
    .map(([a, b, c]) => [a, b, c].sort((x, y) => x - y))
    .map(([min = 0, usual = 0, max = 0]) => ({
      min_seconds: min + 1,
      default_seconds: usual + 1,
      max_seconds: max + 1,
    }))

  test('what is within the limits has no fault, what is outside has one that names the limit', () => {
    fc.assert(
      fc.property(period, fc.integer({ min: -10, max: 1_100_000 }), (limits, seconds) => {
        const fault = periodFault(limits, seconds)
        if (seconds < limits.min_seconds)
          expect(fault).toMatch(/^must be at least \d+ (second|minute|hour|day)s?$/)
        else if (seconds > limits.max_seconds)
          expect(fault).toMatch(/^may be at most \d+ (second|minute|hour|day)s?$/)
        else expect(fault).toBeUndefined()
      }),
    )
  })

  test('the limits themselves are within, and so is what is predetermined', () => {
    for (const kind of DEADLINE_KINDS) {
      const { default_seconds, min_seconds, max_seconds } = HOUSE_PERIODS[kind]
      for (const seconds of [min_seconds, default_seconds, max_seconds])
        expect(periodFault(HOUSE_PERIODS[kind], seconds)).toBeUndefined()
      expect(periodFault(HOUSE_PERIODS[kind], min_seconds - 1)).toBe('must be at least 1 hour')
      expect(periodFault(HOUSE_PERIODS[kind], max_seconds + 1)).toMatch(/^may be at most \d+ days$/)
    }
  })

  test('what is no length of time is not within any limits', () => {
    for (const seconds of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(periodFault(HOUSE_PERIODS.wait, seconds)).toBeDefined()
  })

  test('seconds are added as elapsed time, also over a change of the clocks', () => {
    expect(after(new Date('2030-03-31T00:30:00Z'), 7_200)).toEqual(new Date('2030-03-31T02:30:00Z'))
  })

  test('are written as ISO 8601 durations that mean the same', () => {
    fc.assert(
      fc.property(fc.nat(400 * 86_400), (seconds) => {
        expect(Duration.fromISO(isoDuration(seconds)).as('seconds')).toBe(seconds)
      }),
    )
    expect([0, 1, 90, 90_000, 86_400].map(isoDuration)).toEqual(['PT0S', 'PT1S', 'PT1M30S', 'P1DT1H', 'P1D'])
  })
})

describe('choices for a short line (A3)', () => {
  test('there is always a no; what is there can be had; waiting only where the item may be back-ordered', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.nat(100), (back_orderable, available) => {
        const choices = choicesFor({ back_orderable, available })
        expect(choices).toContain('decline')
        expect(choices.includes('wait_for_all')).toBe(back_orderable)
        expect(choices.includes('ship_available')).toBe(back_orderable && available > 0)
        expect(choices.includes('take_available')).toBe(!back_orderable && available > 0)
        expect(CHOICES).toEqual(expect.arrayContaining(choices))
        expect(new Set(choices).size).toBe(choices.length)
      }),
    )
  })
})

describe('what may be ordered', () => {
  test('quantities are whole, positive and bounded, so that every sum is a safe integer', () => {
    for (const quantity of [1, MAX_QUANTITY]) expect(Quantity.safeParse(quantity).success).toBe(true)
    for (const quantity of [
      0,
      -1,
      1.5,
      MAX_QUANTITY + 1,
      1e300,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      '1',
      null,
    ])
      expect(Quantity.safeParse(quantity).success).toBe(false)
    // A queue of a million of the largest orders.
    expect(Number.isSafeInteger(MAX_QUANTITY * MAX_LINES * 1_000_000)).toBe(true)
  })

  test('item codes are plain', () => {
    for (const sku of ['A', 'ROOF-BOX.2_x', 'a'.repeat(64)]) expect(Sku.safeParse(sku).success).toBe(true)
    for (const sku of ['', ' A', 'A ', 'A\n', '-A', 'a'.repeat(65), 'Ä', 'A/B', "A'B", 'A\u0000'])
      expect(Sku.safeParse(sku).success).toBe(false)
  })
})

describe('packs (A4)', () => {
  const units = fc.integer({ min: 0, max: 1_000_000 })
  const pack = fc.integer({ min: 1, max: 10_000 })

  test('a need is rounded up to the fewest whole packs that cover it', () => {
    fc.assert(
      fc.property(units, pack, (need, size) => {
        const asked = inPacks(need, size)
        expect(asked % size).toBe(0)
        expect(asked).toBeGreaterThanOrEqual(need)
        expect(asked - need).toBeLessThan(size)
      }),
    )
  })

  test('a surplus is given up in whole packs only, so that what is needed stays asked for', () => {
    fc.assert(
      fc.property(units, units, pack, (need, more, size) => {
        const asked = inPacks(need + more, size)
        const kept = asked - wholePacks(asked - need, size)
        expect(kept % size).toBe(0)
        expect(kept).toBe(inPacks(need, size))
      }),
    )
  })
})

describe('movements (X3)', () => {
  type Counts = { on_hand: number; allocated: number; outbound: number }
  const kinds = Object.keys(MOVEMENT_EFFECTS) as MovementKind[]
  const apply = (counts: Counts, kind: MovementKind, quantity: number): Counts => {
    const effect = MOVEMENT_EFFECTS[kind]
    return {
      on_hand: counts.on_hand + effect.on_hand * quantity,
      allocated: counts.allocated + effect.allocated * quantity,
      outbound: counts.outbound + effect.outbound * quantity,
    }
  }
  /** As the database checks it. */
  const isLegal = ({ on_hand, allocated, outbound }: Counts) =>
    allocated >= 0 && allocated <= on_hand && outbound >= 0

  test('units neither appear nor vanish but through receiving, counting and delivering', () => {
    const change = Object.fromEntries(
      kinds.map((kind) => [kind, MOVEMENT_EFFECTS[kind].on_hand + MOVEMENT_EFFECTS[kind].outbound]),
    )
    expect(change).toEqual({
      receive: 1,
      count_up: 1,
      count_down: -1,
      allocate: 0,
      release: 0,
      confirm: 0,
      recall: 0,
      return: 0,
      deliver: -1,
    })
  })

  test('whatever legal movements happen, the levels are the sum of what came less what went', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ kind: fc.constantFrom(...kinds), quantity: fc.integer({ min: 1, max: 9 }) })),
        (asked) => {
          let counts: Counts = { on_hand: 0, allocated: 0, outbound: 0 }
          let inHouse = 0
          for (const { kind, quantity } of asked) {
            const then = apply(counts, kind, quantity)
            if (!isLegal(then)) continue
            counts = then
            if (kind === 'receive' || kind === 'count_up') inHouse += quantity
            if (kind === 'count_down' || kind === 'deliver') inHouse -= quantity
            expect(counts.on_hand + counts.outbound).toBe(inHouse)
          }
        },
      ),
    )
  })

  test('a promise that ends and a parcel that comes back leave the books as they were', () => {
    const start = { on_hand: 9, allocated: 0, outbound: 0 }
    expect(apply(apply(start, 'allocate', 4), 'release', 4)).toEqual(start)
    for (const back of ['recall', 'return'] as const)
      expect(apply(apply(apply(start, 'allocate', 4), 'confirm', 4), back, 4)).toEqual(start)
  })
})

describe('letters and refusals', () => {
  const facts: LetterFacts = {
    order: 'OR-7K3M-9QXT-4HC',
    storefront: 'Shop',
    customer: 'Ada',
    time_zone: 'Europe/Paris',
    lines: [
      {
        line: 1,
        sku: 'SKU-1',
        name: 'Roof box',
        ordered: 3,
        available: 1,
        shortfall: 2,
        state: 'short',
        expected_at: null,
        wait_seconds: 60,
        back_order: null,
      },
    ],
    back_order: {
      number: 'BO-7K3M-9QXT-4HC',
      item: 'Roof box',
      sku: 'SKU-1',
      ordered: 3,
      price_minor: 1999,
      currency: 'EUR',
    },
    delivery: { number: 'DL-7K3M-9QXT-4HC', tracking: null },
  }
  const details = {
    deadline_at: '2030-01-01T10:00:00Z',
    deadline_kind: 'hold',
    kind: 'wait',
    promised_at: '2030-02-01T10:00:00Z',
    before: '2030-01-15T10:00:00Z',
    quantity: 3,
    deliver_on: null,
  }

  test('there are words for everything that customers are told of (A2, A7)', () => {
    const told = (Object.keys(EVENTS) as EventType[]).filter((type) => isTold('customer', type))
    expect(told.length).toBeGreaterThan(15)
    for (const type of told) {
      const letter = letterFor(type, details, facts)
      const words = [letter.subject, ...letter.paragraphs, letter.action].join('\n')
      expect(words, type).not.toMatch(/undefined|null|NaN|Invalid Date|\[object/)
    }
  })

  test('every refusal has a status of its kind and a title; nothing else is one', () => {
    for (const [type, { status, title }] of Object.entries(REFUSALS)) {
      expect(type).toMatch(/^[a-z]+(-[a-z]+)*$/)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(title.length).toBeGreaterThan(5)
      expect(isRefusalType(type)).toBe(true)
    }
    for (const word of ['constructor', 'toString', '__proto__', 'Unexpected', '', null, undefined])
      expect(isRefusalType(word)).toBe(false)
  })
})
