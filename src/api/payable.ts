import { Refusal } from '../domain/refusal.ts'
import { payableStep } from '../integrations/stripe-amount.ts'
import type { ApiKit } from './kit.ts'

/** An amount in minor units, and where in the request it is. */
type Given = { pointer: string; amount: number; currency: string }

/**
 * Refuses amounts that the payment provider could not take, where the house has one (REQUIREMENTS B5). What is paid is made
 * of them by adding, multiplying and taking away, so it can be taken if they can.
 */
export function refuseUnpayable({ takesPayments }: ApiKit, given: Given[]): void {
  if (!takesPayments) return
  const errors = given.flatMap(({ pointer, amount, currency }) => {
    const step = payableStep(currency)
    const detail = `must be a multiple of ${step}: the payment provider takes no smaller parts of ${currency}`
    return amount % step === 0 ? [] : [{ pointer, detail }]
  })
  if (errors.length > 0)
    throw new Refusal('invalid-request', 'Something could not be paid; nothing was stored.', { errors })
}
