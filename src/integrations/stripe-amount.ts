/**
 * How Stripe counts money. We count in the minor units of ISO 4217, and so does Stripe but for these currencies
 * (https://docs.stripe.com/currencies#minor-units).
 */

/** They have no decimals, and Stripe takes them with two, always 00. */
const TAKEN_WITH_TWO_DECIMALS = ['ISK', 'UGX']
/** It has two decimals, and Stripe takes it without. */
const TAKEN_WITHOUT_DECIMALS = ['MGA']
/** They have three decimals, and cards know but two: the last digit has to be 0. */
const LAST_DIGIT_ZERO = ['BHD', 'JOD', 'KWD', 'OMR', 'TND']

/** Of how many of our minor units an amount has to be a multiple, so that Stripe can take it. */
export function payableStep(currency: string): number {
  if (TAKEN_WITHOUT_DECIMALS.includes(currency)) return 100
  return LAST_DIGIT_ZERO.includes(currency) ? 10 : 1
}

/**
 * An amount in our minor units as Stripe counts it.
 *
 * @throws RangeError when Stripe cannot take it. Prices are refused for that where they are set.
 */
export function toStripe(minor: number, currency: string): number {
  const step = payableStep(currency)
  if (minor % step !== 0) throw new RangeError(`an amount of ${currency} that is no multiple of ${step}`)
  if (TAKEN_WITH_TWO_DECIMALS.includes(currency)) return minor * 100
  return TAKEN_WITHOUT_DECIMALS.includes(currency) ? minor / 100 : minor
}

/** Stripe's amount in our minor units. */
export function fromStripe(amount: number, currency: string): number {
  if (TAKEN_WITH_TWO_DECIMALS.includes(currency)) return amount / 100
  return TAKEN_WITHOUT_DECIMALS.includes(currency) ? amount * 100 : amount
}
