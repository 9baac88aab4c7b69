import Stripe from 'stripe'

/** Trouble with the provider, told by its kind only: what Stripe says may quote what the buyer entered. */
export class ProviderTrouble extends Error {
  /** Stripe gave the answer that it keeps for the key, and will give it again for as long as it knows the key. */
  readonly isKept: boolean
  constructor(kind: string, isKept = false) {
    super(`the payment provider: ${kind}`)
    // What is logged and shown of a failure is its name.
    this.name = `payment provider: ${kind}`
    this.isKept = isKept
  }
}

/** What Stripe refuses for good is for the caller to judge; anything else is trouble, and tried again. */
export async function call<T>(work: () => Promise<T>): Promise<T | Stripe.errors.StripeError> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Stripe.errors.StripeCardError) return error
    if (error instanceof Stripe.errors.StripeInvalidRequestError) return error
    if (!(error instanceof Stripe.errors.StripeError)) throw error
    const isKept = error.headers?.['idempotent-replayed'] === 'true'
    throw new ProviderTrouble(`${error.type} ${error.statusCode ?? ''}`.trim(), isKept)
  }
}

/** The same where Stripe has nothing to refuse. */
export async function must<T>(work: () => Promise<T>): Promise<T> {
  const answer = await call(work)
  if (answer instanceof Stripe.errors.StripeError)
    throw new ProviderTrouble(`${answer.type} ${answer.code ?? answer.statusCode ?? ''}`.trim())
  return answer
}

/** Under so many keys a thing is asked for at most: after a day Stripe has forgotten the first one. */
const MOST_KEYS = 10

/**
 * Does something once, however often it is asked for (REQUIREMENTS B5). Stripe's keys alone do not hold that: it may forget
 * one after a day, and keeps an error for it like any other answer. So it is looked first whether the thing is done, and it
 * is asked for only where it is not. An error that is kept says nothing new: after another look the next key is taken, which
 * is the same on every try, and of which two tries at once are again told apart by Stripe.
 */
export async function once<T>(
  key: string,
  { look, ask }: { look: () => Promise<T | undefined>; ask: (key: string) => Promise<T> },
): Promise<T> {
  for (let again = 0; again < MOST_KEYS; again++) {
    const done = await look()
    if (done !== undefined) return done
    try {
      return await ask(again === 0 ? key : `${key}/again/${again}`)
    } catch (error) {
      if (!(error instanceof ProviderTrouble && error.isKept)) throw error
    }
  }
  throw new ProviderTrouble('an error that it keeps for every key')
}
