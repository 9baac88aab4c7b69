import { randomInt } from 'node:crypto'
import type { Configuration, Dealer } from './messages.ts'

/** Yes with the processor's own reference, or no with its reasons. */
export type Verdict = { reference: string } | { reasons: string[] }

export interface Order {
  number: string
  received_at: string
  /** The latest one that was asked; 0 while only a later message about the order has arrived. */
  turn: number
  answer_by: string | null
  dealer: Dealer | null
  configuration: Configuration | null
  /** When Holdfast wrote the message that this configuration is from: an older one never replaces it. */
  configured_at: string
  vehicle: string | null
  cancelled_at: string | null
  /** What was said to each turn, in the order in which it was said. */
  answers: { turn: number; verdict: Verdict; at: string; webhook_id: string }[]
}

export function verdictOn({ answers }: Order, turn: number): Verdict | undefined {
  return answers.findLast((answer) => answer.turn === turn)?.verdict
}

/** Yes, unless the order contradicts itself (REQUIREMENTS B4): its total is not the sum of its parts, or a part is named twice. */
export function checked(configuration: Configuration): Verdict {
  const { features, base_price, total_price, currency } = configuration
  const sum = features.reduce((sum, { price }) => sum + price, base_price)
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

export function accepted(): Verdict {
  return { reference: `SP-${randomInt(10 ** 9, 10 ** 10)}` }
}
