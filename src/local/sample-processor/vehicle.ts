import { randomInt } from 'node:crypto'
import { z } from 'zod'
import { Milliseconds } from '../partner/behaviour.ts'

/** What the plant tells of a vehicle, in the order in which it usually happens. */
export const STEPS = ['in_production', 'vin_assigned', 'built', 'shipped', 'at_dealer'] as const

/** Which number is told: the vehicle's own, one that breaks ISO 3779, or the one of another vehicle. */
export const VINS = ['own', 'malformed', 'taken'] as const
export type WhichVin = (typeof VINS)[number]

export const Step = z.strictObject({
  step: z.enum(STEPS),
  /** Only for `vin_assigned`. */
  vin: z.enum(VINS).default('own'),
})
export type Step = z.output<typeof Step>

/** Steps to come by themselves, each so long after the one before: in any order, several times over, or none. */
export const Plan = z.array(Step.extend({ after_ms: Milliseconds.default(0) })).max(50)
export type Plan = z.output<typeof Plan>

export interface Vehicle {
  number: string
  order: string
  confirmed_at: string
  /** Its own, from the first time that one is told. */
  vin: string | null
  told: { step: Step['step']; vin?: string; at: string; webhook_id: string }[]
}

/** Everything in its usual order. */
export function usualPlan(after_ms: number): Plan {
  return STEPS.map((step) => ({ step, vin: 'own', after_ms }))
}

const LETTERS_AND_DIGITS = 'ABCDEFGHJKLMNPRSTUVWXYZ0123456789'

/** A made-up number as ISO 3779 wants it: three of the maker, six of the vehicle, eight that end in a serial of four digits. */
export function newVin(): string {
  const random = (count: number) =>
    Array.from({ length: count }, () => LETTERS_AND_DIGITS[randomInt(LETTERS_AND_DIGITS.length)]).join('')
  return `TRN${random(10)}${String(randomInt(10_000)).padStart(4, '0')}`
}

/** One that nobody may take for a number: it has the letter O. */
export function malformed(vin: string): string {
  return `${vin.slice(0, 12)}O${vin.slice(13)}`
}
