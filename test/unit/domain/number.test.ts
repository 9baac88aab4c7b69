import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kindOf, type NumberKind, newNumber, parseNumber } from '../../../src/domain/number.ts'

const SYMBOLS = Array.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ')
const PREFIXES: Record<NumberKind, string> = {
  order: 'OR',
  backOrder: 'BO',
  purchaseOrder: 'PO',
  delivery: 'DL',
  lead: 'LE',
  vehicle: 'VH',
  customOrder: 'CO',
  tag: 'TG',
  payment: 'PY',
  matchRequest: 'MR',
}
const KINDS = Object.keys(PREFIXES) as NumberKind[]

const someNumber = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    random: fc.array(fc.constantFrom(...SYMBOLS), { minLength: 10, maxLength: 10 }),
  })
  .map(({ kind, random }) => ({ kind, symbols: [...random, checkSymbol(kind, random)] }))

/** Found by trying: the one symbol with which the number is read. */
function checkSymbol(kind: NumberKind, random: string[]): string {
  const fitting = SYMBOLS.filter((check) => parseNumber(kind, typed(kind, [...random, check])).ok)
  expect(fitting).toHaveLength(1)
  return fitting[0] ?? ''
}

function typed(kind: NumberKind, symbols: string[]): string {
  return PREFIXES[kind] + symbols.join('')
}

describe('numbers (B3)', () => {
  test('a new one is in canonical form and is read as itself', () => {
    for (const kind of KINDS) {
      const numbers = Array.from({ length: 200 }, () => newNumber(kind))
      expect(new Set(numbers).size).toBe(200)
      for (const number of numbers) {
        expect(number).toMatch(
          new RegExp(
            `^${PREFIXES[kind]}-[${SYMBOLS.join('')}]{4}-[${SYMBOLS.join('')}]{4}-[${SYMBOLS.join('')}]{3}$`,
          ),
        )
        expect(parseNumber(kind, number)).toEqual({ ok: true, number })
        expect(kindOf(number)).toBe(kind)
      }
    }
  })

  test('any single wrong symbol is detected', () => {
    fc.assert(
      fc.property(someNumber, ({ kind, symbols }) => {
        for (const [place, right] of symbols.entries()) {
          for (const wrong of SYMBOLS.filter((symbol) => symbol !== right)) {
            expect(parseNumber(kind, typed(kind, symbols.with(place, wrong)))).toEqual({
              ok: false,
              fault: 'mistyped',
            })
          }
        }
      }),
      { numRuns: 20 },
    )
  })

  test('any swap of two different neighbours is detected', () => {
    fc.assert(
      fc.property(someNumber, ({ kind, symbols }) => {
        for (let place = 0; place + 1 < symbols.length; place++) {
          const [one = '', other = ''] = symbols.slice(place, place + 2)
          if (one === other) continue
          const swapped = symbols.with(place, other).with(place + 1, one)
          expect(parseNumber(kind, typed(kind, swapped))).toEqual({ ok: false, fault: 'mistyped' })
        }
      }),
    )
  })

  test('the number of one kind is never one of another', () => {
    fc.assert(
      fc.property(someNumber, fc.constantFrom(...KINDS), ({ kind, symbols }, other) => {
        fc.pre(kind !== other)
        expect(parseNumber(other, typed(kind, symbols))).toEqual({ ok: false, fault: 'malformed' })
        expect(parseNumber(other, typed(other, symbols))).toEqual({ ok: false, fault: 'mistyped' })
      }),
    )
  })

  test('is read as people type it: any case, spaces and dashes anywhere, O for 0, I and L for 1, 0 for O', () => {
    const lookAlikes: Record<string, string> = { '0': '0Oo', '1': '1IiLl' }
    const separators = ['', '', '', '-', ' ', '\t', ' - ']
    const picks = fc.array(fc.nat(999), { minLength: 26, maxLength: 26 })
    fc.assert(
      fc.property(someNumber, picks, ({ kind, symbols }, picks) => {
        const pick = (index: number, from: readonly string[]) => from[(picks[index] ?? 0) % from.length] ?? ''
        const text = [...Array.from(PREFIXES[kind]), ...symbols].map((symbol, index) => {
          const ways =
            index < 2 && symbol === 'O' ? 'Oo0' : (lookAlikes[symbol] ?? symbol + symbol.toLowerCase())
          return pick(index, Array.from(ways)) + pick(index + 13, separators)
        })
        expect(parseNumber(kind, text.join(''))).toEqual(parseNumber(kind, typed(kind, symbols)))
      }),
    )
  })

  test('whatever else is typed is malformed, and never an accident', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom(...KINDS), (text, kind) => {
        expect(parseNumber(kind, text)).toEqual({ ok: false, fault: 'malformed' })
      }),
    )
    for (const text of [
      '',
      'BO',
      'BO-7K3M-9QXT-4H',
      'BO-7K3M-9QXT-4HCC',
      'BO-7K3M-9QXT-4HU',
      'XX-7K3M-9QXT-4HC',
    ])
      expect(parseNumber('backOrder', text)).toEqual({ ok: false, fault: 'malformed' })
    expect(() => kindOf('XX-7K3M-9QXT-4HC')).toThrow(RangeError)
  })
})
