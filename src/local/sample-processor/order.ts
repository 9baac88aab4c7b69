import { randomInt } from 'node:crypto'
import type { Configuration, Document, TaggedConfiguration } from './messages.ts'

/** Yes with the processor's own reference, or no with its reasons. */
export type Verdict = { reference: string } | { reasons: string[] }

export type Order = Document & {
  received_at: string
  /** When Holdfast wrote the message that the document is from: an older one never replaces it. */
  written_at: string
  cancelled_at: string | null
  /** What was said to each turn, in the order in which it was said. */
  answers: { turn: number; verdict: Verdict; at: string; webhook_id: string }[]
}

/** The order after another message about it. Messages may overtake each other: any may be the first, or out of date. */
export function heard(known: Order | undefined, document: Document, timestamp: string): Order {
  const written_at = new Date(timestamp).toISOString()
  if (!known) {
    const received_at = new Date().toISOString()
    return { ...document, received_at, written_at, cancelled_at: null, answers: [] }
  }
  const isOld = document.turn === known.turn ? written_at < known.written_at : document.turn < known.turn
  return isOld ? known : { ...known, ...document, written_at }
}

export function verdictOn({ answers }: Order, turn: number): Verdict | undefined {
  return answers.findLast((answer) => answer.turn === turn)?.verdict
}

/** Yes, unless the order contradicts itself (REQUIREMENTS B4): its total is not the sum of its parts, or a part is named twice. */
export function checked(configuration: Configuration | TaggedConfiguration): Verdict {
  const { features, total_price, currency } = configuration
  const sum = 'base_price' in configuration ? sumOf(configuration) : total_price
  const codes = features.map(({ code }) => code)
  const twice = codes.filter((code, index) => codes.indexOf(code) < index)
  const reasons = [
    ...(sum === total_price
      ? []
      : [`The total is ${total_price}, and its parts add up to ${sum} (${currency}, minor units)`]),
    ...twice.map((code) => `${code} is named twice`),
  ]
  return reasons.length > 0 ? { reasons } : accepted()
}

function sumOf({ features, base_price }: Configuration): number {
  return features.reduce((sum, { price }) => sum + price, base_price)
}

export function accepted(): Verdict {
  return { reference: `SP-${randomInt(10 ** 9, 10 ** 10)}` }
}
