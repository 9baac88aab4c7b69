/**
 * Numbers of everything that has a story (REQUIREMENTS B3), as in `BO-7K3M-9QXT-4HC`:
 * two letters for the kind, ten random symbols (50 bits, so that no number tells another), one check symbol.
 * The symbols are Crockford's base 32: no I, L, O or U, so that a number survives being read out over a telephone.
 */

const SYMBOLS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const RANDOM_SYMBOLS = 10

/** The prefix of each kind. Its place in this list seeds the check symbol, so entries may be added, never moved. */
const PREFIXES = {
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
} as const

export type NumberKind = keyof typeof PREFIXES

/** What `parseNumber` finds: the canonical number, or why the text is none. */
export type ParsedNumber = { ok: true; number: string } | { ok: false; fault: 'malformed' | 'mistyped' }

/** A new number. Uniqueness is the database's to hold (primary key); a clash of 50 random bits is retried. */
export function newNumber(kind: NumberKind): string {
  const random = crypto.getRandomValues(new Uint8Array(RANDOM_SYMBOLS))
  const values = Array.from(random, (byte) => byte & 31)
  return format(kind, [...values, checkSymbol(kind, values)])
}

/**
 * Reads a number as people type it: any case, spaces or dashes anywhere, O for 0, I and L for 1, in the prefix 0 for O.
 * `mistyped` means that it has the form of a number and its check symbol says that a symbol is wrong or two are swapped.
 */
export function parseNumber(kind: NumberKind, text: string): ParsedNumber {
  const prefix = PREFIXES[kind]
  const compact = text.toUpperCase().replace(/[\s-]/g, '')
  if (compact.slice(0, prefix.length).replace(/0/g, 'O') !== prefix) return { ok: false, fault: 'malformed' }
  const symbols = compact.slice(prefix.length).replace(/O/g, '0').replace(/[IL]/g, '1')
  if (symbols.length !== RANDOM_SYMBOLS + 1) return { ok: false, fault: 'malformed' }
  const values = Array.from(symbols, (symbol) => SYMBOLS.indexOf(symbol))
  if (values.includes(-1)) return { ok: false, fault: 'malformed' }
  if (checkSymbol(kind, values.slice(0, -1)) !== values.at(-1)) return { ok: false, fault: 'mistyped' }
  return { ok: true, number: format(kind, values) }
}

/** The kind that a canonical number belongs to. */
export function kindOf(number: string): NumberKind {
  const kind = (Object.keys(PREFIXES) as NumberKind[]).find((kind) => number.startsWith(`${PREFIXES[kind]}-`))
  if (!kind) throw new RangeError(`${number} is not a number of ours`)
  return kind
}

/** The workflow's id of the process that tells a number's story: kinds with a process are called in it as here, with dashes. */
export function processOf(number: string): string {
  const kind = kindOf(number).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return `${kind}/${number}`
}

function format(kind: NumberKind, values: number[]): string {
  const symbols = values.map((value) => SYMBOLS[value]).join('')
  return `${PREFIXES[kind]}-${symbols.slice(0, 4)}-${symbols.slice(4, 8)}-${symbols.slice(8)}`
}

/**
 * Damm's scheme over the field of 32 elements: with x ↦ 2·x as its step it detects every single wrong symbol
 * and every swap of two neighbours. The kind is the starting value: `BO-…` typed as `DL-…` is caught too.
 */
function checkSymbol(kind: NumberKind, values: number[]): number {
  const start = Object.keys(PREFIXES).indexOf(kind) + 1
  return values.reduce((state, value) => double(state ^ value), start)
}

function double(value: number): number {
  const shifted = value << 1
  return shifted & 32 ? shifted ^ 0b100101 : shifted
}
